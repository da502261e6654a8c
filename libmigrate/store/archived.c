/*
 * store/archived.c - a file that `mailmigrate archive export` wrote: unpacked into a private directory, and served from
 * there with the UIDs, flags, dates, roles and subscriptions of its manifest
 *
 * The directory is "STATE.source.unpacked.PID" (mode 0700). It goes when the store does; what a killed run left goes
 * when the next one begins.
 */
#include "archive/archive.h"
#include "imap/command.h"
#include "mail/flags.h"
#include "store/files.h"
#include "store/store.h"
#include <errno.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef struct unpacked {
    mig__archive *archive;
    char *directory; /* NULL: not made yet */
} unpacked;

/* ---- the directory ---- */

static int remove_one(const char *path, const struct stat *status, int kind, struct FTW *where)
{
    (void)status;
    (void)where;
    (void)(kind == FTW_DP ? rmdir(path) : unlink(path)); /* what stays is tried again by the next run */
    return 0;
}

static void remove_tree(const char *path)
{
    (void)nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* Directories of runs that are no more. `prefix` is a path up to the number. */
static void sweep(const char *prefix)
{
    mig_error ignored = MIG_ERROR_INIT;
    const char *slash = strrchr(prefix, '/');
    char *parent = slash == NULL ? strdup(".") : strndup(prefix, (size_t)(slash - prefix) + 1);
    const char *base = slash == NULL ? prefix : slash + 1;
    char **names = parent != NULL ? mig__root_names(NULL, parent, &ignored) : NULL;
    for (size_t i = 0; names != NULL && names[i] != NULL; i++) {
        char *end;
        size_t length = strlen(base);
        if (strncmp(names[i], base, length) != 0) {
            continue;
        }
        long pid = strtol(names[i] + length, &end, 10);
        char *path = mig__files_join(parent, names[i]);
        if (path != NULL && pid > 0 && *end == '\0' && kill((pid_t)pid, 0) != 0 && errno == ESRCH) {
            remove_tree(path);
        }
        free(path);
    }
    mig__root_names_free(names);
    free(parent);
}

static int make_directory(mig_store *store, unpacked *u, mig_error *err)
{
    mig__buffer path = MIG__BUFFER_INIT;
    if (store->state_path == NULL) { /* a run without a state, as a stock-taking of the source alone */
        mig__buffer_add_text(&path, P_tmpdir "/mailmigrate.unpacked.XXXXXX");
    } else {
        mig__buffer_addf(&path, "%s.source.unpacked.", store->state_path);
        if (mig__buffer_ok(&path, err) != 0) {
            return -1;
        }
        sweep(path.data);
        mig__buffer_addf(&path, "%ld", (long)getpid());
    }
    char *made = mig__buffer_steal(&path);
    if (made == NULL) {
        return mig_error_set(err, MIG_E_NOMEM, "out of memory");
    }
    if (store->state_path == NULL ? mkdtemp(made) == NULL : mkdir(made, 0700) != 0) {
        mig_error_errno(err, MIG_E_IO, errno, "the directory %s to unpack into cannot be made", made);
        free(made);
        return -1;
    }
    u->directory = made;
    return 0;
}

/* ---- folders and messages ---- */

/* Only what is a flag: the manifest may be anybody's. */
static int take_flags(mig_store *store, const char *joined, uint16_t *out, mig_error *err)
{
    const char **flags = mig__flags_split(joined);
    size_t kept = 0;
    for (size_t i = 0; flags != NULL && flags[i] != NULL; i++) {
        if (mig__flag_valid(flags[i])) {
            flags[kept++] = flags[i];
        }
    }
    if (flags != NULL) {
        flags[kept] = NULL;
    }
    char *valid = flags != NULL ? mig__flags_join(flags) : NULL;
    int failed =
        valid != NULL ? mig__store_flags(store, valid, out, err) : mig_error_set(err, MIG_E_NOMEM, "out of memory");
    free(valid);
    free(flags);
    return failed;
}

static int add_messages(mig_store *store, unpacked *u, size_t number, mig__store_folder *folder, uint64_t count,
                        mig_error *err)
{
    mig__uid_key *keys = calloc((size_t)count + 1, sizeof *keys);
    int failed = keys == NULL ? mig_error_set(err, MIG_E_NOMEM, "out of memory") : 0;
    for (uint64_t i = 0; failed == 0 && i < count; i++) {
        mig__archive_message from;
        failed = mig__archive_message_at(u->archive, number, i, &from, err);
        mig__store_message *message = failed == 0 ? mig__store_add_message(folder, err) : NULL;
        if (message == NULL) {
            failed = -1;
            break;
        }
        message->uid = from.uid;
        /* Whoever asks for what is not there is told. */
        message->file = from.lost ? MIG__LACK_LOST : from.damaged ? MIG__LACK_DAMAGED : MIG__LACK_NONE;
        if (from.date.valid) {
            mig__store_message_set_date(message, from.date.utc);
        }
        mig__store_message_put(message, mig__store_add_name(folder, from.path), 0);
        failed = take_flags(store, from.flags, &message->flags, err);
        failed = failed == 0 ? mig__uid_key_of(from.path, strlen(from.path), &keys[i], err) : failed;
    }
    failed = failed == 0 ? mig__store_number(store, folder, keys, err) : failed;
    free(keys);
    return failed;
}

static int add_folder(mig_store *store, unpacked *u, size_t number, mig_error *err)
{
    const mig__archive_folder *from = mig__archive_folder_at(u->archive, number);
    mig__store_folder *folder = mig__store_add_folder(store, from->wire, strdup(u->directory), err);
    if (folder == NULL) {
        return -1;
    }
    folder->role = from->role;
    folder->subscribed = from->subscribed;
    folder->selectable = from->selectable;
    folder->uidvalidity = from->uidvalidity != 0 ? from->uidvalidity : 1;
    folder->uidnext = from->uidnext;
    folder->loaded = true;
    return from->selectable ? add_messages(store, u, number, folder, from->messages, err) : 0;
}

static int unpack(mig_store *store, unpacked *u, mig_error *err)
{
    const mig__archive_options options = {
        .path = store->path, .secret = store->secret, .secret_context = store->secret_context, .stop = store->stop};
    u->archive = mig__archive_open(&options, err);
    if (u->archive == NULL) {
        return -1;
    }
    char delimiter = mig__archive_delimiter(u->archive);
    store->delimiter = delimiter != '\0' ? delimiter : '/';
    free(store->prefix);
    if ((store->prefix = mig__strdup(mig__archive_prefix(u->archive))) == NULL) {
        return mig_error_set(err, MIG_E_NOMEM, "out of memory");
    }
    if (make_directory(store, u, err) != 0 || mig__archive_unpack(u->archive, u->directory, err) != 0) {
        return -1;
    }
    for (size_t i = 0; i < mig__archive_folder_count(u->archive); i++) {
        if (add_folder(store, u, i, err) != 0) {
            return -1;
        }
    }
    return 0;
}

static int archive_open(mig_store *store, mig_error *err)
{
    unpacked *u = calloc(1, sizeof *u);
    if (u == NULL) {
        return mig_error_set(err, MIG_E_NOMEM, "out of memory");
    }
    store->extra = u;
    store->crlf = false;           /* octets are as they came from a server */
    mig__uidmap_free(&store->map); /* and so are UIDs */
    int failed = unpack(store, u, err);
    mig__archive_free(&u->archive);
    return failed;
}

static void archive_path(const mig_store *store, const mig__store_folder *folder, const mig__store_message *message,
                         mig__buffer *out)
{
    (void)store;
    mig__buffer_addf(out, "%s/%s", folder->path, folder->names.data + mig__store_message_from(message));
}

static void archive_close(mig_store *store)
{
    unpacked *u = store->extra;
    if (u == NULL) {
        return;
    }
    mig__archive_free(&u->archive);
    if (u->directory != NULL) {
        remove_tree(u->directory);
    }
    free(u->directory);
    free(u);
    store->extra = NULL;
}

const mig__store_ops mig__store_archive = {.scheme = "archive",
                                           .whole_files = true,
                                           .open = archive_open,
                                           .path = archive_path,
                                           .date = mig__stretch_date,
                                           .close = archive_close};
