/* The sides of a run: how long their servers are waited for; errors and events that end or describe the run. */
#include "base/clock.h"
#include "copy/job.h"
#include "copy/lanes.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PASS_SLICE_MS = 100 }; /* how often a piece that --max-rate holds back looks for a stop */

/* Why the run ends though nothing is wrong. */
static void set_stopped(mig_error *error, mig_stopped cause)
{
    static const char used_up[] = "the amount given by --daily-limit is used up for today, or what is left of it is "
                                  "too little for the next message";
    static const char *const causes[] = {[MIG_STOPPED_NOT] = "",
                                         [MIG_STOPPED_ASKED] = "asked to stop",
                                         [MIG_STOPPED_TIME] = "the time given by --until has come",
                                         [MIG_STOPPED_DAILY] = used_up};
    const char *why = causes[cause];
    mig_error_set(error, MIG_E_INTERRUPTED, "stopped before the end: %s", why);
    mig_error_hint(error, "run the same command again: it goes on from here");
}

bool mig__run_gave_up(const mig__run *run, const mig_error *error)
{
    return error->code == MIG_E_INTERRUPTED ||
           (error->code == MIG_E_STATE_LOCKED && mig_stop_level(run->options->observer.stop) >= 2);
}

void mig__run_fail(mig__run *run, const mig_error *error)
{
    pthread_mutex_lock(&run->lock);
    if (run->fatal.code == MIG_OK) {
        run->fatal = *error;
        if (mig__run_gave_up(run, error) && mig_stop_level(run->options->observer.stop) > 0) {
            run->stopped = MIG_STOPPED_ASKED;
            set_stopped(&run->fatal, run->stopped);
        }
    }
    run->stopping = true;
    mig__queue_stop(run->queue);
    pthread_cond_broadcast(&run->changed);
    pthread_mutex_unlock(&run->lock);
}

bool mig__run_stopping(mig__run *run)
{
    pthread_mutex_lock(&run->lock);
    mig_stopped over = mig__pace_over(&run->pace);
    if (run->fatal.code == MIG_OK && (mig_stop_level(run->options->observer.stop) > 0 || over != MIG_STOPPED_NOT)) {
        run->stopped = over != MIG_STOPPED_NOT ? over : MIG_STOPPED_ASKED;
        set_stopped(&run->fatal, run->stopped);
        run->stopping = true;
        mig__queue_stop(run->queue);
        pthread_cond_broadcast(&run->changed);
    }
    bool stopping = run->stopping;
    pthread_mutex_unlock(&run->lock);
    return stopping;
}

int mig__run_pass(mig__run *run, mig__bucket *bucket, uint64_t octets, mig_error *err)
{
    for (;;) {
        pthread_mutex_lock(&run->lock);
        int64_t ms = mig__bucket_take(bucket, octets, mig__now_seconds());
        pthread_mutex_unlock(&run->lock);
        if (ms == 0) {
            return 0;
        }
        if (mig__run_stopping(run)) {
            return mig_error_set(err, MIG_E_INTERRUPTED, "stopped");
        }
        mig__sleep_ms(ms < PASS_SLICE_MS ? ms : PASS_SLICE_MS);
    }
}

void mig__run_progress(mig__run *run)
{
    pthread_mutex_lock(&run->lock);
    run->last_progress_ms = mig__now_ms();
    pthread_mutex_unlock(&run->lock);
}

bool mig__run_wait(mig__run *run, mig_side side, const mig_error *error, unsigned attempt)
{
    mig__gate *gate = &run->sides[side].gate;
    if (mig__gate_weary(gate, error)) {
        return false;
    }
    pthread_mutex_lock(&run->lock);
    run->throttles++;
    pthread_mutex_unlock(&run->lock);
    mig__run_log(run, MIG_LOG_WARNING, NULL, 0, error, "the %s asks for a pause: %s",
                 side == MIG_SOURCE ? "source" : "target", error->server[0] != '\0' ? error->server : error->text);
    mig__gate_pause(gate, error, attempt);
    return true;
}

void mig__run_pause(mig__run *run, mig_side side, const mig_error *error, unsigned attempt)
{
    if (!mig__run_wait(run, side, error, attempt)) {
        mig__run_fail(run, error);
    }
}

/* ---- the way in ---- */

static bool is_stopping(void *context)
{
    const mig__run_gate *gate = context;
    return mig__run_stopping(gate->run);
}

static uint64_t progress_of(void *context)
{
    const mig__run_gate *gate = context;
    pthread_mutex_lock(&gate->run->lock);
    uint64_t progress = (uint64_t)gate->run->last_progress_ms;
    pthread_mutex_unlock(&gate->run->lock);
    return progress;
}

static void tell_waiting(const mig_error *error, void *context)
{
    const mig__run_gate *gate = context;
    if (error->code == MIG_E_UNAVAILABLE) {
        pthread_mutex_lock(&gate->run->lock);
        gate->run->throttles++;
        pthread_mutex_unlock(&gate->run->lock);
    }
    mig__run_log(gate->run, MIG_LOG_WARNING, NULL, 0, error, "%s is asked again: %s",
                 gate->run->sides[gate->side].label, error->text);
}

void mig__run_side_init(mig__run *run, mig_side which)
{
    const mig_copy_options *options = run->options;
    bool source = which == MIG_SOURCE;
    run->gates[which] = (mig__run_gate){run, which};
    const mig__account_options side = {.endpoint = source ? options->source : options->target,
                                       .provider = options->providers[which],
                                       .log = &options->observer.log,
                                       .stop = options->observer.stop,
                                       .meant = source ? &options->selection : NULL,
                                       .labels_as_keywords = source && options->selection.labels == MIG_LABELS_KEYWORD,
                                       .kept = options->effort.kept,
                                       .patience_ms = options->effort.patience_ms,
                                       .stopping = is_stopping,
                                       .progress = progress_of,
                                       .waiting = tell_waiting,
                                       .context = &run->gates[which]};
    mig__account_init(&run->sides[which], &side);
}

void mig__run_phase(mig__run *run, const char *phase)
{
    pthread_mutex_lock(&run->lock);
    run->phase = phase;
    pthread_mutex_unlock(&run->lock);
}

/* `event` has level, UID and text; what can act on a display is taken out of the text. */
static void write_event(const mig__run *run, const mig_log_event *event, const mig__folder_job *job,
                        const mig_error *error)
{
    const mig_log *log = &run->options->observer.log;
    char text[MIG_ERROR_TEXT + MIG_ERROR_SERVER + MIG_ERROR_HINT];
    if (log->write == NULL || event->level > log->level) {
        return;
    }
    mig__inert(event->text, strlen(event->text), text, sizeof text);
    mig_log_event out = *event;
    out.account = run->sides[MIG_SOURCE].label;
    out.folder = job != NULL ? job->source->name : NULL;
    out.code = error != NULL && error->code != MIG_OK ? mig_code_name(error->code) : NULL;
    out.text = text;
    log->write(&out, log->context);
}

void mig__run_log(const mig__run *run, mig_log_level level, const mig__folder_job *job, uint32_t uid,
                  const mig_error *error, const char *format, ...)
{
    const mig_log *log = &run->options->observer.log;
    if (log->write == NULL || level > log->level) {
        return;
    }
    char raw[MIG_ERROR_TEXT + MIG_ERROR_SERVER];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(raw, sizeof raw, format, arguments);
    va_end(arguments);
    if (length >= 0) {
        write_event(run, &(mig_log_event){.level = level, .uid = uid, .text = raw}, job, error);
    }
}

void mig__run_problem(mig__run *run, const mig__folder_job *job, uint32_t uid, bool failed, const mig_error *error)
{
    pthread_mutex_lock(&run->lock);
    mig__result_problem(run->account, job != NULL ? job->source->name : "", uid, failed, error);
    pthread_mutex_unlock(&run->lock);
    char line[MIG_ERROR_TEXT + MIG_ERROR_SERVER + MIG_ERROR_HINT];
    mig_log_event event = {.level = uid == 0 && failed ? MIG_LOG_ERROR : MIG_LOG_WARNING,
                           .uid = uid,
                           .text = mig_error_line(error, line, sizeof line),
                           .listed = true};
    write_event(run, &event, job, error);
}
