/*
 * verify/run.c - the story of a verification: state, login, lists, plan, scan, read, judge, and the record of it
 */
#include "base/clock.h"
#include "base/memory.h"
#include "base/thread.h"
#include "mail/digest.h"
#include "account/listing.h"
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

static void init_gate(mig__verify_run *run, mig_side side)
{
    const mig_verify_options *options = run->options;
    mig__gate_options gate = {
        .session = {.endpoint = side == MIG_SOURCE ? options->source : options->target,
                    .stop = options->observer.stop,
                    .log = &options->observer.log,
                    .account = side == MIG_SOURCE ? run->source_label : run->target_label,
                    .labels_as_keywords = side == MIG_SOURCE && options->selection.labels == MIG_LABELS_KEYWORD},
        .patience_ms = options->effort.patience_ms,
        .stopping = is_stopping,
        .context = run};
    mig__gate_init(&run->gates[side], &gate);
}

static int init(mig__verify_run *run, const mig_verify_options *options, mig_error *err)
{
    char host[256] = "";
    *run = (mig__verify_run){.options = options, .fatal = MIG_ERROR_INIT, .started = mig__now_seconds()};
    mig_endpoint_label(options->source, run->source_label, sizeof run->source_label);
    mig_endpoint_label(options->target, run->target_label, sizeof run->target_label);
    init_gate(run, MIG_SOURCE);
    init_gate(run, MIG_TARGET);
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
    account->source = mig__strdup(run->source_label);
    account->target = mig__strdup(run->target_label);
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
        int64_t known = reading == NULL ? 0 : mig__state_account(reading, run->source_label, run->target_label, err);
        if (reading != NULL) {
            mig__state_close(&reading, NULL);
        }
        if (known == 0 && run->options->against == MIG_AGAINST_RECORD) {
            return -1;
        }
    }
    run->state_account = mig__state_account(run->state, run->source_label, run->target_label, err);
    if (run->state_account == 0 || mig__state_runs(run->state, run->state_account, note_copy, run->account, err) < 0) {
        return -1;
    }
    if (writable) {
        int64_t id = mig__state_run_begin(run->state, run->state_account, "verify", MIG_VERSION, err);
        run->account->run_id = id > 0 ? id : 0;
        return id > 0 ? 0 : -1;
    }
    return 0;
}

typedef struct side_start {
    mig__verify_run *run;
    mig_side side;
    mig__mailbox_list *list;
    mig__session *session;
    mig_error error;
    int failed;
} side_start;

static void *open_side(void *argument)
{
    side_start *start = argument;
    mig__verify_run *run = start->run;
    start->failed = -1;
    if ((start->session = mig__gate_open(&run->gates[start->side], MIG__PATIENCE_FIRST, &start->error)) != NULL) {
        start->failed =
            mig__listing(&run->gates[start->side], &start->session, false, NULL, start->list, &start->error);
        if (start->failed != 0) {
            mig_error_context(&start->error, "listing the mailboxes of %s",
                              start->side == MIG_SOURCE ? run->source_label : run->target_label);
        } else {
            mig__profile_find(&run->profiles[start->side], run->options->providers[start->side],
                              start->side == MIG_SOURCE ? run->options->source : run->options->target, start->session);
        }
    }
    return NULL;
}

/* The target answers while the record is read and the source is asked. */
static int open_all(mig__verify_run *run, mig__session **source, mig__session **target, mig_error *err)
{
    side_start from = {.run = run, .side = MIG_SOURCE, .list = &run->source_list};
    side_start to = {.run = run, .side = MIG_TARGET, .list = &run->target_list};
    pthread_t thread;
    if (check_state(run, err) != 0) {
        return -1;
    }
    if (mig__thread_start(&thread, open_side, &to, err) != 0) {
        return -1;
    }
    int failed = open_state(run, err);
    if (failed == 0 && run->options->against == MIG_AGAINST_SOURCE) {
        open_side(&from);
    } else if (failed != 0) {
        mig__verify_fail(run, err); /* nobody needs to wait for the target */
    }
    pthread_join(thread, NULL);
    *source = from.session;
    *target = to.session;
    if (failed == 0 && (to.failed != 0 || from.failed != 0)) {
        *err = to.failed != 0 ? to.error : from.error;
        failed = -1;
    }
    return failed;
}

/* As many as reading everything on record is worth: how much there really is, the scan will tell. */
static size_t recorded_connections(const mig__verify_run *run)
{
    uint64_t messages = 0, folders = 0;
    for (size_t i = 0; i < run->job_count; i++) {
        messages += run->jobs[i].recorded_count;
        folders += run->jobs[i].recorded_count > 0;
    }
    return mig__verify_connections(run, messages, folders);
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
                  run->options->state_path, run->source_label, run->target_label);
    return mig_error_hint(err, "copy first, or compare both servers with --against source");
}

static int work(mig__verify_run *run, mig_error *err)
{
    bool against_source = run->options->against == MIG_AGAINST_SOURCE;
    mig__session *source = NULL, *target = NULL;
    int failed = open_all(run, &source, &target, err);
    if (failed == 0) {
        run->target_utf8 = mig__session_utf8_names(target);
        failed = mig__verify_plan(run, err);
    }
    failed = failed != 0 ? failed : check_record(run, err);
    mig__spares spares;
    bool early = failed == 0 && run->options->depth == MIG_DEPTH_FULL;
    mig__spares_begin(&spares, &run->gates[MIG_TARGET], early ? recorded_connections(run) - 1 : 0);
    failed = failed != 0 ? failed : mig__verify_scan(run, &target, run->jobs, run->job_count, MIG_TARGET, err);
    if (failed == 0 && against_source) {
        failed = mig__verify_scan(run, &source, run->jobs, run->job_count, MIG_SOURCE, err);
    }
    if (failed != 0) {
        mig__spares_end(&spares);
        mig__gate_close(&run->gates[MIG_SOURCE], &source);
        mig__gate_close(&run->gates[MIG_TARGET], &target);
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
        unread = unread || folder->error.code != MIG_OK;
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
    mig__gate_stats(&run->gates[MIG_SOURCE], &stats);
    mig__gate_stats(&run->gates[MIG_TARGET], &stats);
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
        free(job->source_name);
        free(job->target_name);
        free(job->source);
        free(job->target);
        mig__selected_free(&job->source_now);
        mig__selected_free(&job->target_now);
        mig__uidset_free(&job->source_uids);
        mig__uidset_free(&job->target_uids);
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
    mig__gate_clear(&run->gates[MIG_SOURCE]);
    mig__gate_clear(&run->gates[MIG_TARGET]);
    mig__labels_free(&run->labels);
    mig__mailbox_list_free(&run->source_list);
    mig__mailbox_list_free(&run->target_list);
    pthread_cond_destroy(&run->changed);
    pthread_mutex_destroy(&run->lock);
}

mig_verify_result *mig_verify_run(const mig_verify_options *options, mig_error *err)
{
    mig__verify_run run;
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
