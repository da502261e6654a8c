/* What follows from the answers to CREATE and SELECT. */
#include "copy/fake_run.h"
#include "copy/create.h"
#include "copy/refused.h"

static void test_making(void **state)
{
    (void)state;
    fake_run fake;
    mig__making making = {0};
    mig_error good = MIG_ERROR_INIT, bad;
    mig_error_set(&bad, MIG_E_MISSING, "not there");
    fake_begin(&fake, 4);
    fake.jobs[3].shared = fake.jobs[1].shared = true;
    fake.jobs[3].lead = &fake.jobs[1];
    assert_int_equal(mig__making_note(&making, &fake.run, &fake.jobs[0], true, &good, &good, NULL), 0);
    assert_int_equal(mig__making_note(&making, &fake.run, &fake.jobs[1], true, &good, &bad, NULL), 0);
    assert_int_equal(making.count, 2);
    assert_null(making.items[0].select);
    assert_int_equal(making.items[1].select->code, MIG_E_MISSING); /* made and not open: there is hope */
    assert_int_equal(mig__making_note(&making, &fake.run, &fake.jobs[3], false, &good, &bad, NULL), 0);
    assert_int_equal(making.count, 3); /* what another one has made may open later as well */
    assert_int_equal(fake.run.account->problem_count, 0);
    assert_int_equal(mig__making_note(&making, &fake.run, &fake.jobs[2], true, &bad, &bad, NULL), 0);
    assert_int_equal(making.count, 3);
    assert_true(fake.jobs[2].broken);
    mig__making_free(&making);
    assert_int_equal(making.count, 0);
    fake_end(&fake);
}

static void test_names(void **state)
{
    (void)state;
    fake_run fake;
    mig_error why;
    mig_error_set(&why, MIG_E_CANNOT, "never");
    fake_begin(&fake, 3);
    fake.run.sides[MIG_TARGET].mailboxes.delimiter = '/';
    free(fake.jobs[0].target);
    free(fake.jobs[1].target);
    free(fake.jobs[2].target);
    fake.jobs[0].target = mig__strdup("R&-D?");
    fake.jobs[1].target = mig__strdup("R&-D_");
    fake.jobs[2].target = mig__strdup("R&-D?");
    char *name = mig__refused_name(&fake.run, &fake.jobs[0], &why);
    assert_string_equal(name, "R&-D_ (2)"); /* another folder has the plain one */
    assert_int_equal(mig__refused_rename(&fake.run, &fake.jobs[0], name, NULL), 0);
    assert_string_equal(fake.jobs[0].target, "R&-D_ (2)");
    assert_string_equal(fake.jobs[2].target, "R&-D_ (2)"); /* it went to the same place */
    assert_string_equal(fake.jobs[1].target, "R&-D_");
    assert_string_equal(fake.jobs[0].record.target, "R&-D_ (2)");
    assert_string_equal(fake.run.account->folders[0].target, "R&D_ (2)");
    assert_true(fake.jobs[0].renamed);
    why.code = MIG_E_OVERQUOTA;
    assert_null(mig__refused_name(&fake.run, &fake.jobs[1], &why));
    fake_end(&fake);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_making),
        cmocka_unit_test(test_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
