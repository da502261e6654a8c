/* copy/held.c - what the target holds, against what the record says that it holds */
#include "copy/held.h"
#include "account/each.h"
#include "account/sides.h"
#include "base/clock.h"
#include "base/memory.h"
#include "copy/contest.h"
#include "copy/known.h"
#include "copy/reconcile.h"
#include "copy/uids.h"
#include "imap/digests.h"
#include "state/keyindex.h"
#include <stdlib.h>
#include <string.h>

enum { POLL_MS = 300 };

bool mig__held_doubt(const mig__holding *then, const mig__holding *now, uint64_t expected)
{
    if (now->messages < expected) {
        return true;
    }
    if (then == NULL || now->uidnext == 0 || then->uidnext == 0) {
        return expected > 0 && (then == NULL || now->messages != then->messages);
    }
    return expected > 0 && (now->uidnext < then->uidnext || now->messages < then->messages ||
                            now->uidnext - then->uidnext != now->messages - then->messages);
}

typedef struct row { /* a recorded message that the target should hold */
    int64_t id;
    mig__folder_job *job; /* NULL: the source does not list its folder any more */
    uint32_t source_uid, target_uid;
    mig__message_digest digest;
    bool has_digest, gone, found, fresh; /* fresh: this run sent or matched it */
    mig__message_state state;
} row;

typedef struct place { /* a mailbox of the target */
    mig__run *run;
    mig__folder_job *job; /* the first that goes there */
    mig__selected now;
    mig__command *select;
    mig_error why;
    row *rows;
    size_t count;
    mig__folder_job *filling; /* whose rows are read */
    mig__uidset present;
    mig__keyindex *sizes; /* of rows that are looked for */
    mig__known wanted;    /* the same rows by content; an entry's `row` is its place among the rows */
    bool read;            /* what this run sent was looked for by content, whatever UIDs were told */
    mig_error error;
} place;

/* ---- which mailboxes ---- */

static bool counts(const mig__folder_job *job)
{
    return job->copy && !job->broken && job->record.id != 0 && job->lead == job;
}

static bool touched(const mig__run *run, const mig__folder_job *lead)
{
    for (size_t i = 0; i < run->job_count; i++) {
        const mig__folder_job *job = &run->jobs[i];
        if (job->copy && job->lead == lead && !job->unchanged) {
            return true;
        }
    }
    return false;
}

/* How many messages of the record the mailbox should hold; *unplaced: of these, without a UID. */
static int expect(mig__run *run, const mig__folder_job *lead, uint64_t *held, uint64_t *unplaced, mig_error *err)
{
    *held = *unplaced = 0;
    for (size_t i = 0; i < run->job_count; i++) {
        const mig__folder_job *job = &run->jobs[i];
        mig__state_counts counted = job->counts;
        if (!job->copy || job->lead != lead || job->record.id == 0) {
            continue;
        }
        if (!job->unchanged && mig__state_count(run->state, job->record.id, &counted, err) != 0) {
            return -1;
        }
        *held += counted.held;
        *unplaced += counted.unplaced;
    }
    return 0;
}

/* ---- the rows of one mailbox ---- */

static int take_row(const mig__message *message, void *context)
{
    place *p = context;
    bool there = message->state == MIG__MESSAGE_COPIED || message->state == MIG__MESSAGE_ADOPTED ||
                 message->state == MIG__MESSAGE_VANISHED;
    if (!there) {
        return 0;
    }
    row *grown = mig__grow(p->rows, p->count, sizeof *grown, &p->error);
    if (grown == NULL) {
        return -1;
    }
    p->rows = grown;
    p->rows[p->count++] =
        (row){.id = message->id,
              .job = p->filling,
              .source_uid = message->source_uid,
              .target_uid = message->target_uid,
              .digest = message->digest,
              .has_digest = message->has_digest && message->canonical_version == MIG__CANONICAL_VERSION,
              .gone = message->gone_since != 0,
              .fresh = message->id > p->run->first_row,
              .state = message->state};
    return 0;
}

/* Where one UID was told wrongly, the others say nothing: what was recorded under them is looked for by content. */
static int doubt_uids(place *p, mig_error *err)
{
    for (size_t i = 0; p->job->doubted && !p->read && i < p->count; i++) {
        row *r = &p->rows[i];
        if (r->fresh && r->target_uid != 0 && r->has_digest) {
            r->target_uid = 0;
            if (mig__state_message_unplace(p->run->state, r->id, err) != 0) {
                return -1;
            }
        }
    }
    p->read = p->read || p->job->doubted;
    return 0;
}

static int read_rows(place *p, mig_error *err)
{
    p->count = 0;
    p->error.code = MIG_OK;
    for (size_t i = 0; i < p->run->job_count; i++) {
        mig__folder_job *job = &p->run->jobs[i];
        if (job->copy && job->lead == p->job && job->record.id != 0) {
            p->filling = job;
            if (mig__state_messages(p->run->state, job->record.id, take_row, p, &p->error) != 0) {
                *err = p->error;
                return -1;
            }
        }
    }
    return doubt_uids(p, err);
}

/* ---- looking for what is missing by its content ---- */

static int want(place *p, size_t which, mig_error *err)
{
    const row *r = &p->rows[which];
    mig__keyindex *sizes = mig__keyindex_get(&p->sizes, 0, MIG__KEY_DIGEST, err);
    mig__known_entry entry = {.digest = r->digest, .row = (int64_t)which};
    return sizes == NULL ||
                   mig__keyindex_add(sizes, mig__key(&r->digest.octets, sizeof r->digest.octets), (int64_t)which + 1,
                                     err) != 0 ||
                   mig__known_add(&p->wanted, &entry, err) != 0
               ? -1
               : 0;
}

typedef struct candidates {
    place *place;
    const mig__uidset *strangers;
    mig__uidset uids;
} candidates;

/* What came since this run opened the mailbox may be anything that was sent; of what is older only what has the size.
 */
static int on_size(const mig__response *response, void *context, mig_error *err)
{
    candidates *c = context;
    const mig__fetch_item *item = &response->fetch;
    if (response->kind != MIG__RESPONSE_FETCH || item->uid == 0 || !mig__uidset_has(c->strangers, item->uid)) {
        return 0;
    }
    uint64_t size = item->size;
    size_t at = 0;
    uint32_t bound = c->place->job->goal.uidnext;
    bool recent = bound == 0 || item->uid >= bound;
    bool sized = !item->has_size || mig__keyindex_next(mig__keyindex_get(&c->place->sizes, 0, MIG__KEY_DIGEST, NULL),
                                                       mig__key(&size, sizeof size), &at) > 0;
    return recent || sized ? mig__uidset_add(&c->uids, item->uid, item->uid, err) : 0;
}

static int on_content(const mig__fetch_item *item, const mig__message_digest *digest, void *context, mig_error *err)
{
    place *p = context;
    mig__known_entry *entry = mig__known_take(&p->wanted, digest);
    if (entry == NULL) {
        return 0;
    }
    row *r = &p->rows[entry->row];
    r->found = true;
    r->target_uid = item->uid;
    return mig__state_message_repair(p->run->state, r->id, 0, item->uid, err);
}

static int look_by_content(place *p, mig__session *session, mig_error *err)
{
    mig_error refused = MIG_ERROR_INIT;
    mig__uidset strangers = MIG__UIDSET_INIT, ours = MIG__UIDSET_INIT;
    candidates c = {p, &strangers, MIG__UIDSET_INIT};
    int failed = mig__uidset_copy(&strangers, &p->present, err) != 0 ||
                         mig__state_ours_in(p->run->state, p->run->state_account, p->job->target, &ours, err) != 0 ||
                         mig__uidset_subtract(&strangers, &ours, err) != 0
                     ? -1
                     : 0;
    if (failed == 0 && strangers.count > 0) {
        mig__command *sizes = mig__fetch(session, &strangers, MIG__FETCH_SIZE, 0, on_size, &c, err);
        failed = mig__command_settle(session, sizes, &refused, err);
        failed = failed == 0 && refused.code != MIG_OK ? mig__uidset_copy(&c.uids, &strangers, err) : failed;
    }
    if (failed == 0 && c.uids.count > 0) {
        failed = mig__fetch_digests(session, &c.uids, MIG__FETCH_BODY, on_content, p, err);
    }
    mig__uidset_free(&strangers);
    mig__uidset_free(&ours);
    mig__uidset_free(&c.uids);
    return failed;
}

/* Which rows the mailbox has by their UIDs; the others are wanted. */
static int sort_rows(place *p, bool *missing, mig_error *err)
{
    *missing = false;
    for (size_t i = 0; i < p->count; i++) {
        row *r = &p->rows[i];
        r->found = r->target_uid != 0 && mig__uidset_has(&p->present, r->target_uid);
        if (r->found && r->gone && mig__state_message_gone_since(p->run->state, r->id, 0, err) != 0) {
            return -1;
        }
        r->gone = r->gone && !r->found;
        if (!r->found && !r->gone) {
            *missing = true;
            if (r->has_digest && want(p, i, err) != 0) {
                return -1;
            }
        }
    }
    return 0;
}

static void forget_wanted(place *p)
{
    mig__known_free(&p->wanted);
    mig__keyindex_free(&p->sizes);
}

static bool fresh_missing(const place *p)
{
    for (size_t i = 0; i < p->count; i++) {
        if (p->rows[i].fresh && !p->rows[i].found && !p->rows[i].gone) {
            return true;
        }
    }
    return false;
}

/* Which UIDs of the mailbox are ours is certain now, whatever was told before. */
static int note_found(place *p, mig_error *err)
{
    mig__uidset_clear(&p->job->given);
    for (size_t i = 0; i < p->count; i++) {
        const row *r = &p->rows[i];
        if (r->found && r->target_uid >= p->job->goal.uidnext && mig__uids_note(p->job, r->target_uid, err) != 0) {
            return -1;
        }
    }
    return 0;
}

/* One look into the mailbox, which is opened anew. 0; 1: the server does not tell (`err`), -1. */
static int look(place *p, mig__session *session, mig_error *err)
{
    bool missing = false;
    mig__selected_free(&p->now);
    mig__uidset_clear(&p->present);
    int outcome = mig__command_outcome(session, mig__select(session, p->job->target, true, &p->now, err), err);
    outcome = outcome != 0 ? outcome : mig__held_uids(session, p->now.exists, &p->present, err);
    outcome = outcome != 0 ? outcome : read_rows(p, err);
    outcome = outcome != 0 ? outcome : sort_rows(p, &missing, err);
    if (outcome == 0 && missing) {
        outcome = look_by_content(p, session, err);
    }
    forget_wanted(p);
    return outcome != 0 ? outcome : note_found(p, err);
}

/* A server may show late what it stored: what this run sent is not lost before the mailbox is quiet. */
static int look_patiently(mig__session *session, void *context, mig_error *err)
{
    place *p = context;
    int64_t begun = mig__now_ms(), changed = begun;
    pthread_mutex_lock(&p->run->lock);
    int64_t answer_ms = p->run->slowest_answer_ms;
    pthread_mutex_unlock(&p->run->lock);
    for (uint32_t exists = 0;;) {
        int64_t before = mig__now_ms();
        int outcome = look(p, session, err);
        int64_t now = mig__now_ms();
        if (outcome != 0 || !fresh_missing(p)) {
            return outcome;
        }
        if (!p->read) { /* its place may be taken by one whose UID was told wrongly */
            p->job->doubted = true;
            continue;
        }
        changed = p->now.exists != exists ? now : changed;
        exists = p->now.exists;
        if (now - changed >= mig__reconcile_quiet(now - before, answer_ms) || now - begun >= 6 * MIG__QUIET_MOST_MS) {
            return 0;
        }
        if (mig__run_stopping(p->run)) {
            return mig_error_set(err, MIG_E_INTERRUPTED, "stopped");
        }
        mig__sleep_ms(POLL_MS);
    }
}

/* ---- what follows ---- */

static void uncount(row *r, const mig__message_digest *digest)
{
    mig_folder_result *result = r->job->result;
    if (r->state == MIG__MESSAGE_ADOPTED && result->adopted > 0) {
        result->adopted--;
    } else if (r->state == MIG__MESSAGE_COPIED && result->copied > 0) {
        result->copied--;
        result->bytes -= digest->octets < result->bytes ? digest->octets : result->bytes;
    } else if (result->already > 0) {
        result->already--;
    }
}

static int send_again(place *p, row *r, mig_error *err)
{
    if (mig__uidset_add(&r->job->reading.todo, r->source_uid, r->source_uid, err) != 0 ||
        mig__state_message_forget(p->run->state, r->id, err) != 0) {
        return -1;
    }
    uncount(r, &r->digest);
    p->run->messages_total++;
    return 0;
}

static int list_lost(place *p, row *r, mig_error *err)
{
    mig_error why;
    char line[MIG_ERROR_TEXT + MIG_ERROR_SERVER + MIG_ERROR_HINT];
    mig__message record;
    int found = mig__state_message_by_uid(p->run->state, r->job->record.id, r->source_uid, &record, err);
    if (found <= 0) {
        return found;
    }
    mig_error_set(&why, MIG_E_LOST, "the target answered that message %u of '%s' is stored, and does not hold it",
                  r->source_uid, r->job->source->name);
    mig_error_hint(&why, "run again: it is sent again then; if it is lost once more, look at the target's log");
    mig__message failed = record;
    failed.code = why.code;
    failed.text = mig_error_line(&why, line, sizeof line);
    failed.target_uid = 0;
    int outcome = mig__state_message_failed(p->run->state, r->job->record.id, &failed, err);
    mig__message_clear(&record);
    mig__run_problem(p->run, r->job, r->source_uid, true, &why);
    uncount(r, &r->digest);
    r->job->result->failed++;
    return outcome;
}

/* A target that keeps one copy of equal messages (Gmail) holds this one as another: sending it again adds nothing. */
static bool held_as_another(const place *p, const row *missing)
{
    bool held = false;
    for (size_t i = 0; p->run->sides[MIG_TARGET].profile.labels && !held && i < p->count; i++) {
        const row *r = &p->rows[i];
        held = r->found && memcmp(r->digest.raw, missing->digest.raw, sizeof r->digest.raw) == 0;
    }
    return held;
}

static int note_merged(place *p, row *r, mig_error *err)
{
    mig_error why;
    mig_error_set(&why, MIG_E_LOST, "the target keeps equal messages once: message %u of '%s' is there as another one",
                  r->source_uid, r->job->source->name);
    mig__run_problem(p->run, r->job, r->source_uid, false, &why);
    uncount(r, &r->digest);
    return mig__state_message_gone_since(p->run->state, r->id, mig__wall_seconds(), err);
}

static int settle_rows(place *p, bool last, bool *again, mig_error *err)
{
    uint64_t lost = 0;
    for (size_t i = 0; i < p->count; i++) {
        row *r = &p->rows[i];
        if (r->found || r->gone) {
            continue;
        }
        int failed;
        if (!r->fresh || r->source_uid == 0) {
            failed = mig__state_message_gone_since(p->run->state, r->id, mig__wall_seconds(), err);
        } else if (held_as_another(p, r)) {
            failed = note_merged(p, r, err);
        } else if (last) {
            failed = list_lost(p, r, err);
        } else {
            failed = send_again(p, r, err);
            *again = true;
            lost++;
        }
        if (failed != 0) {
            return -1;
        }
    }
    if (lost > 0) {
        mig__run_log(p->run, MIG_LOG_WARNING, p->job, 0, NULL,
                     "%llu messages are not on the target, which answered that it stored them: sent again",
                     (unsigned long long)lost);
    }
    return 0;
}

/* The numbers as of this look are what the next one is held against. */
static int keep_numbers(place *p, const mig__holding *now, mig_error *err)
{
    for (size_t i = 0; i < p->run->job_count; i++) {
        mig__folder_job *job = &p->run->jobs[i];
        if (!job->copy || job->lead != p->job || job->record.id == 0) {
            continue;
        }
        bool news = job->record.target_uidnext != now->uidnext || job->record.target_messages != now->messages;
        job->record.target_uidnext = now->uidnext;
        job->record.target_messages = now->messages;
        job->counted = true;
        if (job->unchanged && news &&
            mig__state_folder_put(p->run->state, p->run->state_account, &job->record, err) != 0) {
            return -1;
        }
    }
    return 0;
}

static void list_unseen(place *p, const mig_error *refused)
{
    mig_error why = *refused;
    mig_error_context(&why, "what '%s' holds on the target could not be looked at", p->job->result->target);
    mig__run_problem(p->run, p->job, 0, true, &why);
    p->job->filtered = true; /* not complete: looked at again by the next run */
}

static int check_place(place *p, mig__session **session, bool last, bool *again, mig_error *err)
{
    uint64_t expected, unplaced;
    mig__holding then = {p->job->record.target_uidnext, p->job->record.target_messages};
    mig__holding now = {p->now.uidnext, p->now.exists};
    if (p->why.code != MIG_OK) {
        list_unseen(p, &p->why);
        return 0;
    }
    if (expect(p->run, p->job, &expected, &unplaced, err) != 0) {
        return -1;
    }
    if (unplaced > 0 || p->job->doubted || mig__held_doubt(then.uidnext != 0 ? &then : NULL, &now, expected)) {
        int outcome = mig__gate_ask(&p->run->sides[MIG_TARGET].gate, session, look_patiently, p, err);
        if (outcome > 0) {
            list_unseen(p, err);
        } else if (outcome == 0) {
            outcome = settle_rows(p, last, again, err);
        }
        if (outcome != 0) {
            return outcome > 0 ? 0 : -1;
        }
        now = (mig__holding){p->now.uidnext, p->now.exists};
    }
    int outcome = mig__contest_settle(p->run, session, p->job, p->now.uidnext, err);
    if (outcome > 0) {
        list_unseen(p, err);
    }
    return outcome != 0 ? (outcome > 0 ? 0 : -1) : keep_numbers(p, &now, err);
}

static void free_place(place *p)
{
    mig__selected_free(&p->now);
    mig__uidset_free(&p->present);
    free(p->rows);
}

/* What the lists told at the beginning is enough for a mailbox that nothing was sent to. */
static int gather_places(mig__run *run, place **places, size_t *count, mig_error *err)
{
    for (size_t i = 0; i < run->job_count; i++) {
        mig__folder_job *job = &run->jobs[i];
        if (!counts(job)) {
            continue;
        }
        const mig__mailbox *existing = job->existing;
        bool asked = touched(run, job);
        uint64_t expected, unplaced;
        if (!asked && existing != NULL && existing->has_status) {
            mig__holding then = {job->record.target_uidnext, job->record.target_messages};
            mig__holding now = {existing->uidnext, existing->messages};
            if (expect(run, job, &expected, &unplaced, err) != 0) {
                return -1;
            }
            asked = unplaced > 0 || mig__held_doubt(then.uidnext != 0 ? &then : NULL, &now, expected);
        }
        if (asked) {
            place *grown = mig__grow(*places, *count, sizeof *grown, err);
            if (grown == NULL) {
                return -1;
            }
            *places = grown;
            (*places)[(*count)++] = (place){.run = run, .job = job, .why = MIG_ERROR_INIT, .error = MIG_ERROR_INIT};
        }
    }
    return 0;
}

static int send_open(mig__session *session, void *context, mig_error *err)
{
    place *p = context;
    mig__selected_free(&p->now);
    p->select = mig__select(session, p->job->target, true, &p->now, err);
    return p->select == NULL ? -1 : 0;
}

static int settle_open(mig__session *session, void *context, mig_error *err)
{
    return mig__command_outcome(session, ((place *)context)->select, err);
}

static int note_opened(void *context, int outcome, const mig_error *why, mig_error *err)
{
    (void)err;
    if (outcome != 0) {
        ((place *)context)->why = *why;
    }
    return 0;
}

/* All of them in few round trips: their numbers are enough where nothing is missing. */
static int open_all(mig__run *run, mig__session **session, place *places, size_t count, mig_error *err)
{
    static const mig__each each = {send_open, settle_open, note_opened};
    void **pointers = calloc(count + 1, sizeof *pointers);
    if (pointers == NULL) {
        return mig_error_set(err, MIG_E_NOMEM, "out of memory");
    }
    for (size_t i = 0; i < count; i++) {
        pointers[i] = &places[i];
    }
    int failed = mig__gate_ask_each(&run->sides[MIG_TARGET].gate, session, &each, pointers, count, err);
    free(pointers);
    return failed;
}

int mig__held_check(mig__run *run, mig__session **session, bool last, bool *again, mig_error *err)
{
    place *places = NULL;
    size_t count = 0;
    *again = false;
    int failed = gather_places(run, &places, &count, err);
    failed = failed != 0 ? failed : open_all(run, session, places, count, err);
    for (size_t i = 0; failed == 0 && i < count; i++) {
        failed = check_place(&places[i], session, last, again, err);
    }
    for (size_t i = 0; i < count; i++) {
        free_place(&places[i]);
    }
    free(places);
    return failed;
}
