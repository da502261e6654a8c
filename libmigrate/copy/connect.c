/* Sessions of a run: opened with patience, counted when they close; errors and events that end or describe the run. */
#include "base/clock.h"
#include "base/retry.h"
#include "copy/job.h"
#include "copy/queue.h"
#include <stdio.h>
#include <stdlib.h>

enum { PATIENCE_MS = 120000 };

void mig__run_fail(mig__run *run, const mig_error *error)
{
    pthread_mutex_lock(&run->lock);
    if (run->fatal.code == MIG_OK) {
        run->fatal = *error;
    }
    run->stopping = true;
    pthread_cond_broadcast(&run->changed);
    pthread_mutex_unlock(&run->lock);
}

bool mig__run_stopping(mig__run *run)
{
    pthread_mutex_lock(&run->lock);
    const char *over = mig__pace_over(&run->pace);
    if (run->fatal.code == MIG_OK && (mig_stop_level(run->options->stop) > 0 || over != NULL)) {
        mig_error_set(&run->fatal, MIG_E_INTERRUPTED, "stopped before the end: %s",
                      over != NULL ? over : "asked to stop");
        mig_error_hint(&run->fatal, "run the same command again: it goes on from here");
        run->stopping = true;
        pthread_cond_broadcast(&run->changed);
    }
    bool stopping = run->stopping;
    pthread_mutex_unlock(&run->lock);
    return stopping;
}

static uint64_t progress_of(mig__run *run)
{
    pthread_mutex_lock(&run->lock);
    uint64_t progress = run->messages_done;
    pthread_mutex_unlock(&run->lock);
    return progress;
}

/* May this failure to connect be waited out? At the start only a server that says "later" is waited for. */
static bool waits(const mig_error *error, bool first)
{
    if (error->retry == MIG_RETRY_NEVER) {
        return false;
    }
    return !first || error->code == MIG_E_UNAVAILABLE;
}

static int64_t patience_of(const mig__run *run)
{
    return run->options->patience_ms > 0 ? run->options->patience_ms : PATIENCE_MS;
}

static bool pause_before_attempt(mig__run *run, const mig_error *error, unsigned attempt)
{
    int64_t ms = mig__retry_delay(error, attempt, (uint32_t)mig__now_ms() * 2654435761u);
    for (int64_t until = mig__now_ms() + ms; mig__now_ms() < until;) {
        if (mig__run_stopping(run)) {
            return false;
        }
        mig__sleep_ms(50);
    }
    return !mig__run_stopping(run);
}

void mig__run_progress(mig__run *run)
{
    pthread_mutex_lock(&run->lock);
    run->last_progress_ms = mig__now_ms();
    pthread_mutex_unlock(&run->lock);
}

void mig__run_pause(mig__run *run, mig_side side, const mig_error *error, unsigned attempt)
{
    pthread_mutex_lock(&run->lock);
    int64_t idle = mig__now_ms() - run->last_progress_ms - error->retry_after_ms;
    pthread_mutex_unlock(&run->lock);
    if (idle > patience_of(run)) {
        mig__run_fail(run, error);
        return;
    }
    mig__run_log(run, MIG_LOG_WARNING, NULL, 0, error, "the %s asks for a pause: %s",
                 side == MIG_SOURCE ? "source" : "target", error->server[0] != '\0' ? error->server : error->text);
    pause_before_attempt(run, error, attempt);
}

/* What the sessions of a side share of TLS. It lives as long as the run. */
static mig__tls_context *tls_of(mig__run *run, mig_side side, const mig_endpoint *endpoint, mig_error *err)
{
    pthread_mutex_lock(&run->lock);
    if (run->tls[side] == NULL) {
        run->tls[side] = mig__tls_context_new(endpoint, err);
    }
    mig__tls_context *context = run->tls[side];
    pthread_mutex_unlock(&run->lock);
    return context;
}

mig__session *mig__run_connect_once(mig__run *run, mig_side side, mig_error *err)
{
    const mig_endpoint *endpoint = side == MIG_SOURCE ? run->options->source : run->options->target;
    mig__session_options options = {.endpoint = endpoint,
                                    .stop = run->options->stop,
                                    .log = &run->options->log,
                                    .account = side == MIG_SOURCE ? run->source_label : run->target_label,
                                    .labels_as_keywords =
                                        side == MIG_SOURCE && run->options->labels == MIG_LABELS_KEYWORD};
    if (endpoint->tls != MIG_TLS_NONE && (options.tls = tls_of(run, side, endpoint, err)) == NULL) {
        return NULL;
    }
    return mig__session_open(&options, err);
}

mig__session *mig__run_connect(mig__run *run, mig_side side, bool first, mig_error *err)
{
    int64_t patience = patience_of(run);
    int64_t until = mig__now_ms() + patience;
    uint64_t progress = progress_of(run);
    for (unsigned attempt = 1;; attempt++) {
        if (mig_stop_level(run->options->stop) > 0) {
            mig_error_set(err, MIG_E_INTERRUPTED, "stopped");
            return NULL;
        }
        mig__session *session = mig__run_connect_once(run, side, err);
        if (session != NULL) {
            return session;
        }
        uint64_t now = progress_of(run);
        if (now != progress) { /* others get on: the server is there */
            progress = now;
            until = mig__now_ms() + patience;
        }
        if (!waits(err, first) || mig__now_ms() > until) {
            return NULL;
        }
        mig__run_log(run, MIG_LOG_WARNING, NULL, 0, err, "connecting to %s failed, trying again: %s",
                     side == MIG_SOURCE ? run->source_label : run->target_label, err->text);
        if (!pause_before_attempt(run, err, attempt)) {
            return NULL;
        }
    }
}

void mig__run_disconnect(mig__run *run, mig__session **session)
{
    if (*session == NULL) {
        return;
    }
    mig__stream_stats stats;
    mig__session_stats_get(*session, &stats);
    mig__session_close(session);
    pthread_mutex_lock(&run->lock);
    run->stats.octets_in += stats.octets_in;
    run->stats.octets_out += stats.octets_out;
    run->stats.waits += stats.waits;
    pthread_mutex_unlock(&run->lock);
}

void mig__run_phase(mig__run *run, const char *phase)
{
    pthread_mutex_lock(&run->lock);
    run->phase = phase;
    pthread_mutex_unlock(&run->lock);
}

void mig__run_log(const mig__run *run, mig_log_level level, const mig__folder_job *job, uint32_t uid,
                  const mig_error *error, const char *format, ...)
{
    const mig_log *log = &run->options->log;
    if (log->write == NULL || level > log->level) {
        return;
    }
    char raw[MIG_ERROR_TEXT + MIG_ERROR_SERVER], text[MIG_ERROR_TEXT + MIG_ERROR_SERVER];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(raw, sizeof raw, format, arguments);
    va_end(arguments);
    mig__inert(raw, length < 0 ? 0 : (size_t)length < sizeof raw ? (size_t)length : sizeof raw - 1, text, sizeof text);
    mig_log_event event = {.level = level,
                           .account = run->source_label,
                           .folder = job != NULL ? job->source->name : NULL,
                           .uid = uid,
                           .code = error != NULL && error->code != MIG_OK ? mig_code_name(error->code) : NULL,
                           .text = text};
    log->write(&event, log->context);
}

void mig__run_problem(mig__run *run, const mig__folder_job *job, uint32_t uid, bool failed, const mig_error *error)
{
    pthread_mutex_lock(&run->lock);
    mig__result_problem(run->account, job->source->name, uid, failed, error);
    pthread_mutex_unlock(&run->lock);
    char line[MIG_ERROR_TEXT + MIG_ERROR_SERVER + MIG_ERROR_HINT];
    /* One line a message in the log; on the terminal the summary names the first ones. */
    mig__run_log(run, uid == 0 && failed ? MIG_LOG_ERROR : MIG_LOG_WARNING, job, uid, error, "%s",
                 mig_error_line(error, line, sizeof line));
}
