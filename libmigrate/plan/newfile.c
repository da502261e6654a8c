/* plan/newfile.c - files of a new plan: of mode 0600 before the first octet, never in the place of another one */
#include "plan/plan_private.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int mig__plan_can_not_write(const mig__plan_place *place, const char *name, int errnum, mig_error *err)
{
    mig_error_errno(err, errnum == EEXIST ? MIG_E_REFUSED : MIG_E_IO, errnum, "cannot make %s/%s", place->directory,
                    name);
    return errnum == EEXIST ? mig_error_hint(err, "name another directory: nothing that is there is overwritten") : -1;
}

int mig__plan_open_place(mig__plan_place *place, const char *const *names, mig_error *err)
{
    place->fd = -1;
    if (mkdir(place->directory, 0700) != 0 && errno != EEXIST) {
        return mig_error_errno(err, MIG_E_IO, errno, "cannot make the directory %s", place->directory);
    }
    place->fd = open(place->directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (place->fd < 0) {
        return mig_error_errno(err, MIG_E_IO, errno, "cannot open the directory %s", place->directory);
    }
    for (; *names != NULL; names++) {
        struct stat there;
        if (fstatat(place->fd, *names, &there, AT_SYMLINK_NOFOLLOW) == 0) {
            return mig__plan_can_not_write(place, *names, EEXIST, err);
        }
    }
    return 0;
}

int mig__plan_write_new(const mig__plan_place *place, const char *name, const char *text, size_t length, mig_error *err)
{
    int fd = openat(place->fd, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0) {
        return mig__plan_can_not_write(place, name, errno, err);
    }
    int failed = 0;
    while (length > 0 && failed == 0) {
        ssize_t written = write(fd, text, length);
        if (written < 0 && errno != EINTR) {
            failed = mig__plan_can_not_write(place, name, errno, err);
        } else if (written > 0) {
            text += written;
            length -= (size_t)written;
        }
    }
    if (failed == 0 && fsync(fd) != 0) {
        failed = mig__plan_can_not_write(place, name, errno, err);
    }
    close(fd);
    return failed;
}

void mig__plan_add_cell(mig__buffer *out, const char *text, const char *behind)
{
    mig__buffer_add_char(out, '"');
    for (; *text != '\0'; text++) {
        mig__buffer_addf(out, *text == '"' ? "\"%c" : "%c", *text);
    }
    mig__buffer_addf(out, "\"%s", behind);
}
