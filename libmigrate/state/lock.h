/* state/lock.h - one writer a state file, and who it is */
#ifndef MIG_STATE_LOCK_H
#define MIG_STATE_LOCK_H

#include "base/sha256.h"
#include <migrate/error.h>
#include <stdbool.h>

/*
 * An flock() on "PATH.lock". The kernel gives it back when the holder ends, however it ends, so that a file left behind
 * never blocks. The file says who holds it; one that still says so when nobody does was left by a process that died.
 */
typedef struct mig__lock {
    int fd;       /* -1: not held */
    bool unclean; /* the holder before us did not close its state */
    char *name;   /* of a pair's lock: the file, owned */
} mig__lock;

#define MIG__LOCK_INIT                                                                                                 \
    {                                                                                                                  \
        -1, false, NULL                                                                                                \
    }

/* 0, or -1: MIG_E_STATE_LOCKED (names process, host and time), MIG_E_IO, MIG_E_DISK_FULL, MIG_E_NOMEM. */
int mig__lock_take(mig__lock *lock, const char *path, mig_error *err);
/* `clean`: the state was closed with everything in it. */
void mig__lock_release(mig__lock *lock, bool clean);

/* What names a pair of accounts, whatever state file a run has: of both labels. 0, or -1 with MIG_E_NOMEM. */
int mig__lock_pair_digest(const char *source, const char *target, uint8_t out[MIG__DIGEST_SIZE], mig_error *err);

/*
 * The same for a pair of accounts, whatever state file a run has: a file in `directory`, named by a digest of both
 * labels, which other users of the machine may share (/run/lock, /tmp). 0, or -1: MIG_E_PAIR_LOCKED (names process,
 * host and time), MIG_E_IO.
 */
int mig__lock_take_pair(mig__lock *lock, const char *directory, const char *source, const char *target, mig_error *err);
/* Nothing when it is not held. The file goes. */
void mig__lock_release_pair(mig__lock *lock);

#endif
