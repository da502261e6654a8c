/* The lines of a manifest: written and read back, and what is refused */
#include "archive/manifest.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

static void write_and_read(const mig__line *line, mig__line *back, mig__buffer *text)
{
    mig__buffer_clear(text);
    assert_int_equal(mig__line_write(line, text, NULL), 0);
    assert_int_equal(text->data[text->length - 1], '\n');
    for (size_t i = 0; i + 1 < text->length; i++) { /* one line of ASCII, whatever is in it */
        assert_in_range(text->data[i], 0x20, 0x7e);
    }
    assert_int_equal(mig__line_read(text->data, text->length - 1, back, NULL), 0);
    assert_int_equal(back->kind, line->kind);
}

static void messages(void **state)
{
    (void)state;
    mig__buffer text = MIG__BUFFER_INIT;
    mig__line back;
    char flags[] = "$Forwarded \\Answered \\Seen work";
    mig__line line = {.kind = MIG__LINE_MESSAGE,
                      .name = "Entw\303\274rfe \"x\"\n",
                      .uid = 4294967295u,
                      .flags = flags,
                      .date = {.utc = 1000000000, .zone_minutes = -330, .valid = true},
                      .size = 4294967294u,
                      .message_id = "<a@b>",
                      .path = "Maildir/cur/1:2,S"};
    memset(line.sha256, 0xab, sizeof line.sha256);
    write_and_read(&line, &back, &text);
    assert_string_equal(back.name, line.name);
    assert_string_equal(back.flags, flags);
    assert_int_equal(back.uid, line.uid);
    assert_int_equal(back.size, line.size);
    assert_true(back.date.valid);
    assert_int_equal(back.date.utc, line.date.utc);
    assert_int_equal(back.date.zone_minutes, -330);
    assert_string_equal(back.message_id, "<a@b>");
    assert_memory_equal(back.sha256, line.sha256, sizeof line.sha256);
    mig__line_free(&back);

    flags[0] = '\0';
    line.date.valid = false;
    line.message_id = "";
    write_and_read(&line, &back, &text);
    assert_false(back.date.valid);
    assert_string_equal(back.flags, "");
    assert_string_equal(back.message_id, "");
    mig__line_free(&back);
    mig__buffer_free(&text);
}

static void folders(void **state)
{
    (void)state;
    mig__buffer text = MIG__BUFFER_INIT;
    mig__line back;
    mig__line line = {.kind = MIG__LINE_FOLDER,
                      .name = "Gel\303\266scht",
                      .path = "Maildir/.Gel&APY-scht",
                      .delimiter = '/',
                      .role = MIG_ROLE_TRASH,
                      .subscribed = true,
                      .selectable = true,
                      .uidvalidity = 5,
                      .uidnext = 6,
                      .modseq = 7,
                      .messages = 3,
                      .root = "00"};
    write_and_read(&line, &back, &text);
    char *wire = mig__line_wire(&back);
    assert_string_equal(wire, "Gel&APY-scht");
    free(wire);
    assert_int_equal(back.role, MIG_ROLE_TRASH);
    assert_true(back.subscribed && back.selectable && !back.incomplete);
    assert_int_equal(back.modseq, 7);
    mig__line_free(&back);

    line.name = "shown?";
    line.octets = "ff41";
    line.selectable = false;
    line.path = NULL;
    line.delimiter = '\0';
    write_and_read(&line, &back, &text);
    wire = mig__line_wire(&back);
    assert_string_equal(wire, "\377A");
    free(wire);
    assert_null(back.path);
    assert_int_equal(back.delimiter, '\0');
    mig__line_free(&back);

    line.octets = "4100"; /* a NUL in a name */
    write_and_read(&line, &back, &text);
    assert_null(mig__line_wire(&back));
    mig__line_free(&back);
    mig__buffer_free(&text);
}

static void others(void **state)
{
    (void)state;
    mig__buffer text = MIG__BUFFER_INIT;
    mig__line back;
    mig__line first = {.kind = MIG__LINE_ARCHIVE,
                       .version = "1",
                       .source = "ann@old.example",
                       .created = "2024-01-01T00:00:00Z",
                       .selection = "ALL",
                       .prefix = "INBOX.",
                       .delimiter = '.',
                       .part = 3,
                       .base = "ab"};
    write_and_read(&first, &back, &text);
    assert_string_equal(back.prefix, "INBOX.");
    assert_int_equal(back.part, 3);
    mig__line_free(&back);
    mig__line gone = {.kind = MIG__LINE_GONE, .name = "x", .uids = "1:5,9"};
    write_and_read(&gone, &back, &text);
    assert_string_equal(back.uids, "1:5,9");
    mig__line_free(&back);
    mig__line end = {.kind = MIG__LINE_END, .folders = 1, .messages = 2, .octets_sum = (uint64_t)1 << 40, .root = "cd"};
    write_and_read(&end, &back, &text);
    assert_int_equal(back.octets_sum, (uint64_t)1 << 40);
    mig__line_free(&back);
    mig__buffer_free(&text);
}

static void senseless_lines(void **state)
{
    (void)state;
    static const char *const lines[] = {
        "",
        "[]",
        "{",
        "{}",
        "{\"type\":\"message\"}",
        "{\"type\":\"nothing\"}",
        "{\"type\":\"end\",\"folders\":-1,\"messages\":0,\"octets\":0,\"root\":null}",
        "{\"type\":\"end\",\"folders\":1.5,\"messages\":0,\"octets\":0,\"root\":null}",
        "{\"type\":\"end\",\"type\":\"end\",\"folders\":0,\"messages\":0,\"octets\":0,\"root\":null}",
        "{\"type\":\"flags\",\"folder\":\"x\",\"uid\":1,\"flags\":[\"work\"],\"keywords\":[]}",
        "{\"type\":\"flags\",\"folder\":\"x\",\"uid\":1,\"flags\":[],\"keywords\":[\"a b\"]}",
        "{\"type\":\"flags\",\"folder\":\"x\",\"uid\":1,\"flags\":[],\"keywords\":[1]}",
        "{\"type\":\"flags\",\"folder\":\"x\",\"uid\":4294967296,\"flags\":[],\"keywords\":[]}",
        "{\"type\":\"archive\",\"schema\":\"other\",\"source\":\"\",\"created\":\"\"}",
    };
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        mig__line line;
        mig_error err = MIG_ERROR_INIT;
        assert_int_equal(mig__line_read(lines[i], strlen(lines[i]), &line, &err), -1);
        assert_int_equal(err.code, MIG_E_DIFFERENT);
        mig__line_free(&line);
    }
}

static void digests(void **state)
{
    (void)state;
    uint8_t out[MIG__DIGEST_SIZE];
    char text[MIG__HEX_SIZE];
    memset(text, 'a', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    assert_true(mig__unhex(text, out));
    assert_int_equal(out[31], 0xaa);
    text[3] = 'G';
    assert_false(mig__unhex(text, out));
    assert_false(mig__unhex("ab", out));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(messages),        cmocka_unit_test(folders), cmocka_unit_test(others),
        cmocka_unit_test(senseless_lines), cmocka_unit_test(digests),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
