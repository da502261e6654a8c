/* Dates: INTERNALDATE there and back, calendar arithmetic against timegm; waiting by the monotonic clock */
#include "base/clock.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static void assert_date(const char *text, int64_t utc, int zone, const char *again)
{
    mig__datetime moment;
    char out[27];
    assert_true(mig__datetime_parse(text, &moment));
    assert_true(moment.valid);
    assert_true(moment.utc == utc);
    assert_int_equal(moment.zone_minutes, zone);
    assert_string_equal(mig__datetime_format(&moment, out), again);
}

static void internaldates(void **state)
{
    (void)state;
    assert_date("17-Jul-1996 02:44:25 -0700", 837596665, -420, "17-Jul-1996 02:44:25 -0700");
    assert_date("01-Jan-1970 00:00:00 +0000", 0, 0, "01-Jan-1970 00:00:00 +0000");
    assert_date(" 1-jan-1970 01:00:00 +0100", 0, 60, "01-Jan-1970 01:00:00 +0100");
    assert_date("1-JAN-1970 00:00:00 +0000", 0, 0, "01-Jan-1970 00:00:00 +0000");
    assert_date("31-Dec-1969 23:30:00 -0030", 0, -30, "31-Dec-1969 23:30:00 -0030");
    assert_date("29-Feb-2024 23:59:60 +1345", 1709201700, 825, "01-Mar-2024 00:00:00 +1345");
    assert_date("30-Dec-1899 00:00:00 +0000", -2209161600, 0, "30-Dec-1899 00:00:00 +0000");
    assert_date("19-Jan-2038 03:14:08 +0000", 2147483648, 0, "19-Jan-2038 03:14:08 +0000");
    assert_date("01-Jan-0001 00:00:00 +0000", -62135596800, 0, "01-Jan-0001 00:00:00 +0000");
}

static void what_is_no_internaldate(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        "NIL",
        "17-Jul-1996 02:44:25",
        "17-Jul-1996 02:44:25 -07000",
        "17-Jul-1996 02:44:25 0700 ",
        "32-Jul-1996 02:44:25 -0700",
        "00-Jul-1996 02:44:25 -0700",
        "29-Feb-2023 02:44:25 -0700",
        "29-Feb-1900 02:44:25 -0700",
        "17-Foo-1996 02:44:25 -0700",
        "17-Jul-1996 24:44:25 -0700",
        "17-Jul-1996 02:60:25 -0700",
        "17-Jul-1996 02:44:61 -0700",
        "17-Jul-1996 02:44:25 -0760",
        "17-Jul-1996T02:44:25 -0700",
        "17 Jul 1996 02:44:25 -0700",
        "xx-Jul-1996 02:44:25 -0700",
        "17-Jul-19x6 02:44:25 -0700",
        "17-Jul-1996 02:44:25 -07x0",
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        mig__datetime moment = {1, 1, true};
        assert_false(mig__datetime_parse(bad[i], &moment));
        assert_false(moment.valid);
    }
}

static void every_day_of_a_few_centuries(void **state)
{
    (void)state;
    for (int64_t day = -30000; day < 90000; day++) {
        time_t seconds = (time_t)(day * 86400 + 4711);
        struct tm parts;
        char expected[40], out[27];
        assert_non_null(gmtime_r(&seconds, &parts));
        assert_true(mig__days_from_civil(parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday) == day);
        assert_true(strftime(expected, sizeof expected, "%d-%b-%Y %H:%M:%S +0000", &parts) > 0);
        mig__datetime moment = {seconds, 0, true}, again;
        assert_string_equal(mig__datetime_format(&moment, out), expected);
        assert_true(mig__datetime_parse(out, &again) && again.utc == seconds);
    }
}

static void years_out_of_range_still_have_the_form(void **state)
{
    (void)state;
    char out[27];
    mig__datetime far = {INT64_C(400000000000), 0, true}, past = {-INT64_C(400000000000), 0, true};
    assert_int_equal(strlen(mig__datetime_format(&far, out)), 26);
    assert_int_equal(strlen(mig__datetime_format(&past, out)), 26);
}

static void dates(void **state)
{
    (void)state;
    int year, month, day;
    assert_true(mig__date_parse("2024-02-29", &year, &month, &day));
    assert_int_equal(year, 2024);
    assert_int_equal(month, 2);
    assert_int_equal(day, 29);
    static const char *const bad[] = {"",          "2023-02-29", "2024-13-01",  "2024-00-01", "2024-01-00",
                                      "2024-1-01", "2024/01/01", "2024-01-011", "x024-01-01", "2024-01-32"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_false(mig__date_parse(bad[i], &year, &month, &day));
    }
}

static void the_clock_goes_forward(void **state)
{
    (void)state;
    int64_t before = mig__now_ms();
    double seconds = mig__now_seconds();
    mig__sleep_ms(20);
    mig__sleep_ms(0);
    mig__sleep_ms(-5);
    assert_true(mig__now_ms() - before >= 19);
    assert_true(mig__now_seconds() - seconds >= 0.019);
    assert_true(mig__wall_seconds() > INT64_C(1600000000));
}

typedef struct flag {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool raised;
} flag;

static void *raise_flag(void *argument)
{
    flag *f = argument;
    pthread_mutex_lock(&f->lock);
    f->raised = true;
    pthread_cond_signal(&f->changed);
    pthread_mutex_unlock(&f->lock);
    return NULL;
}

/* The time is a part of a second that carries over with all but certainty. */
static void a_wait_ends_when_it_is_woken(void **state)
{
    (void)state;
    flag f = {.lock = PTHREAD_MUTEX_INITIALIZER};
    pthread_t thread;
    mig__cond_init(&f.changed);
    pthread_mutex_lock(&f.lock); /* the flag cannot be raised before somebody waits */
    assert_int_equal(pthread_create(&thread, NULL, raise_flag, &f), 0);
    bool in_time = true;
    while (in_time && !f.raised) {
        in_time = mig__cond_wait_ms(&f.changed, &f.lock, INT64_C(3600999));
    }
    pthread_mutex_unlock(&f.lock);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_true(in_time);
    pthread_cond_destroy(&f.changed);
    pthread_mutex_destroy(&f.lock);
}

static void a_wait_ends_when_its_time_is_over(void **state)
{
    (void)state;
    flag f = {.lock = PTHREAD_MUTEX_INITIALIZER};
    mig__cond_init(&f.changed);
    pthread_mutex_lock(&f.lock);
    int64_t before = mig__now_ms();
    while (mig__cond_wait_ms(&f.changed, &f.lock, 20)) { /* woken for nothing */
    }
    assert_true(mig__now_ms() - before >= 19);
    while (mig__cond_wait_ms(&f.changed, &f.lock, 0)) {
    }
    pthread_mutex_unlock(&f.lock);
    pthread_cond_destroy(&f.changed);
    pthread_mutex_destroy(&f.lock);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(internaldates),
        cmocka_unit_test(what_is_no_internaldate),
        cmocka_unit_test(every_day_of_a_few_centuries),
        cmocka_unit_test(years_out_of_range_still_have_the_form),
        cmocka_unit_test(dates),
        cmocka_unit_test(the_clock_goes_forward),
        cmocka_unit_test(a_wait_ends_when_it_is_woken),
        cmocka_unit_test(a_wait_ends_when_its_time_is_over),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
