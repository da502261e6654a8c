/* copy/uids.c - whether the UIDs that a target tells for new messages can be believed */
#include "copy/uids.h"
#include "copy/contest.h"
#include <string.h>

bool mig__uids_credible(const uint32_t *uids, size_t count, uint32_t bound, const mig__uidset *given)
{
    uint32_t before = 0;
    for (size_t i = 0; i < count; i++) {
        if (uids[i] == 0) {
            continue;
        }
        /* In ascending order (RFC 3501 section 2.3.1.1), so that one message's UID can not come twice. */
        if (uids[i] < bound || uids[i] <= before || uids[i] == UINT32_MAX || mig__uidset_has(given, uids[i])) {
            return false;
        }
        before = uids[i];
    }
    return true;
}

int mig__uids_note(mig__folder_job *job, uint32_t uid, mig_error *err)
{
    mig__folder_job *lead = job->lead != NULL ? job->lead : job;
    if (uid == 0 || mig__uidset_has(&lead->given, uid)) {
        return 0;
    }
    return mig__uidset_remove(&lead->others, uid, err) != 0 ? -1 : mig__uidset_add(&lead->given, uid, uid, err);
}

int mig__uids_take(mig__run *run, mig__folder_job *job, uint32_t bound, uint32_t *uids, size_t count, mig_error *err)
{
    mig__folder_job *lead = job->lead != NULL ? job->lead : job;
    int failed = 0;
    uint32_t highest = 0;
    pthread_mutex_lock(&run->lock);
    bool credible = mig__uids_credible(uids, count, bound, &lead->given), first = !credible && !lead->doubted;
    lead->doubted = lead->doubted || !credible;
    if (!credible) {
        memset(uids, 0, count * sizeof *uids);
    }
    for (size_t i = 0; failed == 0 && i < count; i++) {
        failed = mig__uids_note(lead, uids[i], err);
        highest = uids[i] > highest ? uids[i] : highest;
    }
    mig__contest_note(run, lead, highest);
    pthread_mutex_unlock(&run->lock);
    if (first) {
        mig__run_log(run, MIG_LOG_WARNING, job, 0, NULL,
                     "the target tells UIDs for new messages that cannot be theirs: matched by content instead");
    }
    return failed;
}
