/* test_judges.c - each judge over made-up facts: which verdicts it gives, and that it asks for what is not known yet */
#include "domain/judge.h"
#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define NOW 1800000000 /* whatever it is */
#define KEY "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="

/*
 * Facts as lines: "[@SERVER ]NAME TYPE DATA", "NAME TYPE ?" for a look-up that fails, "!" in front for an answer that
 * was validated; the name exists when any line has it. What no line has does not exist.
 */
typedef struct scene {
    const char *const *lines;
    mig__smtp_fact smtp; /* of every host */
    const char *refuses; /* an address that refuses connections */
    mig__web_fact web;   /* of every file */
    mig__answer answers[400];
    size_t count;
    bool blank; /* knows nothing yet */
} scene;

static const struct {
    const char *name;
    mig__rr type;
} types[] = {{"A", MIG__RR_A},         {"AAAA", MIG__RR_AAAA}, {"MX", MIG__RR_MX},   {"TXT", MIG__RR_TXT},
             {"CNAME", MIG__RR_CNAME}, {"NS", MIG__RR_NS},     {"SOA", MIG__RR_SOA}, {"SRV", MIG__RR_SRV},
             {"PTR", MIG__RR_PTR},     {"TLSA", MIG__RR_TLSA}, {"CAA", MIG__RR_CAA}};

static void fill(mig__record *record, const char *data)
{
    char target[256] = "";
    unsigned char octets[32];
    unsigned a = 0, b = 0, c = 0;
    switch (record->type) {
    case MIG__RR_A:
    case MIG__RR_AAAA:
        assert_int_equal(inet_pton(record->type == MIG__RR_A ? AF_INET : AF_INET6, data, octets), 1);
        mig__record_set_data(record, octets, record->type == MIG__RR_A ? 4 : 16);
        break;
    case MIG__RR_MX:
        assert_int_equal(sscanf(data, "%u %255s", &a, target), 2);
        record->preference = (uint16_t)a;
        mig__record_set_name(record, target);
        break;
    case MIG__RR_SRV:
        assert_int_equal(sscanf(data, "%u %255s", &a, target), 2);
        record->port = (uint16_t)a;
        mig__record_set_name(record, target);
        break;
    case MIG__RR_TLSA:
        assert_int_equal(sscanf(data, "%u %u %u", &a, &b, &c), 3);
        record->preference = (uint16_t)a;
        record->weight = (uint16_t)b;
        record->port = (uint16_t)c;
        memset(octets, 7, sizeof octets);
        mig__record_set_data(record, octets, sizeof octets);
        break;
    case MIG__RR_CAA:
        snprintf(record->tag, sizeof record->tag, "issue");
        mig__record_set_data(record, data, strlen(data));
        break;
    case MIG__RR_SOA:
        record->serial = (uint32_t)strtoul(data, NULL, 10);
        mig__record_set_name(record, "ns.example.net");
        break;
    case MIG__RR_TXT:
        mig__record_set_data(record, data, strlen(data));
        break;
    default:
        mig__record_set_name(record, data);
        break;
    }
}

/* "[!][@SERVER ]NAME TYPE DATA" taken apart; false: it is not about this server and name. */
static bool about(const char *line, const char *server, const char *name, char type[16], const char **data,
                  bool *secure)
{
    char of[64] = "", who[256];
    int used = 0;
    *secure = line[0] == '!';
    line += *secure;
    if (line[0] == '@') {
        assert_int_equal(sscanf(line, "@%63s %n", of, &used), 1);
        line += used;
    }
    assert_int_equal(sscanf(line, "%255s %15s %n", who, type, &used), 2);
    *data = line + used;
    return mig__dn_equal(who, name) && (of[0] == '\0' || (server != NULL && strcmp(of, server) == 0));
}

static void take_line(mig__answer *answer, const char *kind, const char *data, mig__rr type, bool secure)
{
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        if (strcmp(types[i].name, kind) != 0 || types[i].type != type) {
            continue;
        }
        if (strcmp(data, "?") == 0 || strcmp(data, "bogus") == 0) {
            answer->status = data[0] == '?' ? MIG__DNS_TIMEOUT : MIG__DNS_BOGUS;
            return;
        }
        mig__record *record = mig__answer_add(answer, type);
        record->ttl = strstr(kind, "MX") != NULL ? 7200 : 300;
        fill(record, data);
        answer->status = MIG__DNS_OK;
        answer->security = secure ? MIG__DNS_SECURE : answer->security;
    }
}

static const mig__answer *dns(void *context, const char *server, const char *name, mig__rr type)
{
    scene *s = context;
    if (s->blank) {
        return NULL;
    }
    assert_true(s->count < sizeof s->answers / sizeof s->answers[0]);
    mig__answer *answer = &s->answers[s->count++];
    *answer =
        (mig__answer){.status = MIG__DNS_NXDOMAIN, .security = MIG__DNS_INSECURE, .authoritative = server != NULL};
    for (const char *const *line = s->lines; *line != NULL; line++) {
        char kind[16];
        const char *data;
        bool secure;
        if (about(*line, server, name, kind, &data, &secure)) {
            answer->status = answer->status == MIG__DNS_NXDOMAIN ? MIG__DNS_NODATA : answer->status;
            take_line(answer, kind, data, type, secure);
            if (strcmp(kind, "CNAME") == 0 && type != MIG__RR_CNAME) {
                answer->cnames = 1;
                answer->canonical = strdup(data);
            }
        }
    }
    return answer;
}

static const mig__smtp_fact *smtp(void *context, const mig__smtp_question *question)
{
    static const mig__smtp_fact refused = {.reach = MIG__PEEK_REFUSED, .why = "Connection refused"};
    scene *s = context;
    return s->blank ? NULL : s->refuses != NULL && strcmp(s->refuses, question->address) == 0 ? &refused : &s->smtp;
}

static const mig__web_fact *web(void *context, const char *host, const char *path)
{
    scene *s = context;
    (void)host;
    assert_null(strstr(path, "autodiscover.xml"));
    return s->blank ? NULL : &s->web;
}

/* Autodiscover is asked by POST, all else is a file. */
static const mig__web_fact *post(void *context, const char *host, const char *path, const char *xml)
{
    scene *s = context;
    (void)host;
    assert_non_null(strstr(path, "autodiscover.xml"));
    assert_non_null(strstr(xml, "<EMailAddress>postmaster@example.org</EMailAddress>"));
    return s->blank ? NULL : &s->web;
}

/* ---- a case ---- */

static const char *const new_mx[] = {"mx.new.example", NULL}, *const old_hosts[] = {"mx.old.example", NULL};
static const char *const selectors[] = {"s1", NULL}, *const lists[] = {"bl.example.net", NULL},
                         *const authorities[] = {"a", "b", NULL};

static mig_domain_subject subject(void)
{
    return (mig_domain_subject){.name = "example.org",
                                .new_mx = new_mx,
                                .old_hosts = old_hosts,
                                .selectors = selectors,
                                .old_selectors = selectors};
}

typedef void judge_fn(mig__case *c);

/* The judge gives exactly these: "check verdict" by line, in any order of lines of the same check. */
static void expect(judge_fn *judge, scene *s, mig_domain_phase phase, const char *wanted)
{
    char given[4096] = "";
    const mig_domain_subject about_it = subject();
    const mig_domain_options options = {.phase = phase, .dnsbls = lists, .authorities = authorities};
    const mig__facts facts = {.dns = dns, .smtp = smtp, .web = web, .post = post, .context = s};
    mig_domain_report report = {.name = NULL};
    mig__verdicts out = {.count = 0};
    mig__case c = {.facts = &facts,
                   .options = &options,
                   .subject = &about_it,
                   .domain = "example.org",
                   .out = &out,
                   .report = &report,
                   .now = NOW};
    s->blank = true;
    judge(&c);
    assert_true(c.pending); /* it asked, and had no answer */
    mig__verdicts_clear(&out);
    s->blank = c.pending = false;
    judge(&c);
    assert_false(c.pending || out.failed);
    for (size_t i = 0; i < out.count; i++) {
        const size_t used = strlen(given);
        snprintf(given + used, sizeof given - used, "%s%s %s", i > 0 ? "\n" : "", out.checks[i].check,
                 mig_verdict_name(out.checks[i].verdict));
        assert_true(out.checks[i].verdict == MIG_VERDICT_PASS || out.checks[i].verdict == MIG_VERDICT_UNKNOWN ||
                    out.checks[i].advice[0] != '\0');
    }
    assert_string_equal(given, wanted);
    mig__verdicts_clear(&out);
    free(report.old_provider);
    for (; s->count > 0; s->count--) {
        mig__answer_clear(&s->answers[s->count - 1]);
    }
}

#define LINES(...)                                                                                                     \
    .lines = (const char *const[])                                                                                     \
    {                                                                                                                  \
        __VA_ARGS__, NULL                                                                                              \
    }
#define NEW "mx.new.example A 192.0.2.10"
#define OLD "mx.old.example A 192.0.2.20"

static void test_mx(void **state)
{
    (void)state;
    scene s = {LINES("example.org MX 10 mx.new.example", NEW, "mx.new.example AAAA 2001:db8::1")};
    expect(mig__judge_mx, &s, MIG_DOMAIN_BEFORE, "mx.exists pass\nmx.host pass\nmx.ipv6 pass");
    s = (scene){LINES("example.org A 192.0.2.1")};
    expect(mig__judge_mx, &s, MIG_DOMAIN_BEFORE, "mx.exists fail");
    s = (scene){LINES("example.org MX ?")};
    expect(mig__judge_mx, &s, MIG_DOMAIN_BEFORE, "mx.exists unknown");
    s = (scene){LINES("example.org MX bogus")};
    expect(mig__judge_mx, &s, MIG_DOMAIN_BEFORE, "mx.exists fail");
    s = (scene){LINES("example.org MX 10 mx.new.example", "mx.new.example CNAME other.example")};
    expect(mig__judge_mx, &s, MIG_DOMAIN_BEFORE, "mx.exists pass\nmx.host fail\nmx.ipv6 pass");
    s = (scene){LINES("example.org MX 10 mx.new.example", "mx.new.example A ?")};
    expect(mig__judge_mx, &s, MIG_DOMAIN_BEFORE, "mx.exists pass\nmx.host unknown\nmx.ipv6 pass");
    s = (scene){LINES("example.org MX 10 mx.new.example", "example.org MX 20 mx.old.example", NEW, OLD)};
    expect(mig__judge_mx, &s, MIG_DOMAIN_AFTER,
           "mx.exists pass\nmx.host pass\nmx.host pass\nmx.ipv6 pass\nmx.mixed fail");
}

static void test_spf(void **state)
{
    (void)state;
    scene s = {LINES("example.org TXT v=spf1 ip4:192.0.2.0/24 -all", NEW, OLD)};
    expect(mig__judge_spf, &s, MIG_DOMAIN_BEFORE,
           "spf.record pass\nspf.limits pass\nspf.policy pass\nspf.new pass\nspf.old pass");
    expect(mig__judge_spf, &s, MIG_DOMAIN_AFTER,
           "spf.record pass\nspf.limits pass\nspf.policy pass\nspf.new pass\nspf.old warn");
    s = (scene){LINES("example.org TXT v=spf1 +all", NEW, OLD)};
    expect(mig__judge_spf, &s, MIG_DOMAIN_BEFORE,
           "spf.record pass\nspf.limits pass\nspf.policy fail\nspf.new pass\nspf.old pass");
    s = (scene){LINES("example.org TXT v=spf1 -all", "example.org TXT v=spf1 ~all")};
    expect(mig__judge_spf, &s, MIG_DOMAIN_BEFORE, "spf.record fail");
    s = (scene){LINES("example.org TXT v=spf1 include:x.example -all", "x.example TXT ?", NEW, OLD)};
    expect(mig__judge_spf, &s, MIG_DOMAIN_BEFORE,
           "spf.record pass\nspf.limits unknown\nspf.policy pass\nspf.new unknown\nspf.old unknown");
}

static void test_dkim(void **state)
{
    (void)state;
    scene s = {LINES("s1._domainkey.example.org TXT " KEY)};
    expect(mig__judge_dkim, &s, MIG_DOMAIN_BEFORE, "dkim.key pass");
    s = (scene){LINES("example.org A 192.0.2.1")};
    expect(mig__judge_dkim, &s, MIG_DOMAIN_BEFORE, "dkim.key fail");
    s = (scene){LINES("s1._domainkey.example.org TXT ?", "_domainkey.example.org NS ns.old.example")};
    expect(mig__judge_dkim, &s, MIG_DOMAIN_BEFORE, "dkim.delegated warn\ndkim.key unknown");
    s = (scene){LINES("s1._domainkey.example.org TXT " KEY, "s1._domainkey.example.org TXT v=DKIM1; p=")};
    expect(mig__judge_dkim, &s, MIG_DOMAIN_BEFORE, "dkim.key fail");
}

static void test_dmarc(void **state)
{
    (void)state;
    scene s = {LINES("_dmarc.example.org TXT v=DMARC1; p=none; rua=mailto:a@example.org")};
    expect(mig__judge_dmarc, &s, MIG_DOMAIN_BEFORE,
           "dmarc.record pass\ndmarc.policy pass\ndmarc.alignment pass\ndmarc.reports pass");
    s = (scene){LINES("_dmarc.example.org TXT v=DMARC1; p=reject; aspf=s; rua=mailto:a@x.example",
                      "example.org._report._dmarc.x.example TXT v=DMARC1")};
    expect(mig__judge_dmarc, &s, MIG_DOMAIN_BEFORE,
           "dmarc.record pass\ndmarc.policy warn\ndmarc.alignment warn\ndmarc.reports pass");
    expect(mig__judge_dmarc, &s, MIG_DOMAIN_AFTER,
           "dmarc.record pass\ndmarc.policy pass\ndmarc.alignment warn\ndmarc.reports pass");
    s = (scene){LINES("example.org A 192.0.2.1")};
    expect(mig__judge_dmarc, &s, MIG_DOMAIN_BEFORE, "dmarc.record warn");
    s = (scene){LINES("_dmarc.example.org TXT ?")};
    expect(mig__judge_dmarc, &s, MIG_DOMAIN_BEFORE, "dmarc.record unknown");
}

static void test_sts(void **state)
{
    (void)state;
    static char good[] = "version: STSv1\nmode: enforce\nmx: *.new.example\nmax_age: 86400\n";
    scene s = {LINES("example.org MX 10 mx.old.example", "_mta-sts.example.org TXT v=STSv1; id=1")};
    s.web = (mig__web_fact){.status = 200, .type = "text/plain", .body = good, .length = sizeof good - 1};
    expect(mig__judge_sts, &s, MIG_DOMAIN_BEFORE, "sts.record pass\nsts.policy pass\nsts.mx fail\nsts.mx pass");
    s.web.status = 404;
    expect(mig__judge_sts, &s, MIG_DOMAIN_BEFORE, "sts.record pass\nsts.policy fail");
    s.web = (mig__web_fact){.why = "no route"};
    expect(mig__judge_sts, &s, MIG_DOMAIN_BEFORE, "sts.record pass\nsts.policy unknown");
    s.web.certificate = true;
    expect(mig__judge_sts, &s, MIG_DOMAIN_BEFORE, "sts.record pass\nsts.policy fail");
    s = (scene){LINES("example.org MX 10 mx.old.example")};
    expect(mig__judge_sts, &s, MIG_DOMAIN_BEFORE, "sts.record pass");
    s = (scene){LINES("_smtp._tls.example.org TXT v=TLSRPTv1; rua=nobody")};
    expect(mig__judge_tlsrpt, &s, MIG_DOMAIN_BEFORE, "tlsrpt.record warn");
    s = (scene){LINES("_smtp._tls.example.org TXT ?")};
    expect(mig__judge_tlsrpt, &s, MIG_DOMAIN_BEFORE, "tlsrpt.record unknown");
}

static void test_dane_and_caa(void **state)
{
    (void)state;
    scene s = {LINES("example.org MX 10 mx.new.example", NEW, "!_25._tcp.mx.new.example TLSA 3 1 1")};
    s.smtp = (mig__smtp_fact){.greeted = true, .tls = true, .peer = {.count = 1}};
    expect(mig__judge_dane, &s, MIG_DOMAIN_AFTER, "dane.records pass\ndane.match fail");
    memset(s.smtp.peer.chain[0].sha256[1], 7, 32);
    expect(mig__judge_dane, &s, MIG_DOMAIN_AFTER, "dane.records pass\ndane.match pass");
    s.lines =
        (const char *const[]){"example.org MX 10 mx.new.example", NEW, "_25._tcp.mx.new.example TLSA 3 1 1", NULL};
    expect(mig__judge_dane, &s, MIG_DOMAIN_AFTER, "dane.records warn");
    s.lines =
        (const char *const[]){"example.org MX 10 mx.new.example", NEW, "!_25._tcp.mx.new.example TLSA 0 1 1", NULL};
    expect(mig__judge_dane, &s, MIG_DOMAIN_AFTER, "dane.records fail");
    s = (scene){LINES("example.org CAA ca.example")};
    expect(mig__judge_caa, &s, MIG_DOMAIN_BEFORE, "caa.issue warn");
    s = (scene){LINES("example.org CAA ?")};
    expect(mig__judge_caa, &s, MIG_DOMAIN_BEFORE, "caa.issue unknown");
}

static void test_authority(void **state)
{
    (void)state;
    scene s = {LINES("example.org NS ns.example.net", "@a@53 example.org SOA 2", "@b@53 example.org SOA 1",
                     "@a@53 example.org MX 10 mx.new.example", "@b@53 example.org MX 10 mx.old.example")};
    expect(mig__judge_authority, &s, MIG_DOMAIN_BEFORE,
           "authority.answers pass\nauthority.serial warn\nauthority.mx fail\nauthority.txt pass");
    s = (scene){LINES("example.org NS ns.example.net", "@a@53 example.org SOA 2", "@b@53 example.org SOA ?")};
    expect(mig__judge_authority, &s, MIG_DOMAIN_BEFORE,
           "authority.answers warn\nauthority.mx pass\nauthority.txt pass");
    s = (scene){
        LINES("example.org NS ns.example.net", "example.org MX 10 mx.old.example", "_dmarc.example.org TXT v=DMARC1")};
    expect(mig__judge_ttl, &s, MIG_DOMAIN_BEFORE, "ttl.mx warn\nttl.dmarc pass");
    s = (scene){LINES("example.org SOA 1", "!example.org MX 10 mx.old.example")};
    expect(mig__judge_dnssec, &s, MIG_DOMAIN_BEFORE, "dnssec.chain pass");
    s = (scene){LINES("example.org SOA 1", "example.org MX bogus")};
    expect(mig__judge_dnssec, &s, MIG_DOMAIN_BEFORE, "dnssec.chain fail");
}

static void test_switch(void **state)
{
    (void)state;
    scene s = {LINES("example.org MX 10 mx.new.example", NEW, OLD)};
    s.smtp = (mig__smtp_fact){.greeted = true, .rcpt = 250, .greeting = "mx.somebody.example ESMTP"};
    expect(mig__judge_switch, &s, MIG_DOMAIN_NOW,
           "switch.authorities pass\nswitch.resolvers pass\nswitch.new pass\nswitch.old pass\nswitch.loop pass");
    s.smtp.rcpt = 550;
    expect(mig__judge_switch, &s, MIG_DOMAIN_NOW,
           "switch.authorities pass\nswitch.resolvers pass\nswitch.new fail\nswitch.old warn\nswitch.loop pass");
    s.smtp.rcpt = 451;
    s.lines = (const char *const[]){"@b@53 example.org MX 10 mx.old.example", "@a@53 example.org MX 10 mx.new.example",
                                    "mx.new.example A 192.0.2.20", OLD, NULL};
    expect(mig__judge_switch, &s, MIG_DOMAIN_NOW,
           "switch.authorities warn\nswitch.resolvers warn\nswitch.new unknown\nswitch.old unknown\nswitch.loop fail");
    s.lines = (const char *const[]){"example.org MX ?", NEW, NULL};
    expect(mig__judge_settled, &s, MIG_DOMAIN_AFTER, "switch.authorities unknown\nswitch.resolvers unknown");
}

static void test_servers(void **state)
{
    (void)state;
    scene s = {LINES("example.org MX 10 mx.new.example", NEW, OLD, "10.2.0.192.in-addr.arpa PTR mx.new.example")};
    s.smtp = (mig__smtp_fact){.greeted = true,
                              .offers_tls = true,
                              .tls = true,
                              .rcpt = 250,
                              .peer = {.trusted = true, .name_fits = true, .ends = NOW + 90 * 86400}};
    expect(mig__judge_servers, &s, MIG_DOMAIN_AFTER, "smtp.answers pass\nsmtp.starttls pass\nsmtp.certificate pass");
    s.smtp.peer.ends = NOW + 86400;
    expect(mig__judge_servers, &s, MIG_DOMAIN_AFTER, "smtp.answers pass\nsmtp.starttls pass\nsmtp.certificate warn");
    s.smtp.peer.name_fits = false;
    s.smtp.rcpt = 550;
    expect(mig__judge_servers, &s, MIG_DOMAIN_AFTER,
           "smtp.answers pass\nsmtp.starttls pass\nsmtp.certificate warn\nsmtp.accepts fail");
    s.smtp = (mig__smtp_fact){.reach = MIG__PEEK_SILENT};
    expect(mig__judge_servers, &s, MIG_DOMAIN_AFTER, "smtp.answers unknown");
    expect(mig__judge_reverse, &s, MIG_DOMAIN_AFTER, "reverse.name pass\nreverse.name pass");
    s.lines = (const char *const[]){NEW, OLD, "20.2.0.192.in-addr.arpa PTR mx.else.example", NULL};
    expect(mig__judge_reverse, &s, MIG_DOMAIN_AFTER, "reverse.name fail\nreverse.name warn");
}

static void test_old(void **state)
{
    (void)state;
    scene s = {LINES(NEW, OLD, "mail.example.org A 192.0.2.20", "s1._domainkey.example.org TXT " KEY,
                     "example.org TXT v=spf1 ip4:192.0.2.20 a:mx.old.example -all")};
    s.smtp = (mig__smtp_fact){.greeted = true, .rcpt = 250, .relay = 250};
    expect(mig__judge_old, &s, MIG_DOMAIN_AFTER, "old.accepts fail\nold.relay fail");
    s.smtp = (mig__smtp_fact){.greeted = true, .rcpt = 550, .relay = 554};
    expect(mig__judge_old, &s, MIG_DOMAIN_AFTER, "old.accepts pass\nold.relay pass");
    s.smtp = (mig__smtp_fact){.greeted = true, .rcpt = 451};
    expect(mig__judge_old, &s, MIG_DOMAIN_AFTER, "old.accepts unknown");
    s.refuses = "192.0.2.20";
    expect(mig__judge_old, &s, MIG_DOMAIN_AFTER, "old.port pass");
    expect(mig__judge_leftover, &s, MIG_DOMAIN_AFTER,
           "leftover.record warn\nleftover.dkim warn\nleftover.spf warn\nleftover.spf warn");
    s.lines = (const char *const[]){NEW, OLD, NULL};
    expect(mig__judge_leftover, &s, MIG_DOMAIN_AFTER, "leftover.record pass");
}

static void test_dnsbl(void **state)
{
    (void)state;
    scene s = {LINES(NEW, OLD, "2.0.0.127.bl.example.net A 127.0.0.2", "10.2.0.192.bl.example.net A 127.0.0.3")};
    expect(mig__judge_dnsbl, &s, MIG_DOMAIN_AFTER, "dnsbl.listed fail\ndnsbl.listed pass");
    s.lines = (const char *const[]){NEW, OLD, NULL}; /* its test entry is not there: it is believed in nothing */
    expect(mig__judge_dnsbl, &s, MIG_DOMAIN_AFTER, "dnsbl.listed unknown\ndnsbl.listed unknown");
    s.lines = (const char *const[]){NEW,
                                    OLD,
                                    "2.0.0.127.bl.example.net A 127.0.0.2",
                                    "10.2.0.192.bl.example.net A 127.255.255.254",
                                    "20.2.0.192.bl.example.net A ?",
                                    NULL};
    expect(mig__judge_dnsbl, &s, MIG_DOMAIN_AFTER, "dnsbl.listed unknown\ndnsbl.listed unknown");
}

static void test_client(void **state)
{
    (void)state;
    scene s = {LINES(NEW, OLD, "autoconfig.example.org CNAME mx.old.example", "autodiscover.example.org A ?",
                     "_imaps._tcp.example.org SRV 993 mx.new.example",
                     "_submission._tcp.example.org SRV 465 mx.new.example", "_imap._tcp.example.org SRV 0 .")};
    s.web = (mig__web_fact){.status = 404};
    expect(mig__judge_client, &s, MIG_DOMAIN_AFTER,
           "client.autoconfig fail\nclient.autodiscover unknown\nclient.srv pass\nclient.srv pass\nclient.srv warn");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_mx),        cmocka_unit_test(test_spf),    cmocka_unit_test(test_dkim),
        cmocka_unit_test(test_dmarc),     cmocka_unit_test(test_sts),    cmocka_unit_test(test_dane_and_caa),
        cmocka_unit_test(test_authority), cmocka_unit_test(test_switch), cmocka_unit_test(test_servers),
        cmocka_unit_test(test_old),       cmocka_unit_test(test_dnsbl),  cmocka_unit_test(test_client),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
