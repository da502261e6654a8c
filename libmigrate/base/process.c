/* base/process.c - starting commands, feeding and hearing them, and waiting for their end */
#define _GNU_SOURCE /* environ; pipe2 (POSIX.1-2024): no other thread's command may inherit an end of a pipe */
#include "base/process.h"
#include "base/clock.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { WAIT_STEP_MS = 5, KILLED_MS = 10000 };

/* The variables for the command. The strings are borrowed. */
static char **variables(void)
{
    size_t count = 0, kept = 0;
    char **copy;

    while (environ[count]) {
        count++;
    }
    copy = malloc((count + 1) * sizeof *copy);
    if (!copy) {
        return NULL;
    }
    for (size_t i = 0; i < count; i++) {
        if (strncmp(environ[i], "MAILMIGRATE_", 12) != 0) {
            copy[kept++] = environ[i];
        }
    }
    copy[kept] = NULL;
    return copy;
}

static int prepare(posix_spawnattr_t *attributes, posix_spawn_file_actions_t *actions, int in, int out, int errors)
{
    sigset_t none, all;
    int status;

    sigemptyset(&none);
    sigfillset(&all);
    status =
        posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    if (!status) {
        status = posix_spawnattr_setpgroup(attributes, 0);
    }
    if (!status) {
        status = posix_spawnattr_setsigmask(attributes, &none);
    }
    if (!status) {
        status = posix_spawnattr_setsigdefault(attributes, &all);
    }
    if (!status) {
        status = posix_spawn_file_actions_adddup2(actions, in, STDIN_FILENO);
    }
    if (!status) {
        status = posix_spawn_file_actions_adddup2(actions, out, STDOUT_FILENO);
    }
    if (!status) {
        status = posix_spawn_file_actions_adddup2(actions, errors, STDERR_FILENO);
    }
    return status;
}

int mig__process_spawn(pid_t *pid, const char *command, int in, int out, int errors)
{
    char *const arguments[] = {(char *)(uintptr_t) "sh", (char *)(uintptr_t) "-c", (char *)(uintptr_t)command, NULL};
    posix_spawnattr_t attributes;
    posix_spawn_file_actions_t actions;
    char **environment = variables();
    int status;

    if (!environment) {
        return ENOMEM;
    }
    posix_spawnattr_init(&attributes);
    posix_spawn_file_actions_init(&actions);
    status = prepare(&attributes, &actions, in, out, errors);
    if (!status) {
        status = posix_spawn(pid, "/bin/sh", &actions, &attributes, arguments, environment);
    }
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    free(environment);
    return status;
}

int mig__process_lift(int *fd)
{
    int high;

    if (*fd > STDERR_FILENO) {
        return 0;
    }
    high = fcntl(*fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    if (high < 0) {
        return -1;
    }
    close(*fd);
    *fd = high;
    return 0;
}

int mig__process_pipe(int ends[2])
{
    if (pipe2(ends, O_CLOEXEC) != 0) {
        ends[0] = ends[1] = -1;
        return -1;
    }
    if (mig__process_lift(&ends[0]) == 0 && mig__process_lift(&ends[1]) == 0) {
        return 0;
    }
    int problem = errno;
    close(ends[0]);
    close(ends[1]);
    ends[0] = ends[1] = -1;
    errno = problem;
    return -1;
}

bool mig__process_wait(pid_t pid, int64_t until, int *status)
{
    *status = -1;
    for (;;) {
        int found = 0;
        pid_t ended = waitpid(pid, &found, WNOHANG);
        if (ended == pid) {
            *status = found;
            return true;
        }
        if (ended < 0 && errno != EINTR) {
            return true; /* somebody else reaped it, or SIGCHLD is ignored */
        }
        if (mig__now_ms() >= until) {
            return false;
        }
        mig__sleep_ms(WAIT_STEP_MS);
    }
}

int mig__process_exit(int status)
{
    return status < 0 ? 0 : WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

void mig__last_words_add(mig__last_words *words, const char *text, size_t length)
{
    size_t most = sizeof words->text;
    if (length > most) {
        text += length - most;
        length = most;
    }
    if (words->length + length > most) {
        size_t drop = words->length + length - most;
        memmove(words->text, words->text + drop, words->length - drop);
        words->length -= drop;
    }
    memcpy(words->text + words->length, text, length);
    words->length += length;
}

const char *mig__last_words_line(const mig__last_words *words, size_t *length)
{
    size_t end = words->length;
    while (end > 0 && strchr("\r\n \t", words->text[end - 1]) != NULL) {
        end--;
    }
    size_t start = end;
    while (start > 0 && words->text[start - 1] != '\n') {
        start--;
    }
    *length = end - start;
    return words->text + start;
}

/* ---- to its end ---- */

typedef struct running {
    mig__process *process;
    pid_t pid;
    int in, out, errors; /* our ends; -1: closed, or not ours */
    size_t fed;
} running;

static void close_one(int *fd)
{
    if (*fd >= 0) {
        close(*fd);
    }
    *fd = -1;
}

/* A command that does not read its input is no reason to be ended by SIGPIPE. */
static ssize_t write_quietly(int fd, const char *text, size_t length)
{
    sigset_t pipe_signal, before, pending;
    const struct timespec at_once = {0};
    sigemptyset(&pipe_signal);
    sigaddset(&pipe_signal, SIGPIPE);
    sigpending(&pending);
    bool was_pending = sigismember(&pending, SIGPIPE) == 1;
    pthread_sigmask(SIG_BLOCK, &pipe_signal, &before);
    ssize_t written = write(fd, text, length);
    int problem = errno;
    if (written < 0 && problem == EPIPE && !was_pending) {
        (void)sigtimedwait(&pipe_signal, NULL, &at_once);
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    errno = problem;
    return written;
}

static void feed(running *r)
{
    mig__process *p = r->process;
    ssize_t written = write_quietly(r->in, p->input + r->fed, p->input_length - r->fed);
    if (written > 0) {
        r->fed += (size_t)written;
    }
    bool broken = written < 0 && errno != EINTR && errno != EAGAIN;
    if (broken || r->fed == p->input_length) {
        close_one(&r->in);
    }
}

static void hear(running *r, int *fd, bool errors)
{
    mig__process *p = r->process;
    char text[1024];
    ssize_t got = read(*fd, text, sizeof text);
    if (got == 0 || (got < 0 && errno != EINTR && errno != EAGAIN)) {
        close_one(fd);
    } else if (got > 0 && errors) {
        mig__last_words_add(&p->words, text, (size_t)got);
    } else if (got > 0) {
        size_t room = p->output_size - p->output_length;
        size_t taken = (size_t)got < room ? (size_t)got : room;
        memcpy(p->output + p->output_length, text, taken);
        p->output_length += taken;
    }
    explicit_bzero(text, sizeof text); /* it may be a password */
}

/* Until all descriptors are closed, or the time is over. */
static void converse(running *r, int64_t until)
{
    while (r->in >= 0 || r->out >= 0 || r->errors >= 0) {
        struct pollfd entries[3] = {{r->in, POLLOUT, 0}, {r->out, POLLIN, 0}, {r->errors, POLLIN, 0}};
        int64_t left = until - mig__now_ms();
        if (left <= 0 || (poll(entries, 3, (int)left) < 0 && errno != EINTR)) {
            return;
        }
        if (r->in >= 0 && entries[0].revents != 0) {
            feed(r);
        }
        if (r->out >= 0 && entries[1].revents != 0) {
            hear(r, &r->out, false);
        }
        if (r->errors >= 0 && entries[2].revents != 0) {
            hear(r, &r->errors, true);
        }
    }
}

/* The other ends go to the command. 0, or an errno. */
static int start(running *r)
{
    const mig__process *p = r->process;
    int in[2] = {-1, -1}, out[2] = {-1, -1}, errors[2] = {-1, -1};
    bool ready;
    if (p->input != NULL) {
        ready = mig__process_pipe(in) == 0 && fcntl(in[1], F_SETFL, O_NONBLOCK) == 0;
    } else {
        ready = (in[0] = open("/dev/null", O_RDONLY | O_CLOEXEC)) >= 0 && mig__process_lift(&in[0]) == 0;
    }
    if (p->output != NULL) {
        ready = ready && mig__process_pipe(out) == 0 && mig__process_pipe(errors) == 0;
    } else {
        ready = ready && (out[1] = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1)) >= 0 &&
                (errors[1] = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1)) >= 0;
    }
    int problem = ready ? mig__process_spawn(&r->pid, p->command, in[0], out[1], errors[1]) : errno;
    close_one(&in[0]);
    close_one(&out[1]);
    close_one(&errors[1]);
    r->in = in[1];
    r->out = out[0];
    r->errors = errors[0];
    return problem;
}

int mig__process_run(mig__process *process)
{
    running r = {.process = process, .pid = -1};
    int64_t until = mig__now_ms() + process->timeout_ms;
    process->output_length = process->words.length = 0;
    process->timed_out = false;
    process->status = -1;
    int problem = start(&r);
    if (problem == 0) {
        converse(&r, until);
        /* Who does not read its input to the end, or leaves its output open in something that it started, may end. */
        process->timed_out =
            !mig__process_wait(r.pid, r.out >= 0 || r.errors >= 0 ? mig__now_ms() : until, &process->status);
        process->timed_out = process->timed_out || r.out >= 0 || r.errors >= 0;
        if (process->timed_out) {
            kill(-r.pid, SIGKILL);
            (void)mig__process_wait(r.pid, mig__now_ms() + KILLED_MS, &process->status);
        }
    }
    close_one(&r.in);
    close_one(&r.out);
    close_one(&r.errors);
    return problem;
}
