/* Message-ID and subject as people read them */
#include "verify/summary.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

static void assert_decoded(const char *text, const char *expected)
{
    mig__buffer out = MIG__BUFFER_INIT;
    mig__decode_words(text, &out);
    assert_string_equal(out.data ? out.data : "", expected);
    assert_true(mig__utf8_valid(out.data ? out.data : "", out.length));
    mig__buffer_free(&out);
}

static void words(void **state)
{
    (void)state;
    assert_decoded("", "");
    assert_decoded("plain text", "plain text");
    assert_decoded("=?ISO-8859-1?Q?Gr=FC=DFe?=", "Gr\xc3\xbc\xc3\x9f"
                                                 "e");
    assert_decoded("=?utf-8?B?w6TDtsO8?=", "\xc3\xa4\xc3\xb6\xc3\xbc");
    assert_decoded("=?UTF-8?b?YWI=?= =?utf-8?q?c_d?=", "abc d");  /* the blank between them is dropped */
    assert_decoded("a =?utf-8?q?b?= c =?utf-8?q?d?=", "a b c d"); /* others stay */
    assert_decoded("=?iso-2022-jp?B?GyRCRnxLXBsoQg==?=", "\xe6\x97\xa5\xe6\x9c\xac");
    assert_decoded("=?us-ascii*en?q?x=3Dy?=", "x=y"); /* RFC 2231 */
    assert_decoded("(=?utf-8?q?=E2=82=AC?=)", "(\xe2\x82\xac)");
}

static void what_is_no_encoded_word(void **state)
{
    (void)state;
    static const char *const texts[] = {"=?",         "=?x",     "=?utf-8?q?open", "=?utf-8?x?a?=", "=??q?a?=",
                                        "=?utf-8?q?", "a=?b?=c", "=?utf-8 ?q?a?=", "=?utf-8?q?a?"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        assert_decoded(texts[i], texts[i]);
    }
}

static void broken_content(void **state)
{
    (void)state;
    assert_decoded("=?utf-8?q?a=FFb=C3?=", "a\xef\xbf\xbd"
                                           "b\xef\xbf\xbd");
    assert_decoded("=?utf-8?q?=4?= =?utf-8?q?=zz?=", "=4=zz");
    assert_decoded("=?no-such-charset?q?=E4?=", "\xc3\xa4");
    assert_decoded("Gr\xfc\xdf"
                   "e",
                   "Gr\xc3\xbc\xc3\x9f"
                   "e"); /* not declared at all */
    assert_decoded("already \xc3\xa4", "already \xc3\xa4");
    assert_decoded("=?utf-8?B?***?=", "");
}

static void assert_summary(const char *message, size_t piece, const char *id, const char *subject)
{
    static mig__summary summary;
    char *found_id, *found_subject;
    size_t length = strlen(message);
    mig__summary_begin(&summary);
    for (size_t at = 0; at < length; at += piece) {
        mig__summary_add(&summary, message + at, length - at < piece ? length - at : piece);
    }
    assert_int_equal(mig__summary_end(&summary, &found_id, &found_subject, NULL), 0);
    assert_true((id == NULL) == (found_id == NULL) && (subject == NULL) == (found_subject == NULL));
    if (id) {
        assert_string_equal(found_id, id);
    }
    if (subject) {
        assert_string_equal(found_subject, subject);
    }
    free(found_id);
    free(found_subject);
}

static void of_messages(void **state)
{
    (void)state;
    for (size_t piece = 1; piece < 20; piece += 6) {
        assert_summary(
            "From: a\r\nSUBJECT:  =?utf-8?q?a?=\r\n =?utf-8?q?b?=\r\nMessage-Id:\r\n <1@x>\r\n\r\nSubject: body\r\n",
            piece, "<1@x>", "ab");
        assert_summary("Subject: first\nsubject: second\n\nMessage-ID: <body>\n", piece, NULL, "first");
        assert_summary("Message-ID: <only>", piece, "<only>", NULL);
        assert_summary("\r\nSubject: body\r\n", piece, NULL, NULL);
        assert_summary("", piece, NULL, NULL);
        assert_summary("Subject:\r\nX-Subject: no\r\n\r\n", piece, NULL, NULL);
    }
}

static void a_long_subject_is_cut(void **state)
{
    (void)state;
    static char message[3 * MIG__SUMMARY_LINE], expected[MIG__SUMMARY_LINE];
    memcpy(message, "Subject: ", 9);
    memset(message + 9, 'x', sizeof message - 10);
    memset(expected, 'x', MIG__SUMMARY_LINE - 1 - strlen("subject:"));
    assert_summary(message, 1000, NULL, expected);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words),       cmocka_unit_test(what_is_no_encoded_word), cmocka_unit_test(broken_content),
        cmocka_unit_test(of_messages), cmocka_unit_test(a_long_subject_is_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
