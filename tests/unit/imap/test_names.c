/* Mailbox names: the examples of the RFCs, everything that is not canonical, and random names there and back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "base/utf8.h"
#include "imap/names.h"
#include <stdlib.h>
#include <string.h>

static const char *text_of(const mig__buffer *buffer)
{
    assert_false(buffer->failed);
    return buffer->data == NULL ? "" : buffer->data;
}

static const struct {
    const char *utf8, *wire;
} pairs[] = {
    {"", ""},
    {"INBOX", "INBOX"},
    {"~peter/mail/台北/日本語", "~peter/mail/&U,BTFw-/&ZeVnLIqe-"}, /* RFC 3501 section 5.1.3 */
    {"Entwürfe", "Entw&APw-rfe"},
    {"Éléments envoyés", "&AMk-l&AOk-ments envoy&AOk-s"},
    {"Отправленные", "&BB4EQgQ,BEAEMAQyBDsENQQ9BD0ESwQ1-"},
    {"送信済みメール", "&kAFP4W4IMH8w4TD8MOs-"},
    {"A&B", "A&-B"},
    {"&", "&-"},
    {"&&", "&-&-"},
    {"é&é", "&AOk-&-&AOk-"},
    {"&é", "&-&AOk-"},
    {"éé", "&AOkA6Q-"},
    {"ééé", "&AOkA6QDp-"},
    {"é-é", "&AOk--&AOk-"},
    {"-", "-"},
    {"😀", "&2D3eAA-"},
    {"a😀é", "a&2D3eAADp-"},
    {"\xef\xbf\xbf", "&,,8-"},
    {"\xf4\x8f\xbf\xbf", "&2,,f,w-"},
    {"tab\there", "tab&AAk-here"},
    {"line\r\nbreak", "line&AA0ACg-break"},
    {"\x7f", "&AH8-"},
    {" two  blanks ", " two  blanks "},
    {"quote\" back\\ percent% star*", "quote\" back\\ percent% star*"},
    {"../../etc", "../../etc"},
};

static void test_pairs(void **state)
{
    (void)state;
    mig__buffer out = MIG__BUFFER_INIT;
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        assert_true(mig__name_encode(pairs[i].utf8, &out));
        assert_string_equal(text_of(&out), pairs[i].wire);
        assert_true(mig__name_decode(pairs[i].wire, &out));
        assert_string_equal(text_of(&out), pairs[i].utf8);
    }
    mig__buffer_free(&out);
}

/* Each is a mailbox that some server could have, and what its name was meant to be. */
static const struct {
    const char *wire, *repaired;
} invalid[] = {
    {"&", "&"}, /* never closed */
    {"a&", "a&"},
    {"&AOk", "&AOk"},     /* never closed */
    {"&AOk/x", "&AOk/x"}, /* "/" is no digit here */
    {"&AO/-", "&AO/-"},
    {"&AOk=-", "&AOk=-"}, /* padding */
    {"&AOk -", "&AOk -"},
    {"&AOl-", "é"},           /* a padding bit is set */
    {"&AOkAAA-", "&AOkAAA-"}, /* a NUL */
    {"&AAA-", "&AAA-"},
    {"&AOkA-", "é"}, /* a digit too many */
    {"&A-", "&A-"},  /* half a unit */
    {"&AO-", "&AO-"},
    {"&AOk-&AOk-", "éé"}, /* two runs that are one */
    {"&AEE-", "A"},       /* "A" needs no base64 */
    {"&ACY-", "&"},       /* "&" is "&-" */
    {"&ACA-", " "},
    {"&AH4-", "~"},
    {"&2D0-", "&2D0-"},       /* half a surrogate pair */
    {"&3gA-", "&3gA-"},       /* the other half */
    {"&2D0AQQ-", "&2D0AQQ-"}, /* and the wrong one behind */
    {"&2D3YPQ-", "&2D3YPQ-"},
    {"Entwürfe", "Entwürfe"}, /* UTF-8 as it is: RFC 6855, or a broken server */
    {"caf\xe9", "café"},      /* Latin-1 */
    {"\xff\xfe", "ÿþ"},
    {"&AOk-\xe9", "éé"},
    {"R&D", "R&D"},
    {"R&-D&", "R&D&"},
    {"R&D &AOk- &x", "R&D é &x"},
    {"x\ry", "x\ry"},
    {"x\x1b[2J", "x\x1b[2J"},
    {"\x7f", "\x7f"},
    {"a\xe2\x80\xae"
     "b",
     "a\xe2\x80\xae"
     "b"}, /* right-to-left override */
};

static void test_invalid(void **state)
{
    (void)state;
    mig__buffer out = MIG__BUFFER_INIT, again = MIG__BUFFER_INIT;
    for (size_t i = 0; i < sizeof invalid / sizeof *invalid; i++) {
        assert_false(mig__name_decode(invalid[i].wire, &out));
        assert_string_equal(text_of(&out), invalid[i].repaired);
        assert_true(mig__name_encode(text_of(&out), &again)); /* now it is valid */
        assert_true(mig__name_decode(text_of(&again), &out));
        assert_string_equal(text_of(&out), invalid[i].repaired);
    }
    mig__name_repair("a&AC8-b&AC4-c", '/', &out);
    assert_string_equal(text_of(&out), "a&AC8-b.c"); /* no level comes out of a run */
    mig__buffer_free(&again);
    mig__buffer_free(&out);
}

static void test_not_utf8(void **state)
{
    (void)state;
    static const char *const names[] = {"caf\xe9", "\xc0\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xe2\x82", "a\x80"};
    mig__buffer out = MIG__BUFFER_INIT;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        mig__buffer_add_text(&out, "left over");
        assert_false(mig__name_encode(names[i], &out));
        assert_int_equal(out.length, 0);
    }
    mig__buffer_free(&out);
}

/* xorshift32: the same names on every run. */
static uint32_t next_random(uint32_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 17;
    *seed ^= *seed << 5;
    return *seed;
}

static uint32_t random_code(uint32_t *seed)
{
    static const uint32_t below[] = {0x80, 0x80, 0x100, 0x800, 0x10000, 0x110000};
    for (;;) {
        uint32_t code = next_random(seed) % below[next_random(seed) % 6];
        if (code != 0 && (code < 0xd800 || code > 0xdfff)) {
            return next_random(seed) % 8 == 0 ? '&' : code;
        }
    }
}

static void test_random_names(void **state)
{
    (void)state;
    uint32_t seed = 20240229;
    mig__buffer name = MIG__BUFFER_INIT, wire = MIG__BUFFER_INIT, back = MIG__BUFFER_INIT;
    for (int round = 0; round < 20000; round++) {
        mig__buffer_clear(&name);
        uint32_t characters = 1 + next_random(&seed) % (round % 500 == 0 ? 2000 : 12);
        for (uint32_t i = 0; i < characters; i++) {
            char utf8[4];
            mig__buffer_add(&name, utf8, mig__utf8_put(random_code(&seed), utf8));
        }
        assert_true(mig__name_encode(text_of(&name), &wire));
        for (size_t i = 0; i < wire.length; i++) {
            assert_in_range((unsigned char)wire.data[i], 0x20, 0x7e);
        }
        assert_true(mig__name_decode(text_of(&wire), &back));
        assert_string_equal(text_of(&back), text_of(&name));
    }
    mig__buffer_free(&name);
    mig__buffer_free(&wire);
    mig__buffer_free(&back);
}

/* Whatever is accepted is the only spelling: encoding it again gives the same octets. */
static void test_random_wire(void **state)
{
    (void)state;
    static const char alphabet[] = "&&--AAOkpw,+8/ 2D3eQ\xe9\xc3";
    uint32_t seed = 7, accepted = 0;
    mig__buffer out = MIG__BUFFER_INIT, again = MIG__BUFFER_INIT;
    for (int round = 0; round < 100000; round++) {
        char wire[16];
        size_t length = next_random(&seed) % (sizeof wire - 1);
        for (size_t i = 0; i < length; i++) {
            wire[i] = alphabet[next_random(&seed) % (sizeof alphabet - 1)];
        }
        wire[length] = '\0';
        if (mig__name_decode(wire, &out)) {
            accepted++;
            assert_true(mig__name_encode(text_of(&out), &again));
            assert_string_equal(text_of(&again), wire);
        } else {
            assert_true(mig__utf8_valid(text_of(&out), out.length));
        }
    }
    assert_in_range(accepted, 1000, 99000);
    mig__buffer_free(&out);
    mig__buffer_free(&again);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pairs),        cmocka_unit_test(test_invalid),     cmocka_unit_test(test_not_utf8),
        cmocka_unit_test(test_random_names), cmocka_unit_test(test_random_wire),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
