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
        assert_int_equal(mig__bucket_take(&pace.out, 1 << 30, mig__now_seconds()), 0);
        mig__pace_day(&pace, 1 << 30);
    }
    assert_null(mig__pace_over(&pace));
}

/* Send `total` octets in pieces of the bucket's own choice; returns the seconds that it says to wait. */
static double drain(mig__bucket *bucket, uint64_t total, double *first_second)
{
    double now = bucket->filled_at, begun = now;
    for (uint64_t sent = 0; sent < total;) {
        size_t piece = mig__bucket_piece(bucket);
        piece = piece < total - sent ? piece : (size_t)(total - sent);
        int64_t ms;
        while ((ms = mig__bucket_take(bucket, piece, now)) > 0) {
            now += (double)ms / 1000;
        }
        sent += piece;
        if (now - begun <= 1) {
            *first_second = (double)sent;
        }
    }
    return now - begun;
}

/* "At most" from the first second on, whatever the size of the messages. */
static void test_rate(void **state)
{
    (void)state;
    static const uint64_t rates[] = {1, 1000, 5 << 10, 250 << 10, 1 << 20, 100 << 20};
    for (size_t i = 0; i < sizeof rates / sizeof rates[0]; i++) {
        mig__bucket bucket;
        double first = 0;
        uint64_t rate = rates[i];
        mig__bucket_init(&bucket, rate);
        double seconds = drain(&bucket, 10 * rate, &first);
        double piece = (double)mig__bucket_piece(&bucket) / (double)rate; /* the last one is not waited for */
        if (seconds < 9.7 - piece || seconds > 10.6) {
            print_error("%llu: %g seconds\n", (unsigned long long)rate, seconds);
        }
        assert_true(seconds >= 9.7 - piece && seconds <= 10.6);
        if (rate >= 1000) {
            assert_true(first <= 1.3 * (double)rate + 512);
        }
    }
}

/* After a long pause no more than a tenth of a second's worth is let through at once. */
static void test_pauses_do_not_gather(void **state)
{
    (void)state;
    mig__bucket bucket;
    mig__bucket_init(&bucket, 10000);
    double now = bucket.filled_at + 3600;
    assert_int_equal(mig__bucket_take(&bucket, 1000, now), 0);
    assert_in_range(mig__bucket_take(&bucket, 1, now), 1, 2);
    assert_int_equal(mig__bucket_take(&bucket, 1, now + 0.01), 0);
}

static void test_daily_limit_counts_earlier_runs(void **state)
{
    (void)state;
    mig_error error;
    mig__pace pace;
    assert_int_equal(mig__pace_init(&pace, 0, 5000, 4000, NULL, &error), 0);
    assert_null(mig__pace_over(&pace));
    assert_true(mig__pace_day(&pace, 999));
    assert_null(mig__pace_over(&pace));
    assert_int_equal(mig__pace_left(&pace), 1);
    assert_true(mig__pace_day(&pace, 1));
    assert_non_null(mig__pace_over(&pace));
    pace.day -= 1; /* the next day */
    assert_int_equal(mig__pace_left(&pace), 5000);
    assert_true(mig__pace_day(&pace, 1));
    assert_null(mig__pace_over(&pace));
}

/* What does not fit is not sent, and the day is over; the first of a day is, whatever its size. */
static void test_daily_limit_is_not_exceeded(void **state)
{
    (void)state;
    mig_error error;
    mig__pace pace;
    assert_int_equal(mig__pace_init(&pace, 0, 0, 0, NULL, &error), 0);
    assert_true(mig__pace_left(&pace) == UINT64_MAX);
    assert_int_equal(mig__pace_init(&pace, 0, 1000, 900, NULL, &error), 0);
    assert_false(mig__pace_day(&pace, 101));
    assert_int_equal(pace.sent_today, 900);
    assert_int_equal(mig__pace_over(&pace), MIG_STOPPED_DAILY);
    pace.day -= 1;
    assert_true(mig__pace_day(&pace, 5000));
    assert_int_equal(mig__pace_over(&pace), MIG_STOPPED_DAILY);
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
        cmocka_unit_test(test_pauses_do_not_gather),
        cmocka_unit_test(test_daily_limit_counts_earlier_runs),
        cmocka_unit_test(test_daily_limit_is_not_exceeded),
        cmocka_unit_test(test_until),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
