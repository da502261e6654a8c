/* The framing of what a ManageSieve server says: any pieces give the same answers, and all that can be large is
 * bounded. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "sieve/answer.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* All answers as text: kinds and octets of the words, a line each. "!code" at the end when it is refused. */
static char *read_all(const char *octets, size_t length, size_t most)
{
    mig__sieve_reader reader;
    mig__buffer out = MIG__BUFFER_INIT;
    mig_error error = MIG_ERROR_INIT;
    int complete = 0;
    mig__sieve_reader_init(&reader);
    for (size_t at = 0, used = 0; at < length && complete >= 0; at += used) {
        const size_t piece = length - at < most ? length - at : most;
        complete = mig__sieve_reader_push(&reader, octets + at, piece, &used, &error);
        for (size_t i = 0; complete > 0 && i < reader.answer.count; i++) {
            mig__buffer_addf(&out, "%c%s ", "as()"[reader.answer.tokens[i].kind], mig__sieve_text(&reader.answer, i));
        }
        if (complete > 0) {
            mig__buffer_add_char(&out, '\n');
        }
    }
    if (complete < 0) {
        mig__buffer_addf(&out, "!%s", mig_code_name(error.code));
    } else if (!mig__sieve_reader_at_start(&reader)) {
        mig__buffer_add_text(&out, "...");
    }
    mig__sieve_reader_free(&reader);
    return mig__buffer_steal(&out);
}

static void expect(const char *octets, const char *expected)
{
    for (size_t most = 1; most < 9; most++) {
        char *got = read_all(octets, strlen(octets), most == 8 ? 100000 : most);
        assert_string_equal(got, expected);
        free(got);
    }
}

static void test_answers(void **state)
{
    (void)state;
    expect("OK\r\n", "aOK \n");
    expect("\"IMPLEMENTATION\" \"a \\\"b\\\\\"\r\n\"SIEVE\" \"\"\r\nOK \"hi\"\r\n",
           "sIMPLEMENTATION sa \"b\\ \nsSIEVE s \naOK shi \n");
    expect("{5}\r\na\r\nb\n ACTIVE\r\nOK\r\n", "sa\r\nb\n aACTIVE \naOK \n");
    expect("{0}\r\n\r\nOK\r\n", "s \naOK \n");
    expect("{3+}\r\nabc\r\n", "sabc \n");
    expect("NO (QUOTA/MAXSIZE) {2}\r\nno\r\n", "aNO ( aQUOTA/MAXSIZE ) sno \n");
    expect("BYE (REFERRAL \"sieve://x\") \"go\"\r\n", "aBYE ( aREFERRAL ssieve://x ) sgo \n");
    expect("NO(TRYLATER)\"x\"\n", "aNO ( aTRYLATER ) sx \n");
    expect("OK", "...");
    expect("{5}\r\nab", "...");
}

static void test_invalid(void **state)
{
    (void)state;
    expect("\"open\r\n", "!protocol");
    expect("{}\r\n", "!protocol");
    expect("{5x}\r\n", "!protocol");
    expect("{5} \r\n", "!protocol");
    expect("{5}\rx", "!protocol");
    expect("\x01\r\n", "!protocol");
    expect("OK\rOK", "!protocol");
    expect("{4194305}\r\n", "!bounds");
    expect("{99999999999999999999999999}\r\n", "!bounds");
}

static void test_bounds(void **state)
{
    (void)state;
    mig__buffer words = MIG__BUFFER_INIT;
    for (int i = 0; i <= MIG__SIEVE_TOKENS; i++) {
        mig__buffer_add_text(&words, "a ");
    }
    expect(words.data, "!bounds");
    mig__buffer_clear(&words);
    mig__buffer_add_char(&words, '"');
    for (int i = 0; i <= MIG__SIEVE_WORD; i++) {
        mig__buffer_add_char(&words, 'x');
    }
    char *got = read_all(words.data, words.length, 4096);
    assert_string_equal(got, "!bounds");
    free(got);
    mig__buffer_free(&words);

    /* Two literals that are large together. */
    char *octets = calloc(1, MIG__SIEVE_LITERAL + 64);
    assert_non_null(octets);
    int length = snprintf(octets, 64, "{%u}\r\n", MIG__SIEVE_LITERAL);
    memset(octets + length, 'x', MIG__SIEVE_LITERAL);
    strcpy(octets + length + MIG__SIEVE_LITERAL, " {1}\r\n");
    got = read_all(octets, strlen(octets), 65536);
    assert_string_equal(got, "!bounds");
    free(got);
    free(octets);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_answers),
        cmocka_unit_test(test_invalid),
        cmocka_unit_test(test_bounds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
