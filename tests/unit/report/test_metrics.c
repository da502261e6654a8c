/* Metrics: each name once with HELP and TYPE, numbers without a locale, what is not known left out */
#include "report/sheet.h"
#include <migrate/metrics_report.h>

static void write_metrics(const mig_overview *overview, sheet *out)
{
    mig_error err = MIG_ERROR_INIT;
    memset(out, 0, sizeof *out);
    assert_int_equal(mig_report_metrics(overview, sheet_sink, out, &err), 0);
}

static bool has(const sheet *out, const char *line)
{
    return strstr(out->text, line) != NULL;
}

static void test_of_a_run(void **state)
{
    (void)state;
    static sheet out;
    mig_overview overview = {.version = 3,
                             .of_run = true,
                             .at = 1700000000,
                             .seconds = 12.5,
                             .to_do = 6000,
                             .done = 1234,
                             .carried = 1230,
                             .bytes = 5000000000,
                             .failed = 4,
                             .paced = true,
                             .messages_per_second = 98.7654,
                             .bytes_per_second = 1048576,
                             .seconds_left = 0.0004,
                             .strained = true,
                             .strain = {77, 2, 5, 40, 0.123456}};
    overview.states[MIG_OVERVIEW_RUNNING] = 2;
    overview.problems[MIG_E_TOO_BIG] = 4;
    write_metrics(&overview, &out);
    assert_true(has(&out, "\nmailmigrate_accounts{status=\"running\"} 2\n"));
    assert_true(has(&out, "\nmailmigrate_accounts{status=\"killed\"} 0\n"));
    assert_true(has(&out, "\nmailmigrate_messages_to_do 6000\n"));
    assert_true(has(&out, "\nmailmigrate_target_bytes 5000000000\n"));
    assert_true(has(&out, "\nmailmigrate_messages_per_second 98.765\n"));
    assert_true(has(&out, "\nmailmigrate_seconds_left 0.000\n"));
    assert_true(has(&out, "\nmailmigrate_problems{code=\"too-big\"} 4\n"));
    assert_true(has(&out, "\nmailmigrate_state_commit_seconds_sum 0.123456\n"));
    assert_true(has(&out, "\nmailmigrate_state_commit_seconds_count 40\n"));
    assert_true(has(&out, "\nmailmigrate_run_active 1\n"));
    overview.ended = true;
    write_metrics(&overview, &out);
    assert_true(has(&out, "\nmailmigrate_run_active 0\n"));
}

static void test_of_states(void **state)
{
    (void)state;
    static sheet out;
    const mig_overview overview = {.version = 1, .at = 1700000000, .seconds_left = -1, .unreadable = 2};
    write_metrics(&overview, &out);
    assert_true(has(&out, "\nmailmigrate_unreadable_states 2\n"));
    static const char *const unknown[] = {"seconds_left", "per_second", "run_",     "queue_bytes",
                                          "throttles",    "commit",     "problems{"};
    for (size_t i = 0; i < sizeof unknown / sizeof unknown[0]; i++) {
        assert_false(has(&out, unknown[i]));
    }
}

static void test_nothing_known(void **state)
{
    (void)state;
    static sheet out;
    const mig_overview overview = {.seconds_left = -1};
    write_metrics(&overview, &out);
    assert_true(has(&out, "source=\"nothing yet\""));
    assert_false(has(&out, "accounts"));
}

static void test_refused(void **state)
{
    (void)state;
    static sheet out = {.refuse_at = 1};
    mig_error err = MIG_ERROR_INIT;
    const mig_overview overview = {.version = 1};
    assert_int_equal(mig_report_metrics(&overview, sheet_sink, &out, &err), -1);
    assert_int_equal(err.code, MIG_E_IO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_of_a_run), cmocka_unit_test(test_of_states),
                                       cmocka_unit_test(test_nothing_known), cmocka_unit_test(test_refused)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
