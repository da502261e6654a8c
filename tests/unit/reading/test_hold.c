/* When "later" is believed, and when not any more. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "reading/hold.h"

static void test_the_rule(void **state)
{
    (void)state;
    static const struct {
        unsigned put_off;
        uint64_t messages;
        bool others, weary;
        mig__hold hold;
    } table[] = {
        {1, 100, true, false, MIG__HOLD_AGAIN}, {2, 100, true, false, MIG__HOLD_SPLIT},
        {2, 100, false, true, MIG__HOLD_SPLIT}, {1, 100, false, true, MIG__HOLD_AGAIN},
        {1, 100, true, true, MIG__HOLD_SPLIT},  {1, 1, true, false, MIG__HOLD_AGAIN},
        {3, 1, true, false, MIG__HOLD_AGAIN},   {4, 1, true, false, MIG__HOLD_LIST},
        {2, 1, true, true, MIG__HOLD_LIST},     {9, 1, false, true, MIG__HOLD_AGAIN},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        assert_int_equal(mig__hold_of(table[i].put_off, table[i].messages, table[i].others, table[i].weary),
                         table[i].hold);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_rule),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
