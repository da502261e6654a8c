/*
 * copy/move.c - a message that moved to another folder on the source is moved on the target as well, not sent again
 */
#include "copy/move.h"
#include "base/crashpoint.h"
#include "base/retry.h"
#include "copy/delta.h"
#include "copy/prepare.h"
#include "copy/reconcile.h"
#include "copy/same.h"
#include "copy/settle.h"
#include "copy/uids.h"
#include "imap/append.h"
#include <string.h>

typedef struct moving {
    mig__run *run;
    mig__session *session;
    mig__folder_job *job;
    const mig__known_entry *entry;
    mig__uidset uid;  /* the message, in the mailbox that it leaves */
    uint32_t uidnext; /* of the mailbox that it goes to, before the move */
    const char **opened;
    unsigned put_off; /* times that the server did */
    uint32_t uid_on_source;
    mig_error why;   /* the last refusal for good; MIG_OK: none */
    uint32_t copied; /* new UID from an untagged COPYUID: MOVE tells it so (RFC 6851 section 4.3) */
} moving;

static int on_moved(const mig__response *response, void *context, mig_error *err)
{
    moving *m = context;
    (void)err;
    if (response->kind == MIG__RESPONSE_OK && response->code == MIG__CODE_COPYUID &&
        response->number == m->job->goal.uidvalidity) {
        mig__append_uids(response->uid_text, &m->copied, 1);
    }
    return 0;
}

/* To be asked again, after a pause, as long as there is patience. */
static bool is_put_off(moving *m, const mig_error *why)
{
    return mig__retry_wanted(why) && !mig__run_stopping(m->run) && mig__run_wait(m->run, MIG_TARGET, why, ++m->put_off);
}

/*
 * Wait for a command; `taken` tells whether it was OK, *uid the new UID if COPYUID told one. What the server puts off
 * is waited for as long as there is patience, and 1 says to send it again: to send the message instead would double it.
 */
static int wait_taken(moving *m, mig__command *command, bool *taken, uint32_t *uid, mig_error *err)
{
    mig__command_result result = {0};
    if (command == NULL || mig__command_wait(m->session, command, &result, err) != 0) {
        return -1;
    }
    *taken = result.error.code == MIG_OK;
    if (!*taken && is_put_off(m, &result.error)) {
        mig__command_result_clear(&result);
        return 1;
    }
    m->why = result.error;
    if (uid != NULL && result.uidvalidity == m->job->goal.uidvalidity) {
        mig__append_uids(result.uid_text, uid, 1);
    }
    mig__command_result_clear(&result);
    return 0;
}

static mig__command *send_uids(moving *m, const char *words, const char *mailbox, const char *more, mig_error *err)
{
    const mig__uid_command about = {.words = words,
                                    .uids = &m->uid,
                                    .mailbox = mailbox,
                                    .more = more,
                                    .needs = strcmp(words, "UID MOVE") == 0 ? MIG__CAP_MOVE : 0};
    return mig__command_on_uids(m->session, &about, on_moved, m, err);
}

/* 0, also when it was refused for good (m->why); -1. */
static int change_left(moving *m, const char *words, const char *more, mig_error *err)
{
    bool ignored;
    int again;
    do {
        again = wait_taken(m, send_uids(m, words, NULL, more, err), &ignored, NULL, err);
    } while (again > 0);
    return again;
}

/* It was copied, and the old one cannot be taken away: that is said, for it is there twice now. */
static void tell_twice(moving *m)
{
    mig_error error = m->why;
    mig_error_context(&error,
                      "message %u of '%s' was moved there on the source; on the target it is in '%s' as well, "
                      "which does not let it be removed",
                      m->uid_on_source, m->job->source->name, m->entry->target);
    mig__run_problem(m->run, m->job, m->uid_on_source, true, &error);
}

static int remove_left(moving *m, mig_error *err)
{
    if (change_left(m, "UID STORE", "+FLAGS.SILENT (\\Deleted)", err) != 0) {
        return -1;
    }
    bool flagged = m->why.code == MIG_OK;
    if (flagged && mig__session_can(m->session, MIG__CAP_UIDPLUS) && change_left(m, "UID EXPUNGE", NULL, err) != 0) {
        return -1;
    }
    if (m->why.code != MIG_OK) {
        tell_twice(m);
    }
    return 0;
}

static int open_left(moving *m, bool *opened, mig_error *err)
{
    if (m->opened != NULL && *m->opened != NULL && strcmp(*m->opened, m->entry->target) == 0) {
        *opened = true;
        return 0;
    }
    int again;
    do {
        mig__selected selected = {0};
        again = wait_taken(m, mig__select(m->session, m->entry->target, false, &selected, err), opened, NULL, err);
        mig__selected_free(&selected);
    } while (again > 0);
    if (m->opened != NULL) {
        *m->opened = again == 0 && *opened ? m->entry->target : NULL;
    }
    return again;
}

/*
 * MOVE, or COPY where there is no MOVE or its form is refused. *taken: it was done; *uid: the new UID. MOVE answers OK
 * also when the UID is not there: then there is no COPYUID, and a look at the target tells that the message has to be
 * sent.
 */
static int move(moving *m, const mig__message_digest *digest, uint32_t *uid, bool *taken, mig_error *err)
{
    bool whole;
    int again;
    do {
        whole = mig__session_can(m->session, MIG__CAP_MOVE);
        again =
            wait_taken(m, send_uids(m, whole ? "UID MOVE" : "UID COPY", m->job->target, NULL, err), taken, uid, err);
    } while (again > 0);
    *uid = *uid == 0 && whole ? m->copied : *uid;
    if (again < 0 || mig__uids_take(m->run, m->job, m->uidnext, uid, 1, err) != 0) {
        return -1;
    }
    if (!*taken || (whole && *uid != 0)) {
        return 0;
    }
    if (*uid == 0) { /* it may be there all the same */
        if (m->opened != NULL) {
            *m->opened = NULL; /* the look opens the other mailbox */
        }
        return mig__reconcile_one(m->run, m->session, m->job, m->uidnext, digest, uid, err);
    }
    return remove_left(m, err);
}

/* Nothing is moved that is not what the record says; what is removed by UID EXPUNGE is looked at by its content. */
static int look_at_left(moving *m, bool *same, mig_error *err)
{
    mig__expected expected = {.uid = m->entry->target_uid, .digest = m->entry->digest, .has_digest = true};
    int outcome;
    do {
        outcome = mig__same_check(m->session, &expected, 1, !mig__session_can(m->session, MIG__CAP_MOVE), err);
    } while (outcome > 0 && is_put_off(m, err));
    *same = outcome == 0 && expected.same;
    m->why = outcome > 0 ? *err : (mig_error)MIG_ERROR_INIT;
    return outcome < 0 ? -1 : 0;
}

static int64_t write_intent(moving *m, const mig__transit *message, mig_error *err)
{
    mig__message record = mig__settle_record(message);
    if (m->run->options->flags != MIG_FLAGS_KEEP && !mig__flags_same(m->entry->flags, message->flags)) {
        record.flags = m->entry->flags; /* moving leaves them as they were carried over last */
        if (mig__delta_owe_flags(m->run, m->job, message, err) != 0) {
            return -1;
        }
    }
    return mig__settle_intent(m->run, m->job, &record, 1, 0, &m->uidnext, err);
}

/* It does not count as gone from the folder that it left. [lock] */
static int not_vanished(moving *m, mig_error *err)
{
    mig__uidset gone = MIG__UIDSET_INIT;
    int failed = 0;
    if (m->entry->from != NULL && m->entry->source_uid != 0) {
        failed = mig__uidset_add(&gone, m->entry->source_uid, m->entry->source_uid, err);
        failed = failed != 0 ? failed : mig__uidset_subtract(&m->entry->from->vanished, &gone, err);
    }
    mig__uidset_free(&gone);
    return failed;
}

static int record_moved(moving *m, int64_t batch, uint32_t uid, mig_error *err)
{
    if (mig__state_outcome(m->run->state, batch, &uid, 1, err) != 0 ||
        mig__state_message_forget(m->run->state, m->entry->row, err) != 0) {
        return -1;
    }
    pthread_mutex_lock(&m->run->lock);
    m->job->result->moved++;
    m->job->uidnext = uid >= m->job->uidnext ? uid + 1 : m->job->uidnext;
    int failed = not_vanished(m, err);
    pthread_mutex_unlock(&m->run->lock);
    return failed;
}

/*
 * The target has it, in the folder that it left, and refuses to move it: it stays there, is listed, and the next run
 * tries again. A mailbox that is gone took it along.
 */
static int stay(moving *m, const mig__transit *message, mig__moved *outcome, mig_error *err)
{
    if (m->why.code == MIG_OK || m->why.code == MIG_E_MISSING || m->why.code == MIG_E_UIDVALIDITY) {
        return 0;
    }
    mig_error error = m->why;
    mig_error_context(&error, "it was moved on the source, and the target refuses to move it from '%s'",
                      m->entry->target);
    mig__settle_failed(m->run, m->job, message, &error);
    *outcome = MIG__MOVED_REFUSED;
    pthread_mutex_lock(&m->run->lock);
    int failed = not_vanished(m, err);
    if (m->entry->from != NULL) {
        m->entry->from->filtered = true; /* not complete: the next run sees again that it is gone from there */
    }
    pthread_mutex_unlock(&m->run->lock);
    return failed;
}

int mig__move_on_target(mig__run *run, mig__session *session, mig__folder_job *job, const mig__transit *message,
                        const mig__known_entry *entry, const char **opened, mig__moved *outcome, mig_error *err)
{
    moving m = {.run = run,
                .session = session,
                .job = job,
                .entry = entry,
                .uid = MIG__UIDSET_INIT,
                .uid_on_source = message->uid,
                .why = MIG_ERROR_INIT,
                .opened = opened};
    bool taken = false;
    uint32_t uid = 0;
    *outcome = MIG__MOVED_GONE;
    if (!mig__session_can(session, MIG__CAP_UIDPLUS) || strcmp(entry->target, job->target) == 0) {
        return 0; /* without COPYUID nobody could say whether it moved */
    }
    int failed = mig__uidset_add(&m.uid, entry->target_uid, entry->target_uid, err);
    if (failed == 0) {
        failed = open_left(&m, &taken, err);
    }
    if (failed == 0 && taken) {
        failed = look_at_left(&m, &taken, err);
    }
    if (failed == 0 && taken) {
        int64_t batch = write_intent(&m, message, err);
        failed = batch > 0 ? move(&m, &message->digest, &uid, &taken, err) : -1;
        MIG__CRASH_POINT("moved");
        if (failed == 0 && taken && uid != 0) {
            failed = record_moved(&m, batch, uid, err);
            *outcome = failed == 0 ? MIG__MOVED : *outcome;
        } else if (failed == 0) {
            failed = mig__state_withdraw(run->state, batch, err);
        }
    }
    if (failed == 0 && *outcome != MIG__MOVED) {
        failed = stay(&m, message, outcome, err);
    }
    if (failed == 0 && opened == NULL) {
        failed = mig__prepare_leave(session, err); /* APPENDs follow */
    }
    mig__uidset_free(&m.uid);
    return failed;
}
