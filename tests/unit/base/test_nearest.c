/* "Did you mean": near enough, and not nearer than a person would mean. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "base/nearest.h"
#include <string.h>

static void test_suggestions(void **state)
{
    (void)state;
    const char *const names[] = {"copy", "verify", "inventory"};
    assert_string_equal(mig__nearest("cpoy", names, 3), "copy");
    assert_string_equal(mig__nearest("verfy", names, 3), "verify");
    assert_string_equal(mig__nearest("inventry", names, 3), "inventory");
    assert_null(mig__nearest("frobnicate", names, 3));
    assert_null(mig__nearest("", names, 0));
    char longest[500];
    memset(longest, 'a', sizeof longest - 1);
    longest[sizeof longest - 1] = '\0';
    assert_null(mig__nearest(longest, names, 3));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_suggestions)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
