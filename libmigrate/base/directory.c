/* base/directory.c - directories for one's own files */
#include "base/directory.h"
#include <errno.h>
#include <sys/stat.h>

int mig__make_directories(char *path, mig_error *err)
{
    for (char *slash = path + 1;; slash++) {
        if (*slash != '/' && *slash != '\0') {
            continue;
        }
        char kept = *slash;
        *slash = '\0';
        if (mkdir(path, 0700) != 0 && errno != EEXIST) {
            mig_error_errno(err, MIG_E_IO, errno, "the directory %s cannot be made", path);
            *slash = kept;
            return -1;
        }
        *slash = kept;
        if (kept == '\0') {
            return 0;
        }
    }
}
