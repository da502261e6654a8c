/* copy/later.c - see later.h */
#include "copy/later.h"
#include "account/junk.h"
#include "mail/flags.h"
#include "reading/scan.h"

typedef struct asking { /* which messages of a folder have the keyword */
    mig__folder_job *job;
    mig__uidset found;
} asking;

static int ask(mig__session *session, void *context, mig_error *err)
{
    asking *a = context;
    mig__selected now = {0};
    mig__scan scan = {
        .mailbox = a->job->source->wire, .criteria = "KEYWORD " MIG__JUNK_KEYWORD, .now = &now, .found = &a->found};
    int outcome = mig__scan_send(session, &scan, err);
    outcome = outcome != 0 ? outcome : mig__scan_wait(session, &scan, err);
    outcome = outcome != 0 ? outcome : mig__scan_complete(session, &scan, err);
    if (outcome == 0 && now.uidvalidity != a->job->snapshot.uidvalidity) {
        mig__uidset_clear(&a->found); /* the readers meet the other mailbox, and say so */
    }
    mig__selected_free(&now);
    return outcome;
}

/* What of the job's messages is among those that were found goes from `todo` to `later`. */
static int put_off(mig__run *run, mig__folder_job *job, const mig__uidset *junk, mig_error *err)
{
    mig__uidset rest = MIG__UIDSET_INIT;
    pthread_mutex_lock(&run->lock);
    int failed = mig__uidset_copy(&rest, &job->reading.todo, err);
    failed = failed != 0 ? failed : mig__uidset_subtract(&rest, junk, err);
    failed = failed != 0 ? failed : mig__uidset_copy(&job->later, &job->reading.todo, err);
    failed = failed != 0 ? failed : mig__uidset_subtract(&job->later, &rest, err);
    if (failed == 0) {
        mig__uidset_free(&job->reading.todo);
        job->reading.todo = rest;
        rest = (mig__uidset)MIG__UIDSET_INIT;
    }
    pthread_mutex_unlock(&run->lock);
    mig__uidset_free(&rest);
    return failed;
}

/* A folder that cannot be asked keeps its order: nothing is left out by that. */
static int choose(mig__run *run, mig__folder_job *job, mig__session **source, mig_error *err)
{
    asking a = {job, MIG__UIDSET_INIT};
    int outcome = 0;
    if (mig__junk_folder(job->source)) {
        return put_off(run, job, &job->reading.todo, err);
    }
    if (!mig__flags_has((const char *const *)job->snapshot.flags, MIG__JUNK_KEYWORD)) {
        return 0;
    }
    outcome = mig__gate_ask(&run->sides[MIG_SOURCE].gate, source, ask, &a, err);
    outcome = outcome == 0 ? put_off(run, job, &a.found, err) : outcome < 0 ? -1 : 0;
    mig__uidset_free(&a.found);
    return outcome;
}

int mig__later_choose(mig__run *run, mig__session **source, mig_error *err)
{
    if (run->options->selection.junk.what != MIG_JUNK_LAST) {
        return 0;
    }
    for (size_t i = 0; i < run->job_count && !mig__run_stopping(run); i++) {
        mig__folder_job *job = &run->jobs[i];
        if (job->copy && !job->broken && job->reading.todo.count > 0 && choose(run, job, source, err) != 0) {
            return -1;
        }
    }
    return 0;
}

bool mig__later_begin(mig__run *run)
{
    bool any = false;
    pthread_mutex_lock(&run->lock);
    for (size_t i = 0; i < run->job_count; i++) {
        mig__folder_job *job = &run->jobs[i];
        if (job->later.count > 0 && !job->broken && job->reading.todo.count == 0) {
            mig__uidset_free(&job->reading.todo);
            job->reading.todo = job->later;
            job->later = (mig__uidset)MIG__UIDSET_INIT;
            any = true;
        }
    }
    pthread_mutex_unlock(&run->lock);
    return any;
}
