/* net/login_file.c - the file that a sign-in leaves: tokens of one account, for it alone, refreshed by one at a time */
#include "base/clock.h"
#include "base/memory.h"
#include "net/login_private.h"
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define SCHEMA "mailmigrate.login/1"

enum { LOCK_MS = 120000 };

static const char *text_of(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));
    return text != NULL ? text : "";
}

static void forget(json_t *object)
{
    static const char *const names[] = {"access_token", "refresh_token"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const char *text = text_of(object, names[i]);
        explicit_bzero((char *)(uintptr_t)text, strlen(text));
    }
    json_decref(object);
}

static int open_to_others(const char *path, mig_error *err)
{
    struct stat about;
    if (stat(path, &about) != 0 || (about.st_mode & (S_IRWXG | S_IRWXO)) == 0) {
        return 0;
    }
    mig_error_set(err, MIG_E_SECRET, "other users can read or write %s", path);
    return mig_error_hint(err, "chmod 600 it; if that was so for long, sign in anew");
}

static int take(const json_t *object, mig__login_file *out)
{
    const struct {
        const char *name;
        char *place;
        size_t size;
    } all[] = {{"provider", out->info.provider, sizeof out->info.provider},
               {"user", out->info.user, sizeof out->info.user},
               {"client_id", out->info.client_id, sizeof out->info.client_id},
               {"token_url", out->info.token_url, sizeof out->info.token_url},
               {"scope", out->scope, sizeof out->scope},
               {"secret_file", out->secret_file, sizeof out->secret_file},
               {"access_token", out->token.access, sizeof out->token.access},
               {"refresh_token", out->token.refresh, sizeof out->token.refresh}};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        const char *text = text_of(object, all[i].name);
        if (strlen(text) >= all[i].size) {
            return 1;
        }
        memcpy(all[i].place, text, strlen(text) + 1);
    }
    out->info.made = json_integer_value(json_object_get(object, "made"));
    out->info.ends = json_integer_value(json_object_get(object, "ends"));
    return out->token.refresh[0] != '\0' && mig__oauth2_url_valid(out->info.token_url) ? 0 : 1;
}

int mig__login_file_read(const char *path, mig__login_file *out, mig_error *err)
{
    mig__buffer text = MIG__BUFFER_INIT;
    memset(out, 0, sizeof *out);
    if (mig__oauth2_read(path, "the file", &text, err) != 0) {
        mig__buffer_wipe(&text);
        return -1;
    }
    json_t *object = text.data[0] == '{' ? json_loadb(text.data, text.length, JSON_REJECT_DUPLICATES, NULL) : NULL;
    int result = object != NULL && strcmp(text_of(object, "schema"), SCHEMA) == 0 ? 0 : 1;
    if (result == 0 && take(object, out) != 0) {
        result = mig_error_set(err, MIG_E_SECRET, "%s is not whole: sign in anew", path);
    }
    if (result == 0) {
        result = open_to_others(path, err);
    }
    if (object != NULL) {
        forget(object);
    }
    mig__buffer_wipe(&text);
    return result;
}

int mig__login_file_write(const char *path, const mig__login_file *file, mig_error *err)
{
    json_t *object = json_pack(
        "{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:I, s:I}", "schema", SCHEMA, "provider", file->info.provider,
        "user", file->info.user, "client_id", file->info.client_id, "token_url", file->info.token_url, "scope",
        file->scope, "secret_file", file->secret_file, "access_token", file->token.access, "refresh_token",
        file->token.refresh, "made", (json_int_t)file->info.made, "ends", (json_int_t)file->info.ends);
    char *text = object != NULL ? json_dumps(object, JSON_INDENT(1) | JSON_PRESERVE_ORDER) : NULL;
    int result = -1;
    if (text != NULL) {
        result = mig__oauth2_replace(path, text, strlen(text), err);
        explicit_bzero(text, strlen(text));
        free(text);
    } else {
        mig_error_set(err, MIG_E_NOMEM, "out of memory");
    }
    if (object != NULL) {
        forget(object);
    }
    return result;
}

/* In memory that stays out of swap. NULL also for a file that is none of ours any more. */
static mig__login_file *load(const char *path, mig_error *err)
{
    mig__login_file *file = mig__locked_new(sizeof *file);
    if (file == NULL) {
        mig_error_set(err, MIG_E_NOMEM, "out of memory");
        return NULL;
    }
    const int result = mig__login_file_read(path, file, err);
    if (result != 0) {
        mig__locked_free(file, sizeof *file);
        file = NULL;
    }
    if (result > 0) {
        mig_error_set(err, MIG_E_SECRET, "%s is not a file that `mailmigrate login` made", path);
    }
    return file;
}

int mig__login_file_tokens(const char *path, mig__oauth2_token *out, int64_t *ends, mig_error *err)
{
    mig__login_file *file = load(path, err);
    if (file == NULL) {
        return -1;
    }
    *out = file->token;
    *ends = file->info.ends;
    mig__locked_free(file, sizeof *file);
    return 0;
}

int mig__login_file_update(const char *path, const mig__oauth2_token *token, int64_t ends, mig_error *err)
{
    mig__login_file *file = load(path, err);
    if (file == NULL) {
        return -1;
    }
    file->token = *token;
    file->info.ends = ends;
    const int failed = mig__login_file_write(path, file, err);
    mig__locked_free(file, sizeof *file);
    return failed;
}

int mig__login_file_lock(const char *path, const mig_stop *stop, mig_error *err)
{
    mig__buffer name = MIG__BUFFER_INIT;
    const int64_t until = mig__now_ms() + LOCK_MS;
    mig__buffer_addf(&name, "%s.lock", path);
    if (mig__buffer_ok(&name, err) != 0) {
        return -1;
    }
    int fd = open(name.data, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) {
        mig_error_errno(err, MIG_E_IO, errno, "cannot make %s", name.data);
    }
    while (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) != 0) {
        const bool stopped = mig_stop_level(stop) >= 2;
        if (!stopped && (errno == EWOULDBLOCK || errno == EINTR) && mig__now_ms() < until) {
            mig__sleep_ms(50);
            continue;
        }
        if (stopped) {
            mig_error_set(err, MIG_E_INTERRUPTED, "stopped while another process refreshes the token in %s", path);
        } else {
            mig_error_errno(err, MIG_E_TIMEOUT, errno, "another process holds %s", name.data);
        }
        close(fd);
        fd = -1;
    }
    mig__buffer_free(&name);
    return fd;
}

int mig_login_read(const char *path, mig_login_info *out, mig_error *err)
{
    mig_error unheard = MIG_ERROR_INIT;
    mig__login_file *file = load(path, err != NULL ? err : &unheard);
    if (file == NULL) {
        return -1;
    }
    *out = file->info;
    mig__locked_free(file, sizeof *file);
    return 0;
}
