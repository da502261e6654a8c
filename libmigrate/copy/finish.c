/* copy/finish.c - the end of a run: which folders are complete, what is left, the record of the run */
#include "copy/finish.h"
#include "account/junk.h"
#include "base/memory.h"
#include "copy/owed.h"
#include <stdio.h>
#include <stdlib.h>

static uint64_t settled(const mig_folder_result *r)
{
    return r->copied + r->adopted + r->already + r->moved + r->skipped + r->gone + r->failed + r->withheld;
}

/*
 * A folder is complete when all of it is settled and nothing failed: then its numbers tell "nothing new" next time. In
 * a run that was stopped what is gone from the source was not dealt with yet.
 */
static int record_complete(mig__run *run, mig__folder_job *job, bool stopped, mig_error *err)
{
    if (!job->scanned || job->broken || job->filtered || job->result->failed > 0 ||
        settled(job->result) < job->result->messages || job->flag_change_count > 0 ||
        (stopped && job->vanished.count > 0)) {
        return 0;
    }
    job->record.source_uidnext = job->snapshot.uidnext;
    job->record.source_messages = job->snapshot.exists;
    job->record.source_modseq = job->snapshot.modseq;
    if (!job->counted) { /* else it is as of the look at the end */
        job->record.target_uidnext = job->uidnext;
    }
    return mig__state_folder_put(run->state, run->state_account, &job->record, err);
}

static void count_broken(mig__folder_job *job)
{
    mig_folder_result *r = job->result;
    if (job->broken && r->messages == 0) {
        r->messages = job->source->messages;
    }
    if (job->broken && r->messages > settled(r)) {
        r->failed += r->messages - settled(r);
    }
}

typedef struct unseen {
    const mig__run *run;
    mig_folder_result *result;
} unseen;

/* Sent, answered with OK, its UID not told, and not found yet: that is not "copied". */
static int uncount_unseen(const mig__message *message, void *context)
{
    unseen *u = context;
    if (message->id > u->run->first_row && message->state == MIG__MESSAGE_COPIED && u->result->copied > 0) {
        u->result->copied--;
        u->result->bytes -= message->digest.octets < u->result->bytes ? message->digest.octets : u->result->bytes;
    }
    return 0;
}

static void list_gone(mig__run *run, mig__folder_job *job)
{
    mig_error why;
    mig_folder_result *r = job->result;
    mig_error_set(&why, MIG_E_GONE,
                  "%llu message%s copied by an earlier run %s gone from '%s' on the target since: not sent again",
                  (unsigned long long)r->gone, r->gone == 1 ? "" : "s", r->gone == 1 ? "is" : "are", r->target);
    mig_error_hint(&why, "somebody may have deleted or moved them there on purpose; `mailmigrate verify` names them, "
                         "`mailmigrate copy --mend` sends them again");
    mig__run_problem(run, job, 0, false, &why);
}

/* What is known to be gone from the target is not "already there". */
static int count_gone(mig__run *run, mig__folder_job *job, mig_error *err)
{
    mig__state_counts counts;
    mig_folder_result *r = job->result;
    unseen u = {run, r};
    if (!job->copy || job->record.id == 0 || run->options->dry_run) {
        return 0;
    }
    if (mig__state_count(run->state, job->record.id, &counts, err) != 0 ||
        (counts.unplaced > 0 && mig__state_unplaced(run->state, job->record.id, uncount_unseen, &u, err) != 0)) {
        return -1;
    }
    r->gone = counts.gone < r->already ? counts.gone : r->already;
    r->already -= r->gone;
    if (r->gone > 0) {
        list_gone(run, job);
    }
    return 0;
}

/* What is left of a run that was stopped; the octets by the average of what was copied. */
static void count_left(mig__run *run)
{
    mig_totals *totals = &run->result->totals;
    uint64_t copied = 0;
    for (size_t i = 0; i < run->job_count; i++) {
        const mig_folder_result *r = run->jobs[i].result;
        totals->left_messages += r->messages > settled(r) ? r->messages - settled(r) : 0;
        copied += r->copied;
    }
    totals->left_bytes = copied > 0 ? totals->left_messages * (run->account_octets / copied) : 0;
}

/* ---- what was wanted ---- */

static uint64_t left_of(const mig_folder_result *r)
{
    return r->messages > settled(r) ? r->messages - settled(r) : 0;
}

void mig__finish_expect(mig__folder_job *job)
{
    uint64_t gone = mig__uidset_size(&job->vanished);
    free(job->record.trouble);
    job->record.trouble = NULL;
    job->record.wanted = (job->known > gone ? job->known - gone : 0) + mig__uidset_size(&job->reading.todo);
}

/*
 * How many messages of the source the state has to have a row of, so that a verification knows what was not copied:
 * those it has, and those that are left. Of a folder that could not be looked at the source's own count has to do.
 */
static uint64_t wanted(const mig__run *run, const mig__folder_job *job, uint64_t rows)
{
    const mig_selection *selection = &run->options->selection;
    bool all = selection->since == NULL && selection->before == NULL && selection->max_size == 0 &&
               !mig__junk_narrows(selection) && mig__labels_everything(&job->choice);
    if (job->scanned) {
        return rows + left_of(job->result);
    }
    if (!all || !job->source->has_status) {
        return job->record.wanted;
    }
    return job->source->messages > rows ? job->source->messages : rows;
}

/* Before the messages of a broken folder count as failed. `why`: what ended the account; code MIG_OK: nothing. */
static int record_wanted(mig__run *run, mig__folder_job *job, const mig_error *why, mig_error *err)
{
    char line[MIG_ERROR_TEXT + MIG_ERROR_SERVER + MIG_ERROR_HINT];
    mig__state_counts counts = {0};
    if (!job->copy || job->unchanged || job->record.source == NULL) {
        return 0;
    }
    if (job->record.id != 0 && mig__state_count(run->state, job->record.id, &counts, err) != 0) {
        return -1;
    }
    uint64_t rows = counts.copied + counts.adopted + counts.failed + counts.intent + counts.withheld;
    bool blind = job->broken && !job->scanned && !job->source->has_status;
    const mig_error *trouble = job->broken ? job->error : why;
    job->record.wanted = wanted(run, job, rows);
    free(job->record.trouble);
    job->record.trouble = NULL;
    if (trouble->code != MIG_OK && (job->record.wanted > rows || blind)) {
        job->record.trouble = mig__strdup(mig_error_line(trouble, line, sizeof line));
    }
    return mig__state_folder_put(run->state, run->state_account, &job->record, err);
}

/* ---- the end ---- */

void mig__finish_folders(mig__run *run)
{
    mig_error error;
    bool stopped = run->fatal.code != MIG_OK;
    const mig_error why = run->fatal;
    bool recording = !stopped || why.code == MIG_E_INTERRUPTED;
    bool writing = run->state_run > 0 && (recording || why.scope != MIG_SCOPE_RUN); /* else the state may have failed */
    for (size_t i = 0; i < run->job_count; i++) {
        mig__folder_job *job = &run->jobs[i];
        if (writing && record_wanted(run, job, &why, &error) != 0) {
            mig__run_fail(run, &error);
            stopped = true;
            recording = writing = false;
        }
        if (recording && count_gone(run, job, &error) != 0) {
            mig__run_fail(run, &error);
            stopped = true;
            recording = false;
        }
        if (!stopped && job->copy) {
            count_broken(job);
        }
        if (recording && record_complete(run, job, stopped, &error) != 0) {
            mig__run_fail(run, &error);
            stopped = true;
            recording = false;
        }
    }
    if (recording && run->state != NULL && mig__owed_list(run, &error) != 0) {
        mig__run_fail(run, &error);
        stopped = true;
    }
    mig__notes_list(run);
    if (stopped) {
        run->account->error = run->fatal;
        run->account->stopped = run->fatal.code == MIG_E_INTERRUPTED ? run->stopped : MIG_STOPPED_NOT;
    }
    if (stopped || run->options->dry_run) {
        count_left(run);
    }
}

int mig__finish_record(mig__run *run, mig_error *err)
{
    uint64_t copied = 0, failed = 0, mended = 0, octets = run->account_octets;
    char text[24];
    for (size_t i = 0; i < run->job_count; i++) {
        copied += run->jobs[i].result->copied;
        failed += run->jobs[i].result->failed;
        mended += run->jobs[i].result->mended;
    }
    snprintf(text, sizeof text, "%llu", (unsigned long long)mended);
    if (mended > 0 && mig__state_event(run->state, run->state_run, "mended", 0, text, err) != 0) {
        return -1;
    }
    return mig__state_run_end(run->state, run->state_run, mig_status_name(run->account->status), copied, failed, octets,
                              err);
}
