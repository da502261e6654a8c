#include "copy/finish.h"
#include "copy/owed.h"

static uint64_t settled(const mig_folder_result *r)
{
    return r->copied + r->adopted + r->already + r->moved + r->skipped + r->gone + r->failed;
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
    mig_error_hint(&why, "somebody may have deleted or moved them there on purpose; `mailmigrate verify` names them");
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

void mig__finish_folders(mig__run *run)
{
    mig_error error;
    bool stopped = run->fatal.code != MIG_OK;
    bool recording = !stopped || run->fatal.code == MIG_E_INTERRUPTED; /* else the state may be what failed */
    for (size_t i = 0; i < run->job_count; i++) {
        mig__folder_job *job = &run->jobs[i];
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
    if (stopped) {
        run->account->error = run->fatal;
        count_left(run);
    }
}

int mig__finish_record(mig__run *run, mig_error *err)
{
    uint64_t copied = 0, failed = 0, octets = run->account_octets;
    for (size_t i = 0; i < run->job_count; i++) {
        copied += run->jobs[i].result->copied;
        failed += run->jobs[i].result->failed;
    }
    return mig__state_run_end(run->state, run->state_run, mig_status_name(run->account->status), copied, failed, octets,
                              err);
}
