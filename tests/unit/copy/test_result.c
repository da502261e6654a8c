/* The result while a run goes on: problems, sums, and the status that follows from them. */
#include "copy/fake_run.h"

static int finish(fake_run *fake)
{
    mig__result_finish(fake->run.result);
    return fake->run.result->exit_status;
}

static void test_status(void **state)
{
    (void)state;
    fake_run fake;
    mig_error error;
    mig_error_set(&error, MIG_E_NOPERM, "no");
    fake_begin(&fake, 2);
    fake.jobs[0].result->messages = 3;
    fake.jobs[0].result->copied = 2;
    fake.jobs[1].result->messages = 1;
    fake.jobs[1].result->already = 1;
    assert_int_equal(finish(&fake), 0);
    assert_int_equal(fake.run.result->status, MIG_COMPLETE);
    assert_int_equal(fake.run.result->totals.messages, 4);
    assert_int_equal(fake.run.result->totals.copied, 2);
    mig__result_problem(fake.run.account, "A", 7, false, &error); /* a difference is no failure */
    assert_int_equal(finish(&fake), 0);
    mig__result_problem(fake.run.account, "", 0, true, &error);
    assert_int_equal(finish(&fake), 1);
    assert_int_equal(fake.run.result->status, MIG_PARTIAL);
    assert_int_equal(fake.run.account->problem_count, 2);
    assert_string_equal(fake.run.account->problems[0].folder, "A");
    assert_int_equal(fake.run.account->problems[0].uid, 7);
    mig_error_set(&fake.run.account->error, MIG_E_OVERQUOTA, "full");
    assert_int_equal(finish(&fake), 5);
    assert_int_equal(fake.run.result->status, MIG_FAILED);
    fake.run.account->error = (mig_error)MIG_ERROR_INIT;
    mig__result_clear_account(fake.run.account); /* the map is made anew */
    assert_int_equal(fake.run.account->problem_count, 0);
    assert_int_equal(fake.run.account->folder_count, 0);
    fake_end(&fake);
}

static void test_problems_of_a_run(void **state)
{
    (void)state;
    fake_run fake;
    mig_error error;
    mig_error_set(&error, MIG_E_NAME, "odd");
    fake_begin(&fake, 1);
    mig__run_problem(&fake.run, NULL, 0, true, &error);
    mig__run_problem(&fake.run, &fake.jobs[0], 4, false, &error);
    assert_string_equal(fake.run.account->problems[0].folder, "");
    assert_string_equal(fake.run.account->problems[1].folder, "A");
    assert_false(mig__run_stopping(&fake.run));
    mig__run_phase(&fake.run, "copying");
    assert_string_equal(fake.run.phase, "copying");
    mig__run_fail(&fake.run, &error);
    mig_error_set(&error, MIG_E_NOMEM, "later");
    mig__run_fail(&fake.run, &error); /* the first one counts */
    assert_int_equal(fake.run.fatal.code, MIG_E_NAME);
    assert_true(mig__run_stopping(&fake.run));
    fake_end(&fake);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_status),
        cmocka_unit_test(test_problems_of_a_run),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
