/* archive/finish.c - what stands behind the messages: Dovecot's files, the manifest, its sums, its signature */
#include "archive/export.h"
#include "base/sign.h"
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LATE = 256 << 10 };

/* A member that is made in a file without a name, since its size stands in front of it. */
typedef struct making {
    int fd;
    uint64_t length;
    mig__buffer late;
    mig__sha256 *sha256;
} making;

static int begin(making *m, const mig__export *run, mig_error *err)
{
    *m = (making){.fd = mig__spool_open(run->directory, err)};
    if (m->fd < 0 || (m->sha256 = mig__sha256_new(err)) == NULL) {
        return -1;
    }
    return mig__sha256_begin(m->sha256, err);
}

static int flush(making *m, mig_error *err)
{
    if (mig__buffer_ok(&m->late, err) != 0) {
        return -1;
    }
    if (m->late.length > 0 && (mig__sha256_add(m->sha256, m->late.data, m->late.length, err) != 0 ||
                               mig__spool_write(m->fd, m->late.data, m->late.length, err) != 0)) {
        return -1;
    }
    m->length += m->late.length;
    mig__buffer_clear(&m->late);
    return 0;
}

static int flush_late(making *m, mig_error *err)
{
    return m->late.length >= LATE ? flush(m, err) : 0;
}

static int put(making *m, mig__export *run, const char *path, uint8_t digest[MIG__DIGEST_SIZE], mig_error *err)
{
    if (flush(m, err) != 0 || mig__sha256_end(m->sha256, digest, err) != 0) {
        return -1;
    }
    return mig__out_file(run->out, path, run->began, m->fd, m->length, err);
}

static void release(making *m)
{
    if (m->fd >= 0) {
        close(m->fd);
    }
    mig__buffer_free(&m->late);
    mig__sha256_free(&m->sha256);
}

/* A member that the manifest lists besides the messages. */
static int put_listed(making *m, mig__export *run, const char *path, mig_error *err)
{
    mig__line line = {.kind = MIG__LINE_FILE, .path = path};
    if (put(m, run, path, line.sha256, err) != 0) {
        return -1;
    }
    line.size = m->length;
    return mig__line_write(&line, &run->files, err);
}

/* ---- Dovecot's own files, so that it serves the directory with the same UIDs and keywords ---- */

static int add_uid(const mig__ledger_entry *entry, const uint8_t digest[MIG__DIGEST_SIZE], const char *name,
                   const char *line, void *context, mig_error *err)
{
    making *m = context;
    (void)digest;
    (void)line;
    if (!entry->message) {
        return 0;
    }
    mig__buffer_addf(&m->late, "%u :%s\n", entry->uid, name);
    return flush_late(m, err);
}

static uint32_t highest_uid(const mig__export_folder *folder)
{
    uint32_t highest = 0;
    for (size_t i = 0; i < folder->lines.count; i++) {
        const mig__ledger_entry *entry = &folder->lines.entries[i];
        highest = entry->message && entry->uid > highest ? entry->uid : highest;
    }
    return highest;
}

static int put_uidlist(mig__export *run, mig__export_folder *folder, mig_error *err)
{
    making m = {.fd = -1};
    mig__buffer path = MIG__BUFFER_INIT;
    uint32_t next = highest_uid(folder);
    next = next < folder->now.uidnext ? folder->now.uidnext : next == UINT32_MAX ? next : next + 1;
    mig__buffer_addf(&path, "%s/dovecot-uidlist", folder->path);
    int failed = mig__buffer_ok(&path, err) != 0 ? -1 : begin(&m, run, err);
    if (failed == 0) {
        mig__buffer_addf(&m.late, "3 V%u N%u\n", folder->now.uidvalidity, next);
        failed = mig__ledger_walk(&run->ledger, &folder->lines, add_uid, &m, err);
        failed = failed != 0 ? failed : put_listed(&m, run, path.data, err);
    }
    release(&m);
    mig__buffer_free(&path);
    return failed;
}

static int put_keywords(mig__export *run, const mig__export_folder *folder, mig_error *err)
{
    making m = {.fd = -1};
    mig__buffer path = MIG__BUFFER_INIT;
    mig__buffer_addf(&path, "%s/dovecot-keywords", folder->path);
    int failed = mig__buffer_ok(&path, err) != 0 ? -1 : begin(&m, run, err);
    if (failed == 0) {
        for (unsigned i = 0; i < folder->keywords.count; i++) {
            mig__buffer_addf(&m.late, "%u %s\n", i, folder->keywords.items[i]);
        }
        failed = put_listed(&m, run, path.data, err);
    }
    release(&m);
    mig__buffer_free(&path);
    return failed;
}

static int put_subscriptions(mig__export *run, mig_error *err)
{
    making m;
    int failed = begin(&m, run, err);
    for (size_t i = 0; i < run->folder_count; i++) {
        const mig__export_folder *folder = &run->folders[i];
        if (folder->path != NULL && folder->mailbox->attributes & MIG_ATTR_SUBSCRIBED) {
            bool inbox = strcmp(folder->path, MIG__ARCHIVE_ROOT) == 0;
            mig__buffer_addf(&m.late, "%s\n", inbox ? "INBOX" : folder->path + sizeof MIG__ARCHIVE_ROOT + 1);
        }
    }
    failed = failed != 0 ? failed : put_listed(&m, run, MIG__ARCHIVE_ROOT "/subscriptions", err);
    release(&m);
    return failed;
}

/* ---- the manifest ---- */

static int add_digest(const mig__ledger_entry *entry, const uint8_t digest[MIG__DIGEST_SIZE], const char *name,
                      const char *line, void *context, mig_error *err)
{
    (void)name;
    (void)line;
    return entry->message ? mig__merkle_add(context, digest, MIG__DIGEST_SIZE, err) : 0;
}

static int add_line(const mig__ledger_entry *entry, const uint8_t digest[MIG__DIGEST_SIZE], const char *name,
                    const char *line, void *context, mig_error *err)
{
    making *m = context;
    (void)digest;
    (void)name;
    mig__buffer_add(&m->late, line, entry->length);
    return flush_late(m, err);
}

static int add_folder(making *m, mig__export *run, mig__export_folder *folder, mig_error *err)
{
    const mig__mailbox *mailbox = folder->mailbox;
    mig__merkle merkle = MIG__MERKLE_INIT;
    uint8_t root[MIG__DIGEST_SIZE];
    char *octets = mailbox->name_valid ? NULL : mig__line_octets(mailbox->wire);
    int failed = !mailbox->name_valid && octets == NULL ? mig_error_set(err, MIG_E_NOMEM, "out of memory") : 0;
    failed = failed != 0 ? failed : mig__ledger_walk(&run->ledger, &folder->lines, add_digest, &merkle, err);
    failed = failed != 0 ? failed : mig__merkle_root(&merkle, root, err);
    mig__merkle_free(&merkle);
    if (failed == 0 && folder->path != NULL) {
        mig__hex(root, folder->result->root);
    }
    bool opened = folder->now.uidvalidity != 0;
    mig__line line = {.kind = MIG__LINE_FOLDER,
                      .name = mailbox->name,
                      .octets = octets,
                      .path = folder->path,
                      .delimiter = mailbox->delimiter,
                      .role = mailbox->role,
                      .subscribed = (mailbox->attributes & MIG_ATTR_SUBSCRIBED) != 0,
                      .selectable = folder->path != NULL,
                      .incomplete = folder->result->error != NULL || folder->result->failed > 0,
                      .uidvalidity = opened ? folder->now.uidvalidity : mailbox->uidvalidity,
                      .uidnext = opened ? folder->now.uidnext : mailbox->uidnext,
                      .exists = opened ? folder->now.exists : mailbox->messages,
                      .modseq = opened ? folder->now.modseq : mailbox->modseq,
                      .messages = folder->result->messages,
                      .root = folder->result->root};
    if (folder->result->error != NULL && !opened && folder->before != NULL) {
        line.uidvalidity = folder->before->uidvalidity; /* could not be opened: what there is of it stays */
    }
    failed = failed != 0 ? failed : mig__line_write(&line, &m->late, err);
    free(octets);
    return failed != 0 ? failed : mig__ledger_walk(&run->ledger, &folder->lines, add_line, m, err);
}

/* Folders of earlier files that the server does not list any more. */
static int add_vanished(making *m, const mig__export *run, mig_error *err)
{
    for (size_t i = 0; i < run->index.count; i++) {
        const mig__index_folder *folder = &run->index.folders[i];
        if (mig__mailbox_find(&run->account.mailboxes, folder->wire) == NULL) {
            mig__line line = {.kind = MIG__LINE_VANISHED, .name = folder->name, .octets = folder->octets};
            if (mig__line_write(&line, &m->late, err) != 0) {
                return -1;
            }
        }
    }
    return 0;
}

static int add_first(making *m, const mig__export *run, mig_error *err)
{
    char created[MIG__CREATED_SIZE], base[MIG__HEX_SIZE];
    mig__line line = {.kind = MIG__LINE_ARCHIVE,
                      .version = MIG_VERSION,
                      .source = run->account.label,
                      .created = mig__line_created(run->began, created),
                      .selection = run->criteria,
                      .prefix = run->account.mailboxes.prefix,
                      .delimiter = run->account.mailboxes.delimiter,
                      .part = run->result->part,
                      .base = run->result->part > 0 ? mig__hex(run->index.last, base) : NULL};
    return mig__line_write(&line, &m->late, err);
}

static int account_root(mig__export *run, mig_error *err)
{
    mig__merkle_folder *roots = calloc(run->folder_count, sizeof *roots);
    size_t count = 0;
    if (roots == NULL) {
        return mig_error_set(err, MIG_E_NOMEM, "out of memory");
    }
    for (size_t i = 0; i < run->folder_count; i++) {
        const mig__export_folder *folder = &run->folders[i];
        if (folder->path != NULL) {
            roots[count++] = (mig__merkle_folder){folder->mailbox->name, folder->result->root};
        }
    }
    int failed = mig__merkle_account(roots, count, run->result->root, err);
    free(roots);
    return failed;
}

static int write_manifest(making *m, mig__export *run, mig_error *err)
{
    int failed = add_first(m, run, err);
    for (size_t i = 0; failed == 0 && i < run->folder_count; i++) {
        failed = add_folder(m, run, &run->folders[i], err);
    }
    failed = failed != 0 ? failed : add_vanished(m, run, err);
    failed = failed != 0 ? failed : account_root(run, err);
    mig__buffer_add(&m->late, run->files.data, run->files.length);
    mig__line line = {.kind = MIG__LINE_END,
                      .folders = run->folder_count,
                      .messages = run->result->messages,
                      .octets_sum = run->result->bytes,
                      .root = run->result->root};
    return failed != 0 ? failed : mig__line_write(&line, &m->late, err);
}

static int put_sums(mig__export *run, const uint8_t manifest[MIG__DIGEST_SIZE], mig_error *err)
{
    char sums[MIG__SUMS_MOST];
    mig_signature signature;
    mig__sums_text(manifest, run->result->root, sums);
    if (mig__out_octets(run->out, MIG__ARCHIVE_SUMS, run->began, sums, strlen(sums), err) != 0) {
        return -1;
    }
    if (run->options->signer == NULL) {
        return 0;
    }
    if (mig__sign(run->options->signer, sums, strlen(sums), &signature, err) != 0) {
        return -1;
    }
    run->result->is_signed = true;
    return mig__out_octets(run->out, MIG__ARCHIVE_SEAL, run->began, signature.octets, signature.length, err);
}

int mig__export_finish(mig__export *run, mig_error *err)
{
    making manifest = {.fd = -1};
    uint8_t digest[MIG__DIGEST_SIZE];
    int failed = 0;
    for (size_t i = 0; failed == 0 && i < run->folder_count; i++) {
        mig__export_folder *folder = &run->folders[i];
        /* Of a further file alone they would tell half: Dovecot serves what the first one is unpacked to. */
        if (folder->path != NULL && run->result->part == 0 && folder->now.uidvalidity != 0) {
            failed = put_uidlist(run, folder, err);
            failed = failed != 0 || folder->keywords.count == 0 ? failed : put_keywords(run, folder, err);
        }
    }
    failed = failed != 0 ? failed : put_subscriptions(run, err);
    failed = failed != 0 ? failed : begin(&manifest, run, err);
    failed = failed != 0 ? failed : write_manifest(&manifest, run, err);
    failed = failed != 0 ? failed : put(&manifest, run, MIG__ARCHIVE_MANIFEST, digest, err);
    release(&manifest);
    return failed != 0 ? failed : put_sums(run, digest, err);
}
