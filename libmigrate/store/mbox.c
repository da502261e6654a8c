/*
 * store/mbox.c - one mbox file, or a directory of them (Thunderbird's, Apple Mail's, pine's, a Google Takeout)
 *
 * Every file is read once, when the store is opened: that tells folders, messages, flags and keys. A single file is
 * INBOX; in a directory each file is a folder by its name. A file whose messages carry X-Gmail-Labels is no folder: its
 * messages appear in the folder of each label.
 */
#include "mail/flags.h"
#include "store/files.h"
#include "store/labels.h"
#include "store/mbox_scan.h"
#include "store/store.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

enum { DEPTH_MOST = 20, PIECE = 256 * 1024 };

typedef struct reading { /* of one file */
    mig_store *store;
    const char *wire;         /* the folder that the file is */
    mig__store_folder *plain; /* NULL until a message without labels comes */
    uint16_t file;
    const mig__mbox_message *message;
    /* of the message: */
    const char *flags;
    bool placed, archived;
} reading;

/* ---- folders ---- */

static mig__store_folder *folder_of(mig_store *store, const char *wire, mig_error *err)
{
    mig__store_folder *folder = mig__store_find(store, wire);
    if (folder == NULL) {
        folder = mig__store_add_folder(store, wire, strdup(store->path), err);
    }
    return folder;
}

/* ---- messages ---- */

static int add_key(mig__store_folder *folder, const mig__uid_key *key, mig_error *err)
{
    return mig__uids_add(&folder->uids, key, 1, err); /* only kept until the folder is numbered */
}

static int place(reading *r, mig__store_folder *folder, mig_error *err)
{
    const mig__mbox_message *from = r->message;
    mig__store_message *message = mig__store_add_message(folder, err);
    if (message == NULL || add_key(folder, &from->key, err) != 0) {
        return -1;
    }
    message->file = r->file;
    mig__message_put(message, from->from, from->skip);
    message->length = from->length < UINT32_MAX ? (uint32_t)from->length : UINT32_MAX;
    if (from->has_date) {
        mig__message_set_date(message, from->date);
    }
    return mig__store_flags(r->store, r->flags, &message->flags, err);
}

/* A label as a mailbox name: "/" makes levels, as in Gmail. */
static int wire_of(const char *label, mig__buffer *out, mig_error *err)
{
    while (*label != '\0') {
        size_t length = strcspn(label, "/");
        char *level = length > 0 ? strndup(label, length) : NULL;
        if (length > 0 && level == NULL) {
            return mig_error_set(err, MIG_E_NOMEM, "out of memory");
        }
        if (level != NULL) {
            mig__buffer_add_text(out, out->length > 0 ? "/" : "");
            for (char *c = level; *c != '\0'; c++) {
                *c = (unsigned char)*c < ' ' || *c == 0x7f ? '?' : *c;
            }
            if (mig__name_to_wire(level, out, err) != 0) {
                free(level);
                return -1;
            }
        }
        free(level);
        label += length;
        label += *label == '/';
    }
    return mig__buffer_ok(out, err);
}

static int place_label(const char *label, void *context, mig_error *err)
{
    reading *r = context;
    mig_role role;
    mig__buffer wire = MIG__BUFFER_INIT;
    mig__label_kind kind = mig__label_kind_of(label, &role);
    int failed = 0;
    r->archived = r->archived || kind == MIG__LABEL_ARCHIVED;
    if (kind == MIG__LABEL_INBOX) {
        mig__buffer_add_text(&wire, "INBOX");
    } else if (kind == MIG__LABEL_FOLDER) {
        failed = wire_of(label, &wire, err);
    }
    if (failed == 0 && wire.length > 0) {
        mig__store_folder *folder = folder_of(r->store, wire.data, err);
        bool again = folder != NULL && folder->count > 0 &&
                     mig__message_from(&folder->messages[folder->count - 1]) == r->message->from &&
                     folder->messages[folder->count - 1].file == r->file;
        failed = folder == NULL ? -1 : again ? 0 : place(r, folder, err);
        if (folder != NULL && role != MIG_ROLE_NONE) {
            folder->role = role;
        }
        r->placed = true;
    }
    mig__buffer_free(&wire);
    return failed;
}

typedef struct label_flags {
    bool unread, starred;
} label_flags;

static int take_flag(const char *label, void *context, mig_error *err)
{
    label_flags *flags = context;
    mig_role role;
    mig__label_kind kind = mig__label_kind_of(label, &role);
    (void)err;
    flags->unread = flags->unread || kind == MIG__LABEL_UNREAD;
    flags->starred = flags->starred || kind == MIG__LABEL_STARRED;
    return 0;
}

static int place_by_labels(reading *r, mig_error *err)
{
    label_flags found = {false, false};
    if (mig__labels_each(r->message->labels, take_flag, &found, err) != 0) {
        return -1;
    }
    const char *flags[] = {found.unread ? "" : "\\Seen", found.starred ? "\\Flagged" : "", r->message->flags, NULL};
    mig__buffer text = MIG__BUFFER_INIT;
    for (size_t i = 0; flags[i] != NULL; i++) {
        mig__buffer_add_text(&text, flags[i][0] != '\0' && text.length > 0 ? " " : "");
        mig__buffer_add_text(&text, flags[i]);
    }
    int failed = mig__buffer_ok(&text, err);
    const char **split = failed == 0 ? mig__flags_split(text.data != NULL ? text.data : "") : NULL;
    char *joined = split != NULL ? mig__flags_join(split) : NULL;
    if (failed == 0 && joined == NULL) {
        failed = mig_error_set(err, MIG_E_NOMEM, "out of memory");
    }
    r->flags = joined;
    r->placed = r->archived = false;
    failed = failed == 0 ? mig__labels_each(r->message->labels, place_label, r, err) : failed;
    if (failed == 0 && !r->placed) { /* neither in the inbox nor under a label: archived */
        mig__store_folder *folder = folder_of(r->store, "Archive", err);
        failed = folder == NULL ? -1 : place(r, folder, err);
        if (folder != NULL) {
            folder->role = MIG_ROLE_ARCHIVE;
        }
    }
    free(split);
    free(joined);
    mig__buffer_free(&text);
    return failed;
}

static int take_message(const mig__mbox_message *message, void *context, mig_error *err)
{
    reading *r = context;
    if (message->internal) {
        return 0;
    }
    r->message = message;
    if (message->labels != NULL) {
        return place_by_labels(r, err);
    }
    if (r->plain == NULL && (r->plain = folder_of(r->store, r->wire, err)) == NULL) {
        return -1;
    }
    r->flags = message->flags;
    return place(r, r->plain, err);
}

/* ---- files ---- */

static int add_file(mig_store *store, const char *path, uint16_t *number, mig_error *err)
{
    if (store->file_count >= UINT16_MAX) {
        return mig_error_set(err, MIG_E_BOUNDS, "there are more than %d files in %s", UINT16_MAX - 1, store->path);
    }
    char **grown = realloc(store->files, (store->file_count + 1) * sizeof *grown);
    char *copy = strdup(path);
    if (grown != NULL) {
        store->files = grown;
    }
    if (grown == NULL || copy == NULL) {
        free(copy);
        return mig_error_set(err, MIG_E_NOMEM, "out of memory");
    }
    *number = (uint16_t)store->file_count;
    grown[store->file_count++] = copy;
    return 0;
}

static int scan_file(int fd, const char *path, mig__mbox_scan *scan, mig_store *store, mig_error *err)
{
    char *piece = malloc(PIECE);
    int failed = piece == NULL ? mig_error_set(err, MIG_E_NOMEM, "out of memory") : 0;
    while (failed == 0 && mig__mbox_scan_fits(scan)) {
        ssize_t got = read(fd, piece, PIECE);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            failed = mig_error_errno(err, MIG_E_IO, errno, "reading %s", path);
        } else if (got == 0) {
            failed = mig__mbox_scan_end(scan, err);
            break;
        } else if (mig__store_stopped(store, err)) {
            failed = -1;
        } else {
            failed = mig__mbox_scan_add(scan, piece, (size_t)got, err);
        }
    }
    free(piece);
    return failed;
}

/* 0; 1: no mbox. */
static int read_file(mig_store *store, const char *path, const char *wire, mig_error *err)
{
    struct stat status;
    reading r = {.store = store, .wire = wire};
    int fd = mig__open_regular(path, &status);
    if (fd < 0) {
        return mig_error_errno(err, MIG_E_IO, errno, "opening %s", path);
    }
    mig__mbox_scan *scan = mig__mbox_scan_new(take_message, &r, err);
    int failed = scan == NULL ? -1 : add_file(store, path, &r.file, err);
    failed = failed == 0 ? scan_file(fd, path, scan, store, err) : failed;
    bool fits = scan != NULL && mig__mbox_scan_fits(scan);
    if (failed == 0 && fits && status.st_size == 0 && folder_of(store, wire, err) == NULL) {
        failed = -1; /* an empty mailbox */
    }
    mig__mbox_scan_free(&scan);
    close(fd);
    return failed != 0 ? -1 : fits ? 0 : 1;
}

/* The folder's name for a file's: without ".mbox", ".mbx" or ".sbd" (Thunderbird's directory of what is below). */
static int level_of(const char *name, mig__buffer *wire, mig_error *err)
{
    static const char *const endings[] = {".mbox", ".mbx", ".sbd"};
    size_t length = strlen(name);
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
        size_t ending = strlen(endings[i]);
        if (length > ending && strcasecmp(name + length - ending, endings[i]) == 0) {
            length -= ending;
            break;
        }
    }
    char *level = strndup(name, length);
    if (level == NULL) {
        return mig_error_set(err, MIG_E_NOMEM, "out of memory");
    }
    bool top = wire->length == 0;
    mig__buffer_add_text(wire, top ? "" : "/");
    int failed = 0;
    if (top && strcasecmp(level, "inbox") == 0) {
        mig__buffer_add_text(wire, "INBOX");
    } else {
        failed = mig__name_to_wire(level, wire, err);
    }
    free(level);
    return failed;
}

static int walk(mig_store *store, const char *directory, const char *above, int depth, mig_error *err);

/* What lies in a directory under one name. */
static int take_entry(mig_store *store, const char *path, const char *name, const char *wire, int depth, mig_error *err)
{
    mig__file_kind kind = mig__file_kind_of(path, NULL);
    int failed = 0;
    if (!mig__name_safe(name)) {
        failed = mig__store_add_problem(store, wire, path, "there is a control character in its name", err);
    } else if (kind == MIG__FILE_LINK) {
        failed = mig__store_add_problem(store, wire, path, "it is a symbolic link, which is not followed", err);
    } else if (kind == MIG__FILE_DIRECTORY && depth >= DEPTH_MOST) {
        failed = mig__store_add_problem(store, wire, path, "it lies too deep", err);
    } else if (kind == MIG__FILE_DIRECTORY) {
        failed = walk(store, path, wire, depth + 1, err);
    } else if (kind == MIG__FILE_REGULAR) {
        failed = read_file(store, path, wire, err);
        if (failed > 0) {
            mig__store_log(store, MIG_LOG_INFO, "%s is left out: it is no mbox, it does not begin with \"From \"",
                           path);
        } else if (failed < 0 && err->code == MIG_E_IO) {
            char line[MIG_ERROR_TEXT];
            failed = mig__store_add_problem(store, wire, path, mig_error_line(err, line, sizeof line), err);
        }
        failed = failed > 0 ? 0 : failed;
    } else if (kind == MIG__FILE_OTHER) {
        mig__store_log(store, MIG_LOG_WARNING, "%s is left out: it is neither a file nor a directory", path);
    }
    return failed;
}

static int walk(mig_store *store, const char *directory, const char *above, int depth, mig_error *err)
{
    int failed = 0;
    char **names = mig__directory_names(directory, err);
    if (names == NULL) {
        return -1;
    }
    for (size_t i = 0; failed == 0 && names[i] != NULL; i++) {
        mig__buffer wire = MIG__BUFFER_INIT;
        char *path = names[i][0] == '.' ? NULL : mig__path_join(directory, names[i]);
        if (names[i][0] == '.') {
            continue;
        }
        mig__buffer_add_text(&wire, above);
        /* Apple Mail: "Name.mbox" is a directory, and the mail is in the file "mbox" in it. */
        bool inner = above[0] != '\0' && strcasecmp(names[i], "mbox") == 0;
        failed = path == NULL ? mig_error_set(err, MIG_E_NOMEM, "out of memory")
                 : inner      ? mig__buffer_ok(&wire, err)
                              : level_of(names[i], &wire, err);
        failed = failed == 0 ? take_entry(store, path, names[i], wire.data, depth, err) : failed;
        free(path);
        mig__buffer_free(&wire);
    }
    mig__directory_free(names);
    return failed;
}

/* ---- the store ---- */

static int number_all(mig_store *store, mig_error *err)
{
    for (size_t i = 0; i < store->count; i++) {
        mig__store_folder *folder = store->folders[i];
        mig__uid_key *keys = calloc(folder->count + 1, sizeof *keys);
        if (keys == NULL) {
            return mig_error_set(err, MIG_E_NOMEM, "out of memory");
        }
        for (size_t k = 0; k < folder->count; k++) {
            keys[k] = folder->uids.entries[k].key;
        }
        mig__uids_free(&folder->uids);
        int failed = folder->problem == NULL ? mig__store_number(store, folder, keys, err) : 0;
        free(keys);
        if (failed != 0) {
            return -1;
        }
        folder->loaded = true;
    }
    return 0;
}

static int mbox_open(mig_store *store, mig_error *err)
{
    struct stat status;
    int failed;
    store->quoted = true;
    if (stat(store->path, &status) != 0) {
        mig_error_errno(err, MIG_E_USAGE, errno, "there is no mbox to be read");
        return mig_error_hint(err, "give a file whose first line begins with \"From \", or a directory of such files");
    }
    if (S_ISDIR(status.st_mode)) {
        failed = walk(store, store->path, "", 0, err);
    } else {
        failed = read_file(store, store->path, "INBOX", err);
    }
    if (failed > 0 || (failed == 0 && store->count == 0)) {
        mig_error_set(err, MIG_E_USAGE,
                      failed > 0 ? "it is no mbox: its first line does not begin with \"From \""
                                 : "there is no mbox in the directory");
        return mig_error_hint(err, "a directory with cur and new is a maildir:, one of .eml files an eml:");
    }
    return failed == 0 ? number_all(store, err) : -1;
}

static void mbox_path(const mig_store *store, const mig__store_folder *folder, const mig__store_message *message,
                      mig__buffer *out)
{
    (void)folder;
    mig__buffer_add_text(out, store->files[message->file]);
}

const mig__store_ops mig__store_mbox = {.scheme = "mbox", .open = mbox_open, .path = mbox_path};
