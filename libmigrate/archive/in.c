/* archive/in.c - reading an archive that anyone may have made, member by member */
#include "archive/in.h"
#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <migrate/secret.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    BLOCK = 64 << 10,
    MOST_FILTERS = 2, /* a compressor, and none below it */
    RETRIES = 16,     /* of a read that libarchive says may work the next time */
    MOST_MEMBERS = 5000000,
    MOST_EXPANSION = 1000 /* octets out of one octet of the file, beyond the first ones */
};

/* What may come out of the smallest file: the largest message that there is. */
static const uint64_t expands_anyway = (uint64_t)4 << 30;
static const la_int64_t largest_member = (la_int64_t)4 << 30;

struct mig__in {
    const mig_stop *stop;
    const char *path;
    int fd;
    struct archive *archive;
    struct archive_entry *entry;
    bool has_password;
    uint64_t most;  /* octets that may come out of the file, headers included */
    uint64_t given; /* of members so far */
    uint64_t members;
    uint64_t at; /* in the member */
};

/* What libarchive says, as whose fault it is. */
static int complain(mig__in *in, const char *what, mig_error *err)
{
    int errnum = archive_errno(in->archive);
    const char *words = archive_error_string(in->archive);
    words = words != NULL ? words : "unknown error";
    if (strstr(words, "assphrase") != NULL) {
        mig_error_set(err, MIG_E_SECRET, "%s is encrypted, and %s", in->path,
                      in->has_password ? "the password is not its own" : "no password was given");
        return mig_error_hint(err, "give its password with --password-file FILE");
    }
    if (errnum == ENOMEM) {
        return mig_error_set(err, MIG_E_NOMEM, "out of memory");
    }
    if (errnum == EIO || errnum == EISDIR) {
        return mig_error_errno(err, MIG_E_IO, errnum, "%s cannot be read", in->path);
    }
    return mig_error_set(err, MIG_E_DIFFERENT, "%s: %s", what, words);
}

static int give_password(mig__in *in, const mig__in_options *options, mig_error *err)
{
    char password[MIG_SECRET_MAX];
    if (options->secret == NULL) {
        return 0;
    }
    if (options->secret(password, sizeof password, false, options->secret_context, err) != 0) {
        return -1;
    }
    int rc = archive_read_add_passphrase(in->archive, password);
    explicit_bzero(password, sizeof password);
    in->has_password = true;
    return rc == ARCHIVE_OK ? 0 : complain(in, "the password", err);
}

static int open_file(mig__in *in, mig_error *err)
{
    struct stat status;
    in->fd = open(in->path, O_RDONLY | O_NONBLOCK | O_CLOEXEC); /* a FIFO would wait for somebody to write into it */
    if (in->fd < 0 || fstat(in->fd, &status) != 0) {
        return mig_error_errno(err, MIG_E_IO, errno, "%s cannot be read", in->path);
    }
    if (!S_ISREG(status.st_mode)) {
        return mig_error_set(err, MIG_E_IO, "%s is no file", in->path);
    }
    in->most = expands_anyway + (uint64_t)status.st_size * MOST_EXPANSION;
    return 0;
}

static int open_archive(mig__in *in, const mig__in_options *options, mig_error *err)
{
    struct archive *a = in->archive = archive_read_new();
    if (a == NULL) {
        return mig_error_set(err, MIG_E_NOMEM, "out of memory");
    }
    if (archive_read_support_filter_zstd(a) != ARCHIVE_OK || archive_read_support_filter_gzip(a) != ARCHIVE_OK ||
        archive_read_support_filter_xz(a) != ARCHIVE_OK || archive_read_support_format_tar(a) != ARCHIVE_OK ||
        archive_read_support_format_zip_seekable(a) != ARCHIVE_OK) {
        return complain(in, "libarchive", err);
    }
    if (give_password(in, options, err) != 0) {
        return -1;
    }
    if (archive_read_open_fd(a, in->fd, BLOCK) != ARCHIVE_OK) {
        return complain(in, "no archive", err);
    }
    if (archive_filter_count(a) > MOST_FILTERS) {
        return mig_error_set(err, MIG_E_REFUSED, "it is compressed more than once");
    }
    return 0;
}

mig__in *mig__in_open(const mig__in_options *options, mig_error *err)
{
    mig__in *in = calloc(1, sizeof *in);
    if (in == NULL) {
        mig_error_set(err, MIG_E_NOMEM, "out of memory");
        return NULL;
    }
    in->fd = -1;
    in->path = options->path;
    in->stop = options->stop;
    if (open_file(in, err) != 0 || open_archive(in, options, err) != 0) {
        mig__in_close(&in);
    }
    return in;
}

static int stopped(const mig__in *in, mig_error *err)
{
    return mig_stop_level(in->stop) > 0 ? mig_error_set(err, MIG_E_INTERRUPTED, "stopped: asked to stop") : 0;
}

/* What the entry is besides its name. */
static const char *harm_of(struct archive_entry *entry)
{
    mode_t type = archive_entry_filetype(entry);
    if (archive_entry_hardlink(entry) != NULL) {
        return "it is a hard link";
    }
    if (type == AE_IFLNK) {
        return "it is a symbolic link";
    }
    if (type != AE_IFREG && type != AE_IFDIR) {
        return "it is neither a file nor a directory";
    }
    if (archive_entry_sparse_count(entry) > 0) {
        return "it is a sparse file";
    }
    if (archive_entry_size_is_set(entry) &&
        (archive_entry_size(entry) < 0 || archive_entry_size(entry) > largest_member)) {
        return "it is larger than any message";
    }
    return NULL;
}

static void look_at(mig__in *in, mig__in_member *out)
{
    const char *path = archive_entry_pathname(in->entry);
    path = path != NULL ? path : archive_entry_pathname_utf8(in->entry);
    *out = (mig__in_member){.path = path != NULL ? mig__safe_plain(path) : ""};
    out->when = (int64_t)archive_entry_mtime(in->entry);
    out->encrypted = archive_entry_is_data_encrypted(in->entry) > 0;
    out->kind = mig__safe_kind(out->path, &out->why);
    const char *harm = path == NULL ? "its name cannot be read" : harm_of(in->entry);
    if (harm != NULL && out->why == NULL) {
        out->kind = MIG__MEMBER_REFUSED;
        out->why = harm;
    }
    bool directory = archive_entry_filetype(in->entry) == AE_IFDIR;
    if (out->kind != MIG__MEMBER_REFUSED && directory != (out->kind == MIG__MEMBER_DIRECTORY)) {
        out->kind = MIG__MEMBER_STRANGE;
    }
}

/* Headers count as well: a hundred million empty files are a small file. In a zip only members expand. */
static bool is_bomb(const mig__in *in)
{
    la_int64_t octets = archive_filter_bytes(in->archive, 0);
    return in->given > in->most || (octets > 0 && (uint64_t)octets > in->most);
}

int mig__in_next(mig__in *in, mig__in_member *out, mig_error *err)
{
    int rc = ARCHIVE_RETRY;
    for (int attempt = 0; rc == ARCHIVE_RETRY && attempt < RETRIES; attempt++) {
        if (stopped(in, err) != 0) {
            return -1;
        }
        rc = archive_read_next_header(in->archive, &in->entry);
    }
    if (rc == ARCHIVE_EOF) {
        return 0;
    }
    if (rc != ARCHIVE_OK && rc != ARCHIVE_WARN) {
        return complain(in, "it cannot be read any further", err);
    }
    if (is_bomb(in) || ++in->members > MOST_MEMBERS) {
        return mig_error_set(err, MIG_E_REFUSED, "it expands beyond all measure");
    }
    in->at = 0;
    look_at(in, out);
    return 1;
}

int mig__in_read(mig__in *in, const void **octets, size_t *length, mig_error *err)
{
    la_int64_t offset = 0;
    if (stopped(in, err) != 0) {
        return -1;
    }
    int rc = ARCHIVE_RETRY;
    for (int attempt = 0; rc == ARCHIVE_RETRY && attempt < RETRIES; attempt++) {
        rc = archive_read_data_block(in->archive, octets, length, &offset);
    }
    if (rc == ARCHIVE_EOF) {
        return 0;
    }
    if (rc != ARCHIVE_OK && rc != ARCHIVE_WARN) {
        return complain(in, "its content cannot be read", err);
    }
    if (offset < 0 || (uint64_t)offset != in->at) {
        return mig_error_set(err, MIG_E_DIFFERENT, "its content has holes");
    }
    in->at += *length;
    in->given += *length;
    if (is_bomb(in) || in->at > (uint64_t)largest_member) {
        return mig_error_set(err, MIG_E_REFUSED, "it expands beyond all measure");
    }
    return 1;
}

void mig__in_close(mig__in **in)
{
    if (*in == NULL) {
        return;
    }
    archive_read_free((*in)->archive);
    if ((*in)->fd >= 0) {
        close((*in)->fd);
    }
    free(*in);
    *in = NULL;
}
