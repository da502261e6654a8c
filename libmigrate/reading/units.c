/*
 * reading/units.c - UIDs on their way to be read: handed out to readers, and handed back by answers and connections
 * that left some out
 */
#include "reading/units.h"
#include "base/clock.h"
#include <pthread.h>
#include <stdlib.h>

enum {
    WAIT_MS = 100,
    SHUT_MOST = 4 /* connections in a row, as for a message that breaks them at its first octet */
};

struct mig__units {
    mig__units_options options;
    mig__reading *const *readings;
    size_t count;
    size_t first; /* all before it are read */

    pthread_mutex_t lock;
    pthread_cond_t changed;
    uint64_t passed; /* messages that came */
    uint64_t left;   /* messages that neither came nor are known not to */
    unsigned breaks; /* connections that broke */
    bool no_memory;  /* something could not be handed back as it should */
};

mig__units *mig__units_new(mig__reading *const *readings, size_t count, const mig__units_options *options,
                           mig_error *err)
{
    mig__units *units = calloc(1, sizeof *units);
    if (units == NULL) {
        mig_error_set(err, MIG_E_NOMEM, "out of memory");
        return NULL;
    }
    units->options = *options;
    units->readings = readings;
    units->count = count;
    pthread_mutex_init(&units->lock, NULL);
    mig__cond_init(&units->changed);
    for (size_t i = 0; i < count; i++) {
        units->left += mig__uidset_size(&readings[i]->todo);
    }
    return units;
}

static mig__unit *unit_new(mig__reading *of)
{
    mig__unit *unit = calloc(1, sizeof *unit);
    if (unit != NULL) {
        unit->of = of;
    }
    return unit;
}

static void unit_free(mig__unit *unit)
{
    mig__uidset_free(&unit->uids);
    free(unit);
}

/* [lock] */
static void forget(mig__units *units, mig__reading *of)
{
    of->closed = true;
    units->left -= mig__uidset_size(&of->todo);
    mig__uidset_clear(&of->todo);
    while (of->back != NULL) {
        mig__unit *unit = of->back;
        of->back = unit->next;
        units->left -= mig__uidset_size(&unit->uids);
        unit_free(unit);
    }
}

void mig__units_free(mig__units **units)
{
    mig__units *u = *units;
    if (u == NULL) {
        return;
    }
    for (size_t i = 0; i < u->count; i++) {
        while (u->readings[i]->back != NULL) {
            mig__unit *unit = u->readings[i]->back;
            u->readings[i]->back = unit->next;
            unit_free(unit);
        }
    }
    pthread_cond_destroy(&u->changed);
    pthread_mutex_destroy(&u->lock);
    free(u);
    *units = NULL;
}

/* ---- out ---- */

static bool has_units(const mig__units *units, const mig__reading *of)
{
    return !of->closed && (of->back != NULL || of->todo.count > 0) && (!units->options.ordered || of->out == 0);
}

static bool drained(const mig__reading *of)
{
    return (of->closed || (of->todo.count == 0 && of->back == NULL)) && of->out == 0;
}

/* [lock] */
static mig__reading *choose_mailbox(mig__units *units, mig__reading *current)
{
    if (current != NULL && has_units(units, current)) {
        return current;
    }
    while (units->first < units->count && drained(units->readings[units->first])) {
        units->first++;
    }
    mig__reading *best = NULL;
    for (size_t i = units->first; i < units->count && (best == NULL || best->out > 0); i++) {
        mig__reading *of = units->readings[i];
        if (has_units(units, of) && (best == NULL || of->out < best->out)) {
            best = of;
        }
    }
    return best;
}

/* [lock] */
static bool may_come(const mig__units *units)
{
    for (size_t i = units->first; i < units->count; i++) {
        if (!drained(units->readings[i])) {
            return true;
        }
    }
    return false;
}

/* The unit is nobody's any more: it is asked for again, next or last, unless its mailbox was closed meanwhile. [lock]
 */
static void hand_back(mig__units *units, mig__unit *unit, bool last)
{
    mig__unit **place = &unit->of->back;
    if (unit->of->closed) {
        units->left -= mig__uidset_size(&unit->uids);
        unit_free(unit);
        return;
    }
    while (last && *place != NULL) {
        place = &(*place)->next;
    }
    unit->next = *place;
    *place = unit;
}

/* What of a new unit is asked for in which way. The part that is a summary goes back, to be the next. [lock] */
static int choose_content(mig__units *units, mig__unit *unit, mig_error *err)
{
    mig__uidset content = MIG__UIDSET_INIT;
    if (units->options.choose == NULL) {
        return 0;
    }
    if (units->options.choose(unit->of, &unit->uids, &content, units->options.context, err) != 0) {
        mig__uidset_free(&content);
        return -1;
    }
    if (content.count == 0) {
        unit->summary = true;
        return 0;
    }
    mig__unit *rest = unit_new(unit->of);
    if (rest == NULL) {
        mig__uidset_free(&content);
        return mig_error_set(err, MIG_E_NOMEM, "out of memory");
    }
    rest->summary = true;
    rest->uids = unit->uids;
    unit->uids = content;
    if (mig__uidset_subtract(&rest->uids, &content, err) != 0 || rest->uids.count == 0) {
        bool failed = rest->uids.count > 0;
        unit_free(rest);
        return failed ? -1 : 0;
    }
    hand_back(units, rest, false);
    return 0;
}

/* [lock] */
static mig__unit *cut_unit(mig__units *units, mig__reading *of, uint64_t most, mig_error *err)
{
    mig__unit *unit = unit_new(of);
    if (unit == NULL) {
        mig_error_set(err, MIG_E_NOMEM, "out of memory");
    } else if (mig__uidset_take(&of->todo, most, &unit->uids, err) < 0 || choose_content(units, unit, err) != 0) {
        unit_free(unit);
        unit = NULL;
    }
    return unit;
}

int mig__units_take(mig__units *units, mig__reading *current, uint64_t most, mig__unit **unit, bool *finished,
                    mig_error *err)
{
    *unit = NULL;
    *finished = false;
    pthread_mutex_lock(&units->lock);
    int failed = units->no_memory ? mig_error_set(err, MIG_E_NOMEM, "out of memory") : 0;
    mig__reading *of = failed == 0 ? choose_mailbox(units, current) : NULL;
    mig__unit *back = of != NULL ? of->back : NULL;
    bool suspect = back != NULL && back->blame.points > MIG__BLAME_SAME; /* then all behind it are as well */
    if (back != NULL && (!suspect || units->options.ordered || of->todo.count == 0)) {
        *unit = back;
        of->back = back->next;
        back->next = NULL;
    } else if (of != NULL) {
        *unit = cut_unit(units, of, most, err);
        failed = *unit == NULL ? -1 : 0;
    }
    if (*unit != NULL) {
        of->out++;
    } else {
        *finished = failed != 0 || !may_come(units);
    }
    pthread_mutex_unlock(&units->lock);
    return failed;
}

bool mig__units_wait(mig__units *units)
{
    pthread_mutex_lock(&units->lock);
    bool more = !units->no_memory && may_come(units);
    if (more) {
        mig__cond_wait_ms(&units->changed, &units->lock, WAIT_MS);
        more = may_come(units);
    }
    pthread_mutex_unlock(&units->lock);
    return more;
}

void mig__units_sent(mig__units *units, mig__unit *unit)
{
    pthread_mutex_lock(&units->lock);
    unit->passed = unit->put_off > 0 ? unit->passed : units->passed;
    pthread_mutex_unlock(&units->lock);
}

/* ---- and back ---- */

int mig__units_came(mig__units *units, mig__unit *unit, uint32_t uid, mig_error *err)
{
    pthread_mutex_lock(&units->lock);
    units->passed++;
    units->left--;
    unit->of->listed = 0;
    pthread_mutex_unlock(&units->lock);
    return mig__uidset_remove(&unit->uids, uid, err);
}

int mig__units_lost(mig__units *units, mig__unit *unit, uint32_t uid, mig_error *err)
{
    pthread_mutex_lock(&units->lock);
    units->left--;
    pthread_mutex_unlock(&units->lock);
    return mig__uidset_remove(&unit->uids, uid, err);
}

int mig__units_add_summary(mig__units *units, mig__reading *of, uint32_t uid, mig_error *err)
{
    pthread_mutex_lock(&units->lock);
    if (of->closed) {
        pthread_mutex_unlock(&units->lock);
        return 0;
    }
    mig__unit *unit = of->back;
    while (unit != NULL && (!unit->summary || unit->put_off > 0 || unit->suspect != 0)) {
        unit = unit->next;
    }
    if (unit == NULL && (unit = unit_new(of)) != NULL) {
        unit->summary = true;
        hand_back(units, unit, true);
    }
    int failed =
        unit == NULL ? mig_error_set(err, MIG_E_NOMEM, "out of memory") : mig__uidset_add(&unit->uids, uid, uid, err);
    units->left += failed == 0;
    units->first = 0; /* it may have been taken for read */
    pthread_cond_broadcast(&units->changed);
    pthread_mutex_unlock(&units->lock);
    return failed;
}

void mig__units_done(mig__units *units, mig__unit *unit)
{
    pthread_mutex_lock(&units->lock);
    unit->of->out--;
    units->left -= mig__uidset_size(&unit->uids);
    pthread_cond_broadcast(&units->changed);
    pthread_mutex_unlock(&units->lock);
    unit_free(unit);
}

static bool alone(const mig__unit *unit)
{
    return mig__uidset_size(&unit->uids) == 1;
}

/* Some of the UIDs as a unit of their own; NULL: no memory. [lock] */
static mig__unit *split_off(mig__units *units, mig__unit *unit, uint64_t most)
{
    mig__unit *part = unit_new(unit->of);
    if (part != NULL && mig__uidset_take(&unit->uids, most, &part->uids, NULL) < 0) {
        unit_free(part);
        part = NULL;
    }
    if (part == NULL) {
        units->no_memory = true;
        return NULL;
    }
    part->summary = unit->summary;
    return part;
}

void mig__units_again(mig__units *units, mig__unit *unit, bool split)
{
    pthread_mutex_lock(&units->lock);
    unit->of->out--;
    mig__unit *first = split && !alone(unit) ? split_off(units, unit, 1) : NULL;
    if (first != NULL) {
        first->asks = unit->asks;
        unit->asks = 0;
    }
    hand_back(units, unit, false);
    if (first != NULL) {
        hand_back(units, first, false);
    }
    pthread_cond_broadcast(&units->changed);
    pthread_mutex_unlock(&units->lock);
}

void mig__units_halves(mig__units *units, mig__unit *unit)
{
    pthread_mutex_lock(&units->lock);
    mig__unit *half = split_off(units, unit, mig__uidset_size(&unit->uids) / 2);
    unit->of->out--;
    unit->put_off = 1; /* the next time in halves again */
    if (half != NULL) {
        half->put_off = unit->put_off;
        half->passed = unit->passed;
    }
    hand_back(units, unit, false);
    if (half != NULL) {
        hand_back(units, half, false);
    }
    pthread_cond_broadcast(&units->changed);
    pthread_mutex_unlock(&units->lock);
}

mig__held mig__units_hold(mig__units *units, mig__unit *unit, uint64_t messages, bool weary)
{
    pthread_mutex_lock(&units->lock);
    bool others = units->passed > unit->passed || units->left <= mig__uidset_size(&unit->uids);
    mig__held held = {mig__hold_of(++unit->put_off, messages, others, weary), others};
    pthread_mutex_unlock(&units->lock);
    return held;
}

bool mig__units_listed(mig__units *units, mig__reading *of)
{
    pthread_mutex_lock(&units->lock);
    bool mailbox = ++of->listed >= MIG__HOLD_FOLDER;
    pthread_mutex_unlock(&units->lock);
    return mailbox;
}

/* ---- broken connections ---- */

bool mig__unit_blame(mig__unit *unit, uint64_t place, unsigned breaks)
{
    uint32_t suspect = unit->uids.ranges[0].first;
    if (unit->suspect != suspect) { /* the one before came: that is progress, and nobody's fault */
        unit->suspect = suspect;
        unit->blame = (mig__blame){0};
    }
    return mig__blame_add(&unit->blame, place, breaks) && alone(unit);
}

bool mig__units_broken(mig__units *units, mig__unit *unit, uint64_t place)
{
    pthread_mutex_lock(&units->lock);
    bool condemned = mig__unit_blame(unit, place, units->breaks++);
    bool again = unit->blame.points > MIG__BLAME_SAME;
    mig__unit *suspect = unit;
    if (!condemned) {
        unit->of->out--;
    }
    if (!condemned && again && !alone(unit) && (suspect = split_off(units, unit, 1)) != NULL) {
        suspect->suspect = unit->suspect;
        suspect->blame = unit->blame;
        unit->suspect = 0;
        unit->blame = (mig__blame){0};
        hand_back(units, unit, false);
    }
    suspect = suspect == NULL ? unit : suspect;
    if (!condemned) { /* asked for when nothing else is left: what it breaks then costs nobody else */
        hand_back(units, suspect, again && !units->options.ordered);
    }
    pthread_cond_broadcast(&units->changed);
    pthread_mutex_unlock(&units->lock);
    return condemned;
}

bool mig__units_shut(mig__units *units, mig__unit *unit)
{
    pthread_mutex_lock(&units->lock);
    units->breaks++;
    bool mailbox = ++unit->of->shut >= SHUT_MOST;
    unit->of->out--;
    hand_back(units, unit, false);
    pthread_cond_broadcast(&units->changed);
    pthread_mutex_unlock(&units->lock);
    return mailbox;
}

void mig__units_opened(mig__units *units, mig__reading *of)
{
    pthread_mutex_lock(&units->lock);
    of->shut = 0;
    pthread_mutex_unlock(&units->lock);
}

/* ---- the end of a mailbox ---- */

void mig__units_close(mig__units *units, mig__reading *of)
{
    if (units == NULL) {
        mig__uidset_clear(&of->todo);
        return;
    }
    pthread_mutex_lock(&units->lock);
    forget(units, of);
    pthread_cond_broadcast(&units->changed);
    pthread_mutex_unlock(&units->lock);
}

bool mig__units_drained(mig__units *units, const mig__reading *of)
{
    if (units == NULL) {
        return drained(of);
    }
    pthread_mutex_lock(&units->lock);
    bool done = drained(of);
    pthread_mutex_unlock(&units->lock);
    return done;
}
