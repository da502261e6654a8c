/* Files without a name: what was put in comes back, nothing is left behind, and failures are told */
#include "base/spool.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void what_was_put_in_comes_back(void **state)
{
    (void)state;
    char directory[] = "/tmp/mig-spool-XXXXXX", out[8];
    assert_non_null(mkdtemp(directory));
    int fd = mig__spool_file(directory);
    assert_true(fd >= 0);
    assert_int_equal(rmdir(directory), 0); /* it has no name there */
    assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
    assert_int_equal(mig__spool_put(fd, "hello ", 6), 0);
    assert_int_equal(mig__spool_put(fd, "", 0), 0);
    assert_int_equal(mig__spool_put(fd, "world", 5), 0);
    assert_int_equal(mig__spool_get(fd, 4, out, 5), 1);
    assert_memory_equal(out, "o wor", 5);
    assert_int_equal(mig__spool_get(fd, 11, out, 0), 1);
    assert_int_equal(mig__spool_get(fd, 8, out, 4), 0); /* one too many */
    close(fd);
}

static void failures_are_in_errno(void **state)
{
    (void)state;
    char out[1];
    errno = 0;
    assert_int_equal(mig__spool_file("/nonexistent"), -1);
    assert_int_equal(errno, ENOENT);
    int full = open("/dev/full", O_WRONLY);
    assert_true(full >= 0);
    assert_int_equal(mig__spool_put(full, "x", 1), -1);
    assert_int_equal(errno, ENOSPC);
    assert_int_equal(mig__spool_get(full, 0, out, 1), -1); /* not open for reading */
    assert_int_equal(errno, EBADF);
    close(full);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_put_in_comes_back),
        cmocka_unit_test(failures_are_in_errno),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
