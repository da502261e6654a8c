/* copy/known.c - content that is on the target already: matched instead of sent */
#include "copy/known.h"
#include "copy/decide_folder.h"
#include "account/sides.h"
#include "base/memory.h"
#include "copy/delta.h"
#include "copy/held.h"
#include "copy/move.h"
#include "copy/lanes.h"
#include "copy/settle.h"
#include "copy/uids.h"
#include "imap/digests.h"
#include "state/keyindex.h"
#include <stdlib.h>
#include <string.h>

/* ---- the index ---- */

static void drop_strings(const mig__known_entry *entry)
{
    free(entry->flags);
    free(entry->email_id);
}

/* Of the lists of keys: raw digests, canonical ones, twins. */
enum { TWINS = 2 };

static int index_twin(mig__known *known, uint32_t source_uid, int64_t id, mig_error *err)
{
    mig__keyindex *index = mig__keyindex_get(&known->keys, TWINS, MIG__KEY_DIGEST, err);
    return index == NULL ? -1 : mig__keyindex_add(index, mig__key(&source_uid, sizeof source_uid), id, err);
}

static int index_id(mig__known *known, const char *email_id, int64_t id, mig_error *err)
{
    mig__keyindex *index = mig__keyindex_get(&known->keys, 0, MIG__KEY_EMAIL_ID, err);
    known->identified = true;
    return index == NULL ? -1 : mig__keyindex_add(index, mig__key(email_id, strlen(email_id)), id, err);
}

int mig__known_add(mig__known *known, const mig__known_entry *entry, mig_error *err)
{
    mig__known_entry *grown = mig__grow(known->entries, known->count, sizeof *grown, err);
    if (grown == NULL) {
        drop_strings(entry);
        return -1;
    }
    known->entries = grown;
    mig__keyindex *raw = mig__keyindex_get(&known->keys, 0, MIG__KEY_DIGEST, err);
    mig__keyindex *canonical = raw == NULL ? NULL : mig__keyindex_get(&known->keys, 1, MIG__KEY_DIGEST, err);
    int64_t id = (int64_t)known->count + 1;
    if (canonical == NULL || mig__keyindex_add(raw, mig__key(entry->digest.raw, MIG__DIGEST_SIZE), id, err) != 0 ||
        mig__keyindex_add(canonical, mig__key(entry->digest.canonical, MIG__DIGEST_SIZE), id, err) != 0 ||
        (entry->email_id != NULL && index_id(known, entry->email_id, id, err) != 0) ||
        (entry->kind == MIG__KNOWN_FOREIGN && entry->source_uid != 0 &&
         index_twin(known, entry->source_uid, id, err) != 0)) {
        drop_strings(entry);
        return -1;
    }
    known->entries[known->count++] = *entry;
    return 0;
}

static mig__known_entry *take_by(mig__known *known, const uint8_t *digest, bool canonical)
{
    mig__keyindex *index = mig__keyindex_get(&known->keys, canonical, MIG__KEY_DIGEST, NULL);
    size_t at = 0;
    for (int64_t id; index != NULL && (id = mig__keyindex_next(index, mig__key(digest, MIG__DIGEST_SIZE), &at)) > 0;) {
        mig__known_entry *entry = &known->entries[id - 1];
        const uint8_t *own = canonical ? entry->digest.canonical : entry->digest.raw;
        if (!entry->used && memcmp(own, digest, MIG__DIGEST_SIZE) == 0) {
            entry->used = true;
            return entry;
        }
    }
    return NULL;
}

mig__known_entry *mig__known_take(mig__known *known, const mig__message_digest *digest)
{
    if (known->count == 0) {
        return NULL;
    }
    mig__known_entry *entry = take_by(known, digest->raw, false);
    return entry != NULL ? entry : take_by(known, digest->canonical, true);
}

mig__known_entry *mig__known_take_twin(mig__known *known, uint32_t source_uid)
{
    mig__keyindex *index = known->count == 0 ? NULL : mig__keyindex_get(&known->keys, TWINS, MIG__KEY_DIGEST, NULL);
    size_t at = 0;
    for (int64_t id;
         index != NULL && (id = mig__keyindex_next(index, mig__key(&source_uid, sizeof source_uid), &at)) > 0;) {
        mig__known_entry *entry = &known->entries[id - 1];
        if (!entry->used && entry->kind == MIG__KNOWN_FOREIGN && entry->source_uid == source_uid) {
            entry->used = true;
            return entry;
        }
    }
    return NULL;
}

mig__known_entry *mig__known_take_id(mig__known *known, const char *email_id)
{
    mig__keyindex *index = mig__keyindex_get(&known->keys, 0, MIG__KEY_EMAIL_ID, NULL);
    size_t at = 0;
    for (int64_t id;
         index != NULL && (id = mig__keyindex_next(index, mig__key(email_id, strlen(email_id)), &at)) > 0;) {
        mig__known_entry *entry = &known->entries[id - 1];
        if (!entry->used && entry->email_id != NULL && strcmp(entry->email_id, email_id) == 0) {
            entry->used = true;
            return entry;
        }
    }
    return NULL;
}

void mig__known_free(mig__known *known)
{
    for (size_t i = 0; i < known->count; i++) {
        drop_strings(&known->entries[i]);
    }
    free(known->entries);
    mig__keyindex_free(&known->keys);
    mig__state_folders_free(&known->gone, known->gone_count);
    *known = (mig__known){0};
}

/* ---- what the state knows ---- */

typedef struct loading {
    mig__known *known;
    mig__known_entry like;   /* what the entries have in common */
    const mig__uidset *only; /* source UIDs; NULL: all */
    mig_error error;
} loading;

static int load_message(const mig__message *message, void *context)
{
    loading *load = context;
    bool moved = load->like.kind == MIG__KNOWN_MOVED;
    bool there = message->state == MIG__MESSAGE_COPIED || message->state == MIG__MESSAGE_ADOPTED ||
                 message->state == MIG__MESSAGE_VANISHED;
    if (!message->has_digest || message->canonical_version != MIG__CANONICAL_VERSION ||
        (moved && (!there || message->target_uid == 0)) ||
        (load->only != NULL && (message->source_uid == 0 || !mig__uidset_has(load->only, message->source_uid)))) {
        return 0;
    }
    mig__known_entry entry = load->like;
    entry.digest = message->digest;
    entry.row = message->id;
    entry.target_uid = message->target_uid;
    entry.source_uid = message->source_uid;
    entry.flags = mig__strdup(message->flags);
    bool identified = moved && message->email_id[0] != '\0';
    entry.email_id = identified ? mig__strdup(message->email_id) : NULL;
    if (entry.flags == NULL || (identified && entry.email_id == NULL)) {
        drop_strings(&entry);
        return mig_error_set(&load->error, MIG_E_NOMEM, "out of memory");
    }
    return mig__known_add(load->known, &entry, &load->error);
}

int mig__known_load_orphans(mig__run *run, mig__folder_job *job, mig_error *err)
{
    loading load = {.known = &job->content, .like = {.kind = MIG__KNOWN_ORPHAN}, .error = MIG_ERROR_INIT};
    if (mig__state_orphans(run->state, job->record.id, load_message, &load, &load.error) != 0) {
        *err = load.error;
        return -1;
    }
    return 0;
}

static bool listed(const mig__run *run, const char *source)
{
    return mig__mailbox_find(&run->sides[MIG_SOURCE].mailboxes, source) != NULL;
}

int mig__known_load_moved(mig__run *run, mig_error *err)
{
    mig__known *moved = &run->moved;
    loading load = {.known = moved, .like = {.kind = MIG__KNOWN_MOVED}, .error = MIG_ERROR_INIT};
    bool wanted = false;
    for (size_t i = 0; i < run->job_count; i++) {
        wanted = wanted || run->jobs[i].reading.todo.count > 0;
    }
    if (!wanted) {
        return 0;
    }
    int failed = mig__state_folders(run->state, run->state_account, &moved->gone, &moved->gone_count, &load.error);
    for (size_t i = 0; failed == 0 && i < run->job_count; i++) {
        mig__folder_job *job = &run->jobs[i];
        if (job->vanished.count > 0) {
            load.like.target = job->target;
            load.like.from = job;
            load.like.folder = job->record.id;
            load.only = &job->vanished;
            failed = mig__state_messages(run->state, job->record.id, load_message, &load, &load.error);
        }
    }
    load.like.from = NULL;
    load.only = NULL;
    for (size_t i = 0; failed == 0 && i < moved->gone_count; i++) {
        if (!listed(run, moved->gone[i].source)) {
            load.like.target = moved->gone[i].target;
            load.like.folder = moved->gone[i].id;
            failed = mig__state_messages(run->state, moved->gone[i].id, load_message, &load, &load.error);
        }
    }
    if (failed != 0) {
        *err = load.error;
    }
    return failed;
}

/* ---- placing ---- */

typedef struct placing {
    mig__run *run;
    mig__folder_job *job;
    mig__known rows; /* recorded messages without a target UID */
    mig_error error;
} placing;

static int on_target_digest(const mig__fetch_item *item, const mig__message_digest *digest, void *context,
                            mig_error *err)
{
    placing *place = context;
    mig__known_entry *entry = mig__known_take(&place->rows, digest);
    place->job->uidnext = item->uid >= place->job->uidnext ? item->uid + 1 : place->job->uidnext;
    return entry == NULL ? 0 : mig__state_message_repair(place->run->state, entry->row, 0, item->uid, err);
}

static int gather_unplaced(const mig__message *message, void *context)
{
    placing *place = context;
    mig__known_entry entry = {.row = message->id, .kept = message->gone_since != 0};
    if (message->has_digest) {
        entry.digest = message->digest;
    } /* else nothing to know it by: if it has to be copied again, it is met as foreign mail */
    return mig__known_add(&place->rows, &entry, &place->error);
}

/* UIDs of the selected mailbox of the target that no recorded message has. 0; 1 refused, -1. */
static int strangers(mig__run *run, mig__session *session, mig__folder_job *job, uint32_t exists, mig__uidset *out,
                     mig_error *err)
{
    mig__uidset ours = MIG__UIDSET_INIT;
    int outcome = mig__held_uids(session, exists, out, err);
    outcome = outcome != 0 ? outcome : mig__state_ours_in(run->state, run->state_account, job->target, &ours, err);
    outcome = outcome != 0 ? outcome : mig__uidset_subtract(out, &ours, err);
    mig__uidset_free(&ours);
    return outcome;
}

/* What was found before a connection broke is recorded, and is no stranger any more. */
static int look_into_target(mig__session *session, void *context, mig_error *err)
{
    placing *place = context;
    mig__folder_job *job = place->job;
    mig__selected selected = {0};
    mig__uidset uids = MIG__UIDSET_INIT;
    int outcome = mig__command_outcome(session, mig__select(session, job->target, true, &selected, err), err);
    if (outcome == 0 && selected.exists > 0) {
        outcome = strangers(place->run, session, job, selected.exists, &uids, err);
    }
    if (outcome == 0 && uids.count > 0) {
        outcome = mig__fetch_digests(session, &uids, MIG__FETCH_BODY, on_target_digest, place, err);
    }
    mig__selected_free(&selected);
    mig__uidset_free(&uids);
    return outcome;
}

/*
 * What was never seen on the target is not copied: without a trace of it there, it is new. 0; 1: what is in the
 * target's mailbox is not told; -1: nothing goes on.
 */
static int place_folder(mig__run *run, mig__session **session, mig__folder_job *job, mig_error *err)
{
    placing place = {.run = run, .job = job, .error = MIG_ERROR_INIT};
    int outcome = mig__state_unplaced(run->state, job->record.id, gather_unplaced, &place, &place.error);
    if (outcome != 0) {
        *err = place.error;
    } else if (place.rows.count > 0 && job->existing != NULL) {
        outcome = mig__gate_ask(&run->sides[MIG_TARGET].gate, session, look_into_target, &place, err);
    }
    for (size_t i = 0; outcome == 0 && i < place.rows.count; i++) {
        if (!place.rows.entries[i].used && !place.rows.entries[i].kept) {
            outcome = mig__state_message_forget(run->state, place.rows.entries[i].row, err);
        }
    }
    mig__known_free(&place.rows);
    return outcome;
}

/* Nothing may be sent to a mailbox of which it is not known what it holds. */
static void give_up_placing(mig__run *run, mig__folder_job *job, const mig_error *why)
{
    mig_error error = *why;
    mig_error_context(&error, "looking for recorded messages in '%s' on the target", job->result->target);
    mig__lanes_break(run, job, &error);
}

int mig__known_place(mig__run *run, mig__session **session, mig_error *err)
{
    for (size_t i = 0; i < run->job_count; i++) {
        mig__folder_job *job = &run->jobs[i];
        mig__state_counts counts;
        if (job->record.id == 0 || !job->copy || job->broken) {
            continue;
        }
        if (mig__state_count(run->state, job->record.id, &counts, err) != 0) {
            return -1;
        }
        job->wary = counts.held == 0 && job->record.source_uidnext == 0;
        bool replaced = mig__decide_replaced(&job->record, job->existing, counts.held);
        if (replaced) {
            mig__run_log(run, MIG_LOG_WARNING, job, 0, NULL, "the target's mailbox was replaced: matched by content");
            job->record.source_uidnext = 0; /* look at everything again */
            job->record.target_uidnext = job->record.target_messages = 0;
            if (mig__state_folder_reset_target(run->state, job->record.id, err) != 0) {
                return -1;
            }
        }
        if (counts.unplaced > 0) {
            job->record.source_uidnext = 0; /* what is not found is sent anew */
        }
        int outcome = replaced || counts.unplaced > 0 ? place_folder(run, session, job, err) : 0;
        if (outcome < 0) {
            return -1;
        }
        if (outcome > 0) {
            give_up_placing(run, job, err);
        }
    }
    return 0;
}

/* ---- before sending ---- */

/* Flags of a message that is matched instead of sent are merged at the end; until then the record has the old ones. */
static int owe_flags(mig__run *run, mig__folder_job *job, const mig__transit *message, const char *before,
                     mig_error *err)
{
    bool same = run->options->flags == MIG_FLAGS_KEEP || mig__flags_same(before, message->flags);
    return same ? 0 : mig__delta_owe_flags(run, job, message, err);
}

static int adopt_foreign(mig__run *run, mig__folder_job *job, const mig__transit *message,
                         const mig__known_entry *entry, mig_error *err)
{
    mig__message record = mig__settle_record(message);
    char *common = mig__flags_common(entry->flags, message->flags);
    if (common == NULL) {
        return mig_error_set(err, MIG_E_NOMEM, "out of memory");
    }
    record.target_uid = entry->target_uid;
    pthread_mutex_lock(&run->lock);
    int noted = mig__uids_note(job, entry->target_uid, err);
    pthread_mutex_unlock(&run->lock);
    record.flags = run->options->flags == MIG_FLAGS_KEEP ? message->flags : common;
    int failed = noted != 0 ? -1 : owe_flags(run, job, message, common, err);
    failed = failed != 0 ? failed : mig__state_message_adopt(run->state, job->record.id, &record, err);
    free(common);
    return failed;
}

static int record_known(mig__run *run, mig__folder_job *job, const mig__transit *message, const mig__known_entry *entry,
                        mig_error *err)
{
    if (entry->kind == MIG__KNOWN_FOREIGN) {
        return adopt_foreign(run, job, message, entry, err);
    }
    int failed = owe_flags(run, job, message, entry->flags, err);
    return failed != 0 ? failed : mig__state_message_repair(run->state, entry->row, message->uid, 0, err);
}

/* `twin`: it is no content that is known, and only its date and Message-ID tell. */
static mig__known_entry *take_known(mig__run *run, mig__folder_job *job, const mig__transit *message, bool *twin)
{
    const mig__message_digest *digest = &message->digest;
    pthread_mutex_lock(&run->lock);
    mig__known_entry *entry;
    do { /* what looked like another's may have become ours meanwhile */
        entry = mig__known_take(&job->content, digest);
    } while (entry != NULL && entry->kind == MIG__KNOWN_FOREIGN &&
             mig__uidset_has(&job->lead->given, entry->target_uid));
    entry = entry != NULL ? entry : mig__known_take(&run->moved, digest);
    *twin = entry == NULL && (entry = mig__known_take_twin(&job->content, message->uid)) != NULL;
    if (*twin && mig__uidset_has(&job->lead->given, entry->target_uid)) { /* ours by now */
        entry = NULL;
    }
    if (*twin && entry != NULL) {
        mig__note_add(&job->notes, MIG__NOTE_TWIN, message->uid);
    }
    pthread_mutex_unlock(&run->lock);
    return entry;
}

int mig__known_settle(mig__run *run, mig__session *session, mig__batch *batch, mig_error *err)
{
    mig__folder_job *job = batch->job;
    if (job->content.count == 0 && run->moved.count == 0) {
        return 0;
    }
    int failed = 0;
    bool *done = calloc(batch->count, sizeof *done);
    if (done == NULL) {
        return mig_error_set(err, MIG_E_NOMEM, "out of memory");
    }
    for (size_t i = 0; failed == 0 && i < batch->count; i++) {
        mig__transit *message = batch->messages[i];
        bool twin = false;
        mig__known_entry *entry = message->settled ? NULL : take_known(run, job, message, &twin);
        message->settled = true; /* asked once: a message that is sent again is not moved or adopted any more */
        if (entry == NULL) {
            continue;
        }
        if (entry->kind == MIG__KNOWN_MOVED) {
            mig__moved outcome = MIG__MOVED_GONE;
            failed = mig__move_on_target(run, session, job, message, entry, NULL, &outcome, err);
            done[i] = outcome != MIG__MOVED_GONE;
            continue;
        }
        failed = record_known(run, job, message, entry, err);
        if (failed == 0) {
            done[i] = true;
            pthread_mutex_lock(&run->lock);
            job->result->adopted++;
            pthread_mutex_unlock(&run->lock);
        }
    }
    mig__lanes_messages_done(run, batch, done);
    free(done);
    return failed;
}
