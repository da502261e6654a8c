/*
 * store/eml.c - a directory of .eml files, one message each; directories in it are folders
 *
 * The files know no flags, and their times are mostly those of the export: INTERNALDATE is the Date: of the message.
 * Apple Mail's .emlx have both. Its folders are directories "Name.mbox" that have the messages some levels below, whose
 * names say nothing.
 */
#include "mail/date.h"
#include "mail/flags.h"
#include "store/contents.h"
#include "store/emlx.h"
#include "store/files.h"
#include "store/mbox_scan.h"
#include "store/store.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

enum { DEPTH_MOST = 20, UUID = 36 };

/* ---- names ---- */

static bool ends_with(const char *name, size_t length, const char *ending)
{
    size_t cut = strlen(ending);
    return length > cut && strncasecmp(name + length - cut, ending, cut) == 0;
}

static bool is_emlx(const char *name)
{
    return ends_with(name, strlen(name), ".emlx");
}

/* What a file is, by its name. */
typedef enum sort { SORT_MESSAGE, SORT_PARTIAL, SORT_OWN, SORT_FOREIGN } sort;

static sort sort_of(const char *name)
{
    static const char *const packed[] = {".gz", ".bz2", ".xz", ".zst", ".Z", ".lz4", ".lz"};
    static const char *const own[] = {".emlxpart", ".plist", ".msf", ".ini", ".db", ".lock", ".DS_Store"};
    size_t length = strlen(name);
    if (name[0] == '.') {
        return SORT_OWN;
    }
    if (ends_with(name, length, ".partial.emlx")) {
        return SORT_PARTIAL;
    }
    for (size_t i = 0; i < sizeof packed / sizeof *packed; i++) {
        if (ends_with(name, length, packed[i])) {
            length -= strlen(packed[i]);
            break;
        }
    }
    if (ends_with(name, length, ".eml") || is_emlx(name) || strspn(name, "0123456789") == strlen(name)) {
        return SORT_MESSAGE; /* numbers alone: as MH has them */
    }
    for (size_t i = 0; i < sizeof own / sizeof *own; i++) {
        if (ends_with(name, strlen(name), own[i])) {
            return SORT_OWN;
        }
    }
    return strcmp(name, "table_of_contents") == 0 ? SORT_OWN : SORT_FOREIGN;
}

static bool is_uuid(const char *name)
{
    return strlen(name) == UUID && strspn(name, "0123456789ABCDEFabcdef-") == UUID && name[8] == '-' &&
           name[13] == '-' && name[18] == '-' && name[23] == '-';
}

/* A level of Apple Mail's that is no folder: INBOX.mbox/UUID/Data/1/2/Messages. */
static bool is_passed(const char *name, bool apple)
{
    return is_uuid(name) || (apple && (strcmp(name, "Data") == 0 || strcmp(name, "Messages") == 0 ||
                                       (strlen(name) == 1 && name[0] >= '0' && name[0] <= '9')));
}

/* Directories of Apple Mail's own: what was attached to messages, and its index. */
static bool is_own_directory(const char *name, bool apple)
{
    return name[0] == '.' || (apple && strcmp(name, "Attachments") == 0) || strcmp(name, "MailData") == 0;
}

/* The name of the folder that a directory is. */
static int level_of(const char *name, const char *above, mig__buffer *wire, mig_error *err)
{
    size_t length = strlen(name);
    length -= ends_with(name, length, ".mbox") ? strlen(".mbox") : 0;
    mig__buffer_addf(wire, "%s%s", above, above[0] != '\0' ? "/" : "");
    char *level = strndup(name, length);
    if (level == NULL) {
        return mig_error_set(err, MIG_E_NOMEM, "out of memory");
    }
    int failed = 0;
    if (above[0] == '\0' && strcasecmp(level, "inbox") == 0) {
        mig__buffer_add_text(wire, "INBOX");
        failed = mig__buffer_ok(wire, err);
    } else {
        failed = mig__files_name_wire(level, wire, err);
    }
    free(level);
    return failed;
}

/* ---- folders ---- */

typedef struct place { /* a directory of the walk */
    const char *path, *wire;
    const char *base; /* of the folder that its messages belong to */
    bool apple;
    int depth;
} place;

static int walk(mig_store *store, const place *at, mig_error *err);

/* The folder of the directory, from its first message on. What has its name already is another one. */
static int need_folder(mig_store *store, const place *at, mig_error *err)
{
    mig__buffer wire = MIG__BUFFER_INIT;
    const char *name = at->wire[0] != '\0' ? at->wire : "INBOX";
    mig__buffer_add_text(&wire, name);
    int failed = 0;
    for (unsigned n = 2; !wire.failed; n++) {
        const mig__store_folder *there = mig__store_find(store, wire.data);
        if (there == NULL) {
            failed = mig__store_add_folder(store, wire.data, strdup(at->base), err) != NULL ? 0 : -1;
            break;
        }
        if (there->problem == NULL && strcmp(there->path, at->base) == 0) {
            break;
        }
        mig__buffer_clear(&wire);
        mig__buffer_addf(&wire, "%s (%u)", name, n);
    }
    failed = failed == 0 ? mig__buffer_ok(&wire, err) : failed;
    mig__buffer_free(&wire);
    return failed;
}

static int take_directory(mig_store *store, const place *at, const char *path, const char *name, mig_error *err)
{
    mig__buffer wire = MIG__BUFFER_INIT;
    bool passed = is_passed(name, at->apple);
    place below = {.path = path, .base = passed ? at->base : path, .depth = at->depth + 1};
    below.apple = at->apple || ends_with(name, strlen(name), ".mbox");
    int failed = 0;
    if (is_own_directory(name, at->apple)) {
        return 0;
    }
    if (passed) {
        mig__buffer_add_text(&wire, at->wire);
        (void)mig__buffer_reserve(&wire, 0);
        failed = mig__buffer_ok(&wire, err);
    } else {
        failed = level_of(name, at->wire, &wire, err);
    }
    below.wire = wire.data;
    if (failed == 0 && (!mig__files_name_safe(name) || at->depth >= DEPTH_MOST)) {
        failed = mig__store_add_problem(
            store, wire.data, path,
            mig__files_name_safe(name) ? "it lies too deep" : "there is a control character in its name", err);
    } else if (failed == 0 && mig__contents_maildir(&store->root, path)) {
        failed = mig__store_add_problem(store, wire.data, path, "it is a Maildir: give it with maildir:", err);
    } else if (failed == 0) {
        failed = walk(store, &below, err);
    }
    mig__buffer_free(&wire);
    return failed;
}

static int take_entry(mig_store *store, const place *at, const char *path, const char *name, mig_error *err)
{
    mig__buffer wire = MIG__BUFFER_INIT;
    struct stat status;
    mig__file_kind kind = mig__root_kind(&store->root, path, &status);
    if (kind == MIG__FILE_DIRECTORY) {
        return take_directory(store, at, path, name, err);
    }
    if (kind == MIG__FILE_NONE || (kind == MIG__FILE_REGULAR && sort_of(name) == SORT_OWN)) {
        return 0;
    }
    if (kind == MIG__FILE_REGULAR) {
        return need_folder(store, at, err);
    }
    int failed = level_of(name, at->wire, &wire, err);
    failed = failed != 0
                 ? failed
                 : mig__store_add_problem(store, wire.data, path,
                                          kind == MIG__FILE_LINK ? "it is a symbolic link, which is not followed"
                                                                 : "it is neither a file nor a directory",
                                          err);
    mig__buffer_free(&wire);
    return failed;
}

static int walk(mig_store *store, const place *at, mig_error *err)
{
    int failed = 0;
    char **names = mig__root_names(&store->root, at->path, err);
    if (names == NULL) { /* a directory that may not be read */
        char line[MIG_ERROR_TEXT];
        return at->depth == 0 || err->code == MIG_E_NOMEM
                   ? -1
                   : mig__store_add_problem(store, at->wire, at->path, mig_error_line(err, line, sizeof line), err);
    }
    for (size_t i = 0; failed == 0 && names[i] != NULL; i++) {
        char *path = mig__files_join(at->path, names[i]);
        failed = path == NULL                     ? mig_error_set(err, MIG_E_NOMEM, "out of memory")
                 : mig__store_stopped(store, err) ? -1
                                                  : take_entry(store, at, path, names[i], err);
        free(path);
    }
    mig__root_names_free(names);
    return failed;
}

static int eml_open(mig_store *store, mig_error *err)
{
    if (mig__root_open(&store->root, store->path) != 0 || store->root.file) {
        mig_error_set(err, MIG_E_USAGE, "there is no directory of .eml files");
        return mig_error_hint(err, "give the directory that they lie in");
    }
    const char *slash = strrchr(store->path, '/');
    const place root = {.path = store->path,
                        .wire = "",
                        .base = store->path,
                        .apple = slash != NULL && ends_with(slash + 1, strlen(slash + 1), ".mbox")};
    if (mig__store_identify(store, err) != 0 || walk(store, &root, err) != 0) {
        return -1;
    }
    if (store->count == 0) {
        mig_error_set(err, MIG_E_USAGE, "there is no .eml file in the directory");
        return mig_error_hint(err,
                              "a directory with cur and new is a maildir:, one of files that begin with \"From \" an "
                              "mbox:");
    }
    return 0;
}

/* ---- messages ---- */

/* The same name, size and time: the same message. */
static int key_of(const char *name, const struct stat *status, mig__uid_key *out, mig_error *err)
{
    mig__buffer text = MIG__BUFFER_INIT;
    mig__buffer_addf(&text, "%s/%lld/%lld", name, (long long)status->st_size, (long long)mig__files_time(status));
    int failed = mig__buffer_ok(&text, err);
    failed = failed == 0 ? mig__uid_key_of(text.data, text.length, out, err) : failed;
    mig__buffer_free(&text);
    return failed;
}

typedef struct loading {
    mig_store *store;
    mig__store_folder *folder;
    mig__uid_key *keys;
    size_t room;
} loading;

/* What an .emlx says of its message. */
static int describe(const loading *l, const char *path, uint64_t size, mig__store_message *message, mig_error *err)
{
    mig__emlx emlx = {.from = 0};
    const char *flags[MIG__EMLX_FLAGS + 1] = {NULL};
    int fd = is_emlx(path) ? mig__root_regular(&l->store->root, path, NULL) : -1;
    if (fd >= 0) {
        if (mig__emlx_read(fd, size, &emlx) && emlx.has_date) {
            mig__store_message_set_date(message, emlx.date);
        }
        close(fd);
    }
    mig__emlx_flags(&emlx, flags);
    char *joined = mig__flags_join(flags);
    int failed = joined == NULL ? mig_error_set(err, MIG_E_NOMEM, "out of memory")
                                : mig__store_flags(l->store, joined, &message->flags, err);
    free(joined);
    return failed;
}

static int take_message(loading *l, const char *path, const char *name, sort what, const struct stat *status,
                        mig_error *err)
{
    mig__store_folder *folder = l->folder;
    mig__store_message *message = mig__store_add_message(folder, err);
    if (message == NULL) {
        return -1;
    }
    if (folder->count > l->room) {
        size_t room = l->room == 0 ? 64 : 2 * l->room;
        mig__uid_key *grown = realloc(l->keys, room * sizeof *grown);
        if (grown == NULL) {
            return mig_error_set(err, MIG_E_NOMEM, "out of memory");
        }
        l->keys = grown;
        l->room = room;
    }
    mig__store_message_put(message, mig__store_add_name(folder, name), 0);
    message->file = what == SORT_PARTIAL   ? MIG__LACK_PARTIAL
                    : what == SORT_FOREIGN ? MIG__LACK_FOREIGN
                                           : MIG__LACK_NONE;
    return key_of(name, status, &l->keys[folder->count - 1], err) != 0
               ? -1
               : describe(l, path, (uint64_t)status->st_size, message, err);
}

/* The messages of a directory, and of those in it that are passed; `inside`: its name below the folder's, or "". */
static int collect(loading *l, const char *directory, const char *inside, bool apple, int depth, mig_error *err)
{
    int failed = 0;
    char **names = mig__root_names(&l->store->root, directory, err);
    for (size_t i = 0; names != NULL && failed == 0 && names[i] != NULL; i++) {
        struct stat status;
        sort what = sort_of(names[i]);
        mig__buffer name = MIG__BUFFER_INIT;
        mig__buffer_addf(&name, "%s%s%s", inside, inside[0] != '\0' ? "/" : "", names[i]);
        char *path = mig__files_join(directory, names[i]);
        mig__file_kind kind = path != NULL ? mig__root_kind(&l->store->root, path, &status) : MIG__FILE_NONE;
        if (path == NULL || mig__buffer_ok(&name, err) != 0) {
            failed = mig_error_set(err, MIG_E_NOMEM, "out of memory");
        } else if (kind == MIG__FILE_REGULAR && what != SORT_OWN) {
            failed = take_message(l, path, name.data, what, &status, err);
        } else if (kind == MIG__FILE_DIRECTORY && depth < DEPTH_MOST && is_passed(names[i], apple)) {
            failed = collect(l, path, name.data, apple, depth + 1, err);
        }
        free(path);
        mig__buffer_free(&name);
    }
    mig__root_names_free(names);
    return names == NULL ? -1 : failed;
}

static int eml_load(mig_store *store, mig__store_folder *folder, mig__uid_key **keys, mig_error *err)
{
    loading l = {.store = store, .folder = folder, .keys = calloc(64, sizeof *l.keys), .room = 64};
    const char *slash = strrchr(folder->path, '/');
    int failed = l.keys == NULL ? mig_error_set(err, MIG_E_NOMEM, "out of memory") : 0;
    bool apple = slash != NULL && ends_with(slash + 1, strlen(slash + 1), ".mbox");
    failed = failed == 0 ? collect(&l, folder->path, "", apple, 0, err) : failed;
    *keys = l.keys;
    return failed;
}

static void eml_path(const mig_store *store, const mig__store_folder *folder, const mig__store_message *message,
                     mig__buffer *out)
{
    (void)store;
    mig__buffer_addf(out, "%s/%s", folder->path, folder->names.data + mig__store_message_from(message));
}

/* Where in an .emlx the message is. */
static int eml_place(const mig__store_item *item, mig__stretch *octets, mig_error *err)
{
    mig__emlx emlx;
    if (!is_emlx(item->path)) {
        return 0;
    }
    if (octets->packed || !mig__emlx_read(octets->fd, octets->length, &emlx)) {
        return mig_error_set(err, MIG_E_IO, "%s: its first line is not the length of a message that is in it",
                             item->path);
    }
    octets->from = emlx.from;
    octets->length = emlx.length;
    return 0;
}

const mig__store_ops mig__store_eml = {.scheme = "eml",
                                       .whole_files = true,
                                       .looks_inside = true,
                                       .open = eml_open,
                                       .load = eml_load,
                                       .path = eml_path,
                                       .place = eml_place,
                                       .date = mig__stretch_date};
