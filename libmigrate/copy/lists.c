/* copy/lists.c - both sides' folders, the map between them, and the checks before anything is written */
#include "copy/lists.h"
#include "account/check.h"
#include "account/notice.h"
#include "account/sides.h"
#include "copy/lanes.h"
#include "copy/rename.h"
#include <stdlib.h>
#include <string.h>

int mig__lists_check_endpoints(const mig_copy_options *options, mig_error *err)
{
    return options->force ? 0 : mig__sides_check_endpoints(options->source, options->target, err);
}

/* ---- the map ---- */

static void list_note(mig__run *run, const mig__mailbox *source, mig_code code, const char *note)
{
    mig_error error;
    mig_error_set(&error, code, "%s", note);
    mig__result_problem(run->account, source->name, 0, false, &error);
}

static int take_notice(const mig_error *what, bool failed, void *context, mig_error *err)
{
    mig__run *run = context;
    (void)err;
    mig__run_problem(run, NULL, 0, failed, what);
    return 0;
}

static const mig__state_folder *recorded(const mig__state_folder *folders, size_t count, const char *source)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(folders[i].source, source) == 0) {
            return &folders[i];
        }
    }
    return NULL;
}

static int take_record(mig__folder_job *job, const mig__state_folder *record, mig_error *err)
{
    if (record != NULL) {
        job->record = *record;
    }
    job->record.source = mig__strdup(job->source->wire);
    job->record.target = mig__strdup(job->target);
    job->record.source_mailbox_id = mig__strdup(record != NULL ? record->source_mailbox_id : NULL);
    job->record.target_mailbox_id = mig__strdup(record != NULL ? record->target_mailbox_id : NULL);
    job->record.trouble = mig__strdup(record != NULL ? record->trouble : NULL);
    return job->record.source == NULL || job->record.target == NULL ? mig_error_set(err, MIG_E_NOMEM, "out of memory")
                                                                    : 0;
}

/* A mailbox that breaks each connection that asks about it, or is put off beyond the patience: the others go on. */
static void leave_alone(mig__run *run, mig__folder_job *job)
{
    mig_error error;
    const mig__mailbox *closes = job->source->closes ? job->source : job->existing;
    mig_error_set(&error, MIG_E_CLOSED, "'%s' was left out, since the %s does not answer about it: %s",
                  job->source->name, closes == job->source ? "source" : "target",
                  closes->problem != NULL ? closes->problem : "");
    error.scope = MIG_SCOPE_FOLDER;
    mig_error_hint(&error, "rename the folder on the server, or leave it out with --exclude");
    mig__lanes_break(run, job, &error);
}

/* One entry of the map becomes a job. */
static int make_job(mig__run *run, mig__folder_job *job, const mig__map_entry *entry, const mig__state_folder *folders,
                    size_t folder_count, mig_error *err)
{
    mig_folder_result *result = job->result;
    job->source = &run->sides[MIG_SOURCE].mailboxes.items[entry->source];
    job->role = entry->role;
    result->source = mig__strdup(job->source->name);
    result->role = entry->role;
    const mig__state_folder *record = recorded(folders, folder_count, job->source->wire);
    if (entry->target == NULL) {
        result->target = mig__strdup("");
        if (!entry->left_out_by_rule && entry->note != NULL) {
            list_note(run, job->source, MIG_E_NAME, entry->note);
        }
        return result->source == NULL || result->target == NULL ? mig_error_set(err, MIG_E_NOMEM, "out of memory") : 0;
    }
    const mig__mailbox *before = record == NULL || mig__rename_parked(record->target)
                                     ? NULL
                                     : mig__mailbox_alike(&run->sides[MIG_TARGET].mailboxes, record->target);
    if (before != NULL) { /* where it went before goes on there, whatever the map says now, by the name it has there */
        job->target = mig__strdup(before->wire);
    } else {
        job->target = mig__sides_wire(entry, &run->sides[MIG_TARGET].mailboxes, run->sides[MIG_TARGET].utf8);
    }
    if (job->target == NULL) {
        mig_error error;
        mig_error_set(&error, MIG_E_NAME, "the name '%s' cannot be written on the target", entry->target);
        mig_error_hint(&error, "give it another one with --map");
        mig__result_problem(run->account, job->source->name, 0, true, &error);
        result->target = mig__strdup("");
        return result->target == NULL ? mig_error_set(err, MIG_E_NOMEM, "out of memory") : 0;
    }
    result->target = mig__sides_decoded(job->target);
    job->existing = mig__mailbox_alike(&run->sides[MIG_TARGET].mailboxes, job->target);
    job->copy = entry->selectable && mig__sides_selectable(job->source);
    if (entry->note != NULL) {
        list_note(run, job->source, MIG_E_NAME, entry->note);
    }
    if (job->copy && (job->source->closes || (job->existing != NULL && job->existing->closes))) {
        leave_alone(run, job);
    }
    if (result->target == NULL) {
        return mig_error_set(err, MIG_E_NOMEM, "out of memory");
    }
    bool renamed = before != NULL && strcmp(before->wire, record->target) != 0;
    return take_record(job, record, err) != 0 ? -1
           : renamed && !run->options->dry_run
               ? mig__state_folder_put(run->state, run->state_account, &job->record, err)
               : 0;
}

static void mark_shared(mig__run *run)
{
    for (size_t i = 0; i < run->job_count; i++) {
        run->jobs[i].lead = run->jobs[i].copy ? &run->jobs[i] : NULL;
        for (size_t j = i; run->jobs[i].copy && j-- > 0;) {
            if (run->jobs[j].copy && strcmp(run->jobs[i].target, run->jobs[j].target) == 0) {
                run->jobs[i].shared = run->jobs[j].shared = true;
                run->jobs[i].lead = &run->jobs[j]; /* the last to be found is the first one */
            }
        }
    }
}

/* What is not told is not "none". */
static void list_unsubscribed(mig__run *run)
{
    mig_error error;
    if (run->sides[MIG_SOURCE].mailboxes.no_subscriptions != NULL && run->job_count > 0) {
        mig_error_set(&error, MIG_E_NO,
                      "the source does not tell which folders are subscribed: none is on the target: %s",
                      run->sides[MIG_SOURCE].mailboxes.no_subscriptions);
        mig__result_problem(run->account, "INBOX", 0, false, &error);
    }
}

int mig__lists_map(mig__run *run, mig_error *err)
{
    int failed = -1;
    mig__map map = {0};
    mig__state_folder *folders = NULL;
    size_t folder_count = 0;
    const mig_copy_options *options = run->options;
    const mig__profile *from = &run->sides[MIG_SOURCE].profile;
    const mig__map_rules rules = mig__pair_rules(&options->selection);
    mig__labels_free(&run->labels);
    if (mig__pair_map(run->sides, &options->selection, &map, err) != 0 ||
        mig__labels_make(&run->labels, &map, &run->sides[MIG_SOURCE].mailboxes, err) != 0 ||
        mig__state_folders(run->state, run->state_account, &folders, &folder_count, err) != 0) {
        goto cleanup;
    }
    free(run->account->folders);
    run->jobs = calloc(map.count > 0 ? map.count : 1, sizeof *run->jobs);
    run->account->folders = calloc(map.count > 0 ? map.count : 1, sizeof *run->account->folders);
    if (run->jobs == NULL || run->account->folders == NULL) {
        mig_error_set(err, MIG_E_NOMEM, "out of memory");
        goto cleanup;
    }
    run->job_count = run->account->folder_count = map.count;
    if (mig__lanes_begin(run, err) != 0) {
        goto cleanup;
    }
    if (mig__notice_lists(&run->sides[MIG_SOURCE].mailboxes, &run->sides[MIG_TARGET].mailboxes, &rules, take_notice,
                          run, err) != 0) {
        goto cleanup;
    }
    for (size_t i = 0; i < map.count; i++) {
        run->jobs[i].result = &run->account->folders[i]; /* of all of them, whatever fails below */
        run->jobs[i].choice.rest = map.entries[i].rest;
        if (from->labels && options->selection.labels == MIG_LABELS_FIRST && !map.entries[i].rest) {
            run->jobs[i].choice = (mig__label_choice){.before = &run->labels, .place = i};
        }
    }
    for (size_t i = 0; i < map.count; i++) {
        if (make_job(run, &run->jobs[i], &map.entries[i], folders, folder_count, err) != 0) {
            goto cleanup;
        }
    }
    mark_shared(run);
    list_unsubscribed(run);
    failed = 0;
cleanup:
    mig__map_free(&map);
    mig__state_folders_free(&folders, folder_count);
    return failed;
}

/* ---- checks ---- */

/* Is the source still the one that was copied from? Then the checks of a first run have passed. */
static bool known_source(const mig__run *run, const mig__state_folder *folders, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const mig__mailbox *listed = mig__mailbox_find(&run->sides[MIG_SOURCE].mailboxes, folders[i].source);
        if (listed != NULL && listed->uidvalidity != 0 && listed->uidvalidity == folders[i].source_uidvalidity) {
            return true;
        }
    }
    return false;
}

int mig__lists_check(mig__run *run, mig__session *source, mig__session *target, mig_error *err)
{
    mig__session *const sessions[2] = {source, target};
    mig__state_folder *folders = NULL;
    size_t count = 0;
    if (run->options->force) {
        return 0;
    }
    if (mig__state_folders(run->state, run->state_account, &folders, &count, err) != 0) {
        return -1;
    }
    bool known = known_source(run, folders, count);
    mig__state_folders_free(&folders, count);
    return mig__pair_check(run->sides, sessions, known, count > 0, err);
}
