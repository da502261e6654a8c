/* archive/out.c - writing an archive, one member after another */
#include "archive/out.h"
#include "base/buffer.h"
#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <migrate/secret.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    MOST_THREADS = 4, /* each takes some megabytes, ... */
    MOST_XZ = 2,      /* ... one of xz 15 of them */
    LOCK_ATTEMPTS = 8,
    BLOCK = 64 << 10 /* octets written at a time */
};

struct mig__out {
    char *path, *part;
    int fd;
    uint64_t written;
    struct archive *archive;
    struct archive_entry *entry;
    mig__format format;
    int errnum;    /* of the write that failed; 0: none */
    bool given_up; /* what the compressor still has goes nowhere */
};

/* ---- names ---- */

mig__format mig__format_of(const char *path, size_t *stem)
{
    static const struct {
        const char *ending;
        mig__format format;
    } endings[] = {{".tar.zst", MIG__FORMAT_TAR_ZST}, {".tar.gz", MIG__FORMAT_TAR_GZ}, {".tgz", MIG__FORMAT_TAR_GZ},
                   {".tar.xz", MIG__FORMAT_TAR_XZ},   {".tar", MIG__FORMAT_TAR},       {".zip", MIG__FORMAT_ZIP}};
    size_t length = strlen(path);
    for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++) {
        size_t tail = strlen(endings[i].ending);
        if (length > tail && path[length - tail - 1] != '/' &&
            strcasecmp(path + length - tail, endings[i].ending) == 0) {
            *stem = length - tail;
            return endings[i].format;
        }
    }
    *stem = length;
    return MIG__FORMAT_NONE;
}

char *mig__format_part(const char *path, unsigned number)
{
    size_t stem;
    mig__buffer name = MIG__BUFFER_INIT;
    mig__format_of(path, &stem);
    if (number == 0) {
        return mig__strdup(path);
    }
    mig__buffer_add(&name, path, stem);
    mig__buffer_addf(&name, ".%u%s", number, path + stem);
    char *result = mig__buffer_steal(&name);
    mig__buffer_free(&name);
    return result;
}

/* ---- libarchive ---- */

static int complain(mig__out *out, mig_error *err)
{
    const char *words = archive_error_string(out->archive);
    int errnum = archive_errno(out->archive);
    if (out->errnum != 0) {
        mig_error_errno(err, MIG_E_IO, out->errnum, "cannot write %s", out->part);
        return mig_error_hint(err, "make room, or name a file on another disk; what was written was removed");
    }
    return mig_error_set(err, errnum == ENOMEM ? MIG_E_NOMEM : MIG_E_IO, "cannot write %s: %s", out->part,
                         words != NULL ? words : "unknown error");
}

static la_ssize_t on_write(struct archive *archive, void *context, const void *octets, size_t length)
{
    mig__out *out = context;
    ssize_t written;
    if (out->given_up) {
        return (la_ssize_t)length;
    }
    do {
        written = write(out->fd, octets, length);
    } while (written < 0 && errno == EINTR);
    if (written < 0) {
        out->errnum = errno;
        archive_set_error(archive, errno, "error %d", errno);
        return -1;
    }
    out->written += (uint64_t)written;
    return written;
}

static unsigned threads_of(const mig__out_options *options, mig__format format)
{
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    unsigned threads = options->threads > 0 ? options->threads : processors > 0 ? (unsigned)processors : 1;
    unsigned most = format == MIG__FORMAT_TAR_XZ ? MOST_XZ : MOST_THREADS;
    return threads < most ? threads : most;
}

/*
 * The lowest level of zstd and xz: a thread then takes a few megabytes (a job of zstd is four times the window of its
 * level), and mail is compressed as fast as it comes.
 */
static int choose_format(mig__out *out, const mig__out_options *options)
{
    char threads[16];
    snprintf(threads, sizeof threads, "%u", threads_of(options, out->format));
    struct archive *a = out->archive;
    if (out->format == MIG__FORMAT_ZIP) {
        return archive_write_set_format_zip(a);
    }
    int rc = archive_write_set_format_pax_restricted(a);
    const char *filter = NULL;
    if (out->format == MIG__FORMAT_TAR_ZST) {
        rc = rc == ARCHIVE_OK ? archive_write_add_filter_zstd(a) : rc;
        filter = "zstd";
    } else if (out->format == MIG__FORMAT_TAR_XZ) {
        rc = rc == ARCHIVE_OK ? archive_write_add_filter_xz(a) : rc;
        filter = "xz";
    } else if (out->format == MIG__FORMAT_TAR_GZ) {
        rc = rc == ARCHIVE_OK ? archive_write_add_filter_gzip(a) : rc;
    }
    if (rc == ARCHIVE_OK && filter != NULL) {
        rc = archive_write_set_filter_option(a, filter, "compression-level", "1");
        rc = rc == ARCHIVE_OK ? archive_write_set_filter_option(a, filter, "threads", threads) : rc;
    }
    return rc;
}

static int encrypt(mig__out *out, const mig__out_options *options, mig_error *err)
{
    char password[MIG_SECRET_MAX];
    if (options->secret == NULL) {
        return 0;
    }
    if (options->secret(password, sizeof password, false, options->secret_context, err) != 0) {
        return -1;
    }
    int rc = archive_write_set_format_option(out->archive, "zip", "encryption", "aes256");
    rc = rc == ARCHIVE_OK ? archive_write_set_passphrase(out->archive, password) : rc;
    explicit_bzero(password, sizeof password);
    return rc == ARCHIVE_OK ? 0 : complain(out, err);
}

static int open_archive(mig__out *out, const mig__out_options *options, mig_error *err)
{
    out->archive = archive_write_new();
    out->entry = archive_entry_new();
    if (out->archive == NULL || out->entry == NULL) {
        return mig_error_set(err, MIG_E_NOMEM, "out of memory");
    }
    if (choose_format(out, options) != ARCHIVE_OK) {
        return complain(out, err);
    }
    if (encrypt(out, options, err) != 0) {
        return -1;
    }
    archive_write_set_bytes_per_block(out->archive, BLOCK);
    archive_write_set_bytes_in_last_block(out->archive, 1);
    return archive_write_open(out->archive, out, NULL, on_write, NULL) == ARCHIVE_OK ? 0 : complain(out, err);
}

/* ---- the file ---- */

static int check_name(mig__out *out, const mig__out_options *options, mig_error *err)
{
    size_t stem;
    out->format = mig__format_of(options->path, &stem);
    if (out->format == MIG__FORMAT_NONE) {
        mig_error_set(err, MIG_E_USAGE, "the name %s does not say what kind of archive it is to be", options->path);
        return mig_error_hint(err, "let it end in .tar.zst, .tar.gz, .tar.xz, .tar or .zip");
    }
    if (options->secret != NULL && out->format != MIG__FORMAT_ZIP) {
        mig_error_set(err, MIG_E_USAGE, "only a .zip can be encrypted, and %s is none", options->path);
        return mig_error_hint(err, "let the name end in .zip, or encrypt the file with gpg or age afterwards");
    }
    return 0;
}

static int check_free(const mig__out_options *options, mig_error *err)
{
    if (!options->replace && access(options->path, F_OK) == 0) {
        mig_error_set(err, MIG_E_REFUSED, "%s is there already", options->path);
        return mig_error_hint(err, "name another file; --incremental adds to an archive, --force replaces it");
    }
    return 0;
}

/* 1: the file is ours; 0: whoever had it has just given it its name; -1. */
static int lock_part(mig__out *out, mig_error *err)
{
    struct stat ours, there;
    out->fd = open(out->part, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (out->fd < 0) {
        return mig_error_errno(err, MIG_E_IO, errno, "cannot write %s", out->part);
    }
    bool busy = flock(out->fd, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK; /* no file system need have locks */
    bool same = !busy && fstat(out->fd, &ours) == 0 && stat(out->part, &there) == 0 && ours.st_ino == there.st_ino &&
                ours.st_dev == there.st_dev;
    if (!same) {
        close(out->fd);
        out->fd = -1; /* it is another process's: neither to be removed nor to be cut */
    }
    return busy ? mig_error_set(err, MIG_E_STATE_LOCKED, "another process is writing %s", out->part) : same;
}

static int open_part(mig__out *out, const mig__out_options *options, mig_error *err)
{
    int ours = 0;
    for (int attempt = 0; ours == 0 && attempt < LOCK_ATTEMPTS; attempt++) {
        ours = lock_part(out, err);
    }
    if (ours == 0) {
        return mig_error_set(err, MIG_E_STATE_LOCKED, "other processes are writing %s", out->part);
    }
    if (ours < 0 || check_free(options, err) != 0) {
        return -1;
    }
    if (ftruncate(out->fd, 0) != 0) { /* what a run that was killed left behind */
        return mig_error_errno(err, MIG_E_IO, errno, "cannot write %s", out->part);
    }
    return 0;
}

mig__out *mig__out_open(const mig__out_options *options, mig_error *err)
{
    mig__buffer part = MIG__BUFFER_INIT;
    mig__out *out = calloc(1, sizeof *out);
    if (out == NULL) {
        mig_error_set(err, MIG_E_NOMEM, "out of memory");
        return NULL;
    }
    out->fd = -1;
    mig__buffer_addf(&part, "%s.part", options->path);
    out->part = mig__buffer_steal(&part);
    out->path = mig__strdup(options->path);
    int failed = out->part == NULL || out->path == NULL ? mig_error_set(err, MIG_E_NOMEM, "out of memory") : 0;
    failed = failed != 0 ? failed : check_name(out, options, err);
    failed = failed != 0 ? failed : open_part(out, options, err);
    failed = failed != 0 ? failed : open_archive(out, options, err);
    if (failed != 0) {
        mig__out_abandon(&out);
    }
    return out;
}

/* ---- members ---- */

static int begin(mig__out *out, const char *path, int64_t when, unsigned type, uint64_t size, mig_error *err)
{
    archive_entry_clear(out->entry);
    archive_entry_set_pathname(out->entry, path);
    archive_entry_set_filetype(out->entry, type);
    archive_entry_set_perm(out->entry, type == AE_IFDIR ? 0700 : 0600);
    archive_entry_set_mtime(out->entry, (time_t)when, 0);
    archive_entry_set_size(out->entry, (la_int64_t)size);
    int rc = archive_write_header(out->archive, out->entry);
    return rc == ARCHIVE_OK || rc == ARCHIVE_WARN ? 0 : complain(out, err);
}

static int add(mig__out *out, const char *octets, size_t length, mig_error *err)
{
    while (length > 0) {
        la_ssize_t taken = archive_write_data(out->archive, octets, length);
        if (taken <= 0) {
            return complain(out, err);
        }
        octets += taken;
        length -= (size_t)taken;
    }
    return 0;
}

static int end(mig__out *out, mig_error *err)
{
    return archive_write_finish_entry(out->archive) == ARCHIVE_OK ? 0 : complain(out, err);
}

int mig__out_directory(mig__out *out, const char *path, int64_t when, mig_error *err)
{
    return begin(out, path, when, AE_IFDIR, 0, err) != 0 ? -1 : end(out, err);
}

int mig__out_octets(mig__out *out, const char *path, int64_t when, const void *octets, size_t length, mig_error *err)
{
    if (begin(out, path, when, AE_IFREG, length, err) != 0 || add(out, octets, length, err) != 0) {
        return -1;
    }
    return end(out, err);
}

int mig__out_file(mig__out *out, const char *path, int64_t when, int fd, uint64_t length, mig_error *err)
{
    char piece[64 << 10];
    if (begin(out, path, when, AE_IFREG, length, err) != 0) {
        return -1;
    }
    for (uint64_t at = 0; at < length;) {
        size_t some = length - at < sizeof piece ? (size_t)(length - at) : sizeof piece;
        if (mig__spool_read(fd, at, piece, some, err) != 0 || add(out, piece, some, err) != 0) {
            return -1;
        }
        at += some;
    }
    return end(out, err);
}

/* ---- the end ---- */

static int sync_directory(const char *path, mig_error *err)
{
    const char *slash = strrchr(path, '/');
    char *directory = slash == NULL ? mig__strdup(".") : slash == path ? mig__strdup("/") : mig__strdup(path);
    if (directory == NULL) {
        return mig_error_set(err, MIG_E_NOMEM, "out of memory");
    }
    if (slash != NULL && slash != path) {
        directory[slash - path] = '\0';
    }
    int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int failed = fd < 0 || (fsync(fd) != 0 && errno != EINVAL)
                     ? mig_error_errno(err, MIG_E_IO, errno, "cannot put the name of %s on disk", path)
                     : 0;
    if (fd >= 0) {
        close(fd);
    }
    free(directory);
    return failed;
}

static void release(mig__out **out)
{
    archive_entry_free((*out)->entry);
    archive_write_free((*out)->archive);
    if ((*out)->fd >= 0) {
        close((*out)->fd);
    }
    free((*out)->path);
    free((*out)->part);
    free(*out);
    *out = NULL;
}

int mig__out_commit(mig__out **out, uint64_t *octets, mig_error *err)
{
    mig__out *o = *out;
    int failed = archive_write_close(o->archive) == ARCHIVE_OK ? 0 : complain(o, err);
    if (failed == 0 && fsync(o->fd) != 0) {
        failed = mig_error_errno(err, MIG_E_IO, errno, "cannot put %s on disk", o->part);
    }
    if (failed == 0 && rename(o->part, o->path) != 0) {
        failed = mig_error_errno(err, MIG_E_IO, errno, "cannot give %s its name", o->path);
    }
    if (failed != 0) {
        mig__out_abandon(out);
        return -1;
    }
    *octets = o->written;
    failed = sync_directory(o->path, err);
    release(out);
    return failed;
}

void mig__out_abandon(mig__out **out)
{
    if (*out == NULL) {
        return;
    }
    if ((*out)->fd >= 0) {
        unlink((*out)->part);
    }
    (*out)->given_up = true;
    release(out);
}
