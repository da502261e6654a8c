/* Errors: texts inert and cut at characters, context, the table of codes */
#include "base/buffer.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

static void setting_takes_the_grade_of_the_code(void **state)
{
    (void)state;
    mig_error err = MIG_ERROR_INIT;
    err.retry_after_ms = 99;
    mig_error_server(&err, "old", 3);
    mig_error_hint(&err, "old");
    assert_int_equal(mig_error_set(&err, MIG_E_UNAVAILABLE, "host %s is busy", "mx"), -1);
    assert_int_equal(err.code, MIG_E_UNAVAILABLE);
    assert_int_equal(err.scope, MIG_SCOPE_ACCOUNT);
    assert_int_equal(err.retry, MIG_RETRY_LATER);
    assert_true(err.retry_after_ms == 0);
    assert_string_equal(err.text, "host mx is busy");
    assert_string_equal(err.server, "");
    assert_string_equal(err.hint, "");
}

static void no_error_is_taken_everywhere(void **state)
{
    (void)state;
    assert_int_equal(mig_error_set(NULL, MIG_E_IO, "x"), -1);
    assert_int_equal(mig_error_errno(NULL, MIG_E_IO, EIO, "x"), -1);
    assert_int_equal(mig_error_context(NULL, "x"), -1);
    assert_int_equal(mig_error_hint(NULL, "x"), -1);
    assert_int_equal(mig_error_server(NULL, "x", 1), -1);
}

static void errno_tells_disk_and_memory_from_the_rest(void **state)
{
    (void)state;
    mig_error err = MIG_ERROR_INIT;
    mig_error_errno(&err, MIG_E_IO, EACCES, "open %s", "state.db");
    assert_int_equal(err.code, MIG_E_IO);
    assert_string_equal(err.text, "open state.db: Permission denied");
    mig_error_errno(&err, MIG_E_IO, ENOSPC, "write");
    assert_int_equal(err.code, MIG_E_DISK_FULL);
    mig_error_errno(&err, MIG_E_IO, EDQUOT, "write");
    assert_int_equal(err.code, MIG_E_DISK_FULL);
    mig_error_errno(&err, MIG_E_IO, ENOMEM, "write");
    assert_int_equal(err.code, MIG_E_NOMEM);
}

static void context_stands_in_front(void **state)
{
    (void)state;
    mig_error err = MIG_ERROR_INIT;
    mig_error_set(&err, MIG_E_NO, "APPEND refused");
    mig_error_server(&err, "no\x1b[31m way", 10);
    assert_int_equal(mig_error_context(&err, "folder %s", "Sent"), -1);
    assert_int_equal(mig_error_context(&err, "account a"), -1);
    assert_string_equal(err.text, "account a: folder Sent: APPEND refused");
    assert_string_equal(err.server, "no?[31m wa");
    assert_int_equal(err.code, MIG_E_NO);
}

static void an_error_can_be_made_of_itself(void **state)
{
    (void)state;
    mig_error err = MIG_ERROR_INIT;
    mig_error_set(&err, MIG_E_NO, "first");
    mig_error_server(&err, "words", 5);
    mig_error_set(&err, MIG_E_BAD, "%s, then second (%s)", err.text, err.server);
    assert_string_equal(err.text, "first, then second (words)");
    mig_error_context(&err, "%s", err.text);
    assert_string_equal(err.text, "first, then second (words): first, then second (words)");
}

static void texts_are_cut_at_characters(void **state)
{
    (void)state;
    char words[3000], line[1001];
    mig_error err = MIG_ERROR_INIT;
    for (size_t shift = 0; shift < 3; shift++) {
        memset(words, 'x', shift);
        for (size_t i = shift; i + 3 < sizeof words; i += 3) {
            memcpy(words + i, "\xe2\x82\xac", 4);
        }
        mig_error_set(&err, MIG_E_NO, "%s", words);
        assert_true(mig__utf8_valid(err.text, strlen(err.text)) && strlen(err.text) > MIG_ERROR_TEXT - 5);
        mig_error_context(&err, "%.*s", 99, words);
        assert_true(mig__utf8_valid(err.text, strlen(err.text)) && strlen(err.text) > MIG_ERROR_TEXT - 5);
        mig_error_errno(&err, MIG_E_IO, EIO, "%s", words);
        assert_true(mig__utf8_valid(err.text, strlen(err.text)));
        mig_error_hint(&err, "%s", words);
        assert_true(mig__utf8_valid(err.hint, strlen(err.hint)) && strlen(err.hint) > MIG_ERROR_HINT - 5);
        mig_error_server(&err, words, strlen(words));
        assert_true(mig__utf8_valid(err.server, strlen(err.server)) && strlen(err.server) > MIG_ERROR_SERVER - 5);
        for (size_t size = 990; size <= sizeof line; size++) {
            mig_error_line(&err, line, size);
            assert_true(mig__utf8_valid(line, strlen(line)) && strlen(line) < size && strlen(line) > size - 5);
        }
    }
}

static void nothing_in_a_text_acts_on_a_terminal(void **state)
{
    (void)state;
    mig_error err = MIG_ERROR_INIT;
    mig_error_set(&err, MIG_E_NO, "a%sb", "\r\n\x1b]0;x\x07\x7f\xc2\x9b\xe2\x80\xae");
    assert_string_equal(err.text, "a???]0;x????b");
}

static void one_line_for_people(void **state)
{
    (void)state;
    mig_error err = MIG_ERROR_INIT;
    char line[200];
    mig_error_set(&err, MIG_E_NO, "refused");
    assert_string_equal(mig_error_line(&err, line, sizeof line), "refused");
    mig_error_server(&err, "no", 2);
    mig_error_hint(&err, "try later");
    assert_string_equal(mig_error_line(&err, line, sizeof line), "refused (the server says: \"no\"); try later");
    assert_string_equal(mig_error_line(&err, line, 8), "refused");
}

static void every_code_has_a_name_of_its_own(void **state)
{
    (void)state;
    for (int code = 0; code < MIG_CODE_COUNT; code++) {
        const char *name = mig_code_name((mig_code)code);
        assert_non_null(name);
        assert_true(strlen(name) > 1 && strspn(name, "abcdefghijklmnopqrstuvwxyz-") == strlen(name));
        for (int other = 0; other < code; other++) {
            assert_string_not_equal(name, mig_code_name((mig_code)other));
        }
        int status = mig_code_exit_status((mig_code)code);
        assert_true((status >= 0 && status <= 6) || status == 130);
        assert_true((status == 0) == (code == MIG_OK));
    }
    assert_string_equal(mig_code_name(MIG_CODE_COUNT), "unknown");
    assert_int_equal(mig_code_exit_status(MIG_CODE_COUNT), 4);
}

static void the_worse_exit_status(void **state)
{
    (void)state;
    static const int worst_first[] = {130, 6, 2, 3, 5, 4, 1, 0};
    for (size_t a = 0; a < 8; a++) {
        for (size_t b = 0; b < 8; b++) {
            assert_int_equal(mig_exit_status_worse(worst_first[a], worst_first[b]), worst_first[a < b ? a : b]);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(setting_takes_the_grade_of_the_code),
        cmocka_unit_test(no_error_is_taken_everywhere),
        cmocka_unit_test(errno_tells_disk_and_memory_from_the_rest),
        cmocka_unit_test(context_stands_in_front),
        cmocka_unit_test(an_error_can_be_made_of_itself),
        cmocka_unit_test(texts_are_cut_at_characters),
        cmocka_unit_test(nothing_in_a_text_acts_on_a_terminal),
        cmocka_unit_test(one_line_for_people),
        cmocka_unit_test(every_code_has_a_name_of_its_own),
        cmocka_unit_test(the_worse_exit_status),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
