/*
 * store/maildir_folders.c - folders of a Maildir: Maildir++ (".A.B"), or directories within directories (Dovecot's
 * LAYOUT=fs) where there are no such names; and what other programs make of both (isync, KMail, trees of domains)
 *
 * One walk sees every name outside of cur, new and tmp. It is a folder, a file that a mail program keeps beside the
 * mail, or it becomes a problem with its reason: nothing is passed over.
 */
#include "store/contents.h"
#include "store/files.h"
#include "store/maildir.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { DEPTH_MOST = 20, SUBSCRIPTIONS_MOST = 16 * 1024 * 1024 };

/* ---- folders ---- */

static bool is_mailbox(const mig_store *store, const char *path)
{
    static const char *const parts[] = {"cur", "new"};
    for (size_t i = 0; i < 2; i++) {
        char *part = mig__files_join(path, parts[i]);
        bool there = part != NULL && mig__root_kind(&store->root, part, NULL) == MIG__FILE_DIRECTORY;
        free(part);
        if (there) {
            return true;
        }
    }
    return false;
}

static const char linked[] = "it is a symbolic link, which is not followed";
static const char special[] = "it is neither a file nor a directory";
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

/* What mail programs keep beside the mail of a Maildir. */
static bool is_own(const char *name)
{
    static const char *const names[] = {"subscriptions",   "maildirsize", "maildirfolder", "maildirshared",
                                        "shared-maildirs", "quotawarn",   "lost+found"};
    static const char *const beginnings[] = {".", "dovecot", "courier", "sqwebmail-", "sieve"};
    static const char *const endings[] = {".lock", ".sieve", ".svbin", ".log", ".msf", ".index", ".ids", ".sorted"};
    size_t length = strlen(name);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (strcmp(name, names[i]) == 0) {
            return true;
        }
    }
    for (size_t i = 0; i < sizeof beginnings / sizeof *beginnings; i++) {
        if (strncmp(name, beginnings[i], strlen(beginnings[i])) == 0) {
            return true;
        }
    }
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
        size_t ending = strlen(endings[i]);
        if (length > ending && strcmp(name + length - ending, endings[i]) == 0) {
            return true;
        }
    }
    return false;
}

typedef struct place { /* a directory of the walk */
    const char *path, *wire;
    bool mailbox;
    int depth;
} place;

static int walk(mig_store *store, const place *at, mig_error *err);

/* KMail keeps what lies below the folder X in ".X.directory": the length of X, or 0. */
static size_t kmail_level(const char *name)
{
    static const char ending[] = ".directory";
    size_t length = strlen(name), cut = sizeof ending - 1;
    return name[0] == '.' && length > cut + 1 && strcmp(name + length - cut, ending) == 0 ? length - cut - 1 : 0;
}

/* The name of what lies in a directory of that name. */
static int wire_of(const mig_store *store, const place *at, const char *name, bool mailbox, mig__buffer *out,
                   mig_error *err)
{
    const char join[] = {at->wire[0] != '\0' ? store->delimiter : '\0', '\0'};
    size_t kmail = mailbox ? 0 : kmail_level(name);
    mig__buffer_addf(out, "%s%s", at->wire, join);
    if (kmail > 0) {
        mig__buffer_add(out, name + 1, kmail);
    } else if (name[0] != '.' || name[1] == '\0' || strcasecmp(name, ".INBOX") == 0) { /* INBOX is the root itself */
        mig__buffer_add_text(out, name);
    } else {
        for (const char *c = name + 1; *c != '\0'; c++) { /* dots are levels there, also inside of a directory */
            mig__buffer_add_char(out, *c == '.' ? store->delimiter : *c);
        }
    }
    return mig__buffer_ok(out, err);
}

static int take_directory(mig_store *store, const place *at, const char *name, const char *path, mig_error *err)
{
    mig__buffer wire = MIG__BUFFER_INIT;
    bool mailbox = is_mailbox(store, path), dotted = name[0] == '.';
    int failed = wire_of(store, at, name, mailbox, &wire, err);
    const place below = {.path = path, .wire = wire.data, .mailbox = mailbox, .depth = at->depth + 1};
    if (store->side == MIG_TARGET && dotted && (at->depth > 0 || !mailbox)) {
        goto cleanup; /* what the mail server there does not know as a folder is none */
    }
    if (failed == 0 && (!mig__files_name_safe(name) || at->depth >= DEPTH_MOST)) {
        failed = mig__store_add_problem(store, wire.data, path, mig__files_name_safe(name) ? too_deep : control, err);
        goto cleanup;
    }
    if (failed == 0 && mailbox) {
        char *own = strdup(path);
        failed =
            own != NULL ? add_folder(store, wire.data, own, err) : mig_error_set(err, MIG_E_NOMEM, "out of memory");
    }
    failed = failed == 0 ? walk(store, &below, err) : failed;
cleanup:
    mig__buffer_free(&wire);
    return failed;
}

/* A name that is no folder. */
static int take_other(mig_store *store, const place *at, const char *name, const char *path, mig__file_kind kind,
                      uint64_t size, mig_error *err)
{
    char why[MIG_ERROR_TEXT];
    if (kind == MIG__FILE_NONE || (kind == MIG__FILE_REGULAR && (size == 0 || is_own(name)))) {
        return 0;
    }
    if (store->side == MIG_TARGET && (kind != MIG__FILE_LINK || is_own(name)) &&
        !(kind == MIG__FILE_LINK && name[0] == '.')) {
        return 0; /* not ours */
    }
    mig__buffer wire = MIG__BUFFER_INIT;
    int failed = wire_of(store, at, name, true, &wire, err);
    if (kind == MIG__FILE_REGULAR) {
        mig__contents_why(&store->root, path, "folder and no message", why, sizeof why);
    }
    failed = failed != 0 ? failed
                         : mig__store_add_problem(store, wire.data, path,
                                                  kind == MIG__FILE_LINK      ? linked
                                                  : kind == MIG__FILE_REGULAR ? why
                                                                              : special,
                                                  err);
    mig__buffer_free(&wire);
    return failed;
}

/* A directory that a mail server keeps beside the mail. What is read of Courier's has to be a file. */
static int take_own_directory(mig_store *store, const place *at, const char *name, const char *path, mig_error *err)
{
    char *list = mig__files_join(path, ":list");
    mig__file_kind kind = list != NULL ? mig__root_kind(&store->root, list, NULL) : MIG__FILE_NONE;
    int failed = list == NULL ? mig_error_set(err, MIG_E_NOMEM, "out of memory") : 0;
    if (failed == 0 && kind != MIG__FILE_NONE && kind != MIG__FILE_REGULAR && store->side == MIG_SOURCE) {
        mig__buffer wire = MIG__BUFFER_INIT;
        failed = wire_of(store, at, name, true, &wire, err);
        failed = failed == 0
                     ? mig__store_add_problem(store, wire.data, list, kind == MIG__FILE_LINK ? linked : special, err)
                     : failed;
        mig__buffer_free(&wire);
    }
    free(list);
    return failed;
}

/* Everything in a directory but messages. */
static int walk(mig_store *store, const place *at, mig_error *err)
{
    int failed = 0;
    char **names = mig__root_names(&store->root, at->path, err);
    if (names == NULL) { /* of a directory that may not be read nothing more is known */
        char line[MIG_ERROR_TEXT];
        return at->depth == 0 || err->code == MIG_E_NOMEM
                   ? -1
                   : mig__store_add_problem(store, at->wire, at->path, mig_error_line(err, line, sizeof line), err);
    }
    for (size_t i = 0; failed == 0 && names[i] != NULL; i++) {
        const char *name = names[i];
        struct stat status = {.st_size = 0};
        if (strcmp(name, "cur") == 0 || strcmp(name, "new") == 0 || strcmp(name, "tmp") == 0) {
            char *part = mig__files_join(at->path, name);
            bool directory = part != NULL && mig__root_kind(&store->root, part, NULL) == MIG__FILE_DIRECTORY;
            free(part);
            if (directory) {
                continue;
            }
        }
        char *path = mig__files_join(at->path, name);
        mig__file_kind kind = path != NULL ? mig__root_kind(&store->root, path, &status) : MIG__FILE_NONE;
        if (path == NULL) {
            failed = mig_error_set(err, MIG_E_NOMEM, "out of memory");
        } else if (mig__store_stopped(store, err)) {
            failed = -1;
        } else if (kind == MIG__FILE_DIRECTORY) {
            failed = name[0] != '.' && is_own(name) && !is_mailbox(store, path)
                         ? take_own_directory(store, at, name, path, err)
                         : take_directory(store, at, name, path, err);
        } else {
            failed = take_other(store, at, name, path, kind, (uint64_t)status.st_size, err);
        }
        free(path);
    }
    mig__root_names_free(names);
    return failed;
}

/* Whether the directory has folders as Maildir++ names them; *plain: how many directories in it are mailboxes. */
static int look_at_root(mig_store *store, bool *dotted, size_t *plain, mig_error *err)
{
    char **names = mig__root_names(&store->root, store->path, err);
    *dotted = false;
    *plain = 0;
    for (size_t i = 0; names != NULL && names[i] != NULL; i++) {
        char *path = mig__files_join(store->path, names[i]);
        bool mailbox = path != NULL && is_mailbox(store, path);
        *dotted = *dotted || (mailbox && names[i][0] == '.');
        *plain += mailbox && names[i][0] != '.';
        free(path);
    }
    mig__root_names_free(names);
    return names != NULL ? 0 : -1;
}

/* Somebody gave the home directory: its Maildir would become a folder, and what else lies there mail. */
static int refuse_home(mig_store *store, bool dotted, size_t plain, mig_error *err)
{
    static const char *const homes[] = {"Maildir", ".maildir", ".Maildir", "maildir"};
    for (size_t i = 0; i < sizeof homes / sizeof *homes; i++) {
        char *path = mig__files_join(store->path, homes[i]);
        bool found = path != NULL && is_mailbox(store, path) && plain == (homes[i][0] == '.' ? 0 : 1) &&
                     (homes[i][0] == '.' || !dotted);
        free(path);
        if (found) {
            mig_error_set(err, MIG_E_USAGE, "there is no Maildir: neither cur nor new, but a directory %s", homes[i]);
            return mig_error_hint(err, "did you mean maildir:%s/%s?", store->path, homes[i]);
        }
    }
    return 0;
}

static int find_folders(mig_store *store, mig_error *err)
{
    bool dotted, mailbox = is_mailbox(store, store->path);
    size_t plain;
    if (look_at_root(store, &dotted, &plain, err) != 0 || (!mailbox && refuse_home(store, dotted, plain, err) != 0)) {
        return -1;
    }
    store->delimiter = dotted ? '.' : '/';
    if (mailbox) {
        char *root = strdup(store->path);
        if (root == NULL) {
            return mig_error_set(err, MIG_E_NOMEM, "out of memory");
        }
        if (add_folder(store, "INBOX", root, err) != 0) {
            return -1;
        }
    }
    const place root = {.path = store->path, .wire = "", .mailbox = mailbox};
    if (walk(store, &root, err) != 0) {
        return -1;
    }
    size_t folders = 0;
    for (size_t i = 0; i < store->count; i++) {
        folders += store->folders[i]->problem == NULL;
    }
    store->nested = !dotted && folders > (mailbox ? 1U : 0U);
    store->delimiter = store->nested ? '/' : '.';
    return 0;
}

/* ---- subscriptions: a name a line; version 2 has a head, and tabs between the levels ---- */

static const char version_2[] = "V\t2";
static const char list_name[] = "subscriptions";
static const char courier_list[] = "courierimapsubscribed"; /* names as IMAP has them there: below INBOX */

static void subscribe_line(mig_store *store, char *line, bool courier)
{
    for (char *c = line; *c != '\0'; c++) {
        *c = *c == '\t' ? store->delimiter : *c;
    }
    const char *name = courier && strncasecmp(line, "INBOX.", 6) == 0 ? line + 6 : line;
    mig__store_folder *folder = mig__store_find(store, name);
    if (folder != NULL) {
        folder->subscribed = true;
    }
}

/* 0; 1: there is no such list. */
static int read_list(mig_store *store, const char *name, bool *version2, mig_error *err)
{
    char *path = mig__files_join(store->path, name);
    mig__buffer line = MIG__BUFFER_INIT;
    int more = 1;
    if (path == NULL) {
        return mig_error_set(err, MIG_E_NOMEM, "out of memory");
    }
    FILE *file = mig__root_stream(&store->root, path, SUBSCRIPTIONS_MOST);
    bool missing = file == NULL && errno == ENOENT;
    while (file != NULL && (more = mig__files_line(file, &line, NULL)) > 0) {
        if (strcmp(line.data, version_2) == 0) {
            *version2 = true;
        } else if (line.data[0] != '\0') {
            subscribe_line(store, line.data, name == courier_list);
        }
    }
    int problem = errno;
    if (file != NULL) {
        fclose(file);
    }
    mig__buffer_free(&line);
    int failed = 0;
    /* What is no file at all is a problem of its own already. */
    if (!missing && (file == NULL || more < 0) && problem != EINVAL && problem != ELOOP) {
        mig_error why = MIG_ERROR_INIT;
        mig_error_errno(&why, MIG_E_IO, problem, "which folders are subscribed to is not known");
        failed = store->side == MIG_SOURCE ? mig__store_add_problem(store, name, path, why.text, err) : 0;
    }
    free(path);
    return missing ? 1 : failed;
}

static int read_subscriptions(mig_store *store, bool *version2, mig_error *err)
{
    *version2 = false;
    int missing = read_list(store, list_name, version2, err);
    return missing > 0 && read_list(store, courier_list, version2, err) < 0 ? -1 : missing < 0 ? -1 : 0;
}

static int copy_lines(const mig_store *store, const char *path, FILE *out)
{
    mig__buffer line = MIG__BUFFER_INIT;
    int more = 0;
    FILE *in = mig__root_stream(&store->root, path, SUBSCRIPTIONS_MOST);
    if (in == NULL) {
        return errno == ENOENT ? 0 : -1;
    }
    while ((more = mig__files_line(in, &line, NULL)) > 0) {
        fprintf(out, "%s\n", line.data);
    }
    fclose(in);
    mig__buffer_free(&line);
    return more < 0 || ferror(out) ? -1 : 0;
}

int mig__maildir_subscribe(mig_store *store, const char *wire, mig_error *err)
{
    bool version2;
    mig__replacing replacing;
    char *directory = mig__maildir_directory(store, wire, err); /* a name that could not be a folder's is refused */
    char *path = directory != NULL ? mig__files_join(store->path, list_name) : NULL;
    int failed = -1;
    mig__store_folder *folder = mig__store_find(store, wire);
    if (path == NULL || (folder != NULL && folder->subscribed)) {
        failed = path == NULL ? -1 : 0;
        goto cleanup;
    }
    if (read_subscriptions(store, &version2, err) != 0 ||
        mig__replace_begin(&replacing, &store->root, path, err) != 0) {
        goto cleanup;
    }
    if (copy_lines(store, path, replacing.file) != 0) {
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

static int open_root(mig_store *store, mig_error *err)
{
    bool made = false;
    bool target = store->side == MIG_TARGET;
    if ((target ? mig__root_make(&store->root, store->path, &made) : mig__root_open(&store->root, store->path)) != 0) {
        int problem = errno;
        if (target) {
            return mig_error_errno(err, MIG_E_IO, problem, "the directory %s cannot be made", store->path);
        }
        mig_error_errno(err, MIG_E_USAGE, problem, "there is no Maildir to be read");
        return mig_error_hint(err, "give the directory that holds cur and new, or the directories that do");
    }
    if (store->root.file) {
        mig_error_set(err, MIG_E_USAGE, "it is no directory");
        return mig_error_hint(err, "a Maildir is a directory with cur, new and tmp in it; a file may be an mbox:");
    }
    return 0;
}

/* A folder of a target has to have a tmp, without what a killed run left in it. */
static int ready_folder(const mig_store *store, const mig__store_folder *folder, mig_error *err)
{
    char *tmp = mig__files_join(folder->path, "tmp");
    int failed = tmp == NULL ? mig_error_set(err, MIG_E_NOMEM, "out of memory") : 0;
    if (failed == 0 && folder->problem == NULL && mig__root_kind(&store->root, tmp, NULL) != MIG__FILE_DIRECTORY) {
        failed = mig__maildir_make(&store->root, folder->path, err);
    } else if (failed == 0 && folder->problem == NULL) {
        mig__maildir_sweep(&store->root, folder->path);
    }
    free(tmp);
    return failed;
}

int mig__maildir_open(mig_store *store, mig_error *err)
{
    bool version2;
    if (open_root(store, err) != 0 || mig__store_identify(store, err) != 0 ||
        (store->side == MIG_TARGET && mig__maildir_make(&store->root, store->path, err) != 0) ||
        find_folders(store, err) != 0) {
        return -1;
    }
    for (size_t i = 0; store->side == MIG_TARGET && i < store->count; i++) {
        if (ready_folder(store, store->folders[i], err) != 0) {
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
