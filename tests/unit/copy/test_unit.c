#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "copy/queue.h"

static mig__unit unit_of(uint32_t first, uint32_t last)
{
    mig__unit unit = {.uids = MIG__UIDSET_INIT};
    assert_int_equal(mig__uidset_add(&unit.uids, first, last, NULL), 0);
    return unit;
}

/* How many connections it takes until the message is to blame; 0: more than 100. */
static unsigned breaks_until_blamed(mig__unit *unit, uint64_t (*place)(unsigned number), unsigned others)
{
    unsigned breaks = 7;
    for (unsigned number = 1; number <= 100; number++) {
        if (mig__unit_blame(unit, place(number), breaks)) {
            return number;
        }
        breaks += 1 + others;
    }
    return 0;
}

static uint64_t at_once(unsigned number)
{
    (void)number;
    return 0;
}

static uint64_t in_the_middle(unsigned number)
{
    (void)number;
    return 65536;
}

static uint64_t wandering(unsigned number)
{
    return 1000 + 17 * number;
}

static void test_message_that_breaks_it(void **state)
{
    (void)state;
    mig__unit unit = unit_of(13, 13);
    assert_int_equal(breaks_until_blamed(&unit, at_once, 0), 4);
    mig__uidset_free(&unit.uids);
    unit = unit_of(13, 13);
    assert_int_equal(breaks_until_blamed(&unit, in_the_middle, 0), 4);
    mig__uidset_free(&unit.uids);
}

/* A line that is cut again and again breaks it here and there: not four times in its life, but not for ever. */
static void test_line_that_breaks(void **state)
{
    (void)state;
    mig__unit unit = unit_of(13, 13);
    assert_int_equal(breaks_until_blamed(&unit, wandering, 0), 10);
    mig__uidset_free(&unit.uids);
}

/* The same place each time, but connections that read other messages broke as well. */
static void test_others_break_meanwhile(void **state)
{
    (void)state;
    mig__unit unit = unit_of(13, 13);
    assert_int_equal(breaks_until_blamed(&unit, at_once, 1), 10);
    mig__uidset_free(&unit.uids);
}

/* Each time another message is the first without an answer: that is progress, and nobody's fault. */
static void test_another_suspect(void **state)
{
    (void)state;
    mig__unit unit = unit_of(1, 100);
    mig__uidset one = MIG__UIDSET_INIT;
    for (unsigned number = 0; number < 99; number++) {
        assert_false(mig__unit_blame(&unit, 0, number));
        assert_int_equal(unit.blame.points, MIG__BLAME_SAME);
        assert_int_equal(mig__uidset_take(&unit.uids, 1, &one, NULL), 1);
    }
    mig__uidset_free(&one);
    mig__uidset_free(&unit.uids);
}

/* One among others is never listed for what the unit did: it is asked for alone first. */
static void test_not_alone(void **state)
{
    (void)state;
    mig__unit unit = unit_of(1, 2);
    assert_int_equal(breaks_until_blamed(&unit, at_once, 0), 0);
    mig__uidset_free(&unit.uids);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_message_that_breaks_it),
        cmocka_unit_test(test_line_that_breaks),
        cmocka_unit_test(test_others_break_meanwhile),
        cmocka_unit_test(test_another_suspect),
        cmocka_unit_test(test_not_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
