/* Message-ID and subject as people read them */
#include "mail/header.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
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
    assert_decoded("=?utf-8?q?=E2=82?= =?UTF-8?B?rA==?=", "\xe2\x82\xac"); /* a character in two words */
    assert_decoded("=?utf-8?q?=E2=82?= x =?UTF-8?B?rA==?=", "\xef\xbf\xbd\xef\xbf\xbd x \xef\xbf\xbd");
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

static void assert_summary(const char *message, const char *id, const char *subject)
{
    mig__summary summary;
    assert_int_equal(mig__summarize(message, strlen(message), &summary, NULL), 0);
    assert_string_equal(summary.message_id, id);
    assert_string_equal(summary.subject, subject);
}

static void of_messages(void **state)
{
    (void)state;
    assert_summary(
        "From: a\r\nSUBJECT:  =?utf-8?q?a?=\r\n =?utf-8?q?b?=\r\nMessage-Id:\r\n <1@x>\r\n\r\nSubject: body\r\n",
        "<1@x>", "ab");
    assert_summary("Subject: first\nsubject: second\n\nMessage-ID: <body>\n", "", "first");
    assert_summary("Subject: one\r\n two\r\n\tthree  \r\nX: y\r\n\r\n", "", "one two three");
    assert_summary("X: a\r\n Subject: folded\r\n\r\n", "", "");
    assert_summary("Subjective: no\r\n\r\n", "", "");
    assert_summary("Message-ID: <only>", "<only>", "");
    assert_summary("Subject: cut off in the mid", "", "cut off in the mid");
    assert_summary("\r\nSubject: body\r\n", "", "");
    assert_summary("\nSubject: body\n", "", "");
    assert_summary("", "", "");
    assert_summary("Subject:\r\nX-Subject: no\r\n\r\n", "", "");
}

static void hostile_ones(void **state)
{
    mig__summary summary;
    static const char nul[] = "Subject: a\0b\r\n\r\n";
    (void)state;
    assert_summary("Subject: \033[2Jred\r\n\r\n", "", "?[2Jred");
    assert_summary("Subject: =?utf-8?q?=1B[2Jred=0D=0A?=\r\n\r\n", "", "?[2Jred??");
    assert_summary("Subject: \xe2\x80\xaeover\r\n\r\n", "", "?over"); /* U+202E turns what follows around */
    assert_int_equal(mig__summarize(nul, sizeof nul - 1, &summary, NULL), 0);
    assert_string_equal(summary.subject, "ab");
}

static void long_ones_are_cut(void **state)
{
    (void)state;
    static char message[100000], expected[MIG__SUMMARY_SIZE];
    memset(message, 'x', sizeof message - 1);
    memcpy(message, "Subject: ", 9);
    memset(expected, 'x', sizeof expected - 1);
    assert_summary(message, "", expected);
    for (size_t i = 0; i < 300; i++) {
        memcpy(message + 9 + 2 * i, "\xc3\xa4", 2);
    }
    mig__summary summary;
    assert_int_equal(mig__summarize(message, 9 + 600, &summary, NULL), 0);
    assert_int_equal(strlen(summary.subject), 254); /* no half character */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words),          cmocka_unit_test(what_is_no_encoded_word),
        cmocka_unit_test(broken_content), cmocka_unit_test(of_messages),
        cmocka_unit_test(hostile_ones),   cmocka_unit_test(long_ones_are_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
