/*
 * A writer sends batches and keeps two of them under way, more on a long line (depth.h), so that the next one is at the
 * server when the last one is done. Each goes out only after its intent is on disk; what is under way when the
 * connection breaks is "unknown" and is looked for on the target before anything more is written to that folder
 * (reconcile.c).
 */
#include "copy/writer.h"
#include "base/clock.h"
#include "base/crashpoint.h"
#include "base/retry.h"
#include "copy/contest.h"
#include "copy/delta.h"
#include "copy/depth.h"
#include "copy/hold.h"
#include "copy/known.h"
#include "copy/once.h"
#include "copy/lanes.h"
#include "copy/reconcile.h"
#include "copy/screen.h"
#include "copy/settle.h"
#include "reading/squeeze.h"
#include "copy/uids.h"
#include "imap/append.h"
#include "mail/flags.h"
#include <stdlib.h>
#include <string.h>

enum {
    SPOOL_PIECE = 64 * 1024,
    QUICK_MS = 400, /* a batch answered faster may be followed by a larger one */
    SLOW_MS = 3000  /* slower: by a smaller one */
};

typedef struct under_way {
    mig__batch *batch;
    mig__command **commands; /* one, or one a message */
    mig_error **refused;     /* a message: why it was refused before its octets went out; NULL entries */
    size_t commands_begun;
    bool multi;
    int64_t sent_ms;
} under_way;

typedef struct writer {
    mig__run *run;
    mig__session *session;
    under_way ways[MIG__DEPTH_MOST];
    size_t first, count; /* ring */
    mig__appetite appetite;
    int64_t answered_ms;
    mig__depth depth;
    mig__squeeze squeeze;
    unsigned attempts;
    char *piece; /* SPOOL_PIECE octets */
} writer;

static under_way *oldest(writer *w)
{
    return &w->ways[w->first];
}

static void way_clear(writer *w)
{
    under_way *way = oldest(w);
    for (size_t i = 0; way->refused != NULL && i < way->commands_begun; i++) {
        free(way->refused[i]);
    }
    free(way->refused);
    free(way->commands);
    *way = (under_way){0};
    w->first = (w->first + 1) % MIG__DEPTH_MOST;
    w->count--;
}

/* ---- before sending ---- */

/* Messages above the limit that the target announced are named now, instead of being sent in vain. */
static void drop_too_big(writer *w, mig__batch *batch)
{
    uint64_t limit = mig__session_append_limit(w->session);
    bool any = false;
    bool *done = calloc(batch->count, sizeof *done);
    for (size_t i = 0; done != NULL && limit > 0 && i < batch->count; i++) {
        if (batch->messages[i]->size <= limit) {
            continue;
        }
        mig_error error;
        mig_error_set(&error, MIG_E_TOO_BIG, "it has %llu octets and the target takes at most %llu",
                      (unsigned long long)batch->messages[i]->size, (unsigned long long)limit);
        mig__settle_failed(w->run, batch->job, batch->messages[i], &error);
        done[i] = any = true;
    }
    if (any) {
        mig__lanes_messages_done(w->run, batch, done);
    }
    free(done);
}

/* What is recorded of a message: the flags that the target gets with it, and those that it does not take. */
/*
 * On a target that loses \Flagged the record says that it is not there yet, and the merge of flags at the end of the
 * run (or of the next one, after a kill) stores it.
 */
static int choose_flags(writer *w, mig__folder_job *job, mig__transit *message, mig_error *err)
{
    if (mig__settle_flags(w->run, job, message, err) != 0) {
        return -1;
    }
    if (!w->run->sides[MIG_TARGET].flagged_later || !mig__flags_contain(message->stored, "\\Flagged")) {
        return 0;
    }
    char *less = mig__flags_without(message->stored, "\\Flagged");
    if (less == NULL) {
        return mig_error_set(err, MIG_E_NOMEM, "out of memory");
    }
    free(message->stored);
    message->stored = less;
    return mig__delta_owe_flags(w->run, job, message, err);
}

static int write_intent(writer *w, mig__batch *batch, uint64_t counted, mig_error *err)
{
    mig__message *messages = calloc(batch->count, sizeof *messages);
    int failed = messages == NULL ? mig_error_set(err, MIG_E_NOMEM, "out of memory") : 0;
    uint64_t passed = mig__hold_count(w->run);
    for (size_t i = 0; failed == 0 && i < batch->count; i++) {
        mig__transit *message = batch->messages[i];
        message->passed = message->sent ? message->passed : passed;
        message->sent = true;
        failed = choose_flags(w, batch->job, message, err);
        messages[i] = mig__settle_record(message);
    }
    batch->id =
        failed != 0 ? 0 : mig__settle_intent(w->run, batch->job, messages, batch->count, counted, &batch->uidnext, err);
    free(messages);
    return batch->id > 0 ? 0 : -1;
}

/* ---- sending ---- */

/* Before a piece of a message: what was sent before it must be gone, else it would wait in our buffers. */
static int keep_pace(writer *w, uint64_t octets, mig_error *err)
{
    mig__bucket *bucket = &w->run->pace.out;
    if (bucket->rate == 0) {
        return 0;
    }
    return mig__session_flush(w->session, err) != 0 ? -1 : mig__run_pass(w->run, bucket, octets, err);
}

static int send_octets(writer *w, mig__batch *batch, mig__command *command, const mig__transit *message, mig_error *err)
{
    for (uint64_t sent = 0; sent < message->size;) {
        const char *data;
        int64_t got = mig__transit_read(message, sent, w->piece, SPOOL_PIECE, &data, err);
        size_t most = mig__bucket_piece(&w->run->pace.out);
        got = got > 0 && (uint64_t)got > most ? (int64_t)most : got;
        if (got < 0 || keep_pace(w, (uint64_t)got, err) != 0 ||
            mig__command_literal_data(command, data, (size_t)got, err) != 0) {
            return -1;
        }
        sent += (uint64_t)got;
        batch->place = sent;
    }
    mig__append_message_end(command, message->utf8);
    batch->sent++;
    batch->place = 0;
    return 0;
}

/* One message of an APPEND: 0 sent, 1 refused before its octets, -1 the session failed. */
static int send_message(writer *w, mig__batch *batch, mig__command *command, mig__transit *message, mig_error *err)
{
    const char **flags = mig__flags_split(message->stored);
    if (flags == NULL) {
        return mig_error_set(err, MIG_E_NOMEM, "out of memory");
    }
    pthread_mutex_lock(&w->run->lock);
    message->bare = flags[0] == NULL && !w->run->lists_flags;
    pthread_mutex_unlock(&w->run->lock);
    int answer =
        mig__append_message(command, message->bare ? NULL : flags, &message->date, message->size, message->utf8, err);
    free(flags);
    batch->sent += answer == 1 ? 1 : 0; /* there is no more to send of it */
    return answer == 0 ? send_octets(w, batch, command, message, err) : answer;
}

static int send_multi(writer *w, under_way *way, mig_error *err)
{
    mig__batch *batch = way->batch;
    mig__command *command = mig__append_begin(w->session, batch->job->target, NULL, NULL, err);
    if (command == NULL) {
        return -1;
    }
    way->commands[way->commands_begun++] = command;
    if (batch->count > 1) {
        mig__command_stands_for(command, MIG__CAP_MULTIAPPEND, batch->count);
    }
    for (size_t i = 0; i < batch->count; i++) {
        if (send_message(w, batch, command, batch->messages[i], err) < 0) {
            return -1;
        }
        MIG__CRASH_POINT("append-half");
    }
    batch->whole = true; /* also when the end of the line cannot be seen to have left */
    return mig__command_end(command, err);
}

static int send_each(writer *w, under_way *way, mig_error *err)
{
    mig__batch *batch = way->batch;
    for (size_t i = 0; i < batch->count; i++) {
        mig__command *command = mig__append_begin(w->session, batch->job->target, NULL, NULL, err);
        if (command == NULL) {
            return -1;
        }
        way->commands[way->commands_begun++] = command;
        int answer = send_message(w, batch, command, batch->messages[i], err);
        MIG__CRASH_POINT("append-half");
        if (answer < 0) {
            return -1;
        }
        batch->whole = true; /* each is a command of its own: from its end on the server may be storing it */
        if (answer == 0 && mig__command_end(command, err) != 0) {
            return -1;
        }
    }
    return 0;
}

static uint64_t largest_of(const mig__batch *batch)
{
    uint64_t largest = 0;
    for (size_t i = 0; i < batch->count; i++) {
        largest = batch->messages[i]->size > largest ? batch->messages[i]->size : largest;
    }
    return largest;
}

/* Send a batch whose intent is on disk. From here on a failure leaves its outcome unknown. */
static int send_batch(writer *w, mig__batch *batch, mig_error *err)
{
    under_way *way = &w->ways[(w->first + w->count) % MIG__DEPTH_MOST];
    mig__append_way how = mig__append_way_of(w->session, largest_of(batch));
    *way = (under_way){.batch = batch, .multi = how == MIG__APPEND_MULTI};
    w->count++;
    mig__contest_under_way(w->run, batch->job, (int64_t)batch->count);
    way->commands = calloc(batch->count, sizeof(mig__command *));
    way->refused = calloc(batch->count, sizeof(mig_error *));
    if (way->commands == NULL || way->refused == NULL) {
        return mig_error_set(err, MIG_E_NOMEM, "out of memory");
    }
    way->sent_ms = mig__now_ms();
    batch->multi = way->multi;
    batch->sent = 0;
    batch->place = 0;
    MIG__CRASH_POINT("append-before");
    if ((way->multi ? send_multi(w, way, err) : send_each(w, way, err)) != 0) {
        return -1;
    }
    batch->whole = true;
    MIG__CRASH_POINT("append-sent");
    int failed = mig__session_flush(w->session, err);
    mig__squeeze_note(&w->squeeze, batch->octets, mig__now_ms() - way->sent_ms);
    return failed;
}

/* Get a batch ready and send it. 0 done (sent, or nothing left of it), -1 the session or the run failed. */
static int take_on(writer *w, mig__batch *batch, mig_error *err)
{
    if (mig__contest_look(w->run, w->session, batch->job, err) != 0 ||
        mig__known_settle(w->run, w->session, batch, err) != 0) {
        mig__queue_batch_refused(w->run->queue, batch, false);
        return -1;
    }
    drop_too_big(w, batch);
    if (mig__screen_batch(w->run, batch, err) != 0) {
        mig__queue_batch_refused(w->run->queue, batch, false);
        return -1;
    }
    if (batch->count == 0) {
        mig__lanes_batch_done(w->run, batch);
        return 0;
    }
    uint64_t counted;
    if (mig__once_octets(w->run, batch, &counted, err) != 0) {
        mig__queue_batch_refused(w->run->queue, batch, false);
        mig__run_fail(w->run, err);
        return -1;
    }
    if (!mig__once_count(w->run, counted)) {
        mig__queue_batch_refused(w->run->queue, batch, false);
        return 0;
    }
    if (write_intent(w, batch, counted, err) != 0) {
        mig__queue_batch_refused(w->run->queue, batch, false);
        mig__run_fail(w->run, err);
        return -1;
    }
    return send_batch(w, batch, err);
}

/* ---- answers ---- */

/* What the target took quickly from the other writers, it takes from a new one as well. */
static mig__appetite shared_appetite(mig__run *run)
{
    pthread_mutex_lock(&run->lock);
    mig__appetite appetite = {run->batch_messages, run->batch_octets};
    pthread_mutex_unlock(&run->lock);
    return appetite.messages > 0 ? appetite : (mig__appetite){MIG__BATCH_FIRST, 1 << 20};
}

static void adapt(writer *w, const under_way *way)
{
    int64_t now = mig__now_ms();
    int64_t since = way->sent_ms > w->answered_ms ? way->sent_ms : w->answered_ms;
    w->answered_ms = now;
    mig__depth_note(&w->depth, now - since);
    int64_t one = (now - since) / (way->multi || way->batch->count == 0 ? 1 : (int64_t)way->batch->count);
    if (now - since > SLOW_MS) {
        w->appetite.messages = w->appetite.messages > 1 ? w->appetite.messages / 2 : 1;
        w->appetite.octets = w->appetite.octets > 64 * 1024 ? w->appetite.octets / 2 : w->appetite.octets;
    } else if (now - since < QUICK_MS) {
        w->appetite.messages = w->appetite.messages * 2 < MIG__BATCH_MOST ? w->appetite.messages * 2 : MIG__BATCH_MOST;
        w->appetite.octets =
            w->appetite.octets * 2 < MIG__BATCH_OCTETS ? w->appetite.octets * 2 : (uint64_t)MIG__BATCH_OCTETS;
    }
    pthread_mutex_lock(&w->run->lock);
    w->run->batch_messages = w->appetite.messages;
    w->run->batch_octets = w->appetite.octets;
    w->run->slowest_answer_ms = one > w->run->slowest_answer_ms ? one : w->run->slowest_answer_ms;
    pthread_mutex_unlock(&w->run->lock);
}

/* Longer each time, unless it is about these messages alone: then `times` says how often it was. */
static void pause_for(writer *w, const mig_error *error, unsigned times)
{
    w->appetite = (mig__appetite){MIG__BATCH_FIRST, 1 << 20};
    mig__run_pause(w->run, MIG_TARGET, error, times > 0 ? times : ++w->attempts);
}

/* How often a message was put off that others passed since; 0: none did. */
static unsigned times_passed(writer *w, const mig__transit *message)
{
    return mig__hold_count(w->run) > message->passed ? message->put_off + 1 : 0;
}

/* [THROTTLED] in an OK: the message is stored, the server wants less. Slow down as after a refusal. */
static void heed_throttle(writer *w)
{
    mig_error error;
    mig_error_set(&error, MIG_E_UNAVAILABLE, "the target throttles");
    mig_error_server(&error, "[THROTTLED]", strlen("[THROTTLED]"));
    pause_for(w, &error, 0);
}

static int finish_multi(writer *w, under_way *way, mig_error *err)
{
    mig__batch *batch = way->batch;
    mig__command_result result = {0};
    uint32_t *uids = calloc(batch->count, sizeof *uids);
    if (uids == NULL) {
        return mig_error_set(err, MIG_E_NOMEM, "out of memory");
    }
    int failed = mig__command_wait(w->session, way->commands[0], &result, err);
    if (failed != 0) {
        free(uids);
        return -1;
    }
    MIG__CRASH_POINT("append-answered");
    mig__contest_under_way(w->run, batch->job, -(int64_t)batch->count);
    adapt(w, way);
    way->batch = NULL;
    if (result.error.code == MIG_OK) {
        w->attempts = 0;
        if (result.uidvalidity != batch->job->goal.uidvalidity ||
            !mig__append_uids(result.uid_text, uids, batch->count)) {
            memset(uids, 0, batch->count * sizeof *uids); /* not told: matched afterwards */
        }
        failed = mig__uids_take(w->run, batch->job, batch->uidnext, uids, batch->count, err);
        failed = failed != 0 ? -1 : mig__settle_taken(w->run, batch, uids, err);
    } else {
        mig_error why = result.error;
        unsigned times = times_passed(w, batch->messages[0]);
        failed = mig__settle_refused(w->run, batch, &why, err);
        if (why.retry != MIG_RETRY_NEVER) {
            pause_for(w, &why, times);
        }
    }
    if (result.throttled) {
        heed_throttle(w);
    }
    mig__command_result_clear(&result);
    free(uids);
    return failed;
}

/* Wait for the answers of a batch of single APPENDs. */
static int collect_each(writer *w, under_way *way, uint32_t *uids, bool *taken, bool *throttled,
                        const mig_error **pause, mig_error *err)
{
    for (size_t i = 0; i < way->batch->count; i++) {
        mig__command_result result = {0};
        if (mig__command_wait(w->session, way->commands[i], &result, err) != 0) {
            return -1;
        }
        way->commands[i] = NULL;
        taken[i] = result.error.code == MIG_OK;
        w->attempts = taken[i] ? 0 : w->attempts;
        if (taken[i] && (result.uidvalidity != way->batch->job->goal.uidvalidity ||
                         !mig__append_uids(result.uid_text, &uids[i], 1))) {
            uids[i] = 0;
        }
        if (!taken[i]) {
            way->refused[i] = malloc(sizeof(mig_error));
            if (way->refused[i] == NULL) {
                mig__command_result_clear(&result);
                return mig_error_set(err, MIG_E_NOMEM, "out of memory");
            }
            *way->refused[i] = result.error;
            *pause = result.error.retry != MIG_RETRY_NEVER ? way->refused[i] : *pause;
        }
        *throttled = *throttled || result.throttled;
        mig__command_result_clear(&result);
    }
    return 0;
}

static int finish_each(writer *w, under_way *way, mig_error *err)
{
    mig__batch *batch = way->batch;
    uint32_t *uids = calloc(batch->count, sizeof *uids);
    bool *taken = calloc(batch->count, sizeof *taken);
    bool throttled = false;
    const mig_error *pause = NULL;
    int failed = uids == NULL || taken == NULL ? mig_error_set(err, MIG_E_NOMEM, "out of memory")
                                               : collect_each(w, way, uids, taken, &throttled, &pause, err);
    if (failed == 0) {
        MIG__CRASH_POINT("append-answered");
        mig__contest_under_way(w->run, batch->job, -(int64_t)batch->count);
        adapt(w, way);
        way->batch = NULL;
        failed = mig__uids_take(w->run, batch->job, batch->uidnext, uids, batch->count, err);
        unsigned times = 0;
        for (size_t i = 0; i < batch->count; i++) {
            unsigned passed = taken[i] ? 0 : times_passed(w, batch->messages[i]);
            times = passed > times ? passed : times;
        }
        failed = failed != 0 ? -1 : mig__settle_each(w->run, batch, uids, taken, way->refused, err);
        if (pause != NULL) {
            pause_for(w, pause, times);
        }
        if (throttled) {
            heed_throttle(w);
        }
    }
    free(uids);
    free(taken);
    return failed;
}

static int finish_oldest(writer *w, mig_error *err)
{
    under_way *way = oldest(w);
    if ((way->multi ? finish_multi(w, way, err) : finish_each(w, way, err)) != 0) {
        return -1;
    }
    way_clear(w);
    return 0;
}

/* Wait for answers until no more than `most` batches are under way. */
static int finish_down_to(writer *w, size_t most, mig_error *err)
{
    while (w->count > most) {
        if (finish_oldest(w, err) != 0) {
            return -1;
        }
    }
    return 0;
}

/* ---- connections ---- */

/* The connection broke. The oldest batch is the suspect: servers work on one APPEND at a time. */
static void abandon_session(writer *w, const mig_error *why)
{
    bool suspect = why->code != MIG_E_INTERRUPTED && why->scope != MIG_SCOPE_RUN;
    while (w->count > 0) {
        mig__batch *batch = oldest(w)->batch;
        if (batch != NULL && suspect && (batch->broke = malloc(sizeof *why)) != NULL) {
            *batch->broke = *why;
        }
        if (batch != NULL) {
            suspect = false;
            mig__contest_under_way(w->run, batch->job, -(int64_t)batch->count);
            mig__queue_batch_unknown(w->run->queue, batch);
        }
        way_clear(w);
    }
    mig__gate_close(&w->run->sides[MIG_TARGET].gate, &w->session);
}

/* One thing to do. 1: go on, 0: finished, -1: the session or the run failed. */
static int step(writer *w, mig_error *err)
{
    mig__batch *batch = NULL;
    mig__folder_job *job = NULL;
    if (mig__squeeze_wanted(&w->squeeze, w->session, w->run->options->target)) {
        if (finish_down_to(w, 0, err) != 0 || mig__session_compress(w->session, err) != 0) {
            return -1;
        }
    }
    mig__appetite appetite = w->appetite;
    appetite.octets = mig__once_room(w->run, appetite.octets);
    switch (mig__queue_take(w->run->queue, &appetite, w->count == 0, &batch, &job)) {
    case MIG__ERRAND_BATCH:
        if (take_on(w, batch, err) != 0) {
            return -1;
        }
        return finish_down_to(w, mig__depth_batches(&w->depth) - 1, err) == 0 ? 1 : -1;
    case MIG__ERRAND_RECONCILE: {
        int failed = mig__reconcile_unknown(w->run, w->session, job, err);
        mig__queue_reconciled(w->run->queue, mig__lane_of(w->run, job));
        return failed == 0 ? 1 : -1;
    }
    case MIG__ERRAND_NONE:
        return w->count > 0 && finish_oldest(w, err) != 0 ? -1 : 1;
    case MIG__ERRAND_FINISHED:
        return 0;
    }
    return 0;
}

static int connect_writer(writer *w, mig_error *err)
{
    w->session = mig__gate_open(&w->run->sides[MIG_TARGET].gate, MIG__PATIENCE_AGAIN, err);
    w->appetite = shared_appetite(w->run);
    return w->session == NULL ? -1 : 0;
}

static void write_all(writer *w)
{
    mig_error error = MIG_ERROR_INIT;
    int going = 1;
    while (going > 0) {
        if (w->session == NULL && connect_writer(w, &error) != 0) {
            break;
        }
        w->depth.line_ms = mig__session_line_ms(w->session);
        error.code = MIG_OK;
        going = step(w, &error);
        if (going < 0) {
            mig__run_log(w->run, error.code == MIG_E_INTERRUPTED ? MIG_LOG_DEBUG : MIG_LOG_WARNING, NULL, 0, &error,
                         "writing: %s", error.text);
            abandon_session(w, &error);
            if (error.code == MIG_E_UNAVAILABLE && w->attempts++ > 0) { /* not for ever, and not without a pause */
                mig__run_pause(w->run, MIG_TARGET, &error, w->attempts);
            }
            going = mig__retry_pointless(&error) || mig__run_stopping(w->run) ? -1 : 1;
        }
    }
    pthread_mutex_lock(&w->run->lock);
    w->run->writers--;
    bool last = w->run->writers == 0;
    pthread_cond_broadcast(&w->run->changed);
    pthread_mutex_unlock(&w->run->lock);
    if (error.code != MIG_OK && error.code != MIG_E_INTERRUPTED &&
        (last || error.scope == MIG_SCOPE_RUN || mig__retry_fatal(&error))) {
        mig__run_fail(w->run, &error);
    }
    if (w->session != NULL) {
        abandon_session(w, &error);
    }
}

void *mig__writer_main(void *argument)
{
    mig__writer_start *start = argument;
    writer w = {.run = start->run, .session = start->session, .appetite = shared_appetite(start->run)};
    free(start);
    w.piece = malloc(SPOOL_PIECE);
    if (w.piece == NULL) {
        mig_error error;
        mig_error_set(&error, MIG_E_NOMEM, "out of memory");
        mig__run_fail(w.run, &error);
    }
    write_all(&w);
    free(w.piece);
    return NULL;
}
