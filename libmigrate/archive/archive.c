/* archive/archive.c - an archive as folders and messages, and unpacked */
#include "archive/archive.h"
#include "archive/index.h"
#include "archive/out.h"
#include "archive/spool.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

struct mig__archive {
    mig__archive_options options; /* strings are copies */
    char *path, *spool_dir;
    mig__index index;
    mig__archive_folder *folders;
    size_t folder_count;
    uint64_t damaged, octets;
    mig__buffer text; /* of the line in use */
    mig__buffer flags_text;
    mig__line line, flags_line;
};

static int no_memory(mig_error *err)
{
    return mig_error_set(err, MIG_E_NOMEM, "out of memory");
}

/* ---- step 1 ---- */

/* Single messages are marked; whatever else is wrong is a reason not to trust the rest. */
static int on_found(mig_archive_found kind, const char *path, const char *folder, uint32_t uid, const char *detail,
                    void *context, mig_error *err)
{
    const char *file = context;
    (void)folder;
    bool message = (kind == MIG_ARCHIVE_DAMAGED || kind == MIG_ARCHIVE_MISSING) && path[0] != '\0' &&
                   strncmp(path, MIG__ARCHIVE_ROOT, sizeof MIG__ARCHIVE_ROOT - 1) == 0;
    (void)uid;
    if (message || kind == MIG_ARCHIVE_LOST || kind == MIG_ARCHIVE_EXTRA) {
        return 0;
    }
    mig_code code = kind == MIG_ARCHIVE_REFUSED ? MIG_E_REFUSED : MIG_E_DIFFERENT;
    mig_error_set(err, code, "%s: %s%s%s", file, path, path[0] != '\0' ? ": " : "", detail);
    err->scope = MIG_SCOPE_RUN;
    return mig_error_hint(err, "mailmigrate archive check says all that is wrong with it");
}

static int read_chain(mig__archive *archive, mig_error *err)
{
    int failed = 0;
    for (unsigned part = 0; failed == 0; part++) {
        char *path = mig__format_part(archive->path, part);
        if (path == NULL) {
            return no_memory(err);
        }
        if (part > 0 && access(path, F_OK) != 0) {
            free(path);
            break;
        }
        mig__walk walk = {.in = {path, archive->options.secret, archive->options.secret_context, archive->options.stop},
                          .spool_dir = archive->spool_dir,
                          .report = on_found,
                          .context = path,
                          .manifest = -1};
        failed = mig__walk_file(&walk, err);
        failed = failed != 0 ? failed : mig__index_add(&archive->index, &walk, err);
        mig__walk_free(&walk);
        free(path);
    }
    return failed;
}

/* What an entry says, until the next call. */
static int load(mig__archive *archive, const mig__index_entry *entry, mig_error *err)
{
    mig__line_free(&archive->line);
    mig__line_free(&archive->flags_line);
    if (mig__index_line(&archive->index, entry->part, entry->offset, &archive->text, &archive->line, err) != 0) {
        return -1;
    }
    return entry->flags_offset == 0 ? 0
                                    : mig__index_line(&archive->index, entry->flags_part, entry->flags_offset,
                                                      &archive->flags_text, &archive->flags_line, err);
}

/* How much there is to be unpacked, and how much is not as it was exported. */
static int count_messages(mig__archive *archive, size_t number, mig_error *err)
{
    const mig__index_folder *folder = &archive->index.folders[number];
    for (size_t i = 0; i < folder->count; i++) {
        if (folder->entries[i].damaged) {
            archive->damaged += !folder->entries[i].lost;
            continue;
        }
        if (load(archive, &folder->entries[i], err) != 0) {
            return -1;
        }
        archive->octets += archive->line.size;
    }
    archive->folders[number].messages = folder->count;
    return 0;
}

static int make_folders(mig__archive *archive, mig_error *err)
{
    size_t count = archive->index.count;
    archive->folders = calloc(count > 0 ? count : 1, sizeof *archive->folders);
    if (archive->folders == NULL) {
        return no_memory(err);
    }
    archive->folder_count = count;
    for (size_t i = 0; i < count; i++) {
        const mig__index_folder *from = &archive->index.folders[i];
        archive->folders[i] = (mig__archive_folder){.name = from->name,
                                                    .wire = from->wire,
                                                    .name_valid = from->octets == NULL,
                                                    .delimiter = from->delimiter,
                                                    .role = from->role,
                                                    .subscribed = from->subscribed,
                                                    .selectable = from->selectable,
                                                    .uidvalidity = from->uidvalidity,
                                                    .uidnext = from->uidnext,
                                                    .directory = from->path != NULL ? from->path : ""};
        if (count_messages(archive, i, err) != 0) {
            return -1;
        }
    }
    return 0;
}

mig__archive *mig__archive_open(const mig__archive_options *options, mig_error *err)
{
    mig__archive *archive = calloc(1, sizeof *archive);
    if (archive == NULL) {
        no_memory(err);
        return NULL;
    }
    archive->options = *options;
    archive->path = mig__strdup(options->path);
    archive->spool_dir = mig__strdup(options->spool_dir);
    int failed =
        archive->path == NULL || (options->spool_dir != NULL && archive->spool_dir == NULL) ? no_memory(err) : 0;
    failed = failed != 0 ? failed : read_chain(archive, err);
    failed = failed != 0 ? failed : make_folders(archive, err);
    if (failed != 0) {
        mig__archive_free(&archive);
    }
    return archive;
}

uint64_t mig__archive_damaged(const mig__archive *archive)
{
    return archive->damaged;
}

const char *mig__archive_source(const mig__archive *archive)
{
    return archive->index.source != NULL ? archive->index.source : "";
}

const char *mig__archive_prefix(const mig__archive *archive)
{
    return archive->index.prefix != NULL ? archive->index.prefix : "";
}

char mig__archive_delimiter(const mig__archive *archive)
{
    return archive->index.delimiter;
}

size_t mig__archive_folder_count(const mig__archive *archive)
{
    return archive->folder_count;
}

const mig__archive_folder *mig__archive_folder_at(const mig__archive *archive, size_t folder)
{
    return &archive->folders[folder];
}

int mig__archive_message_at(mig__archive *archive, size_t folder, uint64_t index, mig__archive_message *out,
                            mig_error *err)
{
    const mig__index_entry *entry = &archive->index.folders[folder].entries[index];
    if (load(archive, entry, err) != 0) {
        return -1;
    }
    const mig__line *line = &archive->line;
    const char *flags = entry->flags_offset == 0 ? line->flags : archive->flags_line.flags;
    *out = (mig__archive_message){.uid = line->uid,
                                  .flags = flags != NULL ? flags : "",
                                  .date = line->date,
                                  .size = line->size,
                                  .message_id = line->message_id,
                                  .path = line->path != NULL ? line->path : "",
                                  .damaged = entry->damaged,
                                  .lost = entry->lost};
    memcpy(out->sha256, line->sha256, sizeof out->sha256);
    return 0;
}

void mig__archive_free(mig__archive **archive)
{
    mig__archive *a = *archive;
    if (a == NULL) {
        return;
    }
    free(a->folders);
    mig__line_free(&a->line);
    mig__line_free(&a->flags_line);
    mig__buffer_free(&a->text);
    mig__buffer_free(&a->flags_text);
    mig__index_free(&a->index);
    free(a->path);
    free(a->spool_dir);
    free(a);
    *archive = NULL;
}

/* ---- step 2 ---- */

typedef struct unpacking {
    mig__archive *archive;
    int directory;
    mig__members wanted; /* of the file in hand */
    uint64_t written;
} unpacking;

static int make_directory(const unpacking *u, const char *path, mig_error *err)
{
    return mkdirat(u->directory, path, 0700) == 0 || errno == EEXIST
               ? 0
               : mig_error_errno(err, MIG_E_IO, errno, "cannot make the directory %s", path);
}

static int make_directories(const unpacking *u, mig_error *err)
{
    static const char *const parts[] = {"", "/cur", "/new", "/tmp"};
    mig__buffer path = MIG__BUFFER_INIT;
    int failed = make_directory(u, MIG__ARCHIVE_ROOT, err);
    for (size_t i = 0; failed == 0 && i < u->archive->folder_count; i++) {
        const mig__archive_folder *folder = &u->archive->folders[i];
        for (size_t k = 0; failed == 0 && folder->selectable && k < sizeof parts / sizeof parts[0]; k++) {
            mig__buffer_clear(&path);
            mig__buffer_addf(&path, "%s%s", folder->directory, parts[k]);
            failed = mig__buffer_ok(&path, err) != 0 ? -1 : make_directory(u, path.data, err);
        }
    }
    mig__buffer_free(&path);
    return failed;
}

/* The messages that lie in one file of the chain. */
static int want(unpacking *u, size_t part, mig_error *err)
{
    mig__archive *archive = u->archive;
    for (size_t i = 0; i < archive->folder_count; i++) {
        for (uint64_t k = 0; k < archive->folders[i].messages; k++) {
            const mig__index_entry *entry = &archive->index.folders[i].entries[k];
            if (entry->part != part || entry->damaged) {
                continue;
            }
            const mig__line *line = &archive->line;
            if (load(archive, entry, err) != 0 ||
                mig__members_add(&u->wanted, line->path, line->size, line->sha256, err) < 0) {
                return -1;
            }
        }
    }
    return 0;
}

static int write_member(unpacking *u, mig__in *in, mig__sha256 *sha256, int fd, uint64_t *size, mig_error *err)
{
    const void *octets = NULL;
    size_t length = 0;
    int more = mig__sha256_begin(sha256, err) != 0 ? -1 : 1;
    for (*size = 0; more > 0;) {
        more = mig__in_read(in, &octets, &length, err);
        *size += more > 0 ? length : 0;
        u->written += more > 0 ? length : 0;
        if (more > 0 && u->written > u->archive->octets) { /* the file is not the one that was looked at */
            return mig_error_set(err, MIG_E_DIFFERENT, "%s changed while it was being read", u->archive->path);
        }
        if (more > 0 &&
            (mig__sha256_add(sha256, octets, length, err) != 0 || mig__spool_write(fd, octets, length, err) != 0)) {
            return -1;
        }
    }
    return more;
}

static int unpack_member(unpacking *u, mig__in *in, mig__sha256 *sha256, const mig__in_member *member, mig_error *err)
{
    const char *path = member->path;
    const struct timespec times[2] = {{(time_t)member->when, 0}, {(time_t)member->when, 0}};
    uint8_t digest[MIG__DIGEST_SIZE];
    uint64_t size = 0;
    mig__claim fits = MIG__CLAIM_ABSENT;
    int fd = openat(u->directory, path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0) {
        return mig_error_errno(err, MIG_E_IO, errno, "cannot write %s", path);
    }
    int failed = write_member(u, in, sha256, fd, &size, err);
    failed = failed != 0 ? failed : mig__sha256_end(sha256, digest, err);
    failed = failed != 0 ? failed : mig__members_claim(&u->wanted, path, size, digest, &fits, err);
    if (failed == 0 && fits != MIG__CLAIM_FITS) {
        failed = mig_error_set(err, MIG_E_DIFFERENT, "%s changed while it was being read", u->archive->path);
    }
    if (failed == 0 && futimens(fd, times) != 0) {
        failed = mig_error_errno(err, MIG_E_IO, errno, "cannot set the time of %s", path);
    }
    close(fd);
    return failed;
}

static int unpack_part(unpacking *u, size_t part, mig_error *err)
{
    mig__in_member member;
    mig__in *in = NULL;
    int more = -1;
    mig__sha256 *sha256 = mig__sha256_new(err);
    char *path = mig__format_part(u->archive->path, (unsigned)part);
    const mig__archive_options *options = &u->archive->options;
    mig__in_options from = {path, options->secret, options->secret_context, options->stop};
    if (path == NULL) {
        no_memory(err);
    } else if (sha256 != NULL && want(u, part, err) == 0 && (in = mig__in_open(&from, err)) != NULL) {
        while ((more = mig__in_next(in, &member, err)) > 0) {
            bool wanted = false;
            if (member.kind == MIG__MEMBER_MESSAGE &&
                mig__members_unclaimed(&u->wanted, member.path, &wanted, err) != 0) {
                more = -1;
                break;
            }
            if (wanted && unpack_member(u, in, sha256, &member, err) != 0) {
                more = -1;
                break;
            }
        }
    }
    mig__in_close(&in);
    if (more < 0 && err->code == MIG_E_DIFFERENT && u->wanted.claimed == u->wanted.count) {
        more = 0; /* what cannot be read comes behind all that was asked for */
    }
    mig__members_free(&u->wanted);
    mig__sha256_free(&sha256);
    free(path);
    return more < 0 ? -1 : 0;
}

static int check_room(const mig__archive *archive, int directory, const char *name, mig_error *err)
{
    struct statvfs there;
    if (fstatvfs(directory, &there) != 0) {
        return 0; /* then the writing tells */
    }
    uint64_t room = (uint64_t)there.f_bavail * there.f_frsize;
    if (room >= archive->octets) {
        return 0;
    }
    mig_error_set(err, MIG_E_DISK_FULL, "the messages take %llu octets, and %s has room for %llu",
                  (unsigned long long)archive->octets, name, (unsigned long long)room);
    return mig_error_hint(err, "make room there");
}

int mig__archive_unpack(mig__archive *archive, const char *directory, mig_error *err)
{
    unpacking u = {.archive = archive, .directory = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
    if (u.directory < 0) {
        return mig_error_errno(err, MIG_E_IO, errno, "cannot open the directory %s", directory);
    }
    int failed = check_room(archive, u.directory, directory, err);
    failed = failed != 0 ? failed : make_directories(&u, err);
    for (size_t part = 0; failed == 0 && part < archive->index.part_count; part++) {
        failed = unpack_part(&u, part, err);
    }
    close(u.directory);
    return failed;
}
