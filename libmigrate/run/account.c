/* run/account.c - the steps of one account */
#include "run/job.h"
#include "run/mend.h"
#include "base/clock.h"
#include <stdio.h>

void mig__run_step(mig__run_job *job, unsigned step)
{
    pthread_mutex_lock(&job->crew->lock);
    job->out->step = step;
    job->out->strain.queue_bytes = 0;
    job->before = job->out->strain;
    job->shown = (mig_run_account_progress){.account = job->label,
                                            .state = MIG_RUN_RUNNING,
                                            .step = step,
                                            .phase = job->phase,
                                            .folder = job->folder,
                                            .reason = job->reason,
                                            .seconds = job->shown.seconds,
                                            .state_path = job->copy_options.state_path,
                                            .so_far = job->out};
    snprintf(job->phase, sizeof job->phase, "connecting");
    job->folder[0] = '\0';
    pthread_mutex_unlock(&job->crew->lock);
}

void mig__run_fail_job(mig__run_job *job, const mig_error *error, int exit_status)
{
    char line[MIG_ERROR_TEXT + MIG_ERROR_SERVER + MIG_ERROR_HINT];
    pthread_mutex_lock(&job->crew->lock);
    job->out->state = MIG_RUN_FAILED;
    job->out->error = *error;
    job->out->exit_status = mig_exit_status_worse(job->out->exit_status, exit_status);
    snprintf(job->reason, sizeof job->reason, "%s", mig_error_line(error, line, sizeof line));
    pthread_mutex_unlock(&job->crew->lock);
}

static mig_strain add_strain(const mig_strain *before, const mig_strain *now)
{
    return (mig_strain){.queue_bytes = now->queue_bytes,
                        .reconnects = before->reconnects + now->reconnects,
                        .throttles = before->throttles + now->throttles,
                        .commits = before->commits + now->commits,
                        .commit_seconds = before->commit_seconds + now->commit_seconds};
}

static void on_progress(const mig_progress *progress, void *context)
{
    mig__run_job *job = context;
    pthread_mutex_lock(&job->crew->lock);
    snprintf(job->phase, sizeof job->phase, "%s", progress->phase);
    snprintf(job->folder, sizeof job->folder, "%s", progress->folder != NULL ? progress->folder : "");
    job->shown.messages_total = progress->messages_total;
    job->shown.messages_done = progress->messages_done;
    job->shown.bytes_done = progress->bytes_done;
    job->shown.failed = progress->failed;
    job->out->strain = add_strain(&job->before, &progress->strain);
    job->shown.seconds = mig__now_seconds() - job->began;
    pthread_mutex_unlock(&job->crew->lock);
}

/* The run's log and stop; progress comes here. */
static mig_observer observer_of(mig__run_job *job)
{
    mig_observer observer = job->crew->options->observer;
    observer.progress = on_progress;
    observer.context = job;
    return observer;
}

/* One step opens connections for the next one. Without memory to keep any each opens its own. */
static mig_effort effort_of(mig__run_job *job, int connections)
{
    mig_effort effort = job->copy_options.effort;
    if (job->kept == NULL) {
        job->kept = mig_kept_new(MIG_MOST_CONNECTIONS, NULL);
    }
    effort.connections = connections;
    effort.kept = effort.kept != NULL ? effort.kept : job->kept;
    return effort;
}

/* ---- check and inventory ---- */

static mig_inventory_result *take_stock(mig__run_job *job, mig_inventory_depth depth, mig_error *err)
{
    const mig_copy_options *copy = &job->copy_options;
    mig_inventory_options options = {.size = sizeof options,
                                     .source = copy->source,
                                     .target = copy->target,
                                     .state_path = copy->state_path,
                                     .selection = copy->selection,
                                     .providers = {copy->providers[MIG_SOURCE], copy->providers[MIG_TARGET]},
                                     .effort = effort_of(job, copy->effort.connections),
                                     .observer = observer_of(job),
                                     .max_rate = copy->max_rate,
                                     .daily_limit = copy->daily_limit,
                                     .depth = depth,
                                     .force = copy->force,
                                     .untouched = copy->dry_run,
                                     .scan = copy->scan};
    return mig_inventory_run(&options, err);
}

/* What ended a step early, if anything did: it ends the account. */
static bool ended(mig__run_job *job, const mig_error *error, int exit_status)
{
    if (error->code == MIG_OK) {
        pthread_mutex_lock(&job->crew->lock);
        job->out->exit_status = mig_exit_status_worse(job->out->exit_status, exit_status);
        pthread_mutex_unlock(&job->crew->lock);
        return false;
    }
    mig__run_fail_job(job, error, exit_status);
    return true;
}

static void take_sizes(mig__run_job *job, const mig_inventory_account *account)
{
    pthread_mutex_lock(&job->crew->lock);
    job->out->messages = account->messages;
    job->out->bytes = account->bytes;
    pthread_mutex_unlock(&job->crew->lock);
}

void mig__run_check(mig__run_job *job, int connections)
{
    mig_error error = MIG_ERROR_INIT;
    (void)connections; /* one a side */
    mig__run_step(job, MIG_STEP_CHECK);
    job->check = take_stock(job, MIG_INVENTORY_CHECK, &error);
    if (job->check == NULL) {
        mig__run_fail_job(job, &error, mig_code_exit_status(error.code));
        return;
    }
    const mig_inventory_account *account = &job->check->accounts[0];
    take_sizes(job, account);
    job->weight = account->bytes + account->messages * MIG__MESSAGE_OCTETS;
    if (account->status == MIG_FAILED || account->status == MIG_INTERRUPTED) {
        ended(job, &account->error, job->check->exit_status);
    }
}

static bool take_inventory(mig__run_job *job)
{
    mig_error error = MIG_ERROR_INIT;
    mig__run_step(job, MIG_STEP_INVENTORY);
    job->inventory = take_stock(job, job->copy_options.dry_run ? MIG_INVENTORY_FULL : job->in.depth, &error);
    if (job->inventory == NULL) {
        mig__run_fail_job(job, &error, mig_code_exit_status(error.code));
        return false;
    }
    take_sizes(job, &job->inventory->accounts[0]);
    if (job->copy_options.dry_run) {
        job->out->to_copy = job->inventory->accounts[0].forecast.left_messages;
        job->out->to_copy_bytes = job->inventory->accounts[0].forecast.left_bytes;
    }
    return !ended(job, &job->inventory->accounts[0].error, job->inventory->exit_status);
}

/* ---- copy ---- */

static void sum_copy(mig__run_job *job)
{
    const mig_totals *totals = &job->copy->totals;
    mig_run_account_result *out = job->out;
    pthread_mutex_lock(&job->crew->lock);
    out->messages = totals->messages;
    out->copied += totals->copied;
    out->mended += totals->mended;
    out->already = totals->already + totals->adopted + totals->moved;
    out->copied_bytes += totals->bytes;
    out->failed = totals->failed;
    for (size_t i = 0; job->copy->dry_run && i < job->copy->accounts[0].folder_count; i++) {
        out->folders_to_make += job->copy->accounts[0].folders[i].to_make;
    }
    pthread_mutex_unlock(&job->crew->lock);
}

static bool copy(mig__run_job *job, int connections)
{
    mig_error error = MIG_ERROR_INIT;
    mig_copy_options options = job->copy_options;
    options.effort = effort_of(job, connections);
    options.observer = observer_of(job);
    for (int passes = job->crew->options->final_passes, pass = 1;; pass++) {
        mig__run_step(job, MIG_STEP_COPY);
        mig_copy_result_free(&job->copy);
        job->copy = pass == 1 && job->in.mend.wanted ? mig_mend_run(&options, &job->in.mend, &error)
                                                     : mig_copy_run(&options, &error);
        if (job->copy == NULL) {
            mig__run_fail_job(job, &error, mig_code_exit_status(error.code));
            return false;
        }
        sum_copy(job);
        const mig_account_result *account = &job->copy->accounts[0];
        if (pass >= passes || account->quiet != MIG_QUIET_NO || account->error.code != MIG_OK) {
            break;
        }
    }
    return !ended(job, &job->copy->accounts[0].error, job->copy->exit_status);
}

/* ---- verify ---- */

static void sum_verify(mig__run_job *job)
{
    const mig_verify_totals *totals = &job->verify->totals;
    mig_run_account_result *out = job->out;
    pthread_mutex_lock(&job->crew->lock);
    out->verified = totals->counts[MIG_FOUND_IDENTICAL] + totals->counts[MIG_FOUND_PRESENT];
    out->stored_differently = totals->counts[MIG_FOUND_STORED_DIFFERENTLY];
    out->differences = out->unproven = 0;
    for (int kind = 0; kind < MIG_FOUND_COUNT; kind++) {
        out->differences += mig_found_grade((mig_found)kind) == MIG_GRADE_DIFFERENCE ? totals->counts[kind] : 0;
        out->unproven += mig_found_grade((mig_found)kind) == MIG_GRADE_UNPROVEN ? totals->counts[kind] : 0;
    }
    pthread_mutex_unlock(&job->crew->lock);
}

/* `last`: what it finds is the account's; else something follows that may put it right. */
static bool verify(mig__run_job *job, int connections, bool last)
{
    mig_error error = MIG_ERROR_INIT;
    mig_verify_options options = mig__verify_as_copied(&job->verify_options, &job->copy_options);
    options.effort = effort_of(job, connections);
    options.observer = observer_of(job);
    mig__run_step(job, MIG_STEP_VERIFY);
    mig_verify_result_free(&job->verify);
    job->verify = mig_verify_run(&options, &error);
    if (job->verify == NULL) {
        mig__run_fail_job(job, &error, mig_code_exit_status(error.code));
        return false;
    }
    sum_verify(job);
    const mig_error *failed = &job->verify->accounts[0].error;
    return !ended(job, failed, last || failed->code != MIG_OK ? job->verify->exit_status : 0);
}

/* What was found is sent again, and looked at once more. */
static void mend(mig__run_job *job, int connections)
{
    mig_error error = MIG_ERROR_INIT;
    mig_mend list = MIG_MEND_INIT;
    mig_copy_options options = job->copy_options;
    if (mig_mend_take(&list, &job->verify->accounts[0], MIG_MEND_ALL, &error) != 0) {
        mig__run_fail_job(job, &error, mig_code_exit_status(error.code));
        return;
    }
    if (list.count == 0) {
        ended(job, &error, job->verify->exit_status);
        return;
    }
    list.replace = job->in.replace;
    options.mend = &list;
    options.effort = effort_of(job, connections);
    options.observer = observer_of(job);
    mig__run_step(job, MIG_STEP_MEND);
    mig_copy_result *result = mig_copy_run(&options, &error);
    mig_mend_clear(&list);
    if (result == NULL) {
        mig__run_fail_job(job, &error, mig_code_exit_status(error.code));
        return;
    }
    pthread_mutex_lock(&job->crew->lock);
    job->out->mended += result->totals.mended;
    pthread_mutex_unlock(&job->crew->lock);
    bool over = ended(job, &result->accounts[0].error, result->exit_status);
    mig_copy_result_free(&result);
    if (!over) {
        verify(job, connections, true);
    }
}

/* ---- filters ---- */

static void carry_filters(mig__run_job *job)
{
    mig_error error = MIG_ERROR_INIT;
    mig_filters_options options = *job->in.filters;
    const mig_observer observer = observer_of(job);
    options.verb = MIG_FILTERS_COPY;
    options.names = job->crew->options->names;
    options.log = observer.log;
    options.stop = observer.stop;
    mig__run_step(job, MIG_STEP_FILTERS);
    mig_filters_result *result = mig_filters_run(&options, &error);
    if (result == NULL) {
        mig__run_fail_job(job, &error, mig_code_exit_status(error.code));
        return;
    }
    pthread_mutex_lock(&job->crew->lock);
    job->out->filters = result;
    pthread_mutex_unlock(&job->crew->lock);
    ended(job, &result->error, result->exit_status);
}

/* ---- the steps in their order ---- */

/* False: the account has ended. */
static bool work_on_mail(mig__run_job *job, int connections)
{
    unsigned steps = job->crew->steps;
    /* A dry run tells what there is to do: sizes, room and time are what taking stock finds out. */
    bool dry = job->copy_options.dry_run && (steps & MIG_STEP_COPY) != 0;
    if (((steps & MIG_STEP_INVENTORY) != 0 || dry) && !take_inventory(job)) {
        return false;
    }
    if ((steps & MIG_STEP_COPY) != 0 && !copy(job, connections)) {
        return false;
    }
    bool mends = (steps & MIG_STEP_MEND) != 0;
    if ((steps & (MIG_STEP_VERIFY | MIG_STEP_MEND)) == 0 || job->copy_options.dry_run) {
        return true;
    }
    if (!verify(job, connections, !mends)) {
        return false;
    }
    if (mends) {
        mend(job, connections);
    }
    return job->out->state != MIG_RUN_FAILED;
}

/* Filters go by folders, so the folders come first. */
void mig__run_work(mig__run_job *job, int connections)
{
    if (work_on_mail(job, connections) && (job->crew->steps & MIG_STEP_FILTERS) != 0 && job->in.filters != NULL) {
        carry_filters(job);
    }
}
