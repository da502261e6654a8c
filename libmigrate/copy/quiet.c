/* copy/quiet.c - see quiet.h */
#include "copy/quiet.h"
#include "account/listing.h"
#include "base/clock.h"

bool mig__quiet_same(const mig__mailbox *then, const mig__mailbox *now)
{
    return then->has_status && now->has_status && then->uidvalidity == now->uidvalidity &&
           then->uidnext == now->uidnext && then->messages == now->messages && then->modseq == now->modseq &&
           then->unseen == now->unseen;
}

/* What was scanned after the first list counts as of the scan. */
static bool same_as_copied(const mig__folder_job *job, const mig__mailbox *now)
{
    mig__mailbox then = *job->source;
    if (job->scanned) {
        then.uidvalidity = job->snapshot.uidvalidity != 0 ? job->snapshot.uidvalidity : then.uidvalidity;
        then.uidnext = job->snapshot.uidnext != 0 ? job->snapshot.uidnext : then.uidnext;
        then.messages = job->snapshot.exists;
        then.modseq = job->snapshot.modseq != 0 ? job->snapshot.modseq : then.modseq;
        then.unseen = then.modseq != 0 ? now->unseen : then.unseen; /* the modification sequence tells more */
    }
    return mig__quiet_same(&then, now);
}

void mig__quiet_check(mig__run *run, mig__session **session)
{
    mig_error error = MIG_ERROR_INIT;
    mig__mailbox_list now = {0};
    int64_t asked = mig__wall_seconds();
    mig__gate *gate = &run->sides[MIG_SOURCE].gate;
    if (*session == NULL) {
        *session = mig__gate_open(gate, MIG__PATIENCE_AGAIN, &error);
    }
    if (*session == NULL || mig__listing(gate, session, true, &run->options->selection, &now, &error) != 0) {
        mig__run_log(run, MIG_LOG_INFO, NULL, 0, &error, "whether the source was quiet is not known: %s", error.text);
        return;
    }
    size_t before = run->sides[MIG_SOURCE].mailboxes.count;
    uint64_t stirred = now.count > before ? now.count - before : 0;
    for (size_t i = 0; i < run->job_count; i++) {
        const mig__folder_job *job = &run->jobs[i];
        const mig__mailbox *mailbox = job->copy ? mig__mailbox_find(&now, job->source->wire) : NULL;
        stirred += job->copy && (mailbox == NULL || !same_as_copied(job, mailbox));
    }
    mig__mailbox_list_free(&now);
    run->account->quiet = stirred == 0 ? MIG_QUIET_YES : MIG_QUIET_NO;
    run->account->stirred = stirred;
    run->account->as_of = asked;
}
