/* Scripts held against a target: requires, folders, loops, includes, and the order in which they are put. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "sieve/records.h"
#include "sieve/work.h"
#include <stdlib.h>
#include <string.h>

static const mig__sieve_folder folders[] = {
    {"INBOX", "INBOX", true}, {"Sent", "Sent Items", true},   {"Lists.a", "Lists/a", true}, {"New", "New", false},
    {"Left", NULL, false},    {"\xc3\xa4", "\xc3\xa4", true}, {NULL, "Only there", true},
};
static const char *const own[] = {"ann@old.example", NULL};

static mig__sieve_facts facts_of(bool map)
{
    return (mig__sieve_facts){.capability = "fileinto envelope comparator-i;ascii-numeric copy",
                              .folders = folders,
                              .folder_count = sizeof folders / sizeof folders[0],
                              .folders_known = true,
                              .map_folders = map,
                              .own = own};
}

/* All notes as "concern weight line; ". */
static void expect_by(const mig__sieve_facts *facts, const char *text, const char *expected, const char *rewritten)
{
    mig__sieve_script script;
    mig__sieve_judgement judgement;
    mig__buffer out = MIG__BUFFER_INIT, again = MIG__BUFFER_INIT;
    assert_int_equal(mig__sieve_parse(text, strlen(text), &script, NULL), 0);
    assert_int_equal(mig__sieve_judge(&script, facts, &judgement, NULL), 0);
    for (size_t i = 0; i < judgement.note_count; i++) {
        mig__buffer_addf(&out, "%s %s %u; ", mig_filter_concern_name(judgement.notes[i].concern),
                         mig_filter_weight_name(judgement.notes[i].weight), judgement.notes[i].line);
    }
    assert_string_equal(out.data != NULL ? out.data : "", expected);
    assert_int_equal(mig__sieve_rewrite(text, strlen(text), &judgement, &again, NULL), 0);
    assert_string_equal(again.data, rewritten != NULL ? rewritten : text);
    mig__buffer_free(&out);
    mig__buffer_free(&again);
    mig__sieve_judgement_clear(&judgement);
    mig__sieve_script_clear(&script);
}

static void expect(const char *text, const char *expected)
{
    const mig__sieve_facts facts = facts_of(false);
    expect_by(&facts, text, expected, NULL);
}

static void test_require(void **state)
{
    (void)state;
    expect("require [\"fileinto\",\r\n\"vacation\", \"comparator-i;octet\"];", "require blocks 2; ");
    expect("require \"FileInto\";", "");
    expect("require \"file\";", "require blocks 1; ");
    mig__sieve_facts facts = facts_of(false);
    facts.capability = NULL; /* not known: nothing is said */
    expect_by(&facts, "require \"vacation\";", "", NULL);
}

static void test_folders(void **state)
{
    (void)state;
    expect("fileinto \"inbox\"; fileinto \"Only there\"; fileinto \"a\xcc\x88\";", "");
    expect("fileinto :copy \"Sent\";\nfileinto \"Nowhere\";\nfileinto \"Left\";\nfileinto :flags \"x\" \"New\";",
           "folder attention 1; folder attention 2; folder attention 3; folder attention 4; ");
    expect("fileinto :create \"Nowhere\"; fileinto :create \"New\";", "");
    expect("if mailboxexists [\"INBOX\", \"Nowhere\"] { keep; }", "folder attention 1; ");
    expect("vacation :fcc \"Nowhere\" \"x\";", "vacation note 1; folder attention 1; ");
    expect("require \"variables\";\nfileinto \"a ${1}\";", "require blocks 1; computed attention 2; ");
    mig__sieve_facts facts = facts_of(false);
    facts.folders_known = false;
    expect_by(&facts, "fileinto \"Nowhere\";", "", NULL);
}

static void test_rewriting(void **state)
{
    (void)state;
    const mig__sieve_facts facts = facts_of(true);
    expect_by(&facts, "fileinto \"Sent\"; # Sent\r\nif mailboxexists [\"Lists.a\", \"INBOX\"] {}\r\nfileinto \"Left\";",
              "mapped note 1; mapped note 2; folder attention 3; ",
              "fileinto \"Sent Items\"; # Sent\r\nif mailboxexists [\"Lists/a\", \"INBOX\"] {}\r\nfileinto \"Left\";");
    /* A name in the long form becomes a quoted one; nothing else moves. */
    expect_by(&facts, "require \"variables\"; fileinto text:\r\nSent\r\n.\r\n;",
              "require blocks 1; folder attention 1; ", NULL);
}

static void test_mail(void **state)
{
    (void)state;
    expect("redirect \"ANN@old.example\"; redirect :copy \"bob@old.example\";", "loop attention 1; ");
    expect("include :global \"g\";\npipe \"prog\";\nif header :list \"from\" \"l\" {}",
           "outside attention 1; outside attention 2; outside attention 3; ");
}

static void test_order(void **state)
{
    (void)state;
    const size_t none[] = {MIG__SIEVE_NONE}, on_1[] = {1, MIG__SIEVE_NONE}, on_2[] = {2, MIG__SIEVE_NONE};
    const size_t both[] = {1, 2, MIG__SIEVE_NONE}, itself[] = {0, MIG__SIEVE_NONE}, on_0[] = {0, MIG__SIEVE_NONE};
    size_t order[3];
    bool circular[3];
    const size_t *const chain[] = {on_1, on_2, none};
    assert_int_equal(mig__sieve_order(chain, 3, order, circular, NULL), 0);
    assert_true(order[0] == 2 && order[1] == 1 && order[2] == 0);
    assert_false(circular[0] || circular[1] || circular[2]);
    const size_t *const plain[] = {none, both, none};
    assert_int_equal(mig__sieve_order(plain, 3, order, circular, NULL), 0);
    assert_true(order[0] == 0 && circular[1]);
    const size_t *const ring[] = {on_1, on_2, on_0};
    assert_int_equal(mig__sieve_order(ring, 3, order, circular, NULL), 0);
    assert_true(circular[0] && circular[1] && circular[2]);
    const size_t *const self[] = {itself, none, none};
    assert_int_equal(mig__sieve_order(self, 3, order, circular, NULL), 0);
    assert_true(circular[0] && !circular[1] && !circular[2]);
}

static void test_records(void **state)
{
    (void)state;
    char text[] = "0000000000000000000000000000000000000000000000000000000000000001 "
                  "0000000000000000000000000000000000000000000000000000000000000002 a%20b%C3%A4 x%25%282%29";
    mig__sieve_record record;
    mig__buffer out = MIG__BUFFER_INIT;
    assert_true(mig__sieve_record_read(text, &record));
    assert_string_equal(record.source, "a b\xc3\xa4");
    assert_string_equal(record.target, "x%(2)");
    assert_true(mig__sieve_record_write(&record, &out));
    assert_string_equal(out.data, text);
    mig__buffer_free(&out);
    free(record.source);
    free(record.target);
    static const char *const bad[] = {"", "00 00 a b", "x"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_false(mig__sieve_record_read(bad[i], &record));
    }
    text[132] = '%'; /* "%%20b..." */
    assert_false(mig__sieve_record_read(text, &record));
    text[130] = '\0';
    assert_false(mig__sieve_record_read(text, &record));
}

static void test_mx(void **state)
{
    (void)state;
    static const struct {
        const char *mail;
        mig_filters_mx verdict;
    } cases[] = {
        {"mx.old.example 192.0.2.9", MIG_FILTERS_MX_OLD},         /* beside mail.old.example */
        {"relay.example 192.0.2.1", MIG_FILTERS_MX_OLD},          /* the same address */
        {"mail.new.example 192.0.2.2", MIG_FILTERS_MX_NEW},       /* itself */
        {"mx1.new.example\nmx2.new.example", MIG_FILTERS_MX_NEW}, /* beside it */
        {"mail.new.example\nmail.old.example", MIG_FILTERS_MX_OLD},
        {"mail.new.example\nmx.third.example", MIG_FILTERS_MX_UNKNOWN},
        {"mx.third.example 198.51.100.1", MIG_FILTERS_MX_UNKNOWN},
        {"", MIG_FILTERS_MX_UNKNOWN},
        {"example", MIG_FILTERS_MX_UNKNOWN},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(
            mig__sieve_mx(cases[i].mail, "mail.old.example", "192.0.2.1\n2001:db8::1", "mail.new.example", "192.0.2.2"),
            cases[i].verdict);
    }
    /* "co.uk" is everybody's: it brings nobody together. */
    assert_int_equal(mig__sieve_mx("mx.third.co.uk", "old.co.uk", "", "new.co.uk", ""), MIG_FILTERS_MX_UNKNOWN);
}

static void test_trusted_host(void **state)
{
    (void)state;
    assert_true(mig__sieve_trusted_host("sieve.old.example", "imap.old.example", "ann.example"));
    assert_true(mig__sieve_trusted_host("sieve.ann.example", "imap.old.example", "ann.example"));
    assert_true(mig__sieve_trusted_host("IMAP.old.example", "imap.old.example", "ann.example"));
    assert_false(mig__sieve_trusted_host("evil.example", "imap.old.example", "ann.example"));
    assert_false(mig__sieve_trusted_host("evilann.example", "imap.old.example", "ann.example"));
    assert_false(mig__sieve_trusted_host("other.example", "old.example", "ann.org"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_require), cmocka_unit_test(test_folders),      cmocka_unit_test(test_rewriting),
        cmocka_unit_test(test_mail),    cmocka_unit_test(test_order),        cmocka_unit_test(test_records),
        cmocka_unit_test(test_mx),      cmocka_unit_test(test_trusted_host),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
