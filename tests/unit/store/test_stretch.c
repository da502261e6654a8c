/* Line ends and quoting undone, whatever the pieces; sizes; the header alone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "base/buffer.h"
#include "store/stretch.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int add(const char *octets, size_t length, void *context)
{
    mig__buffer_add(context, octets, length);
    return 0;
}

static FILE *file_of(const char *octets, size_t length)
{
    FILE *file = tmpfile();
    assert_non_null(file);
    assert_int_equal(fwrite(octets, 1, length, file), length);
    assert_int_equal(fflush(file), 0);
    return file;
}

static void assert_read(const char *text, bool crlf, bool unquote, bool header, const char *expected)
{
    FILE *file = file_of(text, strlen(text));
    mig__stretch stretch = {
        .fd = fileno(file), .length = strlen(text), .crlf = crlf, .unquote = unquote, .header = header};
    mig__buffer out = MIG__BUFFER_INIT;
    mig_error err = MIG_ERROR_INIT;
    uint64_t size = 0;
    assert_int_equal(mig__stretch_read(&stretch, add, &out, &err), 0);
    if (out.length != strlen(expected) || (out.length > 0 && memcmp(out.data, expected, out.length) != 0)) {
        fail_msg("\"%s\" became \"%.*s\"", text, (int)out.length, out.length > 0 ? out.data : "");
    }
    assert_int_equal(mig__stretch_size(&stretch, &size, &err), 0);
    assert_int_equal(size, strlen(expected));
    mig__buffer_free(&out);
    fclose(file);
}

static void test_line_ends(void **state)
{
    (void)state;
    assert_read("a\nb\n", true, false, false, "a\r\nb\r\n");
    assert_read("a\nb\n", false, false, false, "a\nb\n");
    assert_read("a\r\nb\r\n", true, false, false, "a\r\nb\r\n");
    assert_read("a\r\nb\n\n\r\nc", true, false, false, "a\r\nb\r\n\r\n\r\nc");
    assert_read("a\rb\r\r\n\n", true, false, false, "a\rb\r\r\n\r\n");
    assert_read("", true, false, false, "");
    assert_read("\n", true, false, false, "\r\n");
    assert_read("a\r", true, false, false, "a\r");
}

static void test_quoting(void **state)
{
    (void)state;
    assert_read(">From a\n>>From b\n From c\n>Fro\n>\n>>\n", false, true, false,
                "From a\n>From b\n From c\n>Fro\n>\n>>\n");
    assert_read("x >From a\n", false, true, false, "x >From a\n");
    assert_read("\n>From ", false, true, false, "\nFrom ");
    assert_read(">From", false, true, false, ">From");
    assert_read(">", false, true, false, ">");
    assert_read(">From a\n>From b", true, true, false, "From a\r\nFrom b");
    assert_read(">>\r\n>From\n", true, true, false, ">>\r\n>From\r\n");
}

static void test_header(void **state)
{
    (void)state;
    assert_read("A: b\n\nbody\n", true, false, true, "A: b\r\n\r\n");
    assert_read("A: b\r\n\r\nbody\n", false, false, true, "A: b\r\n\r\n");
    assert_read("A: b\n", false, false, true, "A: b\n");
    assert_read("\nbody\n", true, false, true, "\r\n");
    assert_read("A: b\n \n\nbody", false, false, true, "A: b\n \n\n");
    assert_read("", false, false, true, "");
}

/* A reference of a few lines, on random text across the borders of pieces. */
static void test_random_text(void **state)
{
    enum { LENGTH = 200000 };
    static const char letters[] = "\n\n\r>>From x";
    uint32_t seed = 17;
    char *text = malloc(LENGTH);
    mig__buffer expected = MIG__BUFFER_INIT, out = MIG__BUFFER_INIT;
    mig_error err = MIG_ERROR_INIT;
    uint64_t size = 0;
    (void)state;
    assert_non_null(text);
    for (size_t i = 0; i < LENGTH; i++) {
        seed = seed * 1103515245u + 12345u;
        text[i] = i % 977 < 900 ? 'm' : letters[(seed >> 16) % (sizeof letters - 1)];
    }
    for (size_t i = 0; i < LENGTH; i++) {
        if (text[i] == '\n' && (i == 0 || text[i - 1] != '\r')) {
            mig__buffer_add_char(&expected, '\r');
        }
        bool start = i == 0 || text[i - 1] == '\n';
        size_t arrows = 0;
        while (start && i + arrows < LENGTH && text[i + arrows] == '>') {
            arrows++;
        }
        bool quoted = arrows > 0 && i + arrows + 5 <= LENGTH && memcmp(text + i + arrows, "From ", 5) == 0;
        if (!quoted) {
            mig__buffer_add_char(&expected, text[i]);
        }
    }
    FILE *file = file_of(text, LENGTH);
    mig__stretch stretch = {.fd = fileno(file), .length = LENGTH, .crlf = true, .unquote = true};
    assert_int_equal(mig__stretch_read(&stretch, add, &out, &err), 0);
    assert_int_equal(out.length, expected.length);
    assert_memory_equal(out.data, expected.data, out.length);
    assert_int_equal(mig__stretch_size(&stretch, &size, &err), 0);
    assert_int_equal(size, expected.length);
    mig__buffer_free(&out);
    mig__buffer_free(&expected);
    fclose(file);
    free(text);
}

static int refuse(const char *octets, size_t length, void *context)
{
    (void)octets;
    (void)length;
    ++*(int *)context;
    return 1;
}

static void test_failures(void **state)
{
    FILE *file = file_of("abc\n", 4);
    mig_error err = MIG_ERROR_INIT;
    mig__stretch stretch = {.fd = fileno(file), .length = 4};
    mig__buffer out = MIG__BUFFER_INIT;
    int calls = 0;
    (void)state;
    assert_int_equal(mig__stretch_read(&stretch, refuse, &calls, &err), 1);
    assert_int_equal(calls, 1);
    stretch.from = 1;
    assert_int_equal(mig__stretch_read(&stretch, add, &out, &err), -1);
    assert_int_equal(err.code, MIG_E_IO);
    assert_non_null(strstr(err.text, "became shorter"));
    stretch.fd = -1;
    assert_int_equal(mig__stretch_read(&stretch, add, &out, &err), -1);
    mig__buffer_free(&out);
    fclose(file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_line_ends),   cmocka_unit_test(test_quoting),  cmocka_unit_test(test_header),
        cmocka_unit_test(test_random_text), cmocka_unit_test(test_failures),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
