/* test_ways.c - what the ways to a server lead to, over made-up facts: candidates, vouchers, and what is still asked */
#include "discover/ways.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* What is known. A name that no line has does not exist; NULL in `data`: the question was not answered. */
typedef struct line {
    const char *name;
    mig__rr type;
    unsigned preference, port;
    const char *data;
    bool secure;
} line;

typedef struct scene {
    const line *lines;
    const char *host, *path, *body; /* of the one file; POST or GET */
    int status;
    bool blank; /* nothing is known yet */
    mig__answer answers[200];
    size_t count;
    mig__web_fact web[20];
    size_t web_count;
    char posted[1024];
} scene;

static const mig__answer *dns(void *context, const char *server, const char *name, mig__rr type)
{
    scene *s = context;
    assert_null(server);
    if (s->blank) {
        return NULL;
    }
    assert_true(s->count < 200);
    mig__answer *answer = &s->answers[s->count++];
    *answer = (mig__answer){.status = MIG__DNS_NXDOMAIN};
    for (const line *l = s->lines; l != NULL && l->name != NULL; l++) {
        if (strcmp(l->name, name) != 0 || l->type != type) {
            continue;
        }
        answer->status = l->data != NULL ? MIG__DNS_OK : MIG__DNS_TIMEOUT;
        answer->security = l->secure ? MIG__DNS_SECURE : MIG__DNS_INSECURE;
        if (l->data != NULL) {
            mig__record *record = mig__answer_add(answer, type);
            record->preference = (uint16_t)l->preference;
            record->port = (uint16_t)l->port;
            assert_true(mig__record_set_name(record, l->data));
        }
    }
    return answer;
}

static const mig__web_fact *page(scene *s, const char *host, const char *path)
{
    if (s->blank) {
        return NULL;
    }
    assert_true(s->web_count < 20);
    mig__web_fact *fact = &s->web[s->web_count++];
    *fact = (mig__web_fact){.status = 404};
    if (s->host != NULL && strcmp(s->host, host) == 0 && strncmp(s->path, path, strlen(s->path)) == 0) {
        fact->status = s->status != 0 ? s->status : 200;
        fact->body = strdup(s->body);
        fact->length = strlen(s->body);
    }
    return fact;
}

static const mig__web_fact *web(void *context, const char *host, const char *path)
{
    return page(context, host, path);
}

static const mig__web_fact *post(void *context, const char *host, const char *path, const char *xml)
{
    scene *s = context;
    snprintf(s->posted, sizeof s->posted, "%s", xml);
    return page(s, host, path);
}

static mig__findings found;

/* What the ways lead to for ann@d.example. */
static mig__seeker seek(scene *s, bool probe)
{
    const mig__facts facts = {.dns = dns, .web = web, .post = post, .context = s};
    mig__seeker seeker = {.facts = &facts, .imaps_port = 993, .imap_port = 143};
    assert_true(mig__seeker_set(&seeker, "ann@d.example"));
    found = (mig__findings){.count = 0};
    (probe ? mig__ways_probe : mig__ways_named)(&seeker, &found);
    for (size_t i = 0; i < s->count; i++) {
        mig__answer_clear(&s->answers[i]);
    }
    for (size_t i = 0; i < s->web_count; i++) {
        free(s->web[i].body);
    }
    s->count = s->web_count = 0;
    seeker.facts = NULL;
    return seeker;
}

static const char *came(const char *asked)
{
    for (size_t i = 0; i < found.step_count; i++) {
        if (strcmp(found.steps[i].asked, asked) == 0) {
            return found.steps[i].came;
        }
    }
    return "";
}

static void test_addresses(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "", "ann", "@d.example", "ann@", "ann@localhost", "ann@192.0.2.1", "a\nn@d.example", "ann@d..example"};
    mig__seeker seeker = {.facts = NULL};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_false(mig__seeker_set(&seeker, bad[i]));
    }
    assert_true(mig__seeker_set(&seeker, "a@b@D.Example."));
    assert_string_equal(seeker.domain, "d.example");
    assert_int_equal(seeker.local_length, 3);
}

static void test_nothing_known(void **state)
{
    (void)state;
    scene s = {.blank = true};
    assert_true(seek(&s, false).pending);
    assert_true(seek(&s, true).pending);
    assert_int_equal(found.count, 0);
    s.blank = false;
    assert_false(seek(&s, false).pending);
    assert_int_equal(found.count, 0);
    assert_string_equal(came("SRV _imaps._tcp.d.example"), "there is none");
}

static void test_srv_in_order(void **state)
{
    (void)state;
    static const line lines[] = {
        {"_imaps._tcp.d.example", MIG__RR_SRV, 20, 993, "second.d.example", false},
        {"_imaps._tcp.d.example", MIG__RR_SRV, 10, 994, "first.d.example", false},
        {"_imaps._tcp.d.example", MIG__RR_SRV, 30, 993, "mail.elsewhere.example", false},
        {"_imap._tcp.d.example", MIG__RR_SRV, 0, 143, "x.elsewhere.example", true},
        {NULL, MIG__RR_A, 0, 0, NULL, false},
    };
    scene s = {.lines = lines};
    seek(&s, false);
    assert_int_equal(found.count, 4);
    assert_string_equal(found.each[0].host, "first.d.example");
    assert_int_equal(found.each[0].port, 994);
    assert_string_equal(found.each[0].voucher, "it lies in d.example itself");
    assert_string_equal(found.each[1].host, "second.d.example");
    assert_string_equal(found.each[2].voucher, "");
    assert_int_equal(found.each[3].tls, MIG_TLS_STARTTLS);
    assert_string_equal(found.each[3].voucher, "the SRV record is signed (DNSSEC)");
}

/* "xd.example" is not in "d.example". */
static void test_borders_of_labels(void **state)
{
    (void)state;
    static const line lines[] = {{"_imaps._tcp.d.example", MIG__RR_SRV, 0, 993, "imap.xd.example", false},
                                 {NULL, MIG__RR_A, 0, 0, NULL, false}};
    scene s = {.lines = lines};
    seek(&s, false);
    assert_int_equal(found.count, 1);
    assert_string_equal(found.each[0].voucher, "");
}

static void test_no_answer(void **state)
{
    (void)state;
    static const line lines[] = {{"_imaps._tcp.d.example", MIG__RR_SRV, 0, 0, NULL, false},
                                 {"imap.d.example", MIG__RR_A, 0, 0, NULL, false},
                                 {NULL, MIG__RR_A, 0, 0, NULL, false}};
    scene s = {.lines = lines};
    seek(&s, false);
    assert_false(found.steps[0].answered);
    seek(&s, true);
    assert_int_equal(found.count, 0);
    assert_false(found.steps[0].answered);
    assert_true(found.steps[1].answered);
}

#define CONFIG(servers) "<clientConfig><emailProvider id=\"d\">" servers "</emailProvider></clientConfig>"
#define SERVER(host, port, socket, user)                                                                               \
    "<incomingServer type=\"imap\"><hostname>" host "</hostname><port>" port "</port><socketType>" socket              \
    "</socketType><username>" user "</username></incomingServer>"

static void test_autoconfig(void **state)
{
    (void)state;
    scene s = {.host = "autoconfig.d.example",
               .path = "/mail/config-v1.1.xml?emailaddress=ann%40d.example",
               .body = CONFIG(SERVER("plain.d.example", "143", "plain", "x")
                                  SERVER("imap.h.example", "", "STARTTLS", "%EMAILLOCALPART%")
                                      SERVER("%EMAILDOMAIN%", "993", "SSL", "") SERVER("no host", "993", "SSL", ""))};
    seek(&s, false);
    assert_int_equal(found.count, 2);
    assert_string_equal(found.each[0].host, "imap.h.example");
    assert_int_equal(found.each[0].port, 143);
    assert_string_equal(found.each[0].login, "%EMAILLOCALPART%");
    assert_non_null(strstr(found.each[0].voucher, "https://autoconfig.d.example/mail/config-v1.1.xml names it"));
    assert_string_equal(found.each[1].host, "d.example");
}

/* Whose service it is decides who vouches; the address goes out as text of XML. */
static void test_autodiscover(void **state)
{
    (void)state;
    static const line lines[] = {{"_autodiscover._tcp.d.example", MIG__RR_SRV, 0, 443, "auto.h.example", false},
                                 {NULL, MIG__RR_A, 0, 0, NULL, false}};
    static const char answer[] = "<Autodiscover><Response><Account><Protocol><Type>IMAP</Type><Server>imap.h.example"
                                 "</Server><Port>993</Port><SSL>off</SSL><Encryption>TLS</Encryption></Protocol>"
                                 "</Account></Response></Autodiscover>";
    scene s = {.lines = lines, .host = "auto.h.example", .path = "/autodiscover/autodiscover.xml", .body = answer};
    seek(&s, false);
    assert_int_equal(found.count, 1);
    assert_string_equal(found.each[0].voucher, "");
    assert_int_equal(found.each[0].tls, MIG_TLS_STARTTLS);
    assert_non_null(strstr(s.posted, "<EMailAddress>ann@d.example</EMailAddress>"));
    s.host = "d.example";
    seek(&s, false);
    assert_non_null(strstr(found.each[0].voucher, "whose certificate is that of d.example"));
    s.status = 401;
    seek(&s, false);
    assert_int_equal(found.count, 0);
    assert_string_equal(came("https://d.example/autodiscover/autodiscover.xml"), "it wants a login first (401)");
}

static void test_mx(void **state)
{
    (void)state;
    static const struct {
        const char *mx, *host;
    } cases[] = {{"smtp.google.com", "imap.gmail.com"},
                 {"d-example.mail.protection.outlook.com", "outlook.office365.com"},
                 {"mx2.zoho.in", "imappro.zoho.in"},
                 {"google.com.attacker.example", NULL},
                 {"eu.pphosted.com", NULL},
                 {"mail.protonmail.ch", NULL}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const line lines[] = {{"d.example", MIG__RR_MX, 10, 0, cases[i].mx, false},
                              {NULL, MIG__RR_A, 0, 0, NULL, false}};
        scene s = {.lines = lines};
        seek(&s, false);
        assert_int_equal(found.count > 0, cases[i].host != NULL);
        if (cases[i].host != NULL) {
            assert_string_equal(found.each[0].host, cases[i].host);
            assert_int_equal(found.each[0].way, MIG_DISCOVER_MX);
            assert_true(found.each[0].voucher[0] != '\0');
        }
    }
}

static void test_logins(void **state)
{
    (void)state;
    mig__seeker seeker = {.facts = NULL};
    char user[64];
    assert_true(mig__seeker_set(&seeker, "ann@d.example"));
    assert_true(mig__way_login(&seeker, "", user, sizeof user));
    assert_string_equal(user, "ann@d.example");
    assert_true(mig__way_login(&seeker, "%emaillocalpart%", user, sizeof user));
    assert_string_equal(user, "ann");
    assert_true(mig__way_login(&seeker, "%EMAILLOCALPART%.%EMAILDOMAIN%", user, sizeof user));
    assert_string_equal(user, "ann.d.example");
    assert_false(mig__way_login(&seeker, "u4711", user, sizeof user));
    assert_string_equal(user, "u4711");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_addresses),    cmocka_unit_test(test_nothing_known),
        cmocka_unit_test(test_srv_in_order), cmocka_unit_test(test_borders_of_labels),
        cmocka_unit_test(test_no_answer),    cmocka_unit_test(test_autoconfig),
        cmocka_unit_test(test_autodiscover), cmocka_unit_test(test_mx),
        cmocka_unit_test(test_logins),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
