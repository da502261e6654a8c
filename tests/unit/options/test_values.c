/* Sizes, numbers, dates, times of day, steps. */
#include "options/values.h"
#include <migrate/run.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

static uint64_t size_of(const char *text)
{
    uint64_t size = 0;
    return mig__parse_size(text, &size) ? size : 0; /* 0 is never a valid size */
}

static void test_sizes(void **state)
{
    (void)state;
    assert_true(size_of("1") == 1);
    assert_true(size_of("10K") == 10240);
    assert_true(size_of("10m") == 10485760);
    assert_true(size_of("2G") == UINT64_C(2147483648));
    assert_true(size_of("1t") == UINT64_C(1099511627776));
    assert_true(size_of("18446744073709551615") == UINT64_MAX);
    const char *bad[] = {"",
                         "0",
                         "0K",
                         "K",
                         "10X",
                         "10MB",
                         "10 M",
                         "-1",
                         "+1",
                         "1.5M",
                         "0x10",
                         "18446744073709551616",
                         "18014398509481984K",
                         "99999999999999999999999999"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_true(size_of(bad[i]) == 0);
    }
}

static void test_numbers(void **state)
{
    (void)state;
    int number = -1;
    assert_true(mig__parse_number("1", 1, 32, &number));
    assert_int_equal(number, 1);
    assert_true(mig__parse_number("32", 1, 32, &number));
    assert_int_equal(number, 32);
    const char *bad[] = {"0", "33", "", "x", "4x", "-4", " 4", "4294967297"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_false(mig__parse_number(bad[i], 1, 32, &number));
    }
    assert_int_equal(number, 32);
}

static void test_dates(void **state)
{
    (void)state;
    const char *good[] = {"2024-02-29", "2000-02-29", "1999-12-31", "2023-01-01"};
    const char *bad[] = {"2023-02-29", "1900-02-29", "2024-13-01",  "2024-00-10", "2024-04-31", "2024-1-01",
                         "24-01-01",   "2024/01/01", "2024-01-01 ", "",           "0000-01-01", "2024-01-00"};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        assert_true(mig__parse_date(good[i]));
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_false(mig__parse_date(bad[i]));
    }
}

static void test_times(void **state)
{
    (void)state;
    assert_true(mig__parse_time("00:00"));
    assert_true(mig__parse_time("06:00"));
    assert_true(mig__parse_time("23:59"));
    const char *bad[] = {"24:00", "6:00", "06:60", "0600", "06:0", "06:00:00", "", "-6:00"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_false(mig__parse_time(bad[i]));
    }
}

static void test_steps(void **state)
{
    unsigned steps = 0;
    (void)state;
    assert_true(mig__parse_steps("check", &steps));
    assert_int_equal(steps, MIG_STEP_CHECK);
    assert_true(mig__parse_steps("verify,copy", &steps));
    assert_int_equal(steps, MIG_STEP_COPY | MIG_STEP_VERIFY);
    assert_true(mig__parse_steps("check,inventory,copy,verify", &steps));
    assert_int_equal(steps, 15);
    assert_false(mig__parse_steps("", &steps));
    assert_false(mig__parse_steps("copy,", &steps));
    assert_false(mig__parse_steps("cop", &steps));
    assert_false(mig__parse_steps("copy verify", &steps));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_sizes), cmocka_unit_test(test_numbers),
                                       cmocka_unit_test(test_dates), cmocka_unit_test(test_times),
                                       cmocka_unit_test(test_steps)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
