/* test_records.c - names, tags, DKIM keys, DMARC and MTA-STS records, DNS messages, blocklists, client files */
#include "domain/client.h"
#include "domain/dane.h"
#include "domain/dkim.h"
#include "domain/dmarc.h"
#include "domain/dnsbl.h"
#include "domain/packet.h"
#include "domain/sts.h"
#include "domain/tags.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define OCTETS(text) (const unsigned char *)(text), strlen(text)

static void test_names(void **state)
{
    (void)state;
    char clean[MIG__DN_SIZE];
    assert_true(mig__dn_clean("MX.Example.ORG.", clean));
    assert_string_equal(clean, "mx.example.org");
    assert_false(mig__dn_clean("", clean));
    assert_false(mig__dn_clean("a..b", clean));
    assert_false(mig__dn_clean(".a", clean));
    char label[70] = "";
    memset(label, 'a', 64);
    assert_false(mig__dn_clean(label, clean));
    assert_true(mig__dn_clean(label + 1, clean));
    assert_true(mig__dn_under("mx1.GOOGLE.com", "google.com"));
    assert_true(mig__dn_under("google.com.", "google.com"));
    assert_false(mig__dn_under("notgoogle.com", "google.com"));
    assert_false(mig__dn_under("google.com.attacker.example", "google.com"));
    assert_true(mig__dn_matches("*.mail.example", "a.mail.example"));
    assert_false(mig__dn_matches("*.mail.example", "a.b.mail.example"));
    assert_false(mig__dn_matches("*.mail.example", "mail.example"));
    assert_int_equal(mig__dn_labels("a.b.c"), 3);
    assert_true(mig__dn_is_host("_x.example.org"));
    assert_false(mig__dn_is_host("localhost"));
    assert_false(mig__dn_is_host("a b.example"));
}

static void test_tags(void **state)
{
    (void)state;
    mig__tags tags;
    assert_true(mig__tags_parse(OCTETS(" v = DMARC1 ; p=none;; rua = mailto:a=b ;"), &tags));
    assert_int_equal(tags.count, 3);
    assert_false(tags.malformed);
    assert_string_equal(mig__tags_value(&tags, "rua"), "mailto:a=b");
    assert_null(mig__tags_value(&tags, "P"));
    mig__tags_clear(&tags);
    static const char *const broken[] = {"v", "=1", "v=1; x", "v=\xff", " =1"};
    for (size_t i = 0; i < sizeof broken / sizeof broken[0]; i++) {
        assert_true(mig__tags_parse(OCTETS(broken[i]), &tags));
        assert_true(tags.malformed);
        mig__tags_clear(&tags);
    }
}

/* A SubjectPublicKeyInfo around a modulus of so many octets, as hex digits are too long to read. */
static size_t make_rsa(unsigned octets, unsigned char first, unsigned char *out)
{
    static const unsigned char algorithm[] = {0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86,
                                              0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00};
    unsigned char *at = out;
    const unsigned modulus = octets + 1, key = modulus + 4 + 5, string = key + 4 + 1,
                   whole = string + 4 + sizeof algorithm;
#define HEAD(tag, size) *at++ = (tag), *at++ = 0x82, *at++ = (unsigned char)((size) >> 8), *at++ = (unsigned char)(size)
    HEAD(0x30, whole);
    memcpy(at, algorithm, sizeof algorithm);
    at += sizeof algorithm;
    HEAD(0x03, string);
    *at++ = 0;
    HEAD(0x30, key);
    HEAD(0x02, modulus);
    *at++ = 0;
    memset(at, 0x55, octets);
    at[0] = first;
    at += octets;
    memcpy(at, "\x02\x03\x01\x00\x01", 5);
    return (size_t)(at + 5 - out);
}

static void test_rsa_bits(void **state)
{
    (void)state;
    unsigned char der[2048];
    size_t length = make_rsa(256, 0x80, der);
    assert_int_equal(mig__dkim_rsa_bits(der, length), 2048);
    for (size_t cut = 0; cut < length; cut++) {
        assert_int_equal(mig__dkim_rsa_bits(der, cut), 0);
    }
    assert_int_equal(mig__dkim_rsa_bits(der, make_rsa(256, 0x40, der)), 2047);
    assert_int_equal(mig__dkim_rsa_bits(der, make_rsa(128, 0xff, der)), 1024);
    static const unsigned char bare[] = {0x30, 0x08, 0x02, 0x01, 0x7f, 0x02, 0x03, 0x01, 0x00, 0x01};
    assert_int_equal(mig__dkim_rsa_bits(bare, sizeof bare), 7);
}

static void test_dkim(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        mig__dkim_state state;
    } cases[] = {
        {"v=DKIM1; p=", MIG__DKIM_REVOKED},
        {"p=", MIG__DKIM_REVOKED},
        {"v=DKIM1; k=rsa", MIG__DKIM_BROKEN},
        {"v=DKIM2; p=", MIG__DKIM_BROKEN},
        {"k=rsa; v=DKIM1; p=", MIG__DKIM_BROKEN},
        {"v=DKIM1; p=AAA", MIG__DKIM_BROKEN},
        {"v=DKIM1; p=A", MIG__DKIM_BROKEN},
        {"v=DKIM1; p=AAAA=AAA", MIG__DKIM_BROKEN},
        {"v=DKIM1; p=; p=", MIG__DKIM_BROKEN},
        {"v=DKIM1; k=dsa; p=AAAA", MIG__DKIM_USELESS},
        {"v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=", MIG__DKIM_GOOD}, /* RFC 8463 A.2 */
        {"v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHUR==", MIG__DKIM_BROKEN},
        {"v=DKIM1; k=ed25519; h=sha1; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=", MIG__DKIM_USELESS},
        {"v=DKIM1; k=ed25519; h=sha1:sha256; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=", MIG__DKIM_GOOD},
        {"v=DKIM1; k=ed25519; s=other; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=", MIG__DKIM_USELESS},
        {"v=DKIM1; k=ed25519; s=*; g=x; p=11qY AYKx CrfV\tS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=", MIG__DKIM_GOOD},
        /* RFC 6376 appendix C: 1024 bits */
        {"v=DKIM1; "
         "p=MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDwIRP/UC3SBsEmGqZ9ZJW3/DkMoGeLnQg1fWn7/"
         "zYtIxN2SnFCjxOCKG9v3b4jYfcTNh5i"
         "jSsq631uBItLa7od+v/RtdC2UzJ1lWT947qR+Rcac2gbto/NMqJ0fzfVjH4OuKhitdY9tf6mcwGjaNBcWToIMmPSPDdQPNUYckcQ2QIDAQAB",
         MIG__DKIM_WEAK},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        mig__dkim_key key;
        mig__dkim_parse(OCTETS(cases[i].text), &key);
        if (key.state != cases[i].state) {
            fail_msg("%s: %d, %s", cases[i].text, key.state, key.what);
        }
    }
}

/* ---- DMARC ---- */

static void test_dmarc_records(void **state)
{
    (void)state;
    mig__dmarc record;
    assert_true(mig__dmarc_is_record(OCTETS("v=DMARC1")));
    assert_true(mig__dmarc_is_record(OCTETS("v = DMARC1 ; p=none")));
    assert_false(mig__dmarc_is_record(OCTETS("v=dmarc1; p=none")));
    assert_false(mig__dmarc_is_record(OCTETS("v=DMARC12; p=none")));
    assert_false(mig__dmarc_is_record(OCTETS("p=none; v=DMARC1")));

    mig__dmarc_parse(OCTETS("v=DMARC1; p=Reject; sp=quarantine; adkim=s; aspf=r; t=y; psd=n; "
                            "rua=mailto:a@x.example!10m, https://y.example/r,mailto:b@Z.example; pct=50"),
                     &record);
    assert_true(record.valid);
    assert_int_equal(record.policy, MIG__DMARC_REJECT);
    assert_int_equal(record.sub, MIG__DMARC_QUARANTINE);
    assert_int_equal(record.none, MIG__DMARC_QUARANTINE);
    assert_true(record.strict_dkim && !record.strict_spf && record.testing);
    assert_int_equal(record.psd, 'n');
    assert_int_equal(record.rua_count, 3);
    assert_string_equal(record.rua[0].domain, "x.example");
    assert_string_equal(record.rua[0].text, "mailto:a@x.example");
    assert_string_equal(record.rua[1].domain, "");
    assert_string_equal(record.rua[2].domain, "z.example");
    assert_non_null(strstr(record.remark, "pct"));
    mig__dmarc_clear(&record);

    mig__dmarc_parse(OCTETS("v=DMARC1; p=monitor; rua=nobody"), &record);
    assert_true(record.valid && !record.has_policy);
    assert_int_equal(record.policy, MIG__DMARC_NONE);
    assert_non_null(strstr(record.remark, "monitor"));
    mig__dmarc_clear(&record);
}

typedef struct tree {
    const char *names[4], *texts[4];
    mig__answer answers[16];
    char asked[16][MIG__DN_SIZE];
    size_t count;
} tree;

static const mig__answer *serve(void *context, const char *name, mig__rr type)
{
    tree *t = context;
    assert_int_equal(type, MIG__RR_TXT);
    mig__answer *answer = &t->answers[t->count];
    snprintf(t->asked[t->count++], MIG__DN_SIZE, "%s", name);
    answer->status = MIG__DNS_NXDOMAIN;
    for (size_t i = 0; i < 4 && t->names[i] != NULL; i++) {
        if (strcmp(t->names[i], name) == 0) {
            mig__record_set_data(mig__answer_add(answer, type), t->texts[i], strlen(t->texts[i]));
            answer->status = MIG__DNS_OK;
        }
    }
    return answer;
}

static void walk(tree *t, const char *domain, mig__dmarc_found *found)
{
    const mig__asker asker = {serve, t};
    mig__dmarc_find(domain, &asker, found);
}

static void clear(tree *t)
{
    for (size_t i = 0; i < t->count; i++) {
        mig__answer_clear(&t->answers[i]);
    }
    t->count = 0;
}

static void test_dmarc_tree_walk(void **state)
{
    (void)state;
    mig__dmarc_found found;
    tree t = {.names = {"_dmarc.example.com"}, .texts = {"v=DMARC1; p=reject"}};
    walk(&t, "a.b.example.com", &found);
    assert_string_equal(found.at, "example.com");
    assert_string_equal(found.organization, "example.com");
    assert_int_equal(t.count, 4); /* down to the top */
    clear(&t);

    /* RFC 9989 section 4.10: over eight labels, straight to seven after the name itself. */
    walk(&t, "a.b.c.d.e.f.g.h.i.j.mail.example.com", &found);
    assert_int_equal(t.count, 8);
    assert_string_equal(t.asked[0], "_dmarc.a.b.c.d.e.f.g.h.i.j.mail.example.com");
    assert_string_equal(t.asked[1], "_dmarc.g.h.i.j.mail.example.com");
    assert_string_equal(t.asked[7], "_dmarc.com");
    clear(&t);

    t = (tree){.names = {"_dmarc.sub.bank.example", "_dmarc.bank.example"},
               .texts = {"v=DMARC1; p=none; psd=n", "v=DMARC1; p=reject"}};
    walk(&t, "sub.bank.example", &found);
    assert_string_equal(found.organization, "sub.bank.example");
    assert_int_equal(t.count, 1);
    clear(&t);

    t = (tree){.names = {"_dmarc.giant.bank.example", "_dmarc.bank.example"},
               .texts = {"v=DMARC1; p=none", "v=DMARC1; p=reject; psd=y"}};
    walk(&t, "giant.bank.example", &found);
    assert_string_equal(found.at, "giant.bank.example");
    assert_string_equal(found.organization, "giant.bank.example");
    clear(&t);

    t = (tree){.names = {"_dmarc.two.example", "_dmarc.two.example"},
               .texts = {"v=DMARC1; p=none", "v=DMARC1; p=reject"}};
    walk(&t, "two.example", &found);
    assert_null(found.record);
    assert_int_equal(found.several, 2);
    clear(&t);
}

/* ---- MTA-STS ---- */

static void test_sts(void **state)
{
    (void)state;
    mig__sts_policy policy;
    char id[33];
    static const char good[] =
        "version: STSv1\r\nmode: enforce\r\nmx: mail.example.com\r\nmx: *.example.net\r\nmax_age: 604800\r\n";
    mig__sts_policy_parse(good, sizeof good - 1, &policy);
    assert_string_equal(policy.problem, "");
    assert_int_equal(policy.mode, MIG__STS_ENFORCE);
    assert_int_equal(policy.max_age, 604800);
    assert_true(mig__sts_policy_allows(&policy, "MAIL.example.com"));
    assert_true(mig__sts_policy_allows(&policy, "a.example.net"));
    assert_false(mig__sts_policy_allows(&policy, "a.b.example.net"));
    static const char *const broken[] = {"",
                                         "version: STSv2\nmode: none\nmax_age: 1\n",
                                         "version: STSv1\nmode: maybe\nmx: a.example\nmax_age: 1\n",
                                         "version: STSv1\nmode: enforce\nmax_age: 1\n",
                                         "version: STSv1\nmode: enforce\nmx: a.example\n",
                                         "version: STSv1\nmode: enforce\nmx: a.example\nmax_age: 99999999\n",
                                         "version: STSv1\nmode: enforce\nmx: a.example\nmax_age: -1\n",
                                         "version: STSv1\nmode: enforce\nmx: a b\nmax_age: 1\n",
                                         "<html>",
                                         "version: STSv1\nmode: enforce\nmx: 10.example..\nmax_age: 1\n"};
    for (size_t i = 0; i < sizeof broken / sizeof broken[0]; i++) {
        mig__sts_policy_parse(broken[i], strlen(broken[i]), &policy);
        assert_string_not_equal(policy.problem, "");
    }
    mig__sts_policy_parse("version: STSv1\nmode: none\nmax_age: 86400", 40, &policy);
    assert_string_equal(policy.problem, "");
    assert_true(mig__sts_record_id(OCTETS("v=STSv1; id=20160831085700Z;"), id));
    assert_string_equal(id, "20160831085700Z");
    assert_false(mig__sts_record_id(OCTETS("v=STSv1; id=a-b;"), id));
    assert_false(mig__sts_record_id(OCTETS("v=STSv12; id=1;"), id));
    assert_false(mig__sts_record_id(OCTETS("v=STSv1; id=123456789012345678901234567890123;"), id));
}

/* ---- TLSA ---- */

static void test_dane(void **state)
{
    (void)state;
    unsigned char data[64] = {1, 2, 3};
    mig__record tlsa = {.type = MIG__RR_TLSA, .preference = 3, .weight = 1, .port = 1, .data = data, .length = 32};
    mig__peek_tls tls = {.count = 2, .name_fits = false};
    assert_int_equal(mig__dane_use_of(&tlsa), MIG__DANE_USABLE);
    assert_false(mig__dane_fits(&tlsa, &tls));
    memcpy(tls.chain[0].sha256[1], data, 32);
    assert_true(mig__dane_fits(&tlsa, &tls));
    tlsa.preference = 2; /* an issuer: the name has to fit as well */
    assert_false(mig__dane_fits(&tlsa, &tls));
    tls.name_fits = true;
    assert_true(mig__dane_fits(&tlsa, &tls));
    tlsa.length = 31;
    assert_int_equal(mig__dane_use_of(&tlsa), MIG__DANE_BROKEN);
    tlsa.preference = 1;
    assert_int_equal(mig__dane_use_of(&tlsa), MIG__DANE_UNUSABLE);
}

/* ---- blocklists ---- */

static void test_dnsbl(void **state)
{
    (void)state;
    static const struct {
        const char *zone;
        unsigned char code[4];
        mig__dnsbl_says says;
    } cases[] = {
        {"zen.spamhaus.org", {127, 0, 0, 2}, MIG__DNSBL_LISTED},
        {"zen.spamhaus.org", {127, 0, 0, 10}, MIG__DNSBL_POLICY},
        {"zen.spamhaus.org", {127, 255, 255, 254}, MIG__DNSBL_REFUSED},
        {"zen.spamhaus.org", {127, 255, 255, 255}, MIG__DNSBL_REFUSED},
        {"dbl.spamhaus.org", {127, 0, 1, 2}, MIG__DNSBL_LISTED},
        {"dbl.spamhaus.org", {127, 0, 1, 255}, MIG__DNSBL_REFUSED},
        {"multi.uribl.com", {127, 0, 0, 1}, MIG__DNSBL_REFUSED},
        {"multi.uribl.com", {127, 0, 0, 2}, MIG__DNSBL_LISTED},
        {"bl.spamcop.net", {127, 0, 0, 2}, MIG__DNSBL_LISTED},
        {"bl.spamcop.net", {91, 195, 240, 87}, MIG__DNSBL_SILENT},
        {"own.example", {127, 0, 0, 9}, MIG__DNSBL_LISTED},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char code[16];
        mig__dnsbl own;
        mig__answer answer = {.status = MIG__DNS_OK};
        mig__record_set_data(mig__answer_add(&answer, MIG__RR_A), cases[i].code, 4);
        assert_int_equal(mig__dnsbl_read(mig__dnsbl_of(cases[i].zone, &own), &answer, code), cases[i].says);
        mig__answer_clear(&answer);
        answer.status = MIG__DNS_NXDOMAIN;
        assert_int_equal(mig__dnsbl_read(mig__dnsbl_of(cases[i].zone, &own), &answer, code), MIG__DNSBL_CLEAN);
        answer.status = MIG__DNS_TIMEOUT;
        assert_int_equal(mig__dnsbl_read(mig__dnsbl_of(cases[i].zone, &own), &answer, code), MIG__DNSBL_SILENT);
    }
}

/* ---- client files ---- */

static void test_client(void **state)
{
    (void)state;
    mig__client_config config;
    static const char autoconfig[] = "<?xml version=\"1.0\"?><clientConfig version=\"1.1\"><emailProvider "
                                     "id=\"x\"><incomingServer type=\"imap\"><hostname> "
                                     "IMAP.example.org </hostname><port>993</port></incomingServer><outgoingServer "
                                     "type=\"smtp\"><hostname>smtp.example.org"
                                     "</hostname><port>465</port></outgoingServer></emailProvider></clientConfig>";
    mig__client_parse(autoconfig, sizeof autoconfig - 1, &config);
    assert_true(config.parsed);
    assert_int_equal(config.count, 2);
    assert_string_equal(config.servers[0].host, "imap.example.org");
    assert_int_equal(config.servers[1].port, 465);
    static const char autodiscover[] =
        "<Autodiscover xmlns=\"http://schemas.microsoft.com/exchange/autodiscover/responseschema/2006\"><Response "
        "xmlns=\"http://x/\">"
        "<Account><Action>settings</Action><Protocol><Type>IMAP</Type><Server>imap.example.org</Server><Port>993</"
        "Port></Protocol>"
        "</Account></Response></Autodiscover>";
    mig__client_parse(autodiscover, sizeof autodiscover - 1, &config);
    assert_true(config.parsed);
    assert_string_equal(config.servers[0].type, "imap");
    static const char *const others[] = {"", "<html></html>", "<clientConfig>", "no xml",
                                         "<!DOCTYPE x [<!ENTITY a SYSTEM \"file:///etc/passwd\">]><html>&a;</html>"};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        mig__client_parse(others[i], strlen(others[i]), &config);
        assert_false(config.parsed);
    }
    static const char entity[] =
        "<!DOCTYPE x [<!ENTITY a SYSTEM \"file:///etc/hostname\">]><clientConfig><incomingServer type=\"imap\">"
        "<hostname>&a;</hostname></incomingServer></clientConfig>";
    mig__client_parse(entity, sizeof entity - 1, &config);
    assert_true(config.count == 0 || config.servers[0].host[0] == '\0');
}

/* ---- messages ---- */

static void test_packets(void **state)
{
    (void)state;
    unsigned char query[MIG__PACKET_QUERY], message[512];
    const size_t asked = mig__packet_query("mx.example", MIG__RR_A, 0x1234, false, true, query);
    assert_int_equal(asked, 12 + 12 + 4);
    memcpy(message, query, asked);
    assert_false(mig__packet_fits(query, asked, message, asked)); /* it is a question itself */
    message[2] = 0x84;
    assert_true(mig__packet_fits(query, asked, message, asked));
    message[13] = 'M'; /* in another case */
    assert_true(mig__packet_fits(query, asked, message, asked));
    message[13] = 'n';
    assert_false(mig__packet_fits(query, asked, message, asked));
    message[13] = 'm';
    message[0] ^= 1;
    assert_false(mig__packet_fits(query, asked, message, asked));
    message[0] ^= 1;

    static const unsigned char record[] = {0xc0, 12, 0, 1, 0, 1, 0, 0, 1, 0x2c, 0, 4, 192, 0, 2, 1};
    message[7] = 1;
    memcpy(message + asked, record, sizeof record);
    mig__answer answer = {.status = MIG__DNS_TIMEOUT};
    assert_true(mig__packet_read(message, asked + sizeof record, "mx.example", MIG__RR_A, &answer));
    assert_int_equal(answer.status, MIG__DNS_OK);
    assert_true(answer.authoritative);
    assert_int_equal(answer.count, 1);
    assert_int_equal(answer.records[0].ttl, 300);
    mig__answer_clear(&answer);
    for (size_t cut = 0; cut < asked + sizeof record; cut++) {
        assert_true(mig__packet_read(message, cut, "mx.example", MIG__RR_A, &answer));
        assert_int_equal(answer.count, 0);
        mig__answer_clear(&answer);
    }
    message[asked + 1] = (unsigned char)asked; /* the owner points to itself */
    assert_true(mig__packet_read(message, asked + sizeof record, "mx.example", MIG__RR_A, &answer));
    assert_int_equal(answer.status, MIG__DNS_MALFORMED);
    mig__answer_clear(&answer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names),  cmocka_unit_test(test_tags),          cmocka_unit_test(test_rsa_bits),
        cmocka_unit_test(test_dkim),   cmocka_unit_test(test_dmarc_records), cmocka_unit_test(test_dmarc_tree_walk),
        cmocka_unit_test(test_sts),    cmocka_unit_test(test_dane),          cmocka_unit_test(test_dnsbl),
        cmocka_unit_test(test_client), cmocka_unit_test(test_packets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
