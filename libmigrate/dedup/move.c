/*
 * dedup/move.c - from one mailbox to another: the journal, the flags of the one that stays, UID MOVE or what stands
 * for it
 */
#include "base/crashpoint.h"
#include "dedup/job.h"
#include "imap/append.h"
#include "imap/fetch.h"
#include "mail/flags.h"
#include <stdlib.h>
#include <string.h>

typedef struct moving {
    mig__session *session;
    const mig__dup_moves *moves;
    mig__selected from;
    mig__uidset there; /* of the messages concerned those that are there */
    mig__uidset set;   /* to be moved now */
    uint32_t to_uidvalidity;
    char *from_text, *to_text; /* of COPYUID */
} moving;

static bool is_waiting(const mig__surplus *entry)
{
    return entry->id == 0 && entry->state == MIG__SURPLUS_INTENT;
}

/* ---- before ---- */

static int look_at_to(moving *m, mig_error *err)
{
    mig__selected to = {0};
    int outcome =
        mig__command_outcome(m->session, mig__select(m->session, m->moves->entries[0]->to, true, &to, err), err);
    for (size_t i = 0; i < m->moves->count; i++) {
        if (is_waiting(m->moves->entries[i])) {
            m->moves->entries[i]->to_uidvalidity = to.uidvalidity;
            m->moves->entries[i]->to_uidnext = to.uidnext > 0 ? to.uidnext : 1;
        }
    }
    m->to_uidvalidity = to.uidvalidity;
    mig__selected_free(&to);
    return outcome;
}

static int on_uid(const mig__response *response, void *context, mig_error *err)
{
    const mig__fetch_item *item = &response->fetch;
    return response->kind == MIG__RESPONSE_FETCH && item->uid != 0 ? mig__uidset_add(context, item->uid, item->uid, err)
                                                                   : 0;
}

/* What is to be moved, and what is to stay, has to be there still. */
static int look_at_from(moving *m, mig_error *err)
{
    mig__uidset wanted = MIG__UIDSET_INIT;
    int outcome = mig__command_outcome(m->session,
                                       mig__select(m->session, m->moves->entries[0]->from, false, &m->from, err), err);
    for (size_t i = 0; outcome == 0 && i < m->moves->count; i++) {
        const mig__surplus *entry = m->moves->entries[i];
        if (is_waiting(entry) && m->from.uidvalidity != entry->from_uidvalidity) {
            mig_error_set(err, MIG_E_REFUSED, "it has another UIDVALIDITY than a moment ago: nothing was moved");
            outcome = 1;
        } else if (is_waiting(entry)) {
            outcome = mig__uidset_add(&wanted, entry->from_uid, entry->from_uid, err);
            outcome = outcome == 0 && entry->kept_uid != 0
                          ? mig__uidset_add(&wanted, entry->kept_uid, entry->kept_uid, err)
                          : outcome;
        }
    }
    if (outcome == 0 && wanted.count > 0) {
        outcome = mig__command_outcome(
            m->session, mig__fetch(m->session, &wanted, MIG__FETCH_SIZE, 0, on_uid, &m->there, err), err);
    }
    mig__uidset_free(&wanted);
    return outcome;
}

static const mig__dup_item *item_of(const mig__dup_folder *folder, uint32_t uid)
{
    for (size_t low = 0, high = folder->item_count; low < high;) {
        const size_t middle = low + (high - low) / 2;
        if (folder->items[middle].uid == uid) {
            return &folder->items[middle];
        }
        if (folder->items[middle].uid < uid) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return NULL;
}

/* Rows whose message leaves are about the one that stays: it is there, and has the same content. */
static int hand_rows_over(const moving *m, mig_error *err)
{
    const mig__dup_folder *folder = m->moves->folder;
    int failed = 0;
    for (size_t i = 0; folder != NULL && failed == 0 && i < folder->row_count; i++) {
        const mig__dup_row *row = &folder->rows[i];
        if (row->moved_to != 0 && mig__uidset_has(&m->set, row->uid)) {
            failed = mig__state_message_repair(m->moves->run->state, row->id, 0, row->moved_to, err);
        }
    }
    return failed;
}

/* From here on the moves are on record. */
static int begin(moving *m, mig_error *err)
{
    const mig__dup_run *run = m->moves->run;
    int failed = 0;
    for (size_t i = 0; failed == 0 && i < m->moves->count; i++) {
        mig__surplus *entry = m->moves->entries[i];
        if (!is_waiting(entry)) {
            continue;
        }
        if (!mig__uidset_has(&m->there, entry->from_uid) ||
            (entry->kept_uid != 0 && !mig__uidset_has(&m->there, entry->kept_uid))) {
            continue; /* somebody was there first: it stays as it is, and is not counted as moved */
        }
        failed = mig__uidset_add(&m->set, entry->from_uid, entry->from_uid, err);
        failed = failed != 0 ? -1 : mig__state_surplus_begin(run->state, run->account, entry, err);
    }
    failed = failed != 0 ? -1 : hand_rows_over(m, err);
    failed = failed != 0 ? -1 : mig__state_flush(run->state, err);
    MIG__CRASH_POINT("dedup-begun");
    return failed;
}

/* ---- the flags of the one that stays ---- */

static bool can_store(const mig__selected *selected, const char *flag)
{
    const char *const *permanent = (const char *const *)selected->permanent_flags;
    return mig__flag_valid(flag) && (!selected->has_permanent_flags || (flag[0] != '\\' && selected->any_keyword) ||
                                     mig__flags_has(permanent, flag));
}

static int store_flag(moving *m, uint32_t uid, const char *flag, mig_error *err)
{
    mig__uidset one = MIG__UIDSET_INIT;
    mig__buffer words = MIG__BUFFER_INIT;
    mig__buffer_addf(&words, "+FLAGS.SILENT (%s)", flag);
    int outcome = mig__buffer_ok(&words, err);
    outcome = outcome != 0 ? outcome : mig__uidset_add(&one, uid, uid, err);
    if (outcome == 0) {
        const mig__uid_command change = {.words = "UID STORE", .uids = &one, .more = words.data};
        outcome = mig__command_outcome(m->session, mig__command_on_uids(m->session, &change, NULL, NULL, err), err);
    }
    mig__uidset_free(&one);
    mig__buffer_free(&words);
    return outcome;
}

/* The one that stays has the flags of all; what cannot be stored stays with the double. */
static int join_flags(moving *m, mig_error *err)
{
    const mig__dup_folder *folder = m->moves->folder;
    int outcome = 0;
    for (size_t i = 0; folder != NULL && outcome == 0 && i < m->moves->count; i++) {
        const mig__surplus *entry = m->moves->entries[i];
        const mig__dup_item *kept = item_of(folder, entry->kept_uid), *item = item_of(folder, entry->from_uid);
        if (!mig__uidset_has(&m->set, entry->from_uid) || kept == NULL || item == NULL) {
            continue;
        }
        char *missing = mig__flags_minus(item->flags, kept->flags);
        const char **flags = missing != NULL ? mig__flags_split(missing) : NULL;
        outcome = flags == NULL ? mig_error_set(err, MIG_E_NOMEM, "out of memory") : 0;
        for (size_t k = 0; outcome == 0 && flags[k] != NULL; k++) {
            outcome = can_store(&m->from, flags[k]) ? store_flag(m, entry->kept_uid, flags[k], err) : 0;
        }
        free(flags);
        free(missing);
    }
    MIG__CRASH_POINT("dedup-flags");
    return outcome;
}

/* ---- the move ---- */

static int keep_copyuid(moving *m, uint32_t uidvalidity, const char *from_text, const char *to_text, mig_error *err)
{
    if (from_text == NULL || to_text == NULL || uidvalidity != m->to_uidvalidity) {
        return 0;
    }
    free(m->from_text);
    free(m->to_text);
    m->from_text = strdup(from_text);
    m->to_text = strdup(to_text);
    return m->from_text != NULL && m->to_text != NULL ? 0 : mig_error_set(err, MIG_E_NOMEM, "out of memory");
}

/* MOVE tells it in an untagged OK (RFC 6851 section 4.3). */
static int on_moved(const mig__response *response, void *context, mig_error *err)
{
    return response->kind == MIG__RESPONSE_OK && response->code == MIG__CODE_COPYUID
               ? keep_copyuid(context, response->number, response->from_uid_text, response->uid_text, err)
               : 0;
}

static int send_set(moving *m, bool whole, mig_error *err)
{
    mig__command_result result = {0};
    const mig__uid_command about = {.words = whole ? "UID MOVE" : "UID COPY",
                                    .uids = &m->set,
                                    .mailbox = m->moves->entries[0]->to,
                                    .needs = whole ? MIG__CAP_MOVE : 0};
    mig__command *command = mig__command_on_uids(m->session, &about, on_moved, m, err);
    if (command == NULL || mig__command_wait(m->session, command, &result, err) != 0) {
        return -1;
    }
    int outcome = keep_copyuid(m, result.uidvalidity, result.from_uid_text, result.uid_text, err);
    if (outcome == 0 && result.error.code != MIG_OK) {
        *err = result.error;
        outcome = 1;
    }
    mig__command_result_clear(&result);
    return outcome;
}

/* COPYUID was told of all of them: which is which. False: the mailboxes have to be asked. */
static bool take_copyuid(const moving *m, uint32_t *from, uint32_t *to, size_t count)
{
    if (m->from_text == NULL || !mig__append_uids(m->from_text, from, count) ||
        !mig__append_uids(m->to_text, to, count)) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        if (!mig__uidset_has(&m->set, from[i])) {
            return false;
        }
    }
    return true;
}

static int settle_told(const moving *m, const uint32_t *from, const uint32_t *to, size_t count, mig_error *err)
{
    int failed = 0;
    for (size_t i = 0; failed == 0 && i < m->moves->count; i++) {
        mig__surplus *entry = m->moves->entries[i];
        for (size_t k = 0; failed == 0 && entry->state == MIG__SURPLUS_INTENT && entry->id != 0 && k < count; k++) {
            if (from[k] == entry->from_uid) {
                failed = mig__dup_settle(m->moves->run, entry,
                                         m->moves->returning ? MIG__SURPLUS_RETURNED : MIG__SURPLUS_MOVED, to[k], err);
            }
        }
    }
    return failed != 0 ? -1 : mig__state_flush(m->moves->run->state, err);
}

static int move_set(moving *m, mig_error *err)
{
    const bool whole = mig__session_can(m->session, MIG__CAP_MOVE);
    const size_t count = (size_t)mig__uidset_size(&m->set);
    int outcome = send_set(m, whole, err);
    if (outcome == 0 && !whole) {
        MIG__CRASH_POINT("dedup-copied");
        outcome = mig__dup_expunge(m->session, &m->set, err);
    }
    MIG__CRASH_POINT("dedup-moved");
    uint32_t *from = calloc(count, sizeof *from), *to = calloc(count, sizeof *to);
    if (from == NULL || to == NULL) {
        outcome = mig_error_set(err, MIG_E_NOMEM, "out of memory");
    } else if (outcome == 0 && take_copyuid(m, from, to, count)) {
        outcome = settle_told(m, from, to, count, err);
    }
    free(from);
    free(to);
    return outcome;
}

static int move_waiting(moving *m, mig_error *err)
{
    if (!mig__session_can(m->session, MIG__CAP_MOVE) && !mig__session_can(m->session, MIG__CAP_UIDPLUS)) {
        mig_error_set(err, MIG_E_CANNOT, "the server has neither MOVE nor UIDPLUS: nothing was moved");
        return 1;
    }
    int outcome = look_at_to(m, err);
    outcome = outcome != 0 ? outcome : look_at_from(m, err);
    outcome = outcome != 0 ? outcome : begin(m, err);
    if (outcome != 0 || m->set.count == 0) {
        return outcome;
    }
    outcome = join_flags(m, err);
    return outcome != 0 ? outcome : move_set(m, err);
}

/* How far it came is found out first, when it is asked for again, and last, when nobody told. */
int mig__dup_move(mig__session *session, void *context, mig_error *err)
{
    const mig__dup_moves *moves = context;
    moving m = {.session = session, .moves = moves, .there = MIG__UIDSET_INIT, .set = MIG__UIDSET_INIT};
    mig_error why;
    bool any = false;
    int outcome = mig__dup_find_out(session, context, err);
    for (size_t i = 0; i < moves->count; i++) {
        any = any || is_waiting(moves->entries[i]);
    }
    outcome = outcome == 0 && any ? move_waiting(&m, err) : outcome;
    const bool refused = outcome > 0;
    if (outcome >= 0) {
        why = *err;
        outcome = mig__dup_find_out(session, context, err);
        if (outcome == 0 && refused) {
            *err = why;
            outcome = 1;
        }
    }
    MIG__CRASH_POINT("dedup-recorded");
    mig__selected_free(&m.from);
    mig__uidset_free(&m.there);
    mig__uidset_free(&m.set);
    free(m.from_text);
    free(m.to_text);
    return outcome;
}
