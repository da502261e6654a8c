/* archive/session.c - sessions of an export, and how it fails */
#include "archive/export.h"
#include "base/clock.h"
#include "base/retry.h"
#include <stdlib.h>
#include <time.h>

enum { PATIENCE_MS = 120000, MOST_PROBLEMS = 10000 };

void mig__export_fail(mig__export *run, const mig_error *error)
{
    pthread_mutex_lock(&run->lock);
    if (run->fatal.code == MIG_OK) {
        run->fatal = *error;
    }
    pthread_cond_broadcast(&run->changed);
    pthread_mutex_unlock(&run->lock);
}

bool mig__export_stopping(mig__export *run)
{
    if (mig_stop_level(run->options->stop) > 0) {
        mig_error error;
        mig_error_set(&error, MIG_E_INTERRUPTED, "stopped before the end: asked to stop");
        mig_error_hint(&error, "no archive was left behind; run the same command again to make it");
        mig__export_fail(run, &error);
    }
    pthread_mutex_lock(&run->lock);
    bool stopping = run->fatal.code != MIG_OK;
    pthread_mutex_unlock(&run->lock);
    return stopping;
}

static void *watch(void *argument)
{
    mig__export *run = argument;
    pthread_mutex_lock(&run->lock);
    while (!run->over && mig_stop_level(&run->halt) == 0) {
        struct timespec until;
        clock_gettime(CLOCK_MONOTONIC, &until);
        until.tv_nsec += 100 * 1000000L;
        until.tv_sec += until.tv_nsec / 1000000000L;
        until.tv_nsec %= 1000000000L;
        pthread_cond_timedwait(&run->changed, &run->lock, &until);
        if (run->fatal.code != MIG_OK || mig_stop_level(run->options->stop) > 0) {
            mig_stop_request(&run->halt);
            mig_stop_request(&run->halt);
        }
    }
    pthread_mutex_unlock(&run->lock);
    return NULL;
}

int mig__export_watch(mig__export *run, mig_error *err)
{
    run->watched = pthread_create(&run->watcher, NULL, watch, run) == 0;
    return run->watched ? 0 : mig_error_set(err, MIG_E_NOMEM, "can not start a thread");
}

void mig__export_unwatch(mig__export *run)
{
    pthread_mutex_lock(&run->lock);
    run->over = true;
    pthread_cond_broadcast(&run->changed);
    pthread_mutex_unlock(&run->lock);
    if (run->watched) {
        pthread_join(run->watcher, NULL);
        run->watched = false;
    }
}

static mig__tls_context *tls_of(mig__export *run, mig_error *err)
{
    pthread_mutex_lock(&run->lock);
    if (run->tls == NULL) {
        run->tls = mig__tls_context_new(run->options->source, err);
    }
    mig__tls_context *context = run->tls;
    pthread_mutex_unlock(&run->lock);
    return context;
}

static bool pause_before_attempt(mig__export *run, const mig_error *error, unsigned attempt)
{
    int64_t ms = mig__retry_delay(error, attempt, (uint32_t)mig__now_ms() * 2654435761u);
    for (int64_t until = mig__now_ms() + ms; mig__now_ms() < until;) {
        if (mig__export_stopping(run)) {
            return false;
        }
        mig__sleep_ms(50);
    }
    return !mig__export_stopping(run);
}

mig__session *mig__export_connect(mig__export *run, mig__patience patience, mig_error *err)
{
    const mig_endpoint *endpoint = run->options->source;
    mig__session_options options = {
        .endpoint = endpoint, .stop = &run->halt, .log = &run->options->log, .account = run->label};
    if (endpoint->tls != MIG_TLS_NONE && (options.tls = tls_of(run, err)) == NULL) {
        return NULL;
    }
    int64_t until = mig__now_ms() + (run->options->patience_ms > 0 ? run->options->patience_ms : PATIENCE_MS);
    for (unsigned attempt = 1;; attempt++) {
        if (mig__export_stopping(run)) {
            mig_error_set(err, MIG_E_INTERRUPTED, "stopped");
            return NULL;
        }
        mig__session *session = mig__session_open(&options, err);
        if (session != NULL) {
            return session;
        }
        bool waits =
            err->retry != MIG_RETRY_NEVER &&
            (patience == MIG__PATIENCE_AGAIN || (patience == MIG__PATIENCE_FIRST && err->code == MIG_E_UNAVAILABLE));
        if (!waits || mig__now_ms() > until || !pause_before_attempt(run, err, attempt)) {
            return NULL;
        }
    }
}

void mig__export_disconnect(mig__export *run, mig__session **session)
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

/* A list that can not grow is cut: the numbers still have everything. */
static void add_problem(mig_archive_result *result, const mig_problem *problem)
{
    size_t count = result->problem_count;
    if ((count & (count - 1)) == 0) { /* full at every power of two */
        mig_problem *grown = realloc(result->problems, (count == 0 ? 1 : count * 2) * sizeof *grown);
        if (grown == NULL) {
            return;
        }
        result->problems = grown;
    }
    mig_problem copy = *problem;
    copy.folder = mig__strdup(problem->folder);
    copy.text = mig__strdup(problem->text);
    if (copy.folder == NULL || copy.text == NULL || count >= MOST_PROBLEMS) {
        free(copy.folder);
        free(copy.text);
        return;
    }
    result->problems[result->problem_count++] = copy;
}

void mig__export_problem(mig__export *run, const mig__export_folder *folder, uint32_t uid, bool failed,
                         const mig_error *error)
{
    char line[MIG_ERROR_TEXT + MIG_ERROR_SERVER + MIG_ERROR_HINT];
    mig_error_line(error, line, sizeof line);
    mig_problem problem = {folder != NULL ? folder->mailbox->name : (char *)"", uid, error->code, failed, line};
    pthread_mutex_lock(&run->lock);
    add_problem(run->result, &problem);
    pthread_mutex_unlock(&run->lock);
    const mig_log *log = &run->options->log;
    if (log->write != NULL && log->level >= MIG_LOG_WARNING) {
        mig_log_event event = {.level = MIG_LOG_WARNING,
                               .account = run->label,
                               .folder = problem.folder,
                               .uid = uid,
                               .code = mig_code_name(error->code),
                               .text = line};
        log->write(&event, log->context);
    }
}

void mig__export_give_up(mig__export *run, mig__export_folder *folder, const mig_error *why)
{
    mig_error error = *why;
    mig_error_context(&error, "reading '%s'", folder->mailbox->name);
    pthread_mutex_lock(&run->lock);
    bool first = folder->error.code == MIG_OK;
    if (first) {
        folder->error = error;
    }
    mig__uidset_clear(&folder->uids);
    pthread_mutex_unlock(&run->lock);
    if (first) {
        mig__export_problem(run, folder, 0, true, &error);
    }
}
