#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "copy/reconcile.h"

static void test_quick_server(void **state)
{
    (void)state;
    assert_int_equal(mig__reconcile_quiet(0, 0), MIG__QUIET_LEAST_MS);
    assert_int_equal(mig__reconcile_quiet(20, 100), MIG__QUIET_LEAST_MS);
}

/* What took long before is waited for as long again, several times. */
static void test_slow_server(void **state)
{
    (void)state;
    assert_int_equal(mig__reconcile_quiet(500, 0), 4000);
    assert_int_equal(mig__reconcile_quiet(0, 2000), 8000);
    assert_int_equal(mig__reconcile_quiet(2000, 500), 16000);
}

static void test_bound(void **state)
{
    (void)state;
    assert_int_equal(mig__reconcile_quiet(60000, 0), MIG__QUIET_MOST_MS);
    assert_int_equal(mig__reconcile_quiet(0, 600000), MIG__QUIET_MOST_MS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_quick_server),
        cmocka_unit_test(test_slow_server),
        cmocka_unit_test(test_bound),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
