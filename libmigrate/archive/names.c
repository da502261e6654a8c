/* archive/names.c - what folders and messages are called inside of an archive */
#include "archive/names.h"
#include "base/utf8.h"
#include "imap/names.h"
#include "mail/digest.h"
#include "mail/flags.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum {
    LONGEST_DIRECTORY = 200, /* octets: ".dovecot-uidlist.lock" and the like must fit beside it */
    LONGEST_COMPONENT = 255,
    LONGEST_PATH = 1024
};

/* ---- names that are taken ---- */

static uint64_t hash(const char *text)
{
    uint64_t value = 0;
    for (; *text != '\0'; text++) {
        char lower = *text >= 'A' && *text <= 'Z' ? (char)(*text + ('a' - 'A')) : *text;
        value = mig__hash(value, &lower, 1);
    }
    return value;
}

/* 1: it was free and is taken now; 0: it was taken; -1: no memory. */
static int take(mig__safe_names *names, const char *text, mig_error *err)
{
    char *const *found;
    uint64_t key = hash(text);
    size_t at = 0;
    while ((found = mig__table_next(&names->table, key, &at)) != NULL) {
        if (strcasecmp(*found, text) == 0) {
            return 0;
        }
    }
    names->table.payload = sizeof(char *);
    char *copy = mig__strdup(text);
    char **slot = copy != NULL ? mig__table_add(&names->table, key, err) : NULL;
    if (slot == NULL) {
        free(copy);
        return mig_error_set(err, MIG_E_NOMEM, "out of memory");
    }
    *slot = copy;
    return 1;
}

void mig__safe_names_free(mig__safe_names *names)
{
    char **name;
    size_t at = 0;
    while ((name = mig__table_each(&names->table, &at)) != NULL) {
        free(*name);
    }
    mig__table_free(&names->table);
}

/* ---- folders ---- */

/* One component as UTF-8 that is fit to be a name. */
static void add_safe(mig__buffer *out, const char *text, size_t length, bool valid)
{
    if (length == 0) {
        mig__buffer_add_char(out, '_');
    }
    for (size_t at = 0; at < length;) {
        size_t begin = at;
        uint32_t code = (unsigned char)text[at];
        if (valid) {
            code = mig__utf8_take(text + at, &at);
        } else {
            at++;
        }
        bool control = code < 0x20 || (code >= 0x7f && code < 0xa0) || (!valid && code >= 0x7f);
        if (control || code == '.' || code == '/' || (code == '~' && begin == 0)) {
            mig__buffer_add_char(out, '_');
        } else {
            mig__buffer_add(out, text + begin, at - begin);
        }
    }
}

/* ".Work.2019" in modified UTF-7, from components that are joined by NUL. */
static int encode(mig__buffer *out, const mig__buffer *components, mig_error *err)
{
    mig__buffer one = MIG__BUFFER_INIT;
    for (size_t at = 0; at < components->length; at += strlen(components->data + at) + 1) {
        mig__buffer_clear(&one);
        mig__buffer_add_char(out, '.');
        if (!mig__name_encode(components->data + at, &one)) {
            mig__buffer_free(&one);
            return mig_error_set(err, MIG_E_NOMEM, "out of memory");
        }
        mig__buffer_add(out, one.data, one.length);
    }
    mig__buffer_free(&one);
    return mig__buffer_ok(out, err);
}

/* Take characters off the last component until the encoded name fits into `most` octets. */
static int shorten(mig__buffer *components, mig__buffer *encoded, size_t most, mig_error *err)
{
    while (encoded->length > most) {
        /* Modified UTF-7 is at least 8/9 as long as UTF-8: what is beyond is of no use in any case. */
        size_t useful = most + most / 4;
        size_t at = components->length - 1 < useful ? components->length - 1 : useful;
        do {
            at--;
        } while (at > 0 && ((unsigned char)components->data[at] & 0xc0) == 0x80);
        components->length = at;
        if (at > 0 && components->data[at - 1] == '\0') {
            components->length = at - 1; /* the component is used up: it goes as a whole */
        }
        mig__buffer_add_char(components, '\0');
        mig__buffer_clear(encoded);
        if (encode(encoded, components, err) != 0) {
            return -1;
        }
    }
    return 0;
}

static void split(mig__buffer *components, const char *name, bool valid, char delimiter)
{
    for (const char *at = name;; at++) {
        const char *end = delimiter != '\0' ? strchr(at, delimiter) : NULL;
        size_t length = end != NULL ? (size_t)(end - at) : strlen(at);
        add_safe(components, at, length, valid);
        mig__buffer_add_char(components, '\0');
        if (end == NULL) {
            return;
        }
        at = end;
    }
}

static int settle(mig__safe_names *taken, const char *name, mig__buffer *encoded, bool cut, mig_error *err)
{
    uint8_t digest[MIG__DIGEST_SIZE];
    char hex[MIG__HEX_SIZE];
    if (cut) { /* two long names can begin alike */
        if (mig__digest(name, strlen(name), digest, err) != 0) {
            return -1;
        }
        mig__buffer_addf(encoded, "_%.8s", mig__hex(digest, hex));
    }
    size_t length = encoded->length;
    int was_free = mig__buffer_ok(encoded, err) != 0 ? -1 : take(taken, encoded->data, err);
    unsigned number = 1;
    while (was_free == 0) {
        encoded->length = length;
        mig__buffer_addf(encoded, "_%u", ++number);
        was_free = mig__buffer_ok(encoded, err) != 0 ? -1 : take(taken, encoded->data, err);
    }
    return was_free == 1 ? 0 : -1;
}

char *mig__safe_directory(mig__safe_names *taken, const char *name, bool valid, char delimiter, const char *prefix,
                          mig_error *err)
{
    mig__buffer components = MIG__BUFFER_INIT, encoded = MIG__BUFFER_INIT, path = MIG__BUFFER_INIT;
    char *directory = NULL;
    size_t skip = strlen(prefix);
    if (strcmp(name, "INBOX") == 0) {
        return mig__strdup(MIG__ARCHIVE_ROOT);
    }
    skip = skip > 0 && strncmp(name, prefix, skip) == 0 && name[skip] != '\0' ? skip : 0;
    split(&components, name + skip, valid, delimiter);
    if (mig__buffer_ok(&components, err) == 0 && encode(&encoded, &components, err) == 0) {
        bool cut = encoded.length > LONGEST_DIRECTORY;
        if (shorten(&components, &encoded, LONGEST_DIRECTORY, err) == 0 &&
            settle(taken, name, &encoded, cut, err) == 0) {
            mig__buffer_addf(&path, MIG__ARCHIVE_ROOT "/%s", encoded.data);
            directory = mig__buffer_ok(&path, err) == 0 ? mig__buffer_steal(&path) : NULL;
        }
    }
    mig__buffer_free(&components);
    mig__buffer_free(&encoded);
    mig__buffer_free(&path);
    return directory;
}

int mig__safe_take(mig__safe_names *taken, const char *directory, mig_error *err)
{
    const char *slash = strchr(directory, '/');
    return slash == NULL || take(taken, slash + 1, err) >= 0 ? 0 : -1;
}

/* ---- messages ---- */

void mig__keywords_free(mig__keywords *keywords)
{
    for (unsigned i = 0; i < keywords->count; i++) {
        free(keywords->items[i]);
    }
    keywords->count = 0;
}

/* The letter of a flag, 0 for none; -1: no memory. */
static int letter_of(const char *flag, mig__keywords *keywords)
{
    static const struct {
        const char *flag;
        char letter;
    } known[] = {{"\\Draft", 'D'}, {"\\Flagged", 'F'}, {"\\Answered", 'R'}, {"\\Seen", 'S'}, {"\\Deleted", 'T'}};
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (strcasecmp(flag, known[i].flag) == 0) {
            return known[i].letter;
        }
    }
    unsigned at = 0;
    while (at < keywords->count && strcasecmp(flag, keywords->items[at]) != 0) {
        at++;
    }
    if (flag[0] == '\\' || at == sizeof keywords->items / sizeof keywords->items[0]) {
        return 0;
    }
    if (at == keywords->count) {
        if ((keywords->items[at] = mig__strdup(flag)) == NULL) {
            return -1;
        }
        keywords->count++;
    }
    return 'a' + (int)at;
}

int mig__safe_message(mig__buffer *out, size_t *bare, const mig__datetime *date, uint32_t uid, uint32_t uidvalidity,
                      uint64_t size, const char *flags, mig__keywords *keywords, mig_error *err)
{
    bool letters[128] = {false};
    const char **each = mig__flags_split(flags);
    if (each == NULL) {
        return mig_error_set(err, MIG_E_NOMEM, "out of memory");
    }
    for (size_t i = 0; each[i] != NULL; i++) {
        int letter = letter_of(each[i], keywords);
        if (letter < 0) {
            free(each);
            return mig_error_set(err, MIG_E_NOMEM, "out of memory");
        }
        letters[letter] = true;
    }
    free(each);
    size_t begin = out->length;
    mig__buffer_addf(out, "%lld.U%uV%u.mailmigrate,S=%llu", (long long)(date->valid ? date->utc : 0), uid, uidvalidity,
                     (unsigned long long)size);
    *bare = out->length - begin;
    mig__buffer_add_text(out, ":2,");
    for (int letter = 1; letter < 128; letter++) { /* in ASCII order, as Maildir wants it */
        if (letters[letter]) {
            mig__buffer_add_char(out, (char)letter);
        }
    }
    return mig__buffer_ok(out, err);
}

/* ---- members of an archive that anyone may have made ---- */

const char *mig__safe_plain(const char *path)
{
    while (path[0] == '.' && path[1] == '/') {
        path += 2;
    }
    return path;
}

static const char *harm_in(const char *path)
{
    if (path[0] == '\0') {
        return "it has no name";
    }
    if (path[0] == '/') {
        return "its name is absolute";
    }
    if (strlen(path) > LONGEST_PATH) {
        return "its name is too long";
    }
    for (const char *at = path; *at != '\0';) {
        size_t length = strcspn(at, "/");
        if ((length == 1 && at[0] == '.') || (length == 2 && strncmp(at, "..", 2) == 0)) {
            return "its name leads out of its directory";
        }
        if (length > LONGEST_COMPONENT) {
            return "its name is too long";
        }
        at += length + strspn(at + length, "/");
    }
    for (const char *at = path; *at != '\0'; at++) {
        if ((unsigned char)*at < 0x20 || (unsigned char)*at > 0x7e) {
            return "its name has control characters or is not ASCII";
        }
    }
    return NULL;
}

static mig__member_kind kind_below_folder(const char *rest)
{
    static const char *const parts[] = {"cur", "new", "tmp"};
    if (rest[0] == '\0') {
        return MIG__MEMBER_DIRECTORY;
    }
    if (strcmp(rest, "dovecot-uidlist") == 0 || strcmp(rest, "dovecot-keywords") == 0) {
        return MIG__MEMBER_FILE;
    }
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        if (strncmp(rest, parts[i], 3) == 0 && (rest[3] == '\0' || strcmp(rest + 3, "/") == 0)) {
            return MIG__MEMBER_DIRECTORY;
        }
    }
    bool message = strncmp(rest, "cur/", 4) == 0 && rest[4] != '/' && rest[4] != '.' && strchr(rest + 4, '/') == NULL;
    return message ? MIG__MEMBER_MESSAGE : MIG__MEMBER_STRANGE;
}

mig__member_kind mig__safe_kind(const char *path, const char **why)
{
    static const char root[] = MIG__ARCHIVE_ROOT;
    path = mig__safe_plain(path);
    if ((*why = harm_in(path)) != NULL) {
        return MIG__MEMBER_REFUSED;
    }
    if (strcmp(path, MIG__ARCHIVE_MANIFEST) == 0) {
        return MIG__MEMBER_MANIFEST;
    }
    if (strcmp(path, MIG__ARCHIVE_SUMS) == 0) {
        return MIG__MEMBER_SUMS;
    }
    if (strcmp(path, MIG__ARCHIVE_SEAL) == 0) {
        return MIG__MEMBER_SEAL;
    }
    if (strncmp(path, root, sizeof root - 1) != 0) {
        return MIG__MEMBER_STRANGE;
    }
    path += sizeof root - 1;
    if (path[0] == '\0') {
        return MIG__MEMBER_DIRECTORY;
    }
    if (path[0] != '/') {
        return MIG__MEMBER_STRANGE;
    }
    path++;
    if (strcmp(path, "subscriptions") == 0) {
        return MIG__MEMBER_FILE;
    }
    if (path[0] == '.') {
        size_t length = strcspn(path, "/");
        path += length + (path[length] == '/');
    }
    return kind_below_folder(path);
}
