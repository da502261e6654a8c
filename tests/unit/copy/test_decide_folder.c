/* What follows for a folder from its record and from the lists. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "copy/decide_folder.h"

static const mig__state_folder complete = {.id = 1,
                                           .source_uidvalidity = 5,
                                           .source_uidnext = 10,
                                           .source_messages = 9,
                                           .source_modseq = 77,
                                           .target_uidvalidity = 8};
static const mig__mailbox same = {.has_status = true, .uidvalidity = 5, .uidnext = 10, .messages = 9, .modseq = 77};
static const mig__mailbox target = {.uidvalidity = 8};

static void test_unchanged(void **state)
{
    (void)state;
    mig__state_folder then = complete;
    mig__mailbox now = same, there = target;
    assert_true(mig__decide_unchanged(&then, &now, &there, false));
    assert_false(mig__decide_unchanged(&then, &now, NULL, false));
    now.uidnext = 11;
    assert_false(mig__decide_unchanged(&then, &now, &there, false));
    now = same;
    now.messages = 8;
    assert_false(mig__decide_unchanged(&then, &now, &there, false));
    now = same;
    now.modseq = 78;
    assert_false(mig__decide_unchanged(&then, &now, &there, true));
    now.modseq = then.source_modseq = 0; /* flags are not told */
    assert_false(mig__decide_unchanged(&then, &now, &there, false));
    assert_true(mig__decide_unchanged(&then, &now, &there, true));
    now = same;
    now.has_status = false;
    then = complete;
    assert_false(mig__decide_unchanged(&then, &now, &there, false));
    now = same;
    there.uidvalidity = 9;
    assert_false(mig__decide_unchanged(&then, &now, &there, false));
    there = target;
    then.source_uidnext = 0; /* the last pass was not complete */
    assert_false(mig__decide_unchanged(&then, &now, &there, false));
    then = complete;
    then.id = 0;
    assert_false(mig__decide_unchanged(&then, &now, &there, false));
}

static void test_replaced(void **state)
{
    (void)state;
    mig__state_folder then = complete;
    mig__mailbox there = target;
    assert_false(mig__decide_replaced(&then, &there, 3));
    there.uidvalidity = 9;
    assert_true(mig__decide_replaced(&then, &there, 3));
    there.uidvalidity = 0; /* not told */
    assert_false(mig__decide_replaced(&then, &there, 3));
    there.uidvalidity = 9;
    then.target_uidvalidity = 0; /* it was never there */
    assert_false(mig__decide_replaced(&then, &there, 0));
    assert_true(mig__decide_replaced(&complete, NULL, 3));
    assert_false(mig__decide_replaced(&complete, NULL, 0));
    there = target;
    there.attributes = MIG_ATTR_NOSELECT;
    assert_true(mig__decide_replaced(&complete, &there, 3));
}

static void test_another(void **state)
{
    (void)state;
    mig__state_folder then = complete;
    mig__mailbox now = same;
    assert_false(mig__decide_another(&then, &now));
    now.uidvalidity = 6;
    assert_true(mig__decide_another(&then, &now));
    then.source_mailbox_id = (char *)"F1";
    now.mailbox_id = (char *)"F1"; /* ids go before UIDVALIDITY */
    assert_false(mig__decide_another(&then, &now));
    now.mailbox_id = (char *)"F2";
    now.uidvalidity = 5;
    assert_true(mig__decide_another(&then, &now));
    now.mailbox_id = NULL;
    now.uidvalidity = 0;
    assert_false(mig__decide_another(&then, &now));
}

static void test_renamed(void **state)
{
    (void)state;
    const mig__state_folder none = {.id = 0};
    mig__state_folder then = complete, own = {.id = 2, .source_uidvalidity = 6};
    mig__mailbox now = same;
    assert_int_equal(mig__decide_renamed(&then, &none, &now), MIG__RENAMED_PERHAPS);
    assert_int_equal(mig__decide_renamed(&then, &own, &now), MIG__RENAMED_PERHAPS); /* two swapped their names */
    own.source_uidvalidity = 5;
    assert_int_equal(mig__decide_renamed(&then, &own, &now), MIG__RENAMED_NO);
    assert_int_equal(mig__decide_renamed(&then, &then, &now), MIG__RENAMED_NO);
    now.messages = 0;
    assert_int_equal(mig__decide_renamed(&then, &none, &now), MIG__RENAMED_NO);
    now = same;
    now.uidvalidity = 6;
    assert_int_equal(mig__decide_renamed(&then, &none, &now), MIG__RENAMED_NO);
    then.source_mailbox_id = now.mailbox_id = (char *)"F1";
    assert_int_equal(mig__decide_renamed(&then, &none, &now), MIG__RENAMED_YES);
    now.mailbox_id = (char *)"F2";
    now.uidvalidity = 5;
    assert_int_equal(mig__decide_renamed(&then, &none, &now), MIG__RENAMED_NO);
}

static void test_gone(void **state)
{
    (void)state;
    assert_false(mig__decide_too_many_gone(20, 20));
    assert_true(mig__decide_too_many_gone(21, 41));
    assert_false(mig__decide_too_many_gone(21, 42));
    assert_false(mig__decide_too_many_gone(0, 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_unchanged), cmocka_unit_test(test_replaced), cmocka_unit_test(test_another),
        cmocka_unit_test(test_renamed),   cmocka_unit_test(test_gone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
