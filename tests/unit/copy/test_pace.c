#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/clock.h"
#include "copy/pace.h"

static void test_no_bounds(void **state)
{
    (void)state;
    mig_error error;
    mig__pace pace;
    assert_int_equal(mig__pace_init(&pace, 0, 0, 0, NULL, &error), 0);
    for (int i = 0; i < 1000; i++) {
        assert_int_equal(mig__pace_take(&pace, 1 << 30, 1 << 30), 0);
    }
    assert_null(mig__pace_over(&pace));
}

static void test_rate(void **state)
{
    (void)state;
    mig_error error;
    mig__pace pace;
    assert_int_equal(mig__pace_init(&pace, 1000, 0, 0, NULL, &error), 0);
    assert_int_equal(mig__pace_take(&pace, 11000, 11000), 0); /* a message is never cut */
    pace.filled_at = mig__now_seconds();
    pace.tokens = -10000;
    assert_in_range(mig__pace_take(&pace, 1, 1), 5000, 10001); /* ten seconds' worth is owed, less what has passed */
}

static void test_daily_limit_counts_earlier_runs(void **state)
{
    (void)state;
    mig_error error;
    mig__pace pace;
    assert_int_equal(mig__pace_init(&pace, 0, 5000, 4000, NULL, &error), 0);
    assert_null(mig__pace_over(&pace));
    assert_int_equal(mig__pace_take(&pace, 9000, 999), 0);
    assert_null(mig__pace_over(&pace));
    assert_int_equal(mig__pace_take(&pace, 9000, 1), 0);
    assert_non_null(mig__pace_over(&pace));
    pace.day -= 1; /* the next day */
    assert_int_equal(mig__pace_take(&pace, 1, 1), 0);
    assert_null(mig__pace_over(&pace));
}

static void test_until(void **state)
{
    (void)state;
    mig_error error;
    mig__pace pace;
    assert_int_equal(mig__pace_init(&pace, 0, 0, 0, "06:00", &error), 0);
    assert_true(pace.until > mig__wall_seconds());
    assert_true(pace.until <= mig__wall_seconds() + 25 * 3600);
    assert_null(mig__pace_over(&pace));
    pace.until = mig__wall_seconds() - 1;
    assert_non_null(mig__pace_over(&pace));
    static const char *const bad[] = {"", "6", "24:00", "12:60", "12:00x", "-1:00", "noon", "12:0:0"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(mig__pace_init(&pace, 0, 0, 0, bad[i], &error), -1);
        assert_int_equal(error.code, MIG_E_USAGE);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_no_bounds),
        cmocka_unit_test(test_rate),
        cmocka_unit_test(test_daily_limit_counts_earlier_runs),
        cmocka_unit_test(test_until),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
