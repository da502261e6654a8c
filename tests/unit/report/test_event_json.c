/* A log line in JSON: its members, its time, one piece, and a sink that fails. */
#include "sheet.h"

static sheet out;

static void test_full_line(void **state)
{
    (void)state;
    out = (sheet){.length = 0};
    mig_error err = MIG_ERROR_INIT;
    mig_log_event event = {.level = MIG_LOG_WARNING,
                           .account = "u1@old",
                           .folder = "Entw\xc3\xbcrfe",
                           .uid = 17,
                           .code = "too-big",
                           .text = "NO \"a\" \x1b[2J \xff"};
    assert_int_equal(mig_report_event_json(&event, 1714528984007, sheet_sink, &out, &err), 0);
    assert_string_equal(out.text, "{\"time\": \"2024-05-01T02:03:04.007Z\", \"level\": \"warning\", "
                                  "\"account\": \"u1@old\", \"folder\": \"Entw\\u00FCrfe\", \"uid\": 17, "
                                  "\"code\": \"too-big\", \"text\": \"NO \\\"a\\\" \\u001B[2J \\uFFFD\"}\n");
    assert_true(out.pieces == 1);
}

static void test_bare_line(void **state)
{
    (void)state;
    out = (sheet){.length = 0};
    mig_log_event event = {.level = MIG_LOG_TRACE, .text = "hello"};
    assert_int_equal(mig_report_event_json(&event, 0, sheet_sink, &out, NULL), 0);
    assert_string_equal(out.text,
                        "{\"time\": \"1970-01-01T00:00:00.000Z\", \"level\": \"trace\", \"text\": \"hello\"}\n");
}

static void test_refused(void **state)
{
    (void)state;
    out = (sheet){.refuse_at = 1};
    mig_error err = MIG_ERROR_INIT;
    mig_log_event event = {.level = MIG_LOG_INFO, .text = "hello"};
    assert_int_equal(mig_report_event_json(&event, 0, sheet_sink, &out, &err), -1);
    assert_int_equal(err.code, MIG_E_IO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_full_line), cmocka_unit_test(test_bare_line),
                                       cmocka_unit_test(test_refused)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
