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
    int64_t begun, ended;      /* seconds since 1970-01-01 UTC; 0: not */
    uint64_t to_copy;          /* messages that the run had to carry over when it began; 0: none, or not known yet */
    int64_t copying;           /* since when it carries them over; 0: not */
    uint64_t done, done_bytes; /* of these: messages dealt with (failed ones, too), and octets on the target */
    uint64_t copied, bytes, failed, in_flight; /* messages and octets on the target by now; messages that failed */
    char verified[16]; /* how the last verification ended; "" when there was none since the last copy */
    uint32_t failed_by_code[MIG_CODE_COUNT]; /* of the messages that failed: how many by which mig_code */
} mig_standing_account;

/*
 * The accounts of a state file. The caller releases them with mig_standing_free. 0, or -1: MIG_E_STATE, MIG_E_IO,
 * MIG_E_NOMEM.
 */
int mig_standing_read(const char *path, mig_standing_account **accounts, size_t *count, mig_error *err);

/* How fast a run is, over all the time that it copies by now or until its end, and how long the rest takes like that.
 */
typedef struct mig_standing_pace {
    bool known; /* it copies, for a second at least; else all is 0 */
    double messages_per_second, bytes_per_second;
    bool ends;           /* seconds_left is known: something is done, and the run still goes on */
    double seconds_left; /* 0: nothing is left */
} mig_standing_pace;

mig_standing_pace mig_standing_pace_of(const mig_standing_account *account, int64_t now);

/* The same of all accounts at work together: their speeds add up. */
mig_standing_pace mig_standing_pace_of_all(const mig_standing_account *accounts, size_t count, int64_t now);

void mig_standing_free(mig_standing_account **accounts, size_t count);

#ifdef __cplusplus
}
#endif
#endif
