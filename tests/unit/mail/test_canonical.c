/* The canonical form: each rule by example, and what must hold for any text at all */
#include "base/buffer.h"
#include "mail/canonical.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <string.h>

static int add_to_buffer(const void *data, size_t length, void *context, mig_error *err)
{
    mig__buffer_add(context, data, length);
    return mig__buffer_ok(context, err);
}

static mig__buffer form(const void *text, size_t length, unsigned rules, size_t piece)
{
    mig__buffer out = MIG__BUFFER_INIT;
    mig__canonical canonical;
    mig__canonical_begin(&canonical, rules, add_to_buffer, &out);
    for (size_t at = 0; at < length; at += piece) {
        size_t size = length - at < piece ? length - at : piece;
        assert_int_equal(mig__canonical_add(&canonical, (const char *)text + at, size, NULL), 0);
    }
    assert_int_equal(mig__canonical_end(&canonical, NULL), 0);
    return out;
}

static void assert_octets(const mig__buffer *buffer, const void *expected, size_t length)
{
    assert_int_equal(buffer->length, length);
    assert_memory_equal(buffer->data ? buffer->data : "", expected, length);
}

/* The text in its canonical form is `expected`. */
#define ASSERT_FORM(text, expected)                                                                                    \
    do {                                                                                                               \
        mig__buffer out_ = form(text, sizeof(text) - 1, MIG_RULES_ALL, 1 << 20);                                       \
        assert_octets(&out_, expected, sizeof(expected) - 1);                                                          \
        mig__buffer_free(&out_);                                                                                       \
    } while (0)

static void line_ends(void **state)
{
    (void)state;
    ASSERT_FORM("a:b\n\nc\nd\r\ne\r\r\nf\r\r\r\ng\rh\r\n", "a:b\r\n\r\nc\r\nd\r\ne\r\nf\r\ngh\r\n");
    ASSERT_FORM("a:b\r\r\n\r\r\nc\r\n", "a:b\r\n\r\nc\r\n"); /* the header ends there, not between the CRs */
    ASSERT_FORM("a:b\r\rc\r\n\rd\r:\re\n\n\rf\r", "a:bc\r\nd:e\r\n\r\nf\r\n");
}

static void the_final_line(void **state)
{
    (void)state;
    ASSERT_FORM("a:b\r\n\r\nc", "a:b\r\n\r\nc\r\n");
    ASSERT_FORM("a:b\r\n\r\nc\r\n\r\n\n\r\r\n\r", "a:b\r\n\r\nc\r\n");
    ASSERT_FORM("a:b\r\n\r\nc\r\n\r\n\r\nd\r\n", "a:b\r\n\r\nc\r\n\r\n\r\nd\r\n");
    ASSERT_FORM("a:b\r\n\r\n\r\n\r\n", "a:b\r\n\r\n");
    ASSERT_FORM("a:b\r\n", "a:b\r\n\r\n");
    ASSERT_FORM("a:b", "a:b\r\n\r\n");
    ASSERT_FORM("", "\r\n");
    ASSERT_FORM("\r\n", "\r\n");
    ASSERT_FORM("\r\nbody", "\r\nbody\r\n");
}

static void nul(void **state)
{
    (void)state;
    ASSERT_FORM("a:\0b\0\r\n\r\n\0x\0\0\r\n", "a:\x80"
                                              "b\x80\r\n\r\n\x80"
                                              "x\x80\x80\r\n");
}

static void folds_and_blanks(void **state)
{
    (void)state;
    ASSERT_FORM("A:  b  c \t\r\n\td\r\n \r\n e  \r\nF:\r\n g\r\n\r\n i  j \r\n", "a:b c d e\r\nf:g\r\n\r\n i  j \r\n");
    ASSERT_FORM("Subject \t: x\r\nEmpty:  \r\nB:y\r\n\r\n", "subject:x\r\nempty:\r\nb:y\r\n\r\n");
    ASSERT_FORM("Name\r\n : x\r\n\r\n", "name:x\r\n\r\n");
    ASSERT_FORM(" first: is\r\n no field\r\nb:c\r\n\r\n", " first: is no field\r\nb:c\r\n\r\n");
    ASSERT_FORM("   \r\nb:c\r\n\r\n", "b:c\r\n\r\n");
}

static void lines_that_are_no_fields(void **state)
{
    (void)state;
    ASSERT_FORM("From someone  Mon: x\r\nA:b\r\n\r\n", "From someone Mon: x\r\na:b\r\n\r\n");
    ASSERT_FORM(": no  Name\r\nJUST Text \r\nONE\r\n\r\n", ": no Name\r\nJUST Text\r\nONE\r\n\r\n");
    ASSERT_FORM("N\xc4m:e  x\r\n\r\n", "N\xc4m:e x\r\n\r\n");
#define EIGHTY "A2345678901234567890123456789012345678901234567890123456789012345678901234567890"
    ASSERT_FORM(EIGHTY ": b\r\n\r\n",
                "a2345678901234567890123456789012345678901234567890123456789012345678901234567890:b\r\n\r\n");
    ASSERT_FORM(EIGHTY "X: b\r\n\r\n", EIGHTY "X: b\r\n\r\n");
}

static void fields_left_out(void **state)
{
    (void)state;
    ASSERT_FORM("X-UID: 5\r\nA:b\r\nSTATUS: RO\r\n more\r\nx-pm-gluon-id:1\r\nX-TUID: q\r\n\r\nX-UID: 5\r\n",
                "a:b\r\n\r\nX-UID: 5\r\n");
    ASSERT_FORM(
        "X-MS-Exchange-Organization-SCL: -1\r\nX-MS-Exchange-Forest-X:\r\nX-MS-Exchange-Organization-: 1\r\n\r\n",
        "x-ms-exchange-organization-:1\r\n\r\n");
    ASSERT_FORM("X-UID: 5", "\r\n");
    assert_true(mig__field_left_out("Content-Length", 14));
    assert_false(mig__field_left_out("Content-Type", 12));
    assert_false(mig__field_left_out("X-UIDL", 6));
    assert_false(mig__field_left_out("", 0));
}

static void only_the_rules_asked_for_apply(void **state)
{
    (void)state;
    static const char text[] = "X-UID: 1\nSubject :  a\r\n\tb\r\r\nK: v\0\r\n\r\nx\n\n";
    static const struct {
        unsigned rules;
        const char *expected;
        size_t length;
    } cases[] = {
#define CASE(rules, expected) {rules, expected, sizeof(expected) - 1}
        CASE(0, "X-UID: 1\nSubject :  a\r\n\tb\r\r\nK: v\0\r\n\r\nx\n\n"),
        CASE(MIG_RULE_LINE_ENDS, "X-UID: 1\r\nSubject :  a\r\n\tb\r\nK: v\0\r\n\r\nx\r\n\r\n"),
        CASE(MIG_RULE_FINAL_LINE, "X-UID: 1\nSubject :  a\r\n\tb\r\r\nK: v\0\r\n\r\nx\n"),
        CASE(MIG_RULE_NUL, "X-UID: 1\nSubject :  a\r\n\tb\r\r\nK: v\x80\r\n\r\nx\n\n"),
        CASE(MIG_RULE_BLANKS, "X-UID:1\nSubject:a b\r\r\nK:v\0\r\n\r\nx\n\n"),
        CASE(MIG_RULE_NAME_CASE, "x-uid: 1\nSubject :  a\r\n\tb\r\r\nk: v\0\r\n\r\nx\n\n"),
        CASE(MIG_RULE_LEFT_OUT, "Subject :  a\r\n\tb\r\r\nK: v\0\r\n\r\nx\n\n"),
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        mig__buffer out = form(text, sizeof text - 1, cases[i].rules, 5);
        assert_octets(&out, cases[i].expected, cases[i].length);
        mig__buffer_free(&out);
    }
}

/* ---- properties, over random texts that are rich in what the rules act on ---- */

static uint64_t seed;

static uint64_t next_random(uint64_t bound)
{
    seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
    return (seed >> 33) % bound;
}

static void add_random_text(mig__buffer *text, bool bare_cr)
{
    static const char *const words[] = {"\r\n",     "\r\n",  "\r\n",          "\n",      "\r",   "\r\r\n", " ",
                                        "\t",       ":",     "Subject",       "x-uid",   "word", "Wort",   "\x80",
                                        "\r\n\r\n", "From ", "X-TUID: 1\r\n", "A: b\r\n"};
    uint64_t count = next_random(60);
    for (uint64_t i = 0; i < count; i++) {
        const char *word = words[next_random(sizeof words / sizeof words[0])];
        if (bare_cr || strcmp(word, "\r") != 0) {
            mig__buffer_add_text(text, word);
        }
        if (next_random(30) == 0) {
            mig__buffer_add_char(text, '\0');
        }
        if (next_random(100) == 0) {
            for (int k = 0; k < 40; k++) {
                mig__buffer_add_text(text, "long text\r\n");
            }
        }
    }
    assert_int_equal(mig__buffer_ok(text, NULL), 0);
}

static void the_form_is_its_own_form(void **state)
{
    (void)state;
    seed = 1;
    for (int round = 0; round < 20000; round++) {
        mig__buffer text = MIG__BUFFER_INIT;
        add_random_text(&text, true);
        mig__buffer once = form(text.data, text.length, MIG_RULES_ALL, 1 << 20);
        mig__buffer twice = form(once.data, once.length, MIG_RULES_ALL, 1 << 20);
        assert_octets(&twice, once.data, once.length);
        mig__buffer_free(&text);
        mig__buffer_free(&once);
        mig__buffer_free(&twice);
    }
}

static void without_rules_the_text_is_as_it_was_and_pieces_do_not_matter(void **state)
{
    (void)state;
    seed = 2;
    for (int round = 0; round < 20000; round++) {
        mig__buffer text = MIG__BUFFER_INIT;
        add_random_text(&text, true);
        unsigned rules = (unsigned)next_random(MIG_RULES_ALL + 1);
        mig__buffer raw = form(text.data, text.length, 0, 1 + next_random(300));
        assert_octets(&raw, text.data ? text.data : "", text.length);
        mig__buffer whole = form(text.data, text.length, rules, 1 << 20);
        mig__buffer pieces = form(text.data, text.length, rules, 1 + next_random(200));
        assert_octets(&pieces, whole.data ? whole.data : "", whole.length);
        mig__buffer_free(&text);
        mig__buffer_free(&raw);
        mig__buffer_free(&whole);
        mig__buffer_free(&pieces);
    }
}

/* Whatever fewer rules make of a text, all rules together make the same of it as of the text: no rule alone, and no
 * group of them, changes the canonical form. (Where line ends stay as they are, a bare CR may come to stand before an
 * LF when what was between them is left out: so there are none then.) */
static void no_rule_changes_the_form(void **state)
{
    (void)state;
    seed = 3;
    for (int round = 0; round < 20000; round++) {
        mig__buffer text = MIG__BUFFER_INIT;
        unsigned rules = (unsigned)next_random(MIG_RULES_ALL + 1);
        add_random_text(&text, rules & MIG_RULE_LINE_ENDS);
        mig__buffer part = form(text.data, text.length, rules, 1 << 20);
        mig__buffer expected = form(text.data, text.length, MIG_RULES_ALL, 1 << 20);
        mig__buffer all = form(part.data, part.length, MIG_RULES_ALL, 1 << 20);
        assert_octets(&all, expected.data, expected.length);
        mig__buffer_free(&text);
        mig__buffer_free(&part);
        mig__buffer_free(&expected);
        mig__buffer_free(&all);
    }
}

static const char message[] =
    "Received: from mx.example.org\r\n\tby mail.example.org; Mon, 1 Jan 2024 10:00:00 +0100\r\n"
    "From: \"A. Sender\" <a@example.org>\r\nSubject: minutes\r\nMessage-ID: <1@example.org>\r\n"
    "\r\nFirst line.\r\n\r\nSecond line, after an empty one.\r\nThird line.\r\n";

/* Flipping any bit of the body, or any octet of a header value into another letter, makes another form. */
static void every_flipped_octet_shows(void **state)
{
    (void)state;
    mig__buffer before = form(message, sizeof message - 1, MIG_RULES_ALL, 1 << 20);
    const char *body = strstr(message, "\r\n\r\n") + 4;
    for (const char *at = message; *at; at++) {
        char changed[sizeof message];
        if (strchr("\r\n\t ", *at)) {
            continue;
        }
        memcpy(changed, message, sizeof message);
        changed[at - message] = (char)(at >= body ? *at ^ 1 : *at == 'Q' ? 'R' : 'Q');
        mig__buffer after = form(changed, sizeof message - 1, MIG_RULES_ALL, 1 << 20);
        assert_false(after.length == before.length && memcmp(after.data, before.data, before.length) == 0);
        mig__buffer_free(&after);
    }
    mig__buffer_free(&before);
}

static void a_dropped_line_or_value_shows(void **state)
{
    (void)state;
    mig__buffer before = form(message, sizeof message - 1, MIG_RULES_ALL, 1 << 20);
    for (const char *line = message; *line;) {
        const char *next = strstr(line, "\r\n") + 2;
        char changed[sizeof message];
        size_t head = (size_t)(line - message), tail = strlen(next);
        memcpy(changed, message, head);
        memcpy(changed + head, next, tail);
        mig__buffer after = form(changed, head + tail, MIG_RULES_ALL, 1 << 20);
        assert_false(after.length == before.length && memcmp(after.data, before.data, before.length) == 0);
        mig__buffer_free(&after);
        line = next;
    }
    mig__buffer_free(&before);
}

static int refuse(const void *data, size_t length, void *context, mig_error *err)
{
    (void)data;
    (void)length;
    (*(int *)context)++;
    return mig_error_set(err, MIG_E_DISK_FULL, "full");
}

static void a_sink_that_fails_ends_the_walk(void **state)
{
    (void)state;
    char body[10000];
    int calls = 0;
    mig_error err = MIG_ERROR_INIT;
    mig__canonical canonical;
    memset(body, 'x', sizeof body);
    mig__canonical_begin(&canonical, MIG_RULES_ALL, refuse, &calls);
    assert_int_equal(mig__canonical_add(&canonical, "a:b\r\n\r\n", 7, &err), 0); /* still held back */
    assert_int_equal(mig__canonical_add(&canonical, body, sizeof body, &err), -1);
    assert_int_equal(err.code, MIG_E_DISK_FULL);
    assert_int_equal(calls, 1);
}

static void rules_have_names(void **state)
{
    (void)state;
    char out[200];
    for (unsigned rule = 1; rule < MIG_RULES_ALL; rule <<= 1) {
        assert_non_null(mig_rule_name(rule));
        assert_non_null(mig_rule_text(rule));
    }
    assert_null(mig_rule_name(0));
    assert_null(mig_rule_text(MIG_RULE_NUL | MIG_RULE_BLANKS));
    assert_null(mig_rule_name(MIG_RULES_ALL + 1));
    assert_string_equal(mig_rules_join(0, ", ", out, sizeof out), "");
    assert_string_equal(mig_rules_join(MIG_RULE_NUL, ", ", out, sizeof out), "nul");
    assert_string_equal(mig_rules_join(MIG_RULE_NUL | MIG_RULE_LINE_ENDS, ", ", out, sizeof out), "line-ends, nul");
    assert_string_equal(mig_rules_join(MIG_RULES_ALL, ",", out, 8), "line-en");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(line_ends),
        cmocka_unit_test(the_final_line),
        cmocka_unit_test(nul),
        cmocka_unit_test(folds_and_blanks),
        cmocka_unit_test(lines_that_are_no_fields),
        cmocka_unit_test(fields_left_out),
        cmocka_unit_test(only_the_rules_asked_for_apply),
        cmocka_unit_test(the_form_is_its_own_form),
        cmocka_unit_test(without_rules_the_text_is_as_it_was_and_pieces_do_not_matter),
        cmocka_unit_test(no_rule_changes_the_form),
        cmocka_unit_test(every_flipped_octet_shows),
        cmocka_unit_test(a_dropped_line_or_value_shows),
        cmocka_unit_test(a_sink_that_fails_ends_the_walk),
        cmocka_unit_test(rules_have_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
