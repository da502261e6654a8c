/* store/identity.c - taking the file-system identity of the owner of a store, for one thread */
#define _GNU_SOURCE /* getgrouplist, syscall */
#include "store/identity.h"
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/fsuid.h>
#include <sys/syscall.h>
#endif

enum { RECORD_MOST = 64 * 1024, GROUPS_MOST = 65536 };

#ifdef __linux__

/* The C library would change the groups of all threads (POSIX wants that); the system call changes this one's. */
static int set_groups(size_t count, const gid_t *groups)
{
#ifdef SYS_setgroups32
    return (int)syscall(SYS_setgroups32, count, groups);
#else
    return (int)syscall(SYS_setgroups, count, groups);
#endif
}

static int own_groups(mig__identity *identity)
{
    int count = getgroups(0, NULL);
    identity->own_groups = calloc((size_t)(count > 0 ? count : 0) + 1, sizeof *identity->own_groups);
    if (identity->own_groups == NULL) {
        return -1;
    }
    count = count > 0 ? getgroups(count, identity->own_groups) : 0;
    identity->own_count = count > 0 ? (size_t)count : 0;
    return 0;
}

/* Who is in no list of users (as those of a mail system often are) has the group of the files and no other. */
static int owners_groups(mig__identity *identity)
{
    struct passwd record, *found = NULL;
    char *text = malloc(RECORD_MOST);
    int room = 32, failed = 0;
    if (text == NULL) {
        return -1;
    }
    if (getpwuid_r(identity->uid, &record, text, RECORD_MOST, &found) == 0 && found != NULL) {
        for (int got = -1; got < 0 && failed == 0 && room <= GROUPS_MOST;) {
            int count = room;
            gid_t *grown = realloc(identity->groups, (size_t)room * sizeof *grown);
            failed = grown == NULL ? -1 : 0;
            identity->groups = grown != NULL ? grown : identity->groups;
            got = failed == 0 ? getgrouplist(record.pw_name, record.pw_gid, identity->groups, &count) : -1;
            identity->count = got < 0 ? 0 : (size_t)count;
            room *= 2;
        }
    }
    free(text);
    return failed;
}

#endif

int mig__identity_of(mig__identity *identity, uid_t uid, gid_t gid, mig_error *err)
{
    *identity = (mig__identity){.uid = uid, .gid = gid};
#ifdef __linux__
    if (geteuid() != 0 || uid == 0) {
        return 0;
    }
    identity->other = true;
    if (own_groups(identity) != 0 || owners_groups(identity) != 0) {
        mig__identity_free(identity);
        return mig_error_set(err, MIG_E_NOMEM, "out of memory");
    }
#else
    (void)err;
#endif
    return 0;
}

int mig__identity_take(const mig__identity *identity, mig_error *err)
{
#ifdef __linux__
    if (!identity->other) {
        return 0;
    }
    /* The user last: who is somebody else already may not change groups. */
    bool changed = set_groups(identity->count, identity->groups) == 0;
    (void)setfsgid(identity->gid);
    (void)setfsuid(identity->uid);
    /* They do not say whether they did it; asking for -1 changes nothing and gives what is in force. */
    if (changed && (gid_t)setfsgid((gid_t)-1) == identity->gid && (uid_t)setfsuid((uid_t)-1) == identity->uid) {
        return 0;
    }
    (void)mig__identity_leave(identity);
    mig_error_set(err, MIG_E_CANNOT, "the files belong to user %lu, and root may not act as that one here",
                  (unsigned long)identity->uid);
    return mig_error_hint(err, "give CAP_SETUID and CAP_SETGID, run as that user, or use --files-as self");
#else
    (void)identity;
    (void)err;
    return 0;
#endif
}

bool mig__identity_leave(const mig__identity *identity)
{
#ifdef __linux__
    if (!identity->other) {
        return false;
    }
    bool worn = (uid_t)setfsuid(geteuid()) == identity->uid;
    (void)setfsgid(getegid());
    (void)set_groups(identity->own_count, identity->own_groups);
    return worn;
#else
    (void)identity;
    return false;
#endif
}

void mig__identity_free(mig__identity *identity)
{
    free(identity->groups);
    free(identity->own_groups);
    *identity = (mig__identity){.other = false};
}
