/* Programs compiled against an earlier or a later header than the library. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "base/sized.h"
#include <migrate/version.h>
#include <string.h>

typedef struct early {
    size_t size;
    int a;
} early;

typedef struct now {
    size_t size;
    int a;
    const char *b;
} now;

typedef struct late {
    size_t size;
    int a;
    const char *b;
    int c;
} late;

static void test_earlier(void **state)
{
    const early given = {sizeof given, 7};
    now own;
    mig_error err = MIG_ERROR_INIT;
    (void)state;
    memset(&own, 0xff, sizeof own);
    assert_int_equal(mig__sized_take(&own, sizeof own, &given, "now", &err), 0);
    assert_int_equal(own.a, 7);
    assert_null(own.b);
}

static void test_later(void **state)
{
    late given = {sizeof given, 7, "b", 0};
    now own;
    mig_error err = MIG_ERROR_INIT;
    (void)state;
    assert_int_equal(mig__sized_take(&own, sizeof own, &given, "now", &err), 0);
    assert_string_equal(own.b, "b");
    given.c = 1; /* asks for what is not known */
    assert_int_equal(mig__sized_take(&own, sizeof own, &given, "now", &err), -1);
    assert_int_equal(err.code, MIG_E_USAGE);
    assert_non_null(strstr(err.text, "now"));
}

static void test_none(void **state)
{
    const now given = {0, 7, NULL};
    now own;
    mig_error err = MIG_ERROR_INIT;
    (void)state;
    assert_int_equal(mig__sized_take(&own, sizeof own, &given, "now", &err), -1);
    assert_int_equal(err.code, MIG_E_USAGE);
    assert_non_null(strstr(err.text, "INIT"));
}

static void test_version(void **state)
{
    (void)state;
    assert_string_equal(mig_version(), MIG_VERSION);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_earlier), cmocka_unit_test(test_later),
                                       cmocka_unit_test(test_none), cmocka_unit_test(test_version)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
