/* Threads, and the limits of a process: whose fault they are. */
#include "base/thread.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>

static void *look_at_mask(void *argument)
{
    sigset_t mask;
    pthread_sigmask(SIG_SETMASK, NULL, &mask);
    *(int *)argument = sigismember(&mask, SIGINT) && sigismember(&mask, SIGTERM);
    return NULL;
}

static void test_signals_are_blocked(void **state)
{
    (void)state;
    mig_error error = MIG_ERROR_INIT;
    pthread_t thread;
    int blocked = 0;
    sigset_t mask;
    assert_int_equal(mig__thread_start(&thread, look_at_mask, &blocked, &error), 0);
    pthread_join(thread, NULL);
    assert_int_equal(blocked, 1);
    pthread_sigmask(SIG_SETMASK, NULL, &mask);
    assert_int_equal(sigismember(&mask, SIGINT), 0);
}

static void test_descriptors(void **state)
{
    (void)state;
    mig_error error = MIG_ERROR_INIT;
    struct rlimit before, none;
    assert_false(mig__out_of_descriptors(&error));
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    none = before;
    none.rlim_cur = 0;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    bool out = mig__out_of_descriptors(&error);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    assert_true(out);
    assert_int_equal(error.code, MIG_E_LIMIT);
    assert_int_equal(error.scope, MIG_SCOPE_RUN);
    assert_int_equal(mig_code_exit_status(error.code), 6);
    assert_non_null(strstr(error.hint, "ulimit -n"));
    mig_error_hint(&error, "make the directory writable"); /* what the caller took to be the reason */
    assert_non_null(strstr(error.hint, "ulimit -n"));
}

static void test_errno(void **state)
{
    (void)state;
    mig_error error = MIG_ERROR_INIT;
    mig_error_errno(&error, MIG_E_IO, ENFILE, "opening x");
    assert_int_equal(error.code, MIG_E_LIMIT);
    assert_non_null(strstr(error.hint, "fs.file-max"));
    mig_error_errno(&error, MIG_E_IO, EACCES, "opening x");
    assert_int_equal(error.code, MIG_E_IO);
    assert_string_equal(error.hint, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_signals_are_blocked),
        cmocka_unit_test(test_descriptors),
        cmocka_unit_test(test_errno),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
