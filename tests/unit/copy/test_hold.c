/* When "later" is believed, and when not any more. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "copy/hold.h"

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

static bool others(mig__run *run, uint64_t then)
{
    mig_error why;
    mig_error_set(&why, MIG_E_UNAVAILABLE, "later");
    return mig__hold_decide(run, MIG_TARGET, 1, 1, then, &why).others;
}

static void test_who_passed(void **state)
{
    (void)state;
    static mig__run run;
    static mig__folder_job job;
    pthread_mutex_init(&run.lock, NULL);
    const mig__gate_options options = {.patience_ms = 1000};
    mig__gate_init(&run.sides[MIG_TARGET].gate, &options);
    run.messages_total = 10;
    run.messages_done = 4;
    uint64_t then = mig__hold_count(&run, MIG_TARGET);
    assert_false(others(&run, then));
    mig__hold_passed(&run, &job, MIG_SOURCE); /* of the other side */
    assert_false(others(&run, then));
    mig__hold_passed(&run, &job, MIG_TARGET);
    assert_true(others(&run, then));
    assert_false(others(&run, mig__hold_count(&run, MIG_TARGET)));
    run.messages_done = 9; /* it is the last one: there is nobody else to wait for */
    assert_true(others(&run, mig__hold_count(&run, MIG_TARGET)));
    mig__gate_clear(&run.sides[MIG_TARGET].gate);
    pthread_mutex_destroy(&run.lock);
}

/* Message after message of a folder, and none of it passes: it is the folder. */
static void test_it_is_the_folder(void **state)
{
    (void)state;
    static mig__run run;
    static mig__folder_job job;
    pthread_mutex_init(&run.lock, NULL);
    assert_false(mig__hold_listed(&run, &job, MIG_TARGET));
    assert_false(mig__hold_listed(&run, &job, MIG_TARGET));
    mig__hold_passed(&run, &job, MIG_TARGET);
    assert_false(mig__hold_listed(&run, &job, MIG_TARGET));
    assert_false(mig__hold_listed(&run, &job, MIG_SOURCE));
    assert_false(mig__hold_listed(&run, &job, MIG_TARGET));
    assert_true(mig__hold_listed(&run, &job, MIG_TARGET));
    pthread_mutex_destroy(&run.lock);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_rule),
        cmocka_unit_test(test_who_passed),
        cmocka_unit_test(test_it_is_the_folder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
