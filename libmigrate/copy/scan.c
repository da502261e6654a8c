/* copy/scan.c - what the source holds now, and what of it is to be copied */
#include "copy/scan.h"
#include "copy/decide_folder.h"
#include "account/each.h"
#include "account/junk.h"
#include "account/sides.h"
#include "base/retry.h"
#include "copy/delta.h"
#include "copy/known.h"
#include "copy/lanes.h"
#include "copy/resync.h"
#include "copy/screen.h"
#include "reading/scan.h"
#include <stdlib.h>
#include <string.h>

static bool filtered(const mig_copy_options *options)
{
    return options->selection.since != NULL || options->selection.before != NULL || options->selection.max_size > 0 ||
           mig__junk_narrows(&options->selection);
}

static void take_counts(mig__folder_job *job, const mig__state_counts *counts)
{
    job->result->already = counts->copied + counts->adopted;
    job->result->withheld = counts->withheld;
    job->result->messages =
        mig__labels_everything(&job->choice) ? job->source->messages : job->result->already + counts->withheld;
}

int mig__scan_unchanged(mig__run *run, mig_error *err)
{
    for (size_t i = 0; i < run->job_count; i++) {
        mig__folder_job *job = &run->jobs[i];
        bool flags_kept = run->options->flags == MIG_FLAGS_KEEP;
        job->filtered = filtered(run->options);
        job->unchanged = job->copy && !job->filtered && !job->mending &&
                         mig__decide_unchanged(&job->record, job->source, job->existing, flags_kept);
        mig__state_counts counts;
        if (job->unchanged) {
            if (mig__state_count(run->state, job->record.id, &counts, err) != 0) {
                return -1;
            }
            take_counts(job, &counts);
            job->counts = counts;
            job->unchanged = counts.withheld == 0 || !mig__screen_releases(&run->options->scan);
        }
    }
    return 0;
}

int mig__scan_criteria(const mig_copy_options *options, mig__buffer *out, mig_error *err)
{
    return mig__sides_criteria(options->selection.since, options->selection.before, out, err);
}

typedef struct scanning { /* what the server says of one job's mailbox */
    mig__scan scan;
    mig__command *examine, *search; /* with QRESYNC instead */
    mig__command *flag_command;
    mig__uidset known; /* recorded, and expected to be there */
    mig__uidset found;
    mig__resync resync;
    bool resyncing;
    mig_error hidden; /* messages that the server does not name */
    mig_error flags;  /* why they are not told */
    bool flags_partial;
    uint32_t flags_limit; /* the lowest UID whose flags it looked at then, 0: not told */
    bool settled;         /* everything is known but the flags */
} scanning;

typedef struct scan_item { /* a job to be scanned */
    mig__run *run;
    const char *criteria;
    mig__folder_job *job;
    scanning *scan; /* while it is under way */
} scan_item;

static void break_job(mig__run *run, mig__folder_job *job, const mig_error *why)
{
    mig_error error = *why;
    error.scope = error.scope < MIG_SCOPE_FOLDER ? MIG_SCOPE_FOLDER : error.scope;
    mig_error_context(&error, "cannot read '%s' on the source", job->source->name);
    mig__lanes_break(run, job, &error);
}

/* Before the labels choose. */
static void note_hidden(scanning *scan)
{
    scan->hidden.code = MIG_OK;
    if (!scan->resyncing && mig__scan_hidden(&scan->scan) > 0) {
        mig__scan_hidden_error(&scan->scan, "the source's folder", &scan->hidden);
    }
}

/* Servers that leave UIDNEXT out of EXAMINE (Courier) tell it in STATUS. */
static void complete_snapshot(mig__folder_job *job, const mig__uidset *found)
{
    if (job->snapshot.uidnext == 0) {
        job->snapshot.uidnext = job->source->uidnext;
    }
    uint32_t highest = mig__uidset_max(found);
    if (job->snapshot.uidnext <= highest && highest < UINT32_MAX) {
        job->snapshot.uidnext = highest + 1;
    }
}

/* Preparing the target goes on beside the scan, and may have given the folder up meanwhile. */
static void set_todo(mig__run *run, mig__folder_job *job, mig__uidset *todo)
{
    pthread_mutex_lock(&run->lock);
    if (!job->broken) {
        mig__uidset_free(&job->reading.todo);
        job->reading.todo = *todo;
        *todo = (mig__uidset)MIG__UIDSET_INIT;
    }
    pthread_mutex_unlock(&run->lock);
}

typedef struct retrying {
    const mig_copy_options *options;
    const mig__uidset *found;
    mig__uidset *todo;
    mig_error error;
} retrying;

static int on_failed(const mig__message *message, void *context)
{
    retrying *r = context;
    mig_code wanted = r->options->retry_code;
    bool chosen = message->state == MIG__MESSAGE_FAILED && (wanted == MIG_OK || message->code == wanted);
    return chosen && mig__uidset_has(r->found, message->source_uid)
               ? mig__uidset_add(r->todo, message->source_uid, message->source_uid, &r->error)
               : 0;
}

/* Nothing but what failed before; the folder is not complete by that. */
static int keep_failed(mig__run *run, mig__folder_job *job, const mig__uidset *found, mig__uidset *todo, mig_error *err)
{
    retrying r = {run->options, found, todo, MIG_ERROR_INIT};
    mig__uidset_clear(todo);
    job->filtered = true;
    if (job->record.id != 0 && mig__state_messages(run->state, job->record.id, on_failed, &r, &r.error) != 0) {
        *err = r.error;
        return -1;
    }
    return 0;
}

/* Which of the messages found are to be fetched. */
static int plan(mig__run *run, mig__folder_job *job, scanning *scan, mig_error *err)
{
    mig__uidset done = MIG__UIDSET_INIT, todo = MIG__UIDSET_INIT, withheld = MIG__UIDSET_INIT;
    uint64_t stay = 0;
    int failed = -1;
    if (job->record.id != 0 && mig__state_source_uids(run->state, job->record.id, &done, NULL, err) != 0) {
        goto cleanup;
    }
    if (mig__uidset_copy(&todo, &scan->found, err) != 0 || mig__uidset_subtract(&todo, &done, err) != 0) {
        goto cleanup;
    }
    if (job->record.id != 0 && !mig__screen_releases(&run->options->scan)) {
        uint64_t before = mig__uidset_size(&todo);
        if (mig__state_withheld(run->state, job->record.id, &withheld, err) != 0 ||
            mig__uidset_subtract(&todo, &withheld, err) != 0) {
            goto cleanup;
        }
        stay = before - mig__uidset_size(&todo);
    }
    if (job->record.id != 0 && !job->filtered && mig__delta_vanished(run, job, &scan->found, err) != 0) {
        goto cleanup;
    }
    job->result->messages = mig__uidset_size(&scan->found);
    job->result->withheld = stay;
    job->result->already = job->result->messages - mig__uidset_size(&todo) - stay;
    job->scanned = true;
    if (run->options->retry_failed && keep_failed(run, job, &scan->found, &todo, err) != 0) {
        goto cleanup;
    }
    set_todo(run, job, &todo);
    failed = 0;
cleanup:
    mig__uidset_free(&done);
    mig__uidset_free(&todo);
    mig__uidset_free(&withheld);
    return failed;
}

/* Source UIDs mean nothing any more when the mailbox has another UIDVALIDITY: its messages are matched by content. */
static int heed_uidvalidity(mig__run *run, mig__folder_job *job, mig_error *err)
{
    if (job->record.id == 0) {
        return 0;
    }
    if (job->snapshot.uidvalidity != job->record.source_uidvalidity) {
        mig__run_log(run, MIG_LOG_WARNING, job, 0, NULL, "UIDVALIDITY changed on the source: matched by content");
        mig__delta_free(job);
        job->record.source_modseq = job->snapshot.modseq;
        if (mig__state_folder_reset_source(run->state, job->record.id, err) != 0) {
            return -1;
        }
    }
    return mig__known_load_orphans(run, job, err);
}

/* Everything about one folder in one go: the answers are waited for later. */
static int ask_all(mig__session *session, scan_item *item, mig_error *err)
{
    mig__folder_job *job = item->job;
    scanning *scan = item->scan;
    scan->resyncing = false;
    scan->scan = (mig__scan){
        .mailbox = job->source->wire, .criteria = item->criteria, .now = &job->snapshot, .found = &scan->found};
    if (mig__scan_send(session, &scan->scan, err) != 0) {
        return -1;
    }
    scan->flag_command = mig__delta_ask(item->run, session, job, &scan->known, err);
    return scan->flag_command == NULL && err->code != MIG_OK ? -1 : 0;
}

/* As if nothing had been asked. */
static void forget(scan_item *item)
{
    scanning *scan = item->scan;
    mig__uidset_clear(&scan->found);
    mig__selected_free(&item->job->snapshot);
    mig__delta_forget_flags(item->job);
    mig__resync_free(&scan->resync);
    scan->flag_command = NULL;
    scan->flags = (mig_error)MIG_ERROR_INIT;
    scan->flags_partial = scan->settled = false;
}

static int begin(scan_item *item, mig_error *err)
{
    item->scan = calloc(1, sizeof *item->scan);
    if (item->scan == NULL) {
        return mig_error_set(err, MIG_E_NOMEM, "out of memory");
    }
    return item->job->record.id == 0
               ? 0
               : mig__state_source_present(item->run->state, item->job->record.id, &item->scan->known, err);
}

static void end(scan_item *item)
{
    if (item->scan != NULL) {
        mig__uidset_free(&item->scan->known);
        mig__uidset_free(&item->scan->found);
        mig__resync_free(&item->scan->resync);
        free(item->scan);
        item->scan = NULL;
    }
}

static int send_item(mig__session *session, void *context, mig_error *err)
{
    scan_item *item = context;
    if (item->scan == NULL && begin(item, err) != 0) {
        return -1;
    }
    forget(item);
    scanning *scan = item->scan;
    if (!mig__resync_fits(item->run, session, item->job)) {
        return ask_all(session, item, err);
    }
    bool flags = item->run->options->flags != MIG_FLAGS_KEEP;
    scan->resyncing = true;
    scan->resync = (mig__resync){.job = item->job, .known = &scan->known, .flags = flags};
    return mig__session_enable(session, MIG__CAP_QRESYNC, err) != 0
               ? -1
               : mig__resync_ask(session, &scan->resync, &scan->examine, &scan->search, err);
}

static int collect_flags(mig__session *session, scanning *scan, mig_error *err)
{
    mig__command_result result = {.error = MIG_ERROR_INIT};
    int failed = scan->flag_command == NULL ? 0 : mig__command_wait(session, scan->flag_command, &result, err);
    scan->flag_command = NULL;
    scan->flags = result.error;
    scan->flags_partial = result.code == MIG__CODE_MESSAGELIMIT;
    scan->flags_limit = result.limit_uid;
    mig__command_result_clear(&result);
    return failed;
}

/* The usual questions. 0; 1 refused, -1. */
static int collect(mig__session *session, scanning *scan, mig_error *err)
{
    int outcome = mig__scan_wait(session, &scan->scan, err);
    return outcome < 0 || collect_flags(session, scan, err) != 0 ? -1 : outcome;
}

/* 2: what QRESYNC told is complete; 0: the usual questions were answered; 1 refused, -1. */
static int gather(mig__session *session, scan_item *item, mig_error *err)
{
    scanning *scan = item->scan;
    mig_error examined, searched;
    if (!scan->resyncing) {
        return collect(session, scan, err);
    }
    if (mig__command_settle(session, scan->examine, &examined, err) != 0 ||
        mig__command_settle(session, scan->search, &searched, err) != 0) {
        return -1;
    }
    bool refused = examined.code != MIG_OK || searched.code != MIG_OK;
    int resynced = refused ? 0 : mig__resync_found(&scan->resync, &scan->found, err);
    if (resynced != 0) {
        return resynced > 0 ? 2 : -1;
    }
    mig__run_log(item->run, MIG_LOG_INFO, item->job, 0, NULL,
                 "the answer to QRESYNC is not complete: searched instead");
    forget(item);
    return ask_all(session, item, err) != 0 ? -1 : collect(session, scan, err);
}

/* All answers about one folder. */
static int settle_item(mig__session *session, void *context, mig_error *err)
{
    scan_item *item = context;
    mig__folder_job *job = item->job;
    scanning *scan = item->scan;
    int outcome = gather(session, item, err);
    outcome = outcome != 0 ? outcome : mig__scan_complete(session, &scan->scan, err);
    if (outcome == 0 || outcome == 2) {
        complete_snapshot(job, &scan->found); /* before the labels choose: it tells what there is */
        note_hidden(scan);
        outcome = mig__labels_choose(session, job->source->wire, &job->choice, &scan->found, err);
    }
    scan->settled = outcome == 0;
    if (outcome == 0 && scan->flags_partial && scan->flags.code == MIG_OK) {
        outcome = mig__delta_ask_rest(item->run, session, job, &scan->known, scan->flags_limit, &scan->flags, err);
    }
    if (outcome == 0 && mig__retry_wanted(&scan->flags)) {
        *err = scan->flags;
        outcome = 1;
    }
    return outcome;
}

static int finish_item(void *context, int outcome, const mig_error *why, mig_error *err)
{
    scan_item *item = context;
    mig__run *run = item->run;
    mig__folder_job *job = item->job;
    mig__run_progress(run);
    if (outcome != 0 && (item->scan == NULL || !item->scan->settled)) {
        break_job(run, job, why);
        end(item);
        return 0;
    }
    if (item->scan->flags.code != MIG_OK) {
        mig_error error = item->scan->flags;
        mig_error_context(&error, "flags of '%s' could not be read", job->source->name);
        mig__run_problem(run, job, 0, true, &error);
        job->filtered = true; /* not complete: asked for again by the next run */
    }
    if (item->scan->hidden.code != MIG_OK) {
        mig__run_problem(run, job, 0, true, &item->scan->hidden);
    }
    int failed = heed_uidvalidity(run, job, err);
    failed = failed != 0 ? failed : plan(run, job, item->scan, err);
    end(item);
    return failed;
}

/* The jobs to be scanned, and pointers to them. malloc'd; NULL with `err` filled. */
static scan_item *list_items(mig__run *run, char *const criteria[2], void ***each, size_t *count, mig_error *err)
{
    scan_item *items = calloc(run->job_count + 1, sizeof *items);
    *each = calloc(run->job_count + 1, sizeof **each);
    *count = 0;
    if (items == NULL || *each == NULL) {
        mig_error_set(err, MIG_E_NOMEM, "out of memory");
        free(items);
        return NULL;
    }
    pthread_mutex_lock(&run->lock); /* making the target's mailboxes ready goes on beside it */
    for (size_t i = 0; i < run->job_count; i++) {
        mig__folder_job *job = &run->jobs[i];
        if (job->copy && !job->unchanged && !job->broken) {
            items[*count] = (scan_item){.run = run, .criteria = criteria[mig__junk_folder(job->source)], .job = job};
            (*each)[*count] = &items[*count];
            ++*count;
        }
    }
    pthread_mutex_unlock(&run->lock);
    return items;
}

int mig__scan_source(mig__run *run, mig__session **session, mig_error *err)
{
    static const mig__each each = {send_item, settle_item, finish_item};
    char *criteria[2];
    void **pointers = NULL;
    size_t count = 0;
    int failed = mig__junk_both(&run->options->selection, criteria, err);
    scan_item *items = failed != 0 ? NULL : list_items(run, criteria, &pointers, &count, err);
    failed =
        items == NULL ? -1 : mig__gate_ask_each(&run->sides[MIG_SOURCE].gate, session, &each, pointers, count, err);
    for (size_t i = 0; i < count; i++) {
        end(&items[i]);
    }
    free(items);
    free(pointers);
    free(criteria[0]);
    free(criteria[1]);
    return failed;
}
