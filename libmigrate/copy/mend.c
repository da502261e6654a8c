/* copy/mend.c - see mend.h */
#include "copy/mend.h"
#include "account/sides.h"
#include "base/memory.h"
#include "copy/same.h"
#include "copy/whereabouts.h"
#include "imap/digests.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- which messages ---- */

static mig__folder_job *job_of(mig__run *run, const char *folder)
{
    for (size_t i = 0; i < run->job_count; i++) {
        if (run->jobs[i].copy && strcmp(run->jobs[i].result->source, folder) == 0) {
            return &run->jobs[i];
        }
    }
    return NULL;
}

/* The record's folder of that name: also one that the source does not list any more. 0: none, -1: the state failed. */
static int64_t folder_of(mig__run *run, const char *name, mig_error *err)
{
    mig__state_folder *folders = NULL;
    size_t count = 0;
    int64_t id = 0;
    if (mig__state_folders(run->state, run->state_account, &folders, &count, err) != 0) {
        return -1;
    }
    for (size_t i = 0; id == 0 && i < count; i++) {
        char *shown = mig__sides_decoded(folders[i].source);
        id = shown != NULL && strcmp(shown, name) == 0 ? folders[i].id : 0;
        free(shown);
    }
    mig__state_folders_free(&folders, count);
    return id;
}

static int resolve_one(mig__run *run, const mig_mend_item *item, mig__mending *out, mig_error *err)
{
    mig__message message;
    mig__folder_job *job = job_of(run, item->folder);
    int64_t folder = job != NULL && job->record.id != 0 ? job->record.id : folder_of(run, item->folder, err);
    if (folder < 0) {
        return -1;
    }
    int found = folder == 0 ? 0 : mig__state_message_by_uid(run->state, folder, item->source_uid, &message, err);
    if (found < 0) {
        return -1;
    }
    if (found == 0 && run->mend_known) { /* forgotten meanwhile, so that it is new */
        *out = (mig__mending){.job = job, .folder = folder, .source_uid = item->source_uid};
        return 0;
    }
    if (found == 0) {
        mig_error_set(err, MIG_E_USAGE, "message %u of '%s' is not on record for these accounts: nothing was changed",
                      item->source_uid, item->folder);
        return mig_error_hint(err, "use the report and the state file of the same copy");
    }
    *out = (mig__mending){.job = job,
                          .folder = folder,
                          .source_uid = item->source_uid,
                          .expected = mig__same_expect(&message),
                          .row = message.id,
                          .altered = item->altered,
                          .state = message.state};
    mig__message_clear(&message);
    if (job != NULL) {
        job->mending = true;
    }
    return 0;
}

int mig__mend_resolve(mig__run *run, mig_error *err)
{
    const mig_mend *mend = run->options->mend;
    mig__mend_free(run);
    if (mend == NULL || mend->count == 0) {
        return 0;
    }
    if ((run->mendings = calloc(mend->count, sizeof *run->mendings)) == NULL) {
        return mig_error_set(err, MIG_E_NOMEM, "out of memory");
    }
    for (size_t i = 0; i < mend->count; i++) {
        if (resolve_one(run, &mend->items[i], &run->mendings[run->mending_count], err) != 0) {
            return -1;
        }
        run->mending_count++;
    }
    run->mend_known = true;
    return 0;
}

void mig__mend_free(mig__run *run)
{
    free(run->mendings);
    run->mendings = NULL;
    run->mending_count = 0;
}

/* ---- what is to be done ---- */

static void tell(mig__run *run, const mig__mending *m, mig_code code, bool failed, const char *what, const char *hint)
{
    mig_error why;
    const mig_mend_item *item = &run->options->mend->items[m - run->mendings];
    mig_error_set(&why, code, "message %u of '%s' %s", item->source_uid, item->folder, what);
    if (hint != NULL) {
        mig_error_hint(&why, "%s", hint);
    }
    pthread_mutex_lock(&run->lock);
    mig__result_problem(run->account, item->folder, item->source_uid, failed, &why);
    pthread_mutex_unlock(&run->lock);
}

/* What is where the record says, as it should be after all: the list may be old. */
static int check_known(mig__run *run, mig__session *target, mig_error *err)
{
    for (size_t i = 0; i < run->mending_count; i++) {
        mig__mending *m = &run->mendings[i];
        mig__selected selected = {0};
        if (m->job == NULL || m->job->existing == NULL || m->expected.uid == 0) {
            continue;
        }
        int outcome = mig__command_outcome(target, mig__select(target, m->job->target, true, &selected, err), err);
        bool same_mailbox = selected.uidvalidity == m->job->record.target_uidvalidity;
        mig__selected_free(&selected);
        if (outcome == 0 && same_mailbox) {
            outcome = mig__same_check(target, &m->expected, 1, true, err);
        }
        if (outcome < 0) {
            return -1;
        }
        m->done = outcome > 0 || (same_mailbox && m->expected.same);
        if (outcome > 0) {
            tell(run, m, err->code, true, "could not be looked at on the target", NULL);
        }
    }
    return 0;
}

static int look_around(mig__run *run, mig__session *target, mig_error *err)
{
    mig__wanted *wanted = calloc(run->mending_count, sizeof *wanted);
    size_t count = 0;
    int failed = wanted == NULL ? mig_error_set(err, MIG_E_NOMEM, "out of memory") : 0;
    for (size_t i = 0; failed == 0 && i < run->mending_count; i++) {
        const mig__mending *m = &run->mendings[i];
        if (!m->done && !m->altered && m->expected.has_digest) {
            wanted[count++] = (mig__wanted){.digest = m->expected.digest,
                                            .date = m->expected.date,
                                            .home = m->job != NULL ? m->job->target : "",
                                            .index = i};
        }
    }
    failed = failed != 0 || count == 0 ? failed : mig__whereabouts(run, target, wanted, count, err);
    for (size_t i = 0; failed == 0 && i < count; i++) {
        mig__mending *m = &run->mendings[wanted[i].index];
        if (wanted[i].uid == 0) {
            continue;
        }
        m->done = true;
        if (run->options->dry_run) {
            continue;
        }
        if (m->job != NULL && strcmp(wanted[i].mailbox->wire, m->job->target) == 0) {
            failed = mig__state_message_repair(run->state, m->row, 0, wanted[i].uid, err);
        } else {
            char text[600];
            snprintf(text, sizeof text, "is in '%.500s' on the target (UID %u): it was left there",
                     wanted[i].mailbox->name, wanted[i].uid);
            tell(run, m, MIG_E_GONE, false, text, NULL);
        }
    }
    free(wanted);
    return failed;
}

static bool on_source(const mig__mending *m)
{
    return m->job != NULL && m->job->scanned && !m->job->broken && m->state != MIG__MESSAGE_VANISHED &&
           m->state != MIG__MESSAGE_DELETED && !mig__uidset_has(&m->job->vanished, m->source_uid);
}

static mig__mending_kind kind_of(const mig__mending *m)
{
    return m->altered ? MIG__MENDING_ALTERED : MIG__MENDING_MISSING;
}

/* It is on record that it has to be sent, so that a kill does not lose why it was. */
static int send_it(mig__run *run, mig__mending *m, mig_error *err)
{
    m->sending = true;
    if (m->row != 0 && mig__state_message_mending(run->state, m->row, kind_of(m), err) != 0) {
        return -1;
    }
    if (mig__uidset_has(&m->job->reading.todo, m->source_uid)) {
        return 0;
    }
    m->job->result->already -= m->job->result->already > 0;
    return mig__uidset_add(&m->job->reading.todo, m->source_uid, m->source_uid, err);
}

int mig__mend_plan(mig__run *run, mig__session *target, mig_error *err)
{
    if (run->mending_count == 0) {
        return 0;
    }
    if (check_known(run, target, err) != 0 || look_around(run, target, err) != 0) {
        return -1;
    }
    for (size_t i = 0; i < run->mending_count; i++) {
        mig__mending *m = &run->mendings[i];
        if (m->done) {
            continue;
        }
        if (!on_source(m)) {
            tell(run, m, MIG_E_LOST, true, "is to be had nowhere: the source does not have it any more, either",
                 "if there is an archive or a backup of it, copy that folder from there into a mailbox of its own");
            m->done = true;
        } else if (send_it(run, m, err) != 0) {
            return -1;
        }
    }
    return 0;
}

int mig__mend_tell(mig__run *run, mig__session *target, mig_error *err)
{
    if (run->mending_count > 0 && (check_known(run, target, err) != 0 || look_around(run, target, err) != 0)) {
        return -1;
    }
    for (size_t i = 0; i < run->mending_count; i++) {
        mig__mending *m = &run->mendings[i];
        if (!m->done) {
            tell(run, m, MIG_E_GONE, false,
                 m->altered ? "is altered on the target, and would be sent again"
                            : "is missing on the target, and would be sent again",
                 NULL);
        }
    }
    return 0;
}

/* ---- the end ---- */

/* The altered message goes, by its UID, when it looks like ours and the right one was read back. */
static int remove_altered(mig__run *run, mig__session *session, const mig__mending *m, uint32_t right, mig_error *err)
{
    mig_error why = MIG_ERROR_INIT;
    mig__selected selected = {0};
    mig__expected both[] = {m->expected, m->expected};
    both[0].uid = right;
    int outcome = mig__command_outcome(session, mig__select(session, m->job->target, false, &selected, err), err);
    outcome = outcome != 0 ? outcome : mig__same_check(session, both, 2, true, err);
    mig__selected_free(&selected);
    const mig__expected *good = both[0].uid == right ? &both[0] : &both[1];
    const mig__expected *old = both[0].uid == right ? &both[1] : &both[0];
    if (outcome != 0) {
        why = *err;
    } else if (!good->same) {
        mig_error_set(&why, MIG_E_DIFFERENT, "the right one reads back with another content");
    } else if (!old->there || old->same) {
        return 0;
    } else if (!old->dated) {
        mig_error_set(&why, MIG_E_REFUSED, "what is in its place has another date, and may be another message");
    } else if (!mig__session_can(session, MIG__CAP_UIDPLUS)) {
        mig_error_set(&why, MIG_E_CANNOT, "the target has no UID EXPUNGE (UIDPLUS)");
    } else {
        outcome = mig__same_expunge(session, &m->expected.uid, 1, &why, err);
    }
    if (outcome < 0) {
        return -1;
    }
    if (why.code != MIG_OK) {
        char text[400];
        snprintf(text, sizeof text, "was sent again, and its altered copy is still there: %.300s", why.text);
        tell(run, m, why.code, true, text, NULL);
    }
    return 0;
}

int mig__mend_finish(mig__run *run, mig__session **target, mig_error *err)
{
    for (size_t i = 0; i < run->mending_count; i++) {
        const mig__mending *m = &run->mendings[i];
        mig__message message;
        if (!m->sending || m->job->broken) {
            continue;
        }
        int found = mig__state_message_by_uid(run->state, m->folder, m->source_uid, &message, err);
        if (found < 0) {
            return -1;
        }
        bool right =
            found > 0 && message.state == MIG__MESSAGE_COPIED && message.target_uid != 0 && message.id > run->first_row;
        uint32_t uid = found > 0 ? message.target_uid : 0;
        const int64_t row = found > 0 ? message.id : 0;
        if (found > 0) {
            mig__message_clear(&message);
        }
        m->job->result->mended += right;
        if (right && m->row == 0 && mig__state_message_mended(run->state, row, kind_of(m), err) != 0) {
            return -1;
        }
        if (!right || !m->altered || !run->options->mend->replace || m->expected.uid == 0 || m->expected.uid == uid) {
            continue;
        }
        if (*target == NULL &&
            (*target = mig__gate_open(&run->sides[MIG_TARGET].gate, MIG__PATIENCE_AGAIN, err)) == NULL) {
            return -1;
        }
        if (remove_altered(run, *target, m, uid, err) != 0) {
            return -1;
        }
    }
    return 0;
}
