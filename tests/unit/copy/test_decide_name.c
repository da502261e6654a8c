/* The name that is tried when CREATE was refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "copy/decide_name.h"
#include "folders/plainer.h"
#include <string.h>

typedef struct expected {
    const char *name;
    mig_code code;
    const char *server, *other; /* NULL: none */
} expected;

static void test_refusals(void **state)
{
    (void)state;
    static const expected cases[] = {
        {"R&D", MIG_E_CANNOT, "[CANNOT] character & not allowed", "R_D"},
        {"R&D?", MIG_E_CANNOT, "[CANNOT] character not allowed", "R&D_"}, /* the usual suspects first */
        {"What?", MIG_E_CANNOT, "[CANNOT] character ? not allowed", "What_"},
        {"What?", MIG_E_NO, "Invalid mailbox name", "What_"},
        {"What?", MIG_E_BAD, "Illegal character", "What_"},
        {"What?", MIG_E_NO, "out of order", NULL},
        {"What?", MIG_E_OVERQUOTA, "[OVERQUOTA] invalid", NULL},
        {"Plain", MIG_E_CANNOT, "[CANNOT] reserved", NULL},
        {"A/B", MIG_E_CANNOT, "[CANNOT] Mailbox doesn't allow inferior mailboxes", "A - B"},
        {"A/B", MIG_E_NO, "Mailbox doesn't allow inferior mailboxes", "A - B"},
        {"A/B", MIG_E_NOPERM, "[NOPERM] no subfolders here", "A - B"},
        {"A/B", MIG_E_NOPERM, "[NOPERM] Permission denied", NULL},
        {"A/B/C", MIG_E_NO, "Parent has no children", "A/B - C"},
        {"A/B?", MIG_E_NO, "doesn't allow inferior mailboxes: name", "A - B?"},
        {"A/B", MIG_E_CANNOT, "[CANNOT] no", "A - B"},
        {"A/B?", MIG_E_CANNOT, "[CANNOT] no", "A/B_"},
        {"A", MIG_E_NO, "no inferiors", NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        mig_error why = {.code = cases[i].code};
        mig__buffer out = MIG__BUFFER_INIT;
        strcpy(why.server, cases[i].server);
        bool found = mig__decide_name(cases[i].name, "", '/', &why, &out);
        assert_int_equal(found, cases[i].other != NULL);
        assert_string_equal(found ? out.data : "", cases[i].other != NULL ? cases[i].other : "");
        mig__buffer_free(&out);
    }
}

static void expect_joined(const char *name, const char *prefix, char separator, const char *joined)
{
    mig__buffer out = MIG__BUFFER_INIT;
    assert_int_equal(mig__joined_name(name, prefix, separator, &out), joined != NULL);
    assert_string_equal(out.data != NULL ? out.data : "", joined != NULL ? joined : "");
    mig__buffer_free(&out);
}

static void test_joined(void **state)
{
    (void)state;
    expect_joined("A/B", "", '/', "A - B");
    expect_joined("INBOX.A.B", "INBOX.", '.', "INBOX.A - B");
    expect_joined("INBOX.A", "INBOX.", '.', NULL);
    expect_joined("INBOX/A", "", '/', "A");
    expect_joined("Inbox/A/B", "", '/', "Inbox/A - B");
    expect_joined("A", "", '/', NULL);
    expect_joined("A/B", "", '\0', NULL);
    expect_joined("/B", "", '/', NULL);
}

static void test_made_of(void **state)
{
    (void)state;
    assert_true(mig__made_of("Foo", "Foo "));
    assert_true(mig__made_of("a b/c", "A  B/ C"));
    assert_true(mig__made_of("\xc3\xbc", "U\xcc\x88"));
    assert_false(mig__made_of("Foo", "Fox"));
    assert_false(mig__made_of("", " "));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_joined),
        cmocka_unit_test(test_made_of),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
