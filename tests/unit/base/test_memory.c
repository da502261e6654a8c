#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/memory.h"
#include <stdlib.h>
#include <string.h>

static void test_peak_follows_what_is_touched(void **state)
{
    (void)state;
    size_t size = 64 << 20;
    uint64_t before = mig__peak_memory();
    assert_true(before > 0);
    char *octets = malloc(size);
    assert_non_null(octets);
    memset(octets, 1, size);
    assert_int_equal(octets[size - 1], 1);
    uint64_t after = mig__peak_memory();
    free(octets);
    assert_true(after >= before);
    assert_true(after >= size);
}

static void test_arrays_grow(void **state)
{
    (void)state;
    mig_error error = MIG_ERROR_INIT;
    unsigned *numbers = NULL;
    for (unsigned i = 0; i < 1000; i++) {
        numbers = mig__grow(numbers, i, sizeof *numbers, &error);
        assert_non_null(numbers);
        numbers[i] = i;
    }
    for (unsigned i = 0; i < 1000; i++) {
        assert_int_equal(numbers[i], i);
    }
    free(numbers);
}

/* One that lost entries takes new ones again, from any count on. */
static void test_arrays_that_shrank(void **state)
{
    (void)state;
    mig_error error = MIG_ERROR_INIT;
    for (size_t left = 0; left < 40; left++) {
        size_t *numbers = NULL;
        for (size_t i = 0; i < 40; i++) {
            assert_non_null(numbers = mig__grow(numbers, i, sizeof *numbers, &error));
            numbers[i] = i;
        }
        for (size_t i = left; i < 100; i++) {
            assert_non_null(numbers = mig__grow(numbers, i, sizeof *numbers, &error));
            numbers[i] = i;
        }
        for (size_t i = 0; i < 100; i++) {
            assert_int_equal(numbers[i], i);
        }
        free(numbers);
    }
}

static void test_no_memory(void **state)
{
    (void)state;
    mig_error error = MIG_ERROR_INIT;
    char one = 'x';
    assert_null(mig__grow(&one, SIZE_MAX / 4 + 1, 8, &error));
    assert_int_equal(error.code, MIG_E_NOMEM);
}

static void test_secrets(void **state)
{
    enum { SIZE = 20000 };
    (void)state;
    for (int i = 0; i < 100; i++) {
        char *secret = mig__locked_new(SIZE);
        assert_non_null(secret);
        for (size_t k = 0; k < SIZE; k += 999) {
            assert_int_equal(secret[k], 0);
        }
        memset(secret, 'x', SIZE);
        mig__locked_hold(secret, SIZE);
        mig__locked_free(secret, SIZE);
    }
    mig__locked_free(NULL, SIZE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_peak_follows_what_is_touched),
        cmocka_unit_test(test_arrays_grow),
        cmocka_unit_test(test_arrays_that_shrank),
        cmocka_unit_test(test_no_memory),
        cmocka_unit_test(test_secrets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
