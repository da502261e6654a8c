/* How a summary is shown on a terminal: by the beginnings of its lines, whatever the pieces in which it comes */
#include "cli/paint.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static char out[1024];

static int keep(const char *text, size_t length, void *context)
{
    (void)context;
    strncat(out, text, length);
    return 0;
}

static int refuse(const char *text, size_t length, void *context)
{
    (void)text;
    (void)length;
    return ++*(int *)context > 2 ? -1 : 0;
}

/* In pieces of `size` octets. */
static const char *painted(const char *text, size_t size)
{
    cli_paint paint = {.sink = keep};
    out[0] = '\0';
    for (size_t at = 0; at < strlen(text); at += size) {
        const size_t left = strlen(text) - at;
        assert_int_equal(cli_paint_sink(text + at, left < size ? left : size, &paint), 0);
    }
    assert_int_equal(cli_paint_end(&paint), 0);
    return out;
}

static void test_lines(void **state)
{
    static const struct {
        const char *text, *shown;
    } cases[] = {
        {"All is well.\nrest\n", "\x1b[1mAll is well.\x1b[0m\nrest\n"},
        {"v\n  ! INBOX: 1 missing\n", "\x1b[1mv\x1b[0m\n\x1b[31m  ! INBOX: 1 missing\x1b[0m\n"},
        {"v\n  ? INBOX\n    Sent\n", "\x1b[1mv\x1b[0m\n\x1b[33m  ? INBOX\x1b[0m\n    Sent\n"},
        {"v\n\nNext: verify\n", "\x1b[1mv\x1b[0m\n\n\x1b[1mNext: verify\x1b[0m\n"},
        {"v\nNextcloud\n!important\n  !x\n", "\x1b[1mv\x1b[0m\nNextcloud\n!important\n  !x\n"},
        {"no end", "\x1b[1mno end\x1b[0m"},
        {"v\nabc", "\x1b[1mv\x1b[0m\nabc"},
        {"", ""},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        for (size_t size = 1; size < 30; size++) {
            assert_string_equal(painted(cases[i].text, size), cases[i].shown);
        }
    }
}

static void test_a_sink_that_refuses(void **state)
{
    int count = 0;
    cli_paint paint = {.sink = refuse, .context = &count};
    (void)state;
    assert_int_equal(cli_paint_sink("one\ntwo\nthree\n", 14, &paint), -1);
}

static void test_when_it_is_wanted(void **state)
{
    (void)state;
    FILE *file = tmpfile();
    assert_non_null(file);
    assert_false(cli_paint_wanted(file)); /* no terminal */
    fclose(file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_lines), cmocka_unit_test(test_a_sink_that_refuses),
                                       cmocka_unit_test(test_when_it_is_wanted)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
