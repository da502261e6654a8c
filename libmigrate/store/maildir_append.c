/*
 * store/maildir_append.c - messages into a Maildir, so that a kill at any moment leaves each of them there or not there
 *
 * They are written below tmp and synced. Then, under the list's lock, their UIDs are added to dovecot-uidlist and
 * synced, and only then they are moved into cur. A UID whose message did not get there is given to no other one:
 * whoever looks for a message by its content above the last UIDNEXT finds it, or finds that it has to be sent again.
 */
#define _GNU_SOURCE /* syncfs */
#include "base/crashpoint.h"
#include "store/files.h"
#include "store/maildir.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { SYNC_AT_ONCE = 8 };

static const char temporary_name[] = "mailmigrate-";

/* ---- making and sweeping ---- */

int mig__maildir_make(const mig__root *root, const char *path, mig_error *err)
{
    static const char *const parts[] = {"", "/tmp", "/new", "/cur"}; /* cur is what makes it one: last */
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        mig__buffer part = MIG__BUFFER_INIT;
        mig__buffer_addf(&part, "%s%s", path, parts[i]);
        if (mig__buffer_ok(&part, err) != 0) {
            return -1;
        }
        int made = mig__root_mkdir(root, part.data);
        int problem = errno;
        if (made != 0) {
            mig_error_errno(err, MIG_E_IO, problem, "the directory %s cannot be made", part.data);
        }
        mig__buffer_free(&part);
        if (made != 0) {
            return -1;
        }
    }
    return mig__root_sync(root, path, err);
}

/* "mailmigrate-PID-...": left behind when that process is no more. */
void mig__maildir_sweep(const mig__root *root, const char *folder)
{
    mig_error ignored = MIG_ERROR_INIT;
    char *tmp = mig__files_join(folder, "tmp");
    char **names = tmp != NULL ? mig__root_names(root, tmp, &ignored) : NULL;
    for (size_t i = 0; names != NULL && names[i] != NULL; i++) {
        char *end;
        if (strncmp(names[i], temporary_name, sizeof temporary_name - 1) != 0) {
            continue;
        }
        long pid = strtol(names[i] + sizeof temporary_name - 1, &end, 10);
        char *path = mig__files_join(tmp, names[i]);
        if (path != NULL && pid > 0 && *end == '-' && kill((pid_t)pid, 0) != 0 && errno == ESRCH) {
            (void)mig__root_unlink(root, path);
        }
        free(path);
    }
    mig__root_names_free(names);
    free(tmp);
}

/* ---- one message ---- */

/* As everybody makes them: seconds, microseconds, process, a count, and the machine's name without "/" and ":". */
static char *unique_name(mig_store *store)
{
    struct timespec now;
    char host[128] = "localhost";
    mig__buffer name = MIG__BUFFER_INIT;
    clock_gettime(CLOCK_REALTIME, &now);
    (void)gethostname(host, sizeof host - 1);
    for (char *c = host; *c != '\0'; c++) {
        *c = (*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') || (*c >= '0' && *c <= '9') || *c == '-' || *c == '.'
                 ? *c
                 : '_';
    }
    pthread_mutex_lock(&store->lock);
    uint64_t count = ++store->unique;
    pthread_mutex_unlock(&store->lock);
    mig__buffer_addf(&name, "%lld.M%06ldP%ldQ%llu.%s", (long long)now.tv_sec, now.tv_nsec / 1000, (long)getpid(),
                     (unsigned long long)count, host);
    return mig__buffer_steal(&name);
}

/* Where the message waits until it is committed. */
static char *waiting_path(const mig__store_batch *batch, const mig__store_arrival *item)
{
    mig__buffer path = MIG__BUFFER_INIT;
    mig__buffer_addf(&path, "%s/tmp/%s%ld-%s", batch->folder->path, temporary_name, (long)getpid(), item->name);
    return mig__buffer_steal(&path);
}

static mig__store_arrival *add_arrival(mig_store *store, mig__store_batch *batch, const char *flags, mig_error *err)
{
    mig__store_arrival *grown = realloc(batch->items, (batch->count + 1) * sizeof *grown);
    char *name = unique_name(store), *copy = strdup(flags);
    if (grown != NULL) {
        batch->items = grown;
    }
    if (grown == NULL || name == NULL || copy == NULL) {
        free(name);
        free(copy);
        mig_error_set(err, MIG_E_NOMEM, "out of memory");
        return NULL;
    }
    mig__store_arrival *item = &grown[batch->count++];
    *item = (mig__store_arrival){.flags = copy, .name = name};
    return item;
}

int mig__maildir_append_begin(mig_store *store, mig__store_batch *batch, const char *flags, const int64_t *date,
                              mig_error *err)
{
    mig__store_arrival *item = add_arrival(store, batch, flags, err);
    if (item == NULL) {
        return -1;
    }
    item->dated = date != NULL;
    item->date = date != NULL ? *date : 0;
    batch->written = 0;
    char *path = waiting_path(batch, item);
    if (path == NULL) {
        return mig_error_set(err, MIG_E_NOMEM, "out of memory");
    }
    batch->fd = mig__root_at(&store->root, path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0600);
    int failed = batch->fd < 0 ? mig_error_errno(err, MIG_E_IO, errno, "making %s", path) : 0;
    free(path);
    return failed;
}

int mig__maildir_append_data(mig_store *store, mig__store_batch *batch, const char *octets, size_t length,
                             mig_error *err)
{
    (void)store;
    while (length > 0) {
        ssize_t done = write(batch->fd, octets, length);
        if (done < 0 && errno != EINTR) {
            return mig_error_errno(err, MIG_E_IO, errno, "writing a message into %s", batch->folder->path);
        }
        if (done > 0) {
            octets += done;
            length -= (size_t)done;
            batch->written += (uint64_t)done;
        }
    }
    return 0;
}

/* The time of the file is the message's; a date before 1970 is one as well. */
static int set_date(int fd, const mig__store_arrival *item)
{
    const struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, {.tv_sec = (time_t)item->date}};
    return item->dated ? futimens(fd, times) : 0;
}

int mig__maildir_append_end(mig_store *store, mig__store_batch *batch, mig_error *err)
{
    mig__store_arrival *item = &batch->items[batch->count - 1];
    (void)store;
    bool done = set_date(batch->fd, item) == 0;
    int problem = errno;
    if (close(batch->fd) != 0 && done) {
        done = false;
        problem = errno;
    }
    batch->fd = -1;
    item->size = batch->written;
    return done ? 0 : mig_error_errno(err, MIG_E_IO, problem, "writing a message into %s", batch->folder->path);
}

/* ---- all of them ---- */

static int sync_one(const mig__root *root, const char *path)
{
    int fd = mig__root_regular(root, path, NULL);
    int failed = fd < 0 || fsync(fd) != 0 ? -1 : 0;
    int problem = errno;
    if (fd >= 0) {
        close(fd);
    }
    errno = problem;
    return failed;
}

/* What was written is on disk: file by file, or for many of them the file system at once, which costs as much as one.
 */
static int sync_all(const mig__root *root, const mig__store_batch *batch, mig_error *err)
{
    int failed = 0;
    if (batch->count >= SYNC_AT_ONCE) {
        int fd = mig__root_at(root, batch->folder->path, O_RDONLY | O_DIRECTORY, 0);
        failed = fd < 0 || syncfs(fd) != 0 ? -1 : 0;
        int problem = errno;
        if (fd >= 0) {
            close(fd);
        }
        errno = problem;
    }
    for (size_t i = 0; failed == 0 && batch->count < SYNC_AT_ONCE && i < batch->count; i++) {
        char *path = waiting_path(batch, &batch->items[i]);
        if (path == NULL) {
            return mig_error_set(err, MIG_E_NOMEM, "out of memory");
        }
        failed = sync_one(root, path);
        free(path);
    }
    return failed == 0 ? 0 : mig_error_errno(err, MIG_E_IO, errno, "writing messages into %s", batch->folder->path);
}

typedef struct commit {
    mig_store *store;
    mig__store_folder *folder;
    mig__store_batch *batch;
    char **names; /* "cur/NAME:2,FLAGS" of each */
    uint32_t first;
    size_t renamed;
} commit;

static int name_all(commit *c, mig__buffer *lines, mig_error *err)
{
    for (size_t i = 0; i < c->batch->count; i++) {
        const mig__store_arrival *item = &c->batch->items[i];
        mig__buffer name = MIG__BUFFER_INIT;
        mig__buffer_addf(&name, "cur/%s,S=%llu", item->name, (unsigned long long)item->size);
        if (mig__maildir_letters(&c->store->root, c->folder, item->flags, &name, err) != 0) {
            mig__buffer_free(&name);
            return -1;
        }
        c->names[i] = mig__buffer_steal(&name);
        if (c->names[i] == NULL) {
            return mig_error_set(err, MIG_E_NOMEM, "out of memory");
        }
        mig__uidlist_line(lines, c->first + (uint32_t)i, c->names[i] + 4);
    }
    return mig__buffer_ok(lines, err);
}

static int rename_all(commit *c, mig_error *err)
{
    for (size_t i = 0; i < c->batch->count; i++) {
        char *from = waiting_path(c->batch, &c->batch->items[i]), *to = mig__files_join(c->folder->path, c->names[i]);
        int failed = from == NULL || to == NULL ? mig_error_set(err, MIG_E_NOMEM, "out of memory") : 0;
        if (failed == 0 && mig__root_rename(&c->store->root, from, to) != 0) {
            failed = mig_error_errno(err, MIG_E_IO, errno, "moving a message to %s", to);
        }
        free(from);
        free(to);
        if (failed != 0) {
            return -1;
        }
        c->renamed++;
        MIG__CRASH_POINT("store-moved");
    }
    return 0;
}

/* Into the index, if there is one; memory for it is taken before anything can be seen. */
static int index_all(commit *c, mig_error *err)
{
    int failed = 0;
    pthread_mutex_lock(&c->store->lock);
    size_t before = c->folder->count;
    for (size_t i = 0; failed == 0 && c->folder->loaded && i < c->batch->count; i++) {
        mig__store_message *message = mig__store_add_message(c->folder, err);
        failed = message == NULL ? -1 : 0;
        if (failed == 0) {
            message->uid = c->first + (uint32_t)i;
            mig__store_message_put(message, mig__store_add_name(c->folder, c->names[i]), 0);
            char *flags = mig__maildir_flags(c->names[i] + 4, c->folder->keywords, NULL);
            failed = flags == NULL ? mig_error_set(err, MIG_E_NOMEM, "out of memory")
                                   : mig__store_flags(c->store, flags, &message->flags, err);
            free(flags);
        }
    }
    failed = failed == 0 ? mig__buffer_ok(&c->folder->names, err) : failed;
    if (failed != 0) {
        c->folder->count = before;
        c->folder->names.failed = false;
    } else {
        c->folder->uidnext = c->first + (uint32_t)c->batch->count;
    }
    pthread_mutex_unlock(&c->store->lock);
    return failed;
}

/* What was moved already goes away again: the answer will be that nothing was taken. */
static void undo(commit *c)
{
    for (size_t i = 0; i < c->renamed; i++) {
        char *path = mig__files_join(c->folder->path, c->names[i]);
        if (path != NULL) {
            (void)mig__root_unlink(&c->store->root, path);
        }
        free(path);
    }
}

static void forget(mig_store *store, mig__store_folder *folder, uint32_t from)
{
    pthread_mutex_lock(&store->lock);
    folder->count = mig__store_seek(folder, from);
    pthread_mutex_unlock(&store->lock);
}

/* Everything that is done under the lock. */
static int commit_locked(commit *c, mig_error *err)
{
    mig__buffer lines = MIG__BUFFER_INIT;
    int failed = -1;
    c->first = c->folder->uidnext;
    if (c->batch->count >= UINT32_MAX - c->first) {
        return mig_error_set(err, MIG_E_BOUNDS, "there is no UID left for a further message");
    }
    if (name_all(c, &lines, err) == 0 &&
        mig__uidlist_append(&c->store->root, c->folder->path, c->folder->uidvalidity, &lines, err) == 0) {
        MIG__CRASH_POINT("store-listed");
        mig__uidlist_stamp(&c->store->root, c->folder->path, c->folder->stamp);
        failed = index_all(c, err);
        if (failed == 0 && rename_all(c, err) != 0) {
            forget(c->store, c->folder, c->first);
            failed = -1;
        }
        if (failed != 0) {
            undo(c);
        }
    }
    mig__buffer_free(&lines);
    return failed;
}

int mig__maildir_append_commit(mig_store *store, mig__store_batch *batch, uint32_t *uids, mig_error *err)
{
    commit c = {.store = store, .folder = batch->folder, .batch = batch};
    c.names = calloc(batch->count + 1, sizeof *c.names);
    if (c.names == NULL) {
        return mig_error_set(err, MIG_E_NOMEM, "out of memory");
    }
    int failed = sync_all(&store->root, batch, err);
    failed = failed == 0 ? mig__maildir_begin(store, batch->folder, err) : failed;
    if (failed == 0) {
        failed = commit_locked(&c, err);
        if (failed != 0) {
            mig__maildir_let_go(store, batch->folder);
        } else if (mig__maildir_end(store, batch->folder, err) != 0) {
            forget(store, batch->folder, c.first);
            undo(&c);
            failed = -1;
        }
    }
    pthread_mutex_lock(&store->lock);
    mig__store_leave(batch->folder);
    pthread_mutex_unlock(&store->lock);
    for (size_t i = 0; i < batch->count; i++) {
        uids[i] = c.first + (uint32_t)i;
        free(c.names[i]);
    }
    free(c.names);
    MIG__CRASH_POINT("store-committed");
    return failed;
}

/* Also after a commit, when there is nothing left to remove. */
void mig__maildir_append_abort(mig_store *store, mig__store_batch *batch)
{
    if (batch->fd >= 0) {
        close(batch->fd);
        batch->fd = -1;
    }
    for (size_t i = 0; i < batch->count; i++) {
        char *path = waiting_path(batch, &batch->items[i]);
        if (path != NULL) {
            (void)mig__root_unlink(&store->root, path);
        }
        free(path);
        free(batch->items[i].flags);
        free(batch->items[i].name);
    }
    free(batch->items);
    batch->items = NULL;
    batch->count = 0;
}
