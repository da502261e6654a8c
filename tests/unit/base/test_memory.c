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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_peak_follows_what_is_touched),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
