/*
 * store/maildir.c - folders and messages of a Maildir: Maildir++ (".A.B"), or directories within directories (Dovecot's
 * LAYOUT=fs) where there are no such names
 */
#include "base/clock.h"
#include "store/maildir.h"
#include "store/files.h"
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

enum { DEPTH_MOST = 20, SCANS_MOST = 5 };

/* ---- folders ---- */

static bool is_mailbox(const char *path)
{
    static const char *const parts[] = {"cur", "new"};
    for (size_t i = 0; i < 2; i++) {
        char *part = mig__path_join(path, parts[i]);
        bool there = part != NULL && mig__file_kind_of(part, NULL) == MIG__FILE_DIRECTORY;
        free(part);
        if (there) {
            return true;
        }
    }
    return false;
}

static const char linked[] = "it is a symbolic link, which is not followed";
static const char control[] = "there is a control character in its name";
static const char too_deep[] = "it lies too deep";

/* `path` is taken over. */
static int add_folder(mig_store *store, const char *wire, char *path, mig_error *err)
{
    if (mig__store_find(store, wire) == NULL) {
        return mig__store_add_folder(store, wire, path, err) != NULL ? 0 : -1;
    }
    int failed = mig__store_add_problem(store, wire, path, "there is another folder of that name", err);
    free(path);
    return failed;
}

/* One name of the root that begins with a dot. */
static int take_dotted(mig_store *store, const char *name, const char *path, mig_error *err)
{
    mig__file_kind kind = mig__file_kind_of(path, NULL);
    const char *wire = strcasecmp(name, ".INBOX") == 0 ? name : name + 1; /* INBOX is the root itself */
    if ((kind != MIG__FILE_LINK && kind != MIG__FILE_DIRECTORY) || wire[0] == '\0' || !is_mailbox(path)) {
        return 0;
    }
    if (kind == MIG__FILE_LINK || !mig__name_safe(name)) {
        return mig__store_add_problem(store, wire, path, kind == MIG__FILE_LINK ? linked : control, err);
    }
    char *own = strdup(path);
    return own != NULL ? add_folder(store, wire, own, err) : mig_error_set(err, MIG_E_NOMEM, "out of memory");
}

static int walk(mig_store *store, const char *directory, const char *above, int depth, mig_error *err);

/* One name of a directory of LAYOUT=fs. */
static int take_plain(mig_store *store, const char *name, const char *path, const char *wire, int depth, mig_error *err)
{
    mig__file_kind kind = mig__file_kind_of(path, NULL);
    if (kind == MIG__FILE_LINK) {
        return is_mailbox(path) ? mig__store_add_problem(store, wire, path, linked, err) : 0;
    }
    if (kind != MIG__FILE_DIRECTORY) {
        return 0;
    }
    if (!mig__name_safe(name) || depth >= DEPTH_MOST) {
        return mig__store_add_problem(store, wire, path, mig__name_safe(name) ? too_deep : control, err);
    }
    if (walk(store, path, wire, depth + 1, err) != 0) {
        return -1;
    }
    char *own = is_mailbox(path) ? strdup(path) : NULL;
    return own != NULL ? add_folder(store, wire, own, err) : 0;
}

/* LAYOUT=fs: every directory below that holds cur or new. */
static int walk(mig_store *store, const char *directory, const char *above, int depth, mig_error *err)
{
    int failed = 0;
    char **names = mig__directory_names(directory, err);
    for (size_t i = 0; names != NULL && failed == 0 && names[i] != NULL; i++) {
        const char *name = names[i];
        if (name[0] == '.' || strcmp(name, "cur") == 0 || strcmp(name, "new") == 0 || strcmp(name, "tmp") == 0) {
            continue;
        }
        mig__buffer wire = MIG__BUFFER_INIT;
        mig__buffer_addf(&wire, "%s%s%s", above, above[0] != '\0' ? "/" : "", name);
        char *path = mig__path_join(directory, name);
        failed = path == NULL ? mig_error_set(err, MIG_E_NOMEM, "out of memory") : mig__buffer_ok(&wire, err);
        failed = failed == 0 ? take_plain(store, name, path, wire.data, depth, err) : failed;
        free(path);
        mig__buffer_free(&wire);
    }
    mig__directory_free(names);
    return names != NULL ? failed : -1;
}

static int list_folders(mig_store *store, mig_error *err)
{
    int failed = 0;
    char **names = mig__directory_names(store->path, err);
    if (names == NULL) {
        return -1;
    }
    if (is_mailbox(store->path)) {
        char *root = strdup(store->path);
        failed =
            root == NULL ? mig_error_set(err, MIG_E_NOMEM, "out of memory") : add_folder(store, "INBOX", root, err);
    }
    size_t before = store->count;
    for (size_t i = 0; failed == 0 && names[i] != NULL; i++) {
        if (names[i][0] == '.') {
            char *path = mig__path_join(store->path, names[i]);
            failed = path == NULL ? mig_error_set(err, MIG_E_NOMEM, "out of memory")
                                  : take_dotted(store, names[i], path, err);
            free(path);
        }
    }
    mig__directory_free(names);
    size_t dotted = store->count - before;
    failed = failed == 0 ? walk(store, store->path, "", 0, err) : failed;
    store->nested = dotted == 0 && store->count > before;
    store->delimiter = store->nested ? '/' : '.';
    return failed;
}

/* ---- subscriptions: a name a line; version 2 has a head, and tabs between the levels ---- */

static const char version_2[] = "V\t2";

static void subscribe_line(mig_store *store, char *line)
{
    for (char *c = line; *c != '\0'; c++) {
        *c = *c == '\t' ? store->delimiter : *c;
    }
    mig__store_folder *folder = mig__store_find(store, line);
    if (folder != NULL) {
        folder->subscribed = true;
    }
}

static int read_subscriptions(mig_store *store, bool *version2, mig_error *err)
{
    char *path = mig__path_join(store->path, "subscriptions"), *line = NULL;
    size_t room = 0;
    *version2 = false;
    if (path == NULL) {
        return mig_error_set(err, MIG_E_NOMEM, "out of memory");
    }
    int fd = mig__open_regular(path, NULL);
    FILE *file = fd >= 0 ? fdopen(fd, "r") : NULL;
    while (file != NULL && getline(&line, &room, file) > 0) {
        line[strcspn(line, "\r\n")] = '\0';
        if (strcmp(line, version_2) == 0) {
            *version2 = true;
        } else if (line[0] != '\0') {
            subscribe_line(store, line);
        }
    }
    if (file != NULL) {
        fclose(file);
    } else if (fd >= 0) {
        close(fd);
    }
    free(line);
    free(path);
    return 0;
}

static int copy_lines(const char *path, FILE *out)
{
    char *line = NULL;
    size_t room = 0;
    FILE *in = fopen(path, "re");
    while (in != NULL && getline(&line, &room, in) > 0) {
        fputs(line, out);
        if (strchr(line, '\n') == NULL) {
            fputc('\n', out);
        }
    }
    if (in != NULL) {
        fclose(in);
    }
    free(line);
    return ferror(out) ? -1 : 0;
}

int mig__maildir_subscribe(mig_store *store, const char *wire, mig_error *err)
{
    bool version2;
    mig__replacing replacing;
    char *directory = mig__maildir_directory(store, wire, err); /* a name that could not be a folder's is refused */
    char *path = directory != NULL ? mig__path_join(store->path, "subscriptions") : NULL;
    int failed = -1;
    mig__store_folder *folder = mig__store_find(store, wire);
    if (path == NULL || (folder != NULL && folder->subscribed)) {
        failed = path == NULL ? -1 : 0;
        goto cleanup;
    }
    if (read_subscriptions(store, &version2, err) != 0 || mig__replace_begin(&replacing, path, err) != 0) {
        goto cleanup;
    }
    if (copy_lines(path, replacing.file) != 0) {
        mig_error_errno(err, MIG_E_IO, errno, "writing %s", path);
        mig__replace_abort(&replacing);
        goto cleanup;
    }
    for (const char *c = wire; *c != '\0'; c++) {
        fputc(version2 && *c == store->delimiter ? '\t' : *c, replacing.file);
    }
    fputc('\n', replacing.file);
    failed = mig__replace_end(&replacing, err);
    if (failed == 0 && folder != NULL) {
        folder->subscribed = true;
    }
cleanup:
    free(path);
    free(directory);
    return failed;
}

/* ---- opening ---- */

static int check_root(mig_store *store, mig_error *err)
{
    struct stat status;
    if (store->side == MIG_TARGET) {
        return mig__maildir_make(store->path, err);
    }
    if (stat(store->path, &status) != 0) {
        int problem = errno;
        mig_error_errno(err, MIG_E_USAGE, problem, "there is no Maildir to be read");
        return mig_error_hint(err, "give the directory that holds cur and new, or the directories that do");
    }
    if (!S_ISDIR(status.st_mode)) {
        mig_error_set(err, MIG_E_USAGE, "it is no directory");
        return mig_error_hint(err, "a Maildir is a directory with cur, new and tmp in it; a file may be an mbox:");
    }
    return 0;
}

/* A folder of a target has to have a tmp, without what a killed run left in it. */
static int ready_folder(const mig__store_folder *folder, mig_error *err)
{
    char *tmp = mig__path_join(folder->path, "tmp");
    int failed = tmp == NULL ? mig_error_set(err, MIG_E_NOMEM, "out of memory") : 0;
    if (failed == 0 && folder->problem == NULL && mig__file_kind_of(tmp, NULL) != MIG__FILE_DIRECTORY) {
        failed = mig__maildir_make(folder->path, err);
    } else if (failed == 0 && folder->problem == NULL) {
        mig__maildir_sweep(folder->path);
    }
    free(tmp);
    return failed;
}

static int maildir_open(mig_store *store, mig_error *err)
{
    bool version2;
    if (check_root(store, err) != 0 || list_folders(store, err) != 0) {
        return -1;
    }
    for (size_t i = 0; store->side == MIG_TARGET && i < store->count; i++) {
        if (ready_folder(store->folders[i], err) != 0) {
            return -1;
        }
    }
    if (store->count == 0) {
        mig_error_set(err, MIG_E_USAGE, "there is no Maildir: neither cur nor new, nor a folder");
        return mig_error_hint(err, "give the directory that holds cur and new; .eml files are read with eml:%s",
                              store->path);
    }
    return read_subscriptions(store, &version2, err);
}

/* ---- messages ---- */

const char *mig__maildir_name_of(const mig__store_folder *folder, const mig__store_message *message)
{
    return folder->names.data + mig__message_from(message);
}

static void maildir_path(const mig_store *store, const mig__store_folder *folder, const mig__store_message *message,
                         mig__buffer *out)
{
    (void)store;
    mig__buffer_addf(out, "%s/%s", folder->path, mig__maildir_name_of(folder, message));
}

static bool is_message(const mig_store *store, const char *directory, const struct dirent *entry)
{
    mig__file_kind kind = MIG__FILE_REGULAR;
    if (entry->d_name[0] == '.') {
        return false;
    }
    if (entry->d_type != DT_REG) {
        char *path = mig__path_join(directory, entry->d_name);
        kind = path != NULL ? mig__file_kind_of(path, NULL) : MIG__FILE_REGULAR;
        free(path);
    }
    if (kind != MIG__FILE_REGULAR && kind != MIG__FILE_NONE) {
        mig__store_log(store, MIG_LOG_WARNING, "%s/%s is left out: it is no regular file", directory, entry->d_name);
    } else if (kind == MIG__FILE_REGULAR && store->map == NULL && !mig__name_safe(entry->d_name)) {
        /* A line break in it would break the list of UIDs, which is kept for a target. */
        mig__store_log(store, MIG_LOG_WARNING, "%s/%s is left out: there is a control character in its name", directory,
                       entry->d_name);
        return false;
    }
    return kind == MIG__FILE_REGULAR;
}

/* All messages of cur or new. *changed: names came or went meanwhile, so that some may have been missed. */
static int scan(mig_store *store, mig__store_folder *folder, const char *part, bool *changed, mig_error *err)
{
    struct stat before, after;
    struct dirent *entry;
    int failed = 0;
    char *path = mig__path_join(folder->path, part);
    DIR *directory = path != NULL && mig__file_kind_of(path, &before) == MIG__FILE_DIRECTORY ? opendir(path) : NULL;
    if (path == NULL) {
        return mig_error_set(err, MIG_E_NOMEM, "out of memory");
    }
    if (directory == NULL) {
        failed = mig__file_kind_of(path, NULL) == MIG__FILE_NONE
                     ? 0
                     : mig_error_errno(err, MIG_E_IO, errno, "reading the directory %s", path);
        free(path);
        return failed;
    }
    errno = 0;
    while (failed == 0 && (entry = readdir(directory)) != NULL) {
        if (is_message(store, path, entry)) {
            mig__store_message *message = mig__store_add_message(folder, err);
            failed = message == NULL ? -1 : 0;
            if (message != NULL) {
                mig__message_put(message, folder->names.length, 0);
                mig__buffer_addf(&folder->names, "%s/%s", part, entry->d_name);
                mig__buffer_add_char(&folder->names, '\0');
            }
        }
        errno = 0;
    }
    if (failed == 0 && errno != 0) {
        failed = mig_error_errno(err, MIG_E_IO, errno, "reading the directory %s", path);
    }
    closedir(directory);
    *changed = *changed || mig__file_kind_of(path, &after) != MIG__FILE_DIRECTORY ||
               mig__file_time(&before) != mig__file_time(&after);
    free(path);
    return failed == 0 ? mig__buffer_ok(&folder->names, err) : failed;
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
static bool moved(const mig__store_folder *folder, const named *one, const named *other)
{
    size_t length = mig__maildir_base(one->name);
    struct stat a, b;
    if (length != mig__maildir_base(other->name) || strncmp(one->name, other->name, length) != 0) {
        return false;
    }
    char *path = mig__path_join(folder->path, one->name - 4), *second = mig__path_join(folder->path, other->name - 4);
    bool same = path != NULL && second != NULL &&
                (mig__file_kind_of(path, &a) == MIG__FILE_NONE || mig__file_kind_of(second, &b) == MIG__FILE_NONE ||
                 a.st_ino == b.st_ino);
    free(path);
    free(second);
    return same;
}

static int sort_by_name(mig__store_folder *folder, mig_error *err)
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
        if (i == 0 || !moved(folder, &sorted[i - 1], &sorted[i])) {
            folder->messages[kept++] = sorted[i].message;
        }
    }
    folder->count = kept;
    free(sorted);
    return 0;
}

static int describe(mig_store *store, mig__store_folder *folder, mig__uid_key *keys, mig__uids *wishes, mig_error *err)
{
    for (size_t i = 0; i < folder->count; i++) {
        mig__store_message *message = &folder->messages[i];
        const char *name = mig__maildir_name_of(folder, message) + 4;
        char *flags = mig__maildir_flags(name, folder->keywords);
        int failed = flags == NULL ? mig_error_set(err, MIG_E_NOMEM, "out of memory")
                                   : mig__store_flags(store, flags, &message->flags, err);
        free(flags);
        if (failed != 0 || mig__uid_key_of(name, mig__maildir_base(name), &keys[i], err) != 0) {
            return -1;
        }
        message->uid = wishes != NULL ? mig__uids_get(wishes, &keys[i]) : 0;
    }
    return 0;
}

/* When cur and new changed last. What changed within the clock's grain of now may change once more unnoticed. */
static void look_at_times(const mig__store_folder *folder, int64_t times[2])
{
    static const char *const parts[] = {"cur", "new"};
    for (size_t i = 0; i < 2; i++) {
        struct stat status;
        char *path = mig__path_join(folder->path, parts[i]);
        bool there = path != NULL && mig__file_kind_of(path, &status) == MIG__FILE_DIRECTORY;
        times[i] = !there ? 0 : mig__wall_seconds() - status.st_mtim.tv_sec < 2 ? -1 : mig__file_time(&status);
        free(path);
    }
}

static bool maildir_current(mig_store *store, const mig__store_folder *folder)
{
    int64_t times[2];
    (void)store;
    look_at_times(folder, times);
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

static int maildir_load(mig_store *store, mig__store_folder *folder, mig__uid_key **keys, mig_error *err)
{
    mig__uids listed = {0};
    bool changed = true;
    bool target = store->map == NULL;
    forget_keywords(folder);
    mig__uidlist_stamp(folder->path, folder->stamp);
    if (mig__uidlist_read(folder->path, &listed, err) != 0) {
        return -1;
    }
    int failed = mig__maildir_keywords_read(folder->path, &folder->keywords, err);
    look_at_times(folder, folder->times);
    for (int scans = 0; failed == 0 && changed && scans < SCANS_MOST; scans++) {
        changed = false;
        mig__store_folder_clear(folder);
        failed = scan(store, folder, "new", &changed, err);
        failed = failed == 0 ? scan(store, folder, "cur", &changed, err) : failed;
    }
    failed = failed == 0 ? sort_by_name(folder, err) : failed;
    *keys = failed == 0 ? calloc(folder->count + 1, sizeof **keys) : NULL;
    if (failed == 0 && *keys == NULL) {
        failed = mig_error_set(err, MIG_E_NOMEM, "out of memory");
    }
    folder->uidvalidity = listed.uidvalidity;
    folder->uidnext = listed.uidnext;
    failed = failed == 0 ? describe(store, folder, *keys, target ? NULL : &listed, err) : failed;
    if (failed == 0 && target) {
        mig__uids_free(&folder->uids);
        folder->uids = listed;
        listed = (mig__uids){0};
    }
    mig__uids_free(&listed);
    return failed;
}

/* Messages of a target that are in no list yet, delivered by others or left by a killed run: they get into it. */
static int maildir_numbered(mig_store *store, mig__store_folder *folder, uint32_t from, mig_error *err)
{
    mig__buffer lines = MIG__BUFFER_INIT;
    int64_t stamp[3];
    if (store->map != NULL) {
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
        failed = mig__uidlist_lock(folder->path, NULL, err);
        locked = failed == 0;
    }
    mig__uidlist_stamp(folder->path, stamp);
    if (failed == 0 && memcmp(stamp, folder->stamp, sizeof stamp) != 0) {
        failed = mig_error_set(err, MIG_E_UNAVAILABLE, "another program numbers the messages in %s", folder->path);
    }
    failed = failed == 0 ? mig__uidlist_append(folder->path, folder->uidvalidity, &lines, err) : failed;
    mig__uidlist_stamp(folder->path, folder->stamp);
    if (locked) {
        mig__uidlist_unlock(folder->path);
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
    (void)store;
    for (size_t i = 0; i < 2 && length > 0 && !found; i++) {
        struct dirent *entry;
        char *path = mig__path_join(folder->path, parts[i]);
        DIR *directory = path != NULL ? opendir(path) : NULL;
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
    .open = maildir_open,
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
