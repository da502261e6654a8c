/* UIDs on their way to be read: handed out to readers, and handed back by answers and connections that left some out.
 */
#include "copy/queue.h"
#include "copy/queue_private.h"
#include <stdlib.h>

bool mig__units_drained(const mig__folder_job *job)
{
    return job->todo.count == 0 && job->retry_units == NULL && job->units_out == 0;
}

/* In order means one FETCH at a time for a folder: servers work on several at once and mix their answers. */
static bool has_units(const mig__run *run, const mig__folder_job *job)
{
    return job->copy && !job->broken && (job->retry_units != NULL || job->todo.count > 0) &&
           (!run->options->ordered || job->units_out == 0);
}

static mig__folder_job *choose_for_reading(mig__run *run, mig__folder_job *current)
{
    if (current != NULL && has_units(run, current)) {
        return current;
    }
    mig__folder_job *best = NULL;
    for (size_t i = 0; i < run->job_count; i++) {
        mig__folder_job *job = &run->jobs[i];
        if (has_units(run, job) && (best == NULL || job->units_out < best->units_out)) {
            best = job;
        }
    }
    return best;
}

static mig__unit *unit_new(mig__folder_job *job)
{
    mig__unit *unit = calloc(1, sizeof *unit);
    if (unit != NULL) {
        unit->job = job;
    }
    return unit;
}

static void unit_free(mig__unit *unit)
{
    mig__uidset_free(&unit->uids);
    free(unit);
}

/* [lock] */
static bool units_may_come(const mig__run *run)
{
    for (size_t i = 0; i < run->job_count; i++) {
        if (has_units(run, &run->jobs[i]) || run->jobs[i].units_out > 0) {
            return true;
        }
    }
    return false;
}

mig__unit *mig__queue_take_unit(mig__run *run, mig__folder_job *current, size_t most, bool *finished)
{
    mig__unit *unit = NULL;
    pthread_mutex_lock(&run->lock);
    mig__folder_job *job = run->stopping ? NULL : choose_for_reading(run, current);
    const mig__unit *back = job != NULL ? job->retry_units : NULL;
    bool suspect = back != NULL && back->blame.points > MIG__BLAME_SAME; /* then all behind it are as well */
    if (back != NULL && (!suspect || run->options->ordered || job->todo.count == 0)) {
        unit = job->retry_units;
        job->retry_units = unit->next;
        unit->next = NULL;
    } else if (job != NULL &&
               ((unit = unit_new(job)) == NULL || mig__uidset_take(&job->todo, most, &unit->uids, NULL) < 0)) {
        mig__queue_fail_nomem(run);
        if (unit != NULL) {
            unit_free(unit);
            unit = NULL;
        }
    }
    if (unit != NULL) {
        job->units_out++;
        run->current = job;
    }
    *finished = unit == NULL && (run->stopping || !units_may_come(run));
    pthread_mutex_unlock(&run->lock);
    return unit;
}

void mig__queue_unit_done(mig__run *run, mig__unit *unit)
{
    pthread_mutex_lock(&run->lock);
    unit->job->units_out--;
    pthread_cond_broadcast(&run->changed);
    pthread_mutex_unlock(&run->lock);
    unit_free(unit);
}

static void hand_back(mig__folder_job *job, mig__unit *unit)
{
    unit->next = job->retry_units;
    job->retry_units = unit;
}

/* A suspect is asked for when nothing else is left: what it breaks then costs nobody else. [lock] */
static void hand_back_last(mig__folder_job *job, mig__unit *unit)
{
    mig__unit **end = &job->retry_units;
    while (*end != NULL) {
        end = &(*end)->next;
    }
    unit->next = NULL;
    *end = unit;
}

static bool alone(const mig__unit *unit)
{
    return mig__uidset_size(&unit->uids) == 1;
}

/* The first UID as a unit of its own; NULL: no memory. [lock] */
static mig__unit *split_first(mig__run *run, mig__unit *unit)
{
    mig__unit *first = unit_new(unit->job);
    if (first != NULL && mig__uidset_take(&unit->uids, 1, &first->uids, NULL) < 0) {
        unit_free(first);
        first = NULL;
    }
    if (first == NULL) {
        mig__queue_fail_nomem(run);
    }
    return first;
}

void mig__queue_unit_again(mig__run *run, mig__unit *unit, bool split)
{
    pthread_mutex_lock(&run->lock);
    mig__folder_job *job = unit->job;
    job->units_out--;
    mig__unit *first = split && !alone(unit) ? split_first(run, unit) : NULL;
    if (first != NULL) {
        first->asks = unit->asks;
        unit->asks = 0;
    }
    hand_back(job, unit);
    if (first != NULL) {
        hand_back(job, first);
    }
    pthread_cond_broadcast(&run->changed);
    pthread_mutex_unlock(&run->lock);
}

void mig__queue_unit_halves(mig__run *run, mig__unit *unit)
{
    pthread_mutex_lock(&run->lock);
    mig__folder_job *job = unit->job;
    mig__unit *half = unit_new(job);
    if (half == NULL || mig__uidset_take(&unit->uids, mig__uidset_size(&unit->uids) / 2, &half->uids, NULL) < 0) {
        mig__queue_fail_nomem(run);
    }
    job->units_out--;
    unit->put_off = 1; /* the next time in halves again */
    hand_back(job, unit);
    if (half != NULL) {
        half->put_off = unit->put_off;
        half->passed = unit->passed;
        hand_back(job, half);
    }
    pthread_cond_broadcast(&run->changed);
    pthread_mutex_unlock(&run->lock);
}

bool mig__unit_blame(mig__unit *unit, uint64_t place, unsigned breaks)
{
    uint32_t suspect = unit->uids.ranges[0].first;
    if (unit->suspect != suspect) { /* the one before came: that is progress, and nobody's fault */
        unit->suspect = suspect;
        unit->blame = (mig__blame){0};
    }
    return mig__blame_add(&unit->blame, place, breaks) && alone(unit);
}

bool mig__queue_unit_broken(mig__run *run, mig__unit *unit, uint64_t place)
{
    pthread_mutex_lock(&run->lock);
    mig__folder_job *job = unit->job;
    bool condemned = mig__unit_blame(unit, place, run->breaks[MIG_SOURCE]++);
    bool again = unit->blame.points > MIG__BLAME_SAME;
    mig__unit *suspect = unit;
    if (!condemned) {
        job->units_out--;
    }
    if (!condemned && again && !alone(unit) && (suspect = split_first(run, unit)) != NULL) {
        suspect->suspect = unit->suspect;
        suspect->blame = unit->blame;
        unit->suspect = 0;
        unit->blame = (mig__blame){0};
        hand_back(job, unit);
    }
    suspect = suspect == NULL ? unit : suspect;
    if (!condemned && again && !run->options->ordered) {
        hand_back_last(job, suspect);
    } else if (!condemned) {
        hand_back(job, suspect);
    }
    pthread_cond_broadcast(&run->changed);
    pthread_mutex_unlock(&run->lock);
    return condemned;
}

void mig__units_drop(mig__folder_job *job)
{
    while (job->retry_units != NULL) {
        mig__unit *unit = job->retry_units;
        job->retry_units = unit->next;
        unit_free(unit);
    }
}

bool mig__queue_wait_units(mig__run *run)
{
    pthread_mutex_lock(&run->lock);
    bool may_come = !run->stopping && units_may_come(run);
    if (may_come) {
        mig__queue_wait(run, 100);
        may_come = !run->stopping && units_may_come(run);
    }
    pthread_mutex_unlock(&run->lock);
    return may_come;
}
