#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "copy/message.h"
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void fill(mig__transit *message, uint64_t size, size_t piece)
{
    mig_error error;
    char octets[4096];
    uint64_t filled = 0;
    while (filled < size) {
        size_t length = size - filled < piece ? (size_t)(size - filled) : piece;
        for (size_t i = 0; i < length; i++) {
            octets[i] = (char)((filled + i) * 31 % 251);
        }
        assert_int_equal(mig__transit_add(message, &filled, octets, length, &error), 0);
    }
    assert_int_equal(mig__transit_add(message, &filled, "x", 1, &error), -1);
    assert_int_equal(error.code, MIG_E_PROTOCOL);
}

static void expect_content(const mig__transit *message, uint64_t size)
{
    char buffer[1000];
    mig_error error;
    for (uint64_t at = 0; at < size;) {
        const char *data;
        int64_t got = mig__transit_read(message, at, buffer, sizeof buffer, &data, &error);
        assert_true(got > 0);
        for (int64_t i = 0; i < got; i++) {
            assert_int_equal(data[i], (char)((at + (uint64_t)i) * 31 % 251));
        }
        at += (uint64_t)got;
    }
}

static void test_small_in_memory(void **state)
{
    (void)state;
    mig_error error;
    mig__transit *message = mig__transit_new(10000, "/nonexistent", &error);
    assert_non_null(message);
    assert_int_equal(message->spool, -1);
    fill(message, 10000, 777);
    expect_content(message, 10000);
    mig__transit_free(message);
}

static int files_in(const char *path)
{
    DIR *directory = opendir(path);
    int count = 0;
    while (readdir(directory) != NULL) {
        count++;
    }
    closedir(directory);
    return count - 2;
}

static void test_large_through_an_unlinked_file(void **state)
{
    (void)state;
    char directory[] = "/tmp/mm-test-XXXXXX";
    assert_non_null(mkdtemp(directory));
    mig_error error;
    uint64_t size = MIG__MEMORY_MESSAGE + 12345;
    mig__transit *message = mig__transit_new(size, directory, &error);
    assert_non_null(message);
    assert_null(message->octets);
    assert_int_equal(files_in(directory), 0); /* a kill leaves nothing behind */
    fill(message, size, 4096);
    expect_content(message, size);
    mig__transit_free(message);
    assert_int_equal(rmdir(directory), 0);
}

static void test_no_place_for_the_spool(void **state)
{
    (void)state;
    mig_error error;
    assert_null(mig__transit_new(MIG__MEMORY_MESSAGE + 1, "/nonexistent", &error));
    assert_int_equal(error.code, MIG_E_IO);
    assert_non_null(strstr(error.text, "/nonexistent"));
    assert_true(error.hint[0] != '\0');
}

static void test_names(void **state)
{
    (void)state;
    static const char octets[] = "Subject: hello\r\n there\r\nMessage-ID: <1@x>\r\n\r\nbody";
    mig_error error;
    uint64_t filled = 0;
    mig__transit *message = mig__transit_new(sizeof octets - 1, ".", &error);
    assert_int_equal(mig__transit_add(message, &filled, octets, sizeof octets - 1, &error), 0);
    mig__transit_describe(message);
    assert_string_equal(message->subject, "hello there");
    assert_string_equal(message->message_id, "<1@x>");
    mig__transit_free(message);
    message = mig__transit_new(0, ".", &error);
    mig__transit_describe(message);
    assert_null(message->subject);
    mig__transit_free(message);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_small_in_memory),
        cmocka_unit_test(test_large_through_an_unlinked_file),
        cmocka_unit_test(test_no_place_for_the_spool),
        cmocka_unit_test(test_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
