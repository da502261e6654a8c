/* net/oauth2_file.c - files with secrets: keys that are given, and the cache of tokens that is kept for the next run */
#include "net/oauth2_private.h"
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SCHEMA "mailmigrate.token/1"

/* Octets read, at most `size`; -1 with errno. */
static ssize_t read_all(int fd, char *out, size_t size)
{
    size_t used = 0;

    while (used < size) {
        ssize_t got = read(fd, out + used, size - used);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            return -1;
        }
        if (got == 0) {
            break;
        }
        used += (size_t)got;
    }
    return (ssize_t)used;
}

int mig__oauth2_read(const char *path, const char *what, mig__buffer *out, mig_error *err)
{
    ssize_t got = -1;
    int fd;

    if (!mig__buffer_reserve(out, MIG__OAUTH2_FILE_MAX + 1)) {
        return mig_error_set(err, MIG_E_NOMEM, "out of memory");
    }
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd >= 0) {
        got = read_all(fd, out->data, MIG__OAUTH2_FILE_MAX);
    }
    if (got < 0) {
        mig_error_errno(err, MIG_E_SECRET, errno, "cannot read %s %s", what, path);
    } else if (got == 0 || got == MIG__OAUTH2_FILE_MAX) {
        mig_error_set(err, MIG_E_SECRET, "%s %s is %s", what, path, got == 0 ? "empty" : "too long");
        got = -1;
    } else {
        out->length = (size_t)got;
        out->data[got] = '\0';
    }
    if (fd >= 0) {
        close(fd);
    }
    return got < 0 ? -1 : 0;
}

int mig__oauth2_read_line(const char *path, const char *what, char *out, size_t size, mig_error *err)
{
    mig__buffer file = MIG__BUFFER_INIT;
    int result = mig__oauth2_read(path, what, &file, err);

    if (!result) {
        size_t length = strcspn(file.data, "\r\n");
        if (length == 0 || length >= size) {
            result = mig_error_set(err, MIG_E_SECRET, "%s %s: its first line is %s", what, path,
                                   length == 0 ? "empty" : "too long");
        } else {
            memcpy(out, file.data, length);
            out[length] = '\0';
        }
    }
    mig__buffer_wipe(&file);
    return result;
}

/* Ours, and for nobody else to read: else it may be somebody's trap. */
static bool private_file(int fd)
{
    struct stat about;

    return fstat(fd, &about) == 0 && S_ISREG(about.st_mode) && about.st_uid == geteuid() &&
           (about.st_mode & (S_IRWXG | S_IRWXO)) == 0;
}

static const char *member(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));
    return text != NULL ? text : "";
}

static void forget(json_t *object)
{
    static const char *const names[] = {"access_token", "refresh_token"};

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const char *text = member(object, names[i]);
        explicit_bzero((char *)(uintptr_t)text, strlen(text));
    }
    json_decref(object);
}

static int take_cache(const json_t *cache, const char *identity, mig__oauth2_token *out, int64_t *ends)
{
    const char *access = member(cache, "access_token"), *refresh = member(cache, "refresh_token");

    if (strcmp(member(cache, "schema"), SCHEMA) != 0 || strcmp(member(cache, "identity"), identity) != 0 ||
        strlen(access) >= sizeof out->access || strlen(refresh) >= sizeof out->refresh) {
        return 1;
    }
    memset(out, 0, sizeof *out);
    memcpy(out->access, access, strlen(access) + 1);
    memcpy(out->refresh, refresh, strlen(refresh) + 1);
    *ends = json_integer_value(json_object_get(cache, "ends"));
    return 0;
}

int mig__oauth2_cache_read(const char *path, const char *identity, mig__oauth2_token *out, int64_t *ends)
{
    mig__buffer file = MIG__BUFFER_INIT;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    int result = 1;

    if (fd < 0) {
        return 1;
    }
    if (private_file(fd) && mig__buffer_reserve(&file, MIG__OAUTH2_FILE_MAX + 1)) {
        ssize_t got = read_all(fd, file.data, MIG__OAUTH2_FILE_MAX);
        json_t *cache = got > 0 ? json_loadb(file.data, (size_t)got, JSON_REJECT_DUPLICATES, NULL) : NULL;

        file.length = got > 0 ? (size_t)got : 0;
        result = take_cache(cache, identity, out, ends);
        if (cache != NULL) {
            forget(cache);
        }
    }
    close(fd);
    mig__buffer_wipe(&file);
    return result;
}

static int write_all(int fd, const char *data, size_t length)
{
    while (length) {
        ssize_t done = write(fd, data, length);
        if (done < 0 && errno == EINTR) {
            continue;
        }
        if (done < 0) {
            return -1;
        }
        data += done;
        length -= (size_t)done;
    }
    return 0;
}

/* Written beside it and renamed: a kill leaves the old one or the new one. mkstemp makes files of mode 0600. */
int mig__oauth2_replace(const char *path, const char *data, size_t length, mig_error *err)
{
    mig__buffer name = MIG__BUFFER_INIT;
    int fd, result = -1;

    mig__buffer_addf(&name, "%s.XXXXXX", path);
    if (mig__buffer_ok(&name, err) != 0) {
        return -1;
    }
    fd = mkstemp(name.data);
    if (fd >= 0 && write_all(fd, data, length) == 0 && fsync(fd) == 0 && rename(name.data, path) == 0) {
        result = 0;
    } else {
        mig_error_errno(err, MIG_E_IO, errno, "the tokens cannot be kept in %s", path);
        if (fd >= 0) {
            unlink(name.data);
        }
    }
    if (fd >= 0) {
        close(fd);
    }
    mig__buffer_free(&name);
    return result;
}

int mig__oauth2_cache_write(const char *path, const char *identity, const mig__oauth2_token *token, int64_t ends,
                            mig_error *err)
{
    json_t *cache = json_pack("{s:s, s:s, s:s, s:s, s:I}", "schema", SCHEMA, "identity", identity, "access_token",
                              token->access, "refresh_token", token->refresh, "ends", (json_int_t)ends);
    char *text = cache != NULL ? json_dumps(cache, JSON_INDENT(1)) : NULL;
    int result;

    if (text != NULL) {
        result = mig__oauth2_replace(path, text, strlen(text), err);
        explicit_bzero(text, strlen(text));
        free(text);
    } else {
        result = mig_error_set(err, MIG_E_NOMEM, "out of memory");
    }
    if (cache != NULL) {
        forget(cache);
    }
    return result;
}
