/*
 * store/mbox_folders.c - the folders of a directory of mboxes: what each file is called, and what is to be said of
 * files that are none
 */
#include "store/contents.h"
#include "store/files.h"
#include "store/mbox.h"
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { DEPTH_MOST = 20 };

static bool ends_with(const char *name, size_t length, const char *ending)
{
    size_t cut = strlen(ending);
    return length > cut && strncasecmp(name + length - cut, ending, cut) == 0;
}

/* The folder's name for a file's: without ".gz" and the like, ".mbox", ".mbx" or ".sbd" (Thunderbird's directory of
 * what is below); without ".txt" where it was compressed, as archives of lists are. */
static size_t name_length(const char *name)
{
    static const char *const packed[] = {".gz", ".bz2", ".xz", ".zst", ".Z", ".lz4", ".lz"};
    static const char *const endings[] = {".mbox", ".mbx", ".sbd", ".txt"};
    size_t length = strlen(name), most = sizeof endings / sizeof *endings - 1;
    for (size_t i = 0; i < sizeof packed / sizeof *packed; i++) {
        if (ends_with(name, length, packed[i])) {
            length -= strlen(packed[i]);
            most++;
            break;
        }
    }
    for (size_t i = 0; i < most && i < sizeof endings / sizeof *endings; i++) {
        if (ends_with(name, length, endings[i])) {
            return length - strlen(endings[i]);
        }
    }
    return length;
}

static int level_of(const char *name, size_t length, mig__buffer *wire, mig_error *err)
{
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
        failed = mig__files_name_wire(level, wire, err);
    }
    free(level);
    return failed;
}

/* What mail programs keep beside an mbox. */
static bool is_own(const char *name)
{
    static const char *const endings[] = {".msf", ".dat",   ".html", ".json", ".plist", ".sqlite", ".db",  ".lock",
                                          ".toc", ".index", ".ids",  ".idx",  ".log",   ".sorted", ".ini", ".mozeml"};
    static const char *const names[] = {"subscriptions",     "mailboxlist",         "table_of_contents",
                                        "dovecot-uidlist",   "dovecot-keywords",    "dovecot.index",
                                        "dovecot.index.log", "dovecot.index.cache", "dovecot-uidvalidity"};
    size_t length = strlen(name);
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
        if (ends_with(name, length, endings[i])) {
            return true;
        }
    }
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (strcmp(name, names[i]) == 0) {
            return true;
        }
    }
    return false;
}

typedef struct place { /* a directory of the walk */
    const char *path, *wire;
    int depth;
    bool hidden; /* below a name with a dot: what is no mbox there is no mail */
} place;

static int walk(mig_store *store, const place *at, mig_error *err);

/* A file of the tree. What is no mbox is told, unless it is known what it is. */
static int take_file(mig_store *store, const place *at, const char *path, const char *name, const char *wire,
                     mig_error *err)
{
    bool hidden = at->hidden || name[0] == '.';
    char why[MIG_ERROR_TEXT];
    if (hidden && !mig__contents_is(&store->root, path, MIG__CONTENTS_MBOX)) {
        return 0;
    }
    int failed = mig__mbox_read(store, path, wire, err);
    if (failed > 0) {
        mig__contents_why(&store->root, path, "mbox", why, sizeof why);
        return is_own(name) ? 0 : mig__store_add_problem(store, wire, path, why, err);
    }
    if (failed < 0 && (err->code == MIG_E_IO || err->code == MIG_E_DIFFERENT || err->code == MIG_E_REFUSED)) {
        return mig__store_add_problem(store, wire, path, mig_error_line(err, why, sizeof why), err);
    }
    return failed;
}

/* What lies in a directory under one name. */
static int take_entry(mig_store *store, const place *at, const char *path, const char *name, const char *wire,
                      mig_error *err)
{
    static const char *const problems[] = {[MIG__FILE_LINK] = "it is a symbolic link, which is not followed",
                                           [MIG__FILE_OTHER] = "it is neither a file nor a directory"};
    mig__file_kind kind = mig__root_kind(&store->root, path, NULL);
    const place below = {path, wire, at->depth + 1, at->hidden || name[0] == '.'};
    if (kind == MIG__FILE_NONE) {
        return 0;
    }
    if (kind == MIG__FILE_LINK || kind == MIG__FILE_OTHER) {
        return mig__store_add_problem(store, wire, path, problems[kind], err);
    }
    if (!mig__files_name_safe(name)) {
        return mig__store_add_problem(store, wire, path, "there is a control character in its name", err);
    }
    if (kind == MIG__FILE_REGULAR) {
        return take_file(store, at, path, name, wire, err);
    }
    if (mig__contents_maildir(&store->root, path)) {
        return mig__store_add_problem(store, wire, path, "it is a Maildir: give it with maildir:", err);
    }
    return at->depth >= DEPTH_MOST ? mig__store_add_problem(store, wire, path, "it lies too deep", err)
                                   : walk(store, &below, err);
}

/* The folder's name for what lies in a directory. */
static int wire_of_entry(const mig_store *store, const place *at, const char *name, mig__buffer *wire, mig_error *err)
{
    static const char kmail[] = ".directory"; /* what lies below X is in ".X.directory" */
    size_t dot = name[0] == '.' && name[1] != '\0' ? 1 : 0, length = strlen(name);
    const char *root = strrchr(store->path, '/');
    mig__buffer_add_text(wire, at->wire);
    /* Apple Mail: "Name.mbox" is a directory, and the mail is in the file "mbox" in it. */
    if (strcasecmp(name, "mbox") == 0 && at->wire[0] != '\0') {
        return mig__buffer_ok(wire, err);
    }
    if (strcasecmp(name, "mbox") == 0 && root != NULL && ends_with(root + 1, strlen(root + 1), ".mbox")) {
        return level_of(root + 1, name_length(root + 1), wire, err);
    }
    if (dot > 0 && ends_with(name, length, kmail)) {
        return level_of(name + dot, length - dot - (sizeof kmail - 1), wire, err);
    }
    return level_of(name + dot, name_length(name + dot), wire, err);
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
        mig__buffer wire = MIG__BUFFER_INIT;
        char *path = mig__files_join(at->path, names[i]);
        failed = path == NULL ? mig_error_set(err, MIG_E_NOMEM, "out of memory")
                              : wire_of_entry(store, at, names[i], &wire, err);
        failed = failed == 0 ? take_entry(store, at, path, names[i], wire.data, err) : failed;
        free(path);
        mig__buffer_free(&wire);
    }
    mig__root_names_free(names);
    return failed;
}

int mig__mbox_folders(mig_store *store, mig_error *err)
{
    const place root = {store->path, "", 0, false};
    return walk(store, &root, err);
}
