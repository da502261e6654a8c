/* What the target puts off each time: who passed meanwhile, when it is the folder, and when the account. */
#include "copy/fake_run.h"
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

/* Folder after folder whose messages end the connection, and nothing was taken of any: it is the account. */
static void test_it_is_the_account(void **state)
{
    (void)state;
    fake_run fake;
    mig_error why;
    mig_error_set(&why, MIG_E_CLOSED, "the server ended the connection");
    for (int taken = 0; taken < 2; taken++) {
        fake_begin(&fake, 3);
        mig__hold_end(&fake.run);
        assert_int_equal(fake.run.fatal.code, MIG_OK);
        if (taken > 0) {
            mig__hold_passed(&fake.run, &fake.jobs[2]);
        }
        assert_false(mig__hold_closed(&fake.run, &why));
        assert_int_equal(mig__hold_closed(&fake.run, &why), taken == 0);
        mig__hold_end(&fake.run);
        assert_int_equal(fake.run.fatal.code, taken == 0 ? MIG_E_CLOSED : MIG_OK);
        assert_true(taken > 0 || strstr(fake.run.fatal.text, "has taken none") != NULL);
        fake_end(&fake);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_who_passed),
        cmocka_unit_test(test_it_is_the_folder),
        cmocka_unit_test(test_it_is_the_account),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
