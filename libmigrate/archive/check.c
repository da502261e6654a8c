/* archive/check.c - is an archive as it was written? */
#include "archive/index.h"
#include "archive/out.h"
#include "base/clock.h"
#include "base/memory.h"
#include "base/sign.h"
#include "base/sized.h"
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MOST_FINDINGS = 10000, SHOW_MS = 100 };

typedef struct checking {
    const mig_archive_check_options *options;
    mig_archive_check_result *result;
    mig__index index;
    double started;
    int64_t shown;
    uint64_t octets;
} checking;

static char *inert(const char *text)
{
    char shown[1100];
    return mig__strdup(mig__inert(text, strlen(text), shown, sizeof shown));
}

static int on_found(mig_archive_found kind, const char *path, const char *folder, uint32_t uid, const char *detail,
                    void *context, mig_error *err)
{
    checking *c = context;
    mig_archive_check_result *result = c->result;
    size_t count = result->finding_count;
    result->counts[kind]++;
    if (count == MOST_FINDINGS) {
        return 0;
    }
    mig_archive_finding *grown = mig__grow(result->findings, count, sizeof *grown, err);
    if (grown == NULL) {
        return -1;
    }
    result->findings = grown;
    mig_archive_finding *finding = &result->findings[count];
    *finding = (mig_archive_finding){.kind = kind, .file = result->file_count - 1, .uid = uid};
    finding->path = inert(path);
    finding->folder = inert(folder);
    finding->detail = inert(detail);
    result->finding_count++;
    return finding->path == NULL || finding->folder == NULL || finding->detail == NULL
               ? mig_error_set(err, MIG_E_NOMEM, "out of memory")
               : 0;
}

static void on_tick(uint64_t octets, void *context)
{
    checking *c = context;
    c->octets += octets;
    int64_t now = mig__now_ms();
    if (c->options->observer.progress == NULL || now - c->shown < SHOW_MS) {
        return;
    }
    c->shown = now;
    mig_progress progress = {.account = c->options->path,
                             .phase = "checking",
                             .folder = "",
                             .bytes_done = c->octets,
                             .seconds = mig__now_seconds() - c->started};
    c->options->observer.progress(&progress, c->options->observer.context);
}

static int check_signature(checking *c, const mig__walk *walk, mig_archive_file *file, mig_error *err)
{
    const char *key = c->options->public_key;
    file->signature = walk->seal_length == 0 ? MIG_ARCHIVE_UNSIGNED : MIG_ARCHIVE_UNCHECKED;
    if (key == NULL) {
        return 0;
    }
    if (walk->seal_length == 0) {
        return on_found(MIG_ARCHIVE_SIGNATURE, MIG__ARCHIVE_SEAL, "", 0, "there is no signature", c, err);
    }
    int fits = mig__signature_fits(walk->sums, walk->sums_length, walk->seal, walk->seal_length, key, err);
    if (fits < 0) {
        return -1;
    }
    file->signature = fits ? MIG_ARCHIVE_FITS : MIG_ARCHIVE_DOES_NOT_FIT;
    return fits ? 0
                : on_found(MIG_ARCHIVE_SIGNATURE, MIG__ARCHIVE_SEAL, "", 0,
                           "it was not made over this archive with the private key of that public key", c, err);
}

static int add_file(checking *c, const char *path, mig_error *err)
{
    mig_archive_check_result *result = c->result;
    mig_archive_file *grown = mig__grow(result->files, result->file_count, sizeof *grown, err);
    if (grown == NULL) {
        return -1;
    }
    result->files = grown;
    grown[result->file_count] = (mig_archive_file){.path = mig__strdup(path)};
    return grown[result->file_count++].path == NULL ? mig_error_set(err, MIG_E_NOMEM, "out of memory") : 0;
}

static int check_file(checking *c, const char *path, mig_error *err)
{
    if (add_file(c, path, err) != 0) {
        return -1;
    }
    mig__walk walk = {.in = {path, c->options->secret, c->options->secret_context, c->options->observer.stop},
                      .report = on_found,
                      .context = c,
                      .tick = on_tick,
                      .manifest = -1};
    mig_archive_file *file = &c->result->files[c->result->file_count - 1];
    size_t parts = c->index.part_count;
    int failed = mig__walk_file(&walk, err);
    bool has_manifest = walk.manifest >= 0;
    failed = failed != 0 ? failed : mig__index_add(&c->index, &walk, err);
    if (failed == 0 && has_manifest) { /* without a manifest nothing can be said of single members */
        failed = mig__walk_unclaimed(&walk, err);
        failed = failed != 0 ? failed : check_signature(c, &walk, file, err);
    }
    file->encrypted = walk.encrypted;
    if (c->index.part_count > parts) {
        const mig__index_part *part = &c->index.parts[parts];
        file->messages = part->messages;
        file->bytes = part->octets;
        memcpy(file->root, part->root, sizeof file->root);
    }
    mig__walk_free(&walk);
    return failed;
}

static int check_chain(checking *c, mig_error *err)
{
    int failed = 0;
    for (unsigned part = 0; failed == 0; part++) {
        char *path = mig__format_part(c->options->path, part);
        if (path == NULL) {
            return mig_error_set(err, MIG_E_NOMEM, "out of memory");
        }
        if (part > 0 && access(path, F_OK) != 0) {
            free(path);
            break;
        }
        failed = check_file(c, path, err);
        free(path);
    }
    return failed;
}

static int sum_up(checking *c, mig_error *err)
{
    mig_archive_check_result *result = c->result;
    mig__buffer text = MIG__BUFFER_INIT;
    mig__line line;
    int failed = 0;
    bool differs = false;
    for (int kind = 0; kind < MIG_ARCHIVE_FOUND_COUNT; kind++) {
        differs = differs || (kind != MIG_ARCHIVE_LOST && result->counts[kind] > 0);
    }
    result->folders = c->index.count;
    for (size_t i = 0; failed == 0 && i < c->index.count; i++) {
        const mig__index_folder *folder = &c->index.folders[i];
        for (size_t k = 0; failed == 0 && k < folder->count; k++) {
            const mig__index_entry *entry = &folder->entries[k];
            if (entry->damaged) {
                continue;
            }
            result->messages++;
            if (c->result->file_count > 1) { /* what is gone by now does not count */
                failed = mig__index_line(&c->index, entry->part, entry->offset, &text, &line, err);
                result->bytes += failed == 0 ? line.size : 0;
                mig__line_free(&line);
            }
        }
    }
    if (c->result->file_count == 1) {
        result->bytes = result->files[0].bytes;
    }
    mig__buffer_free(&text);
    result->status = MIG_COMPLETE;
    result->exit_status = differs ? 1 : 0;
    return failed;
}

mig_archive_check_result *mig_archive_check(const mig_archive_check_options *given, mig_error *err)
{
    mig_archive_check_options own;
    const mig_archive_check_options *options = &own;
    checking c = {.options = options, .started = mig__now_seconds()};
    mig_error error = MIG_ERROR_INIT;
    if (mig__sized_take(&own, sizeof own, given, "mig_archive_check_options", err) != 0) {
        return NULL;
    }
    if (options->path == NULL) {
        mig_error_set(err, MIG_E_USAGE, "a file is needed");
        return NULL;
    }
    if ((c.result = calloc(1, sizeof *c.result)) == NULL) {
        mig_error_set(err, MIG_E_NOMEM, "out of memory");
        return NULL;
    }
    c.result->error = error;
    if (check_chain(&c, &error) != 0 || sum_up(&c, &error) != 0) {
        c.result->error = error;
        c.result->exit_status = mig_code_exit_status(error.code);
        c.result->status = c.result->exit_status == 130 ? MIG_INTERRUPTED : MIG_FAILED;
    }
    c.result->source = inert(c.index.source != NULL ? c.index.source : "");
    c.result->seconds = mig__now_seconds() - c.started;
    c.result->peak_rss = mig__peak_memory();
    mig__index_free(&c.index);
    if (c.result->source == NULL) {
        mig_error_set(err, MIG_E_NOMEM, "out of memory");
        mig_archive_check_result_free(&c.result);
    }
    return c.result;
}

void mig_archive_check_result_free(mig_archive_check_result **result)
{
    mig_archive_check_result *r = *result;
    if (r == NULL) {
        return;
    }
    for (size_t i = 0; i < r->file_count; i++) {
        free(r->files[i].path);
    }
    for (size_t i = 0; i < r->finding_count; i++) {
        free(r->findings[i].path);
        free(r->findings[i].folder);
        free(r->findings[i].detail);
    }
    free(r->files);
    free(r->findings);
    free(r->source);
    free(r);
    *result = NULL;
}
