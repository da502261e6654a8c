/* What the target puts off each time: who passed meanwhile, and when it is the folder. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "copy/hold.h"

static bool others(mig__run *run, uint64_t then)
{
    mig_error why;
    mig_error_set(&why, MIG_E_UNAVAILABLE, "later");
    return mig__hold_decide(run, MIG__HOLD_ALONE, 1, then, &why) == MIG__HOLD_LIST;
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
    uint64_t then = mig__hold_count(&run);
    assert_false(others(&run, then));
    mig__hold_passed(&run, &job);
    assert_true(others(&run, then));
    assert_false(others(&run, mig__hold_count(&run)));
    run.messages_done = 9; /* it is the last one: there is nobody else to wait for */
    assert_true(others(&run, mig__hold_count(&run)));
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
    assert_false(mig__hold_listed(&run, &job));
    assert_false(mig__hold_listed(&run, &job));
    mig__hold_passed(&run, &job);
    assert_false(mig__hold_listed(&run, &job));
    assert_false(mig__hold_listed(&run, &job));
    assert_true(mig__hold_listed(&run, &job));
    pthread_mutex_destroy(&run.lock);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_who_passed),
        cmocka_unit_test(test_it_is_the_folder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
