#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "copy/depth.h"

static size_t batches(int64_t line_ms, int64_t batch_ms)
{
    const mig__depth depth = {.line_ms = line_ms, .batch_ms = batch_ms};
    return mig__depth_batches(&depth);
}

static void test_short_line(void **state)
{
    (void)state;
    assert_int_equal(batches(-1, 0), MIG__DEPTH_LEAST);
    assert_int_equal(batches(-1, 1), MIG__DEPTH_LEAST);
    assert_int_equal(batches(0, 0), MIG__DEPTH_LEAST);
    assert_int_equal(batches(1, 60), MIG__DEPTH_LEAST);
    assert_int_equal(batches(59, 60), MIG__DEPTH_LEAST); /* the second batch is there before the first is done */
}

static void test_long_line(void **state)
{
    (void)state;
    assert_int_equal(batches(60, 60), 3);
    assert_int_equal(batches(40, 20), 4);
    assert_int_equal(batches(40, 0), 4); /* before the first answer */
    assert_int_equal(batches(150, 60), 4);
    assert_int_equal(batches(40, 1), MIG__DEPTH_MOST);
    assert_int_equal(batches(INT64_MAX, 1), MIG__DEPTH_MOST);
}

static void test_note(void **state)
{
    (void)state;
    mig__depth depth = {.line_ms = 100};
    mig__depth_note(&depth, 0); /* answered within the same millisecond */
    assert_int_equal(depth.batch_ms, 1);
    depth.batch_ms = 0;
    mig__depth_note(&depth, 40);
    assert_int_equal(depth.batch_ms, 40);
    mig__depth_note(&depth, 80);
    assert_int_equal(depth.batch_ms, 50);
    for (int i = 0; i < 40; i++) {
        mig__depth_note(&depth, 10);
    }
    assert_in_range(depth.batch_ms, 10, 12);
    mig__depth_note(&depth, -5); /* a clock that was set back */
    assert_in_range(depth.batch_ms, 1, 12);
}

/* Two under way on a line of 150 ms to a server that needs 60 ms: it idles, and the depth that follows ends that. */
static void test_settles_at_what_the_line_needs(void **state)
{
    (void)state;
    const int64_t line = 150, service = 60;
    mig__depth depth = {.line_ms = line};
    depth.batch_ms = (line + service) / MIG__DEPTH_LEAST;
    for (int i = 0; i < 30; i++) {
        int64_t apart = (line + service) / (int64_t)mig__depth_batches(&depth);
        mig__depth_note(&depth, apart > service ? apart : service);
    }
    assert_in_range(depth.batch_ms, service, service + 2);
    assert_int_equal(mig__depth_batches(&depth), 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_short_line),
        cmocka_unit_test(test_long_line),
        cmocka_unit_test(test_note),
        cmocka_unit_test(test_settles_at_what_the_line_needs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
