/* store/index.c - the folders of a store and what is in them, held in memory while somebody needs it */
#include "mail/flags.h"
#include "store/contents.h"
#include "store/files.h"
#include "store/store.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

enum {
    QUIET = 4,
    LARGE = 1000,
    PROBLEMS_MOST = 1000,
    IDLE_MOST = 40,    /* indexes kept although nobody holds them: one for each connection that may come back to it */
    FLAGS_MOST = 65000 /* texts of flags; the five system flags alone have a place above that */
};

mig__store_folder *mig__store_find(mig_store *store, const char *wire)
{
    for (size_t i = 0; i < store->count; i++) {
        const char *name = store->folders[i]->wire;
        if (strcmp(name, wire) == 0 || (strcmp(name, "INBOX") == 0 && strcasecmp(wire, "INBOX") == 0)) {
            return store->folders[i];
        }
    }
    return NULL;
}

mig__store_folder *mig__store_add_folder(mig_store *store, const char *wire, char *path, mig_error *err)
{
    mig__store_folder *folder = calloc(1, sizeof *folder);
    if (store->count == store->room) {
        size_t room = store->room == 0 ? 16 : 2 * store->room;
        mig__store_folder **grown = realloc(store->folders, room * sizeof *grown);
        if (grown != NULL) {
            store->folders = grown;
            store->room = room;
        }
    }
    if (folder != NULL) {
        folder->wire = strdup(wire);
    }
    if (folder == NULL || folder->wire == NULL || path == NULL || store->count == store->room) {
        free(folder != NULL ? folder->wire : NULL);
        free(folder);
        free(path);
        mig_error_set(err, MIG_E_NOMEM, "out of memory");
        return NULL;
    }
    folder->path = path;
    folder->selectable = true;
    folder->role = strcasecmp(wire, "INBOX") == 0 ? MIG_ROLE_INBOX : MIG_ROLE_NONE;
    pthread_mutex_init(&folder->writing, NULL);
    store->folders[store->count++] = folder;
    return folder;
}

const char *mig__lack_text(mig__lack lack)
{
    static const char *const texts[] = {
        [MIG__LACK_NONE] = "",
        [MIG__LACK_LINK] = "it is a symbolic link, which is not followed",
        [MIG__LACK_DIRECTORY] = "it is a directory where messages are",
        [MIG__LACK_SPECIAL] = "it is neither a file nor a directory",
        [MIG__LACK_DAMAGED] = "the archive does not have it as it was exported: it is damaged or missing",
        [MIG__LACK_LOST] = "it could not be read when the archive was made: mailmigrate archive check says why",
        [MIG__LACK_FOREIGN] = "it lies among messages and is none, by its name",
        [MIG__LACK_PARTIAL] = "it is part of a message: Apple Mail keeps its attachments elsewhere",
    };
    return texts[lack];
}

/* Of a tree that is full of such files the first ones are named, and the rest is counted. */
static int count_problem(mig_store *store, mig_error *err)
{
    mig__buffer text = MIG__BUFFER_INIT;
    mig__store_folder *last = store->folders[store->count - 1];
    for (size_t i = 0; i < store->count; i++) {
        last = store->folders[i]->problem != NULL ? store->folders[i] : last;
    }
    mig__buffer_addf(&text, "it cannot be read, and %zu further ones that are not named",
                     ++store->problems - PROBLEMS_MOST);
    char *words = mig__buffer_steal(&text);
    if (words == NULL) {
        return mig_error_set(err, MIG_E_NOMEM, "out of memory");
    }
    free(last->problem);
    last->problem = words;
    return 0;
}

int mig__store_add_problem(mig_store *store, const char *wire, const char *path, const char *problem, mig_error *err)
{
    if (store->problems >= PROBLEMS_MOST) {
        return count_problem(store, err);
    }
    store->problems++;
    char *shown = mig__files_name_shown(wire);
    mig__buffer name = MIG__BUFFER_INIT;
    mig__buffer_add_text(&name, shown != NULL ? shown : "");
    for (unsigned n = 2; !name.failed && mig__store_find(store, name.data) != NULL; n++) {
        mig__buffer_clear(&name);
        mig__buffer_addf(&name, "%s (%u)", shown, n);
    }
    mig__store_folder *folder = NULL;
    if (shown != NULL && mig__buffer_ok(&name, err) == 0) {
        folder = mig__store_add_folder(store, name.data, strdup(path), err);
    }
    if (folder != NULL) {
        folder->problem = strdup(problem);
    }
    free(shown);
    mig__buffer_free(&name);
    return folder != NULL && folder->problem != NULL ? 0 : mig_error_set(err, MIG_E_NOMEM, "out of memory");
}

void mig__store_folder_clear(mig__store_folder *folder)
{
    free(folder->messages);
    folder->messages = NULL;
    folder->count = folder->room = 0;
    mig__buffer_free(&folder->names);
    folder->loaded = false;
}

/* Where a text is or belongs in the order of the pool. */
static size_t flag_place(const mig_store *store, const char *joined, bool *there)
{
    size_t low = 0, high = store->flag_count;
    *there = false;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = strcmp(store->flags[store->flag_order[middle]], joined);
        if (order == 0) {
            *there = true;
            return middle;
        }
        *(order < 0 ? &low : &high) = order < 0 ? middle + 1 : middle;
    }
    return low;
}

static int add_flags(mig_store *store, const char *joined, size_t at, uint16_t *out, mig_error *err)
{
    if (store->flag_count == store->flag_room) {
        size_t room = store->flag_room == 0 ? 32 : 2 * store->flag_room;
        char **texts = realloc(store->flags, room * sizeof *texts);
        store->flags = texts != NULL ? texts : store->flags;
        uint16_t *order = texts != NULL ? realloc(store->flag_order, room * sizeof *order) : NULL;
        if (order == NULL) {
            return mig_error_set(err, MIG_E_NOMEM, "out of memory");
        }
        store->flag_order = order;
        store->flag_room = room;
    }
    char *text = strdup(joined);
    if (text == NULL) {
        return mig_error_set(err, MIG_E_NOMEM, "out of memory");
    }
    memmove(store->flag_order + at + 1, store->flag_order + at, (store->flag_count - at) * sizeof *store->flag_order);
    store->flag_order[at] = *out = (uint16_t)store->flag_count;
    store->flags[store->flag_count++] = text;
    return 0;
}

int mig__store_flags(mig_store *store, const char *joined, uint16_t *out, mig_error *err)
{
    bool there;
    size_t at = flag_place(store, joined, &there);
    if (there) {
        *out = store->flag_order[at];
        return 0;
    }
    if (store->flag_count < FLAGS_MOST) {
        return add_flags(store, joined, at, out, err);
    }
    const char **flags = mig__flags_split(joined);
    size_t kept = 0;
    for (size_t i = 0; flags != NULL && flags[i] != NULL; i++) {
        if (flags[i][0] == '\\') {
            flags[kept++] = flags[i];
        }
    }
    if (flags != NULL) {
        flags[kept] = NULL;
    }
    char *system = flags != NULL ? mig__flags_join(flags) : NULL;
    free(flags);
    at = system != NULL ? flag_place(store, system, &there) : 0;
    int failed = system == NULL ? mig_error_set(err, MIG_E_NOMEM, "out of memory") : 0;
    if (failed == 0 && there) {
        *out = store->flag_order[at];
    } else if (failed == 0) {
        failed = add_flags(store, system, at, out, err);
    }
    free(system);
    return failed;
}

mig__store_message *mig__store_add_message(mig__store_folder *folder, mig_error *err)
{
    if (folder->count == folder->room) {
        size_t room = folder->room == 0 ? 64 : 2 * folder->room;
        mig__store_message *grown = realloc(folder->messages, room * sizeof *grown);
        if (grown == NULL) {
            mig_error_set(err, MIG_E_NOMEM, "out of memory");
            return NULL;
        }
        folder->messages = grown;
        folder->room = room;
    }
    folder->messages[folder->count] = (mig__store_message){.date = MIG__STORE_NO_DATE};
    return &folder->messages[folder->count++];
}

uint64_t mig__store_add_name(mig__store_folder *folder, const char *name)
{
    uint64_t at = folder->names.length;
    mig__buffer_add(&folder->names, name, strlen(name) + 1);
    return at;
}

/* The map is a file of our own, beside the state. */
static mig__uid_list *uids_in_map(mig_store *store, const char *wire, mig_error *err)
{
    bool again = mig__identity_leave(&store->identity);
    mig__uid_list *uids = mig__uidmap_folder(store->map, wire, err);
    return again && mig__identity_take(&store->identity, err) != 0 ? NULL : uids;
}

static int compare_messages(const void *a, const void *b)
{
    const mig__store_message *x = a, *y = b;
    return x->uid < y->uid ? -1 : x->uid > y->uid;
}

int mig__store_number(mig_store *store, mig__store_folder *folder, mig__uid_key *keys, mig_error *err)
{
    bool changed = false;
    mig__uid_list *uids = store->map != NULL ? uids_in_map(store, folder->wire, err) : &folder->uids;
    uint32_t *given = calloc(folder->count + 1, sizeof *given);
    if (uids == NULL || given == NULL) {
        free(given);
        return uids == NULL ? -1 : mig_error_set(err, MIG_E_NOMEM, "out of memory");
    }
    bool unknown = uids->uidvalidity == 0; /* then the UIDs that the folder says are met, all of them */
    if (unknown) {
        uids->uidvalidity = folder->uidvalidity;
    }
    for (size_t i = 0; i < folder->count; i++) {
        given[i] = folder->messages[i].uid;
    }
    uint32_t before = uids->uidnext;
    int failed = mig__uid_list_assign(uids, keys, given, folder->count, &changed, err);
    if (unknown && uids->uidnext < folder->uidnext) {
        uids->uidnext = folder->uidnext;
    }
    for (size_t i = 0; failed == 0 && i < folder->count; i++) {
        folder->messages[i].uid = given[i];
    }
    free(given);
    if (failed != 0) {
        return -1;
    }
    if ((changed || unknown) && store->map != NULL) {
        mig__uidmap_touch(store->map);
    }
    if (folder->count > 0) {
        qsort(folder->messages, folder->count, sizeof *folder->messages, compare_messages);
    }
    folder->uidvalidity = uids->uidvalidity;
    folder->uidnext = uids->uidnext;
    if (mig__buffer_ok(&folder->names, err) != 0) {
        return -1;
    }
    if (store->map == NULL) {
        mig__uid_list_free(&folder->uids); /* the list is read anew with the folder */
    }
    return store->ops->numbered != NULL ? store->ops->numbered(store, folder, before, err) : 0;
}

size_t mig__store_seek(const mig__store_folder *folder, uint32_t uid)
{
    size_t low = 0, high = folder->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        *(folder->messages[middle].uid < uid ? &low : &high) = folder->messages[middle].uid < uid ? middle + 1 : middle;
    }
    return low;
}

static int load(mig_store *store, mig__store_folder *folder, mig_error *err)
{
    mig__uid_key *keys = NULL;
    mig__store_folder_clear(folder);
    int failed = store->ops->load(store, folder, &keys, err);
    failed = failed != 0 ? failed : mig__store_number(store, folder, keys, err);
    free(keys);
    if (failed != 0) {
        mig__store_folder_clear(folder);
        return -1;
    }
    folder->loaded = true;
    return 0;
}

/* Forget the indexes that nobody holds, but for the last ones used. */
static void forget_idle(mig_store *store)
{
    for (;;) {
        mig__store_folder *oldest = NULL;
        size_t idle = 0;
        for (size_t i = 0; i < store->count; i++) {
            mig__store_folder *folder = store->folders[i];
            if (folder->loaded && folder->users == 0) {
                idle++;
                oldest = oldest == NULL || folder->used < oldest->used ? folder : oldest;
            }
        }
        if (store->ops->load == NULL || idle <= IDLE_MOST) {
            return;
        }
        mig__store_folder_clear(oldest);
    }
}

int mig__store_hold(mig_store *store, mig__store_folder *folder, mig_error *err)
{
    int failed = 0;
    pthread_mutex_lock(&store->lock);
    if (!folder->loaded && store->ops->load != NULL) {
        failed = load(store, folder, err);
    }
    if (failed == 0) {
        folder->users++;
        folder->used = ++store->clock;
        folder->quiet = 0;
    }
    pthread_mutex_unlock(&store->lock);
    return failed;
}

void mig__store_let_go(mig_store *store, mig__store_folder *folder)
{
    pthread_mutex_lock(&store->lock);
    folder->users--;
    forget_idle(store);
    pthread_mutex_unlock(&store->lock);
}

void mig__store_leave(mig__store_folder *folder)
{
    folder->quiet++;
    if (folder->quiet >= QUIET && folder->users == 0 && folder->count >= LARGE) {
        mig__store_folder_clear(folder);
    }
}

int mig__store_reload(mig_store *store, mig__store_folder *folder, mig_error *err)
{
    pthread_mutex_lock(&store->lock);
    int failed = store->ops->load != NULL ? load(store, folder, err) : 0;
    pthread_mutex_unlock(&store->lock);
    return failed;
}

int mig__store_refresh(mig_store *store, mig__store_folder *folder, mig_error *err)
{
    pthread_mutex_lock(&folder->writing); /* what is being written is in the files and not in the index, or not yet */
    int failed = mig__store_reload(store, folder, err);
    pthread_mutex_unlock(&folder->writing);
    return failed;
}

int mig__store_keep_uids(mig_store *store, mig_error *err)
{
    if (store->map == NULL || !store->keep) {
        return 0;
    }
    bool again = mig__identity_leave(&store->identity);
    int failed = mig__uidmap_save(store->map, err);
    if (failed == 0) {
        mig__uidmap_rest(store->map);
    }
    return again && mig__identity_take(&store->identity, failed == 0 ? err : NULL) != 0 ? -1 : failed;
}

static int copy_item(mig_store *store, mig__store_folder *folder, const mig__store_message *message,
                     mig__store_item *out, mig_error *err)
{
    mig__buffer path = MIG__BUFFER_INIT;
    store->ops->path(store, folder, message, &path);
    *out = (mig__store_item){.message = *message, .flags = store->flags[message->flags], .spool = -1};
    if (!store->ops->whole_files && store->files[message->file].packed) {
        out->spool = store->spool;
    }
    out->path = mig__buffer_steal(&path);
    return out->path != NULL ? 0 : mig_error_set(err, MIG_E_NOMEM, "out of memory");
}

int mig__store_take(mig_store *store, mig__store_folder *folder, uint32_t uid, mig__store_item *out, mig_error *err)
{
    int result = 1;
    *out = (mig__store_item){.spool = -1};
    pthread_mutex_lock(&store->lock);
    size_t at = mig__store_seek(folder, uid);
    if (at < folder->count) {
        result = copy_item(store, folder, &folder->messages[at], out, err);
    }
    pthread_mutex_unlock(&store->lock);
    return result;
}

void mig__store_item_clear(mig__store_item *item)
{
    free(item->path);
    item->path = NULL;
}

/* The descriptor of the message's file, also when it has another name by now. -1 with errno. */
static int open_file(mig_store *store, mig__store_folder *folder, mig__store_item *item, struct stat *status)
{
    const mig__root *root = store->root.fd >= 0 ? &store->root : NULL; /* an archive's lie where we unpacked it */
    int fd = mig__root_regular(root, item->path, status);
    if (fd >= 0 || errno != ENOENT || store->ops->find == NULL) {
        return fd;
    }
    mig__buffer path = MIG__BUFFER_INIT;
    pthread_mutex_lock(&store->lock);
    int found = store->ops->find(store, folder, item, &path);
    pthread_mutex_unlock(&store->lock);
    char *now = found == 0 ? mig__buffer_steal(&path) : NULL;
    mig__buffer_free(&path);
    if (now == NULL) {
        errno = ENOENT;
        return -1;
    }
    free(item->path);
    item->path = now;
    return mig__root_regular(root, item->path, status);
}

/* In a file of many messages one begins where its From_ line still is. */
static bool in_place(int fd, const mig__store_message *message, const struct stat *status)
{
    char line[5] = "";
    uint64_t from = mig__store_message_from(message), skip = mig__store_message_skip(message);
    if (from + message->length > (uint64_t)status->st_size) {
        return false;
    }
    return skip == 0 || (pread(fd, line, sizeof line, (off_t)(from - skip)) == 5 &&
                         (memcmp(line, "From ", 5) == 0 || memcmp(line, "\1\1\1\1\n", 5) == 0));
}

static int explain(const mig__store_item *item, mig_error *err)
{
    static const struct {
        int problem;
        const char *words;
    } known[] = {{EINVAL, "it is no regular file"},
                 {ELOOP, "it is a symbolic link, which is not followed"},
                 {ENOTDIR, "there is a symbolic link in front of it, which is not followed"},
                 {EXDEV, "it lies outside"},
                 {EPERM, "it is another user's file that has several names"}};
    int problem = errno;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (known[i].problem == problem) {
            return mig_error_set(err, MIG_E_IO, "%s: %s", item->path, known[i].words);
        }
    }
    return mig_error_errno(err, MIG_E_IO, problem, "opening %s", item->path);
}

/* Where many messages lie in one file. */
static int check_place(int fd, const mig__store_item *item, const struct stat *status, mig_error *err)
{
    if (item->message.length == UINT32_MAX) {
        return mig_error_set(err, MIG_E_TOO_BIG, "a message in %s is longer than 4 GiB", item->path);
    }
    if (!in_place(fd, &item->message, status)) {
        mig_error_set(err, MIG_E_IO, "%s was changed while it was being read", item->path);
        return mig_error_hint(err, "run again when nothing delivers into it or compacts it");
    }
    return 0;
}

/*
 * On a target octets are what they are, whatever they look like; but the server there may compress what we stored: then
 * ",S=" in the name, the size that was stored, is not the file's any more.
 */
static bool is_packed_since(int fd, const mig__store_item *item, uint64_t size)
{
    const char *words, *name = strrchr(item->path, '/');
    const char *stored = name != NULL ? strstr(name, ",S=") : NULL;
    return stored != NULL && strtoull(stored + 3, NULL, 10) != size &&
           mig__contents_in(fd, &words) == MIG__CONTENTS_PACKED;
}

/* Where it is a file of its own. */
static int check_whole(const mig_store *store, int fd, const mig__store_item *item, const struct stat *status,
                       bool *packed, mig_error *err)
{
    if ((uint64_t)status->st_size >= UINT32_MAX) {
        return mig_error_set(err, MIG_E_TOO_BIG, "%s is longer than 4 GiB", item->path);
    }
    if (store->side == MIG_TARGET) {
        *packed = is_packed_since(fd, item, (uint64_t)status->st_size);
        return 0;
    }
    if (store->ops->looks_inside && mig__contents_message(fd, (uint64_t)status->st_size, packed, err) != 0) {
        return mig_error_context(err, "%s", item->path);
    }
    return 0;
}

/* What was seen and is no message that can be read. */
static int refuse(const mig_store *store, const mig__store_item *item, mig_error *err)
{
    char why[MIG_ERROR_TEXT];
    mig__lack lack = (mig__lack)item->message.file;
    if (lack == MIG__LACK_FOREIGN) {
        mig__contents_why(&store->root, item->path, "message by its name", why, sizeof why);
    } else {
        snprintf(why, sizeof why, "%s", mig__lack_text(lack));
    }
    return mig_error_set(err, MIG_E_IO, "%s: %s", item->path, why);
}

int mig__store_item_open(mig_store *store, mig__store_folder *folder, mig__store_item *item, mig__stretch *out,
                         int64_t *date, mig_error *err)
{
    struct stat status;
    const mig__store_message *message = &item->message;
    bool own = store->ops->whole_files, packed = false;
    if (own && message->file != MIG__LACK_NONE) {
        return refuse(store, item, err);
    }
    int fd = item->spool >= 0 ? fcntl(item->spool, F_DUPFD_CLOEXEC, 0) : open_file(store, folder, item, &status);
    if (fd >= 0 && item->spool >= 0 && fstat(fd, &status) != 0) {
        int problem = errno;
        close(fd);
        return mig_error_errno(err, MIG_E_IO, problem, "reading what was unpacked of %s", item->path);
    }
    if (fd < 0) {
        return errno == ENOENT ? 1 : explain(item, err);
    }
    if ((own ? check_whole(store, fd, item, &status, &packed, err) : check_place(fd, item, &status, err)) != 0) {
        close(fd);
        return -1;
    }
    *out = (mig__stretch){.fd = fd,
                          .from = own ? 0 : mig__store_message_from(message),
                          .length = own ? (uint64_t)status.st_size : message->length,
                          .packed = packed,
                          .crlf = store->crlf,
                          .unquote = store->quoted && !mig__store_message_verbatim(message)};
    if (store->ops->place != NULL && store->ops->place(item, out, err) != 0) {
        close(fd);
        return -1;
    }
    *date = message->date != MIG__STORE_NO_DATE ? (int64_t)message->date : (int64_t)status.st_mtim.tv_sec;
    if (store->ops->date != NULL && message->date == MIG__STORE_NO_DATE) {
        store->ops->date(out, date);
    }
    return 0;
}
