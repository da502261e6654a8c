/* archive/session.c - sessions of an export, and how it fails */
#include "archive/export.h"
#include "base/clock.h"
#include "base/kept.h"
#include "base/memory.h"
#include "base/thread.h"
#include <stdlib.h>

enum { MOST_PROBLEMS = 10000 };

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
    if (mig_stop_level(run->options->observer.stop) > 0) {
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
        mig__cond_wait_ms(&run->changed, &run->lock, 100);
        if (run->fatal.code != MIG_OK || mig_stop_level(run->options->observer.stop) > 0) {
            mig_stop_request(&run->halt);
            mig_stop_request(&run->halt);
        }
    }
    pthread_mutex_unlock(&run->lock);
    return NULL;
}

int mig__export_watch(mig__export *run, mig_error *err)
{
    run->watched = mig__thread_start(&run->watcher, watch, run, err) == 0;
    return run->watched ? 0 : -1;
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

/* A list that cannot grow is cut: the numbers still have everything. */
static void add_problem(mig_archive_result *result, const mig_problem *problem)
{
    size_t count = result->problem_count;
    mig_problem *grown = mig__grow(result->problems, count, sizeof *grown, NULL);
    if (grown == NULL) {
        return;
    }
    result->problems = grown;
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
    const mig_log *log = &run->options->observer.log;
    if (log->write != NULL && log->level >= MIG_LOG_WARNING) {
        mig_log_event event = {.level = MIG_LOG_WARNING,
                               .account = run->account.label,
                               .folder = problem.folder,
                               .uid = uid,
                               .code = mig_code_name(error->code),
                               .text = line,
                               .listed = true};
        log->write(&event, log->context);
    }
}

void mig__export_give_up(mig__export *run, mig__export_folder *folder, const mig_error *why)
{
    mig_error error = *why;
    mig_error_context(&error, "reading '%s'", folder->mailbox->name);
    mig__uidset_clear(&folder->reading.todo);
    mig__export_close(run, folder, &error);
}

void mig__export_close(mig__export *run, mig__export_folder *folder, const mig_error *error)
{
    pthread_mutex_lock(&run->lock);
    bool first = folder->result->error == NULL;
    if (first) {
        mig__error_keep(&folder->result->error, error);
    }
    pthread_mutex_unlock(&run->lock);
    if (first) {
        mig__export_problem(run, folder, 0, true, error);
    }
}
