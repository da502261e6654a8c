#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "copy/settle.h"

static mig_error make(mig_code code)
{
    mig_error error;
    mig_error_set(&error, code, "test");
    return error;
}

static void test_verdicts(void **state)
{
    (void)state;
    static const struct {
        mig_code code;
        size_t count;
        bool keywords;
        mig__verdict verdict;
    } table[] = {
        {MIG_E_TOO_BIG, 1, true, MIG__VERDICT_MESSAGE},    {MIG_E_TOO_BIG, 20, false, MIG__VERDICT_SPLIT},
        {MIG_E_NO, 1, false, MIG__VERDICT_MESSAGE},        {MIG_E_NO, 1, true, MIG__VERDICT_PLAIN},
        {MIG_E_BAD, 2, true, MIG__VERDICT_SPLIT},          {MIG_E_OVERQUOTA, 1, false, MIG__VERDICT_ACCOUNT},
        {MIG_E_OVERQUOTA, 50, true, MIG__VERDICT_ACCOUNT}, {MIG_E_MISSING, 3, false, MIG__VERDICT_FOLDER},
        {MIG_E_NOPERM, 1, false, MIG__VERDICT_FOLDER},     {MIG_E_UNAVAILABLE, 9, false, MIG__VERDICT_AGAIN},
        {MIG_E_CANNOT, 1, false, MIG__VERDICT_MESSAGE},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        mig_error error = make(table[i].code);
        assert_int_equal(mig__verdict_of(&error, table[i].count, table[i].keywords), table[i].verdict);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_verdicts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
