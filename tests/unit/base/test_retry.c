#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/retry.h"

static mig_error make(mig_code code)
{
    mig_error error;
    mig_error_set(&error, code, "test");
    return error;
}

static void test_never(void **state)
{
    (void)state;
    static const mig_code codes[] = {MIG_E_AUTH, MIG_E_CERTIFICATE, MIG_E_OVERQUOTA, MIG_E_STATE, MIG_E_DISK_FULL};
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
        mig_error error = make(codes[i]);
        assert_int_equal(mig__retry_delay(&error, 1, 0), -1);
        assert_true(mig__retry_fatal(&error));
    }
}

static void test_backoff_grows_to_a_minute(void **state)
{
    (void)state;
    mig_error error = make(MIG_E_UNAVAILABLE);
    int64_t last = 0;
    for (unsigned attempt = 1; attempt < 40; attempt++) {
        int64_t least = mig__retry_delay(&error, attempt, 0);
        int64_t most = mig__retry_delay(&error, attempt, UINT32_MAX);
        assert_true(least >= last);
        assert_true(most >= least && most <= 60000);
        assert_true(least >= most / 2 - 1);
        last = least;
    }
    assert_int_equal(mig__retry_delay(&error, 39, UINT32_MAX), 60000);
}

static void test_a_cut_is_retried_soon(void **state)
{
    (void)state;
    mig_error error = make(MIG_E_CLOSED);
    assert_in_range(mig__retry_delay(&error, 1, UINT32_MAX / 2), 125, 250);
    assert_false(mig__retry_fatal(&error));
}

static void test_the_servers_wish_is_honoured(void **state)
{
    (void)state;
    mig_error error = make(MIG_E_UNAVAILABLE);
    error.retry_after_ms = 120000;
    assert_int_equal(mig__retry_delay(&error, 1, 0), 120000);
    assert_in_range(mig__retry_delay(&error, 9, UINT32_MAX), 120000, 132000);
}

/* Another session would fare the same: nothing is looked into by leaving messages out. */
static void test_pointless(void **state)
{
    (void)state;
    mig_error error = MIG_ERROR_INIT;
    mig_error_set(&error, MIG_E_BOUNDS, "a line that is too long");
    assert_false(mig__retry_pointless(&error)); /* it may be one message's */
    error.retry = MIG_RETRY_NEVER;
    assert_true(mig__retry_pointless(&error));
    mig_error_set(&error, MIG_E_CLOSED, "closed");
    assert_false(mig__retry_pointless(&error));
    mig_error_set(&error, MIG_E_LIMIT, "no more files");
    assert_true(mig__retry_pointless(&error));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pointless),
        cmocka_unit_test(test_never),
        cmocka_unit_test(test_backoff_grows_to_a_minute),
        cmocka_unit_test(test_a_cut_is_retried_soon),
        cmocka_unit_test(test_the_servers_wish_is_honoured),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
