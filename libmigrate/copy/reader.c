/*
 * A reader keeps a few FETCH commands of bounded UID sets in flight, so that a long line never runs dry. What arrives
 * is digested and stored piece by piece by the sink, and becomes a message of the queue when its FETCH response ends.
 */
#include "copy/reader.h"
#include "copy/reader_private.h"
#include "base/clock.h"
#include "base/retry.h"
#include "copy/hold.h"
#include "copy/queue.h"
#include "copy/squeeze.h"
#include <stdlib.h>
#include <string.h>

enum {
    UNIT_FIRST = 16, /* UIDs of the first FETCH; the number grows and shrinks with how fast the answers come */
    UNIT_MOST = 256,
    UNIT_QUICK_MS = 400,
    UNIT_SLOW_MS = 4000,
    VANISH_MS = 500 /* how long a message may be without content and still listed before it counts as unreadable */
};

static mig__copy_flight *oldest(mig__copy_reader *r)
{
    return &r->flights[r->first];
}

/* ---- units ---- */

static int send_unit(mig__copy_reader *r, mig__unit *unit, mig_error *err)
{
    mig__copy_flight *f = &r->flights[(r->first + r->count) % MIG__UNITS_IN_FLIGHT];
    *f = (mig__copy_flight){.unit = unit};
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
    unit->passed = unit->put_off > 0 ? unit->passed : mig__hold_count(r->run, MIG_SOURCE);
    f->fetch = mig__fetch(r->session, &unit->uids, items, 0, mig__copy_reader_on_fetch, r, err);
    return f->fetch == NULL ? -1 : 0;
}

/* An EXAMINE is put off: what was sent behind it has not been asked at all. */
static void close_behind(mig__copy_reader *r, const mig__folder_job *job)
{
    for (size_t i = 1; i < r->count; i++) {
        mig__copy_flight *f = &r->flights[(r->first + i) % MIG__UNITS_IN_FLIGHT];
        if (f->select != NULL) {
            return; /* another mailbox, or this one once more */
        }
        f->unopened = f->unit->job == job;
    }
    r->examined = NULL;
}

/* Longer each time, unless it is about this unit alone. */
static unsigned attempt_of(mig__copy_reader *r, const mig__unit *unit, bool others)
{
    return others ? unit->put_off : ++r->attempts;
}

/* Wait before a unit is asked for again. False: there is no patience left. */
static bool wait_for_folder(mig__copy_reader *r, mig__unit *unit, const mig_error *why)
{
    mig__held held = mig__hold_decide(r->run, MIG_SOURCE, ++unit->put_off, 1, unit->passed, why);
    if (held.hold == MIG__HOLD_LIST) {
        return false;
    }
    return why->retry == MIG_RETRY_NOW || mig__run_wait(r->run, MIG_SOURCE, why, attempt_of(r, unit, held.others));
}

/*
 * The EXAMINE that went ahead of a unit. 1: the folder cannot be read, 2: not yet; -1 when the session failed.
 */
static int finish_select(mig__copy_reader *r, mig__copy_flight *f, mig_error *err)
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
        mig_error_hint(&error,
                       "run again: what is in it now is then matched by content; when each run says so, the server "
                       "keeps changing UIDVALIDITY, which has to be repaired there");
    } else if (error.code != MIG_OK) {
        mig_error_context(&error, "opening '%s' on the source", job->source->name);
    }
    if (error.code == MIG_OK) {
        return 0;
    }
    if (mig__retry_wanted(&error) && wait_for_folder(r, f->unit, &error)) {
        close_behind(r, job);
        return 2;
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
static int look_again(mig__copy_reader *r, const mig__copy_flight *f, present *found, bool *searched, mig_error *err)
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

static int name_unanswered(mig__copy_reader *r, mig__copy_flight *f, const mig_error *why, mig_error *err)
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
        mig__copy_reader_give_up(r, job, uid, &error);
    }
    mig__uidset_free(&one);
    mig__uidset_free(&found.uids);
    return failed;
}

static void name_odd(mig__copy_reader *r, mig__copy_flight *f)
{
    mig__uidset one = MIG__UIDSET_INIT;
    mig_error error;
    while (mig__uidset_take(&f->odd, 1, &one, &error) > 0) {
        uint32_t uid = one.ranges[0].first;
        mig_error_set(&error, MIG_E_PROTOCOL, "invalid reply of the source about message %u of '%s'", uid,
                      f->unit->job->source->name);
        mig__copy_reader_give_up(r, f->unit->job, uid, &error);
    }
    mig__uidset_free(&one);
}

static void flight_clear(mig__copy_reader *r)
{
    mig__copy_flight *f = oldest(r);
    mig__selected_free(&f->selected);
    mig__uidset_free(&f->odd);
    r->first = (r->first + 1) % MIG__UNITS_IN_FLIGHT;
    r->count--;
}

/* Each time that it is asked for, the server puts it off, while others come. */
static int list_held_up(mig__copy_reader *r, mig__copy_flight *f, const mig_error *why, mig_error *err)
{
    mig__folder_job *job = f->unit->job;
    if (name_unanswered(r, f, why, err) != 0) {
        return -1;
    }
    mig__queue_unit_done(r->run, f->unit);
    if (mig__hold_listed(r->run, job, MIG_SOURCE)) {
        mig_error error = *why;
        mig_error_context(&error, "reading '%s' on the source", job->source->name);
        mig__queue_break_folder(r->run, job, &error);
    }
    return 0;
}

/* The server puts off what is left of the oldest unit. 0; -1: the session failed. */
static int hold_unit(mig__copy_reader *r, mig__copy_flight *f, const mig_error *why, mig_error *err)
{
    mig__unit *unit = f->unit;
    uint64_t messages = mig__uidset_size(&unit->uids);
    bool form = why->retry == MIG_RETRY_NOW && unit->put_off == 0; /* asked in the plain form at once */
    mig__held held = mig__hold_decide(r->run, MIG_SOURCE, ++unit->put_off, messages, unit->passed, why);
    if (held.hold == MIG__HOLD_LIST) {
        return list_held_up(r, f, why, err);
    }
    if (!form) {
        mig__run_pause(r->run, MIG_SOURCE, why, attempt_of(r, unit, held.others));
    }
    if (held.hold == MIG__HOLD_SPLIT) {
        mig__queue_unit_halves(r->run, unit);
    } else {
        mig__queue_unit_again(r->run, unit, false);
    }
    return 0;
}

/* Wait for the oldest unit. 0, or -1 when the session failed (the unit is still in flight then). */
static int finish_unit(mig__copy_reader *r, mig_error *err)
{
    mig__copy_flight *f = oldest(r);
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
    bool left = unreadable != 1 && unit->uids.count > 0;
    bool nearer = mig__uidset_size(&unit->uids) < f->asked; /* MESSAGELIMIT: so many at a time (RFC 9738) */
    if (left && (unreadable == 2 || f->unopened)) {
        mig__queue_unit_again(r->run, unit, false);
    } else if (left && mig__retry_wanted(&why)) {
        if (hold_unit(r, f, &why, err) != 0) {
            return -1;
        }
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
static uint64_t place_of_break(const mig__copy_reader *r)
{
    return r->transit != NULL || r->too_large ? r->filled + 1 : 0;
}

/* The oldest unit in flight is the one that the connection broke on. */
static void blame_oldest(mig__copy_reader *r, mig__unit *unit, uint64_t place, const mig_error *why)
{
    if (why->code == MIG_E_INTERRUPTED) {
        mig__queue_unit_again(r->run, unit, false);
    } else if (mig__queue_unit_broken(r->run, unit, place)) {
        mig_error error = *why;
        uint32_t uid = unit->uids.ranges[0].first;
        mig_error_context(&error, "message %u of '%s' breaks the connection each time it is read", uid,
                          unit->job->source->name);
        mig__copy_reader_give_up(r, unit->job, uid, &error);
        mig__queue_unit_done(r->run, unit);
    }
}

/* Hand all units back after the connection broke. */
static void abandon_session(mig__copy_reader *r, const mig_error *why)
{
    uint64_t place = place_of_break(r);
    bool suspect = true;
    mig__copy_reader_drop(r);
    while (r->count > 0) {
        mig__copy_flight *f = oldest(r);
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

static int connect_reader(mig__copy_reader *r, bool first, mig_error *err)
{
    r->session =
        mig__gate_open(&r->run->sides[MIG_SOURCE].gate, first ? MIG__PATIENCE_FIRST : MIG__PATIENCE_AGAIN, err);
    return r->session == NULL ? -1 : 0;
}

/* Wait for the oldest unit, and measure the line by it. */
static int finish_measured(mig__copy_reader *r, mig_error *err)
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
static int step(mig__copy_reader *r, mig_error *err)
{
    bool finished = false;
    if (r->quieting && r->count == 0) {
        r->quieting = false;
        if (mig__session_compress(r->session, err) != 0) {
            return -1;
        }
    }
    while (!r->quieting && r->count < MIG__UNITS_IN_FLIGHT) {
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

static void read_all(mig__copy_reader *r)
{
    mig_error error = MIG_ERROR_INIT;
    int going = 1;
    while (going > 0 && !mig__run_stopping(r->run)) {
        if (r->session == NULL && connect_reader(r, false, &error) != 0) {
            break;
        }
        mig__copy_reader_attach(r);
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
    mig__copy_reader r = {.run = start->run, .session = start->session, .unit_messages = UNIT_FIRST};
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
