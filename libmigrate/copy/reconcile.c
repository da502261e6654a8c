/* copy/reconcile.c - batches whose outcome is not known: looked for on the target, by content */
#include "copy/reconcile.h"
#include "base/clock.h"
#include "base/memory.h"
#include "base/retry.h"
#include "copy/hold.h"
#include "copy/lanes.h"
#include "copy/settle.h"
#include "copy/uids.h"
#include "imap/digests.h"
#include <stdlib.h>
#include <string.h>

enum { POLL_FIRST_MS = 100, POLL_MOST_MS = 1000, GONE = 2 /* an outcome: the mailbox is not there any more */ };

int64_t mig__reconcile_quiet(int64_t look_ms, int64_t answer_ms)
{
    int64_t quiet = 8 * look_ms > 4 * answer_ms ? 8 * look_ms : 4 * answer_ms;
    quiet = quiet > MIG__QUIET_LEAST_MS ? quiet : MIG__QUIET_LEAST_MS;
    return quiet < MIG__QUIET_MOST_MS ? quiet : MIG__QUIET_MOST_MS;
}

typedef struct wanted { /* a message to look for */
    const mig__message_digest *digest;
    uint32_t found; /* its UID on the target, or 0 */
} wanted;

/*
 * A message that the target took for certain without telling its UID (no UIDPLUS). It is among the candidates, too, and
 * an equal message of an open batch must not be taken for it: one of the two would be lost.
 */
typedef struct claim {
    int64_t row;
    mig__message_digest digest;
    uint32_t found;
} claim;

typedef struct search {
    wanted *items;
    size_t count;
    claim *claims;
    size_t claim_count;
    mig_error error;
    uint32_t from;
    uint32_t uidnext, exists; /* of the mailbox, when it was looked at last */
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

static bool same_octets(const mig__message_digest *one, const mig__message_digest *other, bool canonical)
{
    return canonical ? memcmp(one->canonical, other->canonical, MIG__DIGEST_SIZE) == 0
                     : memcmp(one->raw, other->raw, MIG__DIGEST_SIZE) == 0;
}

/* The one that a candidate is, claims first. Returns where its UID goes, or NULL. */
static uint32_t *match(search *look, const mig__message_digest *digest, bool canonical)
{
    for (size_t i = 0; i < look->claim_count; i++) {
        if (look->claims[i].found == 0 && same_octets(&look->claims[i].digest, digest, canonical)) {
            return &look->claims[i].found;
        }
    }
    for (size_t i = 0; i < look->count; i++) {
        if (look->items[i].found == 0 && same_octets(look->items[i].digest, digest, canonical)) {
            return &look->items[i].found;
        }
    }
    return NULL;
}

/* The octets as they were sent come first; a target that stores them in another form is met by the canonical digest. */
static int on_digest(const mig__fetch_item *item, const mig__message_digest *digest, void *context, mig_error *err)
{
    uint32_t *found = match(context, digest, false);
    (void)err;
    if (found == NULL) {
        found = match(context, digest, true);
    }
    if (found != NULL) {
        *found = item->uid;
    }
    return 0;
}

/* Open the mailbox anew, so that what was stored meanwhile is seen. As look_once. */
static int open_mailbox(mig__session *session, const char *mailbox, mig__selected *selected, mig_error *err)
{
    int outcome = mig__command_outcome(session, mig__select(session, mailbox, true, selected, err), err);
    return outcome > 0 && err->code == MIG_E_MISSING ? GONE : outcome; /* "not now" does not mean "not there" */
}

/*
 * One look: fills `found` of the items, if anything is there that was not at the last look. *news tells. 0; 1 the
 * server does not tell, GONE the mailbox is gone or another one (`err`), -1 the session or something of ours failed.
 */
static int look_once(mig__session *session, const char *mailbox, uint32_t uidvalidity, search *look, bool *news,
                     mig_error *err)
{
    mig__selected selected = {0};
    mig__uidset range = MIG__UIDSET_INIT;
    int outcome = open_mailbox(session, mailbox, &selected, err);
    if (outcome != 0) {
        goto cleanup;
    }
    if (uidvalidity != 0 && selected.uidvalidity != uidvalidity) {
        mig_error_set(err, MIG_E_UIDVALIDITY, "the mailbox '%s' was replaced on the target", mailbox);
        outcome = GONE;
        goto cleanup;
    }
    *news = selected.uidnext != look->uidnext || selected.exists != look->exists;
    look->uidnext = selected.uidnext;
    look->exists = selected.exists;
    if (!*news || selected.exists == 0 || (selected.uidnext != 0 && selected.uidnext <= look->from)) {
        goto cleanup;
    }
    outcome = -1;
    mig__uidset_clear(&look->candidates);
    if (mig__uidset_add(&range, look->from > 0 ? look->from : 1, UINT32_MAX, err) != 0) {
        goto cleanup;
    }
    mig__command *command = mig__fetch(session, &range, 0, 0, on_candidate, look, err);
    if ((outcome = mig__command_outcome(session, command, err)) != 0) {
        look->uidnext = look->exists = 0; /* "not told" does not mean "not there": the next look is a new one */
        goto cleanup;
    }
    for (size_t i = 0; i < look->count; i++) {
        look->items[i].found = 0;
    }
    for (size_t i = 0; i < look->claim_count; i++) {
        look->claims[i].found = 0;
    }
    outcome = look->candidates.count > 0
                  ? mig__fetch_digests(session, &look->candidates, MIG__FETCH_BODY, on_digest, look, err)
                  : 0;
    if (outcome > 0) {
        look->uidnext = look->exists = 0;
    }
cleanup:
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

static int add_claim(const mig__message *message, void *context)
{
    search *look = context;
    if (!message->has_digest || message->canonical_version != MIG__CANONICAL_VERSION) {
        return 0;
    }
    claim *grown = mig__grow(look->claims, look->claim_count, sizeof *grown, &look->error);
    if (grown == NULL) {
        return -1;
    }
    look->claims = grown;
    look->claims[look->claim_count++] = (claim){message->id, message->digest, 0};
    return 0;
}

/* Of all source folders that go to the mailbox. */
static int gather_claims(mig__run *run, const char *mailbox, search *look, mig_error *err)
{
    mig__state_folder *folders = NULL;
    size_t count = 0;
    look->error.code = MIG_OK;
    int failed = mig__state_folders(run->state, run->state_account, &folders, &count, &look->error);
    for (size_t i = 0; failed == 0 && i < count; i++) {
        if (strcmp(folders[i].target, mailbox) == 0) {
            failed = mig__state_unplaced(run->state, folders[i].id, add_claim, look, &look->error);
        }
    }
    if (failed != 0) {
        *err = look->error;
    }
    mig__state_folders_free(&folders, count);
    return failed;
}

static int record_claims(mig__run *run, const search *look, mig_error *err)
{
    int failed = 0;
    for (size_t i = 0; failed == 0 && i < look->claim_count; i++) {
        if (look->claims[i].found != 0) {
            failed = mig__state_message_repair(run->state, look->claims[i].row, 0, look->claims[i].found, err);
        }
    }
    return failed;
}

/*
 * A server that has received a command in full may need its time to store it, also when nobody waits for the answer any
 * more, and an early "not there" would double the messages. So look until everything is found, or the mailbox has not
 * changed for a while: longer with a server that takes long for a look, or took long for an APPEND before.
 */
static int look_until_quiet(mig__run *run, mig__session *session, const char *mailbox, uint32_t uidvalidity,
                            search *look, mig_error *err)
{
    bool news = true;
    int64_t begun = mig__now_ms(), changed = begun, pause = POLL_FIRST_MS, slowest_look = 0;
    pthread_mutex_lock(&run->lock);
    int64_t answer_ms = run->slowest_answer_ms;
    pthread_mutex_unlock(&run->lock);
    for (;;) {
        int64_t before = mig__now_ms();
        int outcome = look_once(session, mailbox, uidvalidity, look, &news, err);
        int64_t now = mig__now_ms();
        if (outcome != 0 || found_count(look) == look->count) {
            return outcome;
        }
        slowest_look = now - before > slowest_look ? now - before : slowest_look;
        changed = news ? now : changed;
        if (now - changed >= mig__reconcile_quiet(slowest_look, answer_ms) || now - begun >= MIG__QUIET_MOST_MS * 6) {
            return 0;
        }
        if (mig__run_stopping(run)) { /* the intent stays: the next run looks again */
            return mig_error_set(err, MIG_E_INTERRUPTED, "stopped");
        }
        mig__sleep_ms(pause);
        pause = pause * 2 < POLL_MOST_MS ? pause * 2 : POLL_MOST_MS;
    }
}

static int look_for(mig__run *run, mig__session *session, const char *mailbox, uint32_t uidvalidity, search *look,
                    bool patient, mig_error *err)
{
    mig__uidset ours = MIG__UIDSET_INIT;
    int outcome = mig__state_ours_in(run->state, run->state_account, mailbox, &ours, err);
    look->ours = &ours;
    if (outcome == 0) {
        outcome = gather_claims(run, mailbox, look, err);
    }
    bool news;
    if (outcome == 0) {
        outcome = patient ? look_until_quiet(run, session, mailbox, uidvalidity, look, err)
                          : look_once(session, mailbox, uidvalidity, look, &news, err);
    }
    if (outcome == 0) {
        outcome = record_claims(run, look, err);
    }
    mig__uidset_free(&ours);
    mig__uidset_free(&look->candidates);
    free(look->claims);
    look->claims = NULL;
    look->claim_count = 0;
    look->ours = NULL;
    return outcome;
}

/*
 * The same with a session of the caller's: what the server puts off is asked again as long as the run has patience. As
 * look_once.
 */
static int look_patiently(mig__run *run, mig__session *session, const mig__folder_job *job, search *look, bool patient,
                          mig_error *err)
{
    for (unsigned attempt = 1;; attempt++) {
        int outcome = look_for(run, session, job->target, job->goal.uidvalidity, look, patient, err);
        if (outcome != 1 || !mig__retry_wanted(err) || mig__run_stopping(run) ||
            !mig__run_wait(run, MIG_TARGET, err, attempt)) {
            return outcome;
        }
    }
}

int mig__reconcile_one(mig__run *run, mig__session *session, const mig__folder_job *job, uint32_t uidnext,
                       const mig__message_digest *digest, uint32_t *uid, mig_error *err)
{
    wanted item = {digest, 0};
    search look = {.items = &item, .count = 1, .from = uidnext, .candidates = MIG__UIDSET_INIT};
    int outcome = look_patiently(run, session, job, &look, false, err);
    *uid = item.found;
    if (outcome > 0) { /* the intent stays: the next run looks again */
        mig__run_fail(run, err);
    }
    return outcome == 0 ? 0 : -1;
}

/* ---- batches of this run ---- */

static size_t count_unknown(const mig__batch *first, bool *whole, uint32_t *from)
{
    size_t count = 0;
    *whole = false;
    *from = UINT32_MAX;
    for (const mig__batch *batch = first; batch != NULL; batch = batch->next) {
        count += batch->count;
        *whole = *whole || batch->whole;
        *from = batch->uidnext < *from ? batch->uidnext : *from;
    }
    return count;
}

/*
 * A connection broke on the batch, and not all of it arrived. Servers take APPENDs in order, so the first message that
 * is missing is the suspect; of several in one command it can be any, and they are sent again in two halves. Returns
 * the place of the message that is to blame, batch->count when none is yet.
 */
static size_t blame(mig__run *run, mig__batch *batch, const wanted *items, bool *split)
{
    size_t first = 0;
    while (first < batch->count && items[first].found != 0) {
        first++;
    }
    *split = batch->broke != NULL && batch->multi && batch->count > 1;
    if (batch->broke == NULL || *split || first == batch->count || first > batch->sent) {
        return batch->count;
    }
    pthread_mutex_lock(&run->lock);
    unsigned breaks = run->breaks++;
    pthread_mutex_unlock(&run->lock);
    uint64_t place = first < batch->sent ? UINT64_MAX : batch->place;
    return mig__blame_add(&batch->messages[first]->blame, place, breaks) ? first : batch->count;
}

static void list_blamed(mig__run *run, const mig__batch *batch, size_t which)
{
    mig_error error = *batch->broke;
    mig_error_context(&error, "the target ends the connection each time it is given this message");
    mig__settle_failed(run, batch->job, batch->messages[which], &error);
}

/* Message after message of the folder, and none was taken: it is not the messages. Nothing of it is sent any more. */
static void give_up_folder(mig__run *run, mig__folder_job *job, const mig_error *why)
{
    mig_error error = *why;
    mig_error_context(&error, "the target ends the connection at each message for '%s'", job->result->target);
    mig__lanes_break(run, job, &error);
    if (mig__hold_closed(run, why)) {
        mig__hold_end(run);
    }
}

/* Settle one batch by what was found of it (items in the batch's order). */
static int settle_unknown(mig__run *run, mig__batch *batch, const wanted *items, mig_error *err)
{
    uint32_t *uids = calloc(batch->count, sizeof *uids);
    bool *done = calloc(batch->count, sizeof *done);
    int failed = uids == NULL || done == NULL ? mig_error_set(err, MIG_E_NOMEM, "out of memory") : 0;
    bool split = false;
    size_t blamed = blame(run, batch, items, &split);
    mig__folder_job *folder = batch->job;
    const mig_error why = batch->broke != NULL ? *batch->broke : (mig_error)MIG_ERROR_INIT;
    bool hopeless = blamed < batch->count && mig__hold_listed(run, folder);
    for (size_t i = 0; failed == 0 && i < batch->count; i++) {
        uids[i] = items[i].found;
        done[i] = items[i].found != 0 || i == blamed;
    }
    if (failed == 0) {
        failed = mig__state_reconcile(run->state, batch->id, uids, batch->count, err);
    }
    if (failed == 0 && blamed < batch->count) {
        list_blamed(run, batch, blamed);
    }
    for (size_t i = 0; failed == 0 && i < batch->count; i++) {
        failed = uids[i] != 0 ? mig__settle_note(run, batch->job, batch->messages[i], err) : 0;
    }
    if (failed == 0) {
        pthread_mutex_lock(&run->lock);
        mig__folder_job *job = batch->job;
        for (size_t i = 0; i < batch->count; i++) {
            if (uids[i] != 0) {
                job->result->copied++;
                job->result->bytes += batch->messages[i]->size;
                job->uidnext = uids[i] >= job->uidnext ? uids[i] + 1 : job->uidnext;
                mig__hold_passed(run, job);
                failed = failed != 0 ? -1 : mig__uids_note(job, uids[i], err);
            }
        }
        pthread_mutex_unlock(&run->lock);
        mig__lanes_messages_done(run, batch, done);
        if (batch->count > 0) {
            mig__queue_batch_refused(run->queue, batch, split);
        } else {
            mig__lanes_batch_done(run, batch);
        }
        if (hopeless) {
            give_up_folder(run, folder, &why);
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
    size_t lane = mig__lane_of(run, job);
    const mig__batch *first = mig__queue_unknown(run->queue, lane);
    look.count = count_unknown(first, &whole, &from);
    look.from = from;
    look.items = calloc(look.count, sizeof *look.items);
    if (look.items == NULL) {
        return mig_error_set(err, MIG_E_NOMEM, "out of memory");
    }
    size_t at = 0;
    for (const mig__batch *batch = first; batch != NULL; batch = batch->next) {
        for (size_t i = 0; i < batch->count; i++) {
            look.items[at++].digest = &batch->messages[i]->digest;
        }
    }
    int outcome = look_patiently(run, session, job, &look, whole, err);
    if (outcome > 0) { /* the folder is gone, another one or not shown: nothing more can be said in this run */
        mig_error error = *err;
        mig_error_context(&error, "looking for what was sent to '%s'", job->result->target);
        mig__lanes_break(run, job, &error);
        outcome = 0;
    } else if (outcome == 0) {
        mig__run_log(run, MIG_LOG_INFO, job, 0, NULL, "%zu of %zu messages under way were found on the target",
                     found_count(&look), look.count);
        mig__batch *batch;
        for (at = 0; outcome == 0 && (batch = mig__queue_take_unknown(run->queue, lane)) != NULL;) {
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

typedef struct stored { /* what an earlier run left open in one mailbox of the target */
    mig__run *run;
    const char *mailbox;
    uint32_t uidvalidity;
    search look;
} stored;

static int look_for_stored(mig__session *session, void *context, mig_error *err)
{
    stored *s = context;
    s->look.uidnext = s->look.exists = 0;
    return look_for(s->run, session, s->mailbox, s->uidvalidity, &s->look, true, err);
}

/* Where it is not known what arrived, nothing may be sent. */
static void give_up_mailbox(mig__run *run, const char *mailbox, const mig_error *why)
{
    mig_error error = *why;
    mig_error_context(&error, "looking for what an earlier run sent");
    for (size_t i = 0; i < run->job_count; i++) {
        if (run->jobs[i].copy && strcmp(run->jobs[i].target, mailbox) == 0) {
            mig__lanes_break(run, &run->jobs[i], &error);
        }
    }
}

/* Find them. 0; 1 it is not told, -1: nothing goes on. */
static int find_stored(mig__session **session, stored *s, mig_error *err)
{
    mig__run *run = s->run;
    int outcome = GONE;
    if (mig__mailbox_alike(&run->sides[MIG_TARGET].mailboxes, s->mailbox) == NULL) {
        mig_error_set(err, MIG_E_MISSING, "the mailbox '%s' is gone from the target", s->mailbox);
    } else {
        outcome = mig__gate_ask(&run->sides[MIG_TARGET].gate, session, look_for_stored, s, err);
    }
    if (outcome == GONE) { /* what was in it is not there, the rest is content matching */
        mig__run_log(run, MIG_LOG_WARNING, NULL, 0, err, "an earlier run was cut off: %s", err->text);
        outcome = 0;
    }
    if (outcome > 0) {
        give_up_mailbox(run, s->mailbox, err);
    }
    return outcome;
}

static int record_stored(const stored *s, int64_t folder, const mig__open_batch *batches, size_t count, mig_error *err)
{
    uint32_t *uids = calloc(s->look.count + 1, sizeof *uids);
    int failed = uids == NULL ? mig_error_set(err, MIG_E_NOMEM, "out of memory") : 0;
    for (size_t i = 0; failed == 0 && i < s->look.count; i++) {
        uids[i] = s->look.items[i].found;
    }
    for (size_t i = 0, at = 0; failed == 0 && i < count; i++) {
        if (batches[i].folder == folder) {
            failed = mig__state_reconcile(s->run->state, batches[i].id, uids + at, batches[i].count, err);
            at += batches[i].count;
        }
    }
    free(uids);
    return failed;
}

/* All open batches of one folder at once: a message that is twice in the source must be found twice, or sent again. */
static int reconcile_folder(mig__run *run, mig__session **session, const mig__state_folder *folder,
                            mig__open_batch *batches, size_t count, mig_error *err)
{
    stored s = {.run = run, .mailbox = folder->target, .look = {.from = UINT32_MAX, .candidates = MIG__UIDSET_INIT}};
    for (size_t i = 0; i < count; i++) {
        if (batches[i].folder == folder->id) {
            s.look.count += batches[i].count;
            s.look.from = batches[i].target_uidnext < s.look.from ? batches[i].target_uidnext : s.look.from;
        }
    }
    s.look.items = calloc(s.look.count + 1, sizeof *s.look.items);
    if (s.look.items == NULL) {
        return mig_error_set(err, MIG_E_NOMEM, "out of memory");
    }
    for (size_t i = 0, at = 0; i < count; i++) {
        for (size_t m = 0; batches[i].folder == folder->id && m < batches[i].count; m++) {
            s.look.items[at++].digest = &batches[i].messages[m].digest;
            s.uidvalidity = batches[i].target_uidvalidity;
        }
    }
    int outcome = find_stored(session, &s, err);
    if (outcome == 0 && (outcome = record_stored(&s, folder->id, batches, count, err)) == 0) {
        mig__run_log(run, MIG_LOG_INFO, NULL, 0, NULL,
                     "%s: an earlier run was cut off; %zu of %zu messages under way "
                     "had arrived",
                     folder->target, found_count(&s.look), s.look.count);
    }
    free(s.look.items);
    return outcome < 0 ? -1 : 0;
}

int mig__reconcile_stored(mig__run *run, mig__session **session, mig_error *err)
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
