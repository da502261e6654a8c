/* Flags that changed on the source, and what becomes of them. */
#include "copy/fake_run.h"
#include "copy/delta.h"

static void expect(const char *before, const char *now, const char *added, const char *removed)
{
    const char **more, **less;
    assert_int_equal(mig__delta_flags(before, now, &more, &less, NULL), 0);
    char *plus = mig__flags_join(more), *minus = mig__flags_join(less);
    assert_string_equal(plus, added);
    assert_string_equal(minus, removed);
    free(plus);
    free(minus);
    free(more);
    free(less);
}

static void test_three_ways(void **state)
{
    (void)state;
    expect("", "", "", "");
    expect("\\Seen", "\\Seen", "", "");
    expect("", "\\Seen work", "\\Seen work", "");
    expect("\\Flagged \\Seen", "", "", "\\Flagged \\Seen");
    expect("\\Flagged old", "\\Flagged new", "new", "old");
    expect("work", "Work", "", ""); /* keywords have no case */
}

static void test_notes(void **state)
{
    (void)state;
    fake_run fake;
    fake_begin(&fake, 2);
    assert_false(mig__delta_has_flags(&fake.run));
    assert_int_equal(mig__delta_note_flags(&fake.jobs[1], 7, "\\Seen", NULL), 0);
    assert_int_equal(mig__delta_note_flags(&fake.jobs[1], 3, "", NULL), 0);
    assert_true(mig__delta_has_flags(&fake.run));
    assert_int_equal(fake.jobs[1].flag_change_count, 2);
    fake.jobs[1].broken = true; /* nothing is carried over to a folder that was given up */
    assert_false(mig__delta_has_flags(&fake.run));
    mig__delta_forget_flags(&fake.jobs[1]);
    assert_int_equal(fake.jobs[1].flag_change_count, 0);
    assert_int_equal(mig__delta_note_flags(&fake.jobs[0], 1, "x", NULL), 0);
    mig__delta_free(&fake.jobs[0]);
    mig__delta_free(&fake.jobs[1]);
    fake_end(&fake);
}

static void test_deletions(void **state)
{
    (void)state;
    fake_run fake;
    fake_begin(&fake, 1);
    assert_false(mig__delta_deletes(&fake.run));
    fake.options.deletions = MIG_DELETIONS_EXPUNGE;
    assert_false(mig__delta_deletes(&fake.run));
    assert_int_equal(mig__uidset_add(&fake.jobs[0].vanished, 4, 5, NULL), 0);
    assert_true(mig__delta_deletes(&fake.run));
    fake.options.deletions = MIG_DELETIONS_KEEP;
    assert_false(mig__delta_deletes(&fake.run));
    mig__delta_free(&fake.jobs[0]);
    fake_end(&fake);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_three_ways),
        cmocka_unit_test(test_notes),
        cmocka_unit_test(test_deletions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
