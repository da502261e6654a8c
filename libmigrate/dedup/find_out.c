/* dedup/find_out.c - moves that were begun: how far did they come? Both mailboxes tell */
#include "base/memory.h"
#include "dedup/job.h"
#include "imap/digests.h"
#include <stdlib.h>
#include <string.h>

/* ---- what a mailbox holds ---- */

typedef struct held {
    uint32_t uid;
    uint8_t raw[MIG__DIGEST_SIZE];
    bool taken; /* it stands for an entry already */
} held;

typedef struct holding {
    held *items;
    size_t count;
} holding;

static int on_content(const mig__fetch_item *item, const mig__message_digest *digest, void *context, mig_error *err)
{
    holding *h = context;
    held *grown = mig__grow(h->items, h->count, sizeof *grown, err);
    if (grown == NULL) {
        return -1;
    }
    h->items = grown;
    grown[h->count] = (held){.uid = item->uid};
    memcpy(grown[h->count++].raw, digest->raw, MIG__DIGEST_SIZE);
    return 0;
}

static int on_uid(const mig__response *response, void *context, mig_error *err)
{
    const mig__fetch_item *item = &response->fetch;
    return response->kind == MIG__RESPONSE_FETCH && item->uid != 0 ? mig__uidset_add(context, item->uid, item->uid, err)
                                                                   : 0;
}

/* Every message of the selected mailbox from that UID on. */
static int read_from(mig__session *session, uint32_t first, holding *out, mig_error *err)
{
    mig__uidset range = MIG__UIDSET_INIT, uids = MIG__UIDSET_INIT;
    int outcome = mig__uidset_add(&range, first > 0 ? first : 1, UINT32_MAX, err);
    if (outcome == 0) {
        mig__command *command = mig__fetch(session, &range, MIG__FETCH_SIZE, 0, on_uid, &uids, err);
        outcome = mig__command_outcome(session, command, err);
    }
    if (outcome == 0 && uids.count > 0) {
        outcome = mig__fetch_digests(session, &uids, MIG__FETCH_BODY, on_content, out, err);
    }
    mig__uidset_free(&range);
    mig__uidset_free(&uids);
    return outcome;
}

static held *find_content(const holding *h, uint32_t least, const uint8_t raw[MIG__DIGEST_SIZE])
{
    for (size_t i = 0; i < h->count; i++) {
        held *one = &h->items[i];
        if (!one->taken && one->uid >= least && memcmp(one->raw, raw, MIG__DIGEST_SIZE) == 0) {
            one->taken = true;
            return one;
        }
    }
    return NULL;
}

/* What other moves brought there is theirs. */
static void leave_out_others(const mig__dup_run *run, const char *mailbox, holding *h)
{
    for (size_t i = 0; i < run->entry_count; i++) {
        const mig__surplus *entry = &run->entries[i];
        for (size_t k = 0; entry->state == MIG__SURPLUS_MOVED && k < h->count; k++) {
            if (entry->to_uid == h->items[k].uid && strcmp(entry->to, mailbox) == 0) {
                h->items[k].taken = true;
            }
        }
    }
}

/* ---- the look ---- */

typedef struct look {
    mig__uidset left; /* of the entries' messages those that are in `from` still */
    holding arrived;  /* in `to` since */
} look;

static bool is_open(const mig__surplus *entry)
{
    return entry->id != 0 && entry->state == MIG__SURPLUS_INTENT;
}

static int look_at_from(mig__session *session, const mig__dup_moves *moves, look *l, mig_error *err)
{
    mig__uidset wanted = MIG__UIDSET_INIT;
    mig__selected selected = {0};
    int outcome =
        mig__command_outcome(session, mig__select(session, moves->entries[0]->from, true, &selected, err), err);
    for (size_t i = 0; outcome == 0 && i < moves->count; i++) {
        const mig__surplus *entry = moves->entries[i];
        if (is_open(entry) && entry->from_uidvalidity == selected.uidvalidity) {
            outcome = mig__uidset_add(&wanted, entry->from_uid, entry->from_uid, err);
        }
    }
    if (outcome == 0 && wanted.count > 0 && selected.exists > 0) {
        outcome =
            mig__command_outcome(session, mig__fetch(session, &wanted, MIG__FETCH_SIZE, 0, on_uid, &l->left, err), err);
    }
    mig__selected_free(&selected);
    mig__uidset_free(&wanted);
    return outcome;
}

static int look_at_to(mig__session *session, const mig__dup_moves *moves, look *l, mig_error *err)
{
    mig__selected selected = {0};
    uint32_t first = UINT32_MAX;
    int outcome = mig__command_outcome(session, mig__select(session, moves->entries[0]->to, true, &selected, err), err);
    for (size_t i = 0; i < moves->count; i++) {
        const mig__surplus *entry = moves->entries[i];
        const uint32_t from = entry->to_uidvalidity == selected.uidvalidity ? entry->to_uidnext : 1;
        first = is_open(entry) && from < first ? from : first;
    }
    const bool any = selected.exists > 0;
    mig__selected_free(&selected);
    outcome = outcome == 0 && any ? read_from(session, first, &l->arrived, err) : outcome;
    if (outcome == 0) {
        leave_out_others(moves->run, moves->entries[0]->to, &l->arrived);
    }
    return outcome;
}

int mig__dup_expunge(mig__session *session, const mig__uidset *uids, mig_error *err)
{
    static const char *const words[][2] = {{"UID STORE", "+FLAGS.SILENT (\\Deleted)"}, {"UID EXPUNGE", NULL}};
    int outcome = 0;
    for (size_t i = 0; outcome == 0 && uids->count > 0 && i < 2; i++) {
        const mig__uid_command change = {.words = words[i][0], .uids = uids, .more = words[i][1]};
        outcome = mig__command_outcome(session, mig__command_on_uids(session, &change, NULL, NULL, err), err);
    }
    return outcome;
}

int mig__dup_settle(mig__dup_run *run, mig__surplus *entry, mig__surplus_state now, uint32_t to_uid, mig_error *err)
{
    if (mig__state_surplus_settle(run->state, entry, now, to_uid, err) != 0) {
        return -1;
    }
    entry->state = now;
    entry->to_uid = to_uid;
    for (size_t i = 0; entry->undoes != 0 && i < run->entry_count; i++) {
        if (run->entries[i].id == entry->undoes) {
            run->entries[i].state = now;
        }
    }
    return 0;
}

/* Of each open one: where is it? `both`: those that are in both mailboxes, to be removed from `from`. */
static int decide(const mig__dup_moves *moves, look *l, mig__uidset *both, mig_error *err)
{
    const mig__surplus_state done = moves->returning ? MIG__SURPLUS_RETURNED : MIG__SURPLUS_MOVED;
    int failed = 0;
    for (size_t i = 0; failed == 0 && i < moves->count; i++) {
        mig__surplus *entry = moves->entries[i];
        if (!is_open(entry)) {
            continue;
        }
        const held *there = find_content(&l->arrived, entry->to_uidnext, entry->digest.raw);
        const bool left = mig__uidset_has(&l->left, entry->from_uid);
        if (there != NULL && left) {
            failed = mig__uidset_add(both, entry->from_uid, entry->from_uid, err);
            entry->to_uid = there->uid;
        } else if (there != NULL) {
            failed = mig__dup_settle(moves->run, entry, done, there->uid, err);
        } else if (left) {
            failed = mig__state_surplus_forget(moves->run->state, entry->id, err);
            entry->id = 0;
        } else {
            failed = mig__dup_settle(moves->run, entry, MIG__SURPLUS_GONE, 0, err);
        }
    }
    return failed;
}

/* COPY was done, and what follows it was not. */
static int finish_copies(mig__session *session, const mig__dup_moves *moves, const mig__uidset *both, mig_error *err)
{
    mig__selected selected = {0};
    if (!mig__session_can(session, MIG__CAP_UIDPLUS)) {
        mig_error_set(err, MIG_E_CANNOT, "a double was copied and cannot be removed: the server has no UID EXPUNGE");
        return 1;
    }
    int outcome =
        mig__command_outcome(session, mig__select(session, moves->entries[0]->from, false, &selected, err), err);
    mig__selected_free(&selected);
    outcome = outcome != 0 ? outcome : mig__dup_expunge(session, both, err);
    for (size_t i = 0; outcome == 0 && i < moves->count; i++) {
        mig__surplus *entry = moves->entries[i];
        if (is_open(entry) && mig__uidset_has(both, entry->from_uid)) {
            outcome = mig__dup_settle(moves->run, entry, moves->returning ? MIG__SURPLUS_RETURNED : MIG__SURPLUS_MOVED,
                                      entry->to_uid, err);
        }
    }
    return outcome;
}

int mig__dup_find_out(mig__session *session, void *context, mig_error *err)
{
    const mig__dup_moves *moves = context;
    look l = {.left = MIG__UIDSET_INIT};
    mig__uidset both = MIG__UIDSET_INIT;
    bool any = false;
    for (size_t i = 0; i < moves->count; i++) {
        any = any || is_open(moves->entries[i]);
    }
    int outcome = any ? look_at_from(session, moves, &l, err) : 0;
    outcome = outcome == 0 && any ? look_at_to(session, moves, &l, err) : outcome;
    outcome = outcome == 0 && any ? decide(moves, &l, &both, err) : outcome;
    outcome = outcome == 0 && both.count > 0 ? finish_copies(session, moves, &both, err) : outcome;
    if (any && outcome >= 0 && mig__state_flush(moves->run->state, err) != 0) {
        outcome = -1;
    }
    mig__uidset_free(&l.left);
    mig__uidset_free(&both);
    free(l.arrived.items);
    return outcome;
}

/* ---- by content ---- */

int mig__dup_locate(mig__session *session, void *context, mig_error *err)
{
    const mig__dup_moves *moves = context;
    holding h = {0};
    mig__selected selected = {0};
    bool unknown = false;
    int outcome =
        mig__command_outcome(session, mig__select(session, moves->entries[0]->from, true, &selected, err), err);
    for (size_t i = 0; outcome == 0 && i < moves->count; i++) {
        mig__surplus *entry = moves->entries[i];
        if (entry->from_uidvalidity != selected.uidvalidity) { /* the UIDs of then mean nothing now */
            entry->from_uidvalidity = selected.uidvalidity;
            entry->from_uid = 0;
        }
        unknown = unknown || entry->from_uid == 0;
    }
    if (outcome == 0 && unknown && selected.exists > 0) {
        outcome = read_from(session, 1, &h, err);
    }
    for (size_t i = 0; outcome == 0 && i < moves->count; i++) {
        for (size_t k = 0; k < h.count; k++) {
            h.items[k].taken = h.items[k].taken || h.items[k].uid == moves->entries[i]->from_uid;
        }
    }
    for (size_t i = 0; outcome == 0 && i < moves->count; i++) {
        if (moves->entries[i]->from_uid == 0) {
            const held *there = find_content(&h, 1, moves->entries[i]->digest.raw);
            moves->entries[i]->from_uid = there != NULL ? there->uid : 0;
        }
    }
    mig__selected_free(&selected);
    free(h.items);
    return outcome;
}
