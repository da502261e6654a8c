/*
 * migrate/progress.h - a snapshot of a running copy, verification or export, for showing how far it is
 */
#ifndef MIGRATE_PROGRESS_H
#define MIGRATE_PROGRESS_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A snapshot of running work, for showing progress. Borrowed strings, valid during the callback. */
typedef struct mig_progress {
    const char *account;     /* "user@host" of the source */
    const char *phase;       /* "connecting", "listing", "reconciling", "copying", "waiting", "done" */
    const char *folder;      /* source folder worked on last, UTF-8, or "" */
    uint64_t messages_total; /* of the whole run as known so far */
    uint64_t messages_done;  /* copied, adopted, already there or failed */
    uint64_t bytes_done;     /* message octets copied */
    uint64_t failed;
    double seconds;          /* since the start of the run */
} mig_progress;

/* Called about 10 times a second, by one thread at a time. */
typedef void mig_progress_fn(const mig_progress *progress, void *context);

#ifdef __cplusplus
}
#endif
#endif
