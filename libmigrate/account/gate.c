/*
 * account/gate.c - the way in to one account: sessions opened with patience, what they cost added up when they close
 */
#include "account/gate.h"
#include "base/clock.h"
#include "base/retry.h"
#include <stdio.h>
#include <migrate/effort.h>

enum {
    SLICE_MS = 50,
    BREAKS = 3 /* connections that may break over one thing before it is left alone */
};

void mig__gate_init(mig__gate *gate, const mig__gate_options *options)
{
    *gate = (mig__gate){.options = *options};
    if (gate->options.patience_ms <= 0) {
        gate->options.patience_ms = MIG_DEFAULT_PATIENCE_MS;
    }
    pthread_mutex_init(&gate->lock, NULL);
}

/* A response that was left out may have meant something: its kind and number are never silent. */
static void log_dropped(const mig__gate *gate)
{
    const mig__session_options *options = &gate->options.session;
    if (gate->dropped == 0 || options->log == NULL || options->log->write == NULL ||
        options->log->level < MIG_LOG_INFO) {
        return;
    }
    char text[256];
    snprintf(text, sizeof text, "%llu response%s of the server were not understood and left out; the last began: %s",
             (unsigned long long)gate->dropped, gate->dropped == 1 ? "" : "s", gate->last_dropped);
    const mig_log_event event = {.level = MIG_LOG_INFO, .account = options->account, .text = text};
    options->log->write(&event, options->log->context);
}

void mig__gate_clear(mig__gate *gate)
{
    log_dropped(gate);
    mig__tls_context_free(&gate->tls);
    pthread_mutex_destroy(&gate->lock);
}

static bool stopping(const mig__gate *gate)
{
    const mig__gate_options *options = &gate->options;
    return mig_stop_level(options->session.stop) > 0 ||
           (options->stopping != NULL && options->stopping(options->context));
}

bool mig__gate_pause(const mig__gate *gate, const mig_error *error, unsigned attempt)
{
    if (gate->options.kept != NULL) {
        mig__kept_complain(gate->options.kept, error);
    }
    int64_t ms = mig__retry_delay(error, attempt, (uint32_t)mig__now_ms() * 2654435761u);
    for (int64_t until = mig__now_ms() + ms; mig__now_ms() < until;) {
        if (stopping(gate)) {
            return false;
        }
        int64_t left = until - mig__now_ms();
        mig__sleep_ms(left < SLICE_MS ? left : SLICE_MS);
    }
    return !stopping(gate);
}

static mig__tls_context *trust(mig__gate *gate, mig_error *err)
{
    const mig_endpoint *endpoint = gate->options.session.endpoint;
    if (gate->options.kept != NULL) {
        return mig__kept_tls(gate->options.kept, endpoint, err);
    }
    pthread_mutex_lock(&gate->lock);
    if (gate->tls == NULL) {
        gate->tls = mig__tls_context_new(endpoint, err);
    }
    mig__tls_context *tls = gate->tls;
    pthread_mutex_unlock(&gate->lock);
    return tls;
}

static mig__session *open_once(mig__gate *gate, mig_error *err)
{
    mig__session_options options = gate->options.session;
    mig__session *session = gate->options.kept != NULL ? mig__kept_take(gate->options.kept, &options) : NULL;
    if (session != NULL) {
        return session;
    }
    if (options.endpoint->tls != MIG_TLS_NONE && (options.tls = trust(gate, err)) == NULL) {
        return NULL;
    }
    return mig__session_open(&options, err);
}

static bool waits(const mig_error *error, mig__patience patience)
{
    return patience != MIG__PATIENCE_NONE && error->retry != MIG_RETRY_NEVER &&
           (patience == MIG__PATIENCE_AGAIN || error->code == MIG_E_UNAVAILABLE);
}

static uint64_t progress_of(const mig__gate *gate)
{
    return gate->options.progress != NULL ? gate->options.progress(gate->options.context) : 0;
}

mig__session *mig__gate_open(mig__gate *gate, mig__patience patience, mig_error *err)
{
    const mig__gate_options *options = &gate->options;
    int64_t until = mig__now_ms() + options->patience_ms;
    uint64_t progress = progress_of(gate);
    for (unsigned attempt = 1;; attempt++) {
        if (mig_stop_level(options->session.stop) > 0) {
            mig_error_set(err, MIG_E_INTERRUPTED, "stopped");
            return NULL;
        }
        mig__session *session = open_once(gate, err);
        if (session != NULL) {
            return session;
        }
        uint64_t now = progress_of(gate);
        if (now != progress) { /* others get on: the server is there */
            progress = now;
            until = mig__now_ms() + options->patience_ms;
        }
        if (!waits(err, patience) || attempt == options->attempts || mig__now_ms() > until) {
            return NULL;
        }
        if (options->waiting != NULL) {
            options->waiting(err, options->context);
        }
        if (!mig__gate_pause(gate, err, attempt)) {
            if (mig_stop_level(options->session.stop) > 0) { /* the server might have come back: it is not the reason */
                mig_error_set(err, MIG_E_INTERRUPTED, "stopped");
            }
            return NULL;
        }
    }
}

/* ---- dialogues ---- */

void mig__gate_got_on(mig__gate *gate)
{
    pthread_mutex_lock(&gate->lock);
    gate->since_ms = 0;
    pthread_mutex_unlock(&gate->lock);
}

bool mig__gate_weary(mig__gate *gate, const mig_error *error)
{
    uint64_t progress = progress_of(gate);
    int64_t now = mig__now_ms();
    pthread_mutex_lock(&gate->lock);
    if (gate->since_ms == 0 || progress != gate->progress) {
        gate->progress = progress;
        gate->since_ms = now;
    }
    bool weary = now - gate->since_ms - error->retry_after_ms > gate->options.patience_ms;
    pthread_mutex_unlock(&gate->lock);
    return weary;
}

bool mig__gate_wait(const mig__gate *gate, const mig_error *error, unsigned attempt)
{
    if (gate->options.waiting != NULL) {
        gate->options.waiting(error, gate->options.context);
    }
    return mig__gate_pause(gate, error, attempt);
}

/* For those who come next: a session is there after each answer. `why` stays what it is. */
static int reopen(mig__gate *gate, mig__session **session, mig_error *why)
{
    mig_error error;
    *session = mig__gate_open(gate, MIG__PATIENCE_AGAIN, &error);
    if (*session == NULL) {
        *why = error;
    }
    return *session == NULL ? -1 : 1;
}

int mig__gate_ask_again(mig__gate *gate, mig__session **session, unsigned breaks, mig__dialogue *dialogue,
                        void *context, mig_error *err)
{
    if (breaks > 0 && !mig__gate_wait(gate, err, breaks)) {
        return mig_error_set(err, MIG_E_INTERRUPTED, "stopped");
    }
    for (unsigned put_off = 0;;) {
        if (*session == NULL && (*session = mig__gate_open(gate, MIG__PATIENCE_AGAIN, err)) == NULL) {
            return -1;
        }
        int outcome = dialogue(*session, context, err);
        if (outcome == 0) {
            mig__gate_got_on(gate);
            return 0;
        }
        if (outcome < 0) { /* whatever is still in flight has nobody to go to */
            mig__gate_close(gate, session);
        }
        if (err->scope == MIG_SCOPE_RUN) { /* no server's refusal: something is wrong with this process or machine */
            return -1;
        }
        if (!mig__retry_wanted(err)) {
            return outcome;
        }
        if (stopping(gate)) {
            return mig_error_set(err, MIG_E_INTERRUPTED, "stopped");
        }
        if (outcome < 0 && ++breaks >= BREAKS) {
            mig_error_context(err, "%u connections in a row broke on it", breaks);
            return reopen(gate, session, err);
        }
        if (mig__gate_weary(gate, err)) {
            return outcome;
        }
        bool at_once = outcome > 0 && err->retry == MIG_RETRY_NOW && put_off < BREAKS;
        put_off++;
        if (!at_once && !mig__gate_wait(gate, err, outcome < 0 ? breaks : put_off)) {
            return mig_error_set(err, MIG_E_INTERRUPTED, "stopped");
        }
    }
}

int mig__gate_ask(mig__gate *gate, mig__session **session, mig__dialogue *dialogue, void *context, mig_error *err)
{
    return mig__gate_ask_again(gate, session, 0, dialogue, context, err);
}

void mig__gate_close(mig__gate *gate, mig__session **session)
{
    if (*session == NULL) {
        return;
    }
    mig__stream_stats stats;
    mig__session_stats_get(*session, &stats);
    char last_dropped[128];
    const char *last;
    uint64_t dropped = mig__session_dropped(*session, &last);
    snprintf(last_dropped, sizeof last_dropped, "%s", last);
    mig_kept *kept = stopping(gate) ? NULL : gate->options.kept;
    if (kept == NULL || !mig__kept_give(kept, gate->options.session.endpoint, session)) {
        mig__session_close(session);
    }
    pthread_mutex_lock(&gate->lock);
    gate->stats.octets_in += stats.octets_in;
    gate->stats.octets_out += stats.octets_out;
    gate->stats.waits += stats.waits;
    gate->dropped += dropped;
    if (dropped > 0) {
        snprintf(gate->last_dropped, sizeof gate->last_dropped, "%s", last_dropped);
    }
    pthread_mutex_unlock(&gate->lock);
}

void mig__gate_stats(mig__gate *gate, mig__stream_stats *sum)
{
    pthread_mutex_lock(&gate->lock);
    sum->octets_in += gate->stats.octets_in;
    sum->octets_out += gate->stats.octets_out;
    sum->waits += gate->stats.waits;
    pthread_mutex_unlock(&gate->lock);
}
