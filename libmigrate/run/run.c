/*
 * run/run.c - the story of a run over many accounts: check all, decide, work on the largest first, sum up
 */
#include "base/buffer.h"
#include "base/clock.h"
#include "base/sized.h"
#include "base/thread.h"
#include "run/job.h"
#include <migrate/provider.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { HOST_CONNECTIONS = 64, MOST_JOBS = 256, MOST_UNASKED = 32, PROGRESS_MS = 200 };

/* ---- progress ---- */

static void count_job(mig_run_progress *progress, const mig__run_job *job)
{
    progress->waiting += job->out->state == MIG_RUN_WAITING;
    progress->running += job->out->state == MIG_RUN_RUNNING;
    progress->done += job->out->state == MIG_RUN_DONE;
    progress->failed += job->out->state == MIG_RUN_FAILED || job->out->state == MIG_RUN_SKIPPED;
    bool copying = job->out->state == MIG_RUN_RUNNING && job->shown.step == MIG_STEP_COPY;
    uint64_t done = job->out->copied + job->out->already, total = job->out->messages;
    if (copying) { /* what the copy does not have to do is done */
        uint64_t to_do = job->shown.messages_total;
        total = total > to_do ? total : to_do;
        done = to_do > 0 ? total - to_do + job->shown.messages_done : 0;
    }
    progress->messages_total += total;
    progress->messages_done += done < total ? done : total;
    progress->uncounted += total == 0 && job->out->state == MIG_RUN_WAITING;
    progress->bytes_done += copying ? job->shown.bytes_done : job->out->copied_bytes;
}

/* With the lock held: the workers wait for it no longer than a screen takes. */
static void show_progress(mig__crew *crew)
{
    const mig_run_options *options = crew->options;
    if (options->progress == NULL) {
        return;
    }
    mig_run_progress progress = {.accounts = crew->snapshot,
                                 .count = crew->job_count,
                                 .step = crew->round,
                                 .seconds = mig__now_seconds() - crew->started};
    for (size_t i = 0; i < crew->job_count; i++) {
        crew->snapshot[i] = crew->jobs[i].shown;
        crew->snapshot[i].state = crew->jobs[i].out->state;
        count_job(&progress, &crew->jobs[i]);
    }
    options->progress(&progress, options->progress_context);
}

/* ---- workers ---- */

static int wanted(const mig__crew *crew, const mig__run_job *job)
{
    if (crew->round == MIG_STEP_CHECK) {
        return 1;
    }
    return job->copy_options.effort.connections > 0 ? job->copy_options.effort.connections : MIG_DEFAULT_CONNECTIONS;
}

/* What the account kept since its check is part of what it gets: there is room for that at least. */
static int take_grant(mig__run_job *job, int most, size_t sharing)
{
    int kept = job->resting;
    mig__grant_rest(job->from, job->to, -kept);
    mig__grant_give(job->from, job->to, kept);
    job->resting = false;
    return mig__grant_take(job->from, job->to, most, sharing);
}

/* The connection of a check stays open for what comes next, where the hosts have room for idle ones. */
static bool rests(const mig__run_job *job)
{
    return job->out->state == MIG_RUN_WAITING && mig__grant_may_rest(job->from, job->to);
}

/* The next account whose hosts have room; NULL when none is left. With the lock held. */
static mig__run_job *take_job(mig__crew *crew, int *granted)
{
    while (crew->next < crew->queued) {
        size_t left = crew->queued - crew->next + crew->working;
        size_t sharing = crew->tempo.now < left ? crew->tempo.now : left;
        for (size_t i = crew->next; i < crew->queued && crew->working < crew->tempo.now; i++) {
            mig__run_job *job = crew->queue[i];
            *granted = take_grant(job, wanted(crew, job), sharing);
            if (*granted > 0) { /* one that has to wait for its host does not hold up the others */
                memmove(&crew->queue[crew->next + 1], &crew->queue[crew->next], (i - crew->next) * sizeof *crew->queue);
                crew->queue[crew->next++] = job;
                crew->working++;
                return job;
            }
        }
        pthread_cond_wait(&crew->changed, &crew->lock);
    }
    return NULL;
}

static void begin_job(mig__run_job *job)
{
    job->out->state = MIG_RUN_RUNNING;
    job->began = mig__now_seconds();
}

static void end_job(mig__crew *crew, mig__run_job *job)
{
    job->out->strain.queue_bytes = 0;
    job->out->seconds += mig__now_seconds() - job->began;
    job->shown.seconds = job->out->seconds;
    if (job->out->state == MIG_RUN_RUNNING) {
        bool more = crew->round == MIG_STEP_CHECK && (crew->steps & ~(unsigned)MIG_STEP_CHECK) != 0;
        job->out->state = more ? MIG_RUN_WAITING : MIG_RUN_DONE;
    }
}

static void skip(mig__run_job *job, mig_code code, const char *text)
{
    job->out->state = MIG_RUN_SKIPPED;
    mig_error_set(&job->out->error, code, "%s", text);
    mig_error_hint(&job->out->error, "nothing was written; run the same command again");
    snprintf(job->reason, sizeof job->reason, "%s", text);
    if (code == MIG_E_INTERRUPTED) {
        job->out->exit_status = mig_exit_status_worse(job->out->exit_status, mig_code_exit_status(code));
    }
}

static void do_job(mig__crew *crew, mig__run_job *job, int granted)
{
    if (job->in.unfit != NULL) {
        mig__run_fail_job(job, job->in.unfit, mig_code_exit_status(job->in.unfit->code));
    } else if (crew->round == MIG_STEP_CHECK) {
        mig__run_check(job, granted);
    } else {
        mig__run_work(job, granted);
    }
}

/* How fast it goes says how many accounts there should be at once. */
static void judge_tempo(mig__crew *crew, mig__run_job *job)
{
    const mig_run_account_result *out = job->out;
    size_t before = crew->tempo.now;
    bool check = crew->round == MIG_STEP_CHECK;
    unsigned complaints = job->kept != NULL ? mig_kept_complaints(job->kept) : 0;
    mig__tempo_add(&crew->tempo, check ? 0 : out->copied_bytes, check ? 0 : out->copied + out->verified,
                   complaints - job->complaints, mig__now_seconds());
    job->complaints = complaints;
    const mig_log *log = &crew->options->observer.log;
    if (crew->tempo.now != before && log->write != NULL && log->level >= MIG_LOG_INFO) {
        char text[64];
        snprintf(text, sizeof text, "accounts at once: %zu, before that %zu", crew->tempo.now, before);
        const mig_log_event event = {.level = MIG_LOG_INFO, .text = text};
        log->write(&event, log->context);
    }
}

static void *worker(void *argument)
{
    mig__crew *crew = argument;
    pthread_mutex_lock(&crew->lock);
    for (;;) {
        int granted = 0;
        mig__run_job *job = take_job(crew, &granted);
        if (job == NULL) {
            break;
        }
        if (mig_stop_level(crew->options->observer.stop) > 0) {
            skip(job, MIG_E_INTERRUPTED, "stopped before this account's turn");
        } else {
            begin_job(job);
            pthread_mutex_unlock(&crew->lock);
            do_job(crew, job, granted);
            pthread_mutex_lock(&crew->lock);
            end_job(crew, job);
            judge_tempo(crew, job);
        }
        if (granted == 1 && rests(job)) {
            mig__grant_rest(job->from, job->to, 1);
            job->resting = true;
        } else {
            mig_kept_free(&job->kept);
            mig__grant_give(job->from, job->to, granted);
        }
        crew->working--;
        pthread_cond_broadcast(&crew->changed);
    }
    crew->workers--;
    pthread_cond_broadcast(&crew->changed);
    pthread_mutex_unlock(&crew->lock);
    return NULL;
}

/* All of the queue, several at once. 0, or -1 with MIG_E_NOMEM when not even one thread could be started. */
static int do_round(mig__crew *crew, mig_error *err)
{
    pthread_t threads[MOST_JOBS];
    size_t count = 0;
    int jobs = crew->options->jobs > 0 ? crew->options->jobs : MOST_UNASKED;
    size_t most = (size_t)(jobs < MOST_JOBS ? jobs : MOST_JOBS);
    most = most < crew->queued ? most : crew->queued;
    pthread_mutex_lock(&crew->lock);
    crew->next = 0;
    crew->workers = most;
    mig__tempo_begin(&crew->tempo, crew->options->jobs, most, mig__now_seconds());
    pthread_mutex_unlock(&crew->lock);
    while (count < most && mig__thread_start(&threads[count], worker, crew, err) == 0) {
        count++;
    }
    pthread_mutex_lock(&crew->lock);
    crew->workers -= most - count;
    int64_t shown = 0;
    while (crew->workers > 0) {
        if (mig__now_ms() - shown >= PROGRESS_MS) {
            show_progress(crew);
            shown = mig__now_ms();
        }
        mig__cond_wait_ms(&crew->changed, &crew->lock, PROGRESS_MS);
    }
    show_progress(crew);
    pthread_mutex_unlock(&crew->lock);
    for (size_t i = 0; i < count; i++) {
        pthread_join(threads[i], NULL);
    }
    return count > 0 || most == 0 ? 0 : -1;
}

/* ---- the rounds ---- */

static int heavier(const void *a, const void *b)
{
    const mig__run_job *const *x = a, *const *y = b;
    if ((*x)->weight != (*y)->weight) {
        return (*x)->weight < (*y)->weight ? 1 : -1;
    }
    return *x < *y ? -1 : 1; /* the order given */
}

static void queue_waiting(mig__crew *crew)
{
    crew->queued = 0;
    for (size_t i = 0; i < crew->job_count; i++) {
        if (crew->jobs[i].out->state == MIG_RUN_WAITING) {
            crew->queue[crew->queued++] = &crew->jobs[i];
        }
    }
    qsort(crew->queue, crew->queued, sizeof *crew->queue, heavier);
}

/* Nothing is written when any account failed the check, unless the others are to go on. */
static void decide(mig__crew *crew)
{
    bool failed = false;
    for (size_t i = 0; i < crew->job_count; i++) {
        failed = failed || crew->jobs[i].out->state == MIG_RUN_FAILED;
    }
    for (size_t i = 0; failed && !crew->options->keep_going && i < crew->job_count; i++) {
        if (crew->jobs[i].out->state == MIG_RUN_WAITING) {
            skip(&crew->jobs[i], MIG_E_REFUSED, "not begun, because another account failed the check");
            mig_error_hint(&crew->jobs[i].out->error, "fix that account, or use --keep-going");
        }
    }
}

static int work(mig__crew *crew, mig_error *err)
{
    if ((crew->steps & MIG_STEP_CHECK) != 0) {
        crew->round = MIG_STEP_CHECK;
        queue_waiting(crew);
        if (do_round(crew, err) != 0) {
            return -1;
        }
        decide(crew);
    }
    unsigned rest = crew->steps & ~(unsigned)MIG_STEP_CHECK;
    if (rest == 0) {
        return 0;
    }
    crew->round = (rest & MIG_STEP_VERIFY) != 0 ? MIG_STEP_VERIFY
                  : (rest & MIG_STEP_COPY) != 0 ? MIG_STEP_COPY
                  : rest == MIG_STEP_FILTERS    ? MIG_STEP_FILTERS
                                                : MIG_STEP_INVENTORY;
    queue_waiting(crew);
    return do_round(crew, err);
}

/* ---- beginning and end ---- */

static mig__host *find_host(mig__crew *crew, const mig_endpoint *endpoint, mig_error *err)
{
    char *key = mig__host_key(endpoint);
    if (key == NULL) {
        mig_error_set(err, MIG_E_NOMEM, "out of memory");
        return NULL;
    }
    for (size_t i = 0; i < crew->host_count; i++) {
        if (strcmp(crew->hosts[i].key, key) == 0) {
            free(key);
            return &crew->hosts[i];
        }
    }
    int limit = crew->options->host_connections;
    crew->hosts[crew->host_count] = (mig__host){.key = key, .limit = limit > 0 ? limit : HOST_CONNECTIONS};
    return &crew->hosts[crew->host_count++];
}

/* The account at `i`, whose size is the caller's. */
static int take_account(mig__run_job *job, const mig_run_options *options, size_t i, mig_error *err)
{
    static const mig_verify_options usual = MIG_VERIFY_OPTIONS_INIT;
    const char *given = (const char *)options->accounts + i * options->accounts[0].size;
    if (mig__sized_take(&job->in, sizeof job->in, given, "mig_run_account", err) != 0) {
        return -1;
    }
    if (job->in.copy == NULL) {
        return mig_error_set(err, MIG_E_USAGE, "account %zu has no options", i + 1);
    }
    const mig_verify_options *verify = job->in.verify != NULL ? job->in.verify : &usual;
    return mig__sized_take(&job->copy_options, sizeof job->copy_options, job->in.copy, "mig_copy_options", err) != 0
               ? -1
               : mig__sized_take(&job->verify_options, sizeof job->verify_options, verify, "mig_verify_options", err);
}

static int init_job(mig__crew *crew, size_t i, mig_error *err)
{
    mig__run_job *job = &crew->jobs[i];
    const mig_copy_options *copy = &job->copy_options;
    char label[320] = "";
    job->out = &crew->result->accounts[i];
    job->crew = crew;
    if (take_account(job, crew->options, i, err) != 0) {
        return -1;
    }
    mig_provider_bound(&job->copy_options, mig_provider_of(copy->providers[MIG_SOURCE], copy->source),
                       mig_provider_of(copy->providers[MIG_TARGET], copy->target));
    if (copy->source == NULL) {
        return mig_error_set(err, MIG_E_USAGE, "account %zu has no source", i + 1);
    }
    mig_endpoint_label(copy->source, job->label, sizeof job->label);
    if (copy->target != NULL) {
        mig_endpoint_label(copy->target, label, sizeof label);
    } else if ((crew->steps & (MIG_STEP_COPY | MIG_STEP_VERIFY | MIG_STEP_FILTERS)) != 0) {
        return mig_error_set(err, MIG_E_USAGE, "%s has no target", job->label);
    }
    job->shown = (mig_run_account_progress){.account = job->label,
                                            .phase = job->phase,
                                            .folder = job->folder,
                                            .reason = job->reason,
                                            .state_path = copy->state_path,
                                            .so_far = job->out};
    job->out->dry_run = copy->dry_run && (crew->steps & (MIG_STEP_COPY | MIG_STEP_FILTERS)) != 0;
    job->out->error = (mig_error)MIG_ERROR_INIT;
    job->out->source = mig__strdup(job->label);
    job->out->target = mig__strdup(label);
    if (job->out->source == NULL || job->out->target == NULL) {
        return mig_error_set(err, MIG_E_NOMEM, "out of memory");
    }
    job->from = find_host(crew, copy->source, err);
    job->to = copy->target == NULL ? NULL : find_host(crew, copy->target, err);
    return job->from == NULL || (copy->target != NULL && job->to == NULL) ? -1 : 0;
}

static int init(mig__crew *crew, const mig_run_options *options, mig_error *err)
{
    size_t count = options->account_count > 0 ? options->account_count : 1;
    *crew = (mig__crew){.options = options, .started = mig__now_seconds(), .steps = options->steps};
    crew->steps = crew->steps != 0 ? crew->steps : MIG_STEP_CHECK | MIG_STEP_COPY | MIG_STEP_VERIFY;
    pthread_mutex_init(&crew->lock, NULL);
    mig__cond_init(&crew->changed);
    crew->result = calloc(1, sizeof *crew->result);
    crew->jobs = calloc(count, sizeof *crew->jobs);
    crew->queue = calloc(count, sizeof *crew->queue);
    crew->hosts = calloc(2 * count, sizeof *crew->hosts);
    crew->snapshot = calloc(count, sizeof *crew->snapshot);
    if (crew->result != NULL) {
        crew->result->accounts = calloc(count, sizeof *crew->result->accounts);
    }
    if (crew->result == NULL || crew->jobs == NULL || crew->queue == NULL || crew->hosts == NULL ||
        crew->snapshot == NULL || crew->result->accounts == NULL) {
        return mig_error_set(err, MIG_E_NOMEM, "out of memory");
    }
    crew->result->started = mig__wall_seconds();
    crew->result->steps = crew->steps;
    crew->result->account_count = options->account_count;
    for (size_t i = 0; i < options->account_count; i++) {
        if (init_job(crew, i, err) != 0) {
            return -1;
        }
        crew->job_count++;
    }
    return 0;
}

/* The step's results of all accounts become one, in the order given. */
static int gather(mig__crew *crew, mig_error *err)
{
    mig_run_result *result = crew->result;
    for (size_t i = 0; i < crew->job_count; i++) {
        mig__run_job *job = &crew->jobs[i];
        mig_inventory_result **stock = job->inventory != NULL ? &job->inventory : &job->check;
        bool only_check = (crew->steps & MIG_STEP_INVENTORY) == 0;
        if (*stock != NULL && (job->inventory != NULL || only_check || job->out->state == MIG_RUN_FAILED)) {
            if (result->inventory == NULL) {
                result->inventory = *stock;
                *stock = NULL;
            } else if (mig_inventory_result_join(result->inventory, stock, err) != 0) {
                return -1;
            }
        }
        if (job->copy != NULL && result->copy == NULL) {
            result->copy = job->copy;
            job->copy = NULL;
        } else if (job->copy != NULL && mig_copy_result_join(result->copy, &job->copy, err) != 0) {
            return -1;
        }
        if (job->verify != NULL && result->verify == NULL) {
            result->verify = job->verify;
            job->verify = NULL;
        } else if (job->verify != NULL && mig_verify_result_join(result->verify, &job->verify, err) != 0) {
            return -1;
        }
    }
    return 0;
}

static void sum_up(mig__crew *crew)
{
    mig_run_result *result = crew->result;
    size_t bad = 0;
    for (size_t i = 0; i < result->account_count; i++) {
        const mig_run_account_result *account = &result->accounts[i];
        result->exit_status = mig_exit_status_worse(result->exit_status, account->exit_status);
        bad += account->state != MIG_RUN_DONE;
    }
    result->status = result->exit_status == 130                ? MIG_INTERRUPTED
                     : bad == 0 && result->exit_status == 0    ? MIG_COMPLETE
                     : bad == result->account_count && bad > 0 ? MIG_FAILED
                                                               : MIG_PARTIAL;
    result->finished = mig__wall_seconds();
    result->seconds = mig__now_seconds() - crew->started;
}

static void free_crew(mig__crew *crew)
{
    for (size_t i = 0; crew->jobs != NULL && i < crew->options->account_count; i++) {
        mig_inventory_result_free(&crew->jobs[i].check);
        mig_inventory_result_free(&crew->jobs[i].inventory);
        mig_copy_result_free(&crew->jobs[i].copy);
        mig_verify_result_free(&crew->jobs[i].verify);
        mig_kept_free(&crew->jobs[i].kept);
    }
    for (size_t i = 0; i < crew->host_count; i++) {
        free(crew->hosts[i].key);
    }
    free(crew->hosts);
    free(crew->jobs);
    free(crew->queue);
    free(crew->snapshot);
    pthread_cond_destroy(&crew->changed);
    pthread_mutex_destroy(&crew->lock);
}

mig_run_result *mig_run(const mig_run_options *given, mig_error *err)
{
    mig__crew crew;
    mig_run_options options;
    mig_run_result *result = NULL;
    if (mig__sized_take(&options, sizeof options, given, "mig_run_options", err) != 0) {
        return NULL;
    }
    if ((options.steps & MIG_STEP_DOMAIN) != 0) {
        mig_error_set(err, MIG_E_USAGE, "the step domain is about names, not accounts: mig_domain_look does it");
        return NULL;
    }
    if (init(&crew, &options, err) == 0 && work(&crew, err) == 0 && gather(&crew, err) == 0) {
        sum_up(&crew);
        result = crew.result;
        crew.result = NULL;
    }
    mig_run_result_free(&crew.result);
    free_crew(&crew);
    return result;
}

void mig_run_result_free(mig_run_result **pointer)
{
    mig_run_result *result = *pointer;
    *pointer = NULL;
    if (result == NULL) {
        return;
    }
    for (size_t i = 0; result->accounts != NULL && i < result->account_count; i++) {
        free(result->accounts[i].source);
        free(result->accounts[i].target);
        mig_filters_result_free(&result->accounts[i].filters);
    }
    free(result->accounts);
    mig_inventory_result_free(&result->inventory);
    mig_copy_result_free(&result->copy);
    mig_verify_result_free(&result->verify);
    free(result);
}
