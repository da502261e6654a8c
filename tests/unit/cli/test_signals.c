/* SIGINT, SIGTERM and SIGHUP raise the stop level; an ignored signal stays ignored. */
#include "cli/signals.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

static mig_stop stop = MIG_STOP_INIT;

/* Run `body` in a child whose standard error is a pipe; gives back its exit status and what it wrote. */
static int in_child(int (*body)(void), char *text, size_t size)
{
    int ends[2], status = 0;
    assert_int_equal(pipe(ends), 0);
    const pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        dup2(ends[1], STDERR_FILENO);
        close(ends[0]);
        _exit(body());
    }
    close(ends[1]);
    size_t length = 0;
    ssize_t got;
    while ((got = read(ends[0], text + length, size - 1 - length)) > 0) {
        length += (size_t)got;
    }
    text[length] = '\0';
    close(ends[0]);
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static int twice(void)
{
    cli_signals_install(&stop);
    raise(SIGTERM);
    if (mig_stop_level(&stop) != 1) {
        return 1;
    }
    raise(SIGINT);
    if (mig_stop_level(&stop) != 2) {
        return 2;
    }
    raise(SIGPIPE);
    return 0;
}

static void test_two_signals(void **state)
{
    (void)state;
    char text[512];
    assert_int_equal(in_child(twice, text, sizeof text), 0);
    const char *first = strstr(text, "Stopping: what is under way has a second to end");
    assert_non_null(first);
    assert_non_null(strstr(first, "Stopping now"));
}

static int three_times(void)
{
    cli_signals_install(&stop);
    raise(SIGTERM);
    raise(SIGTERM);
    raise(SIGTERM);
    return 3; /* not reached */
}

/* Whatever the process is busy with: the third one is as if there were no handler. */
static void test_third_signal(void **state)
{
    (void)state;
    char text[512];
    assert_int_equal(in_child(three_times, text, sizeof text), -SIGTERM);
    assert_non_null(strstr(text, "Once more ends it at once"));
}

static int quietly(void)
{
    cli_signals_quiet(true);
    cli_signals_install(&stop);
    raise(SIGINT);
    return mig_stop_level(&stop);
}

static void test_a_viewer_says_nothing(void **state)
{
    (void)state;
    char text[512];
    assert_int_equal(in_child(quietly, text, sizeof text), 1);
    assert_string_equal(text, "");
}

static int under_nohup(void)
{
    signal(SIGHUP, SIG_IGN);
    cli_signals_install(&stop);
    raise(SIGHUP);
    return mig_stop_level(&stop);
}

static void test_ignored_stays_ignored(void **state)
{
    (void)state;
    char text[512];
    assert_int_equal(in_child(under_nohup, text, sizeof text), 0);
    assert_string_equal(text, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_two_signals), cmocka_unit_test(test_third_signal),
                                       cmocka_unit_test(test_a_viewer_says_nothing),
                                       cmocka_unit_test(test_ignored_stays_ignored)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
