/* QUOTA answers as servers give them, and what is no answer */
#include "inventory/quota.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

static void test_storage_and_messages(void **state)
{
    mig_quota quota = {.known = false};
    (void)state;
    assert_true(mig__quota_add(&quota, "\"User quota\" (STORAGE 10 512 MESSAGE 3 1000)"));
    assert_true(quota.known);
    assert_int_equal(quota.used, 10 * 1024);
    assert_int_equal(quota.limit, 512 * 1024);
    assert_int_equal(quota.messages_used, 3);
    assert_int_equal(quota.messages_limit, 1000);
}

static void test_least_room_counts(void **state)
{
    mig_quota quota = {.known = false};
    (void)state;
    assert_true(mig__quota_add(&quota, "big (STORAGE 0 1000)"));
    assert_true(mig__quota_add(&quota, "\"\" (storage 90 100)"));
    assert_true(mig__quota_add(&quota, "other (STORAGE 10 500)"));
    assert_int_equal(quota.limit, 100 * 1024);
    assert_int_equal(quota.used, 90 * 1024);
}

static void test_forms(void **state)
{
    mig_quota quota = {.known = false};
    (void)state;
    assert_true(mig__quota_add(&quota, "\"a \\\"(b\\\\\" (X-NUM-FOLDERS 3 4)"));
    assert_true(quota.known);
    assert_int_equal(quota.limit, 0);
    quota = (mig_quota){.known = false};
    assert_true(mig__quota_add(&quota, "root ()"));
    assert_false(quota.known);
    assert_true(mig__quota_add(&quota, "\"\" ( STORAGE  1  2 )"));
    assert_int_equal(quota.limit, 2048);
}

static void test_nonsense(void **state)
{
    static const char *const texts[] = {"",
                                        "root",
                                        "\"root",
                                        "\"root\\",
                                        "root STORAGE 1 2",
                                        "root (STORAGE 1",
                                        "root (STORAGE one 2)",
                                        "root (STORAGE 1 99999999999999999999999)",
                                        "root (STORAGE)",
                                        "root ((STORAGE 1 2))"};
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        mig_quota quota = {.known = false};
        if (mig__quota_add(&quota, texts[i])) {
            fail_msg("\"%s\" was taken", texts[i]);
        }
        assert_int_equal(quota.limit, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_storage_and_messages),
        cmocka_unit_test(test_least_room_counts),
        cmocka_unit_test(test_forms),
        cmocka_unit_test(test_nonsense),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
