/*
 * reading/reader.c - a thread that keeps a few FETCHes of bounded UID sets in flight, so that a long line never runs
 * dry; what does not come is asked for again, in smaller pieces, and over another connection when one breaks
 */
#include "reading/reader.h"
#include "base/clock.h"
#include "base/retry.h"
#include <stdlib.h>

enum {
    UNIT_FIRST = 16, /* UIDs of the first FETCH; the number grows and shrinks with how fast the answers come */
    UNIT_MOST = 256,
    UNIT_QUICK_MS = 400,
    UNIT_SLOW_MS = 4000,
    VANISH_MS = 500 /* how long a message may be without content and still listed before it counts as unreadable */
};

static mig__flight *oldest(mig__reader *r)
{
    return &r->flights[r->first];
}

static bool stopping(const mig__reader *r)
{
    return r->pool->options.stopping(r->pool->options.context);
}

static void tell_changed(const mig__reader *r)
{
    if (r->pool->options.changed != NULL) {
        r->pool->options.changed(r->pool->options.context);
    }
}

/* Nothing more of the mailbox; an error that is the whole run's ends that instead: the mailbox is not at fault. */
static void close_mailbox(mig__reader *r, mig__reading *of, const char *doing, const mig_error *why)
{
    const mig__pool_options *options = &r->pool->options;
    if (why->scope == MIG_SCOPE_RUN) {
        options->failed(why, options->context);
        return;
    }
    mig_error error = *why;
    if (doing != NULL) {
        mig_error_context(&error, "%s '%s' on the %s", doing, of->name, options->side);
    }
    mig__units_close(r->pool->units, of);
    options->sink.refused(of, &error, options->context);
}

/* ---- units ---- */

static int send_unit(mig__reader *r, mig__unit *unit, mig_error *err)
{
    mig__flight *f = &r->flights[(r->first + r->count) % MIG__FLIGHTS];
    *f = (mig__flight){.unit = unit};
    r->count++;
    if (unit->of != r->examined) {
        f->select = mig__select(r->session, unit->of->mailbox, true, &f->selected, err);
        if (f->select == NULL) {
            return -1;
        }
        r->examined = unit->of;
    }
    unsigned items = MIG__FETCH_FLAGS | MIG__FETCH_DATE | (unit->summary ? MIG__FETCH_SIZE : MIG__FETCH_BODY);
    if (mig__session_can(r->session, MIG__CAP_OBJECTID) || mig__session_can(r->session, MIG__CAP_GMAIL)) {
        items |= r->pool->options.items & MIG__FETCH_EMAILID;
    }
    f->asked = mig__uidset_size(&unit->uids);
    mig__units_sent(r->pool->units, unit);
    f->fetch = mig__fetch(r->session, &unit->uids, items, 0, mig__reader_on_fetch, r, err);
    return f->fetch == NULL ? -1 : 0;
}

/* An EXAMINE is put off: what was sent behind it has not been asked at all. */
static void close_behind(mig__reader *r, const mig__reading *of)
{
    for (size_t i = 1; i < r->count; i++) {
        mig__flight *f = &r->flights[(r->first + i) % MIG__FLIGHTS];
        if (f->select != NULL) {
            return; /* another mailbox, or this one once more */
        }
        f->unopened = f->unit->of == of;
    }
    r->examined = NULL;
}

/* Wait, as long as the server asks or longer each time, unless it is about this unit alone. False: no patience left. */
static bool pause_for(mig__reader *r, const mig__unit *unit, bool others, const mig_error *why)
{
    mig__gate *gate = r->pool->options.gate;
    if (mig__gate_weary(gate, why)) {
        return false;
    }
    mig__gate_wait(gate, why, others ? unit->put_off : ++r->attempts);
    return true;
}

/* Wait before a unit is asked for again whose mailbox could not be opened. False: it is not worth while. */
static bool wait_for_mailbox(mig__reader *r, mig__unit *unit, const mig_error *why)
{
    bool weary = mig__gate_weary(r->pool->options.gate, why);
    mig__held held = mig__units_hold(r->pool->units, unit, 1, weary);
    return held.hold != MIG__HOLD_LIST && (why->retry == MIG_RETRY_NOW || pause_for(r, unit, held.others, why));
}

static void replaced(const mig__reader *r, const mig__reading *of, mig_error *error)
{
    mig_error_set(error, MIG_E_UIDVALIDITY, "the mailbox '%s' was replaced on the %s while it was being read", of->name,
                  r->pool->options.side);
    mig_error_hint(error, "run again: what is in it now is then matched by content; when each run says so, the server "
                          "keeps changing UIDVALIDITY, which has to be repaired there");
}

/* The EXAMINE that went ahead of a unit. 1: the mailbox cannot be read, 2: not yet; -1 when the session failed. */
static int finish_select(mig__reader *r, mig__flight *f, mig_error *err)
{
    mig_error error;
    if (f->select == NULL) {
        return 0;
    }
    int failed = mig__command_settle(r->session, f->select, &error, err);
    if (failed != 0) {
        return -1;
    }
    f->select = NULL;
    mig__reading *of = f->unit->of;
    mig__units_opened(r->pool->units, of);
    if (error.code == MIG_OK && f->selected.uidvalidity == of->uidvalidity) {
        return 0;
    }
    bool opened = error.code == MIG_OK;
    if (opened) {
        replaced(r, of, &error);
    } else if (mig__retry_wanted(&error) && wait_for_mailbox(r, f->unit, &error)) {
        close_behind(r, of);
        return 2;
    }
    close_mailbox(r, of, opened ? NULL : "opening", &error);
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
    return response->uids != NULL ? mig__uidset_add_all(&found->uids, response->uids, err) : 0;
}

/* Which of the unit's UIDs are there. Opens the mailbox anew: an open one may still show what others expunged. */
static int look_again(mig__reader *r, const mig__flight *f, present *found, bool *searched, mig_error *err)
{
    const mig__reading *of = f->unit->of;
    mig__selected again = {0};
    mig_error opened = MIG_ERROR_INIT, result = MIG_ERROR_INIT;
    r->examined = NULL; /* units that were sent already go before; the next one opens its own mailbox */
    mig__command *select = mig__select(r->session, of->mailbox, true, &again, err);
    mig__command *search = select == NULL ? NULL : mig__search_uids(r->session, &f->unit->uids, on_search, found, err);
    int failed = search == NULL || mig__command_settle(r->session, select, &opened, err) != 0 ||
                         mig__command_settle(r->session, search, &result, err) != 0
                     ? -1
                     : 0;
    *searched = failed == 0 && opened.code == MIG_OK && again.uidvalidity == of->uidvalidity && result.code == MIG_OK &&
                found->answered;
    mig__selected_free(&again);
    return failed;
}

static int lose_unanswered(mig__reader *r, mig__unit *unit, uint32_t uid, const mig_error *why, mig_error *err)
{
    mig_error error = *why;
    if (why->code == MIG_OK) {
        mig_error_set(&error, MIG_E_NOT_SENT, "the %s gives no content for message %u of '%s'", r->pool->options.side,
                      uid, unit->of->name);
        mig_error_hint(&error, "look at it with another program; it may be damaged there");
    } else {
        mig_error_context(&error, "message %u of '%s' cannot be read", uid, unit->of->name);
    }
    return mig__reader_lose(r, unit, uid, &error, err);
}

static int name_unanswered(mig__reader *r, mig__flight *f, const mig_error *why, mig_error *err)
{
    const mig__reader_sink *sink = &r->pool->options.sink;
    present found = {MIG__UIDSET_INIT, false};
    bool searched = false;
    int failed = look_again(r, f, &found, &searched, err);
    if (failed == 0 && searched && found.uids.count > 0) { /* perhaps being deleted at this very moment */
        mig__sleep_ms(VANISH_MS);
        mig__uidset_clear(&found.uids);
        failed = look_again(r, f, &found, &searched, err);
    }
    while (failed == 0 && f->unit->uids.count > 0) {
        uint32_t uid = f->unit->uids.ranges[0].first;
        if (!searched || mig__uidset_has(&found.uids, uid)) {
            failed = lose_unanswered(r, f->unit, uid, why, err);
            continue;
        }
        failed = mig__units_lost(r->pool->units, f->unit, uid, err);
        if (failed == 0 && sink->vanished != NULL) {
            sink->vanished(f->unit->of, uid, r->own);
        }
    }
    mig__uidset_free(&found.uids);
    return failed;
}

static int name_odd(mig__reader *r, mig__flight *f, mig_error *err)
{
    mig__uidset one = MIG__UIDSET_INIT;
    mig_error error;
    int64_t taken = 0;
    int failed = 0;
    while (failed == 0 && (taken = mig__uidset_take(&f->odd, 1, &one, err)) > 0) {
        uint32_t uid = one.ranges[0].first;
        mig_error_set(&error, MIG_E_PROTOCOL, "invalid reply of the %s about message %u of '%s'", r->pool->options.side,
                      uid, f->unit->of->name);
        failed = mig__reader_lose(r, f->unit, uid, &error, err);
    }
    mig__uidset_free(&one);
    return taken < 0 ? -1 : failed;
}

static void flight_clear(mig__reader *r)
{
    mig__flight *f = oldest(r);
    mig__selected_free(&f->selected);
    mig__uidset_free(&f->odd);
    r->first = (r->first + 1) % MIG__FLIGHTS;
    r->count--;
    tell_changed(r);
}

/* Each time that it is asked for, the server puts it off, while others come. */
static int list_held_up(mig__reader *r, mig__flight *f, const mig_error *why, mig_error *err)
{
    mig__reading *of = f->unit->of;
    if (name_unanswered(r, f, why, err) != 0) {
        return -1;
    }
    mig__units_done(r->pool->units, f->unit);
    if (mig__units_listed(r->pool->units, of)) {
        close_mailbox(r, of, "reading", why);
    }
    return 0;
}

/* The server puts off what is left of the oldest unit. 0; -1: the session failed. */
static int hold_unit(mig__reader *r, mig__flight *f, const mig_error *why, mig_error *err)
{
    const mig__pool_options *options = &r->pool->options;
    mig__unit *unit = f->unit;
    bool form = why->retry == MIG_RETRY_NOW && unit->put_off == 0; /* asked in the plain form at once */
    bool weary = mig__gate_weary(options->gate, why);
    mig__held held = mig__units_hold(r->pool->units, unit, mig__uidset_size(&unit->uids), weary);
    if (held.hold == MIG__HOLD_LIST) {
        return list_held_up(r, f, why, err);
    }
    if (held.hold == MIG__HOLD_SPLIT) {
        mig__gate_got_on(options->gate); /* it is narrowed down */
    }
    if (!form && !pause_for(r, unit, held.others, why)) {
        options->failed(why, options->context);
    }
    if (held.hold == MIG__HOLD_SPLIT) {
        mig__units_halves(r->pool->units, unit);
    } else {
        mig__units_again(r->pool->units, unit, false);
    }
    return 0;
}

/* What the answers left out of the unit, or all of it. 0; -1: the session failed. */
static int settle_unit(mig__reader *r, mig__flight *f, int unreadable, const mig_error *why, mig_error *err)
{
    mig__unit *unit = f->unit;
    bool left = unreadable != 1 && unit->uids.count > 0;
    bool nearer = mig__uidset_size(&unit->uids) < f->asked; /* MESSAGELIMIT: so many at a time (RFC 9738) */
    if (left && (unreadable == 2 || f->unopened)) {
        mig__units_again(r->pool->units, unit, false);
    } else if (left && mig__retry_wanted(why)) {
        return hold_unit(r, f, why, err);
    } else if (left && (unit->asks == 0 || nearer || (why->code != MIG_OK && mig__uidset_size(&unit->uids) > 1))) {
        unit->asks++;
        mig__units_again(r->pool->units, unit, why->code != MIG_OK); /* after a refusal one by one */
    } else {
        if (left && name_unanswered(r, f, why, err) != 0) {
            return -1;
        }
        mig__units_done(r->pool->units, unit);
    }
    return 0;
}

/* Wait for the oldest unit. 0, or -1 when the session failed (the unit is still in flight then). */
static int finish_unit(mig__reader *r, mig_error *err)
{
    mig__flight *f = oldest(r);
    mig_error why;
    int unreadable = finish_select(r, f, err);
    if (unreadable < 0 || mig__command_settle(r->session, f->fetch, &why, err) != 0) {
        return -1;
    }
    f->fetch = NULL;
    if (name_odd(r, f, err) != 0 || settle_unit(r, f, unreadable, &why, err) != 0) {
        return -1;
    }
    flight_clear(r);
    return 0;
}

/* ---- connections ---- */

/* The oldest unit in flight is the one that the connection broke on. */
static void blame_oldest(mig__reader *r, mig__flight *f, uint64_t place, const mig_error *why)
{
    mig__units *units = r->pool->units;
    mig__unit *unit = f->unit;
    mig__reading *of = unit->of;
    mig_error error = *why, failure;
    if (why->code == MIG_E_INTERRUPTED) {
        mig__units_again(units, unit, false);
    } else if (f->select != NULL) {
        if (mig__units_shut(units, unit)) {
            close_mailbox(r, of, "each connection broke on opening", why);
        }
    } else if (mig__units_broken(units, unit, place)) {
        uint32_t uid = unit->uids.ranges[0].first;
        mig_error_context(&error, "message %u of '%s' breaks the connection each time it is read", uid, of->name);
        if (mig__reader_lose(r, unit, uid, &error, &failure) != 0) {
            r->pool->options.failed(&failure, r->pool->options.context);
        }
        mig__units_done(units, unit);
    }
}

/* Hand all units back after the connection broke. */
static void abandon_session(mig__reader *r, const mig_error *why)
{
    uint64_t place = r->arriving ? r->filled + 1 : 0; /* how much of a message had come: 0 for nothing at all */
    bool suspect = true;
    mig_error failure;
    mig__reader_forget(r);
    while (r->count > 0) {
        mig__flight *f = oldest(r);
        if (name_odd(r, f, &failure) != 0) {
            r->pool->options.failed(&failure, r->pool->options.context);
        }
        if (f->unit->uids.count == 0) { /* everything came but the OK */
            mig__units_done(r->pool->units, f->unit);
        } else if (suspect) {
            blame_oldest(r, f, place, why);
            suspect = false;
        } else {
            mig__units_again(r->pool->units, f->unit, false);
        }
        flight_clear(r);
    }
    r->examined = NULL;
    mig__gate_close(r->pool->options.gate, &r->session);
}

/* Further readers are a gain and no need: where the server takes no more connections, the others do the work. */
static int connect_reader(mig__reader *r, mig_error *err)
{
    const mig__pool_options *options = &r->pool->options;
    if (!r->connected && options->spares != NULL) {
        mig__spares_take(options->spares, &r->session);
    }
    bool extra = !r->connected && mig__pool_busy(r->pool) > 1;
    if (r->session == NULL) {
        r->session = mig__gate_open(options->gate, extra ? MIG__PATIENCE_NONE : MIG__PATIENCE_AGAIN, err);
    }
    r->connected = r->connected || r->session != NULL;
    return r->session == NULL ? -1 : 0;
}

/* Wait for the oldest unit, and measure the line by it. */
static int finish_measured(mig__reader *r, mig_error *err)
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
    bool fixed = r->pool->options.unit_messages > 0;
    if (!fixed && ms < UNIT_QUICK_MS && r->unit_messages < UNIT_MOST) {
        r->unit_messages *= 2;
    } else if (!fixed && ms > UNIT_SLOW_MS && r->unit_messages > 1) {
        r->unit_messages /= 2;
    }
    const mig_endpoint *endpoint = r->pool->options.gate->options.session.endpoint;
    r->quieting = r->quieting || mig__squeeze_wanted(&r->squeeze, r->session, endpoint);
    return 0;
}

/* Fill the pipeline, then wait for the oldest. 1: go on, 0: all done, -1: the session failed. */
static int step(mig__reader *r, mig_error *err)
{
    bool finished = false;
    if (r->quieting && r->count == 0) {
        r->quieting = false;
        if (mig__session_compress(r->session, err) != 0) {
            return -1;
        }
    }
    while (!r->quieting && r->count < MIG__FLIGHTS) {
        mig__unit *unit;
        if (mig__units_take(r->pool->units, r->examined, r->unit_messages, &unit, &finished, err) != 0) {
            return -1;
        }
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
    return !finished && mig__units_wait(r->pool->units) ? 1 : 0;
}

/* True: another connection may do. */
static bool go_on_after(mig__reader *r, const mig_error *error)
{
    const mig__pool_options *options = &r->pool->options;
    if (options->broke != NULL) {
        options->broke(r->examined, error, options->context);
    }
    abandon_session(r, error);
    if (error->code == MIG_E_UNAVAILABLE && r->attempts++ > 0) {
        if (mig__gate_weary(options->gate, error)) {
            options->failed(error, options->context);
        } else {
            mig__gate_wait(options->gate, error, r->attempts);
        }
    }
    return !mig__retry_pointless(error) && error->code != MIG_E_INTERRUPTED;
}

static void read_all(mig__reader *r)
{
    const mig__pool_options *options = &r->pool->options;
    mig_error error = MIG_ERROR_INIT;
    int going = 1;
    while (going > 0 && !stopping(r)) {
        if (r->session == NULL && connect_reader(r, &error) != 0) {
            break;
        }
        mig__reader_attach(r);
        error.code = MIG_OK;
        going = step(r, &error);
        if (going < 0) {
            going = go_on_after(r, &error) ? 1 : -1;
        }
    }
    if (r->session != NULL) {
        mig_error stopped;
        mig_error_set(&stopped, MIG_E_INTERRUPTED, "stopped");
        abandon_session(r, &stopped);
    }
    bool last = mig__pool_left(r->pool) == 0;
    if (error.code != MIG_OK && error.code != MIG_E_INTERRUPTED && (last || mig__retry_fatal(&error))) {
        options->failed(&error, options->context);
    }
    tell_changed(r);
}

mig__reader *mig__reader_new(mig__pool *pool, mig__session *session)
{
    mig__reader *r = calloc(1, sizeof *r);
    if (r != NULL) {
        r->pool = pool;
        r->session = session;
        r->connected = session != NULL;
        r->unit_messages = pool->options.unit_messages > 0 ? pool->options.unit_messages : UNIT_FIRST;
    }
    return r;
}

void *mig__reader_main(void *reader)
{
    mig__reader *r = reader;
    const mig__pool_options *options = &r->pool->options;
    mig_error error = MIG_ERROR_INIT;
    r->own = options->sink.open(options->context, &error);
    if (r->own == NULL) {
        options->failed(&error, options->context);
    }
    read_all(r);
    if (r->own != NULL) {
        options->sink.close(r->own);
    }
    free(r);
    return NULL;
}
