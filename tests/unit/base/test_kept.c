/* Errors that are kept by pointer: a copy, replaced, released. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "base/kept.h"

static void test_kept(void **state)
{
    mig_error first = MIG_ERROR_INIT, second = MIG_ERROR_INIT;
    mig_error *kept = NULL;
    (void)state;
    mig__error_forget(&kept);
    mig_error_set(&first, MIG_E_NO, "first");
    mig_error_set(&second, MIG_E_BAD, "second");
    mig__error_keep(&kept, &first);
    mig_error_set(&first, MIG_E_NO, "changed");
    assert_string_equal(kept->text, "first");
    mig__error_keep(&kept, &second);
    assert_int_equal(kept->code, MIG_E_BAD);
    mig__error_forget(&kept);
    assert_null(kept);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_kept)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
