/* UIDs on their way to be read: who gets what next, what a cut or a refusal puts back, who is to blame. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "reading/units.h"

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

/* ---- many of them ---- */

typedef struct fake {
    mig__reading readings[2];
    mig__reading *list[2];
    mig__units *units;
} fake;

static void begin(fake *f, uint32_t a, uint32_t b, const mig__units_options *options)
{
    *f = (fake){.readings = {{.name = "A"}, {.name = "B"}}};
    f->list[0] = &f->readings[0];
    f->list[1] = &f->readings[1];
    assert_int_equal(a > 0 ? mig__uidset_add(&f->readings[0].todo, 1, a, NULL) : 0, 0);
    assert_int_equal(b > 0 ? mig__uidset_add(&f->readings[1].todo, 1, b, NULL) : 0, 0);
    f->units = mig__units_new(f->list, 2, options, NULL);
    assert_non_null(f->units);
}

static void end(fake *f)
{
    mig__units_free(&f->units);
    mig__uidset_free(&f->readings[0].todo);
    mig__uidset_free(&f->readings[1].todo);
}

static const mig__units_options plain, in_order = {.ordered = true};

static mig__unit *expect_unit(fake *f, const char *uids)
{
    bool finished;
    mig__unit *unit;
    mig__buffer text = MIG__BUFFER_INIT;
    assert_int_equal(mig__units_take(f->units, NULL, 4, &unit, &finished, NULL), 0);
    if (unit != NULL) {
        mig__buffer_addf(&text, "%s%s ", unit->of->name, unit->summary ? "*" : "");
        mig__uidset_format(&unit->uids, &text);
    } else {
        mig__buffer_add_text(&text, finished ? "finished" : "nothing");
    }
    assert_string_equal(text.data, uids);
    mig__buffer_free(&text);
    return unit;
}

static void test_out_and_back(void **state)
{
    (void)state;
    fake f;
    begin(&f, 6, 3, &plain);
    mig__unit *a = expect_unit(&f, "A 1:4");
    mig__unit *b = expect_unit(&f, "B 1:3"); /* the mailbox with the fewest readers */
    assert_false(mig__units_drained(f.units, &f.readings[1]));
    mig__units_done(f.units, b);
    assert_true(mig__units_drained(f.units, &f.readings[1]));
    a->asks = 1;
    mig__units_again(f.units, a, true); /* some were left out: the first one by itself */
    a = expect_unit(&f, "A 1");
    assert_int_equal(a->asks, 1);
    b = expect_unit(&f, "A 2:4");
    mig__units_done(f.units, a);
    a = expect_unit(&f, "A 5:6");
    expect_unit(&f, "nothing"); /* others may still hand something back */
    assert_true(mig__units_wait(f.units));
    mig__units_done(f.units, a);
    mig__units_done(f.units, b);
    expect_unit(&f, "finished");
    assert_false(mig__units_wait(f.units));
    end(&f);
}

static void test_ordered(void **state)
{
    (void)state;
    fake f;
    begin(&f, 6, 0, &in_order);
    mig__unit *a = expect_unit(&f, "A 1:4");
    expect_unit(&f, "nothing");
    mig__units_done(f.units, a);
    mig__units_done(f.units, expect_unit(&f, "A 5:6"));
    end(&f);
}

/* A message on which connections break is asked for by itself, after all others, and is to blame in the end. */
static void test_broken(void **state)
{
    (void)state;
    fake f;
    begin(&f, 5, 0, &plain);
    unsigned breaks = 0, read = 0;
    bool blamed = false, finished;
    mig__unit *unit = NULL;
    while (!blamed && breaks < 20) {
        assert_int_equal(mig__units_take(f.units, NULL, 3, &unit, &finished, NULL), 0);
        assert_non_null(unit);
        if (unit->uids.ranges[0].first == 1) {
            breaks++;
            blamed = mig__units_broken(f.units, unit, 7);
        } else {
            read += (unsigned)mig__uidset_size(&unit->uids);
            mig__units_done(f.units, unit);
        }
    }
    assert_true(blamed);
    assert_int_equal(breaks, 4);
    assert_int_equal(read, 4); /* all others came first */
    mig__units_done(f.units, unit);
    expect_unit(&f, "finished");
    end(&f);
}

/* Connections that break before the mailbox is open say nothing of its messages. */
static void test_shut(void **state)
{
    (void)state;
    fake f;
    begin(&f, 2, 0, &plain);
    for (int i = 1; i <= 3; i++) {
        assert_false(mig__units_shut(f.units, expect_unit(&f, "A 1:2")));
    }
    mig__units_opened(f.units, &f.readings[0]);
    for (int i = 1; i <= 4; i++) {
        assert_int_equal(mig__units_shut(f.units, expect_unit(&f, "A 1:2")), i == 4);
    }
    mig__units_close(f.units, &f.readings[0]);
    expect_unit(&f, "finished");
    end(&f);
}

/* What the server puts off is found by halves; what then stands alone is it, and three in a row are the mailbox. */
static void test_put_off(void **state)
{
    (void)state;
    fake f;
    begin(&f, 4, 1, &plain);
    mig__unit *other = NULL, *unit = expect_unit(&f, "A 1:4");
    mig__units_sent(f.units, unit);
    assert_int_equal(mig__units_hold(f.units, unit, 4, false).hold, MIG__HOLD_AGAIN);
    mig__units_again(f.units, unit, false);
    unit = expect_unit(&f, "A 1:4");
    assert_int_equal(mig__units_hold(f.units, unit, 4, false).hold, MIG__HOLD_SPLIT);
    mig__units_halves(f.units, unit);
    unit = expect_unit(&f, "A 1:2");
    other = expect_unit(&f, "B 1");
    assert_int_equal(mig__units_hold(f.units, unit, 2, false).hold, MIG__HOLD_SPLIT);
    mig__units_halves(f.units, unit);
    unit = expect_unit(&f, "A 1");
    mig__units_sent(f.units, unit);
    for (unsigned i = 0; i < 9; i++) { /* nothing else passes: it is the account that is put off */
        assert_int_equal(mig__units_hold(f.units, unit, 1, false).hold, MIG__HOLD_AGAIN);
    }
    assert_int_equal(mig__units_came(f.units, other, 1, NULL), 0);
    mig__held held = mig__units_hold(f.units, unit, 1, false);
    assert_int_equal(held.hold, MIG__HOLD_LIST);
    assert_true(held.others);
    assert_int_equal(mig__units_lost(f.units, unit, 1, NULL), 0);
    assert_int_equal(unit->uids.count, 0);
    assert_false(mig__units_listed(f.units, &f.readings[0]));
    assert_false(mig__units_listed(f.units, &f.readings[0]));
    assert_true(mig__units_listed(f.units, &f.readings[0]));
    mig__units_done(f.units, unit);
    mig__units_done(f.units, other);
    end(&f);
}

/* Every second one is read; of the others, and of what cannot be read, a summary is asked for. */
static int every_second(const mig__reading *of, const mig__uidset *from, mig__uidset *content, void *context,
                        mig_error *err)
{
    (void)of;
    (void)context;
    for (uint32_t uid = from->ranges[0].first; uid <= from->ranges[0].last; uid++) {
        if (uid % 2 == 0 && mig__uidset_add(content, uid, uid, err) != 0) {
            return -1;
        }
    }
    return 0;
}

static void test_summaries(void **state)
{
    (void)state;
    fake f;
    const mig__units_options options = {.choose = every_second};
    begin(&f, 5, 0, &options);
    mig__unit *content = expect_unit(&f, "A 2,4"), *rest = expect_unit(&f, "A* 1,3");
    assert_int_equal(mig__units_lost(f.units, content, 4, NULL), 0);
    assert_int_equal(mig__units_add_summary(f.units, &f.readings[0], 4, NULL), 0);
    mig__units_done(f.units, content);
    mig__units_done(f.units, rest);
    mig__units_done(f.units, expect_unit(&f, "A* 4"));
    mig__units_done(f.units, expect_unit(&f, "A* 5"));
    expect_unit(&f, "finished");
    end(&f);
}

/* A mailbox is given up while units of it are out: they go nowhere when they come back. */
static void test_closed(void **state)
{
    (void)state;
    fake f;
    begin(&f, 9, 1, &plain);
    mig__unit *a = expect_unit(&f, "A 1:4");
    mig__unit *b = expect_unit(&f, "B 1"), *c = expect_unit(&f, "A 5:8");
    mig__units_close(f.units, &f.readings[0]);
    mig__units_again(f.units, a, true);
    mig__units_halves(f.units, c);
    assert_int_equal(mig__units_add_summary(f.units, &f.readings[0], 1, NULL), 0);
    mig__units_done(f.units, b);
    expect_unit(&f, "finished");
    assert_true(mig__units_drained(f.units, &f.readings[0]));
    end(&f);
    assert_int_equal(mig__uidset_add(&f.readings[1].todo, 1, 1, NULL), 0);
    mig__units_close(NULL, &f.readings[1]); /* nobody reads */
    assert_true(mig__units_drained(NULL, &f.readings[1]));
    mig__uidset_free(&f.readings[1].todo);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_message_that_breaks_it),
        cmocka_unit_test(test_line_that_breaks),
        cmocka_unit_test(test_others_break_meanwhile),
        cmocka_unit_test(test_another_suspect),
        cmocka_unit_test(test_not_alone),
        cmocka_unit_test(test_out_and_back),
        cmocka_unit_test(test_ordered),
        cmocka_unit_test(test_broken),
        cmocka_unit_test(test_shut),
        cmocka_unit_test(test_put_off),
        cmocka_unit_test(test_summaries),
        cmocka_unit_test(test_closed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
