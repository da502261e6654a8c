/* The steps before the first message: each stands behind those that it needs, and says why. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "copy/steps.h"
#include <string.h>

static size_t place_of(const mig__step *steps, size_t count, const char *name, size_t length)
{
    for (size_t i = 0; i < count; i++) {
        if (strlen(steps[i].name) == length && strncmp(steps[i].name, name, length) == 0) {
            return i;
        }
    }
    fail_msg("there is no step %.*s", (int)length, name);
    return count;
}

static void test_order(void **state)
{
    (void)state;
    size_t count;
    const mig__step *steps = mig__run_steps(&count);
    assert_in_range(count, 8, 100);
    for (size_t i = 0; i < count; i++) {
        assert_non_null(steps[i].work);
        assert_in_range(strlen(steps[i].because), 10, 500);
        assert_int_equal(place_of(steps, count, steps[i].name, strlen(steps[i].name)), i); /* once */
        for (const char *need = steps[i].needs; *need != '\0'; need += strspn(need, " ")) {
            size_t length = strcspn(need, " ");
            if (place_of(steps, count, need, length) >= i) {
                fail_msg("%s needs %.*s before it: %s", steps[i].name, (int)length, need, steps[i].because);
            }
            need += length;
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_order)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
