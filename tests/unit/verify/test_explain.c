/* Why messages differ: each way a server changes one, from the recorded digests alone and with both at hand */
#include "verify/explain.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static mig__message_digest digest_of(const void *text, size_t length)
{
    mig__message_digest digest;
    mig__digester *digester = mig__digester_new(NULL);
    assert_int_equal(mig__digester_begin(digester, NULL), 0);
    assert_int_equal(mig__digester_add(digester, text, length, NULL), 0);
    assert_int_equal(mig__digester_end(digester, &digest, NULL), 0);
    mig__digester_free(&digester);
    return digest;
}

/* The octets in a file: the caller closes its descriptor. */
static mig__octets in_file(const void *text, size_t length)
{
    FILE *file = tmpfile();
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, length, file), length);
    assert_int_equal(fflush(file), 0);
    mig__octets octets = {NULL, dup(fileno(file)), length};
    assert_true(octets.fd >= 0);
    fclose(file);
    return octets;
}

static void check_record(const void *source, size_t source_length, const void *target, size_t target_length,
                         unsigned rules, bool certain)
{
    mig__message_digest recorded = digest_of(source, source_length), found = digest_of(target, target_length);
    mig__octets memory = {target, -1, target_length}, file = in_file(target, target_length);
    mig__explanation why;
    assert_memory_equal(recorded.canonical, found.canonical, MIG__DIGEST_SIZE);
    assert_memory_not_equal(recorded.raw, found.raw, MIG__DIGEST_SIZE);
    assert_int_equal(mig__explain_record(&recorded, &memory, &why, NULL), 0);
    assert_int_equal(why.rules, rules);
    assert_int_equal(why.certain, certain);
    assert_int_equal(mig__explain_record(&recorded, &file, &why, NULL), 0);
    assert_int_equal(why.rules, rules);
    assert_int_equal(why.certain, certain);
    close(file.fd);
}

static void check_both(const void *source, size_t source_length, const void *target, size_t target_length,
                       unsigned rules)
{
    mig__octets a = {source, -1, source_length}, b = in_file(target, target_length);
    mig__explanation why;
    assert_int_equal(mig__explain_both(&a, &b, &why, NULL), 1);
    assert_int_equal(why.rules, rules);
    assert_true(why.certain);
    close(b.fd);
}

/* The target made `target` of `source`: these rules, proven by the record alone, and found with both at hand. */
#define ASSERT_PROVEN(source, target, rules)                                                                           \
    do {                                                                                                               \
        check_record(source, sizeof(source) - 1, target, sizeof(target) - 1, rules, true);                             \
        check_both(source, sizeof(source) - 1, target, sizeof(target) - 1, rules);                                     \
    } while (0)

/* The record alone leaves `possible`; with both at hand it is `rules`. */
#define ASSERT_POSSIBLE(source, target, possible, rules)                                                               \
    do {                                                                                                               \
        check_record(source, sizeof(source) - 1, target, sizeof(target) - 1, possible, false);                         \
        check_both(source, sizeof(source) - 1, target, sizeof(target) - 1, rules);                                     \
    } while (0)

static void line_ends(void **state)
{
    (void)state;
    ASSERT_PROVEN("a: b\n\nc\nd\n", "a: b\r\n\r\nc\r\nd\r\n", MIG_RULE_LINE_ENDS);
    ASSERT_PROVEN("a: b\r\r\n\r\r\nc\r\r\n", "a: b\r\n\r\nc\r\n", MIG_RULE_LINE_ENDS);
    ASSERT_PROVEN("a: b\r\n\r\nc\r\r\nd\r\r\n", "a: b\r\n\r\nc\r\nd\r\n", MIG_RULE_LINE_ENDS); /* the body alone */
    ASSERT_PROVEN("a: b\n\nc\r\nd\r\n", "a: b\r\n\r\nc\r\nd\r\n", MIG_RULE_LINE_ENDS);         /* the header alone */
    ASSERT_PROVEN("a: b\r\n\r\nc\nd\n", "a: b\r\n\r\nc\r\nd\r\n", MIG_RULE_LINE_ENDS);
    ASSERT_PROVEN("a: b\r\n\r\nc\r\nd\ne\r\n", "a: b\r\n\r\nc\r\nd\r\ne\r\n", MIG_RULE_LINE_ENDS); /* in the middle */
    ASSERT_PROVEN("a: b\r\n\r\nc\r\r\nd\r\n", "a: b\r\n\r\nc\r\nd\r\n", MIG_RULE_LINE_ENDS);
    ASSERT_PROVEN("a: b\r\n\r\nc\r\nd\r\n", "a: b\n\nc\nd\n", MIG_RULE_LINE_ENDS); /* the target strips CRs */
    ASSERT_PROVEN("a: b\r\n\r\nc\r\n", "a: b\r\n\nc\n", MIG_RULE_LINE_ENDS);
    ASSERT_POSSIBLE("a: b\r\n\r\nc\nd\r\ne\nf\r\n", "a: b\r\n\r\nc\r\nd\r\ne\r\nf\r\n", /* two, far apart */
                    MIG_RULE_LINE_ENDS | MIG_RULE_BLANKS, MIG_RULE_LINE_ENDS);
    ASSERT_POSSIBLE("a: b\r\n\r\nc\rd\re\r\n", "a: b\r\n\r\ncde\r\n", /* where they were is lost */
                    MIG_RULE_LINE_ENDS | MIG_RULE_BLANKS | MIG_RULE_LEFT_OUT, MIG_RULE_LINE_ENDS);
}

static void final_lines(void **state)
{
    (void)state;
    ASSERT_PROVEN("a: b\r\n\r\nc", "a: b\r\n\r\nc\r\n", MIG_RULE_FINAL_LINE);
    ASSERT_PROVEN("a: b\r\n\r\nc\r\n\r\n", "a: b\r\n\r\nc\r\n", MIG_RULE_FINAL_LINE);
    ASSERT_PROVEN("a: b\r\n\r\nc", "a: b\r\n\r\nc\r\n\r\n\r\n\r\n\r\n", MIG_RULE_FINAL_LINE);
    ASSERT_PROVEN("a: b\r\n", "a: b\r\n\r\n", MIG_RULE_FINAL_LINE);
}

static void nul_octets(void **state)
{
    (void)state;
    ASSERT_PROVEN("a: b\r\n\r\n\0c\0\r\n",
                  "a: b\r\n\r\n\x80"
                  "c\x80\r\n",
                  MIG_RULE_NUL);
    ASSERT_POSSIBLE("a: b\r\n\r\n\0c\x80\r\n",
                    "a: b\r\n\r\n\x80"
                    "c\x80\r\n",
                    MIG_RULE_NUL | MIG_RULE_BLANKS | MIG_RULE_NAME_CASE, MIG_RULE_NUL);
}

static void fields_left_out(void **state)
{
    (void)state;
    ASSERT_PROVEN("A: b\r\n\r\nc\r\n", "X-Pm-Gluon-Id: 1\r\nA: b\r\n\r\nc\r\n", MIG_RULE_LEFT_OUT);
    ASSERT_PROVEN("A: b\r\nC: d\r\n\r\nc\r\n",
                  "A: b\r\nX-MS-Exchange-Organization-SCL: -1\r\n\tmore\r\nC: d\r\nX-UID: 3\r\n\r\nc\r\n",
                  MIG_RULE_LEFT_OUT);
    ASSERT_POSSIBLE("Status: RO\r\nA: b\r\n\r\nc\r\n", "A: b\r\n\r\nc\r\n", MIG_RULE_LEFT_OUT | MIG_RULE_BLANKS,
                    MIG_RULE_LEFT_OUT);
}

static void several_at_once(void **state)
{
    (void)state;
    ASSERT_PROVEN("A: b\n\n\0c",
                  "X-UID: 7\r\nA: b\r\n\r\n\x80"
                  "c\r\n",
                  MIG_RULE_LINE_ENDS | MIG_RULE_FINAL_LINE | MIG_RULE_NUL | MIG_RULE_LEFT_OUT);
    ASSERT_PROVEN("A: b\r\n\r\nc\r\r\nd", "A: b\r\n\r\nc\r\nd\r\n", MIG_RULE_LINE_ENDS | MIG_RULE_FINAL_LINE);
}

static void headers_written_in_another_way(void **state)
{
    (void)state;
    ASSERT_POSSIBLE("Mime-Version: 1.0\r\n\r\nc\r\n", "MIME-Version: 1.0\r\n\r\nc\r\n",
                    MIG_RULE_BLANKS | MIG_RULE_NAME_CASE, MIG_RULE_NAME_CASE);
    ASSERT_POSSIBLE("A: b\r\n\tc\r\n\r\nd\r\n", "A: b\r\n c\r\n\r\nd\r\n", MIG_RULE_BLANKS | MIG_RULE_NAME_CASE,
                    MIG_RULE_BLANKS);
    ASSERT_POSSIBLE("A: b c\r\n\r\nd\r\n", "A: b\r\n  c\r\n\r\nd\r\n", MIG_RULE_BLANKS | MIG_RULE_LINE_ENDS,
                    MIG_RULE_BLANKS);
}

static void equal_and_altered_messages(void **state)
{
    (void)state;
    mig__octets a = {"a: b\r\n\r\nc\r\n", -1, 11}, b = {"a: b\r\n\r\nd\r\n", -1, 11};
    mig__explanation why;
    assert_int_equal(mig__explain_both(&a, &a, &why, NULL), 1);
    assert_int_equal(why.rules, 0);
    assert_int_equal(mig__explain_both(&a, &b, &why, NULL), 0);
}

static void a_large_message(void **state)
{
    (void)state;
    size_t lines = 40000, source_length = 8, target_length = 9;
    char *source = malloc(lines * 80 + 20), *target = malloc(lines * 80 + 20);
    assert_true(source && target);
    memcpy(source, "a: b\r\n\r\n", 8);
    memcpy(target, "a: b\r\n\r\n-", 9);
    source[source_length++] = '-';
    for (size_t i = 0; i < lines; i++) {
        source_length += (size_t)sprintf(source + source_length, "line %zu of many, with some text in it\r\r\n", i);
        target_length += (size_t)sprintf(target + target_length, "line %zu of many, with some text in it\r\n", i);
    }
    check_record(source, source_length, target, target_length, MIG_RULE_LINE_ENDS, true);
    check_both(source, source_length, target, target_length, MIG_RULE_LINE_ENDS);
    free(source);
    free(target);
}

static void a_file_that_is_too_short(void **state)
{
    (void)state;
    mig__octets file = in_file("a: b\r\n\r\nc\r\n", 11);
    mig__message_digest recorded = digest_of("x", 1);
    mig__explanation why;
    mig_error err = MIG_ERROR_INIT;
    file.length = 12;
    assert_int_equal(mig__explain_record(&recorded, &file, &why, &err), -1);
    assert_int_equal(err.code, MIG_E_IO);
    close(file.fd);
}

static void assert_difference(const char *a, const char *b, int result, uint64_t offset, const char *text)
{
    mig__octets source = {a, -1, strlen(a)}, target = in_file(b, strlen(b));
    mig__buffer out = MIG__BUFFER_INIT;
    uint64_t at = 0;
    assert_int_equal(mig__first_difference(&source, &target, &at, &out, NULL), result);
    if (result) {
        assert_int_equal(at, offset);
        assert_string_equal(out.data, text);
    }
    mig__buffer_free(&out);
    close(target.fd);
}

static void the_first_octet_that_differs(void **state)
{
    (void)state;
    assert_difference("same", "same", 0, 0, "");
    assert_difference("", "", 0, 0, "");
    assert_difference("ab\r\ncd", "ab\r\nce", 1, 5,
                      "first difference at octet 5: source \"ab\\r\\ncd\", target \"ab\\r\\nce\"");
    assert_difference("abc", "ab", 1, 2, "first difference at octet 2: source \"abc\", target \"ab\"");
    assert_difference("", "\x1b<\xff", 1, 0, "first difference at octet 0: source \"\", target \"\\x1b<\\xff\"");
    assert_difference(
        "0123456789012345678901234567890123456789x123456789012345678901234567890ab",
        "0123456789012345678901234567890123456789\"", 1, 40,
        "first difference at octet 40: source ...\"4567890123456789x123456789012345678901234567890a\"..., "
        "target ...\"4567890123456789\\\"\"");
}

static void a_difference_far_into_the_message(void **state)
{
    (void)state;
    size_t length = 100000;
    char *a = malloc(length), *b = malloc(length);
    assert_true(a && b);
    static const size_t places[] = {0, 1, 8191, 8192, 16383, 99999};
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        memset(a, 'a', length);
        memset(b, 'a', length);
        b[places[i]] = 'b';
        mig__octets source = {a, -1, length}, target = {b, -1, length};
        mig__buffer out = MIG__BUFFER_INIT;
        uint64_t at = 0;
        assert_int_equal(mig__first_difference(&source, &target, &at, &out, NULL), 1);
        assert_int_equal(at, places[i]);
        mig__buffer_free(&out);
    }
    free(a);
    free(b);
}

static void escaping(void **state)
{
    (void)state;
    static const char octets[] = "first\r\n\t\"\\\0\x1b\xe4 ~\x7f";
    mig__buffer out = MIG__BUFFER_INIT;
    mig__escape_octets(octets, sizeof octets - 1, &out);
    assert_string_equal(out.data, "first\\r\\n\\t\\\"\\\\\\x00\\x1b\\xe4 ~\\x7f");
    mig__buffer_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(escaping),
        cmocka_unit_test(line_ends),
        cmocka_unit_test(final_lines),
        cmocka_unit_test(nul_octets),
        cmocka_unit_test(fields_left_out),
        cmocka_unit_test(several_at_once),
        cmocka_unit_test(headers_written_in_another_way),
        cmocka_unit_test(equal_and_altered_messages),
        cmocka_unit_test(a_large_message),
        cmocka_unit_test(a_file_that_is_too_short),
        cmocka_unit_test(the_first_octet_that_differs),
        cmocka_unit_test(a_difference_far_into_the_message),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
