/* copy/adopt_ask.c - what both servers say of the mail that is there: sizes and dates, headers, bodies */
#include "copy/adopt_private.h"
#include "base/memory.h"
#include "copy/held.h"
#include "copy/known.h"
#include "imap/digests.h"
#include <stdlib.h>
#include <string.h>

enum { UIDS_AT_ONCE = 2000 }; /* in one FETCH; where they are scattered it is cut further */

/* ---- reading sizes, dates, flags ---- */

static int on_summary(const mig__response *response, void *context, mig_error *err)
{
    mig__adopt_side *s = context;
    const mig__fetch_item *item = &response->fetch;
    if (response->kind != MIG__RESPONSE_FETCH || item->uid == 0 || !item->has_size ||
        mig__uidset_has(&s->named, item->uid)) {
        return 0;
    }
    if (mig__uidset_add(&s->named, item->uid, item->uid, err) != 0) {
        return -1;
    }
    if (s->ours != NULL && mig__uidset_has(s->ours, item->uid)) {
        return 0;
    }
    mig__adopt_entry *grown = mig__grow(s->items, s->count, sizeof *grown, err);
    if (grown == NULL) {
        return -1;
    }
    s->items = grown;
    mig__adopt_entry *e = &s->items[s->count++];
    *e = (mig__adopt_entry){
        .uid = item->uid, .size = item->size, .utc = item->internaldate.utc, .dated = item->internaldate.valid};
    e->flags = mig__flags_join(item->flags);
    return e->flags == NULL ? mig_error_set(err, MIG_E_NOMEM, "out of memory") : 0;
}

/* What the server left out of `piece`: it answered about the newest of it only (RFC 9738). */
static int put_back(const mig__adopt_side *s, size_t before, const mig__uidset *piece, mig__uidset *left,
                    mig_error *err)
{
    uint32_t lowest = UINT32_MAX;
    for (size_t i = before; i < s->count; i++) {
        lowest = s->items[i].uid < lowest ? s->items[i].uid : lowest;
    }
    if (s->count == before) {
        return 0; /* all of it was left out: asking again would bring no more */
    }
    for (size_t i = 0; i < piece->count && piece->ranges[i].first < lowest; i++) {
        const mig__uid_range *range = &piece->ranges[i];
        if (mig__uidset_add(left, range->first, range->last < lowest ? range->last : lowest - 1, err) != 0) {
            return -1;
        }
    }
    return 0;
}

void mig__adopt_side_clear(mig__adopt_side *s)
{
    for (size_t i = 0; i < s->count; i++) {
        free(s->items[i].flags);
        free(s->items[i].message_id);
        free(s->items[i].fields);
    }
    free(s->items);
    s->items = NULL;
    s->count = 0;
    mig__uidset_free(&s->named);
}

/* ---- asking: a refusal is no answer, and least of all "there is none" ---- */

typedef struct asking { /* something about the folder's mailbox on one mig__adopt_side */
    mig__adopting *a;
    mig_side side;
    const mig__uidset *uids;
    bool bodies_wanted;
    mig__known_entry *bodies; /* read so far, of the target */
    size_t body_count;
} asking;

int mig__adopt_open(mig__session *session, mig__adopting *a, mig_side side, mig_error *err)
{
    const mig__folder_job *job = a->job;
    mig__selected selected = {0};
    if (a->opened[side]) {
        return 0;
    }
    const char *mailbox = side == MIG_SOURCE ? job->source->wire : job->target;
    int outcome = mig__command_outcome(session, mig__select(session, mailbox, true, &selected, err), err);
    if (outcome == 0 && selected.uidvalidity != (side == MIG_SOURCE ? &job->snapshot : &job->goal)->uidvalidity) {
        mig_error_set(err, MIG_E_UIDVALIDITY, "the mailbox was replaced meanwhile");
        outcome = 1;
    }
    a->opened[side] = outcome == 0;
    a->sides[side].exists = selected.exists;
    mig__selected_free(&selected);
    return outcome;
}

/* One FETCH of sizes, dates and flags; what the server left out goes back to `left`. */
static int ask_piece(mig__session *session, mig__adopt_side *s, const mig__uidset *piece, mig__uidset *left,
                     mig_error *err)
{
    const unsigned items = MIG__FETCH_FLAGS | MIG__FETCH_DATE | MIG__FETCH_SIZE;
    mig__command_result result = {.error = MIG_ERROR_INIT};
    size_t before = s->count;
    mig__command *command = mig__fetch(session, piece, items, 0, on_summary, s, err);
    if (command == NULL || mig__command_wait(session, command, &result, err) != 0) {
        return -1;
    }
    mig_error refused = result.error;
    bool partial = result.code == MIG__CODE_MESSAGELIMIT;
    mig__command_result_clear(&result);
    if (refused.code != MIG_OK) {
        *err = refused;
        return 1;
    }
    return partial ? put_back(s, before, piece, left, err) : 0;
}

/* Sizes, dates and flags of all of `uids`. */
static int ask_pieces(mig__session *session, mig__adopt_side *s, const mig__uidset *uids, mig_error *err)
{
    mig__uidset left = MIG__UIDSET_INIT, piece = MIG__UIDSET_INIT;
    int outcome = mig__uidset_copy(&left, uids, err);
    while (outcome == 0 && left.count > 0) {
        /* A range that is open above cannot be counted down; it is asked for whole. */
        bool open = mig__uidset_max(&left) == UINT32_MAX;
        outcome = open ? mig__uidset_copy(&piece, &left, err)
                       : (mig__uidset_take(&left, UIDS_AT_ONCE, &piece, err) < 0 ? -1 : 0);
        if (open) {
            mig__uidset_clear(&left);
        }
        outcome = outcome != 0 ? outcome : ask_piece(session, s, &piece, &left, err);
    }
    mig__uidset_free(&left);
    mig__uidset_free(&piece);
    return outcome;
}

static int on_search(const mig__response *response, void *context, mig_error *err)
{
    bool told = response->kind == MIG__RESPONSE_SEARCH && response->uids != NULL;
    return told ? mig__uidset_add_all(context, response->uids, err) : 0;
}

/*
 * OK does not say that the answer was whole. Which messages are there and were not told of: of the target's mailbox by
 * EXISTS, of the source's by what was asked for, less what is gone by now.
 */
static int find_untold(mig__session *session, const asking *q, mig__uidset *untold, mig_error *err)
{
    const mig__adopt_side *s = &q->a->sides[q->side];
    mig__uidset asked = MIG__UIDSET_INIT;
    int outcome = 0;
    mig__uidset_clear(untold);
    if (q->side == MIG_TARGET) {
        bool short_of = mig__uidset_size(&s->named) < s->exists;
        outcome = short_of ? mig__held_uids(session, s->exists, untold, err) : 0;
    } else {
        outcome = mig__uidset_copy(&asked, q->uids, err);
        outcome = outcome != 0 ? outcome : mig__uidset_subtract(&asked, &s->named, err);
        if (outcome == 0 && asked.count > 0) {
            mig__command *search = mig__search_uids(session, &asked, on_search, untold, err);
            outcome = mig__command_outcome(session, search, err);
        }
    }
    mig__uidset_free(&asked);
    return outcome != 0 ? outcome : mig__uidset_subtract(untold, &s->named, err);
}

/* What one side does not tell of would be taken for not there, and be sent although it is. */
static int ask_for_untold(mig__session *session, asking *q, mig_error *err)
{
    mig__adopt_side *s = &q->a->sides[q->side];
    mig__uidset untold = MIG__UIDSET_INIT;
    int outcome = find_untold(session, q, &untold, err);
    if (outcome == 0 && untold.count > 0) {
        outcome = ask_pieces(session, s, &untold, err);
        outcome = outcome != 0 ? outcome : mig__uidset_subtract(&untold, &s->named, err);
    }
    if (outcome == 0 && untold.count > 0) {
        mig_error_set(err, MIG_E_PROTOCOL, "the %s tells nothing of %llu messages that it has (the first is %u)",
                      q->side == MIG_SOURCE ? "source" : "target", (unsigned long long)mig__uidset_size(&untold),
                      untold.ranges[0].first);
        err->scope = MIG_SCOPE_FOLDER;
        err->retry = MIG_RETRY_NEVER; /* it was asked twice */
        outcome = 1;
    }
    mig__uidset_free(&untold);
    return outcome;
}

static int ask_summaries(mig__session *session, void *context, mig_error *err)
{
    asking *q = context;
    mig__adopt_side *s = &q->a->sides[q->side];
    mig__adopt_side_clear(s);
    int outcome = mig__adopt_open(session, q->a, q->side, err);
    outcome = outcome != 0 ? outcome : ask_pieces(session, s, q->uids, err);
    outcome = outcome != 0 ? outcome : ask_for_untold(session, q, err);
    q->a->opened[q->side] = q->a->opened[q->side] && outcome == 0; /* asked again, it is opened anew */
    return outcome;
}

/* Have it out with the server. 0; 1: the folder cannot be compared, -1: nothing goes on. */
static int have_out(asking *q, mig__dialogue *dialogue, mig_error *err)
{
    return mig__gate_ask(&q->a->run->sides[q->side].gate, q->a->sessions[q->side], dialogue, q, err);
}

int mig__adopt_ask_summaries(mig__adopting *a, mig_side side, const mig__uidset *uids, mig_error *err)
{
    asking q = {.a = a, .side = side, .uids = uids};
    return have_out(&q, ask_summaries, err);
}

int mig__adopt_compare_uids(const void *a, const void *b)
{
    const mig__adopt_entry *x = a, *y = b;
    return x->uid < y->uid ? -1 : x->uid > y->uid;
}

mig__adopt_entry *mig__adopt_entry_of(const mig__adopt_side *s, uint32_t uid)
{
    mig__adopt_entry wanted = {.uid = uid};
    return s->count == 0 ? NULL : bsearch(&wanted, s->items, s->count, sizeof *s->items, mig__adopt_compare_uids);
}

static int on_header(const mig__fetch_item *item, const mig__message_digest *digest, void *context, mig_error *err)
{
    (void)err;
    mig__adopt_entry *e = mig__adopt_entry_of(context, item->uid);
    if (e != NULL) {
        memcpy(e->header, digest->raw, MIG__DIGEST_SIZE);
        e->has_header = true;
    }
    return 0;
}

static void bodies_clear(asking *q)
{
    for (size_t i = 0; i < q->body_count; i++) {
        free(q->bodies[i].flags);
    }
    free(q->bodies);
    q->bodies = NULL;
    q->body_count = 0;
}

static int on_body(const mig__fetch_item *item, const mig__message_digest *digest, void *context, mig_error *err)
{
    asking *q = context;
    mig__known_entry *grown = mig__grow(q->bodies, q->body_count, sizeof *grown, err);
    if (grown == NULL) {
        return -1;
    }
    q->bodies = grown;
    const mig__adopt_entry *there = mig__adopt_entry_of(&q->a->sides[MIG_TARGET], item->uid);
    q->bodies[q->body_count] = (mig__known_entry){.digest = *digest,
                                                  .kind = MIG__KNOWN_FOREIGN,
                                                  .target_uid = item->uid,
                                                  .source_uid = there != NULL ? there->twin : 0,
                                                  .flags = mig__flags_join(item->flags)};
    return q->bodies[q->body_count++].flags == NULL ? mig_error_set(err, MIG_E_NOMEM, "out of memory") : 0;
}

static int ask_digests(mig__session *session, void *context, mig_error *err)
{
    asking *q = context;
    mig__adopting *a = q->a;
    bool bodies = q->bodies_wanted;
    mig__adopt_side *s = &a->sides[q->side];
    bodies_clear(q);
    int outcome = mig__adopt_open(session, q->a, q->side, err);
    if (outcome == 0) {
        outcome = mig__fetch_digests(session, q->uids, bodies ? MIG__FETCH_BODY : MIG__FETCH_HEADER,
                                     bodies ? on_body : on_header, bodies ? (void *)q : s, err);
    }
    a->opened[q->side] = a->opened[q->side] && outcome >= 0;
    return outcome;
}

/* Of what is read twice, after a connection broke, the last time counts: it becomes known only now. */
static int keep_bodies(asking *q, mig_error *err)
{
    int failed = 0;
    size_t i = 0;
    for (; failed == 0 && i < q->body_count; i++) {
        failed = mig__known_add(&q->a->job->content, &q->bodies[i], err); /* takes over the flags */
        q->bodies[i].flags = NULL;
    }
    return failed;
}

int mig__adopt_ask_headers(mig__adopting *a, mig_side side, const mig__uidset *uids, mig_error *err)
{
    asking q = {.a = a, .side = side, .uids = uids};
    return uids->count > 0 ? have_out(&q, ask_digests, err) : 0;
}

int mig__adopt_ask_bodies(mig__adopting *a, const mig__uidset *uids, mig_error *err)
{
    asking q = {.a = a, .side = MIG_TARGET, .uids = uids, .bodies_wanted = true};
    int outcome = uids->count > 0 ? have_out(&q, ask_digests, err) : 0;
    outcome = outcome != 0 ? outcome : keep_bodies(&q, err);
    bodies_clear(&q);
    return outcome;
}
