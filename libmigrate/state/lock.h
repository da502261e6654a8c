/* state/lock.h - one writer a state file, and who it is */
#ifndef MIG_STATE_LOCK_H
#define MIG_STATE_LOCK_H

#include <migrate/error.h>
#include <stdbool.h>

/*
 * An flock() on "PATH.lock". The kernel gives it back when the holder ends, however it ends, so that a file left behind
 * never blocks. The file says who holds it; one that still says so when nobody does was left by a process that died.
 */
typedef struct mig__lock {
    int fd;       /* -1: not held */
    bool unclean; /* the holder before us did not close its state */
} mig__lock;

#define MIG__LOCK_INIT                                                                                                 \
    {                                                                                                                  \
        -1, false                                                                                                      \
    }

/* 0, or -1: MIG_E_STATE_LOCKED (names process, host and time), MIG_E_IO, MIG_E_DISK_FULL, MIG_E_NOMEM. */
int mig__lock_take(mig__lock *lock, const char *path, mig_error *err);
/* `clean`: the state was closed with everything in it. */
void mig__lock_release(mig__lock *lock, bool clean);

#endif
