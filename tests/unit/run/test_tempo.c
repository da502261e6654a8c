/* How many accounts are worked on at once: against servers of which it is known how fast they are */
#include "run/tempo.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

/* Accounts end one after the other; with `at_once` under way they take `cost(at_once)` seconds each, in all. */
static double work(mig__tempo *tempo, size_t accounts, double (*cost)(size_t at_once), unsigned (*complain)(size_t),
                   double now)
{
    for (size_t i = 0; i < accounts; i++) {
        size_t at_once = tempo->now;
        assert_in_range(at_once, 1, tempo->most);
        now += cost(at_once);
        mig__tempo_add(tempo, 1000, 33, complain != NULL ? complain(at_once) : 0, now);
    }
    return now;
}

/* A long line: twice as many take as long each. */
static double line(size_t at_once)
{
    return 1.0 / (double)at_once;
}

/* Two processors that are full. */
static double full(size_t at_once)
{
    (void)at_once;
    return 0.1;
}

/* Good until ten, worse beyond. */
static double best_at_ten(size_t at_once)
{
    double many = (double)at_once;
    return at_once <= 10 ? 1.0 / many : 0.1 + (many - 10) * 0.02;
}

static void test_a_long_line(void **state)
{
    (void)state;
    mig__tempo tempo;
    mig__tempo_begin(&tempo, 0, 32, 100);
    assert_int_equal(tempo.now, 4);
    work(&tempo, 400, line, NULL, 100);
    assert_int_equal(tempo.now, 32);
}

static void test_nothing_to_gain(void **state)
{
    (void)state;
    mig__tempo tempo;
    mig__tempo_begin(&tempo, 0, 32, 0);
    size_t at_four = 0;
    double now = 0;
    for (int i = 0; i < 1000; i++) {
        now = work(&tempo, 1, full, NULL, now);
        assert_in_range(tempo.now, 4, 6);
        at_four += tempo.now == 4;
    }
    assert_true(at_four > 600); /* tried now and then, and given up again */
}

static void test_too_many(void **state)
{
    (void)state;
    mig__tempo tempo;
    mig__tempo_begin(&tempo, 0, 256, 0);
    size_t sum = 0;
    double now = 0;
    for (int i = 0; i < 2000; i++) {
        now = work(&tempo, 1, best_at_ten, NULL, now);
        sum += tempo.now;
    }
    assert_in_range(sum / 2000, 6, 14);
}

static unsigned more_than_six(size_t at_once)
{
    return at_once > 6;
}

/* A server that complains is heard at once, by each account that was under way once, and not asked again soon. */
static void test_complaints(void **state)
{
    (void)state;
    mig__tempo tempo;
    mig__tempo_begin(&tempo, 0, 32, 0);
    double now = 0;
    while (tempo.now <= 6) {
        now = work(&tempo, 1, line, more_than_six, now);
    }
    size_t many = tempo.now;
    for (size_t i = 0; i < many; i++) { /* all of those under way complain */
        now += 0.1;
        mig__tempo_add(&tempo, 0, 0, 1, now);
    }
    assert_int_equal(tempo.now, many / 2);
    now = work(&tempo, 100, line, more_than_six, now);
    assert_int_equal(tempo.now, many / 2);
    for (int i = 0; i < 10; i++) {
        mig__tempo_add(&tempo, 0, 0, i == 0, now += 0.1);
    }
    assert_int_equal(tempo.now, many / 4);
}

/* It never goes below one, and what the user said stays. */
static void test_bounds(void **state)
{
    (void)state;
    mig__tempo tempo;
    mig__tempo_begin(&tempo, 0, 2, 0);
    assert_int_equal(tempo.now, 2);
    for (int i = 0; i < 20; i++) {
        mig__tempo_add(&tempo, 0, 0, 1, i);
        assert_in_range(tempo.now, 1, 2);
    }
    mig__tempo_begin(&tempo, 7, 32, 0);
    work(&tempo, 200, line, more_than_six, 0);
    assert_int_equal(tempo.now, 7);
    mig__tempo_begin(&tempo, 0, 0, 0);
    assert_int_equal(tempo.now, 0); /* nothing to do */
}

/* Time that does not pass is no infinite rate. */
static void test_no_time(void **state)
{
    (void)state;
    mig__tempo tempo;
    mig__tempo_begin(&tempo, 0, 32, 5);
    for (int i = 0; i < 200; i++) {
        mig__tempo_add(&tempo, 1, 1, 0, 5);
    }
    assert_in_range(tempo.now, 1, 32);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_long_line), cmocka_unit_test(test_nothing_to_gain), cmocka_unit_test(test_too_many),
        cmocka_unit_test(test_complaints),  cmocka_unit_test(test_bounds),          cmocka_unit_test(test_no_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
