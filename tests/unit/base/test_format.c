/* Numbers, sizes and durations as people read them. */
#include <migrate/format.h>

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

static void test_count(void **state)
{
    (void)state;
    char out[MIG_FORMAT_SIZE];
    assert_string_equal(mig_format_count(0, out, sizeof out), "0");
    assert_string_equal(mig_format_count(999, out, sizeof out), "999");
    assert_string_equal(mig_format_count(1000, out, sizeof out), "1,000");
    assert_string_equal(mig_format_count(1234567, out, sizeof out), "1,234,567");
    assert_string_equal(mig_format_count(UINT64_MAX, out, sizeof out), "18,446,744,073,709,551,615");
}

static void test_octets(void **state)
{
    (void)state;
    char out[MIG_FORMAT_SIZE];
    assert_string_equal(mig_format_octets(0, out, sizeof out), "0 bytes");
    assert_string_equal(mig_format_octets(1, out, sizeof out), "1 byte");
    assert_string_equal(mig_format_octets(1023, out, sizeof out), "1023 bytes");
    assert_string_equal(mig_format_octets(1024, out, sizeof out), "1.0 KiB");
    assert_string_equal(mig_format_octets(8603851, out, sizeof out), "8.2 MiB");
    assert_string_equal(mig_format_octets(1024 * 1024 - 1, out, sizeof out), "1.0 MiB");
    assert_string_equal(mig_format_octets(UINT64_MAX, out, sizeof out), "16.0 EiB");
}

static void test_duration(void **state)
{
    (void)state;
    char out[MIG_FORMAT_SIZE];
    assert_string_equal(mig_format_duration(0.42, out, sizeof out), "0.4 s");
    assert_string_equal(mig_format_duration(9.96, out, sizeof out), "10 s");
    assert_string_equal(mig_format_duration(59.4, out, sizeof out), "59 s");
    assert_string_equal(mig_format_duration(59.6, out, sizeof out), "1 min 00 s");
    assert_string_equal(mig_format_duration(200, out, sizeof out), "3 min 20 s");
    assert_string_equal(mig_format_duration(7500, out, sizeof out), "2 h 05 min");
    assert_string_equal(mig_format_duration(97200, out, sizeof out), "1 d 03 h");
    assert_string_equal(mig_format_duration(-3, out, sizeof out), "0.0 s");
    assert_string_equal(mig_format_duration((double)NAN, out, sizeof out), "0.0 s");
    assert_true(strlen(mig_format_duration((double)INFINITY, out, sizeof out)) < sizeof out - 1);
}

static void test_text(void **state)
{
    (void)state;
    char out[8];
    assert_string_equal(mig_format_text("a\x1b[31m", out, sizeof out), "a?[31m");
    assert_string_equal(mig_format_text(NULL, out, sizeof out), "");
    assert_string_equal(mig_format_text("123456\xc3\xbc", out, sizeof out), "123456"); /* no half character */
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_count), cmocka_unit_test(test_octets),
                                       cmocka_unit_test(test_duration), cmocka_unit_test(test_text)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
