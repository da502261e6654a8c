/* Where messages begin and end, what their headers say, dates, and that pieces make no difference. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "store/mbox_scan.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST = 16 };

typedef struct found {
    struct {
        uint64_t from, length;
        uint32_t skip;
        bool has_date, internal, verbatim, expunged;
        int64_t date;
        char flags[128], labels[256];
        mig__uid_key key;
    } items[MOST];
    size_t count;
    int fail_at;        /* the handler refuses this one, counted from 1 */
    const char *octets; /* all of them */
    size_t length;
    uint64_t undated, doubtful;
} found;

static int take(const mig__mbox_message *message, void *context, mig_error *err)
{
    found *f = context;
    assert_true(f->count < MOST);
    f->items[f->count].from = message->from;
    f->items[f->count].length = message->length;
    f->items[f->count].skip = message->skip;
    f->items[f->count].has_date = message->has_date;
    f->items[f->count].date = message->date;
    f->items[f->count].internal = message->internal;
    f->items[f->count].verbatim = message->verbatim;
    f->items[f->count].expunged = message->expunged;
    f->items[f->count].key = message->key;
    snprintf(f->items[f->count].flags, sizeof f->items[f->count].flags, "%s", message->flags);
    snprintf(f->items[f->count].labels, sizeof f->items[f->count].labels, "%s",
             message->labels != NULL ? message->labels : "none");
    f->count++;
    return f->fail_at == (int)f->count ? mig_error_set(err, MIG_E_IO, "enough") : 0;
}

static size_t look_at(uint64_t offset, char *out, size_t size, void *context)
{
    const found *f = context;
    size_t left = offset < f->length ? f->length - (size_t)offset : 0, some = left < size ? left : size;
    memcpy(out, f->octets + (some > 0 ? offset : 0), some);
    return some;
}

/* Scan in pieces of a size. */
static bool scan(const char *octets, size_t length, size_t piece, found *f)
{
    mig_error err = MIG_ERROR_INIT;
    f->octets = octets;
    f->length = length;
    mig__mbox_scan *s = mig__mbox_scan_new(take, look_at, f, &err);
    assert_non_null(s);
    for (size_t at = 0; at < length; at += piece) {
        assert_int_equal(mig__mbox_scan_add(s, octets + at, length - at < piece ? length - at : piece, &err), 0);
    }
    assert_int_equal(mig__mbox_scan_end(s, &err), 0);
    bool fits = mig__mbox_scan_fits(s);
    mig__mbox_scan_undated(s, &f->undated, &f->doubtful);
    mig__mbox_scan_free(&s);
    assert_null(s);
    return fits;
}

/* The same for whole and for one octet at a time. */
static bool scan_text(const char *text, found *f)
{
    found bitwise = {.count = 0};
    *f = (found){.count = 0};
    bool fits = scan(text, strlen(text), strlen(text) + 1, f);
    assert_true(scan(text, strlen(text), 1, &bitwise) == fits);
    assert_memory_equal(f, &bitwise, sizeof bitwise);
    return fits;
}

static void assert_content(const char *text, const found *f, size_t i, const char *content)
{
    assert_int_equal(f->items[i].length, strlen(content));
    assert_memory_equal(text + f->items[i].from, content, strlen(content));
    assert_memory_equal(text + f->items[i].from - f->items[i].skip, "From ", 5);
}

static void test_messages(void **state)
{
    static const char text[] = "From a@b Mon Jan  1 10:00:00 2001\n"
                               "Subject: 1\n\nbody\n\n"
                               "From a@b Mon Jan  1 10:00:01 2001\n"
                               "Subject: 2\n\nFrom here on\nFrom a sentence on Jan 5 10:00 2001 nobody knows\n\n\n"
                               "From a@b Mon Jan  1 10:00:02 2001\r\n"
                               "Subject: 3\r\n\r\nbody\r\n\r\n"
                               "From a@b Mon Jan  1 10:00:03 2001\n"
                               "no newline";
    found f;
    (void)state;
    assert_true(scan_text(text, &f));
    assert_int_equal(f.count, 4);
    assert_content(text, &f, 0, "Subject: 1\n\nbody\n");
    assert_content(text, &f, 1, "Subject: 2\n\nFrom here on\nFrom a sentence on Jan 5 10:00 2001 nobody knows\n\n");
    assert_content(text, &f, 2, "Subject: 3\r\n\r\nbody\r\n");
    assert_content(text, &f, 3, "no newline");
    for (size_t i = 0; i < 4; i++) {
        assert_true(f.items[i].has_date);
        assert_int_equal(f.items[i].date, 978343200 + (int64_t)i);
        assert_string_equal(f.items[i].flags, "");
        assert_string_equal(f.items[i].labels, "none");
    }
}

static void test_no_messages(void **state)
{
    found f;
    (void)state;
    assert_true(scan_text("", &f));
    assert_true(scan_text("\n\n", &f));
    assert_int_equal(f.count, 0);
    assert_false(scan_text("Subject: 1\n\nFrom a@b Mon Jan  1 10:00:00 2001\n", &f));
    assert_int_equal(f.count, 0);
    assert_true(scan_text("\nFrom what is this\nSubject: 1\n", &f));
    assert_int_equal(f.count, 1);
    assert_false(f.items[0].has_date);
    assert_true(scan_text("From a@b Mon Jan  1 10:00:00 2001\n", &f));
    assert_int_equal(f.count, 1);
    assert_int_equal(f.items[0].length, 0);
}

static void test_flags(void **state)
{
    static const char text[] =
        "From a Mon Jan  1 10:00:00 2001\nStatus: RO\nX-Status: AF\n\n\n"
        "From a Mon Jan  1 10:00:00 2001\nx-status:DT\nX-Keywords: $Work  b*d NonJunk \n\n\n"
        "From a Mon Jan  1 10:00:00 2001\nX-Mozilla-Status: 000d\nX-Mozilla-Keys: one\n two\n\n\n"
        "From a Mon Jan  1 10:00:00 2001\n\nStatus: R\n";
    found f;
    (void)state;
    assert_true(scan_text(text, &f));
    assert_int_equal(f.count, 4);
    assert_string_equal(f.items[0].flags, "\\Answered \\Flagged \\Seen");
    assert_string_equal(f.items[1].flags, "$Work NonJunk \\Deleted \\Draft");
    assert_string_equal(f.items[2].flags, "\\Deleted \\Flagged \\Seen one two");
    assert_string_equal(f.items[3].flags, "");
}

static void test_labels(void **state)
{
    static const char text[] =
        "From a Mon Jan  1 10:00:00 2001\nX-Gmail-Labels: =?UTF-8?Q?a?=\n\t=?UTF-8?Q?b?=,\n Inbox\n"
        "To: x\n Inbox\n\nX-Gmail-Labels: none\n";
    found f;
    (void)state;
    assert_true(scan_text(text, &f));
    assert_string_equal(f.items[0].labels, "=?UTF-8?Q?a?= =?UTF-8?Q?b?=, Inbox");
}

/* What mail programs note in a message does not make it another one. */
static void test_keys(void **state)
{
    static const char one[] = "From a Mon Jan  1 10:00:00 2001\nA: b\n\nx\n";
    static const char noted[] = "From b Tue Jan  2 10:00:00 2001\nStatus: RO\nContent-Length: 17\nA: b\nX-UID: 7\n"
                                "X-Keywords: a\n b\n\nx\n\n";
    static const char other[] = "From a Mon Jan  1 10:00:00 2001\nA: b\n\ny\n";
    static const char label[] = "From a Mon Jan  1 10:00:00 2001\nA: b\nX-Gmail-Labels: Inbox\n\nx\n";
    found f, g;
    (void)state;
    assert_true(scan_text(one, &f));
    assert_true(scan_text(noted, &g));
    assert_memory_equal(&f.items[0].key, &g.items[0].key, sizeof g.items[0].key);
    assert_true(scan_text(other, &g));
    assert_memory_not_equal(&f.items[0].key, &g.items[0].key, sizeof g.items[0].key);
    assert_true(scan_text(label, &g));
    assert_memory_not_equal(&f.items[0].key, &g.items[0].key, sizeof g.items[0].key);
}

static void test_internal_data(void **state)
{
    static const char text[] = "From MAILER-DAEMON Mon Jan  1 10:00:00 2001\nX-IMAP: 1 2\n\nkeep\n\n"
                               "From a Mon Jan  1 10:00:00 2001\nX-IMAP: 1 2\n\nmail\n";
    found f;
    (void)state;
    assert_true(scan_text(text, &f));
    assert_int_equal(f.count, 2);
    assert_true(f.items[0].internal);
    assert_false(f.items[1].internal);
}

static void test_long_lines(void **state)
{
    enum { LONG = 100 * 1024 };
    static const char from[] = "From a Mon Jan  1 10:00:00 2001\n";
    char *text = malloc(2 * sizeof from + 2 * LONG + 64);
    size_t length = 0;
    found f = {.count = 0}, g = {.count = 0};
    (void)state;
    assert_non_null(text);
    memcpy(text, from, sizeof from - 1);
    length = sizeof from - 1;
    memcpy(text + length, "Status: R", 9);
    memset(text + length + 9, 'x', LONG);
    length += 9 + LONG;
    memcpy(text + length, "\n\nFrom ", 7);
    memset(text + length + 7, 'y', LONG); /* too long to begin a message */
    length += 7 + LONG;
    memcpy(text + length, "\n\n", 2);
    length += 2;
    memcpy(text + length, from, sizeof from - 1);
    length += sizeof from - 1;
    assert_true(scan(text, length, length, &f));
    assert_int_equal(f.count, 2);
    assert_string_equal(f.items[0].flags, "\\Seen");
    assert_true(scan(text, length, 1000, &g));
    assert_memory_equal(&f, &g, sizeof g);
    free(text);
}

static void test_a_handler_that_fails(void **state)
{
    static const char text[] = "From a Mon Jan  1 10:00:00 2001\n\nFrom a Mon Jan  1 10:00:00 2001\n\n";
    mig_error err = MIG_ERROR_INIT;
    found f = {.fail_at = 1};
    (void)state;
    mig__mbox_scan *s = mig__mbox_scan_new(take, NULL, &f, &err);
    assert_int_equal(mig__mbox_scan_add(s, text, sizeof text - 1, &err), -1);
    assert_string_equal(err.text, "enough");
    mig__mbox_scan_free(&s);
}

/* From_ lines without a date that is known: between an empty line and a header field they begin a message. */
static void test_undated(void **state)
{
    static const char *const lines[] = {"From ",
                                        "From -",
                                        "From a@b.example",
                                        "From a@b.example Di Mai  3 12:00:00 2005",
                                        "From a@b.example mar. mai  3 12:00:00 2005",
                                        "From a@b.example 3/5/2005 12:00"};
    (void)state;
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        char text[512];
        found f;
        snprintf(
            text, sizeof text,
            "%s\nSubject: 1\nDate: Mon, 1 Jan 2001 10:00:00 +0000\n\none\nFrom here on\nNote: no\n\n%s\nSubject: 2\n\n"
            "From time to time\n\n%s\n\nnot one\n",
            lines[i], lines[i], lines[i]);
        assert_true(scan_text(text, &f));
        assert_int_equal(f.count, 2);
        assert_int_equal(f.undated, 2);
        assert_int_equal(f.items[0].has_date, true);
        assert_int_equal(f.items[0].date, 978343200);
        assert_int_equal(f.items[1].has_date, false);
        assert_int_equal(f.items[1].from + f.items[1].length, strlen(text));
    }
}

/* Among dated ones an address by itself is enough, a sentence is not, and is counted. */
static void test_undated_among_dated(void **state)
{
    static const char text[] =
        "From a Mon Jan  1 10:00:00 2001\nSubject: 1\n\nx\n\nFrom a@b.example\nSubject: 2\n\ny\n\n"
        "From the beginning\nSubject: to change\n\nFrom -\nReceived: from x\n\nz\n\n"
        "From here\nit goes on\n";
    found f;
    (void)state;
    assert_true(scan_text(text, &f));
    assert_int_equal(f.count, 3);
    assert_int_equal(f.undated, 2);
    assert_int_equal(f.doubtful, 1);
}

static void test_content_length(void **state)
{
    static const struct {
        const char *text;
        size_t count;
        bool verbatim;
    } cases[] = {
        /* as long as it says: what lies in it is its own */
        {"From a Mon Jan  1 10:00:00 2001\nContent-Length: 38\n\nFrom b Mon Jan  1 10:00:00 2001\n\nhi\n..\n"
         "From c Mon Jan  1 10:00:00 2001\n\nx\n",
         2, true},
        {"From a Mon Jan  1 10:00:00 2001\nContent-Length: 36\n\nFrom b Mon Jan  1 10:00:00 2001\n\nhi\n", 1, true},
        {"From a Mon Jan  1 10:00:00 2001\nContent-Length: 3\n\nhi\n\nFrom c Mon Jan  1 10:00:00 2001\n\nx\n", 2,
         false},
        /* it ends in the middle of something: not believed */
        {"From a Mon Jan  1 10:00:00 2001\nContent-Length: 37\n\nFrom b Mon Jan  1 10:00:00 2001\n\nhi\n..\n"
         "From c Mon Jan  1 10:00:00 2001\n\nx\n",
         3, false},
        {"From a Mon Jan  1 10:00:00 2001\nContent-Length: 99999\n\nFrom b Mon Jan  1 10:00:00 2001\n\nhi\n", 2, false},
        {"From a Mon Jan  1 10:00:00 2001\nContent-Length: x\n\nFrom b Mon Jan  1 10:00:00 2001\n\nhi\n", 2, false},
        {"From a Mon Jan  1 10:00:00 2001\nContent-Length: 0\n\nFrom b Mon Jan  1 10:00:00 2001\n\nhi\n", 2, false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        found f;
        assert_true(scan_text(cases[i].text, &f));
        if (f.count != cases[i].count || f.items[0].verbatim != cases[i].verbatim) {
            fail_msg("case %zu: %zu messages", i, f.count);
        }
    }
}

static void test_mmdf(void **state)
{
    static const char text[] = "\1\1\1\1\nSubject: 1\n\nx\n\n\1\1\1\1\n\1\1\1\1\nFrom a Mon Jan  1 10:00:00 2001\n"
                               "Subject: 2\n\nFrom b Mon Jan  1 10:00:00 2001\n\1\1\1\1\n";
    found f;
    (void)state;
    assert_true(scan_text(text, &f));
    assert_int_equal(f.count, 2);
    assert_int_equal(f.items[0].from, 5);
    assert_int_equal(f.items[0].length, 15); /* the empty line at its end belongs to it */
    assert_true(f.items[1].verbatim);
    assert_int_equal(f.items[1].date, 978343200);
    assert_int_equal(f.items[1].length, 12 + 32);
}

static void test_beginnings(void **state)
{
    found f;
    (void)state;
    assert_true(scan_text("\xef\xbb\xbf"
                          "From a Mon Jan  1 10:00:00 2001\n\nx\n",
                          &f));
    assert_int_equal(f.count, 1);
    assert_int_equal(f.items[0].from, 3 + 32);
    /* CR alone ends no line: it is not one message of all */
    assert_false(scan_text("From a Mon Jan  1 10:00:00 2001\rSubject: x\r\rFrom b Mon Jan  1 10:00:00 2001\r", &f));
    assert_int_equal(f.count, 0);
    assert_true(scan_text("From - Mon Jan  1 10:00:00 2001\nX-Mozilla-Status: 0009\n\nx\n", &f));
    assert_true(f.items[0].expunged);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_messages),       cmocka_unit_test(test_no_messages),
        cmocka_unit_test(test_flags),          cmocka_unit_test(test_labels),
        cmocka_unit_test(test_keys),           cmocka_unit_test(test_internal_data),
        cmocka_unit_test(test_long_lines),     cmocka_unit_test(test_a_handler_that_fails),
        cmocka_unit_test(test_undated),        cmocka_unit_test(test_undated_among_dated),
        cmocka_unit_test(test_content_length), cmocka_unit_test(test_mmdf),
        cmocka_unit_test(test_beginnings),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
