/* dedup/record.c - what the state has: the account, the folders and how much of each may be there */
#include "base/memory.h"
#include "dedup/job.h"
#include "folders/map.h"
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The account has to be on record: opened for writing an unknown one would be made. */
int mig__dup_open_state(mig__dup_run *run, mig_error *err)
{
    const mig_dedup_options *o = run->options;
    const char *path = o->state_path;
    if (access(path, F_OK) != 0) {
        mig_error_set(err, MIG_E_STATE, "there is no state file %s: what may be there twice is not known", path);
        return mig_error_hint(
            err, "name the copy's state file with --state, or copy first: that finds by content what is there");
    }
    run->state = mig__state_open(path, true, o->observer.stop, err);
    run->account =
        run->state != NULL ? mig__state_account(run->state, run->result->source, run->result->target, err) : 0;
    if (run->account != 0 && o->mode != MIG_DEDUP_LOOK) {
        mig__state_close(&run->state, NULL);
        run->state = mig__state_open(path, false, o->observer.stop, err);
        run->account =
            run->state != NULL ? mig__state_account(run->state, run->result->source, run->result->target, err) : 0;
    }
    return run->account == 0 ? -1 : mig__state_surplus(run->state, run->account, &run->entries, &run->entry_count, err);
}

/* Into the audit trail, when anything may change. */
int mig__dup_begin_record(mig__dup_run *run, mig_error *err)
{
    if (run->options->mode == MIG_DEDUP_LOOK) {
        return 0;
    }
    run->record = mig__state_run_begin(run->state, run->account, "dedup", MIG_VERSION, err);
    return run->record > 0 ? 0 : -1;
}

int mig__dup_end_record(const mig__dup_run *run, mig_error *err)
{
    const mig_dedup_result *result = run->result;
    return run->record <= 0 ? 0
                            : mig__state_run_end(run->state, run->record, mig_status_name(result->status),
                                                 result->moved + result->returned, result->gone, 0, err);
}

typedef struct loading {
    mig__dup_folder *folder;
    mig_error *err;
} loading;

static int take_row(const mig__message *message, void *context)
{
    const loading *l = context;
    if (message->state == MIG__MESSAGE_DELETED || message->state == MIG__MESSAGE_WITHHELD || message->gone_since != 0) {
        return 0;
    }
    l->folder->fit = l->folder->fit && message->state != MIG__MESSAGE_INTENT;
    mig__dup_row *grown = mig__grow(l->folder->rows, l->folder->row_count, sizeof *grown, l->err);
    if (grown == NULL) {
        return 1;
    }
    l->folder->rows = grown;
    grown[l->folder->row_count++] =
        (mig__dup_row){.id = message->id,
                       .uid = message->state != MIG__MESSAGE_FAILED ? message->target_uid : 0,
                       .has_digest = message->has_digest && message->canonical_version == MIG__CANONICAL_VERSION,
                       .digest = message->digest};
    return 0;
}

static mig__dup_folder *folder_of(mig__dup_run *run, const mig__mailbox *mailbox, mig_error *err)
{
    for (size_t i = 0; i < run->folder_count; i++) {
        if (strcmp(run->folders[i].wire, mailbox->wire) == 0) {
            return &run->folders[i];
        }
    }
    mig__dup_folder *grown = mig__grow(run->folders, run->folder_count, sizeof *grown, err);
    run->folders = grown != NULL ? grown : run->folders;
    mig_dedup_result *result = run->result;
    mig_dedup_folder *out = grown != NULL ? mig__grow(result->folders, result->folder_count, sizeof *out, err) : NULL;
    if (out == NULL) {
        return NULL;
    }
    result->folders = out;
    out[result->folder_count] = (mig_dedup_folder){.name = mig__strdup(mailbox->name)};
    grown[run->folder_count] =
        (mig__dup_folder){.wire = mig__strdup(mailbox->wire), .index = result->folder_count, .fit = true};
    result->folder_count++;
    run->folder_count++;
    if (out[result->folder_count - 1].name == NULL || grown[run->folder_count - 1].wire == NULL) {
        mig_error_set(err, MIG_E_NOMEM, "out of memory");
        return NULL;
    }
    return &grown[run->folder_count - 1];
}

static bool is_meant(const mig_selection *selection, const char *name)
{
    bool meant = selection->folders == NULL || selection->folders[0] == NULL;
    for (const char *const *glob = selection->folders; glob != NULL && *glob != NULL; glob++) {
        meant = meant || mig__glob(*glob, name);
    }
    for (const char *const *glob = selection->excludes; glob != NULL && *glob != NULL; glob++) {
        meant = meant && !mig__glob(*glob, name);
    }
    return meant;
}

/* What of the source goes to a mailbox of the target, all of it together: it may come from several folders. */
static int load_folder(mig__dup_run *run, const mig__state_folder *recorded, mig_error *err)
{
    const mig__mailbox *mailbox = mig__mailbox_alike(&run->target.mailboxes, recorded->target);
    mig__state_counts counts;
    if (mailbox == NULL || !is_meant(&run->options->selection, mailbox->name) ||
        strcmp(mailbox->wire, run->place) == 0) {
        return 0;
    }
    mig__dup_folder *folder = folder_of(run, mailbox, err);
    if (folder == NULL || mig__state_count(run->state, recorded->id, &counts, err) != 0) {
        return -1;
    }
    const uint64_t rows = counts.copied + counts.adopted + counts.failed + counts.intent + counts.withheld;
    folder->uidvalidity = recorded->target_uidvalidity != 0 ? recorded->target_uidvalidity : folder->uidvalidity;
    folder->fit = folder->fit && recorded->trouble == NULL && recorded->wanted <= rows;
    loading l = {folder, err};
    return mig__state_messages(run->state, recorded->id, take_row, &l, err) != 0 ? -1 : 0;
}

int mig__dup_load_folders(mig__dup_run *run, mig_error *err)
{
    mig__state_folder *folders = NULL;
    size_t count = 0;
    int failed = mig__state_folders(run->state, run->account, &folders, &count, err);
    for (size_t i = 0; failed == 0 && i < count; i++) {
        failed = load_folder(run, &folders[i], err);
    }
    mig__state_folders_free(&folders, count);
    return failed;
}
