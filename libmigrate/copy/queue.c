/* copy/queue.c - between readers and writers: messages by folder, a budget of octets, batches */
#include "copy/queue.h"
#include "base/clock.h"
#include <pthread.h>
#include <stdlib.h>

enum { WAIT_MS = 100 };

typedef struct lane { /* of a folder */
    mig__lane_options options;
    bool open, closed;
    mig__transit *head, *tail;
    size_t queued;
    uint64_t queued_octets;
    unsigned batches_out; /* at healthy writers */
    mig__batch *refused;  /* to be sent again in smaller pieces, or after a reconnect */
    mig__batch *unknown;  /* connection lost, outcome not known: to be reconciled before anything else */
    bool reconciling;
} lane;

struct mig__queue {
    mig__queue_options options;
    lane *lanes;
    size_t count;

    pthread_mutex_t lock;
    pthread_cond_t changed;
    uint64_t charged;                          /* octets in memory */
    unsigned readers_waiting, writers_waiting; /* for room in the budget, for a batch */
    bool stopped, no_memory;
};

mig__queue *mig__queue_new(size_t lanes, const mig__queue_options *options, mig_error *err)
{
    mig__queue *q = calloc(1, sizeof *q);
    lane *all = calloc(lanes > 0 ? lanes : 1, sizeof *all);
    if (q == NULL || all == NULL) {
        free(q);
        free(all);
        mig_error_set(err, MIG_E_NOMEM, "out of memory");
        return NULL;
    }
    q->options = *options;
    q->lanes = all;
    q->count = lanes;
    pthread_mutex_init(&q->lock, NULL);
    mig__cond_init(&q->changed);
    return q;
}

/* [lock] */
static void stop(mig__queue *q)
{
    q->stopped = true;
    pthread_cond_broadcast(&q->changed);
}

void mig__queue_stop(mig__queue *q)
{
    if (q == NULL) {
        return;
    }
    pthread_mutex_lock(&q->lock);
    stop(q);
    pthread_mutex_unlock(&q->lock);
}

void mig__queue_wake(mig__queue *q)
{
    pthread_mutex_lock(&q->lock);
    pthread_cond_broadcast(&q->changed);
    pthread_mutex_unlock(&q->lock);
}

bool mig__queue_no_memory(mig__queue *q)
{
    pthread_mutex_lock(&q->lock);
    bool none = q->no_memory;
    pthread_mutex_unlock(&q->lock);
    return none;
}

void mig__queue_open(mig__queue *q, size_t at, const mig__lane_options *options)
{
    pthread_mutex_lock(&q->lock);
    q->lanes[at].options = *options;
    q->lanes[at].open = true;
    pthread_mutex_unlock(&q->lock);
}

void mig__queue_unwary(mig__queue *q, size_t at)
{
    pthread_mutex_lock(&q->lock);
    q->lanes[at].options.wary = false;
    pthread_mutex_unlock(&q->lock);
}

/* ---- between readers and writers ---- */

int mig__queue_charge(mig__queue *q, uint64_t octets, mig_error *err)
{
    uint64_t budget = q->options.budget;
    pthread_mutex_lock(&q->lock);
    q->readers_waiting++;
    if (q->charged > 0 && q->charged + octets > budget) {
        pthread_cond_broadcast(&q->changed); /* once: writers take smaller batches when a reader waits */
    }
    /* A message larger than the whole budget may pass when nothing else is held. */
    while (!q->stopped && q->charged > 0 && q->charged + octets > budget) {
        mig__cond_wait_ms(&q->changed, &q->lock, WAIT_MS);
    }
    q->readers_waiting--;
    bool stopped = q->stopped;
    if (!stopped) {
        q->charged += octets;
    }
    pthread_mutex_unlock(&q->lock);
    return stopped ? mig_error_set(err, MIG_E_INTERRUPTED, "stopped") : 0;
}

void mig__queue_discharge(mig__queue *q, uint64_t octets)
{
    pthread_mutex_lock(&q->lock);
    q->charged -= octets;
    pthread_cond_broadcast(&q->changed);
    pthread_mutex_unlock(&q->lock);
}

bool mig__queue_put(mig__queue *q, size_t at, mig__transit *message)
{
    lane *l = &q->lanes[at];
    pthread_mutex_lock(&q->lock);
    bool closed = l->closed;
    message->next = NULL;
    if (closed) { /* reading ahead may go on for a moment */
        q->charged -= message->charged;
        mig__transit_free(message);
    } else {
        *(l->tail == NULL ? &l->head : &l->tail->next) = message;
        l->tail = message;
        l->queued++;
        l->queued_octets += message->size;
    }
    /* A waiting writer looks for itself after MIG__BATCH_LINGER_MS: not every message is worth a wakeup. */
    if (q->writers_waiting > 0 && (l->queued == 1 || l->queued % MIG__BATCH_FIRST == 0)) {
        pthread_cond_broadcast(&q->changed);
    }
    pthread_mutex_unlock(&q->lock);
    return !closed;
}

mig__queue_view mig__queue_look(mig__queue *q)
{
    pthread_mutex_lock(&q->lock);
    mig__queue_view view = {q->charged, q->readers_waiting, q->writers_waiting};
    pthread_mutex_unlock(&q->lock);
    return view;
}

/* ---- batches ---- */

static mig__batch *batch_new(const lane *l, size_t at, size_t count)
{
    mig__batch *batch = calloc(1, sizeof *batch);
    mig__transit **messages = calloc(count > 0 ? count : 1, sizeof(mig__transit *));
    if (batch == NULL || messages == NULL) {
        free(batch);
        free(messages);
        return NULL;
    }
    batch->job = l->options.owner;
    batch->lane = at;
    batch->messages = messages;
    return batch;
}

void mig__batch_free(mig__batch *batch)
{
    for (size_t i = 0; batch->messages != NULL && i < batch->count; i++) {
        mig__transit_free(batch->messages[i]);
    }
    free(batch->messages);
    free(batch->broke);
    free(batch);
}

/* To a folder that took nothing before, the smallest message alone goes first. [lock] */
static void smallest_first(lane *l)
{
    mig__transit *before = NULL, *smallest = l->head, *before_smallest = NULL;
    for (mig__transit *message = l->head; message != NULL; before = message, message = message->next) {
        if (message->size < smallest->size) {
            smallest = message;
            before_smallest = before;
        }
    }
    if (before_smallest != NULL) {
        before_smallest->next = smallest->next;
        l->tail = l->tail == smallest ? before_smallest : l->tail;
        smallest->next = l->head;
        l->head = smallest;
    }
}

/* Cut a batch off the folder's queue. [lock] */
static mig__batch *cut_batch(const mig__queue *q, lane *l, const mig__appetite *given)
{
    const mig__appetite one = {1, UINT64_MAX}, *appetite = l->options.wary ? &one : given;
    if (l->options.wary && !q->options.ordered) {
        smallest_first(l);
    }
    size_t most = l->queued < appetite->messages ? l->queued : appetite->messages;
    mig__batch *batch = batch_new(l, (size_t)(l - q->lanes), most);
    while (batch != NULL && l->head != NULL && batch->count < most) {
        mig__transit *message = l->head;
        if (batch->count > 0 && batch->octets + message->size > appetite->octets) {
            break;
        }
        l->head = message->next;
        message->next = NULL;
        if (l->head == NULL) {
            l->tail = NULL;
        }
        batch->messages[batch->count++] = message;
        batch->octets += message->size;
        l->queued--;
        l->queued_octets -= message->size;
    }
    return batch;
}

typedef bool lane_test(const lane *l);

static bool waits_for_outcome(const lane *l)
{
    return l->unknown != NULL || l->reconciling;
}

static bool in_use(const lane *l)
{
    return l->batches_out > 0 || l->reconciling;
}

/* Is the test true of the lane, or of another one with the same target? [lock] */
static bool any_with_target(const mig__queue *q, const lane *l, lane_test *test)
{
    if (test(l) || !l->options.shared) {
        return test(l);
    }
    for (size_t i = 0; i < q->count; i++) {
        const lane *other = &q->lanes[i];
        if (other->open && other->options.group == l->options.group && test(other)) {
            return true;
        }
    }
    return false;
}

/* May a writer send to this folder now? [lock] */
static bool writable(const mig__queue *q, const lane *l)
{
    return l->open && !l->closed && !any_with_target(q, l, waits_for_outcome) &&
           ((!q->options.ordered && !l->options.wary) || !any_with_target(q, l, in_use));
}

static bool drained(const mig__queue *q, const lane *l)
{
    return q->options.drained(l->options.owner, q->options.context);
}

/* [lock] */
static bool ready(const mig__queue *q, const lane *l, const mig__appetite *appetite, bool lingered)
{
    if ((l->queued == 0 && l->refused == NULL) || !writable(q, l)) {
        return false;
    }
    return l->refused != NULL || l->queued >= appetite->messages || l->queued_octets >= appetite->octets ||
           q->readers_waiting > 0 || lingered || drained(q, l);
}

/* Refused batches first; then where nobody writes yet, since servers lock a mailbox; then where most is waiting. */
static bool better_for_writing(const lane *a, const lane *b)
{
    if ((a->refused != NULL) != (b->refused != NULL)) {
        return a->refused != NULL;
    }
    if ((a->batches_out == 0) != (b->batches_out == 0)) {
        return a->batches_out == 0;
    }
    return a->queued > b->queued;
}

static lane *choose_for_writing(mig__queue *q, const mig__appetite *appetite, bool lingered)
{
    lane *best = NULL;
    for (size_t i = 0; i < q->count; i++) {
        lane *l = &q->lanes[i];
        if (ready(q, l, appetite, lingered) && (best == NULL || better_for_writing(l, best))) {
            best = l;
        }
    }
    return best;
}

static lane *choose_for_reconciling(mig__queue *q)
{
    for (size_t i = 0; i < q->count; i++) {
        lane *l = &q->lanes[i];
        if (l->unknown != NULL && !l->closed && !any_with_target(q, l, in_use)) {
            return l;
        }
    }
    return NULL;
}

/* Is anything left that a writer may have to do, now or later? [lock] */
static bool writing_left(const mig__queue *q)
{
    for (size_t i = 0; i < q->count; i++) {
        const lane *l = &q->lanes[i];
        if (l->open && !l->closed &&
            (l->queued > 0 || l->refused != NULL || l->unknown != NULL || l->reconciling || l->batches_out > 0 ||
             !drained(q, l))) {
            return true;
        }
    }
    return false;
}

static bool anything_queued(const mig__queue *q)
{
    for (size_t i = 0; i < q->count; i++) {
        if (q->lanes[i].queued > 0 && writable(q, &q->lanes[i])) {
            return true;
        }
    }
    return false;
}

/* ---- writers ---- */

/* One look for something to do. [lock] */
static mig__errand look(mig__queue *q, const mig__appetite *appetite, bool reconcile, bool lingered, mig__batch **batch,
                        struct mig__folder_job **job)
{
    lane *chosen = reconcile ? choose_for_reconciling(q) : NULL;
    if (chosen != NULL) {
        chosen->reconciling = true;
        *job = chosen->options.owner;
        return MIG__ERRAND_RECONCILE;
    }
    chosen = choose_for_writing(q, appetite, lingered);
    if (chosen == NULL) {
        return MIG__ERRAND_NONE;
    }
    if (chosen->refused != NULL) {
        *batch = chosen->refused;
        chosen->refused = (*batch)->next;
        (*batch)->next = NULL;
    } else if ((*batch = cut_batch(q, chosen, appetite)) == NULL) {
        q->no_memory = true;
        stop(q);
        return MIG__ERRAND_NONE;
    }
    chosen->batches_out++;
    return MIG__ERRAND_BATCH;
}

mig__errand mig__queue_take(mig__queue *q, const mig__appetite *appetite, bool wait, mig__batch **batch,
                            struct mig__folder_job **job)
{
    mig__errand errand = MIG__ERRAND_NONE;
    bool lingered = false;
    pthread_mutex_lock(&q->lock);
    for (;;) {
        if (q->stopped) {
            errand = wait ? MIG__ERRAND_FINISHED : MIG__ERRAND_NONE;
            break;
        }
        errand = look(q, appetite, wait, lingered, batch, job);
        if (errand != MIG__ERRAND_NONE || !wait) {
            break;
        }
        if (!q->stopped && !writing_left(q)) {
            errand = MIG__ERRAND_FINISHED;
            break;
        }
        bool gathering = anything_queued(q);
        int64_t before = mig__now_ms();
        q->writers_waiting++;
        mig__cond_wait_ms(&q->changed, &q->lock, gathering ? MIG__BATCH_LINGER_MS : WAIT_MS);
        q->writers_waiting--;
        lingered = gathering && (lingered || mig__now_ms() - before >= MIG__BATCH_LINGER_MS);
    }
    pthread_mutex_unlock(&q->lock);
    return errand;
}

/* The batch leaves the hands of its writer. [lock] */
static void batch_returned(mig__queue *q, const mig__batch *batch)
{
    q->lanes[batch->lane].batches_out--;
    pthread_cond_broadcast(&q->changed);
}

size_t mig__queue_batch_done(mig__queue *q, mig__batch *batch)
{
    size_t count = batch->count;
    pthread_mutex_lock(&q->lock);
    for (size_t i = 0; i < count; i++) {
        q->charged -= batch->messages[i]->charged;
    }
    batch_returned(q, batch);
    pthread_mutex_unlock(&q->lock);
    mig__batch_free(batch);
    return count;
}

size_t mig__queue_messages_done(mig__queue *q, mig__batch *batch, const bool *done)
{
    size_t before = batch->count, kept = 0;
    pthread_mutex_lock(&q->lock);
    for (size_t i = 0; i < before; i++) {
        mig__transit *message = batch->messages[i];
        if (!done[i]) {
            batch->messages[kept++] = message;
            continue;
        }
        batch->octets -= message->size;
        q->charged -= message->charged;
        mig__transit_free(message);
    }
    batch->count = kept;
    pthread_cond_broadcast(&q->changed);
    pthread_mutex_unlock(&q->lock);
    return before - kept;
}

/* Put a batch among those to be sent again, in the order of its first UID. [lock] */
static void queue_refused(lane *l, mig__batch *batch)
{
    mig__batch **place = &l->refused;
    while (*place != NULL && (*place)->messages[0]->uid < batch->messages[0]->uid) {
        place = &(*place)->next;
    }
    free(batch->broke);
    batch->broke = NULL;
    batch->id = 0;
    batch->whole = false;
    batch->next = *place;
    *place = batch;
}

static mig__batch *split_off_half(const lane *l, mig__batch *batch)
{
    size_t keep = batch->count / 2;
    mig__batch *rest = batch_new(l, batch->lane, batch->count - keep);
    if (rest == NULL) {
        return NULL;
    }
    for (size_t i = keep; i < batch->count; i++) {
        rest->messages[rest->count++] = batch->messages[i];
        rest->octets += batch->messages[i]->size;
        batch->octets -= batch->messages[i]->size;
    }
    batch->count = keep;
    return rest;
}

void mig__queue_batch_refused(mig__queue *q, mig__batch *batch, bool split)
{
    lane *l = &q->lanes[batch->lane];
    mig__batch *rest = NULL;
    pthread_mutex_lock(&q->lock);
    batch_returned(q, batch);
    if (batch->count == 0) {
        pthread_mutex_unlock(&q->lock);
        mig__batch_free(batch);
        return;
    }
    if (split && batch->count > 1 && (rest = split_off_half(l, batch)) == NULL) {
        q->no_memory = true;
        stop(q);
    }
    if (rest != NULL) {
        queue_refused(l, rest);
    }
    queue_refused(l, batch);
    pthread_mutex_unlock(&q->lock);
}

void mig__queue_batch_unknown(mig__queue *q, mig__batch *batch)
{
    lane *l = &q->lanes[batch->lane];
    pthread_mutex_lock(&q->lock);
    batch->next = l->unknown;
    l->unknown = batch;
    batch_returned(q, batch);
    pthread_mutex_unlock(&q->lock);
}

/* ---- reconciling ---- */

const mig__batch *mig__queue_unknown(mig__queue *q, size_t at)
{
    pthread_mutex_lock(&q->lock);
    const mig__batch *first = q->lanes[at].unknown;
    pthread_mutex_unlock(&q->lock);
    return first;
}

mig__batch *mig__queue_take_unknown(mig__queue *q, size_t at)
{
    lane *l = &q->lanes[at];
    pthread_mutex_lock(&q->lock);
    mig__batch *first = l->unknown;
    if (first != NULL) {
        l->unknown = first->next;
        first->next = NULL;
        l->batches_out++;
    }
    pthread_mutex_unlock(&q->lock);
    return first;
}

void mig__queue_reconciled(mig__queue *q, size_t at)
{
    pthread_mutex_lock(&q->lock);
    q->lanes[at].reconciling = false;
    pthread_cond_broadcast(&q->changed);
    pthread_mutex_unlock(&q->lock);
}

bool mig__queue_unsettled(mig__queue *q, size_t at)
{
    pthread_mutex_lock(&q->lock);
    bool unsettled = waits_for_outcome(&q->lanes[at]);
    pthread_mutex_unlock(&q->lock);
    return unsettled;
}

/* ---- the end ---- */

/* [lock] */
static void drop_queued(mig__queue *q, lane *l)
{
    while (l->head != NULL) {
        mig__transit *message = l->head;
        l->head = message->next;
        q->charged -= message->charged;
        mig__transit_free(message);
    }
    l->tail = NULL;
    l->queued = 0;
    l->queued_octets = 0;
    while (l->refused != NULL) {
        mig__batch *batch = l->refused;
        l->refused = batch->next;
        for (size_t i = 0; i < batch->count; i++) {
            q->charged -= batch->messages[i]->charged;
        }
        mig__batch_free(batch);
    }
}

void mig__queue_close(mig__queue *q, size_t at)
{
    pthread_mutex_lock(&q->lock);
    q->lanes[at].closed = true;
    drop_queued(q, &q->lanes[at]);
    pthread_cond_broadcast(&q->changed);
    pthread_mutex_unlock(&q->lock);
}

void mig__queue_free(mig__queue **queue)
{
    mig__queue *q = *queue;
    if (q == NULL) {
        return;
    }
    for (size_t i = 0; i < q->count; i++) {
        drop_queued(q, &q->lanes[i]);
        while (q->lanes[i].unknown != NULL) {
            mig__batch *batch = q->lanes[i].unknown;
            q->lanes[i].unknown = batch->next;
            mig__batch_free(batch);
        }
    }
    pthread_cond_destroy(&q->changed);
    pthread_mutex_destroy(&q->lock);
    free(q->lanes);
    free(q);
    *queue = NULL;
}
