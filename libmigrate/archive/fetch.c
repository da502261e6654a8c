/*
 * archive/fetch.c - threads that read messages, each with a session of its own
 *
 * A reader takes some UIDs of a folder, keeps a few FETCH commands for them in flight, and puts each message into the
 * queue when all of it is there. When the connection breaks it opens another and asks for what is left; a message that
 * breaks connections by itself is given up, and the rest goes on.
 */
#include "archive/export.h"
#include "base/flags.h"
#include <stdlib.h>
#include <string.h>

enum {
    CONNECTIONS = 4,
    UNIT_MESSAGES = 1000, /* read under one EXAMINE before others get a chance */
    PIECE_MESSAGES = 128, /* of one FETCH */
    PIECES_IN_FLIGHT = 4,
    MESSAGES_A_THREAD = 500, /* fewer are not worth another connection */
    FOLDERS_A_THREAD = 10,
    MORE_ATTEMPTS = 200,     /* commands for a unit of which the server did not give everything */
    BREAKS_BEFORE_ALONE = 2, /* connections in a row without a message: then one message at a time */
    BREAKS_BEFORE_GIVING_UP = 4
};

static const uint64_t memory_default = 8 << 20;
static const uint64_t spooled_most = (uint64_t)512 << 20; /* octets in files that wait for the writer */

typedef struct reader {
    mig__export *run;
    mig__session *session;
    const mig__export_folder *opened;
    mig__export_folder *folder; /* of the unit in hand */
    mig__uidset unit;           /* still to come */
    mig__uidset present;        /* what of it exists */
    mig__sha256 *sha256;
    mig__parcel *parcel; /* arriving, or arrived and waiting for the end of its FETCH */
    bool too_large;      /* beyond max_size: read and dropped */
    bool extra;          /* never had a session, and others are at work */
    uint64_t arrived;    /* messages so far */
    mig_error refusal;   /* the last NO or BAD to a FETCH */
} reader;

/* ---- room for messages on their way ---- */

static bool is_large(uint64_t size)
{
    return size > MIG__SPOOL_MEMORY;
}

static bool has_room(const mig__export *run, uint64_t size)
{
    uint64_t most = run->options->memory > 0 ? run->options->memory : memory_default;
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

static void drop_parcel(reader *r)
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
    reader *r = context;
    const mig_archive_options *options = r->run->options;
    drop_parcel(r);
    if (options->max_size > 0 && size > options->max_size) {
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
    reader *r = context;
    if (mig_stop_level(&r->run->halt) > 0) {
        return mig_error_set(err, MIG_E_INTERRUPTED, "stopped");
    }
    if (r->parcel == NULL) {
        return 0; /* too large: read past it */
    }
    return mig__sha256_add(r->sha256, octets, length, err) != 0 ? -1 : mig__parcel_add(r->parcel, octets, length, err);
}

static int forget_uid(reader *r, uint32_t uid, mig_error *err)
{
    mig__uidset one = MIG__UIDSET_INIT;
    int failed = mig__uidset_add(&one, uid, uid, err) != 0 ? -1 : mig__uidset_subtract(&r->unit, &one, err);
    mig__uidset_free(&one);
    return failed;
}

static void enqueue(reader *r, mig__parcel *parcel)
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

static int finish_message(reader *r, const mig__fetch_item *item, mig_error *err)
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

static void skip_message(reader *r, uint32_t uid)
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
static int lose_message(reader *r, uint32_t uid, const mig_error *why, mig_error *err)
{
    mig_error error = *why;
    if (error.code == MIG_OK) {
        mig_error_set(&error, MIG_E_NOT_SENT, "the server gives no content for message %u of '%s'", uid,
                      r->folder->mailbox->name);
        mig_error_hint(&error, "look at it with another program; it may be damaged on the server");
    } else {
        mig_error_context(&error, "message %u of '%s' can not be read", uid, r->folder->mailbox->name);
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
    reader *r = context;
    const mig__fetch_item *item = &response->fetch;
    bool fetch = response->kind == MIG__RESPONSE_FETCH || response->kind == MIG__RESPONSE_ODD;
    if (!fetch || item->body != MIG__BODY_GIVEN || item->has_header) {
        return 0; /* flags that changed meanwhile, or nothing: what is without an answer is asked for again */
    }
    int failed = 0;
    if (mig__uidset_has(&r->unit, item->uid)) {
        if (response->kind == MIG__RESPONSE_ODD) {
            mig_error odd;
            mig_error_set(&odd, MIG_E_PROTOCOL, "the server's answer makes no sense");
            failed = lose_message(r, item->uid, &odd, err);
        } else if (r->too_large) {
            skip_message(r, item->uid);
            failed = forget_uid(r, item->uid, err);
        } else if (r->parcel != NULL) {
            failed = finish_message(r, item, err);
            failed = failed != 0 ? failed : forget_uid(r, item->uid, err);
        }
        r->arrived++;
    }
    drop_parcel(r);
    return failed;
}

/* ---- commands ---- */

static int wait_for(reader *r, mig__command *command, mig_error *err)
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
static int fetch_content(reader *r, const mig__uidset *uids, uint64_t piece_messages, mig_error *err)
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
            failed = wait_for(r, flights[first], err);
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
    reader *r = context;
    uint32_t uid = response->fetch.uid;
    bool counts = response->kind == MIG__RESPONSE_FETCH && mig__uidset_has(&r->unit, uid);
    return counts ? mig__uidset_add(&r->present, uid, uid, err) : 0;
}

/* Of `from` what is still to come. */
static int lacking(const reader *r, const mig__uidset *from, mig__uidset *out, mig_error *err)
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

/* A message that the server can not give may take the whole command with it: halves, until it stands alone. */
static int read_in_halves(reader *r, const mig__uidset *set, unsigned *attempts, mig_error *err)
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
            failed = lose_message(r, rest.ranges[0].first, &r->refusal, err);
        }
    }
    mig__uidset_free(&rest);
    mig__uidset_free(&half);
    return failed;
}

/* Content was asked for and did not come: the message is gone by now, or the server can not give it. */
static int read_again(reader *r, mig_error *err)
{
    unsigned attempts = MORE_ATTEMPTS;
    mig__uidset_clear(&r->present);
    mig__command *command = mig__fetch(r->session, &r->unit, MIG__FETCH_FLAGS, 0, on_present, r, err);
    if (command == NULL || wait_for(r, command, err) != 0 || read_in_halves(r, &r->present, &attempts, err) != 0) {
        return -1;
    }
    mig__uidset rest = MIG__UIDSET_INIT;
    int failed = lacking(r, &r->present, &rest, err);
    mig_error none = MIG_ERROR_INIT;
    while (failed == 0 && rest.count > 0) {
        failed = lose_message(r, rest.ranges[0].first, &none, err);
        failed = failed != 0 ? failed : lacking(r, &r->present, &rest, err);
    }
    mig__uidset_free(&rest);
    return failed;
}

/* What is left in the end has vanished meanwhile. */
static int read_unit(reader *r, bool alone, mig_error *err)
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

/* ---- units ---- */

/* The next UIDs: of the folder in hand, else of the one that has the fewest readers. */
static int take_unit(reader *r, mig_error *err)
{
    mig__export *run = r->run;
    int failed = 0;
    pthread_mutex_lock(&run->lock);
    mig__export_folder *best = r->folder != NULL && r->folder->uids.count > 0 ? r->folder : NULL;
    for (size_t i = 0; best == NULL && i < run->folder_count; i++) {
        best = run->folders[i].uids.count > 0 && run->folders[i].units_out == 0 ? &run->folders[i] : NULL;
    }
    for (size_t i = 0; best == NULL && i < run->folder_count; i++) {
        best = run->folders[i].uids.count > 0 ? &run->folders[i] : NULL;
    }
    r->folder = run->fatal.code == MIG_OK ? best : NULL;
    if (r->folder != NULL) {
        failed = mig__uidset_take(&best->uids, UNIT_MESSAGES, &r->unit, err) < 0 ? -1 : 0;
        best->units_out++;
        run->current = best;
    }
    pthread_mutex_unlock(&run->lock);
    return failed;
}

/* 0; 1 the folder can not be read any further (`err`); -1 the session failed. */
static int open_folder(reader *r, mig_error *err)
{
    mig__selected selected = {0};
    if (r->folder == r->opened) {
        return 0;
    }
    r->opened = NULL;
    mig__command *command = mig__select(r->session, r->folder->mailbox->wire, true, &selected, err);
    int outcome = command == NULL || wait_for(r, command, err) != 0 ? -1 : 0;
    if (outcome == 0 && r->refusal.code != MIG_OK) {
        *err = r->refusal;
        outcome = 1;
    } else if (outcome == 0 && selected.uidvalidity != r->folder->now.uidvalidity) {
        mig_error_set(err, MIG_E_UIDVALIDITY, "the mailbox was replaced while it was being read");
        outcome = 1;
    }
    mig__selected_free(&selected);
    r->opened = outcome == 0 ? r->folder : NULL;
    return outcome;
}

static int try_unit(reader *r, bool alone, mig_error *err)
{
    int outcome = open_folder(r, err);
    if (outcome > 0) {
        mig__export_give_up(r->run, r->folder, err);
        mig__uidset_clear(&r->unit);
        return 0;
    }
    return outcome != 0 ? outcome : read_unit(r, alone, err);
}

/* The server takes no more connections: the others do what this one took. */
static int give_unit_back(reader *r, mig_error *err)
{
    int failed = 0;
    pthread_mutex_lock(&r->run->lock);
    for (size_t i = 0; failed == 0 && i < r->unit.count; i++) {
        failed = mig__uidset_add(&r->folder->uids, r->unit.ranges[i].first, r->unit.ranges[i].last, err);
    }
    pthread_mutex_unlock(&r->run->lock);
    mig__uidset_clear(&r->unit);
    return failed != 0 ? failed : 1;
}

static int connect_again(reader *r, mig_error *err)
{
    r->session = mig__export_connect(r->run, r->extra ? MIG__PATIENCE_EXTRA : MIG__PATIENCE_AGAIN, err);
    if (r->session == NULL) {
        return r->extra && err->scope != MIG_SCOPE_RUN ? give_unit_back(r, err) : -1;
    }
    r->extra = false;
    return 0;
}

/* Read one unit, over several connections if they break. 1: this reader is not needed; -1: the run is over. */
static int work_off(reader *r, mig_error *err)
{
    for (unsigned breaks = 0; r->unit.count > 0;) {
        uint64_t before = r->arrived;
        int outcome = r->session != NULL ? 0 : connect_again(r, err);
        if (outcome != 0) {
            return outcome;
        }
        if (try_unit(r, breaks >= BREAKS_BEFORE_ALONE, err) == 0) {
            continue;
        }
        mig__export_disconnect(r->run, &r->session);
        r->opened = NULL;
        drop_parcel(r);
        if (err->scope == MIG_SCOPE_RUN || mig__export_stopping(r->run)) {
            return -1;
        }
        breaks = r->arrived > before ? 1 : breaks + 1;
        if (breaks >= BREAKS_BEFORE_GIVING_UP) { /* alone and in order: it is the first one */
            mig_error why = *err;
            if (lose_message(r, r->unit.ranges[0].first, &why, err) != 0) {
                return -1;
            }
            breaks = BREAKS_BEFORE_ALONE;
        }
    }
    return 0;
}

static void *reader_main(void *argument)
{
    reader *r = argument;
    mig_error error = MIG_ERROR_INIT;
    r->sha256 = mig__sha256_new(&error);
    int failed = r->sha256 == NULL ? -1 : 0;
    while (failed == 0 && !mig__export_stopping(r->run)) {
        failed = take_unit(r, &error);
        if (failed != 0 || r->folder == NULL) {
            break;
        }
        failed = work_off(r, &error);
        pthread_mutex_lock(&r->run->lock);
        r->folder->units_out--;
        pthread_mutex_unlock(&r->run->lock);
    }
    if (failed < 0 && !mig__export_stopping(r->run)) {
        mig__export_fail(r->run, &error);
    }
    drop_parcel(r);
    mig__export_disconnect(r->run, &r->session);
    mig__uidset_free(&r->unit);
    mig__uidset_free(&r->present);
    mig__sha256_free(&r->sha256);
    pthread_mutex_lock(&r->run->lock);
    r->run->threads--;
    pthread_cond_broadcast(&r->run->changed);
    pthread_mutex_unlock(&r->run->lock);
    free(r);
    return NULL;
}

static int add_thread(mig__export *run, mig__session **session, pthread_t *thread, mig_error *err)
{
    reader *r = calloc(1, sizeof *r);
    if (r == NULL) {
        return mig_error_set(err, MIG_E_NOMEM, "out of memory");
    }
    *r = (reader){.run = run, .session = *session, .extra = *session == NULL, .refusal = MIG_ERROR_INIT};
    pthread_mutex_lock(&run->lock);
    run->threads++;
    pthread_mutex_unlock(&run->lock);
    if (pthread_create(thread, NULL, reader_main, r) != 0) {
        pthread_mutex_lock(&run->lock);
        run->threads--;
        pthread_mutex_unlock(&run->lock);
        free(r);
        return mig_error_set(err, MIG_E_NOMEM, "can not start a thread");
    }
    *session = NULL;
    return 0;
}

int mig__export_read(mig__export *run, mig__session **session, pthread_t *threads, size_t *count, mig_error *err)
{
    uint64_t messages = 0, folders = 0;
    for (size_t i = 0; i < run->folder_count; i++) {
        uint64_t size = mig__uidset_size(&run->folders[i].uids);
        messages += size;
        folders += size > 0;
    }
    run->messages_total = messages;
    uint64_t wanted = messages / MESSAGES_A_THREAD + folders / FOLDERS_A_THREAD + 1;
    uint64_t most = run->options->connections > 0 ? (uint64_t)run->options->connections : CONNECTIONS;
    most = most < MIG__EXPORT_MOST_CONNECTIONS ? most : MIG__EXPORT_MOST_CONNECTIONS;
    for (*count = 0; *count < wanted && *count < most && messages > 0; ++*count) {
        if (add_thread(run, session, &threads[*count], err) != 0) {
            return *count > 0 ? 0 : -1;
        }
    }
    return 0;
}
