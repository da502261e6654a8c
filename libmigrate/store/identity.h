/*
 * store/identity.h - files of somebody's are read and written with that one's rights, and not with root's
 *
 * The identity that counts for files alone (setfsuid(2), setfsgid(2)) belongs to a thread. It is taken by the thread
 * that answers for a store, and left for a moment when a file of our own is written.
 */
#ifndef MIG_STORE_IDENTITY_H
#define MIG_STORE_IDENTITY_H

#include <migrate/error.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

typedef struct mig__identity {
    bool other; /* false: that of the process, which is all that there is without root's rights */
    uid_t uid;
    gid_t gid;
    gid_t *groups, *own_groups; /* supplementary */
    size_t count, own_count;
} mig__identity;

/* That of the owner of a file, with the groups that the system knows of them. 0, or -1 without memory. */
int mig__identity_of(mig__identity *identity, uid_t uid, gid_t gid, mig_error *err);
/* For this thread, from now on. MIG_E_CANNOT: the system does not allow it. */
int mig__identity_take(const mig__identity *identity, mig_error *err);
/* Back to the process's own. Returns whether the other one was in force, to be taken again. */
bool mig__identity_leave(const mig__identity *identity);
void mig__identity_free(mig__identity *identity);

#endif
