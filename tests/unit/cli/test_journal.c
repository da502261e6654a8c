/* Entries of the journal: the fields of an event, each once, and no others */
#include "cli/journal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

static void check(const mig_log_event *event, const char *const *fields, size_t count)
{
    cli_journal_entry entry;
    assert_int_equal(cli_journal_make(event, &entry), 0);
    assert_int_equal(entry.count, count);
    for (size_t i = 0; i < count; i++) {
        assert_string_equal(entry.fields[i], fields[i]);
    }
    cli_journal_clear(&entry);
    assert_int_equal(entry.count, 0);
}

static void test_all_fields(void **state)
{
    (void)state;
    static const char *const fields[] = {"MESSAGE=too big\nfor it",
                                         "PRIORITY=4",
                                         "SYSLOG_IDENTIFIER=mailmigrate",
                                         "MESSAGE_ID=" CLI_JOURNAL_PROBLEM,
                                         "MAILMIGRATE_ACCOUNT=ann@old.example",
                                         "MAILMIGRATE_FOLDER=INBOX",
                                         "MAILMIGRATE_UID=4294967295",
                                         "MAILMIGRATE_CODE=too-big"};
    const mig_log_event event = {MIG_LOG_WARNING, "ann@old.example", "INBOX", UINT32_MAX,
                                 "too-big",       "too big\nfor it", true};
    check(&event, fields, CLI_JOURNAL_FIELDS);
}

static void test_few_fields(void **state)
{
    (void)state;
    static const char *const plain[] = {"MESSAGE=x", "PRIORITY=7", "SYSLOG_IDENTIFIER=mailmigrate"};
    static const char *const error[] = {"MESSAGE=x", "PRIORITY=3", "SYSLOG_IDENTIFIER=mailmigrate",
                                        "MESSAGE_ID=" CLI_JOURNAL_ERROR};
    const mig_log_event trace = {.level = MIG_LOG_TRACE, .text = "x"};
    const mig_log_event bad = {.level = MIG_LOG_ERROR, .text = "x"};
    check(&trace, plain, 3);
    check(&bad, error, 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_all_fields), cmocka_unit_test(test_few_fields)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
