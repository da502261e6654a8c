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

enum { LETTERS = sizeof letters / sizeof *letters, NAME_MOST = 240 };

static const char *info_of(const char *name)
{
    const char *colon = strrchr(name, ':');
    return colon != NULL && colon[1] == '2' && colon[2] == ',' ? colon : NULL;
}

size_t mig__maildir_base(const char *name)
{
    const char *info = info_of(name);
    return info != NULL ? (size_t)(info - name) : strlen(name);
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

char *mig__maildir_flags(const char *name, char *const *keywords)
{
    const char *found[LETTERS + MIG__MAILDIR_KEYWORDS + 1];
    size_t count = 0, known = 0;
    const char *info = info_of(name);
    while (keywords != NULL && keywords[known] != NULL) {
        known++;
    }
    for (const char *c = info != NULL ? info + 3 : ""; *c != '\0' && *c != ','; c++) {
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
    return mig__flags_join(found);
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

int mig__maildir_keywords_read(const char *folder, char ***out, mig_error *err)
{
    char *path = mig__path_join(folder, "dovecot-keywords");
    char *line = NULL;
    size_t room = 0;
    ssize_t length;
    int failed = 0;
    if (path == NULL) {
        return mig_error_set(err, MIG_E_NOMEM, "out of memory");
    }
    FILE *file = fopen(path, "re");
    while (file != NULL && failed == 0 && (length = getline(&line, &room, file)) > 0) {
        line[strcspn(line, "\r\n")] = '\0';
        char *end;
        unsigned long index = strtoul(line, &end, 10);
        if (end != line && *end == ' ' && mig__name_safe(end + 1)) {
            failed = keep_keyword(out, index, end + 1, err);
        }
    }
    if (file != NULL) {
        fclose(file);
    } else if (errno != ENOENT) {
        failed = mig_error_errno(err, MIG_E_IO, errno, "reading %s", path);
    }
    free(line);
    free(path);
    return failed;
}

int mig__maildir_keywords_write(const char *folder, char *const *keywords, mig_error *err)
{
    mig__replacing replacing;
    char *path = mig__path_join(folder, "dovecot-keywords");
    if (path == NULL) {
        return mig_error_set(err, MIG_E_NOMEM, "out of memory");
    }
    int failed = mig__replace_begin(&replacing, path, err);
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
