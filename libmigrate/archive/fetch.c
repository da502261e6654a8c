/*
 * archive/fetch.c - messages as they arrive: into a parcel, and whole into the queue
 *
 * What the server does not give is asked for again, in halves, until it stands alone and can be named.
 */
#include "archive/fetch.h"
#include "mail/flags.h"
#include <stdlib.h>
#include <string.h>

enum {
    PIECE_MESSAGES = 128, /* of one FETCH */
    PIECES_IN_FLIGHT = 4,
    MORE_ATTEMPTS = 200 /* commands for a unit of which the server did not give everything */
};

static const uint64_t memory_default = 8 << 20;
static const uint64_t spooled_most = (uint64_t)512 << 20; /* octets in files that wait for the writer */

/* ---- room for messages on their way ---- */

static bool is_large(uint64_t size)
{
    return size > MIG__SPOOL_MEMORY;
}

static bool has_room(const mig__export *run, uint64_t size)
{
    uint64_t most = run->options->effort.memory > 0 ? run->options->effort.memory : memory_default;
    if (is_large(size)) {
        return run->spooled == 0 || run->spooled + size <= spooled_most;
    }
    return run->held == 0 || run->held + size <= most;
}

/* The writer makes room; it is never waited for by whom it waits for, since it waits for nobody. */
static int take_room(mig__export *run, uint64_t size, mig_error *err)
{
    int failed = 0;
    pthread_mutex_lock(&run->lock);
    while (!has_room(run, size) && run->fatal.code == MIG_OK) {
        pthread_cond_wait(&run->changed, &run->lock);
    }
    if (run->fatal.code != MIG_OK) {
        failed = mig_error_set(err, MIG_E_INTERRUPTED, "stopped");
    } else {
        *(is_large(size) ? &run->spooled : &run->held) += size;
    }
    pthread_mutex_unlock(&run->lock);
    return failed;
}

static void give_room(mig__export *run, uint64_t size)
{
    pthread_mutex_lock(&run->lock);
    *(is_large(size) ? &run->spooled : &run->held) -= size;
    pthread_cond_broadcast(&run->changed);
    pthread_mutex_unlock(&run->lock);
}

/* ---- octets as they arrive ---- */

void mig__reader_drop(mig__reader *r)
{
    if (r->parcel != NULL) {
        give_room(r->run, r->parcel->size);
        mig__parcel_free(r->parcel);
        r->parcel = NULL;
    }
    r->too_large = false;
}

static int sink_begin(uint64_t size, void *context, mig_error *err)
{
    mig__reader *r = context;
    const mig_archive_options *options = r->run->options;
    mig__reader_drop(r);
    if (options->selection.max_size > 0 && size > options->selection.max_size) {
        r->too_large = true;
        return 0;
    }
    if (take_room(r->run, size, err) != 0) {
        return -1;
    }
    if ((r->parcel = mig__parcel_new(size, r->run->directory, err)) == NULL) {
        give_room(r->run, size);
        return -1;
    }
    return mig__sha256_begin(r->sha256, err);
}

static int sink_data(const char *octets, size_t length, void *context, mig_error *err)
{
    mig__reader *r = context;
    if (mig_stop_level(&r->run->halt) > 0) {
        return mig_error_set(err, MIG_E_INTERRUPTED, "stopped");
    }
    if (r->parcel == NULL) {
        return 0; /* too large: read past it */
    }
    return mig__sha256_add(r->sha256, octets, length, err) != 0 ? -1 : mig__parcel_add(r->parcel, octets, length, err);
}

static int forget_uid(mig__reader *r, uint32_t uid, mig_error *err)
{
    mig__uidset one = MIG__UIDSET_INIT;
    int failed = mig__uidset_add(&one, uid, uid, err) != 0 ? -1 : mig__uidset_subtract(&r->unit, &one, err);
    mig__uidset_free(&one);
    return failed;
}

static void enqueue(mig__reader *r, mig__parcel *parcel)
{
    mig__export *run = r->run;
    parcel->folder = (size_t)(r->folder - run->folders);
    parcel->next = NULL;
    pthread_mutex_lock(&run->lock);
    *(run->last != NULL ? &run->last->next : &run->first) = parcel;
    run->last = parcel;
    pthread_cond_broadcast(&run->changed);
    pthread_mutex_unlock(&run->lock);
}

static int finish_message(mig__reader *r, const mig__fetch_item *item, mig_error *err)
{
    mig__parcel *parcel = r->parcel;
    if (parcel->filled != parcel->size) {
        return mig_error_set(err, MIG_E_PROTOCOL, "message %u came with %llu octets instead of %llu", item->uid,
                             (unsigned long long)parcel->filled, (unsigned long long)parcel->size);
    }
    parcel->uid = item->uid;
    parcel->date = item->internaldate;
    if (mig__sha256_end(r->sha256, parcel->sha256, err) != 0 || mig__parcel_name(parcel, err) != 0) {
        return -1;
    }
    if ((parcel->flags = mig__flags_join(item->flags)) == NULL) {
        return mig_error_set(err, MIG_E_NOMEM, "out of memory");
    }
    r->parcel = NULL;
    enqueue(r, parcel);
    return 0;
}

static void skip_message(mig__reader *r, uint32_t uid)
{
    mig_error error;
    mig_error_set(&error, MIG_E_TOO_BIG, "message %u of '%s' is larger than --max-size and was left out", uid,
                  r->folder->mailbox->name);
    pthread_mutex_lock(&r->run->lock);
    r->folder->result->skipped++;
    r->run->messages_done++;
    pthread_mutex_unlock(&r->run->lock);
    mig__export_problem(r->run, r->folder, uid, false, &error);
}

/* The server has it and does not give it: the archive says so as well. */
int mig__reader_lose(mig__reader *r, uint32_t uid, const mig_error *why, mig_error *err)
{
    mig_error error = *why;
    if (error.code == MIG_OK) {
        mig_error_set(&error, MIG_E_NOT_SENT, "the server gives no content for message %u of '%s'", uid,
                      r->folder->mailbox->name);
        mig_error_hint(&error, "look at it with another program; it may be damaged on the server");
    } else {
        mig_error_context(&error, "message %u of '%s' cannot be read", uid, r->folder->mailbox->name);
    }
    mig__export_problem(r->run, r->folder, uid, true, &error);
    mig__line line = {.kind = MIG__LINE_LOST, .name = r->folder->mailbox->name, .uid = uid, .text = error.text};
    pthread_mutex_lock(&r->run->lock); /* the writer holds it as well when it adds lines */
    r->folder->result->failed++;
    r->run->messages_done++;
    int failed = mig__ledger_add(&r->run->ledger, &r->folder->lines, &line, NULL, 0, err);
    pthread_mutex_unlock(&r->run->lock);
    return failed != 0 ? failed : forget_uid(r, uid, err);
}

static int on_fetch(const mig__response *response, void *context, mig_error *err)
{
    mig__reader *r = context;
    const mig__fetch_item *item = &response->fetch;
    bool fetch = response->kind == MIG__RESPONSE_FETCH || response->kind == MIG__RESPONSE_ODD;
    if (!fetch || item->body != MIG__BODY_GIVEN || item->has_header) {
        return 0; /* flags that changed meanwhile, or nothing: what is without an answer is asked for again */
    }
    int failed = 0;
    if (mig__uidset_has(&r->unit, item->uid)) {
        if (response->kind == MIG__RESPONSE_ODD) {
            mig_error odd;
            mig_error_set(&odd, MIG_E_PROTOCOL, "invalid reply of the server");
            failed = mig__reader_lose(r, item->uid, &odd, err);
        } else if (r->too_large) {
            skip_message(r, item->uid);
            failed = forget_uid(r, item->uid, err);
        } else if (r->parcel != NULL) {
            failed = finish_message(r, item, err);
            failed = failed != 0 ? failed : forget_uid(r, item->uid, err);
        }
        r->arrived++;
    }
    mig__reader_drop(r);
    return failed;
}

/* ---- commands ---- */

int mig__reader_wait(mig__reader *r, mig__command *command, mig_error *err)
{
    mig__command_result result = {0};
    int failed = mig__command_wait(r->session, command, &result, err);
    if (failed == 0) {
        r->refusal = result.error;
    }
    mig__command_result_clear(&result);
    return failed;
}

/* Ask for content, in pieces with several in flight. 0, also when the server refuses; -1 the session failed. */
static int fetch_content(mig__reader *r, const mig__uidset *uids, uint64_t piece_messages, mig_error *err)
{
    mig__uidset left = MIG__UIDSET_INIT, piece = MIG__UIDSET_INIT;
    mig__command *flights[PIECES_IN_FLIGHT];
    size_t first = 0, count = 0;
    mig__body_sink sink = {sink_begin, sink_data, r};
    mig__session_set_sink(r->session, &sink);
    int failed = mig__uidset_copy(&left, uids, err);
    while (failed == 0 && (left.count > 0 || count > 0)) {
        if (left.count > 0 && count < PIECES_IN_FLIGHT) {
            unsigned items = MIG__FETCH_FLAGS | MIG__FETCH_DATE | MIG__FETCH_BODY;
            failed = mig__uidset_take(&left, piece_messages, &piece, err) < 0 ? -1 : 0;
            mig__command *command = failed != 0 ? NULL : mig__fetch(r->session, &piece, items, 0, on_fetch, r, err);
            failed = command == NULL ? -1 : 0;
            flights[(first + count) % PIECES_IN_FLIGHT] = command;
            count += command != NULL;
        } else {
            failed = mig__reader_wait(r, flights[first], err);
            first = (first + 1) % PIECES_IN_FLIGHT;
            count--;
        }
    }
    if (failed != 0) {
        mig__command_abandon(r->session);
    }
    mig__session_set_sink(r->session, NULL);
    mig__uidset_free(&left);
    mig__uidset_free(&piece);
    return failed;
}

static int on_present(const mig__response *response, void *context, mig_error *err)
{
    mig__reader *r = context;
    uint32_t uid = response->fetch.uid;
    bool counts = response->kind == MIG__RESPONSE_FETCH && mig__uidset_has(&r->unit, uid);
    return counts ? mig__uidset_add(&r->present, uid, uid, err) : 0;
}

/* Of `from` what is still to come. */
static int lacking(const mig__reader *r, const mig__uidset *from, mig__uidset *out, mig_error *err)
{
    mig__uidset_clear(out);
    for (size_t i = 0; i < from->count; i++) {
        for (uint64_t uid = from->ranges[i].first; uid <= from->ranges[i].last; uid++) {
            if (mig__uidset_has(&r->unit, (uint32_t)uid) &&
                mig__uidset_add(out, (uint32_t)uid, (uint32_t)uid, err) != 0) {
                return -1;
            }
        }
    }
    return 0;
}

/* A message that the server cannot give may take the whole command with it: halves, until it stands alone. */
static int read_in_halves(mig__reader *r, const mig__uidset *set, unsigned *attempts, mig_error *err)
{
    mig__uidset rest = MIG__UIDSET_INIT, half = MIG__UIDSET_INIT;
    int failed = lacking(r, set, &rest, err);
    uint64_t size = mig__uidset_size(&rest);
    if (failed == 0 && size > 0 && *attempts > 0) {
        --*attempts;
        failed = fetch_content(r, &rest, PIECE_MESSAGES, err);
        failed = failed != 0 ? failed : lacking(r, set, &rest, err);
        if (failed == 0 && size > 1 && rest.count > 0) {
            failed = mig__uidset_take(&rest, (mig__uidset_size(&rest) + 1) / 2, &half, err) < 0 ? -1 : 0;
            failed = failed != 0 ? failed : read_in_halves(r, &half, attempts, err);
            failed = failed != 0 ? failed : read_in_halves(r, &rest, attempts, err);
        } else if (failed == 0 && rest.count > 0) {
            failed = mig__reader_lose(r, rest.ranges[0].first, &r->refusal, err);
        }
    }
    mig__uidset_free(&rest);
    mig__uidset_free(&half);
    return failed;
}

/* Content was asked for and did not come: the message is gone by now, or the server cannot give it. */
static int read_again(mig__reader *r, mig_error *err)
{
    unsigned attempts = MORE_ATTEMPTS;
    mig__uidset_clear(&r->present);
    mig__command *command = mig__fetch(r->session, &r->unit, MIG__FETCH_FLAGS, 0, on_present, r, err);
    if (command == NULL || mig__reader_wait(r, command, err) != 0 ||
        read_in_halves(r, &r->present, &attempts, err) != 0) {
        return -1;
    }
    mig__uidset rest = MIG__UIDSET_INIT;
    int failed = lacking(r, &r->present, &rest, err);
    mig_error none = MIG_ERROR_INIT;
    while (failed == 0 && rest.count > 0) {
        failed = mig__reader_lose(r, rest.ranges[0].first, &none, err);
        failed = failed != 0 ? failed : lacking(r, &r->present, &rest, err);
    }
    mig__uidset_free(&rest);
    return failed;
}

/* What is left in the end has vanished meanwhile. */
int mig__reader_read(mig__reader *r, bool alone, mig_error *err)
{
    if (fetch_content(r, &r->unit, alone ? 1 : PIECE_MESSAGES, err) != 0) {
        return -1;
    }
    if (r->unit.count > 0 && read_again(r, err) != 0) {
        return -1;
    }
    pthread_mutex_lock(&r->run->lock);
    r->run->messages_done += mig__uidset_size(&r->unit);
    pthread_mutex_unlock(&r->run->lock);
    mig__uidset_clear(&r->unit);
    return 0;
}
