/* cli/metrics.c - a file of metrics for Prometheus, kept up to date by a thread of its own */
#include "cli/metrics.h"

#include "cli/thread.h"

#include <errno.h>
#include <fcntl.h>
#include <migrate/metrics_report.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { EVERY_MS = 10000 };

typedef struct text {
    char *data;
    size_t length;
    mig_error *err;
} text;

static int keep(const char *data, size_t length, void *context)
{
    text *t = context;
    char *grown = realloc(t->data, t->length + length);
    if (!grown) {
        return -1;
    }
    memcpy(grown + t->length, data, length);
    t->data = grown;
    t->length += length;
    return 0;
}

static int render(const mig_overview *overview, void *context)
{
    text *t = context;
    return mig_report_metrics(overview, keep, t, t->err);
}

static int write_all(int fd, const char *data, size_t length)
{
    while (length > 0) {
        const ssize_t written = write(fd, data, length);
        if (written < 0 && errno == EINTR) {
            continue;
        }
        if (written <= 0) {
            return -1;
        }
        data += written;
        length -= (size_t)written;
    }
    return 0;
}

/* Other users read it: the collector of the node exporter takes files that end in ".prom", and no other. */
static int replace(const char *path, const text *content, mig_error *err)
{
    char temporary[4096];
    if (snprintf(temporary, sizeof temporary, "%s.tmp", path) >= (int)sizeof temporary) {
        return mig_error_set(err, MIG_E_IO, "%s: the name is too long", path);
    }
    const int fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0644);
    if (fd < 0) {
        return mig_error_errno(err, MIG_E_IO, errno, "%s cannot be written", temporary);
    }
    int problem = write_all(fd, content->data, content->length) == 0 ? 0 : errno;
    if (close(fd) != 0 && problem == 0) {
        problem = errno;
    }
    if (problem == 0 && rename(temporary, path) != 0) {
        problem = errno;
    }
    if (problem != 0) {
        unlink(temporary);
        return mig_error_errno(err, MIG_E_IO, problem, "%s cannot be written", path);
    }
    return 0;
}

int cli_metrics_write(mig_board *board, const char *path, mig_error *err)
{
    text content = {.err = err};
    int result = mig_board_read(board, render, &content);
    if (result == 0) {
        result = replace(path, &content, err);
    }
    free(content.data);
    return result;
}

static void *keep_writing(void *context)
{
    cli_metrics *metrics = context;
    while (!atomic_load(&metrics->over)) {
        mig_error err = MIG_ERROR_INIT; /* what is wrong only for a while does not matter: the last write tells */
        cli_metrics_write(metrics->board, metrics->path, &err);
        for (int waited = 0; waited < EVERY_MS && !atomic_load(&metrics->over); waited += 100) {
            cli_thread_sleep_ms(100);
        }
    }
    return NULL;
}

int cli_metrics_begin(cli_metrics *metrics, mig_board *board, const char *path, mig_error *err)
{
    *metrics = (cli_metrics){.path = path, .board = board};
    if (!path) {
        return 0;
    }
    if (cli_metrics_write(board, path, err) != 0 ||
        cli_thread_start(&metrics->thread, keep_writing, metrics, err) != 0) {
        return -1;
    }
    metrics->begun = true;
    return 0;
}

int cli_metrics_end(cli_metrics *metrics, mig_error *err)
{
    if (!metrics->begun) {
        return 0;
    }
    atomic_store(&metrics->over, true);
    pthread_join(metrics->thread, NULL);
    metrics->begun = false;
    return cli_metrics_write(metrics->board, metrics->path, err);
}
