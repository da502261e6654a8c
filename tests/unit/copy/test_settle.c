#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "copy/settle.h"
#include <stdlib.h>

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
        bool wrap;
    } table[] = {
        {MIG_E_NO, 1, true, MIG__VERDICT_UTF8, true},
        {MIG_E_BAD, 1, false, MIG__VERDICT_UTF8, true},
        {MIG_E_NO, 2, true, MIG__VERDICT_SPLIT, true},
        {MIG_E_TOO_BIG, 1, false, MIG__VERDICT_MESSAGE, true},
        {MIG_E_NOPERM, 1, false, MIG__VERDICT_FOLDER, true},
        {MIG_E_TOO_BIG, 1, true, MIG__VERDICT_MESSAGE, false},
        {MIG_E_TOO_BIG, 20, false, MIG__VERDICT_SPLIT, false},
        {MIG_E_NO, 1, false, MIG__VERDICT_MESSAGE, false},
        {MIG_E_NO, 1, true, MIG__VERDICT_PLAIN, false},
        {MIG_E_BAD, 2, true, MIG__VERDICT_SPLIT, false},
        {MIG_E_OVERQUOTA, 1, false, MIG__VERDICT_ACCOUNT, false},
        {MIG_E_OVERQUOTA, 50, true, MIG__VERDICT_ACCOUNT, false},
        {MIG_E_MISSING, 3, false, MIG__VERDICT_FOLDER, false},
        {MIG_E_NOPERM, 1, false, MIG__VERDICT_FOLDER, false},
        {MIG_E_UNAVAILABLE, 9, false, MIG__VERDICT_AGAIN, false},
        {MIG_E_CANNOT, 1, false, MIG__VERDICT_MESSAGE, false},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        mig_error error = make(table[i].code);
        assert_int_equal(mig__verdict_of(&error, table[i].count, table[i].keywords, table[i].wrap), table[i].verdict);
    }
}

/* RFC 9051 section 7.1: "\\*" stands for new keywords; what it leaves open about system flags, FLAGS may tell. */
static void test_what_a_mailbox_takes(void **state)
{
    static char seen[] = "\\Seen", flagged[] = "\\Flagged", work[] = "work";
    static char *flags_seen[] = {seen, flagged, NULL}, *only_seen[] = {seen, NULL}, *none[] = {NULL},
                *words[] = {work, NULL};
    static const struct {
        bool told, any;
        char **permanent, **flags;
        const char *flag;
        bool takes;
    } table[] = {
        {false, false, NULL, flags_seen, "\\Draft", true},       {true, false, only_seen, flags_seen, "\\SEEN", true},
        {true, false, only_seen, flags_seen, "work", false},     {true, true, only_seen, flags_seen, "work", true},
        {true, true, only_seen, flags_seen, "\\Flagged", false}, {true, true, none, flags_seen, "\\Flagged", true},
        {true, true, none, flags_seen, "\\Draft", false},        {true, true, words, flags_seen, "\\seen", true},
        {true, false, none, flags_seen, "\\Seen", false},        {true, true, none, NULL, "\\Seen", false},
        {true, true, none, flags_seen, "no atom", false},        {true, false, words, flags_seen, "Work", true},
    };
    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        mig__folder_job job = {.goal = {.has_permanent_flags = table[i].told,
                                        .any_keyword = table[i].any,
                                        .permanent_flags = table[i].permanent,
                                        .flags = table[i].flags}};
        if (mig__settle_takes_flag(&job, table[i].flag) != table[i].takes) {
            fail_msg("row %zu: %s", i, table[i].flag);
        }
    }
}

static void test_a_flag_that_was_refused(void **state)
{
    mig__folder_job job = {.goal = {.has_permanent_flags = false}};
    (void)state;
    assert_true(mig__settle_takes_flag(&job, "longword"));
    mig__note_refused_flag(&job.notes, "LongWord");
    assert_false(mig__settle_takes_flag(&job, "longword"));
    assert_true(mig__settle_takes_flag(&job, "other"));
    char *stored, *owed;
    mig_error error;
    assert_int_equal(mig__settle_split(&job, "\\Seen LONGWORD other", false, &stored, &owed, &error), 0);
    assert_string_equal(stored, "\\Seen other");
    assert_string_equal(owed, "LONGWORD");
    free(stored);
    free(owed);
    mig__notes_free(&job.notes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_verdicts),
        cmocka_unit_test(test_what_a_mailbox_takes),
        cmocka_unit_test(test_a_flag_that_was_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
