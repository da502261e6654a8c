/* Apple Mail's files: where the message is in them, and what the list behind it says. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "store/emlx.h"
#include <string.h>

static void test_head(void **state)
{
    static const struct {
        const char *head;
        uint64_t size, from, length;
        bool valid;
    } cases[] = {
        {"12        \nSubject: a\n\n", 23, 11, 12, true},
        {"0\n", 2, 2, 0, true},
        {"5\r\nabcde", 8, 3, 5, true},
        {"6\r\nabcde", 8, 3, 6, false}, /* more than there is */
        {"x\n", 2, 0, 0, false},
        {"12", 2, 0, 0, false},
        {"\n", 1, 0, 0, false},
        {"12 a\n", 5, 0, 0, false},
        {"99999999999999999999\n", 21, 0, 0, false},
        {"", 0, 0, 0, false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        mig__emlx emlx;
        bool valid = mig__emlx_head(cases[i].head, strlen(cases[i].head), cases[i].size, &emlx);
        assert_int_equal(valid, cases[i].valid);
        if (valid) {
            assert_int_equal(emlx.from, cases[i].from);
            assert_int_equal(emlx.length, cases[i].length);
        }
    }
}

static void test_list(void **state)
{
    static const char text[] = "<?xml version=\"1.0\"?>\n<plist><dict>\n\t<key>date-received</key>\n\t"
                               "<integer>1115121600</integer>\n\t<key>flags</key>\n\t<integer>8590195989</integer>\n";
    const char *flags[MIG__EMLX_FLAGS + 1];
    mig__emlx emlx = {.from = 0};
    (void)state;
    mig__emlx_list(text, sizeof text - 1, &emlx);
    assert_true(emlx.has_date);
    assert_int_equal(emlx.date, 1115121600);
    assert_true(emlx.has_flags);
    mig__emlx_flags(&emlx, flags);
    assert_string_equal(flags[0], "\\Seen");
    assert_string_equal(flags[1], "\\Answered");
    assert_string_equal(flags[2], "\\Flagged");
    assert_string_equal(flags[3], "$Forwarded");
    assert_null(flags[4]);
    emlx = (mig__emlx){.from = 0};
    mig__emlx_list("<key>flags</key><string>1</string>", 34, &emlx);
    assert_false(emlx.has_flags);
    mig__emlx_flags(&emlx, flags);
    assert_null(flags[0]);
    mig__emlx_list("<key>flags</key><integer>", 25, &emlx);
    assert_false(emlx.has_flags);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_head), cmocka_unit_test(test_list)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
