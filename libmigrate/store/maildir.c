/* store/maildir.c - the messages of a Maildir: the files in cur and new, their flags, their UIDs */
#include "store/maildir.h"
#include "base/clock.h"
#include "store/files.h"
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SCANS_MOST = 5 };

/* ---- messages ---- */

const char *mig__maildir_name_of(const mig__store_folder *folder, const mig__store_message *message)
{
    return folder->names.data + mig__store_message_from(message);
}

static void maildir_path(const mig_store *store, const mig__store_folder *folder, const mig__store_message *message,
                         mig__buffer *out)
{
    (void)store;
    mig__buffer_addf(out, "%s/%s", folder->path, mig__maildir_name_of(folder, message));
}

/* A name of cur or new, as a message that may have something against it. 0; 1: it is none. */
static int look_at_entry(const mig_store *store, int directory, const char *path, const struct dirent *entry,
                         mig__lack *lack)
{
    static const mig__lack lacks[] = {[MIG__FILE_REGULAR] = MIG__LACK_NONE,
                                      [MIG__FILE_DIRECTORY] = MIG__LACK_DIRECTORY,
                                      [MIG__FILE_LINK] = MIG__LACK_LINK,
                                      [MIG__FILE_OTHER] = MIG__LACK_SPECIAL};
    if (entry->d_name[0] == '.') { /* https://cr.yp.to/proto/maildir.html: no message */
        return 1;
    }
    mig__file_kind kind =
        entry->d_type == DT_REG ? MIG__FILE_REGULAR : mig__root_kind_in(directory, entry->d_name, NULL);
    if (kind == MIG__FILE_NONE) {
        return 1;
    }
    *lack = lacks[kind];
    if (store->side == MIG_SOURCE) {
        return 0;
    }
    /* A target's list of UIDs is Dovecot's, which has messages alone; a line break in a name would break it. */
    bool safe = mig__files_name_safe(entry->d_name);
    if (*lack != MIG__LACK_NONE || !safe) {
        mig__store_log(store, MIG_LOG_WARNING, "%s/%s is left out: %s", path, entry->d_name,
                       safe ? mig__lack_text(*lack) : "there is a control character in its name");
        return 1;
    }
    return 0;
}

static int add_entry(mig__store_folder *folder, const char *part, const char *name, mig__lack lack, mig_error *err)
{
    mig__store_message *message = mig__store_add_message(folder, err);
    if (message == NULL) {
        return -1;
    }
    mig__store_message_put(message, folder->names.length, 0);
    message->file = (uint16_t)lack;
    mig__buffer_addf(&folder->names, "%s/%s", part, name);
    mig__buffer_add_char(&folder->names, '\0');
    return mig__buffer_ok(&folder->names, err);
}

/* All messages of cur or new. *changed: names came or went meanwhile, so that some may have been missed. */
static int scan(mig_store *store, mig__store_folder *folder, const char *part, bool *changed, mig_error *err)
{
    struct stat before, after;
    struct dirent *entry;
    int failed = 0;
    char *path = mig__files_join(folder->path, part);
    DIR *directory = path != NULL ? mig__root_directory(&store->root, path) : NULL;
    int problem = errno;
    if (path == NULL) {
        return mig_error_set(err, MIG_E_NOMEM, "out of memory");
    }
    if (directory == NULL || fstat(dirfd(directory), &before) != 0) {
        failed = directory == NULL && problem == ENOENT
                     ? 0
                     : mig_error_errno(err, MIG_E_IO, problem, "reading the directory %s", path);
        goto cleanup;
    }
    errno = 0;
    while (failed == 0 && (entry = readdir(directory)) != NULL) {
        mig__lack lack;
        if (look_at_entry(store, dirfd(directory), path, entry, &lack) == 0) {
            failed = add_entry(folder, part, entry->d_name, lack, err);
        }
        errno = 0;
    }
    if (failed == 0 && errno != 0) {
        failed = mig_error_errno(err, MIG_E_IO, errno, "reading the directory %s", path);
    }
    *changed = *changed || fstat(dirfd(directory), &after) != 0 || mig__files_time(&before) != mig__files_time(&after);
cleanup:
    if (directory != NULL) {
        closedir(directory);
    }
    free(path);
    return failed;
}

typedef struct named {
    const char *name; /* behind "cur/" or "new/" */
    unsigned long long time;
    mig__store_message message;
} named;

/* By the time at the front of the names, so that new UIDs go by age. */
static int compare_named(const void *a, const void *b)
{
    const named *x = a, *y = b;
    if (x->time != y->time) {
        return x->time < y->time ? -1 : 1;
    }
    return strcmp(x->name, y->name);
}

/* The same message twice: it was moved from new to cur while the directories were read. */
static bool moved(const mig_store *store, const mig__store_folder *folder, const named *one, const named *other)
{
    size_t length = mig__maildir_base(one->name);
    struct stat a, b;
    if (length != mig__maildir_base(other->name) || strncmp(one->name, other->name, length) != 0) {
        return false;
    }
    char *path = mig__files_join(folder->path, one->name - 4), *second = mig__files_join(folder->path, other->name - 4);
    bool same = path != NULL && second != NULL &&
                (mig__root_kind(&store->root, path, &a) == MIG__FILE_NONE ||
                 mig__root_kind(&store->root, second, &b) == MIG__FILE_NONE || a.st_ino == b.st_ino);
    free(path);
    free(second);
    return same;
}

static int sort_by_name(const mig_store *store, mig__store_folder *folder, mig_error *err)
{
    named *sorted = calloc(folder->count + 1, sizeof *sorted);
    if (sorted == NULL) {
        return mig_error_set(err, MIG_E_NOMEM, "out of memory");
    }
    for (size_t i = 0; i < folder->count; i++) {
        const char *name = mig__maildir_name_of(folder, &folder->messages[i]) + 4;
        sorted[i] = (named){.name = name, .time = strtoull(name, NULL, 10), .message = folder->messages[i]};
    }
    qsort(sorted, folder->count, sizeof *sorted, compare_named);
    size_t kept = 0;
    for (size_t i = 0; i < folder->count; i++) {
        if (i == 0 || !moved(store, folder, &sorted[i - 1], &sorted[i])) {
            folder->messages[kept++] = sorted[i].message;
        }
    }
    folder->count = kept;
    free(sorted);
    return 0;
}

/* Letters that stand for keywords nobody knows: what they were cannot be carried over, and that is said. */
static void tell_unnamed(mig_store *store, const mig__store_folder *folder)
{
    uint64_t messages = 0;
    uint32_t all = 0;
    char letters[27];
    size_t count = 0;
    for (size_t i = 0; i < folder->count; i++) {
        const char *name = mig__maildir_name_of(folder, &folder->messages[i]) + 4;
        uint32_t unnamed = mig__maildir_unnamed(name, folder->keywords);
        messages += unnamed != 0;
        all |= unnamed;
    }
    for (unsigned bit = 0; bit < 26; bit++) {
        if ((all >> bit & 1) != 0) {
            letters[count++] = (char)('a' + bit);
        }
    }
    letters[count] = '\0';
    if (messages > 0) {
        mig__store_log(
            store, MIG_LOG_WARNING,
            "%s: %llu message%s letters for keywords (%s) that dovecot-keywords does not name: these keywords "
            "are left off",
            folder->path, (unsigned long long)messages, messages == 1 ? " has" : "s have", letters);
    }
}

static int describe(mig_store *store, mig__store_folder *folder, const mig__uid_key *keys,
                    const mig__courier_keywords *courier, mig_error *err)
{
    for (size_t i = 0; i < folder->count; i++) {
        mig__store_message *message = &folder->messages[i];
        const char *name = mig__maildir_name_of(folder, message) + 4;
        char *flags = mig__maildir_flags(name, folder->keywords, mig__courier_flags(courier, &keys[i]));
        int failed = flags == NULL ? mig_error_set(err, MIG_E_NOMEM, "out of memory")
                                   : mig__store_flags(store, flags, &message->flags, err);
        free(flags);
        if (failed != 0) {
            return -1;
        }
    }
    return 0;
}

static int make_keys(const mig__store_folder *folder, mig__uid_key **keys, mig_error *err)
{
    *keys = calloc(folder->count + 1, sizeof **keys);
    if (*keys == NULL) {
        return mig_error_set(err, MIG_E_NOMEM, "out of memory");
    }
    for (size_t i = 0; i < folder->count; i++) {
        const char *name = mig__maildir_name_of(folder, &folder->messages[i]) + 4;
        if (mig__uid_key_of(name, mig__maildir_base(name), &(*keys)[i], err) != 0) {
            return -1;
        }
    }
    return 0;
}

/* When cur and new changed last. What changed within the clock's grain of now may change once more unnoticed. */
static void look_at_times(const mig_store *store, const mig__store_folder *folder, int64_t times[2])
{
    static const char *const parts[] = {"cur", "new"};
    for (size_t i = 0; i < 2; i++) {
        struct stat status;
        char *path = mig__files_join(folder->path, parts[i]);
        bool there = path != NULL && mig__root_kind(&store->root, path, &status) == MIG__FILE_DIRECTORY;
        times[i] = !there ? 0 : mig__wall_seconds() - status.st_mtim.tv_sec < 2 ? -1 : mig__files_time(&status);
        free(path);
    }
}

static bool maildir_current(mig_store *store, const mig__store_folder *folder)
{
    int64_t times[2];
    look_at_times(store, folder, times);
    return times[0] >= 0 && times[1] >= 0 && times[0] == folder->times[0] && times[1] == folder->times[1];
}

/* ",S=" is the file's size and ",W=" the one with CRLF (Dovecot): believed when the first is right. */
static bool maildir_size(const mig__store_item *item, const mig__stretch *octets, uint64_t *size)
{
    const char *name = strrchr(item->path, '/');
    const char *stored = name != NULL ? strstr(name, ",S=") : NULL, *given = name != NULL ? strstr(name, ",W=") : NULL;
    if (stored == NULL || given == NULL || !octets->crlf || strtoull(stored + 3, NULL, 10) != octets->length) {
        return false;
    }
    *size = strtoull(given + 3, NULL, 10);
    return *size >= octets->length;
}

static void forget_keywords(mig__store_folder *folder)
{
    for (size_t i = 0; folder->keywords != NULL && folder->keywords[i] != NULL; i++) {
        free(folder->keywords[i]);
    }
    free(folder->keywords);
    folder->keywords = NULL;
}

/* The UIDs and keywords that mail servers keep in files of their own, of the messages that are there. */
static int read_lists(mig_store *store, mig__store_folder *folder, const mig__uid_key *keys, mig__uid_list *listed,
                      mig__courier_keywords *courier, mig_error *err)
{
    const mig__uid_keys known = {keys, folder->count};
    if (mig__uidlist_read(&store->root, folder->path, &known, listed, err) != 0) {
        return -1;
    }
    if (mig__maildir_keywords_read(&store->root, folder->path, &folder->keywords, err) != 0) {
        return -1;
    }
    return store->side == MIG_SOURCE ? mig__courier_read(&store->root, folder->path, &known, courier, err) : 0;
}

static int maildir_load(mig_store *store, mig__store_folder *folder, mig__uid_key **keys, mig_error *err)
{
    mig__uid_list listed = {0};
    mig__courier_keywords courier = {0};
    bool changed = true, target = store->side == MIG_TARGET;
    int failed = 0;
    forget_keywords(folder);
    *keys = NULL;
    mig__uidlist_stamp(&store->root, folder->path, folder->stamp);
    look_at_times(store, folder, folder->times);
    for (int scans = 0; failed == 0 && changed && scans < SCANS_MOST; scans++) {
        changed = false;
        mig__store_folder_clear(folder);
        failed = scan(store, folder, "new", &changed, err);
        failed = failed == 0 ? scan(store, folder, "cur", &changed, err) : failed;
    }
    failed = failed == 0 ? sort_by_name(store, folder, err) : failed;
    failed = failed == 0 ? make_keys(folder, keys, err) : failed;
    failed = failed == 0 ? read_lists(store, folder, *keys, &listed, &courier, err) : failed;
    failed = failed == 0 ? describe(store, folder, *keys, &courier, err) : failed;
    if (failed == 0 && !target) {
        tell_unnamed(store, folder);
    }
    for (size_t i = 0; failed == 0 && !target && i < folder->count; i++) {
        folder->messages[i].uid = mig__uid_list_get(&listed, &(*keys)[i]);
    }
    folder->uidvalidity = listed.uidvalidity;
    folder->uidnext = listed.uidnext;
    if (failed == 0 && target) {
        mig__uid_list_free(&folder->uids);
        folder->uids = listed;
        listed = (mig__uid_list){0};
    }
    mig__uid_list_free(&listed);
    mig__courier_free(&courier);
    return failed;
}

/* Messages of a target that are in no list yet, delivered by others or left by a killed run: they get into it. */
static int maildir_numbered(mig_store *store, mig__store_folder *folder, uint32_t from, mig_error *err)
{
    mig__buffer lines = MIG__BUFFER_INIT;
    int64_t stamp[3];
    if (store->side == MIG_SOURCE) {
        return 0;
    }
    for (size_t i = mig__store_seek(folder, from); i < folder->count; i++) {
        mig__uidlist_line(&lines, folder->messages[i].uid, mig__maildir_name_of(folder, &folder->messages[i]) + 4);
    }
    if (lines.length == 0 && folder->stamp[0] != 0) {
        return 0;
    }
    int failed = mig__buffer_ok(&lines, err);
    bool locked = false;
    if (failed == 0 && !folder->locked) {
        failed = mig__uidlist_lock(&store->root, folder->path, store->stop, err);
        locked = failed == 0;
    }
    mig__uidlist_stamp(&store->root, folder->path, stamp);
    if (failed == 0 && memcmp(stamp, folder->stamp, sizeof stamp) != 0) {
        failed = mig_error_set(err, MIG_E_UNAVAILABLE, "another program numbers the messages in %s", folder->path);
    }
    failed = failed == 0 ? mig__uidlist_append(&store->root, folder->path, folder->uidvalidity, &lines, err) : failed;
    mig__uidlist_stamp(&store->root, folder->path, folder->stamp);
    if (locked) {
        mig__uidlist_unlock(&store->root, folder->path);
    }
    mig__buffer_free(&lines);
    return failed;
}

static int maildir_find(mig_store *store, mig__store_folder *folder, const mig__store_item *item, mig__buffer *out)
{
    static const char *const parts[] = {"cur", "new"};
    const char *name = strrchr(item->path, '/');
    size_t length = name != NULL ? mig__maildir_base(name + 1) : 0;
    bool found = false;
    for (size_t i = 0; i < 2 && length > 0 && !found; i++) {
        struct dirent *entry;
        char *path = mig__files_join(folder->path, parts[i]);
        DIR *directory = path != NULL ? mig__root_directory(&store->root, path) : NULL;
        while (directory != NULL && !found && (entry = readdir(directory)) != NULL) {
            found = mig__maildir_base(entry->d_name) == length && strncmp(entry->d_name, name + 1, length) == 0;
            if (found) {
                mig__buffer_addf(out, "%s/%s", path, entry->d_name);
            }
        }
        if (directory != NULL) {
            closedir(directory);
        }
        free(path);
    }
    return found ? 0 : 1;
}

const mig__store_ops mig__store_maildir = {
    .scheme = "maildir",
    .whole_files = true,
    .looks_inside = true,
    .open = mig__maildir_open,
    .load = maildir_load,
    .numbered = maildir_numbered,
    .path = maildir_path,
    .current = maildir_current,
    .size = maildir_size,
    .find = maildir_find,
    .create = mig__maildir_create,
    .rename = mig__maildir_rename,
    .subscribe = mig__maildir_subscribe,
    .append_begin = mig__maildir_append_begin,
    .append_data = mig__maildir_append_data,
    .append_end = mig__maildir_append_end,
    .append_commit = mig__maildir_append_commit,
    .append_abort = mig__maildir_append_abort,
    .begin = mig__maildir_begin,
    .end = mig__maildir_end,
    .flag = mig__maildir_flag,
    .move = mig__maildir_move,
    .expunge = mig__maildir_expunge,
};
