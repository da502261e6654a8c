/*
 * store/courier.c - keywords as Courier keeps them beside the mail of a folder (maildir/maildirkeywords4.c there):
 *
 *     courierimapkeywords/:list     keywords, one a line; an empty line; then "FILENAME:0 2" a line, numbers of them
 *     courierimapkeywords/FILENAME  the keywords of one message that changed since, one a line
 *
 * FILENAME is what stays of a message's name when its flags change.
 */
#include "base/buffer.h"
#include "imap/command.h"
#include "mail/flags.h"
#include "store/files.h"
#include "store/maildir.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { LIST_MOST = 256 * 1024 * 1024, KEYWORDS_MOST = 1000, CHANGE_MOST = 64 * 1024 };

static const char directory_name[] = "courierimapkeywords";
static const char list_name[] = ":list";

struct mig__courier_entry {
    mig__uid_key key;
    char *flags;
};

typedef struct reading {
    mig__uid_filter known;
    mig__courier_keywords *out;
    size_t room;
    char *words[KEYWORDS_MOST];
    size_t count;
} reading;

static bool is_keyword(const char *text)
{
    return text[0] != '\0' && mig__flag_valid(text) && text[0] != '\\';
}

static int add(reading *r, const mig__uid_key *key, const char *const *flags, mig_error *err)
{
    mig__courier_keywords *out = r->out;
    if (out->count == r->room) {
        size_t room = r->room == 0 ? 64 : 2 * r->room;
        struct mig__courier_entry *grown = realloc(out->entries, room * sizeof *grown);
        if (grown == NULL) {
            return mig_error_set(err, MIG_E_NOMEM, "out of memory");
        }
        out->entries = grown;
        r->room = room;
    }
    char *joined = mig__flags_join(flags);
    if (joined == NULL) {
        return mig_error_set(err, MIG_E_NOMEM, "out of memory");
    }
    out->entries[out->count++] = (struct mig__courier_entry){.key = *key, .flags = joined};
    return 0;
}

/* "FILENAME:0 2" */
static int take_message(reading *r, const char *line, mig_error *err)
{
    const char *flags[KEYWORDS_MOST + 1];
    size_t count = 0;
    mig__uid_key key;
    const char *colon = strrchr(line, ':');
    if (colon == NULL) {
        return 0;
    }
    for (const char *at = colon + 1; *at != '\0';) {
        char *end;
        unsigned long number = strtoul(at, &end, 10);
        if (end == at) {
            break;
        }
        if (number < r->count && count < KEYWORDS_MOST && r->words[number][0] != '\0') {
            flags[count++] = r->words[number];
        }
        at = end;
    }
    flags[count] = NULL;
    if (mig__uid_key_of(line, (size_t)(colon - line), &key, err) != 0) {
        return -1;
    }
    return count > 0 && mig__uid_filter_take(&r->known, &key) ? add(r, &key, flags, err) : 0;
}

static int take_word(reading *r, const char *line, mig_error *err)
{
    if (r->count == KEYWORDS_MOST) {
        return 0;
    }
    r->words[r->count] = strdup(is_keyword(line) ? line : ""); /* its number counts all the same */
    return r->words[r->count] != NULL ? (r->count++, 0) : mig_error_set(err, MIG_E_NOMEM, "out of memory");
}

static int read_list(reading *r, const mig__root *root, const char *path, mig_error *err)
{
    mig__buffer line = MIG__BUFFER_INIT;
    bool messages = false;
    int failed = 0, more = 0;
    FILE *file = mig__root_stream(root, path, LIST_MOST);
    if (file == NULL) {
        bool none = errno == ENOENT || errno == EINVAL || errno == ELOOP; /* no file: a problem that was told already */
        return none ? 0 : mig_error_errno(err, MIG_E_IO, errno, "reading %s", path);
    }
    while (failed == 0 && (more = mig__files_line(file, &line, NULL)) > 0) {
        if (line.length == 0) {
            messages = true;
        } else {
            failed = messages ? take_message(r, line.data, err) : take_word(r, line.data, err);
        }
    }
    if (failed == 0 && more < 0) {
        failed = mig_error_errno(err, MIG_E_IO, errno, "reading %s", path);
    }
    mig__buffer_free(&line);
    fclose(file);
    return failed;
}

static int compare(const void *a, const void *b)
{
    const struct mig__courier_entry *x = a, *y = b;
    return memcmp(x->key.octets, y->key.octets, MIG__UID_KEY_SIZE);
}

static struct mig__courier_entry *find(const mig__courier_keywords *keywords, size_t sorted, const mig__uid_key *key)
{
    const struct mig__courier_entry wanted = {.key = *key};
    return sorted == 0 ? NULL : bsearch(&wanted, keywords->entries, sorted, sizeof wanted, compare);
}

/* What was written for one message counts instead of the list. */
static int take_change(reading *r, size_t sorted, const mig__root *root, const char *path, const char *name,
                       mig_error *err)
{
    mig__buffer line = MIG__BUFFER_INIT, text = MIG__BUFFER_INIT;
    mig__uid_key key;
    int more = 0, failed = mig__uid_key_of(name, strlen(name), &key, err);
    struct mig__courier_entry *before = failed == 0 ? find(r->out, sorted, &key) : NULL;
    if (failed != 0 || (before == NULL && !mig__uid_filter_take(&r->known, &key))) {
        return failed;
    }
    FILE *file = mig__root_stream(root, path, CHANGE_MOST);
    if (file == NULL) {
        bool none = errno == ENOENT || errno == EINVAL || errno == ELOOP;
        return none ? 0 : mig_error_errno(err, MIG_E_IO, errno, "reading %s", path);
    }
    while ((more = mig__files_line(file, &line, NULL)) > 0) {
        if (is_keyword(line.data)) {
            mig__buffer_addf(&text, "%s%s", text.length > 0 ? " " : "", line.data);
        }
    }
    failed = more < 0 ? mig_error_errno(err, MIG_E_IO, errno, "reading %s", path) : mig__buffer_ok(&text, err);
    fclose(file);
    const char **flags = failed == 0 ? mig__flags_split(text.data != NULL ? text.data : "") : NULL;
    if (failed == 0 && flags == NULL) {
        failed = mig_error_set(err, MIG_E_NOMEM, "out of memory");
    }
    if (failed == 0 && before != NULL) {
        free(before->flags);
        before->flags = mig__flags_join(flags);
        failed = before->flags == NULL ? mig_error_set(err, MIG_E_NOMEM, "out of memory") : 0;
    } else if (failed == 0) {
        failed = add(r, &key, flags, err);
    }
    free(flags);
    mig__buffer_free(&line);
    mig__buffer_free(&text);
    return failed;
}

static int read_changes(reading *r, const mig__root *root, const char *directory, mig_error *err)
{
    size_t sorted = r->out->count;
    int failed = 0;
    char **names = mig__root_names(root, directory, err);
    for (size_t i = 0; names != NULL && failed == 0 && names[i] != NULL; i++) {
        if (names[i][0] == '.' || names[i][0] == ':') {
            continue;
        }
        char *path = mig__files_join(directory, names[i]);
        failed = path == NULL ? mig_error_set(err, MIG_E_NOMEM, "out of memory")
                              : take_change(r, sorted, root, path, names[i], err);
        free(path);
    }
    mig__root_names_free(names);
    return names == NULL ? -1 : failed;
}

static void sort(mig__courier_keywords *keywords)
{
    if (keywords->count > 0) {
        qsort(keywords->entries, keywords->count, sizeof *keywords->entries, compare);
    }
}

int mig__courier_read(const mig__root *root, const char *folder, const mig__uid_keys *known, mig__courier_keywords *out,
                      mig_error *err)
{
    char *directory = mig__files_join(folder, directory_name);
    char *list = directory != NULL ? mig__files_join(directory, list_name) : NULL;
    int failed = 0;
    reading *r = calloc(1, sizeof *r);
    *out = (mig__courier_keywords){.count = 0};
    if (list == NULL || r == NULL) {
        failed = mig_error_set(err, MIG_E_NOMEM, "out of memory");
    } else if (mig__root_kind(root, directory, NULL) == MIG__FILE_DIRECTORY) {
        r->out = out;
        failed = mig__uid_filter_make(&r->known, known, err);
        failed = failed == 0 ? read_list(r, root, list, err) : failed;
        sort(out);
        failed = failed == 0 ? read_changes(r, root, directory, err) : failed;
        sort(out);
    }
    for (size_t i = 0; r != NULL && i < r->count; i++) {
        free(r->words[i]);
    }
    if (r != NULL) {
        mig__uid_filter_free(&r->known);
    }
    free(r);
    free(list);
    free(directory);
    return failed;
}

const char *mig__courier_flags(const mig__courier_keywords *keywords, const mig__uid_key *key)
{
    const struct mig__courier_entry *found = find(keywords, keywords->count, key);
    return found != NULL ? found->flags : NULL;
}

void mig__courier_free(mig__courier_keywords *keywords)
{
    for (size_t i = 0; i < keywords->count; i++) {
        free(keywords->entries[i].flags);
    }
    free(keywords->entries);
    *keywords = (mig__courier_keywords){.count = 0};
}
