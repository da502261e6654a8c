/* cli/prompt.c - ask a person for a password */
#include "cli/prompt.h"
#include "cli/signals.h"

#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/select.h>
#include <termios.h>
#include <unistd.h>

/* Those that end or suspend the tool. SIGTTIN and SIGTTOU are left alone: they come before the echo is turned off. */
static const int watched[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP};
#define WATCHED (sizeof watched / sizeof watched[0])

static volatile sig_atomic_t caught; /* the last signal while the echo was off */

static void remember(int number)
{
    caught = number;
}

/*
 * Read one line; -1 when a signal came in between or the terminal is gone. The watched signals are blocked but while
 * pselect() waits, so that none can come unseen just before a read() that would then wait for ever.
 */
static int read_line(int fd, const sigset_t *waiting, char *out, size_t size, bool *too_long)
{
    size_t used = 0;
    for (;;) {
        char c;
        fd_set readable;
        FD_ZERO(&readable);
        FD_SET(fd, &readable);
        if (pselect(fd + 1, &readable, NULL, NULL, NULL, waiting) < 0) {
            return -1;
        }
        const ssize_t got = read(fd, &c, 1);
        if (got < 0) {
            return -1;
        }
        if (got == 0 || c == '\n' || c == '\r') {
            break;
        }
        if (used + 1 < size) {
            out[used++] = c;
        } else {
            *too_long = true;
        }
    }
    out[used] = '\0';
    return 0;
}

/* Ask, with the echo off for what nobody should see, and put the terminal back. */
static int ask_once(int fd, const char *question, bool echo, const sigset_t *waiting, char *out, size_t size,
                    bool *too_long)
{
    struct termios before, silent;
    int result = -1;
    if (tcgetattr(fd, &before) != 0) {
        return -1;
    }
    silent = before;
    silent.c_lflag &= ~(echo ? 0 : (tcflag_t)(ECHO | ECHONL));
    if (tcsetattr(fd, TCSAFLUSH, &silent) == 0) {
        if (dprintf(fd, "%s", question) >= 0) {
            result = read_line(fd, waiting, out, size, too_long);
        }
        if (!echo) {
            dprintf(fd, "\n");
        }
        tcsetattr(fd, TCSAFLUSH, &before);
    }
    return result;
}

/* Ask once. Signals are held back until the terminal is as it was, then take their course. */
static int ask(int fd, const char *question, bool echo, char *out, size_t size, bool *too_long)
{
    struct sigaction old[WATCHED];
    struct sigaction action = {.sa_handler = remember};
    sigset_t blocked, before;
    sigemptyset(&action.sa_mask);
    sigemptyset(&blocked);
    caught = 0;
    for (size_t i = 0; i < WATCHED; i++) {
        sigaddset(&blocked, watched[i]);
    }
    sigprocmask(SIG_BLOCK, &blocked, &before);
    for (size_t i = 0; i < WATCHED; i++) {
        sigaction(watched[i], &action, &old[i]);
    }
    const int result = ask_once(fd, question, echo, &before, out, size, too_long);
    for (size_t i = 0; i < WATCHED; i++) {
        sigaction(watched[i], &old[i], NULL);
    }
    sigprocmask(SIG_SETMASK, &before, NULL);
    if (caught != 0) {
        cli_signals_quiet(true); /* nothing was begun yet */
        kill(getpid(), caught);
        cli_signals_quiet(false);
    }
    return result;
}

int cli_prompt_password(const char *question, char *out, size_t size, mig_error *err)
{
    const int fd = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (fd < 0) {
        return mig_error_set(err, MIG_E_SECRET, "there is no terminal to ask for a password on");
    }
    bool too_long;
    int result;
    do {
        too_long = false;
        result = ask(fd, question, false, out, size, &too_long);
    } while (result != 0 && caught == SIGTSTP); /* suspended and continued: the question is asked again */
    close(fd);

    if (result == 0 && !too_long && out[0] != '\0') {
        return 0;
    }
    explicit_bzero(out, size);
    if (result != 0 && caught != 0) {
        return mig_error_set(err, MIG_E_INTERRUPTED, "interrupted while asking for a password");
    }
    return mig_error_set(err, MIG_E_SECRET, too_long ? "the password is too long" : "no password was typed");
}

int cli_prompt_yes(const char *question, mig_error *err)
{
    char answer[16];
    bool too_long = false;
    const int fd = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (fd < 0) {
        return mig_error_set(err, MIG_E_SECRET, "there is no terminal to ask on");
    }
    int result;
    do {
        result = ask(fd, question, true, answer, sizeof answer, &too_long);
    } while (result != 0 && caught == SIGTSTP); /* suspended and continued: the question is asked again */
    close(fd);
    if (result != 0) {
        return mig_error_set(err, caught != 0 ? MIG_E_INTERRUPTED : MIG_E_SECRET,
                             caught != 0 ? "interrupted instead of an answer" : "the terminal gives no answer");
    }
    return !too_long && (strcasecmp(answer, "y") == 0 || strcasecmp(answer, "yes") == 0);
}
