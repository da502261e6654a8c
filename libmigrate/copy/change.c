/* copy/change.c - see change.h */
#include "copy/change.h"

int mig__change_open(mig__session *session, const mig__folder_job *job, mig_error *err)
{
    mig__selected again = {0};
    int outcome = mig__command_outcome(session, mig__select(session, job->target, false, &again, err), err);
    if (outcome == 0 && again.uidvalidity != job->goal.uidvalidity) {
        mig_error_set(err, MIG_E_UIDVALIDITY, "the mailbox '%s' was replaced on the target", job->result->target);
        outcome = 1;
    }
    mig__selected_free(&again);
    return outcome;
}

mig__command *mig__change_send(mig__session *session, const mig__uidset *uids, const char *words, mig_error *err)
{
    const mig__uid_command change = {.words = "UID STORE", .uids = uids, .more = words};
    return mig__command_on_uids(session, &change, NULL, NULL, err);
}

void mig__change_tell_others(mig__run *run, mig__folder_job *job, const mig__uidset *others, const char *what)
{
    mig_error why;
    mig_error_set(&why, MIG_E_GONE,
                  "%llu message%s of '%s' on the target %s not what was copied there (the first has the UID %u): %s",
                  (unsigned long long)mig__uidset_size(others), mig__uidset_size(others) == 1 ? "" : "s",
                  job->result->target, mig__uidset_size(others) == 1 ? "is" : "are", others->ranges[0].first, what);
    mig_error_hint(&why, "`mailmigrate verify` says what became of them");
    mig__run_problem(run, job, 0, true, &why);
    job->filtered = true; /* not complete: looked at again by the next run */
}
