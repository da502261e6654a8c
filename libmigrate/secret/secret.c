/* secret/secret.c - passwords: from a file, from a command, or as given */
#include "base/memory.h"
#include "base/process.h"
#include <errno.h>
#include <fcntl.h>
#include <migrate/secret.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
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
    char *value = secret != NULL ? mig__locked_new(MIG_SECRET_MAX) : NULL;
    if (value == NULL) {
        free(secret);
        mig_error_set(err, MIG_E_NOMEM, "out of memory");
        return NULL;
    }
    pthread_mutex_init(&secret->lock, NULL);
    secret->value = value;
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
    mig__locked_hold(secret->value, length + 1);
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

static int run_command(mig_secret *secret, mig_error *err)
{
    char line[MIG_SECRET_MAX + 1] = "";
    mig__process process = {
        .command = secret->command, .output = line, .output_size = sizeof line, .timeout_ms = COMMAND_MS};
    int problem = mig__process_run(&process), failed;
    if (problem != 0) {
        return mig_error_errno(err, MIG_E_SECRET, problem, "cannot run the password command");
    }
    int status = mig__process_exit(process.status);
    if (process.timed_out) {
        failed = mig_error_set(err, MIG_E_SECRET, "the password command did not end within a minute");
    } else if (status != 0) {
        size_t length;
        const char *words = mig__last_words_line(&process.words, &length);
        failed = mig_error_set(err, MIG_E_SECRET, "the password command failed with status %d", status);
        mig_error_server(err, words, length);
    } else {
        failed = take_line(secret, line, process.output_length, "the password command", err);
    }
    if (failed != 0) {
        mig_error_hint(err, "run the command by hand: it must print the password and nothing before it");
    }
    explicit_bzero(line, sizeof line);
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
    mig__locked_free(secret->value, MIG_SECRET_MAX);
    pthread_mutex_destroy(&secret->lock);
    free(secret->command);
    free(secret);
}
