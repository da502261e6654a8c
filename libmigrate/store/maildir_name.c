/*
 * store/maildir_name.c - names in a Maildir: of messages (https://cr.yp.to/proto/maildir.html, ":2," and letters in
 * order), of folders (Maildir++: ".A.B" beside cur; LAYOUT=fs: directories), and keywords as Dovecot keeps them
 */
#include "mail/flags.h"
#include "store/files.h"
#include "store/maildir.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const struct {
    char letter;
    const char *flag;
} letters[] = {
    /* in the order of the letters, as they have to stand in a name; P (passed) is what mail programs call $Forwarded */
    {'D', "\\Draft"}, {'F', "\\Flagged"}, {'P', "$Forwarded"}, {'R', "\\Answered"}, {'S', "\\Seen"}, {'T', "\\Deleted"},
};

enum { LETTERS = sizeof letters / sizeof *letters, NAME_MOST = 240, LIST_MOST = 1024 * 1024 };

/* What may stand in front of "2,": U+F03A is what Samba makes of a colon. */
static const char *const marks[] = {":", ";", "!", "\xef\x80\xba", "%3A", "%3a"};
/* The same where a program replaced what it did not like: believed when nothing but flags follows. */
static const char weak_separators[] = " _-+";

static bool letters_alone(const char *text)
{
    return text[strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")] == '\0';
}

/* The separator in front of "2,FLAGS" at the end of a name; *flags: behind it. NULL: there is none. */
static const char *info_of(const char *name, const char **flags)
{
    for (const char *at = name + strlen(name); at-- > name + 1;) {
        if (at[0] != '2' || at[1] != ',') {
            continue;
        }
        *flags = at + 2;
        for (size_t i = 0; i < sizeof marks / sizeof *marks; i++) {
            size_t length = strlen(marks[i]);
            if ((size_t)(at - name) >= length && memcmp(at - length, marks[i], length) == 0) {
                return at - length;
            }
        }
        if (at > name + 1 && strchr(weak_separators, at[-1]) != NULL && letters_alone(at + 2)) {
            return at - 1;
        }
    }
    return NULL;
}

size_t mig__maildir_base(const char *name)
{
    const char *flags, *info = info_of(name, &flags);
    return info != NULL ? (size_t)(info - name) : strlen(name);
}

size_t mig__maildir_stem(const char *name)
{
    const char *colon = strrchr(name, ':');
    return colon != NULL && colon[1] == '2' && colon[2] == ',' ? (size_t)(colon - name) : strlen(name);
}

static bool has(const char *const *list, size_t count, const char *flag)
{
    for (size_t i = 0; i < count; i++) {
        if (strcasecmp(list[i], flag) == 0) {
            return true;
        }
    }
    return false;
}

uint32_t mig__maildir_unnamed(const char *name, char *const *keywords)
{
    size_t known = 0;
    uint32_t unnamed = 0;
    const char *letter = "", *info = info_of(name, &letter);
    while (keywords != NULL && keywords[known] != NULL) {
        known++;
    }
    for (const char *c = info != NULL ? letter : ""; *c != '\0' && *c != ','; c++) {
        bool keyword = *c >= 'a' && *c <= 'z';
        if (keyword && ((size_t)(*c - 'a') >= known || keywords[*c - 'a'][0] == '\0')) {
            unnamed |= 1u << (*c - 'a');
        }
    }
    return unnamed;
}

char *mig__maildir_flags(const char *name, char *const *keywords, const char *more)
{
    const char *found[LETTERS + MIG__MAILDIR_KEYWORDS + 1];
    size_t count = 0, known = 0;
    const char *letter = "", *info = info_of(name, &letter);
    while (keywords != NULL && keywords[known] != NULL) {
        known++;
    }
    for (const char *c = info != NULL ? letter : ""; *c != '\0' && *c != ','; c++) {
        const char *flag = NULL;
        for (size_t i = 0; i < LETTERS; i++) {
            flag = letters[i].letter == *c ? letters[i].flag : flag;
        }
        if (*c >= 'a' && *c <= 'z' && (size_t)(*c - 'a') < known) {
            flag = keywords[*c - 'a'];
        }
        if (flag != NULL && flag[0] != '\0' && !has(found, count, flag)) {
            found[count++] = flag;
        }
    }
    found[count] = NULL;
    if (more == NULL || more[0] == '\0') {
        return mig__flags_join(found);
    }
    const char **others = mig__flags_split(more);
    size_t length = 0;
    while (others != NULL && others[length] != NULL) {
        length++;
    }
    const char **all = others != NULL ? calloc(count + length + 1, sizeof *all) : NULL;
    for (size_t i = 0; all != NULL && i < count; i++) {
        all[i] = found[i];
    }
    for (size_t i = 0; all != NULL && i < length; i++) {
        all[count++] = others[i];
    }
    char *joined = all != NULL ? mig__flags_join(all) : NULL;
    free(all);
    free(others);
    return joined;
}

/* The letter of a keyword, which gets one if it has none. 0: none is left, or no memory. */
static char keyword_letter(const char *flag, char ***keywords, bool *added, mig_error *err)
{
    size_t count = 0;
    while (*keywords != NULL && (*keywords)[count] != NULL) {
        if (strcasecmp((*keywords)[count], flag) == 0) {
            return (char)('a' + count);
        }
        count++;
    }
    if (count >= MIG__MAILDIR_KEYWORDS) {
        mig_error_set(err, MIG_E_FLAG, "a Maildir has room for %d keywords a folder, and none for \"%s\"",
                      MIG__MAILDIR_KEYWORDS, flag);
        return '\0';
    }
    char **grown = realloc(*keywords, (count + 2) * sizeof *grown);
    char *copy = strdup(flag);
    if (grown != NULL) {
        *keywords = grown;
    }
    if (grown == NULL || copy == NULL) {
        free(copy);
        mig_error_set(err, MIG_E_NOMEM, "out of memory");
        return '\0';
    }
    grown[count] = copy;
    grown[count + 1] = NULL;
    *added = true;
    return (char)('a' + count);
}

int mig__maildir_info(const char *flags, char ***keywords, bool *added, mig__buffer *out, mig_error *err)
{
    bool present[128] = {false};
    const char **split = mig__flags_split(flags);
    *added = false;
    if (split == NULL) {
        return mig_error_set(err, MIG_E_NOMEM, "out of memory");
    }
    for (size_t i = 0; split[i] != NULL; i++) {
        char letter = '\0';
        for (size_t k = 0; k < LETTERS; k++) {
            /* Dovecot keeps $Forwarded as any keyword: P would be lost on the way back. */
            letter =
                letters[k].flag[0] == '\\' && strcasecmp(letters[k].flag, split[i]) == 0 ? letters[k].letter : letter;
        }
        if (letter == '\0' && split[i][0] != '\\') {
            letter = keyword_letter(split[i], keywords, added, err);
            if (letter == '\0') {
                free(split);
                return -1;
            }
        }
        present[(unsigned char)letter] = letter != '\0';
    }
    free(split);
    mig__buffer_add_text(out, ":2,");
    for (int c = 'A'; c <= 'z'; c++) {
        if (present[c]) {
            mig__buffer_add_char(out, (char)c);
        }
    }
    return mig__buffer_ok(out, err);
}

static int keep_keyword(char ***out, unsigned long index, const char *name, mig_error *err)
{
    size_t count = 0;
    while (*out != NULL && (*out)[count] != NULL) {
        count++;
    }
    if (index >= MIG__MAILDIR_KEYWORDS || strpbrk(name, " (){%*\"\\]") != NULL) {
        return 0; /* has no letter, or is no keyword */
    }
    if (count <= index) {
        char **grown = realloc(*out, (index + 2) * sizeof *grown);
        if (grown == NULL) {
            return mig_error_set(err, MIG_E_NOMEM, "out of memory");
        }
        *out = grown;
        for (; count <= index; count++) {
            grown[count] = strdup("");
            grown[count + 1] = NULL;
            if (grown[count] == NULL) {
                return mig_error_set(err, MIG_E_NOMEM, "out of memory");
            }
        }
    }
    char *copy = strdup(name);
    if (copy == NULL) {
        return mig_error_set(err, MIG_E_NOMEM, "out of memory");
    }
    free((*out)[index]);
    (*out)[index] = copy;
    return 0;
}

int mig__maildir_keywords_read(const mig__root *root, const char *folder, char ***out, mig_error *err)
{
    char *path = mig__files_join(folder, "dovecot-keywords");
    mig__buffer line = MIG__BUFFER_INIT;
    int failed = 0, more = 1;
    if (path == NULL) {
        return mig_error_set(err, MIG_E_NOMEM, "out of memory");
    }
    FILE *file = mig__root_stream(root, path, LIST_MOST);
    bool missing = file == NULL && (errno == ENOENT || errno == EINVAL || errno == ELOOP); /* a problem of its own */
    while (file != NULL && failed == 0 && (more = mig__files_line(file, &line, NULL)) > 0) {
        char *end;
        unsigned long index = strtoul(line.data, &end, 10);
        if (end != line.data && *end == ' ' && mig__files_name_safe(end + 1)) {
            failed = keep_keyword(out, index, end + 1, err);
        }
    }
    if (!missing && (file == NULL || more < 0)) {
        failed = mig_error_errno(err, MIG_E_IO, errno, "reading %s", path);
    }
    if (file != NULL) {
        fclose(file);
    }
    mig__buffer_free(&line);
    free(path);
    return failed;
}

int mig__maildir_keywords_write(const mig__root *root, const char *folder, char *const *keywords, mig_error *err)
{
    mig__replacing replacing;
    char *path = mig__files_join(folder, "dovecot-keywords");
    if (path == NULL) {
        return mig_error_set(err, MIG_E_NOMEM, "out of memory");
    }
    int failed = mig__replace_begin(&replacing, root, path, err);
    free(path);
    if (failed != 0) {
        return -1;
    }
    for (size_t i = 0; keywords[i] != NULL; i++) {
        if (keywords[i][0] != '\0') {
            fprintf(replacing.file, "%zu %s\n", i, keywords[i]);
        }
    }
    return mig__replace_end(&replacing, err);
}

static int bad_name(const char *wire, const char *why, mig_error *err)
{
    mig_error_set(err, MIG_E_CANNOT, "\"%s\" is no name for a folder of a Maildir: %s", wire, why);
    return -1;
}

/* Each level becomes part of a path: nothing in it may lead elsewhere. */
static int check_levels(const mig_store *store, const char *wire, mig_error *err)
{
    static const char *const reserved[] = {"cur", "new", "tmp", "..", "."};
    const char separators[] = {store->delimiter, '\0'};
    for (const char *level = wire;;) {
        size_t length = strcspn(level, separators);
        if (length == 0) {
            return bad_name(wire, "a level of it is empty", err);
        }
        for (size_t i = 0; store->nested && i < sizeof reserved / sizeof *reserved; i++) {
            if (strlen(reserved[i]) == length && strncmp(level, reserved[i], length) == 0) {
                return bad_name(wire, "a level of it has another meaning there", err);
            }
        }
        if (store->nested && level[0] == '.') {
            return bad_name(wire, "a level of it begins with a dot", err);
        }
        if (store->nested && length > NAME_MOST) {
            return bad_name(wire, "it is too long", err);
        }
        level += length;
        if (*level == '\0') {
            return 0;
        }
        level++;
    }
}

char *mig__maildir_directory(const mig_store *store, const char *wire, mig_error *err)
{
    if (strcasecmp(wire, "INBOX") == 0) {
        char *root = strdup(store->path);
        if (root == NULL) {
            mig_error_set(err, MIG_E_NOMEM, "out of memory");
        }
        return root;
    }
    for (const char *c = wire; *c != '\0'; c++) {
        if ((unsigned char)*c < ' ' || *c == 0x7f || (*c == '/' && !store->nested)) {
            bad_name(wire, "it holds a character that a file's name cannot hold", err);
            return NULL;
        }
    }
    if (!store->nested && strlen(wire) > NAME_MOST) {
        bad_name(wire, "it is too long", err);
        return NULL;
    }
    if (check_levels(store, wire, err) != 0) {
        return NULL;
    }
    mig__buffer path = MIG__BUFFER_INIT;
    mig__buffer_addf(&path, "%s/%s%s", store->path, store->nested ? "" : ".", wire);
    char *text = mig__buffer_steal(&path);
    if (text == NULL) {
        mig_error_set(err, MIG_E_NOMEM, "out of memory");
    }
    return text;
}
