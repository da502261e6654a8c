/*
 * A reader keeps a few FETCH commands of bounded UID sets in flight, so that a long line never runs dry. What arrives
 * is digested and stored piece by piece by the sink, and becomes a message of the queue when its FETCH response ends.
 */
#include "copy/reader.h"
#include "base/clock.h"
#include "base/retry.h"
#include "copy/queue.h"
#include "copy/squeeze.h"
#include <stdlib.h>
#include <string.h>

enum {
    UNITS_IN_FLIGHT = 6,
    UNIT_FIRST = 16, /* UIDs of the first FETCH; the number grows and shrinks with how fast the answers come */
    UNIT_MOST = 256,
    UNIT_QUICK_MS = 400,
    UNIT_SLOW_MS = 4000,
    VANISH_MS = 500 /* how long a message may be without content and still listed before it counts as unreadable */
};

typedef struct flight { /* a unit whose FETCH is on its way */
    mig__unit *unit;
    mig__command *select; /* EXAMINE sent just before, or NULL */
    mig__command *fetch;
    mig__selected selected;
    mig__uidset odd; /* answered, but not in a form that can be read */
    uint64_t asked;  /* messages */
} flight;

typedef struct reader {
    mig__run *run;
    mig__session *session;
    mig__digester *digester;
    flight flights[UNITS_IN_FLIGHT];
    size_t first, count;       /* ring */
    mig__folder_job *examined; /* folder of the last EXAMINE sent */
    mig__transit *transit;     /* body that is arriving, or has arrived and waits for the end of its FETCH */
    uint64_t filled;
    bool too_large; /* the body exceeds --max-size: read and dropped */
    bool body_done;
    size_t unit_messages;
    mig__squeeze squeeze;
    bool quieting;      /* sends nothing more until it can start to compress */
    int64_t blocked_ms; /* waited for room in memory: not the line's fault */
    unsigned attempts;  /* reconnects in a row without a message */
} reader;

static flight *oldest(reader *r)
{
    return &r->flights[r->first];
}

/* ---- the sink: octets of a body as they arrive ---- */

static void drop_transit(reader *r)
{
    if (r->transit != NULL) {
        mig__queue_discharge(r->run, r->transit->charged);
        mig__transit_free(r->transit);
        r->transit = NULL;
    }
    r->too_large = false;
    r->body_done = false;
}

static int sink_begin(uint64_t size, void *context, mig_error *err)
{
    reader *r = context;
    drop_transit(r);
    const mig_copy_options *options = r->run->options;
    r->filled = 0;
    if (options->selection.max_size > 0 && size > options->selection.max_size) {
        r->too_large = true;
        return 0;
    }
    uint64_t charge = size > MIG__MEMORY_MESSAGE ? 0 : size;
    int64_t before = mig__now_ms();
    if (mig__queue_charge(r->run, charge, err) != 0) {
        return -1;
    }
    r->blocked_ms += mig__now_ms() - before;
    r->transit = mig__transit_new(size, r->run->spool_dir, err);
    if (r->transit == NULL) {
        mig__queue_discharge(r->run, charge);
        return -1;
    }
    r->transit->charged = charge;
    return mig__digester_begin(r->digester, err);
}

static int sink_data(const char *octets, size_t length, void *context, mig_error *err)
{
    reader *r = context;
    if (mig_stop_level(r->run->options->observer.stop) > 1) {
        return mig_error_set(err, MIG_E_INTERRUPTED, "stopped");
    }
    int64_t before = mig__now_ms();
    if (mig__run_pass(r->run, &r->run->pace.in, length, err) != 0) {
        return -1;
    }
    r->blocked_ms += mig__now_ms() - before;
    if (r->transit == NULL) {
        r->filled += length; /* too large: read past it */
        return 0;
    }
    if (mig__digester_add(r->digester, octets, length, err) != 0) {
        return -1;
    }
    return mig__transit_add(r->transit, &r->filled, octets, length, err);
}

/* ---- FETCH responses ---- */

/* A message that will not come, whatever is tried: in the report and in the state, so that it is known by name. */
static void give_up_message(reader *r, mig__folder_job *job, uint32_t uid, const mig_error *error)
{
    pthread_mutex_lock(&r->run->lock);
    job->result->failed++;
    r->run->messages_done++;
    pthread_mutex_unlock(&r->run->lock);
    mig__run_problem(r->run, job, uid, true, error);
    char line[MIG_ERROR_TEXT + MIG_ERROR_SERVER + MIG_ERROR_HINT];
    mig__message message = {.source_uid = uid,
                            .state = MIG__MESSAGE_FAILED,
                            .flags = "",
                            .email_id = "",
                            .code = error->code,
                            .text = mig_error_line(error, line, sizeof line)};
    mig_error failure;
    if (mig__state_message_failed(r->run->state, job->record.id, &message, &failure) != 0) {
        mig__run_fail(r->run, &failure);
    }
}

static void skip_too_large(reader *r, mig__folder_job *job, uint32_t uid)
{
    mig_error error;
    mig_error_set(&error, MIG_E_TOO_BIG, "message %u of '%s' is larger than --max-size and was left out", uid,
                  job->source->name);
    mig__run_problem(r->run, job, uid, false, &error);
    pthread_mutex_lock(&r->run->lock);
    job->result->skipped++;
    r->run->messages_done++;
    pthread_mutex_unlock(&r->run->lock);
}

static int finish_message(reader *r, mig__folder_job *job, const mig__fetch_item *item, mig_error *err)
{
    mig__transit *message = r->transit;
    if (r->filled != message->size) {
        return mig_error_set(err, MIG_E_PROTOCOL, "message %u of '%s' came with %llu octets instead of %llu", item->uid,
                             job->source->name, (unsigned long long)r->filled, (unsigned long long)message->size);
    }
    if (mig__digester_end(r->digester, &message->digest, err) != 0) {
        return -1;
    }
    message->uid = item->uid;
    message->date = item->internaldate;
    message->flags = mig__flags_join(item->flags);
    message->email_id = mig__strdup(item->email_id);
    if (message->flags == NULL || (item->email_id != NULL && message->email_id == NULL)) {
        return mig_error_set(err, MIG_E_NOMEM, "out of memory");
    }
    message->odd_flags = item->odd_flags;
    mig__transit_describe(message);
    r->transit = NULL;
    r->attempts = 0;
    mig__queue_put(r->run, job, message);
    return 0;
}

static int forget_uid(flight *f, uint32_t uid, mig_error *err)
{
    mig__uidset one = MIG__UIDSET_INIT;
    int failed = mig__uidset_add(&one, uid, uid, err);
    if (failed == 0) {
        failed = mig__uidset_subtract(&f->unit->uids, &one, err);
    }
    mig__uidset_free(&one);
    return failed;
}

/*
 * The flight that asked for a message. Servers work on several FETCH commands at once, so it need not be the oldest;
 * but none that waits for the EXAMINE of another mailbox.
 */
static flight *asked_for(reader *r, uint32_t uid)
{
    for (size_t i = 0; uid > 0 && i < r->count; i++) {
        flight *f = &r->flights[(r->first + i) % UNITS_IN_FLIGHT];
        if (i > 0 && f->select != NULL && !mig__command_answered(f->select)) {
            break;
        }
        /* What is left of a FETCH that was answered does not come any more: this is the same UID of another mailbox. */
        if (f->fetch != NULL && !mig__command_answered(f->fetch) && mig__uidset_has(&f->unit->uids, uid)) {
            return f;
        }
    }
    return NULL;
}

static int on_fetch(const mig__response *response, void *context, mig_error *err)
{
    reader *r = context;
    const mig__fetch_item *item = &response->fetch;
    if (response->kind != MIG__RESPONSE_FETCH && response->kind != MIG__RESPONSE_ODD) {
        return 0;
    }
    flight *f = asked_for(r, item->uid);
    if (f == NULL) {
        if (item->body != MIG__BODY_NONE) {
            drop_transit(r); /* something we did not ask for, or a second time */
        }
        return 0;
    }
    mig__folder_job *job = f->unit->job;
    int failed = 0;
    if (response->kind == MIG__RESPONSE_ODD) {
        failed = mig__uidset_add(&f->odd, item->uid, item->uid, err);
    } else if (item->body == MIG__BODY_NONE) {
        return 0; /* flags that changed meanwhile: the next run carries them over */
    } else if (item->body == MIG__BODY_NIL) {
        return 0; /* stays among the UIDs without an answer and is asked for once more */
    } else if (r->too_large) {
        skip_too_large(r, job, item->uid);
    } else if (r->transit != NULL) {
        failed = finish_message(r, job, item, err);
    } else {
        return 0;
    }
    drop_transit(r);
    return failed != 0 ? failed : forget_uid(f, item->uid, err);
}

/* ---- units ---- */

static int send_unit(reader *r, mig__unit *unit, mig_error *err)
{
    flight *f = &r->flights[(r->first + r->count) % UNITS_IN_FLIGHT];
    *f = (flight){.unit = unit};
    r->count++;
    if (unit->job != r->examined) {
        f->select = mig__select(r->session, unit->job->source->wire, true, &f->selected, err);
        if (f->select == NULL) {
            return -1;
        }
        r->examined = unit->job;
    }
    unsigned items = MIG__FETCH_FLAGS | MIG__FETCH_DATE | MIG__FETCH_BODY;
    if (mig__session_can(r->session, MIG__CAP_OBJECTID) || mig__session_can(r->session, MIG__CAP_GMAIL)) {
        items |= MIG__FETCH_EMAILID;
    }
    f->asked = mig__uidset_size(&unit->uids);
    f->fetch = mig__fetch(r->session, &unit->uids, items, 0, on_fetch, r, err);
    return f->fetch == NULL ? -1 : 0;
}

/* The EXAMINE that went ahead of a unit. Returns 1 when the folder cannot be read; -1 when the session failed. */
static int finish_select(reader *r, flight *f, mig_error *err)
{
    if (f->select == NULL) {
        return 0;
    }
    mig__command_result result = {0};
    int failed = mig__command_wait(r->session, f->select, &result, err);
    f->select = NULL;
    if (failed != 0) {
        return -1;
    }
    mig_error error = result.error;
    mig__command_result_clear(&result);
    mig__folder_job *job = f->unit->job;
    if (error.code == MIG_OK && f->selected.uidvalidity != job->snapshot.uidvalidity) {
        mig_error_set(&error, MIG_E_UIDVALIDITY,
                      "the mailbox '%s' was replaced on the source while it was being copied", job->source->name);
        mig_error_hint(&error, "run again: what is in it now is then matched by content");
    } else if (error.code != MIG_OK) {
        mig_error_context(&error, "opening '%s' on the source", job->source->name);
    }
    if (error.code == MIG_OK) {
        return 0;
    }
    mig__queue_break_folder(r->run, job, &error);
    return 1;
}

/*
 * The server answered the FETCH, but some UIDs are without an answer. Ask for them once more; those that are then still
 * without one were deleted meanwhile ("vanished" is not "lost"), unless a search shows that they are there.
 */
typedef struct present {
    mig__uidset uids;
    bool answered;
} present;

static int on_search(const mig__response *response, void *context, mig_error *err)
{
    present *found = context;
    if (response->kind != MIG__RESPONSE_SEARCH) {
        return 0;
    }
    found->answered = true;
    for (size_t i = 0; response->uids != NULL && i < response->uids->count; i++) {
        if (mig__uidset_add(&found->uids, response->uids->ranges[i].first, response->uids->ranges[i].last, err) != 0) {
            return -1;
        }
    }
    return 0;
}

/* Which of the unit's UIDs are there. Opens the mailbox anew: an open one may still show what others expunged. */
static int look_again(reader *r, const flight *f, present *found, bool *searched, mig_error *err)
{
    const mig__folder_job *job = f->unit->job;
    mig__selected again = {0};
    mig__command_result opened = {0}, result = {0};
    r->examined = NULL; /* units that were sent already go before; the next one opens its own mailbox */
    mig__command *select = mig__select(r->session, job->source->wire, true, &again, err);
    mig__command *search = select == NULL ? NULL : mig__search_uids(r->session, &f->unit->uids, on_search, found, err);
    int failed = search == NULL || mig__command_wait(r->session, select, &opened, err) != 0 ||
                         mig__command_wait(r->session, search, &result, err) != 0
                     ? -1
                     : 0;
    *searched = failed == 0 && opened.error.code == MIG_OK && again.uidvalidity == job->snapshot.uidvalidity &&
                result.error.code == MIG_OK && found->answered;
    mig__command_result_clear(&opened);
    mig__command_result_clear(&result);
    mig__selected_free(&again);
    return failed;
}

static int name_unanswered(reader *r, flight *f, const mig_error *why, mig_error *err)
{
    mig__folder_job *job = f->unit->job;
    present found = {MIG__UIDSET_INIT, false};
    mig__uidset one = MIG__UIDSET_INIT;
    bool searched = false;
    int failed = look_again(r, f, &found, &searched, err);
    if (failed == 0 && searched && found.uids.count > 0) { /* perhaps being deleted at this very moment */
        mig__sleep_ms(VANISH_MS);
        mig__uidset_clear(&found.uids);
        failed = look_again(r, f, &found, &searched, err);
    }
    while (failed == 0 && mig__uidset_take(&f->unit->uids, 1, &one, err) > 0) {
        uint32_t uid = one.ranges[0].first;
        if (searched && !mig__uidset_has(&found.uids, uid)) {
            pthread_mutex_lock(&r->run->lock);
            job->result->messages -= job->result->messages > 0 ? 1 : 0;
            r->run->messages_done++;
            pthread_mutex_unlock(&r->run->lock);
            continue;
        }
        mig_error error = *why;
        if (why->code == MIG_OK) {
            mig_error_set(&error, MIG_E_NOT_SENT, "the source gives no content for message %u of '%s'", uid,
                          job->source->name);
            mig_error_hint(&error, "look at it with another program; it may be damaged on the old server");
        } else {
            mig_error_context(&error, "message %u of '%s' cannot be read", uid, job->source->name);
        }
        give_up_message(r, job, uid, &error);
    }
    mig__uidset_free(&one);
    mig__uidset_free(&found.uids);
    return failed;
}

static void name_odd(reader *r, flight *f)
{
    mig__uidset one = MIG__UIDSET_INIT;
    mig_error error;
    while (mig__uidset_take(&f->odd, 1, &one, &error) > 0) {
        uint32_t uid = one.ranges[0].first;
        mig_error_set(&error, MIG_E_PROTOCOL, "invalid reply of the source about message %u of '%s'", uid,
                      f->unit->job->source->name);
        give_up_message(r, f->unit->job, uid, &error);
    }
    mig__uidset_free(&one);
}

static void flight_clear(reader *r)
{
    flight *f = oldest(r);
    mig__selected_free(&f->selected);
    mig__uidset_free(&f->odd);
    r->first = (r->first + 1) % UNITS_IN_FLIGHT;
    r->count--;
}

/* Wait for the oldest unit. 0, or -1 when the session failed (the unit is still in flight then). */
static int finish_unit(reader *r, mig_error *err)
{
    flight *f = oldest(r);
    int unreadable = finish_select(r, f, err);
    if (unreadable < 0) {
        return -1;
    }
    mig__command_result result = {0};
    if (mig__command_wait(r->session, f->fetch, &result, err) != 0) {
        return -1;
    }
    f->fetch = NULL;
    mig_error why = result.error;
    mig__command_result_clear(&result);
    name_odd(r, f);
    mig__unit *unit = f->unit;
    bool left = !unreadable && unit->uids.count > 0;
    bool nearer = mig__uidset_size(&unit->uids) < f->asked; /* MESSAGELIMIT: so many at a time (RFC 9738) */
    if (left && why.code != MIG_OK && why.retry != MIG_RETRY_NEVER) {
        mig__run_pause(r->run, MIG_SOURCE, &why, ++r->attempts);
        mig__queue_unit_again(r->run, unit, false);
    } else if (left && (unit->asks == 0 || nearer || (why.code != MIG_OK && mig__uidset_size(&unit->uids) > 1))) {
        unit->asks++;
        mig__queue_unit_again(r->run, unit, why.code != MIG_OK); /* after a refusal one by one */
    } else {
        if (left && name_unanswered(r, f, &why, err) != 0) {
            return -1;
        }
        mig__queue_unit_done(r->run, unit);
    }
    flight_clear(r);
    return 0;
}

/* ---- connections ---- */

/* How much of the message that was arriving had come when the connection broke: 0 for nothing at all. */
static uint64_t place_of_break(const reader *r)
{
    return r->transit != NULL || r->too_large ? r->filled + 1 : 0;
}

/* The oldest unit in flight is the one that the connection broke on. */
static void blame_oldest(reader *r, mig__unit *unit, uint64_t place, const mig_error *why)
{
    if (why->code == MIG_E_INTERRUPTED) {
        mig__queue_unit_again(r->run, unit, false);
    } else if (mig__queue_unit_broken(r->run, unit, place)) {
        mig_error error = *why;
        uint32_t uid = unit->uids.ranges[0].first;
        mig_error_context(&error, "message %u of '%s' breaks the connection each time it is read", uid,
                          unit->job->source->name);
        give_up_message(r, unit->job, uid, &error);
        mig__queue_unit_done(r->run, unit);
    }
}

/* Hand all units back after the connection broke. */
static void abandon_session(reader *r, const mig_error *why)
{
    uint64_t place = place_of_break(r);
    bool suspect = true;
    drop_transit(r);
    while (r->count > 0) {
        flight *f = oldest(r);
        mig__unit *unit = f->unit;
        name_odd(r, f);
        if (unit->uids.count == 0) { /* everything came but the OK */
            mig__queue_unit_done(r->run, unit);
        } else if (suspect) {
            blame_oldest(r, unit, place, why);
            suspect = false;
        } else {
            mig__queue_unit_again(r->run, unit, false);
        }
        flight_clear(r);
    }
    r->examined = NULL;
    mig__gate_close(&r->run->sides[MIG_SOURCE].gate, &r->session);
}

static int connect_reader(reader *r, bool first, mig_error *err)
{
    r->session =
        mig__gate_open(&r->run->sides[MIG_SOURCE].gate, first ? MIG__PATIENCE_FIRST : MIG__PATIENCE_AGAIN, err);
    return r->session == NULL ? -1 : 0;
}

static void attach_sink(reader *r)
{
    mig__body_sink sink = {sink_begin, sink_data, r};
    mig__session_set_sink(r->session, &sink);
}

/* Wait for the oldest unit, and measure the line by it. */
static int finish_measured(reader *r, mig_error *err)
{
    mig__stream_stats before, after;
    int64_t begun = mig__now_ms();
    r->blocked_ms = 0;
    mig__session_stats_get(r->session, &before);
    if (finish_unit(r, err) != 0) {
        return -1;
    }
    mig__session_stats_get(r->session, &after);
    int64_t ms = mig__now_ms() - begun - r->blocked_ms;
    mig__squeeze_note(&r->squeeze, after.octets_in - before.octets_in, ms);
    if (ms < UNIT_QUICK_MS && r->unit_messages < UNIT_MOST) {
        r->unit_messages *= 2;
    } else if (ms > UNIT_SLOW_MS && r->unit_messages > 1) {
        r->unit_messages /= 2;
    }
    r->quieting = r->quieting || mig__squeeze_wanted(&r->squeeze, r->session, r->run->options->source);
    return 0;
}

/* Fill the pipeline, then wait for the oldest. 1: go on, 0: all done, -1: the session failed. */
static int step(reader *r, mig_error *err)
{
    bool finished = false;
    if (r->quieting && r->count == 0) {
        r->quieting = false;
        if (mig__session_compress(r->session, err) != 0) {
            return -1;
        }
    }
    while (!r->quieting && r->count < UNITS_IN_FLIGHT) {
        mig__unit *unit = mig__queue_take_unit(r->run, r->examined, r->unit_messages, &finished);
        if (unit == NULL) {
            break;
        }
        if (send_unit(r, unit, err) != 0) {
            return -1;
        }
    }
    if (r->count > 0) {
        return finish_measured(r, err) == 0 ? 1 : -1;
    }
    return !finished && mig__queue_wait_units(r->run) ? 1 : 0;
}

static bool fatal_here(const mig_error *error)
{
    return mig__retry_pointless(error) || error->code == MIG_E_INTERRUPTED;
}

static void read_all(reader *r)
{
    mig_error error = MIG_ERROR_INIT;
    int going = 1;
    while (going > 0 && !mig__run_stopping(r->run)) {
        if (r->session == NULL && connect_reader(r, false, &error) != 0) {
            break;
        }
        attach_sink(r);
        error.code = MIG_OK;
        going = step(r, &error);
        if (going < 0) {
            mig__run_log(r->run, error.code == MIG_E_INTERRUPTED ? MIG_LOG_DEBUG : MIG_LOG_WARNING, r->examined, 0,
                         &error, "reading: %s", error.text);
            abandon_session(r, &error);
            if (error.code == MIG_E_UNAVAILABLE && r->attempts++ > 0) {
                mig__run_pause(r->run, MIG_SOURCE, &error, r->attempts);
            }
            going = fatal_here(&error) ? -1 : 1;
        }
    }
    pthread_mutex_lock(&r->run->lock);
    r->run->readers--;
    bool last = r->run->readers == 0;
    pthread_cond_broadcast(&r->run->changed);
    pthread_mutex_unlock(&r->run->lock);
    if (error.code != MIG_OK && error.code != MIG_E_INTERRUPTED && (last || mig__retry_fatal(&error))) {
        mig__run_fail(r->run, &error);
    }
    if (r->session != NULL) {
        mig_error stopped;
        mig_error_set(&stopped, MIG_E_INTERRUPTED, "stopped");
        abandon_session(r, &stopped);
    }
}

void *mig__reader_main(void *argument)
{
    mig__reader_start *start = argument;
    reader r = {.run = start->run, .session = start->session, .unit_messages = UNIT_FIRST};
    free(start);
    mig_error error = MIG_ERROR_INIT;
    r.digester = mig__digester_new(&error);
    if (r.digester == NULL) {
        mig__run_fail(r.run, &error);
    }
    read_all(&r);
    mig__digester_free(&r.digester);
    return NULL;
}
