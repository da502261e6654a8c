/* copy/contest.c - somebody else puts messages into the same mailbox at the same time */
#include "copy/contest.h"
#include "base/memory.h"
#include "copy/change.h"
#include "copy/held.h"
#include "copy/known.h"
#include "copy/prepare.h"
#include "copy/same.h"
#include "copy/uids.h"
#include "imap/digests.h"
#include "mail/flags.h"
#include <stdlib.h>
#include <string.h>

uint64_t mig__contest_gap(uint32_t bound, uint32_t highest, uint64_t ours, uint64_t looked, uint64_t under_way)
{
    uint64_t all = highest >= bound ? (uint64_t)highest - bound + 1 : 0;
    uint64_t known = ours + looked + under_way;
    return all > known ? all - known : 0;
}

static uint64_t from_bound(const mig__uidset *set, uint32_t bound)
{
    uint64_t count = 0;
    for (size_t i = 0; i < set->count; i++) {
        const mig__uid_range *range = &set->ranges[i];
        uint32_t first = range->first < bound ? bound : range->first;
        count += range->last >= first ? (uint64_t)range->last - first + 1 : 0;
    }
    return count;
}

void mig__contest_under_way(mig__run *run, mig__folder_job *job, int64_t messages)
{
    pthread_mutex_lock(&run->lock);
    job->lead->under_way = (uint64_t)((int64_t)job->lead->under_way + messages);
    pthread_mutex_unlock(&run->lock);
}

/* Messages whose outcome is not known yet may have any UID. [lock] */
static bool in_doubt(const mig__run *run, const mig__folder_job *lead)
{
    for (size_t i = 0; i < run->job_count; i++) {
        const mig__folder_job *job = &run->jobs[i];
        if (job->lead == lead && mig__queue_unsettled(run->queue, i)) {
            return true;
        }
    }
    return lead->doubted;
}

void mig__contest_note(mig__run *run, mig__folder_job *lead, uint32_t highest)
{
    uint32_t bound = lead->goal.uidnext;
    if (bound != 0 && highest >= bound && !in_doubt(run, lead)) {
        lead->contested = lead->contested || mig__contest_gap(bound, highest, from_bound(&lead->given, bound),
                                                              from_bound(&lead->others, bound), lead->under_way) > 0;
    }
}

/* ---- what another put there ---- */

/*
 * UIDs of the mailbox from the bound on that are not ours and were not looked at. The mailbox is selected. 0; 1: it
 * refuses to tell (`err`), -1.
 */
static int gather_others(mig__run *run, mig__session *session, mig__folder_job *lead, uint32_t exists, bool again,
                         mig__uidset *out, mig_error *err)
{
    mig__uidset old = MIG__UIDSET_INIT;
    int outcome = mig__held_uids(session, exists, out, err);
    if (outcome == 0 && lead->goal.uidnext > 1) {
        outcome = mig__uidset_add(&old, 1, lead->goal.uidnext - 1, err);
    }
    outcome = outcome != 0 ? outcome : mig__uidset_subtract(out, &old, err);
    pthread_mutex_lock(&run->lock);
    outcome = outcome != 0 ? outcome : mig__uidset_subtract(out, &lead->given, err);
    outcome = outcome != 0 || again ? outcome : mig__uidset_subtract(out, &lead->others, err);
    pthread_mutex_unlock(&run->lock);
    mig__uidset_free(&old);
    return outcome;
}

typedef struct looking {
    mig__run *run;
    mig__folder_job *lead;
} looking;

static int on_other(const mig__fetch_item *item, const mig__message_digest *digest, void *context, mig_error *err)
{
    const looking *l = context;
    int failed = 0;
    pthread_mutex_lock(&l->run->lock);
    for (size_t i = 0; failed == 0 && i < l->run->job_count; i++) {
        mig__folder_job *job = &l->run->jobs[i];
        if (job->lead == l->lead) {
            mig__known_entry entry = {.digest = *digest,
                                      .kind = MIG__KNOWN_FOREIGN,
                                      .target_uid = item->uid,
                                      .flags = mig__flags_join(item->flags)};
            failed = entry.flags == NULL ? mig_error_set(err, MIG_E_NOMEM, "out of memory")
                                         : mig__known_add(&job->content, &entry, err);
        }
    }
    failed = failed != 0 ? -1 : mig__uidset_add(&l->lead->others, item->uid, item->uid, err);
    pthread_mutex_unlock(&l->run->lock);
    return failed;
}

/* For reading only. *exists; 1: it cannot be opened now (`err`). */
static int examine(mig__session *session, const mig__folder_job *job, uint32_t *exists, mig_error *err)
{
    mig__selected selected = {0};
    int outcome = mig__command_outcome(session, mig__select(session, job->target, true, &selected, err), err);
    if (outcome == 0 && selected.uidvalidity != job->goal.uidvalidity) {
        mig_error_set(err, MIG_E_UIDVALIDITY, "the mailbox '%s' was replaced on the target", job->result->target);
        outcome = 1;
    }
    *exists = selected.exists;
    mig__selected_free(&selected);
    return outcome;
}

int mig__contest_look(mig__run *run, mig__session *session, mig__folder_job *job, mig_error *err)
{
    mig__uidset others = MIG__UIDSET_INIT;
    looking look = {run, job->lead};
    uint32_t exists = 0;
    pthread_mutex_lock(&run->lock);
    bool contested = job->lead->contested;
    job->lead->contested = false; /* until the next gap */
    pthread_mutex_unlock(&run->lock);
    if (!contested) {
        return 0;
    }
    int outcome = examine(session, job, &exists, err);
    if (outcome == 0) {
        outcome = gather_others(run, session, job->lead, exists, false, &others, err);
    }
    if (outcome == 0 && others.count > 0) {
        outcome = mig__fetch_digests(session, &others, MIG__FETCH_BODY, on_other, &look, err);
        mig__run_log(run, MIG_LOG_INFO, job, 0, NULL,
                     "%llu messages that are not ours came into the target's mailbox meanwhile",
                     (unsigned long long)mig__uidset_size(&others));
    }
    mig__uidset_free(&others);
    if (outcome != 0) { /* the next batch asks again; what stays refused the end of the pass looks at */
        pthread_mutex_lock(&run->lock);
        job->lead->contested = true;
        pthread_mutex_unlock(&run->lock);
    }
    return outcome < 0 || mig__prepare_leave(session, err) != 0 ? -1 : 0; /* APPENDs follow */
}

/* ---- the end ---- */

typedef struct copy_of { /* a message in the mailbox, or a row of ours that wants one */
    mig__message_digest digest;
    uint32_t uid;
    int64_t row; /* 0: another's message */
    bool sent;   /* by this run */
} copy_of;

typedef struct settling {
    mig__run *run;
    mig__folder_job *lead;
    copy_of *items;
    size_t count;
    mig__expected *surplus;
    size_t surplus_count;
    struct {
        int64_t row;
        uint32_t uid;
    } * moves; /* rows that get another's message */
    size_t move_count;
    mig_error error;
} settling;

static int add_item(settling *s, const copy_of *item, mig_error *err)
{
    copy_of *grown = mig__grow(s->items, s->count, sizeof *grown, err);
    if (grown == NULL) {
        return -1;
    }
    s->items = grown;
    s->items[s->count++] = *item;
    return 0;
}

static int on_row(const mig__message *message, void *context)
{
    settling *s = context;
    bool there = message->state == MIG__MESSAGE_COPIED || message->state == MIG__MESSAGE_ADOPTED;
    if (!there || message->id <= s->run->first_row || !message->has_digest || message->gone_since != 0 ||
        message->target_uid < s->lead->goal.uidnext) {
        return 0;
    }
    const copy_of item = {message->digest, message->target_uid, message->id, message->state == MIG__MESSAGE_COPIED};
    return add_item(s, &item, &s->error);
}

static int on_stranger(const mig__fetch_item *item, const mig__message_digest *digest, void *context, mig_error *err)
{
    const copy_of other = {*digest, item->uid, 0, false};
    return add_item(context, &other, err);
}

/* Equal content side by side, by ascending UID. */
static int compare(const void *a, const void *b)
{
    const copy_of *x = a, *y = b;
    int order = memcmp(x->digest.canonical, y->digest.canonical, MIG__DIGEST_SIZE);
    return order != 0 ? order : x->uid < y->uid ? -1 : x->uid > y->uid;
}

/* Of equal messages as many as rows want stay, the ones with the lowest UIDs. */
static void choose(settling *s, const copy_of *equal, size_t count)
{
    size_t wanted = 0, taken = 0;
    for (size_t i = 0; i < count; i++) {
        wanted += equal[i].row != 0;
    }
    for (size_t i = wanted; i < count; i++) {
        if (equal[i].row == 0) {
            continue;
        }
        while (taken < wanted && equal[taken].row != 0) {
            taken++; /* has its own */
        }
        if (taken == wanted) {
            return;
        }
        s->moves[s->move_count].row = equal[i].row;
        s->moves[s->move_count++].uid = equal[taken++].uid;
        if (equal[i].sent) {
            s->surplus[s->surplus_count++] =
                (mig__expected){.uid = equal[i].uid, .digest = equal[i].digest, .has_digest = true};
        }
    }
}

/* Those of our messages that are surplus and what the record says. What is gone by now is not there to be removed. */
static int remove_surplus(mig__session *session, void *context, mig_error *err)
{
    settling *s = context;
    size_t count = 0;
    mig_error why = MIG_ERROR_INIT;
    uint32_t *uids = calloc(s->surplus_count + 1, sizeof *uids);
    int outcome =
        uids == NULL ? mig_error_set(err, MIG_E_NOMEM, "out of memory") : mig__change_open(session, s->lead, err);
    outcome = outcome != 0 ? outcome : mig__same_check(session, s->surplus, s->surplus_count, true, err);
    for (size_t i = 0; outcome == 0 && i < s->surplus_count; i++) {
        uids[count] = s->surplus[i].uid;
        count += s->surplus[i].same;
    }
    outcome = outcome != 0 ? outcome : mig__same_expunge(session, uids, count, &why, err);
    if (outcome == 0 && why.code != MIG_OK) {
        *err = why;
        outcome = 1;
    }
    free(uids);
    return outcome;
}

static int record_moves(settling *s, mig_error *err)
{
    for (size_t i = 0; i < s->move_count; i++) {
        if (mig__state_message_repair(s->run->state, s->moves[i].row, 0, s->moves[i].uid, err) != 0) {
            return -1;
        }
    }
    mig_folder_result *result = s->lead->result;
    uint64_t sent = s->surplus_count < result->copied ? s->surplus_count : result->copied;
    result->copied -= sent;
    result->adopted += sent;
    return 0;
}

/* The rows point to the kept messages before ours go, so that a kill in between leaves a double and loses nothing. */
static int settle_doubles(settling *s, mig__session **session, mig_error *err)
{
    mig_error why = MIG_ERROR_INIT, told;
    int outcome = 0;
    if (!mig__session_can(*session, MIG__CAP_UIDPLUS)) {
        mig_error_set(&why, MIG_E_CANNOT, "the target has no UID EXPUNGE (UIDPLUS)");
    } else if (record_moves(s, err) != 0 || mig__state_flush(s->run->state, err) != 0) {
        return -1;
    } else if ((outcome = mig__gate_ask(&s->run->sides[MIG_TARGET].gate, session, remove_surplus, s, err)) < 0) {
        return -1;
    } else if (outcome > 0) {
        why = *err;
    }
    mig_error_set(&told, MIG_E_PAIR_LOCKED,
                  "another program copies the same messages to '%s' at the same time: %zu that both had sent %s%s",
                  s->lead->result->target, s->move_count,
                  why.code == MIG_OK ? "were taken back" : "are there twice, and could not be taken back: ", why.text);
    mig_error_server(&told, why.server, strlen(why.server));
    mig_error_hint(&told, "let one run work at a time, on one machine");
    mig__run_problem(s->run, s->lead, 0, why.code != MIG_OK, &told);
    return 0;
}

/* What is in the mailbox that is not ours, read. */
static int look_at_others(mig__session *session, void *context, mig_error *err)
{
    settling *s = context;
    mig__uidset others = MIG__UIDSET_INIT;
    uint32_t exists = 0;
    s->count = 0;
    int outcome = examine(session, s->lead, &exists, err);
    outcome = outcome != 0 ? outcome : gather_others(s->run, session, s->lead, exists, true, &others, err);
    if (outcome == 0 && others.count > 0) {
        outcome = mig__fetch_digests(session, &others, MIG__FETCH_BODY, on_stranger, s, err);
    }
    mig__uidset_free(&others);
    return outcome;
}

/* Which of the rows get another's message, and which of ours are surplus. */
static int plan_settling(settling *s, mig_error *err)
{
    mig__run *run = s->run;
    int failed = 0;
    for (size_t i = 0; failed == 0 && s->count > 0 && i < run->job_count; i++) {
        if (run->jobs[i].lead == s->lead && run->jobs[i].record.id != 0) {
            failed = mig__state_messages(run->state, run->jobs[i].record.id, on_row, s, &s->error);
            *err = failed != 0 ? s->error : *err;
        }
    }
    if (failed != 0 || s->count == 0) {
        return failed;
    }
    s->surplus = calloc(s->count, sizeof *s->surplus);
    s->moves = calloc(s->count, sizeof *s->moves);
    if (s->surplus == NULL || s->moves == NULL) {
        return mig_error_set(err, MIG_E_NOMEM, "out of memory");
    }
    qsort(s->items, s->count, sizeof *s->items, compare);
    for (size_t at = 0, end; at < s->count; at = end) {
        for (end = at + 1; end < s->count && memcmp(s->items[at].digest.canonical, s->items[end].digest.canonical,
                                                    MIG__DIGEST_SIZE) == 0;) {
            end++;
        }
        choose(s, s->items + at, end - at);
    }
    return 0;
}

int mig__contest_settle(mig__run *run, mig__session **session, mig__folder_job *lead, uint32_t uidnext, mig_error *err)
{
    settling s = {.run = run, .lead = lead, .error = MIG_ERROR_INIT};
    uint32_t bound = lead->goal.uidnext;
    if (bound == 0 || uidnext <= bound || lead->result->copied == 0 ||
        mig__contest_gap(bound, uidnext - 1, from_bound(&lead->given, bound), 0, 0) == 0) {
        return 0;
    }
    int outcome = mig__gate_ask(&run->sides[MIG_TARGET].gate, session, look_at_others, &s, err);
    outcome = outcome != 0 ? outcome : plan_settling(&s, err);
    if (outcome == 0 && s.move_count > 0) {
        outcome = settle_doubles(&s, session, err);
    }
    free(s.items);
    free(s.surplus);
    free(s.moves);
    return outcome;
}
