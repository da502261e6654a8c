/* What numbers say about a mailbox, which told UIDs are believed, and when a message looks like the recorded one. */
#include "copy/contest.h"
#include "copy/held.h"
#include "copy/same.h"
#include "copy/settle.h"
#include "copy/uids.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

static void fewer_than_recorded_is_looked_at(void **context)
{
    (void)context;
    const mig__holding then = {11, 10};
    assert_true(mig__held_doubt(&then, &(mig__holding){11, 9}, 10));
    assert_false(mig__held_doubt(&then, &(mig__holding){11, 10}, 10));
    assert_true(mig__held_doubt(NULL, &(mig__holding){11, 10}, 10)); /* never counted before */
    assert_false(mig__held_doubt(NULL, &(mig__holding){11, 10}, 0)); /* nothing of ours to miss */
}

static void a_mailbox_that_grew_evenly_lost_nothing(void **context)
{
    (void)context;
    const mig__holding then = {11, 10};
    assert_false(mig__held_doubt(&then, &(mig__holding){16, 15}, 10));
    assert_true(mig__held_doubt(&then, &(mig__holding){16, 14}, 10)); /* five came, one went */
    assert_true(mig__held_doubt(&then, &(mig__holding){11, 11}, 10)); /* more without a UID: not believed */
    assert_true(mig__held_doubt(&then, &(mig__holding){9, 10}, 10));
}

static void a_server_without_uidnext_is_counted(void **context)
{
    (void)context;
    const mig__holding then = {0, 10};
    assert_false(mig__held_doubt(&then, &(mig__holding){0, 10}, 10));
    assert_true(mig__held_doubt(&then, &(mig__holding){0, 12}, 10));
}

static void uids_are_believed_when_they_can_be_right(void **context)
{
    (void)context;
    mig_error err = MIG_ERROR_INIT;
    mig__uidset given = MIG__UIDSET_INIT;
    assert_int_equal(mig__uidset_add(&given, 20, 22, &err), 0);
    assert_true(mig__uids_credible((const uint32_t[]){10, 11, 0, 14}, 4, 10, &given));
    assert_false(mig__uids_credible((const uint32_t[]){9}, 1, 10, &given));      /* below the bound */
    assert_false(mig__uids_credible((const uint32_t[]){12, 12}, 2, 10, &given)); /* twice */
    assert_false(mig__uids_credible((const uint32_t[]){13, 12}, 2, 10, &given)); /* not in order */
    assert_false(mig__uids_credible((const uint32_t[]){19, 21}, 2, 10, &given)); /* another message has it */
    assert_true(mig__uids_credible((const uint32_t[]){1}, 1, 0, &given));        /* no bound is known */
    assert_false(mig__uids_credible((const uint32_t[]){UINT32_MAX}, 1, 10, &given));
    mig__uidset_free(&given);
}

static void size_and_date_are_compared(void **context)
{
    (void)context;
    const mig__datetime date = {.utc = 1000, .valid = true}, other = {.utc = 1001, .valid = true}, none = {0};
    const mig__expected expected = {.digest = {.octets = 50}, .date = date};
    assert_true(mig__same_looks(&expected, 50, &date));
    assert_true(mig__same_looks(&expected, 50, &none));
    assert_false(mig__same_looks(&expected, 51, &date));
    assert_false(mig__same_looks(&expected, 50, &other));
    assert_false(mig__same_looks(&expected, 0, &date));
}

static void flags_are_split_by_what_is_taken(void **context)
{
    (void)context;
    mig_error err = MIG_ERROR_INIT;
    char *permanent[] = {"\\Seen", NULL};
    mig__folder_job job = {.goal = {.has_permanent_flags = true, .any_keyword = true, .permanent_flags = permanent}};
    char *stored = NULL, *owed = NULL;
    assert_int_equal(mig__settle_split(&job, "\\Flagged \\Seen a b", false, &stored, &owed, &err), 0);
    assert_string_equal(stored, "\\Seen a b");
    assert_string_equal(owed, "\\Flagged");
    free(stored);
    free(owed);
    assert_int_equal(mig__settle_split(&job, "\\Seen a b", true, &stored, &owed, &err),
                     0); /* taken without keywords only */
    assert_string_equal(stored, "\\Seen");
    assert_string_equal(owed, "a b");
    free(stored);
    free(owed);
}

static void uids_that_are_not_ours_are_another_s(void **context)
{
    (void)context;
    assert_int_equal(mig__contest_gap(11, 20, 10, 0, 0), 0);
    assert_int_equal(mig__contest_gap(11, 20, 7, 0, 0), 3);
    assert_int_equal(mig__contest_gap(11, 20, 7, 0, 3), 0); /* they may be ours, not answered yet */
    assert_int_equal(mig__contest_gap(11, 20, 7, 2, 0), 1); /* two are known already */
    assert_int_equal(mig__contest_gap(11, 10, 0, 0, 0), 0);
    assert_int_equal(mig__contest_gap(1, UINT32_MAX, 0, 0, 1), UINT32_MAX - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fewer_than_recorded_is_looked_at),
        cmocka_unit_test(a_mailbox_that_grew_evenly_lost_nothing),
        cmocka_unit_test(a_server_without_uidnext_is_counted),
        cmocka_unit_test(uids_are_believed_when_they_can_be_right),
        cmocka_unit_test(uids_that_are_not_ours_are_another_s),
        cmocka_unit_test(size_and_date_are_compared),
        cmocka_unit_test(flags_are_split_by_what_is_taken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
