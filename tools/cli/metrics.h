/* cli/metrics.h - a file of metrics for Prometheus, kept up to date by a thread of its own */
#ifndef CLI_METRICS_H
#define CLI_METRICS_H

#include <migrate/overview.h>
#include <pthread.h>
#include <stdatomic.h>

typedef struct cli_metrics {
    const char *path; /* NULL: not wanted */
    mig_board *board;
    pthread_t thread;
    bool begun;
    atomic_bool over;
} cli_metrics;

/* Write what the board has, whole or not at all: to FILE.tmp, then renamed. Errors: MIG_E_IO, MIG_E_DISK_FULL. */
int cli_metrics_write(mig_board *board, const char *path, mig_error *err);

/*
 * Write it for the first time, and again every few seconds; `path` NULL: nothing happens. `metrics` stays in its place
 * until cli_metrics_end. Errors: as above (a file that cannot be written is told before the work begins), MIG_E_LIMIT.
 */
int cli_metrics_begin(cli_metrics *metrics, mig_board *board, const char *path, mig_error *err);

/* Write it for the last time. 0, or -1 as above: a file that is not up to date says what is not so. */
int cli_metrics_end(cli_metrics *metrics, mig_error *err);

#endif
