#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "mail/flags.h"
#include <stdlib.h>

static void test_flags(void **state)
{
    (void)state;
    const char *const flags[] = {"work", "\\Seen", "\\Recent", "$Forwarded", "\\Seen", NULL};
    char *joined = mig__flags_join(flags);
    assert_string_equal(joined, "$Forwarded \\Seen work");
    const char **split = mig__flags_split(joined);
    assert_string_equal(split[0], "$Forwarded");
    assert_string_equal(split[1], "\\Seen");
    assert_string_equal(split[2], "work");
    assert_null(split[3]);
    free(split);
    free(joined);
    joined = mig__flags_join(NULL);
    assert_string_equal(joined, "");
    free(joined);
    split = mig__flags_split("");
    assert_null(split[0]);
    free(split);
    split = mig__flags_split("\\recent");
    assert_null(split[0]);
    free(split);
}

static void test_common(void **state)
{
    (void)state;
    char *common = mig__flags_common("$Forwarded \\Seen work", "\\seen \\Flagged WORK");
    assert_string_equal(common, "\\Seen work");
    free(common);
    common = mig__flags_common("\\Seen", "");
    assert_string_equal(common, "");
    free(common);
}

static void test_without(void **state)
{
    (void)state;
    static const char *const cases[][3] = {
        {"\\Flagged \\Seen", "\\flagged", "\\Seen"},
        {"\\Flagged", "\\Flagged", ""},
        {"", "\\Flagged", ""},
        {"$Flagged \\Seen", "\\Flagged", "$Flagged \\Seen"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char *rest = mig__flags_without(cases[i][0], cases[i][1]);
        assert_non_null(rest);
        assert_string_equal(rest, cases[i][2]);
        free(rest);
    }
}

static void test_case_of_letters(void **state)
{
    (void)state;
    const char *const flags[] = {"$MDNSent", "$mdnsent", "\\seen", "\\Seen", NULL};
    char *joined = mig__flags_join(flags);
    assert_string_equal(joined, "$MDNSent \\Seen");
    free(joined);
    assert_true(mig__flags_same("$MDNSent \\Seen", "\\seen $MDNSENT"));
    assert_true(mig__flags_same("", ""));
    assert_false(mig__flags_same("\\Seen", ""));
    assert_false(mig__flags_same("", "\\Seen"));
    assert_false(mig__flags_same("a b", "a c"));
    assert_int_equal(mig__flags_compare("\\Seen", "\\seen $Junk"), MIG__FLAGS_KEYWORDS_ADDED);
    assert_int_equal(mig__flags_compare("", "a"), MIG__FLAGS_KEYWORDS_ADDED);
    assert_int_equal(mig__flags_compare("a", ""), MIG__FLAGS_DIFFER);
    assert_int_equal(mig__flags_compare("a", "a \\Flagged"), MIG__FLAGS_DIFFER);
    assert_int_equal(mig__flags_compare("a b", "a c"), MIG__FLAGS_DIFFER);
    assert_int_equal(mig__flags_compare("\\Seen A", "a \\Seen"), MIG__FLAGS_SAME);
    char *less = mig__flags_minus("$MDNSent \\Seen work", "WORK \\seen");
    assert_string_equal(less, "$MDNSent");
    free(less);
    assert_true(mig__flags_contain("a \\Seen", "\\SEEN"));
    assert_false(mig__flags_contain("a \\Seent", "\\Seen"));
    assert_false(mig__flags_contain("", "a"));
    assert_false(mig__flags_has(NULL, "a"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_without),
        cmocka_unit_test(test_flags),
        cmocka_unit_test(test_common),
        cmocka_unit_test(test_case_of_letters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
