/*
 * store/eml.c - a directory of .eml files, one message each; directories in it are folders
 *
 * The files know no flags, and their times are mostly those of the export: INTERNALDATE is the Date: of the message.
 */
#include "store/files.h"
#include "store/mbox_scan.h"
#include "store/store.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { DEPTH_MOST = 20 };

static bool is_eml(const char *name)
{
    size_t length = strlen(name);
    return length > 4 && strcasecmp(name + length - 4, ".eml") == 0;
}

static int walk(mig_store *store, const char *directory, const char *wire, int depth, mig_error *err);

/* The name of the folder that a directory is. */
static int level_of(const char *name, const char *above, mig__buffer *wire, mig_error *err)
{
    mig__buffer_addf(wire, "%s%s", above, above[0] != '\0' ? "/" : "");
    if (above[0] == '\0' && strcasecmp(name, "inbox") == 0) {
        mig__buffer_add_text(wire, "INBOX");
        return mig__buffer_ok(wire, err);
    }
    return mig__name_to_wire(name, wire, err);
}

/* What lies in a directory and is no .eml file. */
static int take_other(mig_store *store, const char *path, const char *name, const char *above, int depth,
                      mig_error *err)
{
    mig__buffer wire = MIG__BUFFER_INIT;
    mig__file_kind kind = mig__file_kind_of(path, NULL);
    int failed = level_of(name, above, &wire, err);
    if (failed == 0 && kind == MIG__FILE_DIRECTORY && mig__name_safe(name) && depth < DEPTH_MOST) {
        failed = walk(store, path, wire.data, depth + 1, err);
    } else if (failed == 0 && (kind == MIG__FILE_DIRECTORY || kind == MIG__FILE_LINK)) {
        failed = mig__store_add_problem(store, wire.data, path,
                                        kind == MIG__FILE_LINK ? "it is a symbolic link, which is not followed"
                                        : depth >= DEPTH_MOST  ? "it lies too deep"
                                                               : "there is a control character in its name",
                                        err);
    } else if (failed == 0 && kind != MIG__FILE_NONE) {
        mig__store_log(store, MIG_LOG_WARNING, "%s is left out: it is no .eml file", path);
    }
    mig__buffer_free(&wire);
    return failed;
}

static int walk(mig_store *store, const char *directory, const char *wire, int depth, mig_error *err)
{
    int failed = 0;
    bool mail = false;
    char **names = mig__directory_names(directory, err);
    if (names == NULL) {
        return -1;
    }
    for (size_t i = 0; failed == 0 && names[i] != NULL; i++) {
        if (names[i][0] == '.') {
            continue;
        }
        char *path = mig__path_join(directory, names[i]);
        if (path == NULL) {
            failed = mig_error_set(err, MIG_E_NOMEM, "out of memory");
        } else if (is_eml(names[i]) && mig__file_kind_of(path, NULL) == MIG__FILE_REGULAR) {
            mail = true;
        } else {
            failed = take_other(store, path, names[i], wire, depth, err);
        }
        free(path);
    }
    mig__directory_free(names);
    if (failed == 0 && mail) {
        const char *name = wire[0] != '\0' ? wire : "INBOX";
        failed = mig__store_find(store, name) != NULL
                     ? mig__store_add_problem(store, name, directory, "there is another folder of that name", err)
                 : mig__store_add_folder(store, name, strdup(directory), err) != NULL ? 0
                                                                                      : -1;
    }
    return failed;
}

static int eml_open(mig_store *store, mig_error *err)
{
    struct stat status;
    if (stat(store->path, &status) != 0 || !S_ISDIR(status.st_mode)) {
        mig_error_set(err, MIG_E_USAGE, "there is no directory of .eml files");
        return mig_error_hint(err, "give the directory that they lie in");
    }
    if (walk(store, store->path, "", 0, err) != 0) {
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

/* The same name, size and time: the same message. */
static int key_of(const char *name, const struct stat *status, mig__uid_key *out, mig_error *err)
{
    mig__buffer text = MIG__BUFFER_INIT;
    mig__buffer_addf(&text, "%s/%lld/%lld", name, (long long)status->st_size, (long long)mig__file_time(status));
    int failed = mig__buffer_ok(&text, err);
    failed = failed == 0 ? mig__uid_key_of(text.data, text.length, out, err) : failed;
    mig__buffer_free(&text);
    return failed;
}

static int take_message(mig_store *store, mig__store_folder *folder, const char *name, mig__uid_key *keys,
                        mig_error *err)
{
    struct stat status;
    char *path = mig__path_join(folder->path, name);
    int failed = path == NULL ? mig_error_set(err, MIG_E_NOMEM, "out of memory") : 0;
    if (failed == 0 && mig__file_kind_of(path, &status) == MIG__FILE_REGULAR) {
        mig__store_message *message = mig__store_add_message(folder, err);
        failed = message == NULL ? -1 : key_of(name, &status, &keys[folder->count - 1], err);
        if (message != NULL) {
            mig__message_put(message, mig__store_add_name(folder, name), 0);
            failed = failed == 0 ? mig__store_flags(store, "", &message->flags, err) : failed;
        }
    }
    free(path);
    return failed;
}

static int eml_load(mig_store *store, mig__store_folder *folder, mig__uid_key **keys, mig_error *err)
{
    int failed = 0;
    size_t count = 0;
    char **names = mig__directory_names(folder->path, err);
    if (names == NULL) {
        return -1;
    }
    while (names[count] != NULL) {
        count++;
    }
    *keys = calloc(count + 1, sizeof **keys);
    if (*keys == NULL) {
        failed = mig_error_set(err, MIG_E_NOMEM, "out of memory");
    }
    for (size_t i = 0; failed == 0 && i < count; i++) {
        if (names[i][0] != '.' && is_eml(names[i])) {
            failed = take_message(store, folder, names[i], *keys, err);
        }
    }
    mig__directory_free(names);
    return failed;
}

static void eml_path(const mig_store *store, const mig__store_folder *folder, const mig__store_message *message,
                     mig__buffer *out)
{
    (void)store;
    mig__buffer_addf(out, "%s/%s", folder->path, folder->names.data + mig__message_from(message));
}

/* ---- Date: ---- */

typedef struct header { /* lines of it, one at a time */
    char line[512];
    size_t length;
    bool found;
    int64_t date;
} header;

static int take_octets(const char *octets, size_t length, void *context)
{
    header *h = context;
    for (size_t i = 0; i < length; i++) {
        if (octets[i] != '\n') {
            if (h->length < sizeof h->line) {
                h->line[h->length++] = octets[i];
            }
            continue;
        }
        h->found = h->length > 5 && strncasecmp(h->line, "Date:", 5) == 0 &&
                   mig__mail_date(h->line + 5, h->length - 5, &h->date);
        if (h->found) {
            return 1;
        }
        h->length = 0;
    }
    return 0;
}

static void eml_date(const mig__stretch *octets, int64_t *date)
{
    mig__stretch head = *octets;
    mig_error ignored = MIG_ERROR_INIT;
    header h = {.length = 0};
    head.header = true;
    (void)mig__stretch_read(&head, take_octets, &h, &ignored);
    *date = h.found ? h.date : *date;
}

const mig__store_ops mig__store_eml = {
    .scheme = "eml", .whole_files = true, .open = eml_open, .load = eml_load, .path = eml_path, .date = eml_date};
