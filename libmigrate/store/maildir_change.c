/* store/maildir_change.c - folders made and renamed, flags changed, messages moved and removed */
#include "store/files.h"
#include "store/maildir.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

/* ---- folders ---- */

/* The directories above a nested folder. */
static int make_parents(const mig_store *store, const char *path, mig_error *err)
{
    char *copy = strdup(path);
    if (copy == NULL) {
        return mig_error_set(err, MIG_E_NOMEM, "out of memory");
    }
    int failed = 0;
    for (char *slash = copy + strlen(store->path) + 1; failed == 0 && (slash = strchr(slash, '/')) != NULL; slash++) {
        *slash = '\0';
        if (mig__root_mkdir(&store->root, copy) != 0) {
            failed = mig_error_errno(err, MIG_E_IO, errno, "the directory %s cannot be made", copy);
        }
        *slash = '/';
    }
    free(copy);
    return failed;
}

/* Maildir++: an empty file "maildirfolder" tells that this is a folder of the Maildir above. */
static int mark_folder(const mig__root *root, const char *path, mig_error *err)
{
    mig__replacing replacing;
    char *mark = mig__files_join(path, "maildirfolder");
    if (mark == NULL) {
        return mig_error_set(err, MIG_E_NOMEM, "out of memory");
    }
    int failed = mig__replace_begin(&replacing, root, mark, err);
    free(mark);
    return failed == 0 ? mig__replace_end(&replacing, err) : -1;
}

int mig__maildir_create(mig_store *store, const char *wire, mig_error *err)
{
    if (mig__store_find(store, wire) != NULL) {
        return mig_error_set(err, MIG_E_EXISTS, "the folder is there already");
    }
    char *path = mig__maildir_directory(store, wire, err);
    if (path == NULL) {
        return -1;
    }
    int failed = store->nested ? make_parents(store, path, err) : 0;
    failed = failed == 0 ? mig__maildir_make(&store->root, path, err) : failed;
    if (failed == 0 && !store->nested) {
        failed = mark_folder(&store->root, path, err);
    }
    failed = failed == 0 ? mig__root_sync(&store->root, store->path, err) : failed;
    if (failed != 0) {
        free(path);
        return -1;
    }
    return mig__store_add_folder(store, wire, path, err) != NULL ? 0 : -1;
}

static int rename_one(mig_store *store, mig__store_folder *folder, const char *wire, bool by_parent, mig_error *err)
{
    char *path = mig__maildir_directory(store, wire, err), *name = strdup(wire);
    int failed = path == NULL ? -1 : name == NULL ? mig_error_set(err, MIG_E_NOMEM, "out of memory") : 0;
    if (failed == 0 && store->nested && !by_parent) {
        failed = make_parents(store, path, err);
    }
    if (failed == 0 && !by_parent && mig__root_rename(&store->root, folder->path, path) != 0) {
        failed = mig_error_errno(err, MIG_E_IO, errno, "renaming %s to %s", folder->path, path);
    }
    if (failed != 0) {
        free(path);
        free(name);
        return -1;
    }
    free(folder->path);
    free(folder->wire);
    folder->path = path;
    folder->wire = name;
    return 0;
}

/* Folders below it come along (RFC 3501 section 6.3.5): by themselves where they lie inside of it. */
int mig__maildir_rename(mig_store *store, mig__store_folder *folder, const char *wire, mig_error *err)
{
    size_t length = strlen(folder->wire);
    char *old = strdup(folder->wire);
    int failed = 0;
    if (old == NULL) {
        return mig_error_set(err, MIG_E_NOMEM, "out of memory");
    }
    if (mig__store_find(store, wire) != NULL) {
        failed = mig_error_set(err, MIG_E_EXISTS, "the folder is there already");
    } else if (strcasecmp(old, "INBOX") == 0) {
        failed = mig_error_set(err, MIG_E_CANNOT, "INBOX stays where it is");
    } else {
        failed = rename_one(store, folder, wire, false, err);
    }
    for (size_t i = 0; failed == 0 && i < store->count; i++) {
        mig__store_folder *below = store->folders[i];
        if (strncmp(below->wire, old, length) == 0 && below->wire[length] == store->delimiter) {
            mig__buffer name = MIG__BUFFER_INIT;
            mig__buffer_addf(&name, "%s%s", wire, below->wire + length);
            failed = mig__buffer_ok(&name, err);
            failed = failed == 0 ? rename_one(store, below, name.data, store->nested, err) : failed;
            mig__buffer_free(&name);
        }
    }
    free(old);
    return failed == 0 ? mig__root_sync(&store->root, store->path, err) : -1;
}

/* ---- the lock around changes ---- */

int mig__maildir_begin(mig_store *store, mig__store_folder *folder, mig_error *err)
{
    int64_t stamp[3];
    pthread_mutex_lock(&folder->writing);
    if (mig__uidlist_lock(&store->root, folder->path, store->stop, err) != 0) {
        pthread_mutex_unlock(&folder->writing);
        return -1;
    }
    folder->locked = true;
    mig__uidlist_stamp(&store->root, folder->path, stamp);
    pthread_mutex_lock(&store->lock);
    folder->users++; /* so that the index stays */
    bool current = folder->uidvalidity != 0 && stamp[0] != 0 && memcmp(stamp, folder->stamp, sizeof stamp) == 0;
    pthread_mutex_unlock(&store->lock);
    if (!current && mig__store_reload(store, folder, err) != 0) {
        mig__maildir_let_go(store, folder);
        return -1;
    }
    return 0;
}

void mig__maildir_let_go(mig_store *store, mig__store_folder *folder)
{
    mig__uidlist_unlock(&store->root, folder->path);
    folder->locked = false;
    pthread_mutex_unlock(&folder->writing);
    mig__store_let_go(store, folder);
}

int mig__maildir_end(mig_store *store, mig__store_folder *folder, mig_error *err)
{
    char *cur = mig__files_join(folder->path, "cur");
    int failed =
        cur == NULL ? mig_error_set(err, MIG_E_NOMEM, "out of memory") : mig__root_sync(&store->root, cur, err);
    free(cur);
    mig__maildir_let_go(store, folder);
    return failed;
}

int mig__maildir_letters(const mig__root *root, mig__store_folder *folder, const char *flags, mig__buffer *out,
                         mig_error *err)
{
    bool added;
    size_t before = 0;
    while (folder->keywords != NULL && folder->keywords[before] != NULL) {
        before++;
    }
    int failed = mig__maildir_info(flags, &folder->keywords, &added, out, err);
    if (failed == 0 && added) {
        failed = mig__maildir_keywords_write(root, folder->path, folder->keywords, err);
    }
    while (failed != 0 && folder->keywords != NULL && folder->keywords[before] != NULL) {
        size_t last = before; /* those that did not get into the file are not known */
        while (folder->keywords[last + 1] != NULL) {
            last++;
        }
        free(folder->keywords[last]);
        folder->keywords[last] = NULL;
    }
    return failed;
}

/* ---- messages ---- */

/* The message of that UID, copied; 1: there is none. */
static int find_item(mig_store *store, mig__store_folder *folder, uint32_t uid, mig__store_item *out, mig_error *err)
{
    int found = mig__store_take(store, folder, uid, out, err);
    if (found == 0 && out->message.uid != uid) {
        mig__store_item_clear(out);
        return 1;
    }
    return found;
}

/* The file's name in another folder or with other flags: "cur/NAME:2,FLAGS". */
static char *new_name(const mig__root *root, mig__store_folder *folder, const mig__store_item *item, const char *flags,
                      mig_error *err)
{
    mig__buffer name = MIG__BUFFER_INIT;
    const char *old = strrchr(item->path, '/') + 1;
    mig__buffer_add_text(&name, "cur/");
    mig__buffer_add(&name, old, mig__maildir_stem(old));
    if (mig__maildir_letters(root, folder, flags, &name, err) != 0) {
        mig__buffer_free(&name);
        return NULL;
    }
    char *text = mig__buffer_steal(&name);
    if (text == NULL) {
        mig_error_set(err, MIG_E_NOMEM, "out of memory");
    }
    return text;
}

/* Rename the file to "cur/..." of a folder. 0; 1: it is gone. */
static int rename_file(const mig__root *root, const mig__store_item *item, const mig__store_folder *folder,
                       const char *name, mig_error *err)
{
    char *to = mig__files_join(folder->path, name);
    int failed = to == NULL ? mig_error_set(err, MIG_E_NOMEM, "out of memory") : 0;
    if (failed == 0 && mig__root_rename(root, item->path, to) != 0) {
        failed = errno == ENOENT ? 1 : mig_error_errno(err, MIG_E_IO, errno, "renaming %s to %s", item->path, to);
    }
    free(to);
    return failed;
}

static int set_name(mig_store *store, mig__store_folder *folder, uint32_t uid, const char *name, mig_error *err)
{
    uint16_t number = 0;
    char *flags = mig__maildir_flags(name + 4, folder->keywords, NULL);
    pthread_mutex_lock(&store->lock);
    int failed =
        flags == NULL ? mig_error_set(err, MIG_E_NOMEM, "out of memory") : mig__store_flags(store, flags, &number, err);
    size_t at = mig__store_seek(folder, uid);
    if (failed == 0 && at < folder->count && folder->messages[at].uid == uid) {
        mig__store_message_put(&folder->messages[at], mig__store_add_name(folder, name), 0);
        folder->messages[at].flags = number;
        failed = mig__buffer_ok(&folder->names, err);
    }
    pthread_mutex_unlock(&store->lock);
    free(flags);
    return failed;
}

int mig__maildir_flag(mig_store *store, mig__store_folder *folder, uint32_t uid, const char *flags, mig_error *err)
{
    mig__store_item item;
    int failed = find_item(store, folder, uid, &item, err);
    if (failed != 0) {
        return failed > 0 ? 0 : -1;
    }
    char *name = new_name(&store->root, folder, &item, flags, err);
    failed = name == NULL ? -1 : rename_file(&store->root, &item, folder, name, err);
    failed = failed == 0 ? set_name(store, folder, uid, name, err) : failed > 0 ? 0 : -1;
    free(name);
    mig__store_item_clear(&item);
    return failed;
}

static void drop(mig_store *store, mig__store_folder *folder, uint32_t uid)
{
    pthread_mutex_lock(&store->lock);
    size_t at = mig__store_seek(folder, uid);
    if (at < folder->count && folder->messages[at].uid == uid) {
        memmove(&folder->messages[at], &folder->messages[at + 1], (folder->count - at - 1) * sizeof *folder->messages);
        folder->count--;
    }
    pthread_mutex_unlock(&store->lock);
}

int mig__maildir_expunge(mig_store *store, mig__store_folder *folder, uint32_t uid, mig_error *err)
{
    mig__store_item item;
    int failed = find_item(store, folder, uid, &item, err);
    if (failed == 0) {
        if (mig__root_unlink(&store->root, item.path) != 0 && errno != ENOENT) {
            failed = mig_error_errno(err, MIG_E_IO, errno, "removing %s", item.path);
        } else {
            drop(store, folder, uid);
        }
        mig__store_item_clear(&item);
    }
    return failed < 0 ? -1 : 0;
}

/* With both folders locked: its UID into the list, then the file itself. */
static int move_locked(mig_store *store, mig__store_folder *folder, mig__store_folder *to, mig__store_item *item,
                       uint32_t *uid, mig_error *err)
{
    mig__buffer line = MIG__BUFFER_INIT;
    uint32_t next = to->uidnext;
    if (next == UINT32_MAX) {
        return mig_error_set(err, MIG_E_BOUNDS, "there is no UID left for a further message");
    }
    char *name = new_name(&store->root, to, item, item->flags, err);
    if (name == NULL) {
        return -1;
    }
    mig__uidlist_line(&line, next, name + 4);
    int failed = mig__buffer_ok(&line, err);
    failed = failed == 0 ? mig__uidlist_append(&store->root, to->path, to->uidvalidity, &line, err) : failed;
    mig__buffer_free(&line);
    if (failed == 0) {
        mig__uidlist_stamp(&store->root, to->path, to->stamp);
        pthread_mutex_lock(&store->lock);
        mig__store_message *message = to->loaded ? mig__store_add_message(to, err) : NULL;
        failed = to->loaded && message == NULL ? -1 : 0;
        if (message != NULL) {
            message->uid = next;
            mig__store_message_put(message, mig__store_add_name(to, name), 0);
        }
        to->uidnext = next + 1;
        pthread_mutex_unlock(&store->lock);
    }
    failed = failed == 0 ? rename_file(&store->root, item, to, name, err) : failed;
    if (failed == 0) {
        drop(store, folder, item->message.uid);
        failed = set_name(store, to, next, name, err);
        *uid = next;
    } else {
        drop(store, to, next);
    }
    free(name);
    return failed > 0 ? 0 : failed;
}

int mig__maildir_move(mig_store *store, mig__store_folder *folder, uint32_t from, mig__store_folder *to, uint32_t *uid,
                      mig_error *err)
{
    /* Always in the same order, so that two moves across do not wait for each other. */
    mig__store_folder *first = (uintptr_t)folder < (uintptr_t)to ? folder : to;
    mig__store_folder *second = first == folder ? to : folder;
    mig__store_item item;
    *uid = 0;
    if (folder == to) {
        return mig_error_set(err, MIG_E_CANNOT, "a message cannot be moved to where it is");
    }
    if (mig__maildir_begin(store, first, err) != 0) {
        return -1;
    }
    if (mig__maildir_begin(store, second, err) != 0) {
        mig__maildir_let_go(store, first);
        return -1;
    }
    int failed = find_item(store, folder, from, &item, err);
    if (failed == 0) {
        failed = move_locked(store, folder, to, &item, uid, err);
        mig__store_item_clear(&item);
    }
    mig_error ignored;
    int synced = mig__maildir_end(store, second, failed < 0 ? &ignored : err);
    synced = mig__maildir_end(store, first, failed < 0 || synced != 0 ? &ignored : err) != 0 ? -1 : synced;
    return failed < 0 || synced != 0 ? -1 : 0;
}
