/* unit/account/test_junk.c - which mail is junk, and what UID SEARCH is asked for */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "account/junk.h"
#include <stdlib.h>
#include <string.h>

static const int64_t now = 1727771561; /* 1 October 2024 */

static bool is_junk(const char *name, mig_role role, char delimiter)
{
    const mig__mailbox mailbox = {.name = (char *)name, .role = role, .delimiter = delimiter};
    return mig__junk_folder(&mailbox);
}

static void a_folder_is_junk_by_role_or_name(void **state)
{
    (void)state;
    assert_true(is_junk("Anything", MIG_ROLE_JUNK, '/'));
    assert_true(is_junk("Junk", MIG_ROLE_NONE, '/'));
    assert_true(is_junk("INBOX.Spam", MIG_ROLE_NONE, '.'));
    assert_true(is_junk("Spam", MIG_ROLE_NONE, '\0'));
    assert_false(is_junk("Work", MIG_ROLE_NONE, '/'));
    assert_false(is_junk("Work/Spam", MIG_ROLE_NONE, '/')); /* as in the map: a name counts at the top */
    assert_false(is_junk("Spam", MIG_ROLE_ARCHIVE, '/'));   /* what is announced goes before a name */
    assert_false(is_junk("INBOX", MIG_ROLE_NONE, '/'));
}

static void assert_criteria(mig_junk what, unsigned days, const char *since, bool junk, const char *wanted)
{
    mig_selection selection = MIG_SELECTION_INIT;
    mig__buffer out = MIG__BUFFER_INIT;
    selection.junk = (mig_junk_rule){what, days};
    selection.since = since;
    assert_int_equal(mig__junk_criteria(&selection, junk, now, &out, NULL), 0);
    assert_string_equal(out.data, wanted);
    mig__buffer_free(&out);
}

static void the_search_leaves_junk_out(void **state)
{
    (void)state;
    for (int junk = 0; junk < 2; junk++) {
        assert_criteria(MIG_JUNK_COPY, 0, NULL, junk == 1, "ALL");
        assert_criteria(MIG_JUNK_LAST, 0, NULL, junk == 1, "ALL");
        assert_criteria(MIG_JUNK_LAST, 0, "2020-01-02", junk == 1, "SINCE 2-Jan-2020");
    }
    assert_criteria(MIG_JUNK_SKIP, 0, NULL, false, "UNKEYWORD $Junk");
    assert_criteria(MIG_JUNK_SKIP, 0, NULL, true, "NOT ALL");
    assert_criteria(MIG_JUNK_SKIP, 0, "2020-01-02", false, "SINCE 2-Jan-2020 UNKEYWORD $Junk");
    assert_criteria(MIG_JUNK_MAX_AGE, 1, NULL, false, "OR UNKEYWORD $Junk SINCE 30-Sep-2024");
    assert_criteria(MIG_JUNK_MAX_AGE, 30, NULL, true, "SINCE 1-Sep-2024");
    assert_criteria(MIG_JUNK_MAX_AGE, 275, "2020-01-02", true, "SINCE 2-Jan-2020 SINCE 31-Dec-2023");
}

static void a_bad_date_is_told(void **state)
{
    mig_selection selection = MIG_SELECTION_INIT;
    char *both[2];
    mig_error error;
    (void)state;
    selection.since = "yesterday";
    assert_int_equal(mig__junk_both(&selection, both, &error), -1);
    assert_int_equal(error.code, MIG_E_USAGE);
    selection.since = NULL;
    selection.junk.what = MIG_JUNK_SKIP;
    assert_int_equal(mig__junk_both(&selection, both, &error), 0);
    assert_string_equal(both[0], "UNKEYWORD $Junk");
    assert_string_equal(both[1], "NOT ALL");
    free(both[0]);
    free(both[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_folder_is_junk_by_role_or_name),
        cmocka_unit_test(the_search_leaves_junk_out),
        cmocka_unit_test(a_bad_date_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
