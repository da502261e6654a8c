/*
 * migrate/progress.h - a snapshot of a running copy, verification or export, for showing how far it is
 */
#ifndef MIGRATE_PROGRESS_H
#define MIGRATE_PROGRESS_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What the work met on its way: for metrics. All but `queue_bytes` only grows during one copy. */
typedef struct mig_strain {
    uint64_t queue_bytes;  /* message octets that were read and are not on the target yet: held in memory now */
    uint64_t reconnects;   /* connections that broke while at work */
    uint64_t throttles;    /* how often a server asked to wait */
    uint64_t commits;      /* of the state file */
    double commit_seconds; /* that they took, all together */
} mig_strain;

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
    mig_strain strain;       /* of the run so far; a verification or an inventory has none */
} mig_progress;

/* Called about 10 times a second, by one thread at a time. */
typedef void mig_progress_fn(const mig_progress *progress, void *context);

#ifdef __cplusplus
}
#endif
#endif
