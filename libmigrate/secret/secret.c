#define _GNU_SOURCE /* pipe2 (POSIX.1-2024), MADV_DONTDUMP */
#include "base/buffer.h"
#include "base/clock.h"
#include "base/process.h"
#include <errno.h>
#include <fcntl.h>
#include <migrate/secret.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { COMMAND_MS = 60000 };

struct mig_secret {
    pthread_mutex_t lock;
    char *value; /* pages of their own, MIG_SECRET_MAX octets */
    bool known;
    bool exposed;
    char *command; /* NULL: the value never changes */
};

static mig_secret *secret_new(mig_error *err)
{
    mig_secret *secret = calloc(1, sizeof *secret);
    void *pages = mmap(NULL, MIG_SECRET_MAX, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (secret == NULL || pages == MAP_FAILED) {
        if (pages != MAP_FAILED) {
            munmap(pages, MIG_SECRET_MAX);
        }
        free(secret);
        mig_error_set(err, MIG_E_NOMEM, "out of memory");
        return NULL;
    }
    (void)madvise(pages, MIG_SECRET_MAX, MADV_DONTDUMP);
    pthread_mutex_init(&secret->lock, NULL);
    secret->value = pages;
    return secret;
}

/* Take the first line of `text` over. What is wrong is told without the text. */
static int take_line(mig_secret *secret, const char *text, size_t length, const char *from, mig_error *err)
{
    const char *end = memchr(text, '\n', length);
    length = end != NULL ? (size_t)(end - text) : length;
    while (length > 0 && text[length - 1] == '\r') {
        length--;
    }
    if (length == 0) {
        return mig_error_set(err, MIG_E_SECRET, "%s gives no password: its first line is empty", from);
    }
    if (length >= MIG_SECRET_MAX || memchr(text, '\0', length) != NULL) {
        return mig_error_set(err, MIG_E_SECRET, "%s gives no password: its first line is too long or holds a NUL",
                             from);
    }
    explicit_bzero(secret->value, strlen(secret->value));
    (void)mlock(secret->value, length + 1); /* as far as the limits allow; pages that are not used cost nothing */
    memcpy(secret->value, text, length);
    secret->value[length] = '\0';
    secret->known = true;
    return 0;
}

mig_secret *mig_secret_from_value(const char *value, mig_error *err)
{
    mig_secret *secret = secret_new(err);
    if (secret != NULL && take_line(secret, value, strlen(value), "what was given", err) != 0) {
        mig_secret_free(&secret);
    }
    return secret;
}

/* Read until the end, a line end, or more than fits. Octets read, or -1 with errno. */
static ssize_t read_line(int fd, char *out, size_t size)
{
    size_t used = 0;
    while (used < size) {
        ssize_t got = read(fd, out + used, size - used);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got <= 0) {
            return got < 0 ? -1 : (ssize_t)used;
        }
        used += (size_t)got;
        if (memchr(out + used - got, '\n', (size_t)got) != NULL) {
            break;
        }
    }
    return (ssize_t)used;
}

mig_secret *mig_secret_from_file(const char *path, mig_error *err)
{
    mig_secret *secret = secret_new(err);
    char line[MIG_SECRET_MAX + 1];
    struct stat about;
    int failed = 0;
    int fd = secret == NULL ? -1 : open(path, O_RDONLY | O_CLOEXEC);
    if (secret == NULL) {
        return NULL;
    }
    ssize_t got = fd < 0 ? -1 : read_line(fd, line, sizeof line);
    if (got < 0) {
        failed = mig_error_errno(err, MIG_E_SECRET, errno, "cannot read the password file %s", path);
    } else {
        /* Windows puts a byte order mark in front of a text. */
        size_t mark = got >= 3 && memcmp(line, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
        failed = take_line(secret, line + mark, (size_t)got - mark, path, err);
        secret->exposed =
            fstat(fd, &about) == 0 && S_ISREG(about.st_mode) && (about.st_mode & (S_IRGRP | S_IROTH)) != 0;
    }
    explicit_bzero(line, sizeof line);
    if (fd >= 0) {
        close(fd);
    }
    if (failed != 0) {
        mig_secret_free(&secret);
    }
    return secret;
}

bool mig_secret_exposed(const mig_secret *secret)
{
    return secret->exposed;
}

mig_secret *mig_secret_from_command(const char *command, mig_error *err)
{
    mig_secret *secret = secret_new(err);
    if (secret != NULL && (secret->command = strdup(command)) == NULL) {
        mig_error_set(err, MIG_E_NOMEM, "out of memory");
        mig_secret_free(&secret);
    }
    return secret;
}

/* ---- commands ---- */

typedef struct running {
    pid_t pid;
    int out, errors;
    char line[MIG_SECRET_MAX + 1];
    size_t used;
    char complaint[512]; /* the end of what it says on standard error */
    size_t complained;
} running;

static void keep_end(running *r, const char *text, size_t length)
{
    size_t most = sizeof r->complaint;
    if (length >= most) {
        memcpy(r->complaint, text + length - most, most);
        r->complained = most;
        return;
    }
    if (r->complained + length > most) {
        size_t drop = r->complained + length - most;
        memmove(r->complaint, r->complaint + drop, r->complained - drop);
        r->complained -= drop;
    }
    memcpy(r->complaint + r->complained, text, length);
    r->complained += length;
}

/* One read of a descriptor; closes it (-1) at its end. */
static void drain(running *r, int *fd, bool errors)
{
    char text[1024];
    ssize_t got = read(*fd, text, sizeof text);
    if (got <= 0) {
        if (got < 0 && (errno == EINTR || errno == EAGAIN)) {
            return;
        }
        close(*fd);
        *fd = -1;
    } else if (errors) {
        keep_end(r, text, (size_t)got);
    } else {
        size_t room = sizeof r->line - r->used;
        size_t taken = (size_t)got < room ? (size_t)got : room;
        memcpy(r->line + r->used, text, taken);
        r->used += taken;
    }
    explicit_bzero(text, sizeof text);
}

/* Read both until their ends or the deadline. False: the deadline came. */
static bool listen_to(running *r, int64_t until)
{
    while (r->out >= 0 || r->errors >= 0) {
        int64_t left = until - mig__now_ms();
        struct pollfd fds[2] = {{r->out, POLLIN, 0}, {r->errors, POLLIN, 0}};
        if (left <= 0) {
            return false;
        }
        if (poll(fds, 2, (int)left) < 0 && errno != EINTR) {
            return false;
        }
        if (r->out >= 0 && fds[0].revents != 0) {
            drain(r, &r->out, false);
        }
        if (r->errors >= 0 && fds[1].revents != 0) {
            drain(r, &r->errors, true);
        }
    }
    return true;
}

static int start(running *r, const char *command, mig_error *err)
{
    int out[2] = {-1, -1}, errors[2] = {-1, -1};
    int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);
    int status = nothing < 0 || mig__process_lift(&nothing) != 0 || pipe2(out, O_CLOEXEC) != 0 ||
                         pipe2(errors, O_CLOEXEC) != 0 || mig__process_lift(&out[1]) != 0 ||
                         mig__process_lift(&errors[1]) != 0
                     ? errno
                     : mig__process_spawn(&r->pid, command, nothing, out[1], errors[1]);
    if (nothing >= 0) {
        close(nothing);
    }
    for (int i = 0; i < 2; i++) {
        int *ends = i == 0 ? out : errors;
        if (ends[1] >= 0) {
            close(ends[1]);
        }
        if (status != 0 && ends[0] >= 0) {
            close(ends[0]);
        }
    }
    r->out = out[0];
    r->errors = errors[0];
    return status == 0 ? 0 : mig_error_errno(err, MIG_E_SECRET, status, "cannot run the password command");
}

/* Wait for the end of the command; at the deadline it and what it started are killed. False: it was. */
static bool reap(const running *r, int64_t until, int *status)
{
    bool ended = true;
    for (;;) {
        pid_t got = waitpid(r->pid, status, ended ? WNOHANG : 0);
        if (got == r->pid || (got < 0 && errno != EINTR)) {
            return ended;
        }
        if (ended && mig__now_ms() >= until) {
            kill(-r->pid, SIGKILL);
            ended = false;
        } else if (ended) {
            mig__sleep_ms(10);
        }
    }
}

/* The last line of what it said on standard error. */
static void keep_last_words(running *r, mig_error *err)
{
    while (r->complained > 0 && (r->complaint[r->complained - 1] == '\n' || r->complaint[r->complained - 1] == '\r')) {
        r->complained--;
    }
    size_t first = r->complained;
    while (first > 0 && r->complaint[first - 1] != '\n') {
        first--;
    }
    mig_error_server(err, r->complaint + first, r->complained - first);
}

static int run_command(mig_secret *secret, mig_error *err)
{
    running r = {0};
    if (start(&r, secret->command, err) != 0) {
        return -1;
    }
    int64_t until = mig__now_ms() + COMMAND_MS;
    int status = 0, failed;
    bool ended = listen_to(&r, until);
    ended = reap(&r, ended ? until : 0, &status) && ended;
    if (!ended) {
        failed = mig_error_set(err, MIG_E_SECRET, "the password command did not end within a minute");
    } else if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
        failed = mig_error_set(err, MIG_E_SECRET, "the password command failed with status %d",
                               WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
        keep_last_words(&r, err);
    } else {
        failed = take_line(secret, r.line, r.used, "the password command", err);
    }
    if (failed != 0) {
        mig_error_hint(err, "run the command by hand: it must print the password and nothing before it");
    }
    if (r.out >= 0) {
        close(r.out);
    }
    if (r.errors >= 0) {
        close(r.errors);
    }
    explicit_bzero(&r, sizeof r);
    return failed;
}

int mig_secret_give(char *out, size_t size, bool fresh, void *context, mig_error *err)
{
    mig_secret *secret = context;
    int failed = 0;
    pthread_mutex_lock(&secret->lock);
    if (secret->command != NULL && (fresh || !secret->known)) {
        failed = run_command(secret, err);
    }
    size_t length = failed == 0 ? strlen(secret->value) : 0;
    if (failed == 0 && length >= size) {
        failed = mig_error_set(err, MIG_E_SECRET, "the password is longer than %zu octets", size - 1);
    } else if (failed == 0) {
        memcpy(out, secret->value, length + 1);
    }
    pthread_mutex_unlock(&secret->lock);
    return failed;
}

void mig_secret_free(mig_secret **pointer)
{
    mig_secret *secret = *pointer;
    *pointer = NULL;
    if (secret == NULL) {
        return;
    }
    explicit_bzero(secret->value, strlen(secret->value));
    munmap(secret->value, MIG_SECRET_MAX);
    pthread_mutex_destroy(&secret->lock);
    free(secret->command);
    free(secret);
}
