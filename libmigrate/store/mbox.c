/*
 * store/mbox.c - one mbox file, or a directory of them (Thunderbird's, Apple Mail's, pine's, a Google Takeout)
 *
 * Every file is read once, when the store is opened: that tells folders, messages, flags and keys. A single file is
 * INBOX; in a directory each file is a folder by its name. A file whose messages carry X-Gmail-Labels is no folder: its
 * messages appear in the folder of each label.
 */
#include "mail/flags.h"
#include "archive/unpack.h"
#include "store/contents.h"
#include "store/files.h"
#include "store/takeout.h"
#include "store/mbox.h"
#include "store/mbox_scan.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

enum { PIECE = 256 * 1024 };

typedef struct reading { /* of one file */
    mig_store *store;
    const char *wire;         /* the folder that the file is */
    mig__store_folder *plain; /* NULL until a message without labels comes */
    uint16_t file;
    int fd;
    uint64_t base, end; /* where its octets begin and end there */
    bool crowded;       /* there is a folder of its name already, which is another file's */
    uint64_t expunged;
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
    return mig__uid_list_add(&folder->uids, key, 1, err); /* only kept until the folder is numbered */
}

static int place(reading *r, mig__store_folder *folder, mig_error *err)
{
    const mig__mbox_message *from = r->message;
    mig__store_message *message = mig__store_add_message(folder, err);
    if (message == NULL || add_key(folder, &from->key, err) != 0) {
        return -1;
    }
    message->file = r->file;
    mig__store_message_put(message, r->base + from->from, from->skip);
    if (from->verbatim) {
        mig__store_message_set_verbatim(message);
    }
    message->length = from->length < UINT32_MAX ? (uint32_t)from->length : UINT32_MAX;
    if (from->has_date) {
        mig__store_message_set_date(message, from->date);
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
            if (mig__files_name_wire(level, out, err) != 0) {
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
    mig__takeout_label kind = mig__takeout_kind(label, &role);
    int failed = 0;
    r->archived = r->archived || kind == MIG__TAKEOUT_ARCHIVED;
    if (kind == MIG__TAKEOUT_INBOX) {
        mig__buffer_add_text(&wire, "INBOX");
    } else if (kind == MIG__TAKEOUT_FOLDER) {
        failed = wire_of(label, &wire, err);
    }
    if (failed == 0 && wire.length > 0) {
        mig__store_folder *folder = folder_of(r->store, wire.data, err);
        bool again = folder != NULL && folder->count > 0 &&
                     mig__store_message_from(&folder->messages[folder->count - 1]) == r->base + r->message->from &&
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
    mig__takeout_label kind = mig__takeout_kind(label, &role);
    (void)err;
    flags->unread = flags->unread || kind == MIG__TAKEOUT_UNREAD;
    flags->starred = flags->starred || kind == MIG__TAKEOUT_STARRED;
    return 0;
}

static int place_by_labels(reading *r, mig_error *err)
{
    label_flags found = {false, false};
    if (mig__takeout_each(r->message->labels, take_flag, &found, err) != 0) {
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
    failed = failed == 0 ? mig__takeout_each(r->message->labels, place_label, r, err) : failed;
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

/* The folder that a file is. Another file's of that name is not to take its messages: it gets a number. */
static mig__store_folder *own_folder(reading *r, mig_error *err)
{
    mig__buffer wire = MIG__BUFFER_INIT;
    mig__buffer_add_text(&wire, r->wire);
    for (unsigned n = 2; r->crowded && !wire.failed && mig__store_find(r->store, wire.data) != NULL; n++) {
        mig__buffer_clear(&wire);
        mig__buffer_addf(&wire, "%s (%u)", r->wire, n);
    }
    mig__store_folder *folder = mig__buffer_ok(&wire, err) == 0 ? folder_of(r->store, wire.data, err) : NULL;
    mig__buffer_free(&wire);
    return folder;
}

static int take_message(const mig__mbox_message *message, void *context, mig_error *err)
{
    reading *r = context;
    if (message->internal) {
        return 0;
    }
    r->message = message;
    r->expunged += message->expunged;
    if (message->labels != NULL) {
        return place_by_labels(r, err);
    }
    if (r->plain == NULL && (r->plain = own_folder(r, err)) == NULL) {
        return -1;
    }
    r->flags = message->flags;
    return place(r, r->plain, err);
}

static size_t look_at(uint64_t offset, char *out, size_t size, void *context)
{
    const reading *r = context;
    uint64_t at = r->base + offset, left = at < r->end ? r->end - at : 0;
    ssize_t got = pread(r->fd, out, left < size ? (size_t)left : size, (off_t)at);
    return got > 0 ? (size_t)got : 0;
}

/* ---- files ---- */

static int add_file(mig_store *store, const char *path, bool packed, uint16_t *number, mig_error *err)
{
    if (store->file_count >= UINT16_MAX) {
        return mig_error_set(err, MIG_E_BOUNDS, "there are more than %d files in %s", UINT16_MAX - 1, store->path);
    }
    mig__store_file *grown = realloc(store->files, (store->file_count + 1) * sizeof *grown);
    char *copy = strdup(path);
    if (grown != NULL) {
        store->files = grown;
    }
    if (grown == NULL || copy == NULL) {
        free(copy);
        return mig_error_set(err, MIG_E_NOMEM, "out of memory");
    }
    *number = (uint16_t)store->file_count;
    grown[store->file_count++] = (mig__store_file){.path = copy, .packed = packed};
    return 0;
}

static int scan_file(const reading *r, const char *path, mig__mbox_scan *scan, mig_error *err)
{
    char *piece = malloc(PIECE);
    int failed = piece == NULL ? mig_error_set(err, MIG_E_NOMEM, "out of memory") : 0;
    uint64_t at = r->base;
    while (failed == 0 && mig__mbox_scan_fits(scan)) {
        ssize_t got = pread(r->fd, piece, r->end - at < PIECE ? (size_t)(r->end - at) : PIECE, (off_t)at);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            failed = mig_error_errno(err, MIG_E_IO, errno, "reading %s", path);
        } else if (got == 0) {
            failed = mig__mbox_scan_end(scan, err);
            break;
        } else if (mig__store_stopped(r->store, err)) {
            failed = -1;
        } else {
            failed = mig__mbox_scan_add(scan, piece, (size_t)got, err);
            at += (uint64_t)got;
        }
    }
    free(piece);
    return failed;
}

/* The first octets are those of an mbox, behind a byte order mark or empty lines. */
static bool begins_as_mbox(const char *piece, size_t length)
{
    const char *words;
    size_t at = length >= 3 && memcmp(piece, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
    while (at < length && (piece[at] == '\r' || piece[at] == '\n')) {
        at++;
    }
    return mig__contents_of(piece + at, length - at, &words) == MIG__CONTENTS_MBOX;
}

/* What came out of a compressed file, behind what came out of those before. 0; 1: no mbox; -1. */
static int unpack(reading *r, int fd, uint64_t size, mig_error *err)
{
    mig_store *store = r->store;
    char *piece = malloc(PIECE);
    mig__unpack *from = piece != NULL ? mig__unpack_open(fd, 0, size, err) : NULL;
    int64_t got = from != NULL ? 1 : -1;
    bool other = false;
    if (piece == NULL) {
        mig_error_set(err, MIG_E_NOMEM, "out of memory");
    }
    r->base = r->end = store->spooled;
    while (got > 0 && (got = mig__unpack_read(from, piece, PIECE, err)) > 0) {
        if (r->end == r->base && !begins_as_mbox(piece, (size_t)got)) {
            other = true; /* of a log of a gigabyte no copy is made to find that out */
            break;
        }
        if (mig__store_stopped(store, err)) {
            got = -1;
        } else if (pwrite(store->spool, piece, (size_t)got, (off_t)r->end) != got) {
            got = mig_error_errno(err, MIG_E_IO, errno, "unpacking a file beside the state");
        } else {
            r->end += (uint64_t)got;
        }
    }
    mig__unpack_free(&from);
    free(piece);
    if (got == 0) {
        store->spooled = r->end;
    }
    return got < 0 ? -1 : other ? 1 : 0;
}

static void warn(const reading *r, const char *path, uint64_t count, const char *what)
{
    if (count > 0) {
        mig__store_log(r->store, MIG_LOG_WARNING, "%s: %llu message%s %s", path, (unsigned long long)count,
                       count == 1 ? " is" : "s are", what);
    }
}

/* Warn of what had to be guessed. */
static void say_what_was_found(const reading *r, const mig__mbox_scan *scan, const char *path)
{
    uint64_t taken, doubtful;
    mig__mbox_scan_undated(scan, &taken, &doubtful);
    warn(r, path, taken, "begun by a \"From \" line without a date that is known, and dated by the header");
    warn(r, path, r->expunged,
         "marked as deleted, which Thunderbird has not compacted away yet, and taken with the flag \\Deleted");
    if (doubtful > 0) {
        mig__store_log(
            r->store, MIG_LOG_WARNING,
            "%s: %llu times a line begins with \"From \" that may be the beginning of a message, and was not "
            "taken for it",
            path, (unsigned long long)doubtful);
    }
}

/* 0; 1: no mbox. */
static int read_mbox(reading *r, const char *path, bool packed, mig_error *err)
{
    mig__mbox_scan *scan = mig__mbox_scan_new(take_message, look_at, r, err);
    r->crowded = mig__store_find(r->store, r->wire) != NULL;
    int failed = scan == NULL ? -1 : add_file(r->store, path, packed, &r->file, err);
    failed = failed == 0 ? scan_file(r, path, scan, err) : failed;
    bool fits = scan != NULL && mig__mbox_scan_fits(scan);
    if (failed == 0 && fits && r->base == r->end && own_folder(r, err) == NULL) {
        failed = -1; /* an empty mailbox */
    }
    if (failed == 0 && fits) {
        say_what_was_found(r, scan, path);
    }
    mig__mbox_scan_free(&scan);
    return failed != 0 ? -1 : fits ? 0 : 1;
}

int mig__mbox_read(mig_store *store, const char *path, const char *wire, mig_error *err)
{
    struct stat status;
    const char *words;
    int fd = mig__root_regular(&store->root, path, &status);
    if (fd < 0) {
        return mig_error_errno(err, MIG_E_IO, errno, "opening %s", path);
    }
    reading r = {.store = store, .wire = wire, .fd = fd, .end = (uint64_t)status.st_size};
    bool packed = mig__contents_in(fd, &words) == MIG__CONTENTS_PACKED;
    int failed = 0;
    if (packed) {
        failed = mig__store_spool(store, err);
        failed = failed == 0 ? unpack(&r, fd, r.end, err) : failed;
        r.fd = store->spool;
    }
    failed = failed == 0 ? read_mbox(&r, path, packed, err) : failed;
    close(fd);
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
        mig__uid_list_free(&folder->uids);
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
    int failed;
    store->quoted = true;
    if (mig__root_open(&store->root, store->path) != 0) {
        mig_error_errno(err, MIG_E_USAGE, errno, "there is no mbox to be read");
        return mig_error_hint(err, "give a file whose first line begins with \"From \", or a directory of such files");
    }
    if (mig__store_identify(store, err) != 0) {
        return -1;
    }
    if (!store->root.file) {
        failed = mig__mbox_folders(store, err);
    } else {
        failed = mig__mbox_read(store, store->path, "INBOX", err);
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
    mig__buffer_add_text(out, store->files[message->file].path);
}

const mig__store_ops mig__store_mbox = {.scheme = "mbox", .open = mbox_open, .path = mbox_path};
