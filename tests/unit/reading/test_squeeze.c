#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "reading/squeeze.h"

static void test_slow(void **state)
{
    (void)state;
    assert_false(mig__squeeze_slow(0, 0));
    assert_false(mig__squeeze_slow(1000, 9999)); /* too little to tell */
    assert_true(mig__squeeze_slow(1000, 10000));
    assert_true(mig__squeeze_slow(1 << 20, 1000));
    assert_false(mig__squeeze_slow(1 << 20, 100));
    assert_false(mig__squeeze_slow(UINT32_MAX, 1000));
    assert_false(mig__squeeze_slow(1 << 20, 0));
}

static void test_note(void **state)
{
    (void)state;
    mig__squeeze squeeze = {0};
    mig__squeeze_note(&squeeze, 1 << 19, 300);
    mig__squeeze_note(&squeeze, 1 << 19, -5); /* a clock that says nonsense adds no time */
    assert_int_equal(squeeze.octets, 1 << 20);
    assert_int_equal(squeeze.ms, 300);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_slow),
        cmocka_unit_test(test_note),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
