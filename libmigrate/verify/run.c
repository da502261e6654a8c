/*
 * verify/run.c - the story of a verification: state, login, lists, plan, scan, read, judge, and the record of it
 */
#include "base/clock.h"
#include "base/kept.h"
#include "base/memory.h"
#include "base/sized.h"
#include "mail/digest.h"
#include "state/selection.h"
#include "verify/job.h"
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int check_options(const mig_verify_options *options, mig_error *err)
{
    if (options->source == NULL || options->target == NULL) {
        return mig_error_set(err, MIG_E_USAGE, "source and target are needed");
    }
    if (options->state_path == NULL && options->against == MIG_AGAINST_RECORD) {
        return mig_error_set(err, MIG_E_USAGE, "without a state file there is nothing recorded to compare with");
    }
    if (options->sample < 0 || options->sample >= 100) {
        return mig_error_set(err, MIG_E_USAGE, "a sample is above 0 and below 100 percent");
    }
    return 0;
}

static bool is_stopping(void *context)
{
    return mig__verify_stopping(context);
}

static void init_side(mig__verify_run *run, mig_side which)
{
    const mig_verify_options *options = run->options;
    bool source = which == MIG_SOURCE;
    const mig__account_options side = {.endpoint = source ? options->source : options->target,
                                       .provider = options->providers[which],
                                       .log = &options->observer.log,
                                       .stop = options->observer.stop,
                                       .labels_as_keywords = source && options->selection.labels == MIG_LABELS_KEYWORD,
                                       .kept = options->effort.kept,
                                       .patience_ms = options->effort.patience_ms,
                                       .stopping = is_stopping,
                                       .context = run};
    mig__account_init(&run->sides[which], &side);
}

static int init(mig__verify_run *run, const mig_verify_options *options, mig_error *err)
{
    char host[256] = "";
    *run = (mig__verify_run){.options = options, .fatal = MIG_ERROR_INIT, .started = mig__now_seconds()};
    init_side(run, MIG_SOURCE);
    init_side(run, MIG_TARGET);
    pthread_mutex_init(&run->lock, NULL);
    mig__cond_init(&run->changed);
    run->result = calloc(1, sizeof *run->result);
    mig_verify_account *account = calloc(1, sizeof *account);
    if (run->result == NULL || account == NULL) {
        free(account);
        return mig_error_set(err, MIG_E_NOMEM, "out of memory");
    }
    (void)gethostname(host, sizeof host - 1);
    run->account = account;
    run->result->accounts = account;
    run->result->account_count = 1;
    run->result->depth = options->depth;
    run->result->against = options->against;
    run->result->sample = options->sample > 0 ? options->sample : 100;
    run->result->seed = options->seed;
    run->result->canonical_version = MIG__CANONICAL_VERSION;
    run->result->started = mig__wall_seconds();
    run->result->version = mig__strdup(MIG_VERSION);
    run->result->host = mig__strdup(host);
    account->source = mig__strdup(run->sides[MIG_SOURCE].label);
    account->target = mig__strdup(run->sides[MIG_TARGET].label);
    return run->result->version == NULL || run->result->host == NULL || account->source == NULL ||
                   account->target == NULL
               ? mig_error_set(err, MIG_E_NOMEM, "out of memory")
               : 0;
}

static int note_copy(const mig__state_run *recorded, void *context)
{
    mig_verify_account *account = context;
    bool nothing = recorded->copied == 0 && strcmp(recorded->status, mig_status_name(MIG_FAILED)) == 0;
    if (strcmp(recorded->verb, "copy") != 0 || recorded->ended == 0 || nothing) {
        return 0;
    }
    account->copied = recorded->ended;
    return 1;
}

static int check_state(const mig__verify_run *run, mig_error *err)
{
    const char *path = run->options->state_path;
    if (run->options->against == MIG_AGAINST_SOURCE || access(path, F_OK) == 0) {
        return 0;
    }
    mig_error_set(err, MIG_E_STATE, "there is no state file %s: nothing was copied with it", path);
    return mig_error_hint(err,
                          "name the copy's state file with --state, or compare both servers with --against source");
}

/* The record is read beside a copy that is running; then this verification is not entered into its audit trail. */
static int open_state(mig__verify_run *run, mig_error *err)
{
    const char *path = run->options->state_path;
    if (path == NULL || access(path, F_OK) != 0) {
        return 0;
    }
    run->state = mig__state_open(path, false, run->options->observer.stop, err);
    bool writable = run->state != NULL;
    if (!writable && (err->code == MIG_E_STATE_LOCKED || err->code == MIG_E_IO)) {
        run->state = mig__state_open(path, true, run->options->observer.stop, err);
    }
    if (run->state == NULL) {
        return -1;
    }
    if (writable) { /* opened for writing an unknown account would be made: ask first */
        mig__state *reading = mig__state_open(path, true, run->options->observer.stop, err);
        int64_t known = reading == NULL ? 0
                                        : mig__state_account(reading, run->sides[MIG_SOURCE].label,
                                                             run->sides[MIG_TARGET].label, err);
        if (reading != NULL) {
            mig__state_close(&reading, NULL);
        }
        if (known == 0 && run->options->against == MIG_AGAINST_RECORD) {
            return -1;
        }
    }
    run->state_account =
        mig__state_account(run->state, run->sides[MIG_SOURCE].label, run->sides[MIG_TARGET].label, err);
    if (run->state_account == 0 || mig__state_runs(run->state, run->state_account, note_copy, run->account, err) < 0) {
        return -1;
    }
    if (writable) {
        int64_t id = mig__state_run_begin(run->state, run->state_account, "verify", MIG_VERSION, err);
        run->account->run_id = id > 0 ? id : 0;
        return id > 0 ? mig__state_run_selection(run->state, id, &run->options->selection, err) : -1;
    }
    return 0;
}

static int read_state(void *context, mig_error *err)
{
    return open_state(context, err);
}

static void give_up(void *context, const mig_error *error)
{
    mig__verify_fail(context, error);
}

/* The target answers while the record is read and the source is asked. */
static int open_all(mig__verify_run *run, mig__session *sessions[2], mig_error *err)
{
    const mig__pair_opening how = {.patience = MIG__PATIENCE_FIRST,
                                   .without_source = run->options->against != MIG_AGAINST_SOURCE,
                                   .meanwhile = read_state,
                                   .failed = give_up,
                                   .context = run};
    return check_state(run, err) != 0 ? -1 : mig__pair_open(run->sides, &how, sessions, err);
}

/* As many as reading everything on record is worth: how much there really is, the scan will tell. */
static size_t recorded_connections(const mig__verify_run *run)
{
    uint64_t messages = 0, folders = 0;
    for (size_t i = 0; i < run->job_count; i++) {
        messages += run->jobs[i].recorded_count;
        folders += run->jobs[i].recorded_count > 0;
    }
    return mig__pool_connections(run->options->effort.connections, messages, folders);
}

/* Nothing on record is no proof of anything: a mailbox that was empty when it was copied has a copy on record. */
static int check_record(const mig__verify_run *run, mig_error *err)
{
    uint64_t messages = 0;
    for (size_t i = 0; i < run->job_count; i++) {
        messages += run->jobs[i].recorded_count + run->jobs[i].not_copied + (run->jobs[i].trouble != NULL);
    }
    if (run->options->against != MIG_AGAINST_RECORD || messages > 0 || run->account->copied != 0) {
        return 0;
    }
    mig_error_set(err, MIG_E_STATE, "the state %s has no copy of %s to %s that came to an end: nothing can be compared",
                  run->options->state_path, run->sides[MIG_SOURCE].label, run->sides[MIG_TARGET].label);
    return mig_error_hint(err, "copy first, or compare both servers with --against source");
}

static int work(mig__verify_run *run, mig_error *err)
{
    bool against_source = run->options->against == MIG_AGAINST_SOURCE;
    mig__session *sessions[2] = {NULL, NULL};
    int failed = open_all(run, sessions, err);
    mig__session *source = sessions[MIG_SOURCE], *target = sessions[MIG_TARGET];
    failed = failed != 0 ? failed : mig__verify_plan(run, err);
    failed = failed != 0 ? failed : check_record(run, err);
    mig__spares spares;
    bool early = failed == 0 && run->options->depth == MIG_DEPTH_FULL;
    mig__spares_begin(&spares, &run->sides[MIG_TARGET].gate, early ? recorded_connections(run) - 1 : 0);
    failed = failed != 0 ? failed : mig__verify_scan(run, &target, run->jobs, run->job_count, MIG_TARGET, err);
    if (failed == 0 && against_source) {
        failed = mig__verify_scan(run, &source, run->jobs, run->job_count, MIG_SOURCE, err);
    }
    if (failed != 0) {
        mig__spares_end(&spares);
        mig__gate_close(&run->sides[MIG_SOURCE].gate, &source);
        mig__gate_close(&run->sides[MIG_TARGET].gate, &target);
        return -1;
    }
    mig__verify_pass pass = {run->jobs, run->job_count, 0, &spares};
    if (run->options->depth == MIG_DEPTH_FULL) {
        pass.percent = run->result->sample;
    }
    mig__verify_read(run, &pass, source, target);
    mig__spares_end(&spares);
    if (mig__verify_stopping(run)) {
        return 0; /* the reason is known; half a comparison would only raise false alarms */
    }
    return mig__verify_judge(run, err);
}

/* ---- the end ---- */

static void sum_up(mig__verify_run *run)
{
    mig_verify_totals *totals = &run->result->totals;
    mig_verify_account *account = run->account;
    bool unread = false, differs = false;
    for (size_t i = 0; i < account->folder_count; i++) {
        const mig_verify_folder *folder = &account->folders[i];
        totals->messages += folder->messages;
        totals->found += folder->found;
        totals->read += folder->read;
        totals->bytes += folder->bytes;
        unread = unread || folder->error != NULL;
        for (int kind = 0; kind < MIG_FOUND_COUNT; kind++) {
            totals->counts[kind] += folder->counts[kind];
            differs = differs || (folder->counts[kind] > 0 && mig_found_grade((mig_found)kind) >= MIG_GRADE_DIFFERENCE);
        }
    }
    for (size_t i = 0; i < account->problem_count; i++) {
        unread = unread || account->problems[i].failed;
    }
    account->error = run->fatal;
    int exit_status = run->fatal.code != MIG_OK ? mig_code_exit_status(run->fatal.code) : unread || differs ? 1 : 0;
    account->status = exit_status == 130          ? MIG_INTERRUPTED
                      : run->fatal.code != MIG_OK ? MIG_FAILED
                      : unread                    ? MIG_PARTIAL
                                                  : MIG_COMPLETE;
    run->result->status = account->status;
    run->result->exit_status = exit_status;
    run->result->finished = mig__wall_seconds();
    totals->seconds = mig__now_seconds() - run->started;
    mig__stream_stats stats = {0};
    mig__pair_stats(run->sides, &stats);
    totals->round_trips = stats.waits;
    totals->bytes_in = stats.octets_in;
    totals->bytes_out = stats.octets_out;
    totals->peak_rss = mig__peak_memory();
}

/* Into the audit trail: that it was done, and what the roots were. */
static int record(mig__verify_run *run, mig_error *err)
{
    const mig_verify_account *account = run->account;
    if (run->state == NULL || account->run_id == 0) {
        return 0;
    }
    if (account->root[0] != '\0' &&
        mig__state_event(run->state, account->run_id, "merkle-root", 0, account->root, err) != 0) {
        return -1;
    }
    uint64_t bad = 0;
    for (int kind = 0; kind < MIG_FOUND_COUNT; kind++) {
        bad += mig_found_grade((mig_found)kind) == MIG_GRADE_DIFFERENCE ? run->result->totals.counts[kind] : 0;
    }
    return mig__state_run_end(run->state, account->run_id, mig_status_name(account->status), 0, bad,
                              run->result->totals.bytes, err);
}

void mig__verify_jobs_free(mig__verify_job **jobs, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        mig__verify_job *job = &(*jobs)[i];
        mig__error_forget(&job->error);
        mig__error_forget(&job->untold);
        free(job->source_name);
        free(job->target_name);
        free(job->source);
        free(job->target);
        mig__selected_free(&job->source_now);
        mig__selected_free(&job->target_now);
        for (int side = 0; side < 2; side++) {
            mig__uidset_free(&job->reads[side].todo);
            mig__uidset_free(&job->unreadable[side]);
        }
        free(job->recorded);
        free(job->trouble);
        free(job->found);
    }
    free(*jobs);
    *jobs = NULL;
}

static void free_run(mig__verify_run *run)
{
    mig__verify_jobs_free(&run->jobs, run->job_count);
    mig__verify_jobs_free(&run->others, run->other_count);
    mig__flag_pool_free(&run->flags);
    mig__account_clear(&run->sides[MIG_SOURCE]);
    mig__account_clear(&run->sides[MIG_TARGET]);
    mig__labels_free(&run->labels);
    pthread_cond_destroy(&run->changed);
    pthread_mutex_destroy(&run->lock);
}

mig_verify_result *mig_verify_run(const mig_verify_options *given, mig_error *err)
{
    mig_verify_options own;
    const mig_verify_options *options = &own;
    mig__verify_run run;
    if (mig__sized_take(&own, sizeof own, given, "mig_verify_options", err) != 0) {
        return NULL;
    }
    if (check_options(options, err) != 0) {
        return NULL;
    }
    if (init(&run, options, err) != 0) {
        mig_verify_result_free(&run.result);
        free_run(&run);
        return NULL;
    }
    mig_error error = MIG_ERROR_INIT;
    if (work(&run, &error) != 0) {
        mig__verify_fail(&run, &error);
    }
    sum_up(&run);
    if (record(&run, &error) != 0 || (run.state != NULL && mig__state_close(&run.state, &error) != 0)) {
        mig__verify_fail(&run, &error);
        run.account->error = run.fatal;
        run.result->exit_status = mig_exit_status_worse(run.result->exit_status, mig_code_exit_status(error.code));
    }
    free_run(&run);
    return run.result;
}
