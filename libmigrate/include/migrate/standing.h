/*
 * migrate/standing.h - how accounts stand, from their state files: for a look at a run from another terminal
 *
 * The files are opened for reading, beside the run that writes them; nothing is locked, asked or changed.
 */
#ifndef MIGRATE_STANDING_H
#define MIGRATE_STANDING_H

#include <migrate/error.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum mig_standing {
    MIG_STANDING_NEW,     /* nothing was done yet */
    MIG_STANDING_RUNNING, /* a process works on it */
    MIG_STANDING_ENDED,   /* the last run came to its end, however that was */
    MIG_STANDING_KILLED   /* the last run did not; the next one goes on */
} mig_standing;

/* "new", "running", "ended", "killed". Static storage. */
const char *mig_standing_name(mig_standing standing);

typedef struct mig_standing_account {
    char *source, *target; /* "user@host" */
    char *path;            /* of the state file */
    mig_standing standing;
    char verb[16];   /* of the last run: "copy", "verify"; "" for none */
    char status[16]; /* how it ended: "complete", "partial", "interrupted", "failed"; "" while it runs */
    char host[128];  /* where it runs or ran */
    int64_t pid;
    int64_t begun, ended; /* seconds since 1970-01-01 UTC; 0: not */
    uint64_t to_copy;     /* messages that the run had to carry over when it began; 0: none, or not known yet */
    uint64_t copied, bytes, failed, in_flight; /* messages and octets on the target by now; messages that failed */
    char verified[16]; /* how the last verification ended; "" when there was none since the last copy */
} mig_standing_account;

/*
 * The accounts of a state file. The caller releases them with mig_standing_free. 0, or -1: MIG_E_STATE, MIG_E_IO,
 * MIG_E_NOMEM.
 */
int mig_standing_read(const char *path, mig_standing_account **accounts, size_t *count, mig_error *err);

void mig_standing_free(mig_standing_account **accounts, size_t count);

#ifdef __cplusplus
}
#endif
#endif
