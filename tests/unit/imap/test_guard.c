/* The guard alone: framing, bounds, what is dropped and what becomes of it. Names in capitals: the rows of libetpan's
 * bugs. */
#include "guard_feed.h"
#include "guard_transcripts.h"
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

/* The frame of `octets`, which are one response and no more. */
static mig__frame only(feed *f, const char *octets, size_t length)
{
    mig__frame frame;
    size_t used = 0;
    assert_int_equal(mig__guard_push(f->guard, octets, length, &used, &frame, &f->error), 1);
    assert_int_equal(used, length);
    return frame;
}

#define ONLY(f, octets) only(f, octets, sizeof(octets) - 1)

/* How the guard ends after `octets`. */
static mig_code ends(const char *octets, size_t length, const mig__guard_limits *limits)
{
    feed f;
    feed_init(&f, limits);
    mig_code code = feed_run(&f, octets, length, length, 0);
    if (code != MIG_OK) { /* it refuses everything from now on */
        mig_error err = MIG_ERROR_INIT;
        mig__frame frame;
        size_t used = 1;
        assert_int_equal(mig__guard_push(f.guard, "* OK x\r\n", 8, &used, &frame, &err), -1);
        assert_int_equal(used, 0);
        assert_int_equal(err.code, code);
        assert_true(strlen(err.hint) > 0);
        assert_false(mig__guard_at_start(f.guard));
    }
    feed_free(&f);
    return code;
}

#define ENDS(octets) ends(octets, sizeof(octets) - 1, NULL)

/* How many frames and how many dropped responses `octets` make. */
static void counts(const char *octets, unsigned frames, unsigned dropped)
{
    feed f;
    feed_init(&f, NULL);
    assert_int_equal(feed_run(&f, octets, strlen(octets), 1000, 0), MIG_OK);
    if (f.frames != frames || mig__guard_dropped(f.guard, NULL) != dropped) {
        print_message("%s%s", octets, f.log.data);
    }
    assert_int_equal(f.frames, frames);
    assert_int_equal(mig__guard_dropped(f.guard, NULL), dropped);
    assert_true(mig__guard_at_start(f.guard));
    feed_free(&f);
}

static char *filled(const char *before, char c, size_t count, const char *after)
{
    char *text = malloc(strlen(before) + count + strlen(after) + 1);
    assert_non_null(text);
    strcpy(text, before);
    memset(text + strlen(before), c, count);
    strcpy(text + strlen(before) + count, after);
    return text;
}

static void C1_C2_BADCHARSET_never_gets_through(void **state)
{
    (void)state;
    feed f;
    feed_init(&f, NULL);
    mig__frame frame = ONLY(&f, "* OK [BADCHARSET (\"x\")] hi\r\n");
    assert_string_equal(frame.text, "* OK -\r\n");
    assert_string_equal(frame.code, "BADCHARSET (\"x\")");
    assert_string_equal(frame.words, "hi");
    frame = ONLY(&f, "1 NO [BADCHARSET (A)] [BADCHARSET (A)] x\r\n");
    assert_string_equal(frame.text, "1 NO -\r\n");
    assert_null(ONLY(&f, "+ [BADCHARSET (A)]\r\n").text);
    assert_null(ONLY(&f, "* BYE [BADCHARSET (A)] x\r\n").text);
    assert_null(ONLY(&f, "* PREAUTH [BADCHARSET (A)] x\r\n").text);
    assert_null(ONLY(&f, "2 BAD [BADCHARSET (A)] x\r\n").text);
    feed_free(&f);
}

static void C3_there_is_always_a_text(void **state)
{
    (void)state;
    feed f;
    feed_init(&f, NULL);
    assert_string_equal(ONLY(&f, "* OK [ALERT]\r\n").text, "* OK [ALERT] -\r\n");
    assert_string_equal(ONLY(&f, "* OK [PARSE] \r\n").text, "* OK [PARSE] -\r\n");
    assert_string_equal(ONLY(&f, "2 OK\r\n").text, "2 OK -\r\n");
    mig__frame frame = ONLY(&f, "3 OK \r\n");
    assert_string_equal(frame.text, "3 OK -\r\n");
    assert_string_equal(frame.words, "");
    assert_string_equal(frame.keyword, "OK");
    assert_int_equal(frame.tag, 3);
    feed_free(&f);
}

static void C4_flags_are_flags(void **state)
{
    (void)state;
    feed f;
    feed_init(&f, NULL);
    mig__frame frame = ONLY(&f, "* OK [PERMANENTFLAGS (\x01 \\Seen \xff \\* a]b \"q\" (n) \\Deletedx $Junk \\)] x\r\n");
    assert_string_equal(frame.text, "* OK [PERMANENTFLAGS (\\Seen \\* $Junk)] -\r\n");
    assert_string_equal(ONLY(&f, "* OK [PERMANENTFLAGS (\x01\r\n").text, "* OK -\r\n");
    assert_string_equal(ONLY(&f, "* FLAGS (a \x80 \\Answered \\*)\r\n").text, "* FLAGS (a \\Answered)\r\n");
    frame = ONLY(&f, "* 1 FETCH (FLAGS (\\Seen \\Seenx %x /y NonJunk \\X-Own {3} ))\r\n");
    assert_string_equal(frame.text, "* 1 FETCH (FLAGS (\\Seen NonJunk \\X-Own))\r\n");
    assert_int_equal(frame.extra.odd_flags, 4);
    feed_free(&f);
}

static void C5_nesting_is_bounded(void **state)
{
    (void)state;
    char *deep = filled("* 1 FETCH (UID 1 BODYSTRUCTURE ", '(', 20000, "\r\n");
    assert_int_equal(ends(deep, strlen(deep), NULL), MIG_E_BOUNDS);
    free(deep);
    deep = filled("* XYZ ", '(', 65, "\r\n");
    assert_int_equal(ends(deep, strlen(deep), NULL), MIG_E_BOUNDS);
    free(deep);
    deep = filled("* 1 FETCH (UID 1 ", '[', 64, "\r\n");
    assert_int_equal(ends(deep, strlen(deep), NULL), MIG_E_BOUNDS);
    free(deep);
    deep = filled("* 1 FETCH (UID 1 X ", '(', 63, "");
    char *closed = filled(deep, ')', 64, "\r\n");
    counts(closed, 1, 0);
    free(closed);
    free(deep);
    /* in quotes and in literals they are letters, and depth goes on behind a literal */
    deep = filled("* LIST () \"/\" \"", '(', 500, "\"\r\n");
    counts(deep, 1, 0);
    free(deep);
    deep = filled("* 1 FETCH (X (", '(', 40, " {3}\r\n((( ");
    closed = filled(deep, '(', 40, "\r\n");
    assert_int_equal(ends(closed, strlen(closed), NULL), MIG_E_BOUNDS);
    free(closed);
    free(deep);
}

static void N_numbers_do_not_wrap(void **state)
{
    (void)state;
    feed f;
    feed_init(&f, NULL);
    mig__frame frame = ONLY(&f, "* 1 FETCH (UID 4294967297 RFC822.SIZE 4294967296 MODSEQ (9223372036854775808))\r\n");
    assert_null(frame.text);
    assert_false(frame.odd);
    assert_int_equal(frame.extra.uid, 0);
    assert_false(frame.extra.has_modseq);
    frame = ONLY(&f, "* 1 FETCH (UID 4294967295 RFC822.SIZE 4294967295 MODSEQ (9223372036854775807))\r\n");
    assert_string_equal(frame.text, "* 1 FETCH (UID 4294967295 RFC822.SIZE 4294967295)\r\n");
    assert_int_equal(frame.extra.uid, UINT32_MAX);
    assert_true(frame.extra.has_modseq);
    assert_int_equal(frame.extra.modseq, INT64_MAX);
    assert_string_equal(ONLY(&f, "* OK [UIDVALIDITY 4294967296] x\r\n").text, "* OK -\r\n");
    assert_string_equal(ONLY(&f, "* OK [UIDNEXT 4294967295] x\r\n").text, "* OK [UIDNEXT 4294967295] -\r\n");
    assert_string_equal(ONLY(&f, "* OK [UIDNEXT -1] x\r\n").text, "* OK -\r\n");
    frame = ONLY(
        &f,
        "* STATUS a (UIDNEXT 4294967296 MESSAGES 7 SIZE 9223372036854775808 HIGHESTMODSEQ 18446744073709551616)\r\n");
    assert_string_equal(frame.text, "* STATUS x (MESSAGES 7)\r\n");
    assert_false(frame.extra.has_size);
    assert_false(frame.extra.has_modseq);
    assert_null(ONLY(&f, "1 OK [APPENDUID 1 4294967296] x\r\n").extra.uid_text);
    assert_null(ONLY(&f, "1 OK [APPENDUID 0 1] x\r\n").extra.uid_text);
    feed_free(&f);
    counts("* 4294967296 EXISTS\r\n* 4294967295 EXISTS\r\n* 0 EXISTS\r\n* 0 EXPUNGE\r\n", 2, 2);
    counts("* SEARCH 4294967296\r\n* VANISHED 0\r\n* ESEARCH UID COUNT 4294967296\r\n* SEARCH 1 (MODSEQ "
           "9223372036854775808)\r\n",
           0, 4);
    assert_int_equal(ENDS("4294967297 OK x\r\n"), MIG_E_PROTOCOL);
    assert_int_equal(ENDS("* 1 FETCH (UID 1 BODY[] {4294967295}\r\n"), MIG_E_BOUNDS);
    assert_int_equal(ENDS("* 1 FETCH (UID 1 BODY[] {18446744073709551620}\r\nabcd)\r\n"), MIG_E_BOUNDS);
    assert_int_equal(ENDS("* LIST () \"/\" {18446744073709551620}\r\nabcd\r\n"), MIG_E_BOUNDS);
    assert_int_equal(ENDS("* XYZ {4294967295}\r\n"), MIG_E_BOUNDS);
}

static void L_a_line_ends_at_its_bound(void **state)
{
    (void)state;
    static char block[65536];
    memset(block, 'a', sizeof block);
    feed f;
    feed_init(&f, NULL);
    assert_int_equal(feed_push(&f, "* OK ", 5), MIG_OK);
    unsigned blocks = 0;
    while (feed_push(&f, block, sizeof block) == MIG_OK) {
        blocks++;
        assert_true(blocks < 20);
    }
    assert_int_equal(blocks, 15); /* 1 MiB - 5 octets are left */
    assert_int_equal(f.error.code, MIG_E_BOUNDS);
    feed_free(&f);

    mig__guard_limits limits = MIG__GUARD_LIMITS_INIT;
    limits.line = 64;
    char *line = filled("* OK ", 'x', 64 - 7, "\r\n");
    assert_int_equal(ends(line, strlen(line), &limits), MIG_OK);
    free(line);
    line = filled("* OK ", 'x', 64 - 6, "\r\n");
    assert_int_equal(ends(line, strlen(line), &limits), MIG_E_BOUNDS);
    free(line);
    line = filled("* 1 FETCH (UID 1 BODY[] {200}\r\n", 'x', 200, ")\r\n"); /* each line is short */
    assert_int_equal(ends(line, strlen(line), &limits), MIG_OK);
    free(line);
}

static void L_a_response_ends_at_its_bound(void **state)
{
    (void)state;
    mig__guard_limits limits = MIG__GUARD_LIMITS_INIT;
    limits.line = 256;
    limits.response = 1000;
    assert_int_equal(ends("* LIST () \"/\" {1000}\r\n", 22, &limits), MIG_E_BOUNDS);
    assert_int_equal(ends("* LIST () \"/\" {977}\r\n", 21, &limits), MIG_OK);
    feed f;
    feed_init(&f, &limits);
    assert_int_equal(feed_push(&f, "* 1 FETCH (X (", 14), MIG_OK);
    mig_code code = MIG_OK;
    unsigned literals = 0;
    for (; code == MIG_OK && literals < 1000; literals++) {
        code = feed_push(&f, "{0}\r\n ", 6);
    }
    assert_int_equal(code, MIG_E_BOUNDS);
    assert_int_equal(literals, (1000 - 14) / 6 + 1);
    feed_free(&f);
    /* a body is not part of it, and needs no memory */
    assert_int_equal(ends("* 1 FETCH (UID 1 BODY[] {4294967294}\r\n", 38, &limits), MIG_OK);
    assert_int_equal(ends("* XYZ {4294967294}\r\n", 20, &limits), MIG_OK);
    limits.literal = 10;
    assert_int_equal(ends("* 1 FETCH (UID 1 BODY[] {11}\r\n", 30, &limits), MIG_E_BOUNDS);
}

static void sets_are_read_beyond_the_bound_of_a_line(void **state)
{
    (void)state;
    feed f;
    feed_init(&f, NULL);
    assert_int_equal(feed_push(&f, "* SEARCH", 8), MIG_OK);
    size_t length = 8;
    char word[32];
    for (uint32_t uid = 1000001; length < (3u << 20); uid += uid % 1000 == 0 ? 2 : 1) {
        int n = snprintf(word, sizeof word, " %" PRIu32, uid);
        assert_int_equal(feed_push(&f, word, (size_t)n), MIG_OK);
        length += (size_t)n;
    }
    mig__frame frame;
    size_t used;
    assert_int_equal(mig__guard_push(f.guard, "\r\n", 2, &used, &frame, NULL), 1);
    assert_true(mig__uidset_size(frame.extra.uids) > 390000);
    assert_true(frame.extra.uids->count < 400);
    feed_free(&f);

    mig__guard_limits limits = MIG__GUARD_LIMITS_INIT;
    limits.response = 100;
    char *line = filled("* SEARCH ", '1', 100 - 11, "\r\n");
    assert_int_equal(ends(line, strlen(line), &limits), MIG_OK); /* no number, but in bounds */
    free(line);
    line = filled("* SEARCH ", '1', 100 - 10, "\r\n");
    assert_int_equal(ends(line, strlen(line), &limits), MIG_E_BOUNDS);
    free(line);
}

static void a_set_in_falling_order_costs_no_more(void **state)
{
    (void)state;
    feed f;
    feed_init(&f, NULL);
    mig__buffer line = MIG__BUFFER_INIT;
    mig__buffer_add_text(&line, "* SEARCH");
    for (unsigned uid = 600000; uid > 0; uid -= 2) {
        mig__buffer_addf(&line, " %u", uid);
    }
    mig__buffer_add_text(&line, "\r\n");
    mig__frame frame = only(&f, line.data, line.length);
    assert_int_equal(frame.extra.uids->count, 300000);
    assert_int_equal(frame.extra.uids->ranges[0].first, 2);
    mig__buffer_free(&line);
    feed_free(&f);
}

static void repetitions_in_a_set_cost_no_memory(void **state)
{
    (void)state;
    feed f;
    feed_init(&f, NULL);
    assert_int_equal(feed_push(&f, "* VANISHED 1:3,9", 16), MIG_OK);
    for (unsigned i = 0; i < 300000; i++) {
        assert_int_equal(feed_push(&f, i % 3 == 0 ? ",9" : i % 3 == 1 ? ",1" : ",5", 2), MIG_OK);
    }
    mig__frame frame;
    size_t used;
    assert_int_equal(mig__guard_push(f.guard, ",7\r\n", 4, &used, &frame, NULL), 1);
    mig__buffer set = MIG__BUFFER_INIT;
    mig__uidset_format(frame.extra.uids, &set);
    assert_string_equal(set.data, "1:3,5,7,9");
    mig__buffer_free(&set);
    feed_free(&f);
}

/* libetpan takes some hundred octets for each word of a list: a response of 8 MiB may not become a gigabyte. */
static void H1_lists_are_bounded(void **state)
{
    (void)state;
    static const struct {
        const char *before, *word, *after;
        size_t most; /* octets of the text */
    } lists[] = {
        {"* FLAGS (", "a ", ")\r\n", 8300},
        {"* 1 FETCH (UID 1 FLAGS (", "a ", "))\r\n", 8300},
        {"* OK [PERMANENTFLAGS (", "a ", ")] x\r\n", 8300},
        {"* CAPABILITY ", "a ", "\r\n", 8300},
        {"* LIST (", "\\a ", ") NIL x\r\n", 12500},
        {"* STATUS x (", "MESSAGES 1 UNSEEN 1 ", ")\r\n", 50},
        {"* 1 FETCH (", "UID 1 FLAGS (a) RFC822.SIZE 1 BODY[] NIL ", ")\r\n", 80},
    };
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        feed f;
        feed_init(&f, NULL);
        mig__buffer line = MIG__BUFFER_INIT;
        mig__buffer_add_text(&line, lists[i].before);
        while (line.length < 500000) {
            mig__buffer_add_text(&line, lists[i].word);
        }
        mig__buffer_add_text(&line, lists[i].after);
        mig__frame frame = only(&f, line.data, line.length);
        assert_non_null(frame.text);
        assert_true(frame.length > 30 && frame.length < lists[i].most);
        mig__buffer_free(&line);
        feed_free(&f);
    }
    char *name = filled("* LIST () NIL ", 'n', 65536, "\r\n");
    counts(name, 1, 0);
    free(name);
    name = filled("* LIST () NIL ", 'n', 65537, "\r\n");
    counts(name, 0, 1);
    free(name);
}

static void S_the_start_is_told_from_the_middle(void **state)
{
    (void)state;
    static const char text[] = "* LIST () \"/\" {3}\r\nabc\r\n";
    feed f;
    feed_init(&f, NULL);
    assert_true(mig__guard_at_start(f.guard));
    for (size_t i = 0; i + 1 < sizeof text - 1; i++) {
        assert_int_equal(feed_push(&f, text + i, 1), MIG_OK);
        assert_false(mig__guard_at_start(f.guard));
    }
    assert_int_equal(feed_push(&f, "\n", 1), MIG_OK);
    assert_true(mig__guard_at_start(f.guard));
    /* what is sent together with the OK of STARTTLS is left to the caller */
    static const char smuggled[] = "2 OK begin TLS\r\n* CAPABILITY X\r\n";
    mig__frame frame;
    size_t used;
    assert_int_equal(mig__guard_push(f.guard, smuggled, sizeof smuggled - 1, &used, &frame, NULL), 1);
    assert_int_equal(used, 16);
    assert_true(mig__guard_at_start(f.guard));
    assert_int_equal(feed_push(&f, "\r", 1), MIG_OK);
    assert_false(mig__guard_at_start(f.guard));
    assert_int_equal(feed_push(&f, "\n", 1), MIG_OK);
    assert_true(mig__guard_at_start(f.guard));
    feed_free(&f);
}

static void M_names_keep_their_octets(void **state)
{
    (void)state;
    feed f;
    feed_init(&f, NULL);
    mig__frame frame = ONLY(&f, "* LIST () \"/\" {15}\r\na\r\n9 DELETE \"b\\\r\n");
    assert_string_equal(frame.text, "* LIST () \"/\" {15}\r\na\r\n9 DELETE \"b\\\r\n");
    frame = ONLY(&f, "* LSUB () \".\" \"a \\\"b\\\\ %*&\xc3\xa9\"\r\n");
    assert_string_equal(frame.text, "* LSUB () \".\" \"a \\\"b\\\\ %*&\xc3\xa9\"\r\n");
    frame = ONLY(&f, "* STATUS {7}\r\na\r\n\"\\)b (MESSAGES 1)\r\n");
    assert_string_equal(frame.extra.mailbox, "a\r\n\"\\)b");
    assert_string_equal(frame.text, "* STATUS x (MESSAGES 1)\r\n");
    feed_free(&f);
}

static void M_a_name_with_NUL_is_dropped(void **state)
{
    (void)state;
    feed f;
    feed_init(&f, NULL);
    static const char text[] = "* LIST () \"/\" {3}\r\na\0b\r\n* STATUS {3}\r\na\0b (MESSAGES 1)\r\n";
    assert_int_equal(feed_push(&f, text, sizeof text - 1), MIG_OK);
    const char *last;
    assert_int_equal(f.frames, 0);
    assert_int_equal(mig__guard_dropped(f.guard, &last), 2);
    assert_memory_equal(last, "* STATUS \"a", 11);
    feed_free(&f);
    assert_int_equal(ENDS("* LIST () \"/\" \"a\0b\"\r\n"), MIG_E_PROTOCOL);
    assert_int_equal(ENDS("1 OK \0\r\n"), MIG_E_PROTOCOL);
    assert_int_equal(ENDS("* SEARCH 1 2 3 \0 4\r\n"), MIG_E_PROTOCOL);
}

/* Names that should be quoted: the rest of the line is the name, to the last octet. */
static void P_unquoted_names(void **state)
{
    (void)state;
    static const struct {
        const char *line, *text;
    } cases[] = {
        {"* LIST (\\HasNoChildren) \"/\" Sent Messages\r\n", "* LIST (\\HasNoChildren) \"/\" \"Sent Messages\"\r\n"},
        {"* LIST () \"/\" INBOX/Da\tOggetto\tData\t\r\n", "* LIST () \"/\" \"INBOX/Da\tOggetto\tData\t\"\r\n"},
        {"* LIST () \"/\" Hell\"oh\r\n", "* LIST () \"/\" \"Hell\\\"oh\"\r\n"},
        {"* LIST () \"/\" \"Hell\"oh\"\r\n", "* LIST () \"/\" \"Hell\\\"oh\"\r\n"},
        {"* LIST () \"/\" \"open\r\n", "* LIST () \"/\" \"\\\"open\"\r\n"},
        {"* LIST () \"/\" a(b)\r\n", "* LIST () \"/\" \"a(b)\"\r\n"},
        {"* LIST () \"/\" a (b)\r\n", "* LIST () \"/\" \"a (b)\"\r\n"},
        {"* LIST () \"/\" a (b\r\n", "* LIST () \"/\" \"a (b\"\r\n"},
        {"* LIST () \"/\" a (\"CHILDINFO\" (\"SUBSCRIBED\"))\r\n", "* LIST () \"/\" \"a\"\r\n"},
        {"* LIST () / Foo\r\n", "* LIST () \"/\" \"Foo\"\r\n"},
        {"* LIST () . Foo bar\r\n", "* LIST () \".\" \"Foo bar\"\r\n"},
        {"* LIST () Foo\r\n", "* LIST () NIL \"Foo\"\r\n"},
        {"* LSUB () \"/\" Sent Messages\r\n", "* LSUB () \"/\" \"Sent Messages\"\r\n"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        feed f;
        feed_init(&f, NULL);
        mig__frame frame = only(&f, cases[i].line, strlen(cases[i].line));
        assert_string_equal(frame.text, cases[i].text);
        feed_free(&f);
    }
    static const char *const names[][2] = {{"Sent Messages", "Sent Messages"}, {"\"a b", "\"a b"}, {"a(b)", "a(b)"}};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        feed f;
        char line[64];
        feed_init(&f, NULL);
        snprintf(line, sizeof line, "* STATUS %s (MESSAGES 3)\r\n", names[i][0]);
        assert_string_equal(only(&f, line, strlen(line)).extra.mailbox, names[i][1]);
        feed_free(&f);
    }
}

static void P_odd_responses_cost_only_themselves(void **state)
{
    (void)state;
    counts("* ANNOTATEMORE \"INBOX\" (/private/x {12}\r\n)\r\n1 OK no\r\n)\r\n1 OK x\r\n", 1, 1);
    counts("* XYZZY\r\n* 5 PLUGH\r\n*\r\n* \r\n* THREAD (2)(3 6 (4 23))\r\n* 1 OK x\r\n* OK x\r\n", 1, 6);
    counts("* LIST () \"/\"\r\n* LIST x \"/\" a\r\n* LIST (\\x \"/\" a\r\n* LIST\r\n* LIST ()\r\n", 0, 5);
    counts("* STATUS a\r\n* STATUS\r\n* STATUS a (MESSAGES 1) x\r\n* FLAGS x\r\n", 0, 4);
    counts(
        "* SEARCH 1 x\r\n* SEARCH 1:2\r\n* SEARCH 0\r\n* VANISHED 1:*\r\n* VANISHED 1, 2\r\n* ESEARCH UID ALL 1:\r\n",
        0, 6);
    counts("* FETCH (UID 1)\r\n* 1 FETCH\r\n* 1 FETCH UID 1\r\n* 1 FETCH (FLAGS ()\r\n", 0, 4);
    counts("\r\n\r\n* OK x\r\n\n\r\n1 OK y\r\n", 2, 0);
    feed f;
    feed_init(&f, NULL);
    mig__frame frame = ONLY(
        &f,
        "* 1 FETCH (THREADID (T1) SAVEDATE NIL ENVELOPE (NIL \"a)\" {2}\r\n)( NIL) UID 9 PREVIEW {1}\r\n\" X Y)\r\n");
    assert_string_equal(frame.text, "* 1 FETCH (UID 9)\r\n");
    frame = ONLY(&f, "* 2 FETCH (UID 9 INTERNALDATE NIL)\r\n");
    assert_string_equal(frame.text, "* 2 FETCH (UID 9)\r\n");
    assert_true(frame.extra.internaldate_bad);
    frame = ONLY(&f, "* 2 FETCH (INTERNALDATE \"30-Dec-1899 00:00:00 +0000\" UID 9)\r\n");
    assert_string_equal(frame.text, "* 2 FETCH (UID 9)\r\n");
    assert_true(frame.extra.internaldate_bad);
    frame = ONLY(&f, "* 3 FETCH (UID 9\r\n");
    assert_true(frame.odd);
    assert_null(frame.text);
    assert_int_equal(frame.extra.uid, 9);
    feed_free(&f);
}

static void what_is_no_IMAP_is_refused_at_once(void **state)
{
    (void)state;
    assert_int_equal(ENDS("H"), MIG_E_PROTOCOL);
    assert_int_equal(ENDS("\x16\x03\x01"), MIG_E_PROTOCOL);
    assert_int_equal(ENDS("A1 OK x\r\n"), MIG_E_PROTOCOL);
    assert_int_equal(ENDS("1x OK x\r\n"), MIG_E_PROTOCOL);
    assert_int_equal(ENDS("1 FETCH (UID 1)\r\n"), MIG_E_PROTOCOL);
    assert_int_equal(ENDS("1\r\n"), MIG_E_PROTOCOL);
}

static void texts_are_inert_and_short(void **state)
{
    (void)state;
    feed f;
    feed_init(&f, NULL);
    mig__frame frame = ONLY(&f, "* NO [\x1b[2J] \x1b[31mred\x07\r\n");
    assert_null(strchr(frame.words, '\x1b'));
    assert_null(strchr(frame.code, '\x1b'));
    char *line = filled("* OK ", 'w', 5000, "\r\n");
    frame = only(&f, line, strlen(line));
    assert_int_equal(strlen(frame.words), 1023);
    free(line);
    line = filled("+ ", 'A', 5000, "\r\n"); /* a challenge is whole */
    frame = only(&f, line, strlen(line));
    assert_int_equal(strlen(frame.extra.raw), 5000);
    free(line);
    line = filled("1 OK [APPENDUID 1 1", '1', 5, "");
    char *set = filled(line, '1', 3, ",5] x\r\n");
    frame = only(&f, set, strlen(set));
    assert_string_equal(frame.extra.uid_text, "111111111,5");
    free(set);
    free(line);
    feed_free(&f);
}

static void every_transcript_ends_as_it_should(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        mig_code code;
    } fatal[] = {
        {"no IMAP", MIG_E_PROTOCOL},
        {"tag of another", MIG_E_PROTOCOL},
        {"tag too large", MIG_E_PROTOCOL},
        {"tagged data", MIG_E_PROTOCOL},
        {"NUL in a line", MIG_E_PROTOCOL},
        {"NUL at the start", MIG_E_PROTOCOL},
        {"a literal's size wraps", MIG_E_BOUNDS},
        {"a literal's size does not fit", MIG_E_BOUNDS},
    };
    for (size_t i = 0; i < TRANSCRIPTS; i++) {
        mig_code expected = MIG_OK;
        for (size_t j = 0; j < sizeof fatal / sizeof *fatal; j++) {
            expected = strcmp(fatal[j].name, transcripts[i].name) == 0 ? fatal[j].code : expected;
        }
        assert_int_equal(ends(transcripts[i].octets, transcripts[i].length, NULL), expected);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(C1_C2_BADCHARSET_never_gets_through),
        cmocka_unit_test(C3_there_is_always_a_text),
        cmocka_unit_test(C4_flags_are_flags),
        cmocka_unit_test(C5_nesting_is_bounded),
        cmocka_unit_test(N_numbers_do_not_wrap),
        cmocka_unit_test(L_a_line_ends_at_its_bound),
        cmocka_unit_test(L_a_response_ends_at_its_bound),
        cmocka_unit_test(sets_are_read_beyond_the_bound_of_a_line),
        cmocka_unit_test(a_set_in_falling_order_costs_no_more),
        cmocka_unit_test(repetitions_in_a_set_cost_no_memory),
        cmocka_unit_test(H1_lists_are_bounded),
        cmocka_unit_test(S_the_start_is_told_from_the_middle),
        cmocka_unit_test(M_names_keep_their_octets),
        cmocka_unit_test(M_a_name_with_NUL_is_dropped),
        cmocka_unit_test(P_unquoted_names),
        cmocka_unit_test(P_odd_responses_cost_only_themselves),
        cmocka_unit_test(what_is_no_IMAP_is_refused_at_once),
        cmocka_unit_test(texts_are_inert_and_short),
        cmocka_unit_test(every_transcript_ends_as_it_should),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
