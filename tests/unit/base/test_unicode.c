/* One form of text: what is the same to people is the same in octets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "base/distance.h"
#include "base/unicode.h"
#include <string.h>

static void expect(void (*form)(const char *, size_t, mig__buffer *), const char *text, const char *expected)
{
    mig__buffer out = MIG__BUFFER_INIT;
    form(text, strlen(text), &out);
    assert_false(out.failed);
    assert_string_equal(out.data != NULL ? out.data : "", expected);
    mig__buffer_free(&out);
}

static void test_nfc(void **state)
{
    (void)state;
    expect(mig__nfc, "", "");
    expect(mig__nfc, "plain", "plain");
    expect(mig__nfc, "u\xcc\x88", "\xc3\xbc");
    expect(mig__nfc, "\xc3\xbc", "\xc3\xbc");
    expect(mig__nfc, "\xe1\x84\x92\xe1\x85\xa1\xe1\x86\xab", "\xed\x95\x9c"); /* a Korean syllable of three letters */
    expect(mig__nfc, "\xe2\x84\xab", "\xc3\x85");                             /* the sign for Angstrom */
    expect(mig__nfc, "\xef\xac\x81", "\xef\xac\x81");                         /* "fi" as one: looks different */
    expect(mig__nfc, "u\xcc\x88\xff", "u\xcc\x88\xff");                       /* no UTF-8 */
    assert_true(mig__nfc_equal("u\xcc\x88", "\xc3\xbc"));
    assert_true(mig__nfc_equal("", ""));
    assert_false(mig__nfc_equal("\xc3\x9c", "\xc3\xbc"));
    assert_false(mig__nfc_equal("u", "\xc3\xbc"));
}

static void test_fold(void **state)
{
    (void)state;
    expect(mig__fold, "", "");
    expect(mig__fold, "INBOX", "inbox");
    expect(mig__fold, "U\xcc\x88", "\xc3\xbc");
    expect(mig__fold, "\xc4\xb0x", "ix");
    expect(mig__fold, "A\xff", "a\xff");
}

static void test_distance(void **state)
{
    (void)state;
    assert_int_equal(mig__distance("inbox", "inbox", 4), 0);
    assert_int_equal(mig__distance("inboxx", "inbox", 4), 1);
    assert_int_equal(mig__distance("niboxx", "inbox", 4), 2);
    assert_int_equal(mig__distance("abcdef", "uvwxyz", 4), 4);
    assert_int_equal(mig__distance("", "abc", 2), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nfc),
        cmocka_unit_test(test_fold),
        cmocka_unit_test(test_distance),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
