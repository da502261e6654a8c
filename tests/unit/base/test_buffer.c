/* Buffers, inert strings, UTF-8 */
#include "base/buffer.h"
#include "base/utf8.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static void additions_follow_each_other(void **state)
{
    (void)state;
    mig__buffer buffer = MIG__BUFFER_INIT;
    mig__buffer_add(&buffer, "", 0);
    assert_null(buffer.data);
    mig__buffer_add(&buffer, "a\0b", 3);
    mig__buffer_add_text(&buffer, "cd");
    mig__buffer_add_char(&buffer, 'e');
    mig__buffer_addf(&buffer, "%d%s", 17, "f");
    assert_int_equal(mig__buffer_ok(&buffer, NULL), 0);
    assert_int_equal(buffer.length, 9);
    assert_memory_equal(buffer.data, "a\0bcde17f", 10); /* with the NUL behind it */
    mig__buffer_clear(&buffer);
    assert_int_equal(buffer.length, 0);
    assert_string_equal(buffer.data, "");
    mig__buffer_free(&buffer);
    assert_null(buffer.data);
}

static void it_grows_to_any_size(void **state)
{
    (void)state;
    mig__buffer buffer = MIG__BUFFER_INIT;
    for (int i = 0; i < 100000; i++) {
        mig__buffer_addf(&buffer, "%d,", i);
    }
    assert_int_equal(mig__buffer_ok(&buffer, NULL), 0);
    assert_int_equal(buffer.length, 588890);
    assert_int_equal(strlen(buffer.data), buffer.length);
    assert_string_equal(buffer.data + buffer.length - 12, "99998,99999,");
    mig__buffer_free(&buffer);
}

static void a_failure_stays_and_keeps_the_content(void **state)
{
    (void)state;
    mig__buffer buffer = MIG__BUFFER_INIT;
    mig_error err = MIG_ERROR_INIT;
    mig__buffer_add_text(&buffer, "kept");
    assert_false(mig__buffer_reserve(&buffer, SIZE_MAX - 4));
    assert_int_equal(mig__buffer_ok(&buffer, &err), -1);
    assert_int_equal(err.code, MIG_E_NOMEM);
    assert_string_equal(buffer.data, "kept");
    mig__buffer_add_text(&buffer, "!");
    assert_int_equal(mig__buffer_ok(&buffer, NULL), -1);
    assert_null(mig__buffer_steal(&buffer));
    assert_null(buffer.data);
}

static void stealing_hands_over_the_memory(void **state)
{
    (void)state;
    mig__buffer buffer = MIG__BUFFER_INIT;
    char *empty = mig__buffer_steal(&buffer);
    assert_string_equal(empty, "");
    free(empty);
    mig__buffer_add_text(&buffer, "text");
    char *text = mig__buffer_steal(&buffer);
    assert_string_equal(text, "text");
    assert_null(buffer.data);
    assert_int_equal(buffer.length, 0);
    free(text);
    mig__buffer_add_text(&buffer, "secret");
    mig__buffer_wipe(&buffer);
    assert_null(buffer.data);
}

static void assert_inert(const char *text, size_t length, const char *expected)
{
    char out[200];
    assert_string_equal(mig__inert(text, length, out, sizeof out), expected);
}

static void inert_strings(void **state)
{
    (void)state;
    assert_inert("plain \xc3\xa4\xe2\x82\xac\xf0\x9f\x93\xa7", 15, "plain \xc3\xa4\xe2\x82\xac\xf0\x9f\x93\xa7");
    assert_inert("a\0b\x1b[0m\r\n\t\x7f", 11, "a?b?[0m????");
    assert_inert("\xc2\x85\xc2\x9b", 4, "??");             /* C1 controls */
    assert_inert("\xe2\x80\xae\xe2\x81\xa6", 6, "??");     /* bidirectional override and isolate */
    assert_inert("\xef\xbb\xbf\xf3\xa0\x80\xa1", 7, "??"); /* byte order mark, tag character */
    assert_inert("\xff\xc3", 2, "??");
    assert_inert("\xc0\xaf\xed\xa0\x80", 5, "?????"); /* overlong, surrogate */
    assert_inert("", 0, "");
}

static void inert_cuts_at_characters(void **state)
{
    (void)state;
    char out[8];
    assert_string_equal(mig__inert("ab\xe2\x82\xac", 5, out, 6), "ab\xe2\x82\xac");
    assert_string_equal(mig__inert("ab\xe2\x82\xac", 5, out, 5), "ab");
    assert_string_equal(mig__inert("abc", 3, out, 1), "");
    out[0] = 'k';
    mig__inert("abc", 3, out, 0);
    assert_int_equal(out[0], 'k');
    char self[] = "a\x1b"
                  "b";
    assert_string_equal(mig__inert(self, 3, self, sizeof self), "a?b");
}

static void utf8(void **state)
{
    (void)state;
    static const char *const good[] = {"",
                                       "a",
                                       "\xc2\x80",
                                       "\xdf\xbf",
                                       "\xe0\xa0\x80",
                                       "\xed\x9f\xbf",
                                       "\xee\x80\x80",
                                       "\xef\xbf\xbf",
                                       "\xf0\x90\x80\x80",
                                       "\xf4\x8f\xbf\xbf"};
    static const char *const bad[] = {"\x80",
                                      "\xbf",
                                      "\xc1\xbf",
                                      "\xc2",
                                      "\xe0\x9f\xbf",
                                      "\xed\xa0\x80",
                                      "\xe2\x82",
                                      "\xf0\x8f\xbf\xbf",
                                      "\xf4\x90\x80\x80",
                                      "\xf5\x80\x80\x80",
                                      "\xff",
                                      "a\xc3"};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        assert_true(mig__utf8_valid(good[i], strlen(good[i])));
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_false(mig__utf8_valid(bad[i], strlen(bad[i])));
    }
}

static void every_code_point_there_and_back(void **state)
{
    (void)state;
    for (uint32_t code = 1; code <= 0x10ffff; code++) {
        if (code >= 0xd800 && code <= 0xdfff) {
            continue;
        }
        char out[5];
        size_t size = mig__utf8_put(code, out), used = 0;
        out[size] = '\0';
        assert_true(mig__utf8_valid(out, size));
        assert_true(mig__utf8_take(out, &used) == code && used == size);
    }
}

static void copies_of_strings(void **state)
{
    (void)state;
    assert_null(mig__strdup(NULL));
    char *copy = mig__strdup("x");
    assert_string_equal(copy, "x");
    free(copy);
}

static void percent_encoding(void **state)
{
    mig__buffer out = MIG__BUFFER_INIT;
    (void)state;
    mig__buffer_add_percent(&out, "aZ09-._~");
    assert_string_equal(out.data, "aZ09-._~");
    mig__buffer_clear(&out);
    mig__buffer_add_percent(&out, "a b@c/%+\xc3\xbc\n");
    assert_string_equal(out.data, "a%20b%40c%2F%25%2B%C3%BC%0A");
    mig__buffer_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(additions_follow_each_other),
        cmocka_unit_test(it_grows_to_any_size),
        cmocka_unit_test(a_failure_stays_and_keeps_the_content),
        cmocka_unit_test(stealing_hands_over_the_memory),
        cmocka_unit_test(inert_strings),
        cmocka_unit_test(inert_cuts_at_characters),
        cmocka_unit_test(utf8),
        cmocka_unit_test(every_code_point_there_and_back),
        cmocka_unit_test(copies_of_strings),
        cmocka_unit_test(percent_encoding),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
