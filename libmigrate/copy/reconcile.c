#include "copy/reconcile.h"
#include "base/clock.h"
#include "copy/queue.h"
#include "imap/digests.h"
#include <stdlib.h>
#include <string.h>

enum {
    LOOKS = 3, /* a server may still be busy storing what it received in full */
    LOOK_PAUSE_MS = 400
};

typedef struct wanted { /* a message to look for */
    const mig__message_digest *digest;
    uint32_t found; /* its UID on the target, or 0 */
} wanted;

typedef struct search {
    wanted *items;
    size_t count;
    uint32_t from;
    mig__uidset candidates;
    const mig__uidset *ours;
} search;

static int on_candidate(const mig__response *response, void *context, mig_error *err)
{
    search *look = context;
    uint32_t uid = response->fetch.uid;
    if (response->kind != MIG__RESPONSE_FETCH || uid < look->from || uid == 0 || mig__uidset_has(look->ours, uid)) {
        return 0;
    }
    return mig__uidset_add(&look->candidates, uid, uid, err);
}

/* The octets as they were sent come first; a target that stores them in another form is met by the canonical digest. */
static int on_digest(const mig__fetch_item *item, const mig__message_digest *digest, void *context, mig_error *err)
{
    search *look = context;
    (void)err;
    wanted *match = NULL;
    for (size_t i = 0; i < look->count && match == NULL; i++) {
        if (look->items[i].found == 0 && memcmp(look->items[i].digest->raw, digest->raw, MIG__DIGEST_SIZE) == 0) {
            match = &look->items[i];
        }
    }
    for (size_t i = 0; i < look->count && match == NULL; i++) {
        if (look->items[i].found == 0 &&
            memcmp(look->items[i].digest->canonical, digest->canonical, MIG__DIGEST_SIZE) == 0) {
            match = &look->items[i];
        }
    }
    if (match != NULL) {
        match->found = item->uid;
    }
    return 0;
}

/* Open the mailbox anew, so that what was stored meanwhile is seen. 1: it does not exist; -1: anything else. */
static int open_mailbox(mig__session *session, const char *mailbox, mig__selected *selected, mig_error *err)
{
    mig__command_result result = {0};
    mig__command *command = mig__select(session, mailbox, true, selected, err);
    if (command == NULL || mig__command_wait(session, command, &result, err) != 0) {
        return -1;
    }
    int outcome = 0;
    if (result.error.code != MIG_OK) {
        *err = result.error;
        outcome = result.error.code == MIG_E_MISSING ? 1 : -1; /* "can not be opened now" does not mean "not there" */
    }
    mig__command_result_clear(&result);
    return outcome;
}

/* One look: fills `found` of the items. 0, 1 the mailbox is gone or another one (`err`), -1 anything else. */
static int look_once(mig__session *session, const char *mailbox, uint32_t uidvalidity, search *look, mig_error *err)
{
    mig__selected selected = {0};
    mig__command_result result = {0};
    mig__uidset range = MIG__UIDSET_INIT;
    int outcome = open_mailbox(session, mailbox, &selected, err);
    if (outcome != 0) {
        goto cleanup;
    }
    if (uidvalidity != 0 && selected.uidvalidity != uidvalidity) {
        mig_error_set(err, MIG_E_UIDVALIDITY, "the mailbox '%s' was replaced on the target", mailbox);
        outcome = 1;
        goto cleanup;
    }
    if (selected.exists == 0 || (selected.uidnext != 0 && selected.uidnext <= look->from)) {
        goto cleanup;
    }
    outcome = -1;
    mig__uidset_clear(&look->candidates);
    if (mig__uidset_add(&range, look->from > 0 ? look->from : 1, UINT32_MAX, err) != 0) {
        goto cleanup;
    }
    mig__command *command = mig__fetch(session, &range, 0, 0, on_candidate, look, err);
    if (command == NULL || mig__command_wait(session, command, &result, err) != 0) {
        goto cleanup;
    }
    for (size_t i = 0; i < look->count; i++) {
        look->items[i].found = 0;
    }
    outcome = look->candidates.count > 0
                  ? mig__fetch_digests(session, &look->candidates, MIG__FETCH_BODY, on_digest, look, err)
                  : 0;
cleanup:
    mig__command_result_clear(&result);
    mig__selected_free(&selected);
    mig__uidset_free(&range);
    return outcome;
}

static size_t found_count(const search *look)
{
    size_t found = 0;
    for (size_t i = 0; i < look->count; i++) {
        found += look->items[i].found != 0;
    }
    return found;
}

/*
 * Look until everything is found, or `again` looks brought nothing more: a server that has received a command in full
 * may need a moment to store it, and an early "not there" would double the messages.
 */
static int look_for(mig__run *run, mig__session *session, const char *mailbox, uint32_t uidvalidity, search *look,
                    bool again, mig_error *err)
{
    mig__uidset ours = MIG__UIDSET_INIT;
    int outcome = mig__state_ours_in(run->state, run->state_account, mailbox, &ours, err);
    look->ours = &ours;
    for (int i = 0; outcome == 0 && i < (again ? LOOKS : 1); i++) {
        if (i > 0) {
            mig__sleep_ms(LOOK_PAUSE_MS);
        }
        outcome = look_once(session, mailbox, uidvalidity, look, err);
        if (found_count(look) == look->count) {
            break;
        }
    }
    mig__uidset_free(&ours);
    mig__uidset_free(&look->candidates);
    look->ours = NULL;
    return outcome;
}

int mig__reconcile_one(mig__run *run, mig__session *session, const mig__folder_job *job, uint32_t uidnext,
                       const mig__message_digest *digest, uint32_t *uid, mig_error *err)
{
    wanted item = {digest, 0};
    search look = {.items = &item, .count = 1, .from = uidnext, .candidates = MIG__UIDSET_INIT};
    int outcome = look_for(run, session, job->target, job->goal.uidvalidity, &look, false, err);
    *uid = item.found;
    return outcome == 0 ? 0 : -1;
}

/* ---- batches of this run ---- */

static size_t count_unknown(const mig__folder_job *job, bool *whole, uint32_t *from)
{
    size_t count = 0;
    *whole = false;
    *from = UINT32_MAX;
    for (const mig__batch *batch = job->unknown; batch != NULL; batch = batch->next) {
        count += batch->count;
        *whole = *whole || batch->whole;
        *from = batch->uidnext < *from ? batch->uidnext : *from;
    }
    return count;
}

/* Settle one batch by what was found of it (items in the batch's order). */
static int settle_unknown(mig__run *run, mig__batch *batch, const wanted *items, mig_error *err)
{
    uint32_t *uids = calloc(batch->count, sizeof *uids);
    bool *done = calloc(batch->count, sizeof *done);
    int failed = uids == NULL || done == NULL ? mig_error_set(err, MIG_E_NOMEM, "out of memory") : 0;
    for (size_t i = 0; failed == 0 && i < batch->count; i++) {
        uids[i] = items[i].found;
        done[i] = items[i].found != 0;
    }
    if (failed == 0) {
        failed = mig__state_reconcile(run->state, batch->id, uids, batch->count, err);
    }
    if (failed == 0) {
        pthread_mutex_lock(&run->lock);
        mig__folder_job *job = batch->job;
        for (size_t i = 0; i < batch->count; i++) {
            if (done[i]) {
                job->result->copied++;
                job->result->bytes += batch->messages[i]->size;
                job->uidnext = uids[i] >= job->uidnext ? uids[i] + 1 : job->uidnext;
            }
        }
        job->batches_out++; /* as if a writer had it: the queue takes it back below */
        pthread_mutex_unlock(&run->lock);
        mig__queue_messages_done(run, batch, done);
        if (batch->count > 0) {
            mig__queue_batch_refused(run, batch, false);
        } else {
            mig__queue_batch_done(run, batch);
        }
    }
    free(uids);
    free(done);
    return failed;
}

int mig__reconcile_unknown(mig__run *run, mig__session *session, mig__folder_job *job, mig_error *err)
{
    bool whole;
    uint32_t from;
    search look = {.candidates = MIG__UIDSET_INIT};
    look.count = count_unknown(job, &whole, &from);
    look.from = from;
    look.items = calloc(look.count, sizeof *look.items);
    if (look.items == NULL) {
        return mig_error_set(err, MIG_E_NOMEM, "out of memory");
    }
    size_t at = 0;
    for (const mig__batch *batch = job->unknown; batch != NULL; batch = batch->next) {
        for (size_t i = 0; i < batch->count; i++) {
            look.items[at++].digest = &batch->messages[i]->digest;
        }
    }
    int outcome = look_for(run, session, job->target, job->goal.uidvalidity, &look, whole, err);
    if (outcome == 1) { /* the folder is gone or another one: nothing more can be said about it in this run */
        mig_error error = *err;
        mig_error_context(&error, "looking for what was sent to '%s'", job->result->target);
        mig__queue_break_folder(run, job, &error);
        outcome = 0;
    } else if (outcome == 0) {
        mig__run_log(run, MIG_LOG_INFO, job, 0, NULL, "%zu of %zu messages under way were found on the target",
                     found_count(&look), look.count);
        for (at = 0; outcome == 0 && job->unknown != NULL;) {
            pthread_mutex_lock(&run->lock);
            mig__batch *batch = job->unknown;
            job->unknown = batch->next;
            batch->next = NULL;
            pthread_mutex_unlock(&run->lock);
            size_t count = batch->count;
            outcome = settle_unknown(run, batch, look.items + at, err);
            at += count;
        }
    }
    free(look.items);
    return outcome;
}

/* ---- batches of an earlier run ---- */

static const mig__state_folder *folder_of(const mig__state_folder *folders, size_t count, int64_t id)
{
    for (size_t i = 0; i < count; i++) {
        if (folders[i].id == id) {
            return &folders[i];
        }
    }
    return NULL;
}

/* All open batches of one folder at once: a message that is twice in the source must be found twice, or sent again. */
static int reconcile_folder(mig__run *run, mig__session *session, const mig__state_folder *folder,
                            mig__open_batch *batches, size_t count, mig_error *err)
{
    search look = {.from = UINT32_MAX, .candidates = MIG__UIDSET_INIT};
    for (size_t i = 0; i < count; i++) {
        if (batches[i].folder == folder->id) {
            look.count += batches[i].count;
            look.from = batches[i].target_uidnext < look.from ? batches[i].target_uidnext : look.from;
        }
    }
    look.items = calloc(look.count > 0 ? look.count : 1, sizeof *look.items);
    uint32_t *uids = calloc(look.count > 0 ? look.count : 1, sizeof *uids);
    int outcome = look.items == NULL || uids == NULL ? mig_error_set(err, MIG_E_NOMEM, "out of memory") : 0;
    uint32_t uidvalidity = 0;
    for (size_t i = 0, at = 0; outcome == 0 && i < count; i++) {
        for (size_t m = 0; batches[i].folder == folder->id && m < batches[i].count; m++) {
            look.items[at++].digest = &batches[i].messages[m].digest;
            uidvalidity = batches[i].target_uidvalidity;
        }
    }
    if (outcome == 0 && mig__mailbox_find(&run->target_list, folder->target) == NULL) {
        mig_error_set(err, MIG_E_MISSING, "the mailbox '%s' is gone from the target", folder->target);
        outcome = 1;
    } else if (outcome == 0) {
        outcome = look_for(run, session, folder->target, uidvalidity, &look, true, err);
    }
    if (outcome ==
        1) { /* the mailbox is gone or another one: what was in it is not there, the rest is content matching */
        mig__run_log(run, MIG_LOG_WARNING, NULL, 0, err, "an earlier run was cut off: %s", err->text);
        outcome = 0;
    }
    for (size_t i = 0; outcome >= 0 && i < look.count; i++) {
        uids[i] = look.items[i].found;
    }
    for (size_t i = 0, at = 0; outcome == 0 && i < count; i++) {
        if (batches[i].folder == folder->id) {
            outcome = mig__state_reconcile(run->state, batches[i].id, uids + at, batches[i].count, err);
            at += batches[i].count;
        }
    }
    if (outcome == 0) {
        mig__run_log(run, MIG_LOG_INFO, NULL, 0, NULL,
                     "%s: an earlier run was cut off; %zu of %zu messages under way "
                     "had arrived",
                     folder->target, found_count(&look), look.count);
    }
    free(look.items);
    free(uids);
    return outcome;
}

int mig__reconcile_stored(mig__run *run, mig__session *session, mig_error *err)
{
    mig__open_batch *batches = NULL;
    mig__state_folder *folders = NULL;
    size_t count = 0, folder_count = 0;
    if (mig__state_open_batches(run->state, run->state_account, &batches, &count, err) != 0) {
        return -1;
    }
    int failed = count == 0 ? 0 : mig__state_folders(run->state, run->state_account, &folders, &folder_count, err);
    for (size_t i = 0; failed == 0 && i < count; i++) {
        bool first = true; /* of its folder */
        for (size_t j = 0; j < i; j++) {
            first = first && batches[j].folder != batches[i].folder;
        }
        const mig__state_folder *folder = first ? folder_of(folders, folder_count, batches[i].folder) : NULL;
        if (folder != NULL) {
            failed = reconcile_folder(run, session, folder, batches, count, err);
        }
    }
    if (failed == 0 && count > 0) {
        failed = mig__state_flush(run->state, err);
    }
    mig__state_open_batches_free(&batches, count);
    mig__state_folders_free(&folders, folder_count);
    return failed;
}
