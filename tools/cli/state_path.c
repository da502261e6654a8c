#include "cli/state_path.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <pwd.h>
#include <stdio.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LABEL_SHOWN 80

/* FNV-1a, 64 bits: only to tell names apart that look alike once unsafe characters are gone. */
static uint64_t fold(uint64_t digest, const char *text, bool lower)
{
    for (; *text != '\0'; text++) {
        const unsigned char c = (unsigned char)*text;
        digest = (digest ^ (lower && c >= 'A' && c <= 'Z' ? c + 32u : c)) * UINT64_C(0x100000001b3);
    }
    return (digest ^ 0xff) * UINT64_C(0x100000001b3); /* ends one text, so that "ab","c" is not "a","bc" */
}

static uint64_t fold_account(uint64_t digest, const mig_endpoint *endpoint)
{
    char port[8];
    snprintf(port, sizeof port, "%u", (unsigned)endpoint->port);
    digest = fold(digest, endpoint->user ? endpoint->user : "", false);
    digest = fold(digest, endpoint->authzid ? endpoint->authzid : "", false);
    digest = fold(digest, endpoint->host ? endpoint->host : "", true);
    return fold(digest, port, false);
}

/* "user@host" with everything but letters, digits and "@._-" as '_', cut to a bearable length. */
static void safe_label(const mig_endpoint *endpoint, char *out, size_t size)
{
    const char *user = endpoint->authzid ? endpoint->authzid : endpoint->user;
    snprintf(out, size, "%s@%s", user ? user : "", endpoint->host ? endpoint->host : "");
    for (char *c = out; *c != '\0'; c++) {
        const bool letter = (*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') || (*c >= '0' && *c <= '9');
        if (!letter && !strchr("@._-", *c))
            *c = '_';
    }
    if (out[0] == '.' || out[0] == '-')
        out[0] = '_';
}

char *cli_state_name(const mig_endpoint *source, const mig_endpoint *target, char *out, size_t size)
{
    char from[LABEL_SHOWN];
    char to[LABEL_SHOWN];
    safe_label(source, from, sizeof from);
    safe_label(target, to, sizeof to);
    uint64_t digest = fold_account(UINT64_C(0xcbf29ce484222325), source);
    digest = fold_account(digest, target);
    snprintf(out, size, "%s-to-%s-%016" PRIx64 ".db", from, to, digest);
    return out;
}

/* Make every directory of the path; `path` is changed and restored on the way. */
static int make_directories(char *path, mig_error *err)
{
    for (char *slash = path + 1;; slash++) {
        if (*slash != '/' && *slash != '\0')
            continue;
        const char kept = *slash;
        *slash = '\0';
        if (mkdir(path, 0700) != 0 && errno != EEXIST)
            return mig_error_errno(err, MIG_E_IO, errno, "the directory %s cannot be made", path);
        *slash = kept;
        if (kept == '\0')
            return 0;
    }
}

static const char *home_directory(void)
{
    const char *home = getenv("HOME");
    if (home && home[0] == '/')
        return home;
    const struct passwd *entry = getpwuid(getuid());
    return entry && entry->pw_dir && entry->pw_dir[0] == '/' ? entry->pw_dir : NULL;
}

/* The XDG Base Directory Specification wants relative paths ignored. */
int cli_state_directory(char *out, size_t size, mig_error *err)
{
    const char *base = getenv("XDG_STATE_HOME");
    const bool set = base && base[0] == '/';
    if (!set)
        base = home_directory();
    if (!base) {
        mig_error_set(err, MIG_E_IO, "there is no home directory to keep the state in");
        return mig_error_hint(err, "say where with --state FILE, or set XDG_STATE_HOME");
    }
    const int length = snprintf(out, size, "%s%s/mailmigrate", base, set ? "" : "/.local/state");
    if (length < 0 || (size_t)length >= size)
        return mig_error_set(err, MIG_E_IO, "the path of the state directory is too long");
    return 0;
}

char *cli_state_path_in(const char *directory, const mig_endpoint *source, const mig_endpoint *target, mig_error *err)
{
    char name[256];
    char *made = strdup(directory);
    char *path = NULL;
    if (!made) {
        mig_error_set(err, MIG_E_NOMEM, "out of memory");
        return NULL;
    }
    if (make_directories(made, err) != 0) {
        mig_error_hint(err, "say where the state may be kept with --state");
        free(made);
        return NULL;
    }
    free(made);
    cli_state_name(source, target, name, sizeof name);
    const size_t size = strlen(directory) + strlen(name) + 2;
    path = malloc(size);
    if (!path) {
        mig_error_set(err, MIG_E_NOMEM, "out of memory");
        return NULL;
    }
    snprintf(path, size, "%s/%s", directory, name);
    return path;
}

char *cli_state_path(const mig_endpoint *source, const mig_endpoint *target, mig_error *err)
{
    char directory[4096];
    return cli_state_directory(directory, sizeof directory, err) == 0
               ? cli_state_path_in(directory, source, target, err)
               : NULL;
}

static bool usable(const char *directory)
{
    struct stat st;
    return directory && directory[0] == '/' && stat(directory, &st) == 0 && S_ISDIR(st.st_mode) &&
           access(directory, W_OK | X_OK) == 0;
}

const char *cli_lock_directory(void)
{
    const char *const candidates[] = {getenv("MAILMIGRATE_LOCK_DIR"), "/run/lock", getenv("XDG_RUNTIME_DIR"), "/tmp"};
    const size_t count = sizeof candidates / sizeof candidates[0];
    for (size_t i = 0; i < count - 1; i++)
        if (usable(candidates[i]))
            return candidates[i];
    return candidates[count - 1];
}
