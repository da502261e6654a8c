#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/header.h"
#include <stdlib.h>
#include <string.h>

static void expect(const char *octets, const char *name, const char *value)
{
    char out[64];
    bool found = mig__header_value(octets, strlen(octets), name, out, sizeof out);
    assert_int_equal(found, value != NULL);
    assert_string_equal(out, value != NULL ? value : "");
}

static void test_fields(void **state)
{
    (void)state;
    expect("Subject: one\r\nMessage-ID: <a@b>\r\n\r\nbody", "message-id", "<a@b>");
    expect("Subject: one\nMESSAGE-ID:<a@b>\n\nbody", "Message-ID", "<a@b>");
    expect("Subject: one\r\n two\r\n\tthree  \r\nX: y\r\n\r\n", "Subject", "one two three");
    expect("Subject:\r\n\r\n", "Subject", "");
    expect("Subject: cut off in the mid", "Subject", "cut off in the mid");
}

static void test_absent(void **state)
{
    (void)state;
    expect("", "Subject", NULL);
    expect("\r\nSubject: in the body\r\n", "Subject", NULL);
    expect("X: y\r\n\r\nSubject: in the body\r\n", "Subject", NULL);
    expect("Subjective: no\r\n\r\n", "Subject", NULL);
    expect("X: a\r\n Subject: folded\r\n\r\n", "Subject", NULL);
}

static void test_hostile(void **state)
{
    (void)state;
    expect("Subject: \033[2Jred\r\n\r\n", "Subject", "?[2Jred");
    expect("Subject: \xff\xfe\r\n\r\n", "Subject", "??");
    char *large = malloc(100000);
    memset(large, 'x', 100000);
    memcpy(large, "Subject: ", 9);
    char out[32];
    assert_true(mig__header_value(large, 100000, "Subject", out, sizeof out));
    assert_int_equal(strlen(out), 31);
    free(large);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fields),
        cmocka_unit_test(test_absent),
        cmocka_unit_test(test_hostile),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
