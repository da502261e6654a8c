/*
 * store/uidlist.c - dovecot-uidlist, as Dovecot writes it:
 *
 *     3 V1275660208 N25022 G3085f01b7f11094c501100008c4a11c1     (version 1: "1 1275660208 25022")
 *     25006 :1276528487.M364837P9451.kurkku,S=1355,W=1394:2,
 *
 * A record may have fields between UID and name ("25006 S1355 :..."), and its name may have flags of long ago. Records
 * are only added at the end; the names of messages that are gone stay until Dovecot writes the list anew. UIDNEXT is
 * above N and all records.
 */
#include "base/clock.h"
#include "store/files.h"
#include "store/maildir.h"
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LOCK_WAIT_MS = 20000, LOCK_STEP_MS = 50, LOCK_TEXT = 300 };

#define LIST_NAME "dovecot-uidlist"
static const char list_name[] = LIST_NAME;
static const char lock_name[] = "dovecot-uidlist.lock";
static const char lock_owner[] = "mailmigrate";

/* Returns false when it is no header. */
static bool take_header(const char *line, mig__uid_list *out)
{
    unsigned long validity = 0, next = 0;
    if (strncmp(line, "1 ", 2) == 0) {
        char *end;
        validity = strtoul(line + 2, &end, 10);
        next = strtoul(end, NULL, 10);
    } else if (strncmp(line, "3 ", 2) == 0) {
        for (const char *field = line + 2; *field != '\0';) {
            if (*field == 'V') {
                validity = strtoul(field + 1, NULL, 10);
            } else if (*field == 'N') {
                next = strtoul(field + 1, NULL, 10);
            }
            field += strcspn(field, " ");
            field += strspn(field, " ");
        }
    }
    if (validity == 0 || validity > UINT32_MAX || next > UINT32_MAX) {
        return false;
    }
    out->uidvalidity = (uint32_t)validity;
    out->uidnext = next > 0 ? (uint32_t)next : 1;
    return true;
}

static int take_record(const char *line, mig__uid_filter *known, mig__uid_list *out, uint32_t *last, mig_error *err)
{
    char *end;
    mig__uid_key key;
    unsigned long uid = strtoul(line, &end, 10);
    const char *name = *end == ' ' ? end + 1 : NULL;
    if (name != NULL && name[0] != ':' && strstr(name, " :") != NULL) {
        name = strstr(name, " :") + 1; /* past the fields of version 3 */
    }
    if (name != NULL && name[0] == ':') {
        name++;
    }
    if (name == NULL || name[0] == '\0' || uid <= *last || uid >= UINT32_MAX) {
        return 0; /* Dovecot would start anew; what makes sense is kept here, since nothing is written */
    }
    *last = (uint32_t)uid;
    if (out->uidnext <= *last) {
        out->uidnext = *last + 1;
    }
    if (mig__uid_key_of(name, mig__maildir_base(name), &key, err) != 0) {
        return -1;
    }
    return mig__uid_filter_take(known, &key) ? mig__uid_list_add(out, &key, *last, err) : 0;
}

static int read_lines(FILE *file, mig__uid_filter *known, mig__uid_list *out, mig_error *err)
{
    mig__buffer line = MIG__BUFFER_INIT;
    uint32_t last = 0;
    int failed = 0, more = 0;
    bool headed = false, whole = true;
    while (failed == 0 && (more = mig__files_line(file, &line, &whole)) > 0 && whole) { /* else written by half */
        if (!headed && !take_header(line.data, out)) {
            break;
        }
        failed = headed ? take_record(line.data, known, out, &last, err) : 0;
        headed = true;
    }
    if (failed == 0 && more < 0) {
        failed = mig_error_errno(err, MIG_E_IO, errno, "reading " LIST_NAME);
    }
    mig__buffer_free(&line);
    return failed;
}

int mig__uidlist_read(const mig__root *root, const char *folder, const mig__uid_keys *known, mig__uid_list *out,
                      mig_error *err)
{
    mig__uid_filter filter;
    char *path = mig__files_join(folder, list_name);
    *out = (mig__uid_list){0};
    if (path == NULL) {
        return mig_error_set(err, MIG_E_NOMEM, "out of memory");
    }
    if (mig__uid_filter_make(&filter, known, err) != 0) {
        free(path);
        return -1;
    }
    int failed = 0;
    FILE *file = mig__root_stream(root, path, UINT64_MAX);
    if (file != NULL) {
        failed = read_lines(file, &filter, out, err);
        fclose(file);
    } else if (errno != ENOENT && errno != EINVAL && errno != ELOOP) { /* no file: a source has it as a problem, and a
                                                                          target fails when it is written */
        failed = mig_error_errno(err, MIG_E_IO, errno, "reading %s", path);
    }
    mig__uid_filter_free(&filter);
    free(path);
    if (failed != 0) {
        mig__uid_list_free(out);
    }
    return failed;
}

void mig__uidlist_stamp(const mig__root *root, const char *folder, int64_t stamp[3])
{
    struct stat status;
    char *path = mig__files_join(folder, list_name);
    stamp[0] = stamp[1] = stamp[2] = 0;
    if (path != NULL && mig__root_kind(root, path, &status) == MIG__FILE_REGULAR) {
        stamp[0] = (int64_t)status.st_ino;
        stamp[1] = (int64_t)status.st_size;
        stamp[2] = mig__files_time(&status);
    }
    free(path);
}

/* The lock file names the process and its machine; it is left behind when that was one of ours and is no more. */
static bool abandoned(const mig__root *root, const char *path)
{
    char text[LOCK_TEXT] = "", host[128] = "", here[128] = "";
    long pid = 0;
    FILE *file = mig__root_stream(root, path, LOCK_TEXT);
    if (file == NULL) {
        return false;
    }
    bool ours = fgets(text, sizeof text, file) != NULL && strncmp(text, lock_owner, sizeof lock_owner - 1) == 0;
    fclose(file);
    if (!ours || gethostname(here, sizeof here - 1) != 0) {
        return false;
    }
    char *end;
    pid = strtol(text + sizeof lock_owner - 1, &end, 10);
    snprintf(host, sizeof host, "%s", *end == ' ' ? end + 1 : "");
    host[strcspn(host, "\n")] = '\0';
    return pid > 0 && strcmp(host, here) == 0 && kill((pid_t)pid, 0) != 0 && errno == ESRCH;
}

static int make_lock(const mig__root *root, const char *path)
{
    char text[LOCK_TEXT], host[128] = "";
    int fd = mig__root_at(root, path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0600);
    if (fd < 0) {
        return -1;
    }
    (void)gethostname(host, sizeof host - 1);
    int length = snprintf(text, sizeof text, "%s %ld %s\n", lock_owner, (long)getpid(), host);
    bool written = write(fd, text, (size_t)length) == length;
    int problem = errno;
    close(fd);
    if (!written) {
        mig__root_unlink(root, path);
        errno = problem;
    }
    return written ? 0 : -1;
}

int mig__uidlist_lock(const mig__root *root, const char *folder, const mig_stop *stop, mig_error *err)
{
    char *path = mig__files_join(folder, lock_name);
    int failed = -1;
    if (path == NULL) {
        return mig_error_set(err, MIG_E_NOMEM, "out of memory");
    }
    for (int64_t until = mig__now_ms() + LOCK_WAIT_MS;;) {
        if (make_lock(root, path) == 0) {
            failed = 0;
            break;
        }
        if (errno != EEXIST) {
            mig_error_errno(err, MIG_E_IO, errno, "making %s", path);
            break;
        }
        if (abandoned(root, path)) {
            if (mig__root_unlink(root, path) != 0 && errno != ENOENT) {
                mig_error_errno(err, MIG_E_IO, errno, "removing %s", path);
                break;
            }
            continue;
        }
        if (mig_stop_level(stop) > 0) {
            mig_error_set(err, MIG_E_INTERRUPTED, "stopped while another program held %s", path);
            break;
        }
        if (mig__now_ms() >= until) {
            mig_error_set(err, MIG_E_UNAVAILABLE, "another program holds %s", path);
            mig_error_hint(err, "stop the mail server that works there; if there is none, remove the file");
            break;
        }
        mig__sleep_ms(LOCK_STEP_MS);
    }
    free(path);
    return failed;
}

void mig__uidlist_unlock(const mig__root *root, const char *folder)
{
    char *path = mig__files_join(folder, lock_name);
    if (path != NULL) {
        (void)mig__root_unlink(root, path); /* else the next run finds whose it was */
    }
    free(path);
}

void mig__uidlist_line(mig__buffer *out, uint32_t uid, const char *name)
{
    mig__buffer_addf(out, "%" PRIu32 " :", uid);
    mig__buffer_add(out, name, mig__maildir_stem(name));
    mig__buffer_add_char(out, '\n');
}

static int write_all(int fd, const char *data, size_t length)
{
    while (length > 0) {
        ssize_t done = write(fd, data, length);
        if (done < 0 && errno != EINTR) {
            return -1;
        }
        if (done > 0) {
            data += done;
            length -= (size_t)done;
        }
    }
    return 0;
}

/* Where the last whole line ends: a killed run may have left half a line behind it. */
static off_t end_of_lines(int fd, off_t size)
{
    char tail[1024];
    off_t from = size > (off_t)sizeof tail ? size - (off_t)sizeof tail : 0;
    ssize_t got = pread(fd, tail, sizeof tail, from);
    while (got > 0 && tail[got - 1] != '\n') {
        got--;
    }
    return got > 0 ? from + got : 0;
}

static int append_to(int fd, uint32_t uidvalidity, const mig__buffer *lines, bool *made)
{
    struct stat status;
    char header[64] = "";
    if (fstat(fd, &status) != 0) {
        return -1;
    }
    if (!S_ISREG(status.st_mode)) {
        errno = EINVAL;
        return -1;
    }
    off_t end = end_of_lines(fd, status.st_size);
    *made = end == 0;
    if (*made) {
        snprintf(header, sizeof header, "3 V%" PRIu32 " N1\n", uidvalidity);
    }
    if ((end == status.st_size || ftruncate(fd, end) == 0) && write_all(fd, header, strlen(header)) == 0 &&
        write_all(fd, lines->data, lines->length) == 0 && fsync(fd) == 0) {
        return 0;
    }
    int problem = errno;
    (void)!ftruncate(fd, end); /* else what was written by half is cut off when the list is written again */
    errno = problem;
    return -1;
}

int mig__uidlist_append(const mig__root *root, const char *folder, uint32_t uidvalidity, const mig__buffer *lines,
                        mig_error *err)
{
    char *path = mig__files_join(folder, list_name);
    bool made = false;
    int failed = 0;
    if (path == NULL) {
        return mig_error_set(err, MIG_E_NOMEM, "out of memory");
    }
    int fd = mig__root_at(root, path, O_RDWR | O_CREAT | O_APPEND | O_NOFOLLOW | O_NONBLOCK, 0600);
    if (fd < 0 || append_to(fd, uidvalidity, lines, &made) != 0) {
        failed = mig_error_errno(err, MIG_E_IO, errno, "writing %s", path);
    }
    if (fd >= 0) {
        close(fd);
    }
    free(path);
    return failed == 0 && made ? mig__root_sync(root, folder, err) : failed;
}
