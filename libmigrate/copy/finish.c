#include "copy/finish.h"

static uint64_t settled(const mig_folder_result *r)
{
    return r->copied + r->adopted + r->already + r->moved + r->skipped + r->failed;
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
    job->record.target_uidnext = job->uidnext;
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
        if (!stopped && job->copy) {
            count_broken(job);
        }
        if (recording && record_complete(run, job, stopped, &error) != 0) {
            mig__run_fail(run, &error);
            stopped = true;
            recording = false;
        }
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
