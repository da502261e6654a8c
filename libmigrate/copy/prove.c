/* copy/prove.c - see prove.h */
#include "copy/prove.h"
#include "copy/progress.h"
#include "imap/digests.h"

enum { ATTEMPTS = 3 }; /* connections in a row that brought nothing */

typedef struct proof {
    mig__run *run;
    mig__folder_job *job;
    mig__uidset left; /* on the source */
    uint64_t read;    /* over this connection */
} proof;

static bool looked_at(const mig__run *run, const mig__folder_job *job)
{
    bool wanted = run->options->adopt_read || !job->unchanged;
    return job->copy && !job->broken && job->record.id != 0 && wanted;
}

/* Into the row of the message, whatever else is in it. */
static int record(mig__run *run, int64_t folder, uint32_t uid, const mig__message_digest *digest, mig_error *err)
{
    mig__message message;
    int found = mig__state_message_by_uid(run->state, folder, uid, &message, err);
    if (found <= 0) {
        return found;
    }
    message.has_digest = true;
    message.digest = *digest;
    int failed =
        message.state == MIG__MESSAGE_ADOPTED ? mig__state_message_adopt(run->state, folder, &message, err) : 0;
    mig__message_clear(&message);
    return failed;
}

static int on_digest(const mig__fetch_item *item, const mig__message_digest *digest, void *context, mig_error *err)
{
    proof *p = context;
    mig__run *run = p->run;
    mig__uidset one = MIG__UIDSET_INIT;
    if (mig__run_stopping(run)) {
        return mig_error_set(err, MIG_E_INTERRUPTED, "stopped");
    }
    if (!mig__uidset_has(&p->left, item->uid)) {
        return 0;
    }
    int failed = mig__uidset_add(&one, item->uid, item->uid, err);
    failed = failed != 0 ? failed : mig__uidset_subtract(&p->left, &one, err);
    mig__uidset_free(&one);
    failed = failed != 0 ? failed : record(run, p->job->record.id, item->uid, digest, err);
    p->read++;
    p->job->result->adopted_read++;
    pthread_mutex_lock(&run->lock);
    run->current = p->job;
    run->messages_done++;
    pthread_mutex_unlock(&run->lock);
    mig__run_progress(run);
    mig__run_show_often(run);
    return failed;
}

/* 0; 1: the server refuses (`err`); -1: the session failed. */
static int read_folder(proof *p, mig__session *session, mig_error *err)
{
    mig__selected now = {0};
    mig_error why;
    mig__uidset uids = MIG__UIDSET_INIT;
    const mig__folder_job *job = p->job;
    int failed = mig__command_settle(session, mig__select(session, job->source->wire, true, &now, err), &why, err);
    uint32_t expected = job->scanned ? job->snapshot.uidvalidity : job->record.source_uidvalidity;
    if (failed == 0 && why.code == MIG_OK && now.uidvalidity != expected) {
        mig_error_set(&why, MIG_E_UIDVALIDITY, "the mailbox '%s' was replaced on the source", job->source->name);
    }
    mig__selected_free(&now);
    if (failed == 0 && why.code != MIG_OK) {
        *err = why;
        return 1;
    }
    failed = failed != 0 ? failed : mig__uidset_copy(&uids, &p->left, err); /* the handler takes out of `left` */
    failed = failed != 0 ? failed : mig__fetch_digests(session, &uids, MIG__FETCH_BODY, on_digest, p, err);
    mig__uidset_free(&uids);
    return failed;
}

/* What is left of a folder is not proven: told, and asked for again by the next run. */
static void tell_left(proof *p, const mig_error *why)
{
    mig_error error = *why;
    p->job->filtered = true;
    if (why->code == MIG_E_INTERRUPTED) {
        return;
    }
    if (why->code == MIG_OK) {
        mig_error_set(&error, MIG_E_NOT_SENT, "the source does not give them");
    }
    mig_error_context(&error, "%llu messages of '%s' were on the target before and could not be read on the source",
                      (unsigned long long)mig__uidset_size(&p->left), p->job->source->name);
    mig__run_problem(p->run, p->job, 0, false, &error);
}

static int prove_folder(proof *p, mig__session **session, mig_error *err)
{
    mig__gate *gate = &p->run->sides[MIG_SOURCE].gate;
    mig_error why = MIG_ERROR_INIT;
    for (int attempt = 0; attempt < ATTEMPTS && p->left.count > 0 && !mig__run_stopping(p->run);) {
        p->read = 0;
        if (*session == NULL && (*session = mig__gate_open(gate, MIG__PATIENCE_AGAIN, &why)) == NULL) {
            break;
        }
        int outcome = read_folder(p, *session, &why);
        if (outcome >= 0) {
            break; /* all that the server gives, or a refusal */
        }
        if (why.scope == MIG_SCOPE_RUN && why.code != MIG_E_INTERRUPTED) {
            *err = why;
            return -1;
        }
        mig__gate_close(gate, session);
        attempt = p->read > 0 ? 0 : attempt + 1;
    }
    if (p->left.count > 0) {
        tell_left(p, &why);
    }
    return 0;
}

int mig__prove_adopted(mig__run *run, mig_error *err)
{
    mig__session *session = NULL;
    int failed = 0;
    if (run->options->adopt_unread) {
        return 0;
    }
    for (size_t i = 0; failed == 0 && i < run->job_count && !mig__run_stopping(run); i++) {
        proof p = {.run = run, .job = &run->jobs[i], .left = MIG__UIDSET_INIT};
        if (!looked_at(run, p.job)) {
            continue;
        }
        failed = mig__state_unproven(run->state, p.job->record.id, &p.left, err);
        failed = failed != 0 ? failed : mig__uidset_subtract(&p.left, &p.job->vanished, err);
        if (failed == 0 && p.left.count > 0) {
            pthread_mutex_lock(&run->lock);
            run->messages_total += mig__uidset_size(&p.left);
            pthread_mutex_unlock(&run->lock);
            mig__run_phase(run, "reading what was there");
            failed = prove_folder(&p, &session, err);
        }
        mig__uidset_free(&p.left);
    }
    mig__gate_close(&run->sides[MIG_SOURCE].gate, &session);
    return failed;
}
