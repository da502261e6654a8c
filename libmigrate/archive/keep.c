/* archive/keep.c - an archive of one message: its folder, itself, the manifest */
#include "archive/keep.h"
#include "archive/manifest.h"
#include "archive/names.h"
#include "archive/out.h"
#include "archive/walk.h"
#include "base/buffer.h"
#include "base/sha256.h"
#include "mail/merkle.h"
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef struct keeping {
    const mig__keep *is;
    mig__out *out;
    mig__safe_names names;
    char *directory;
    mig__buffer path; /* of the message */
    mig__buffer manifest;
    char root[MIG__HEX_SIZE], account_root[MIG__HEX_SIZE];
    int64_t now;
} keeping;

static int put_directories(keeping *k, mig_error *err)
{
    static const char *const parts[] = {"", "/cur", "/new", "/tmp"};
    mig__buffer path = MIG__BUFFER_INIT;
    int failed = 0;
    if (strcmp(k->directory, MIG__ARCHIVE_ROOT) != 0) {
        failed = mig__out_directory(k->out, MIG__ARCHIVE_ROOT, k->now, err);
    }
    for (size_t i = 0; failed == 0 && i < sizeof parts / sizeof parts[0]; i++) {
        mig__buffer_clear(&path);
        mig__buffer_addf(&path, "%s%s", k->directory, parts[i]);
        failed = mig__buffer_ok(&path, err);
        failed = failed != 0 ? failed : mig__out_directory(k->out, path.data, k->now, err);
    }
    mig__buffer_free(&path);
    return failed;
}

/* Keywords are in the manifest alone: there is no list of letters beside a single message. */
static int put_message(keeping *k, mig_error *err)
{
    const mig__keep *is = k->is;
    mig__keywords none = {.count = sizeof none.items / sizeof none.items[0]};
    size_t bare = 0;
    for (unsigned i = 0; i < none.count; i++) {
        none.items[i] = (char *)"";
    }
    mig__buffer_addf(&k->path, "%s/cur/", k->directory);
    if (mig__safe_message(&k->path, &bare, &is->date, is->uid, is->uidvalidity, is->size, is->flags, &none, err) != 0) {
        return -1;
    }
    int64_t when = is->date.valid ? is->date.utc : 0;
    return is->octets != NULL ? mig__out_octets(k->out, k->path.data, when, is->octets, (size_t)is->size, err)
                              : mig__out_file(k->out, k->path.data, when, is->fd, is->size, err);
}

static int make_roots(keeping *k, mig_error *err)
{
    mig__merkle merkle = MIG__MERKLE_INIT;
    uint8_t root[MIG__DIGEST_SIZE];
    mig__merkle_folder folder = {k->is->mailbox->name, k->root};
    int failed = mig__merkle_add(&merkle, k->is->sha256, MIG__DIGEST_SIZE, err);
    failed = failed != 0 ? failed : mig__merkle_root(&merkle, root, err);
    mig__merkle_free(&merkle);
    if (failed != 0) {
        return -1;
    }
    mig__hex(root, k->root);
    return mig__merkle_account(&folder, 1, k->account_root, err);
}

static int write_lines(keeping *k, mig_error *err)
{
    const mig__keep *is = k->is;
    char created[MIG__CREATED_SIZE];
    char *octets = is->mailbox->name_valid ? NULL : mig__line_octets(is->mailbox->wire);
    mig__line lines[] = {
        {.kind = MIG__LINE_ARCHIVE,
         .version = MIG_VERSION,
         .source = is->source,
         .created = mig__line_created(k->now, created),
         .selection = "ALL",
         .prefix = is->prefix,
         .delimiter = is->mailbox->delimiter},
        {.kind = MIG__LINE_FOLDER,
         .name = is->mailbox->name,
         .octets = octets,
         .path = k->directory,
         .delimiter = is->mailbox->delimiter,
         .role = is->mailbox->role,
         .selectable = true,
         .incomplete = true, /* one message of it */
         .uidvalidity = is->uidvalidity,
         .messages = 1,
         .root = k->root},
        {.kind = MIG__LINE_MESSAGE,
         .name = is->mailbox->name,
         .uid = is->uid,
         .flags = (char *)is->flags,
         .date = is->date,
         .size = is->size,
         .message_id = is->message_id,
         .path = k->path.data},
        {.kind = MIG__LINE_END, .folders = 1, .messages = 1, .octets_sum = is->size, .root = k->account_root}};
    memcpy(lines[2].sha256, is->sha256, MIG__DIGEST_SIZE);
    int failed = !is->mailbox->name_valid && octets == NULL ? mig_error_set(err, MIG_E_NOMEM, "out of memory") : 0;
    for (size_t i = 0; failed == 0 && i < sizeof lines / sizeof lines[0]; i++) {
        failed = mig__line_write(&lines[i], &k->manifest, err);
    }
    free(octets);
    return failed;
}

static int put_manifest(keeping *k, mig_error *err)
{
    uint8_t digest[MIG__DIGEST_SIZE];
    char sums[MIG__SUMS_MOST];
    if (make_roots(k, err) != 0 || write_lines(k, err) != 0 ||
        mig__digest(k->manifest.data, k->manifest.length, digest, err) != 0 ||
        mig__out_octets(k->out, MIG__ARCHIVE_MANIFEST, k->now, k->manifest.data, k->manifest.length, err) != 0) {
        return -1;
    }
    mig__sums_text(digest, k->account_root, sums);
    return mig__out_octets(k->out, MIG__ARCHIVE_SUMS, k->now, sums, strlen(sums), err);
}

int mig__archive_keep(const mig__keep *keep, mig_error *err)
{
    keeping k = {.is = keep, .names = MIG__SAFE_NAMES_INIT, .now = mig__wall_seconds()};
    const mig__out_options options = {.path = keep->path, .threads = 1};
    uint64_t octets = 0;
    if (access(keep->path, F_OK) == 0) { /* whole, since it has its name */
        return 0;
    }
    k.out = mig__out_open(&options, err);
    int failed = k.out == NULL ? -1 : 0;
    if (failed == 0) {
        k.directory =
            mig__safe_directory(&k.names, keep->mailbox->name_valid ? keep->mailbox->name : keep->mailbox->wire,
                                keep->mailbox->name_valid, keep->mailbox->delimiter, keep->prefix, err);
        failed = k.directory == NULL ? -1 : put_directories(&k, err);
    }
    failed = failed != 0 ? failed : put_message(&k, err);
    failed = failed != 0 ? failed : put_manifest(&k, err);
    failed = failed != 0 ? failed : mig__out_commit(&k.out, &octets, err);
    mig__out_abandon(&k.out);
    mig__safe_names_free(&k.names);
    free(k.directory);
    mig__buffer_free(&k.path);
    mig__buffer_free(&k.manifest);
    return failed;
}
