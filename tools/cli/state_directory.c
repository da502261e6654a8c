/* cli/state_directory.c - the user's own directory for states */
#include "cli/state_directory.h"

#include <pwd.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *home_directory(void)
{
    const char *home = getenv("HOME");
    if (home != NULL && home[0] == '/') {
        return home;
    }
    const struct passwd *entry = getpwuid(getuid());
    return entry != NULL && entry->pw_dir != NULL && entry->pw_dir[0] == '/' ? entry->pw_dir : NULL;
}

/* The XDG Base Directory Specification wants relative paths ignored. */
int cli_state_directory(char *out, size_t size, mig_error *err)
{
    const char *base = getenv("XDG_STATE_HOME");
    bool set = base != NULL && base[0] == '/';
    if (!set) {
        base = home_directory();
    }
    if (base == NULL) {
        mig_error_set(err, MIG_E_IO, "there is no home directory to keep the state in");
        return mig_error_hint(err, "say where with --state FILE, or set XDG_STATE_HOME");
    }
    int length = snprintf(out, size, "%s%s/mailmigrate", base, set ? "" : "/.local/state");
    if (length < 0 || (size_t)length >= size) {
        return mig_error_set(err, MIG_E_IO, "the path of the state directory is too long");
    }
    return 0;
}

static bool usable(const char *directory)
{
    struct stat st;
    return directory != NULL && directory[0] == '/' && stat(directory, &st) == 0 && S_ISDIR(st.st_mode) &&
           access(directory, W_OK | X_OK) == 0;
}

const char *cli_lock_directory(void)
{
    const char *const candidates[] = {getenv("MAILMIGRATE_LOCK_DIR"), "/run/lock", getenv("XDG_RUNTIME_DIR"), "/tmp"};
    size_t count = sizeof candidates / sizeof candidates[0];
    for (size_t i = 0; i < count - 1; i++) {
        if (usable(candidates[i])) {
            return candidates[i];
        }
    }
    return candidates[count - 1];
}
