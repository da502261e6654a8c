#include "account/gate.h"
#include "base/clock.h"
#include "base/retry.h"
#include <migrate/effort.h>

enum { SLICE_MS = 50 };

void mig__gate_init(mig__gate *gate, const mig__gate_options *options)
{
    *gate = (mig__gate){.options = *options};
    if (gate->options.patience_ms <= 0) {
        gate->options.patience_ms = MIG_DEFAULT_PATIENCE_MS;
    }
    pthread_mutex_init(&gate->lock, NULL);
}

void mig__gate_clear(mig__gate *gate)
{
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

static mig__session *open_once(mig__gate *gate, mig_error *err)
{
    mig__session_options options = gate->options.session;
    if (options.endpoint->tls != MIG_TLS_NONE) {
        pthread_mutex_lock(&gate->lock);
        if (gate->tls == NULL) {
            gate->tls = mig__tls_context_new(options.endpoint, err);
        }
        options.tls = gate->tls;
        pthread_mutex_unlock(&gate->lock);
        if (options.tls == NULL) {
            return NULL;
        }
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
            return NULL;
        }
    }
}

void mig__gate_close(mig__gate *gate, mig__session **session)
{
    if (*session == NULL) {
        return;
    }
    mig__stream_stats stats;
    mig__session_stats_get(*session, &stats);
    mig__session_close(session);
    pthread_mutex_lock(&gate->lock);
    gate->stats.octets_in += stats.octets_in;
    gate->stats.octets_out += stats.octets_out;
    gate->stats.waits += stats.waits;
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
