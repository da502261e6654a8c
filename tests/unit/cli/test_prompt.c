/* Asking for a password on a real pseudo-terminal: no echo, the terminal put back, signals honoured. */
#include "cli/prompt.h"

#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>
#include <cmocka.h>

typedef struct screen {
    int master;
    pid_t child;
    char text[4096]; /* all that the terminal showed */
    size_t length;
} screen;

/* In the child: 0 for `expected`, 10 + the error's code for a failure, 1 for another password. */
static void ask_and_exit(const char *expected, size_t size)
{
    char password[256];
    mig_error err = MIG_ERROR_INIT;
    if (cli_prompt_password("Password: ", password, size, &err) != 0) {
        _exit(10 + (int)err.code);
    }
    _exit(strcmp(password, expected) == 0 ? 0 : 1);
}

static screen start(const char *expected, size_t size)
{
    screen made = {.master = posix_openpt(O_RDWR | O_NOCTTY)};
    assert_true(made.master >= 0);
    assert_int_equal(grantpt(made.master), 0);
    assert_int_equal(unlockpt(made.master), 0);
    made.child = fork();
    assert_true(made.child >= 0);
    if (made.child == 0) {
        setsid();
        const int terminal = open(ptsname(made.master), O_RDWR);
        ioctl(terminal, TIOCSCTTY, 0);
        close(made.master);
        ask_and_exit(expected, size);
    }
    return made;
}

/* Read until `part` was shown; at most 10 seconds. */
static void await(screen *at, const char *part)
{
    struct pollfd ready = {.fd = at->master, .events = POLLIN};
    while (!strstr(at->text, part)) {
        assert_int_equal(poll(&ready, 1, 10000), 1);
        const ssize_t got = read(at->master, at->text + at->length, sizeof at->text - 1 - at->length);
        assert_true(got > 0);
        at->length += (size_t)got;
        at->text[at->length] = '\0';
    }
}

static void type(const screen *at, const char *keys)
{
    assert_int_equal(write(at->master, keys, strlen(keys)), strlen(keys));
}

static bool echoes(const screen *at)
{
    struct termios now;
    assert_int_equal(tcgetattr(at->master, &now), 0);
    return now.c_lflag & ECHO;
}

/* The child's wait status; the terminal must echo again. */
static int end(screen *at)
{
    int status = 0;
    assert_int_equal(waitpid(at->child, &status, 0), at->child);
    assert_true(echoes(at));
    close(at->master);
    return status;
}

static void test_answer(void **state)
{
    (void)state;
    screen at = start("correct horse", 256);
    await(&at, "Password: ");
    assert_false(echoes(&at));
    type(&at, "correct horse\n");
    await(&at, "\n");
    assert_int_equal(end(&at), 0);
    assert_null(strstr(at.text, "correct"));
}

static void test_nothing_typed(void **state)
{
    (void)state;
    screen at = start("", 256);
    await(&at, "Password: ");
    type(&at, "\n");
    const int status = end(&at);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 10 + MIG_E_SECRET);
}

static void test_too_long(void **state)
{
    (void)state;
    screen at = start("", 8);
    await(&at, "Password: ");
    type(&at, "12345678\n");
    const int status = end(&at);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 10 + MIG_E_SECRET);
}

static void test_interrupt(void **state)
{
    (void)state;
    screen at = start("", 256);
    await(&at, "Password: ");
    type(&at, "half\x03"); /* Ctrl-C: the signal takes its course, but the terminal is put back first */
    const int status = end(&at);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGINT);
}

/* Ctrl-Z gives the terminal back; continued, the question is asked again. */
static void test_suspend(void **state)
{
    (void)state;
    screen at = start("again", 256);
    int status = 0;
    await(&at, "Password: ");
    kill(at.child, SIGTSTP);
    await(&at, "\n");
    /* an orphaned process group (the child leads a session) is not stopped by SIGTSTP (POSIX): it asks again at once */
    await(&at, "\nPassword: ");
    assert_false(echoes(&at));
    type(&at, "again\n");
    status = end(&at);
    assert_int_equal(status, 0);
}

static void test_no_terminal(void **state)
{
    (void)state;
    const pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        setsid(); /* a session without a controlling terminal, as under cron */
        ask_and_exit("", 256);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 10 + MIG_E_SECRET);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_answer),   cmocka_unit_test(test_nothing_typed),
                                       cmocka_unit_test(test_too_long), cmocka_unit_test(test_interrupt),
                                       cmocka_unit_test(test_suspend),  cmocka_unit_test(test_no_terminal)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
