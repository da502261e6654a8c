/*
 * The story of a copy. Data flows one way: both lists -> map -> the target's folders made ready, the source scanned ->
 * readers -> queue -> writers (intent, APPEND, outcome) -> the record of what is complete.
 */
#include "account/listing.h"
#include "account/spare.h"
#include "base/clock.h"
#include "base/kept.h"
#include "base/sized.h"
#include "base/thread.h"
#include "copy/adopt.h"
#include "copy/begin.h"
#include "copy/crew.h"
#include "copy/delta.h"
#include "copy/finish.h"
#include "copy/held.h"
#include "copy/hidden.h"
#include "copy/hold.h"
#include "copy/job.h"
#include "copy/known.h"
#include "copy/later.h"
#include "copy/lists.h"
#include "copy/mend.h"
#include "copy/moves.h"
#include "copy/owed.h"
#include "copy/prepare.h"
#include "copy/quiet.h"
#include "copy/progress.h"
#include "copy/prove.h"
#include "copy/lanes.h"
#include "copy/reconcile.h"
#include "copy/rename.h"
#include "copy/steps.h"
#include "copy/scan.h"
#include "copy/screen.h"
#include "copy/stored.h"
#include "state/keyindex.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    BUDGET = 24 << 20,   /* octets of messages in memory */
    PREPARE_ATTEMPTS = 3 /* connections that may break before the first message is read */
};

static int open_both(mig__run *run, bool first, mig__session **source, mig__session **target, mig_error *err)
{
    const mig__pair_opening how = {.patience = first ? MIG__PATIENCE_FIRST : MIG__PATIENCE_AGAIN, .status = true};
    mig__session *sessions[2] = {NULL, NULL};
    mig__run_phase(run, "connecting");
    mig__run_show(run);
    int failed = mig__pair_open(run->sides, &how, sessions, err);
    *source = sessions[MIG_SOURCE];
    *target = sessions[MIG_TARGET];
    return failed != 0 ? -1 : mig__hidden_find(run, target, err);
}

/* ---- preparing ---- */

typedef struct prepare_start {
    mig__run *run;
    mig__session **session;
    mig_error error;
    int failed;
} prepare_start;

static void *prepare_side(void *argument)
{
    prepare_start *start = argument;
    start->failed = mig__prepare_target(start->run, start->session, &start->error);
    return NULL;
}

static int put_record(mig__run *run, mig__folder_job *job, mig_error *err)
{
    job->record.source_uidvalidity = job->snapshot.uidvalidity;
    job->record.target_uidvalidity = job->goal.uidvalidity;
    job->record.source_uidnext = 0; /* not complete until everything is across */
    job->record.source_messages = 0;
    mig__finish_expect(job);
    if (job->record.id == 0 && job->goal.exists == 0) {   /* else flags of what is adopted may have to be compared */
        job->record.source_modseq = job->snapshot.modseq; /* every flag that will be read is at least as new */
    }
    free(job->record.source_mailbox_id);
    job->record.source_mailbox_id = mig__strdup(job->source->mailbox_id);
    return mig__state_folder_put(run->state, run->state_account, &job->record, err);
}

static int prepare_both(mig__run *run, mig__session **source, mig__session **target, mig_error *err)
{
    prepare_start to = {.run = run, .session = target};
    pthread_t thread;
    if (mig__thread_start(&thread, prepare_side, &to, err) != 0) {
        return -1;
    }
    int failed = mig__scan_source(run, source, err);
    pthread_join(thread, NULL);
    if (failed == 0 && to.failed != 0) {
        *err = to.error;
        failed = -1;
    }
    for (size_t i = 0; failed == 0 && i < run->job_count && !mig__run_stopping(run); i++) {
        mig__folder_job *job = &run->jobs[i];
        /* A folder that could not be made is recorded as well: a verification must miss it. */
        if (job->copy && !job->unchanged && (!job->broken || job->record.id == 0)) {
            failed = put_record(run, job, err);
        }
    }
    return failed;
}

/* ---- the story ---- */

/* What the lists and the record tell: the scan of a real run is what knows exactly. */
static int plan_dry_run(mig__run *run, mig_error *err)
{
    for (size_t i = 0; i < run->job_count; i++) {
        mig__folder_job *job = &run->jobs[i];
        mig__state_counts counts = {0};
        job->result->to_make = job->copy && job->existing == NULL;
        if (!job->copy || job->unchanged) {
            continue;
        }
        if (job->record.id != 0 && mig__state_count(run->state, job->record.id, &counts, err) != 0) {
            return -1;
        }
        uint64_t known = counts.copied + counts.adopted;
        job->result->messages = job->source->messages;
        job->result->withheld = mig__screen_releases(&run->options->scan) ? 0 : counts.withheld;
        job->result->already = known < job->source->messages ? known : job->source->messages;
    }
    return 0;
}

static void free_jobs(mig__run *run);

static int follow_renames(mig__run *run, mig__session **source, mig__session **target, mig_error *err)
{
    bool renamed = false;
    if (mig__rename_folders(run, source, target, &renamed, err) != 0) {
        return -1;
    }
    if (!renamed) {
        return 0;
    }
    free_jobs(run);
    mig__result_clear_account(run->account);
    mig__mailbox_list_free(&run->sides[MIG_TARGET].mailboxes);
    return mig__listing(&run->sides[MIG_TARGET].gate, target, true, NULL, &run->sides[MIG_TARGET].mailboxes, err) !=
                       0 ||
                   mig__hidden_find(run, target, err) != 0 || mig__lists_map(run, err) != 0 ||
                   mig__mend_resolve(run, err) != 0 ||
                   mig__reconcile_stored(run, target, err) != 0 /* as to the new jobs */
               ? -1
               : 0;
}

/* What was sent is copied when the target holds it: what it does not hold is sent once more, then it is listed. */
static int see_all(mig__run *run, mig__spares *spares, mig__session **source, mig__session **target, mig_error *err)
{
    bool again = false;
    mig__run_phase(run, "checking");
    if (mig__held_check(run, target, false, &again, err) != 0) {
        return -1;
    }
    if (!again || mig__run_stopping(run)) {
        return 0;
    }
    mig__crew_work(run, spares, source, target);
    return mig__run_stopping(run) ? 0 : mig__held_check(run, target, true, &again, err);
}

/* What can be done only when everything new is across: a message that is gone here may have been moved there. */
static int clean_up(mig__run *run, mig__session **target, mig_error *err)
{
    bool flags = mig__delta_has_flags(run), look = mig__stored_doubtful(run);
    if ((flags || look || mig__delta_deletes(run)) && *target == NULL &&
        (*target = mig__gate_open(&run->sides[MIG_TARGET].gate, MIG__PATIENCE_AGAIN, err)) == NULL) {
        return -1;
    }
    if ((flags && mig__delta_apply_flags(run, target, err) != 0) || (look && mig__stored_look(run, target, err) != 0)) {
        return -1;
    }
    return mig__delta_apply_vanished(run, target, err) != 0 ? -1 : mig__prove_adopted(run, err);
}

/* For those who look at the state meanwhile: how many messages this run has to carry over, and the newest row before.
 */
static int record_size(mig__run *run, mig_error *err)
{
    char text[48];
    if (run->messages_total == 0) {
        return 0;
    }
    snprintf(text, sizeof text, "%llu %lld", (unsigned long long)run->messages_total, (long long)run->first_row);
    return mig__state_event(run->state, run->state_run, "to-copy", 0, text, err);
}

static int reconcile_stored(mig__run *run, mig__session **source, mig__session **target, mig_error *err)
{
    (void)source;
    return mig__reconcile_stored(run, target, err);
}

static int resolve_mending(mig__run *run, mig__session **source, mig__session **target, mig_error *err)
{
    (void)source;
    (void)target;
    return mig__mend_resolve(run, err);
}

static int plan_mending(mig__run *run, mig__session **source, mig__session **target, mig_error *err)
{
    (void)source;
    return mig__mend_plan(run, *target, err);
}

static int place_known(mig__run *run, mig__session **source, mig__session **target, mig_error *err)
{
    (void)source;
    return mig__known_place(run, target, err);
}

static int find_unchanged(mig__run *run, mig__session **source, mig__session **target, mig_error *err)
{
    (void)source;
    (void)target;
    return mig__scan_unchanged(run, err);
}

static int gather_owed(mig__run *run, mig__session **source, mig__session **target, mig_error *err)
{
    (void)source;
    return mig__owed_gather(run, target, err);
}

static int load_moved(mig__run *run, mig__session **source, mig__session **target, mig_error *err)
{
    (void)source;
    (void)target;
    return mig__known_load_moved(run, err);
}

static int apply_flags(mig__run *run, mig__session **source, mig__session **target, mig_error *err)
{
    (void)source;
    return mig__delta_apply_flags(run, target, err);
}

static int put_off_junk(mig__run *run, mig__session **source, mig__session **target, mig_error *err)
{
    (void)target;
    return mig__later_choose(run, source, err);
}

static int leave_mailbox(mig__run *run, mig__session **source, mig__session **target, mig_error *err)
{
    (void)source;
    return mig__crew_messages(run) > 0 ? mig__prepare_leave(*target, err) : 0;
}

/*
 * All that comes before the first message is read: which step needs which before it, and why. A step may go anywhere
 * behind those that it needs; tests/unit/copy/test_steps.c holds the order.
 */
static const mig__step steps[] = {
    {"mending", "",
     "a report that does not fit the record ends the run here; folders of messages to be mended are not unchanged",
     resolve_mending},
    {"reconcile", "mending",
     "a report that does not fit ends the run before anything is changed; and an intent without its outcome hides what "
     "the target holds: nothing may be matched, moved or sent before",
     reconcile_stored},
    {"renames", "reconcile",
     "RENAME changes the names by which everything below asks, and an open intent has the old one", follow_renames},
    {"place", "reconcile renames",
     "a mailbox that was replaced takes its record's UIDs with it: it must be known before a folder "
     "counts as unchanged",
     place_known},
    {"unchanged", "place mending", "what is as recorded is neither scanned nor opened", find_unchanged},
    {"scan", "unchanged renames",
     "the source's UIDs, and the target's mailboxes made ready at the same time: the record of a "
     "folder is written when both are known",
     prepare_both},
    {"owed", "scan", "which flags a mailbox takes, its SELECT has told", gather_owed},
    {"mend-plan", "mending scan",
     "what is not on the target any more joins what is to be read, before that is matched with what is there",
     plan_mending},
    {"adopt", "scan place mend-plan", "what is there already is told from what is new by the UIDs of both sides",
     mig__adopt},
    {"moved", "scan", "what is gone from one folder may turn up in another: all must have been scanned", load_moved},
    {"moves", "moved adopt", "what was adopted is not moved besides; what is moved is not read", mig__moves_by_id},
    {"flags", "scan owed moves",
     "a message that was moved takes its flags along; those of the others are carried over by their "
     "UIDs on the target",
     apply_flags},
    {"junk", "mend-plan adopt moves", "of what is still to be read the junk comes last: all else is out of it by then",
     put_off_junk},
    {"leave", "flags adopt moves",
     "the last step that selects a mailbox is over: messages are appended to none that is open", leave_mailbox},
};

const mig__step *mig__run_steps(size_t *count)
{
    *count = sizeof steps / sizeof *steps;
    return steps;
}

static int prepare(mig__run *run, mig__session **source, mig__session **target, mig_error *err)
{
    mig__run_phase(run, "reconciling");
    mig__run_progress(run);
    mig__run_show(run);
    int failed = 0;
    for (size_t i = 0; failed == 0 && i < sizeof steps / sizeof *steps; i++) {
        failed = steps[i].work(run, source, target, err);
    }
    return failed;
}

/* A connection broke meanwhile: what was done is recorded, so the whole of it may be done again, as by another run. */
static int prepare_again(mig__run *run, mig__session **source, mig__session **target, mig_error *err)
{
    free_jobs(run);
    mig__result_clear_account(run->account);
    mig__gate_close(&run->sides[MIG_SOURCE].gate, source);
    mig__gate_close(&run->sides[MIG_TARGET].gate, target);
    return open_both(run, false, source, target, err) != 0 || mig__lists_map(run, err) != 0
               ? -1
               : prepare(run, source, target, err);
}

/* Everything that changes the target or the state. */
static int carry_over(mig__run *run, mig__spares *spares, mig__session **source, mig__session **target, mig_error *err)
{
    int failed = prepare(run, source, target, err);
    for (int attempt = 1; failed != 0 && attempt < PREPARE_ATTEMPTS && err->code == MIG_E_CLOSED; attempt++) {
        if (mig__run_stopping(run)) {
            break;
        }
        mig__run_log(run, MIG_LOG_WARNING, NULL, 0, err, "once more from the beginning: %s", err->text);
        mig__sleep_ms(100 << attempt);
        failed = prepare_again(run, source, target, err);
    }
    if (failed != 0) {
        return -1;
    }
    mig__run_show_from(run, mig__crew_messages(run));
    if (record_size(run, err) != 0) {
        return -1;
    }
    if (run->messages_total > 0 && !mig__run_stopping(run)) {
        mig__crew_work(run, spares, source, target);
        mig__hold_end(run);
    }
    if (!mig__run_stopping(run) && mig__later_begin(run)) {
        mig__crew_work(run, spares, source, target);
    }
    if (mig__run_stopping(run)) {
        return 0;
    }
    if (see_all(run, spares, source, target, err) != 0 || mig__mend_finish(run, target, err) != 0) {
        return -1;
    }
    if (mig__run_stopping(run)) {
        return 0;
    }
    if (clean_up(run, target, err) != 0) {
        return -1;
    }
    if (!mig__run_stopping(run)) {
        mig__quiet_check(run, source);
    }
    return 0;
}

static int work(mig__run *run, mig__session **source, mig__session **target, mig_error *err)
{
    const mig_copy_options *options = run->options;
    mig__spares spares;
    if (open_both(run, true, source, target, err) != 0 || mig__lists_check(run, *source, *target, err) != 0) {
        return -1;
    }
    mig__run_phase(run, "listing");
    if (mig__lists_map(run, err) != 0) {
        return -1;
    }
    if (options->dry_run) {
        return mig__mend_resolve(run, err) != 0 || mig__scan_unchanged(run, err) != 0 ||
                       mig__mend_tell(run, *target, err) != 0
                   ? -1
                   : plan_dry_run(run, err);
    }
    if (mig__mark_take(run, target, err) != 0) {
        return -1;
    }
    mig__spares_begin(&spares, &run->sides[MIG_TARGET].gate, mig__crew_more_writers(run));
    int failed = carry_over(run, &spares, source, target, err);
    mig__spares_end(&spares);
    mig__mark_release(run, target);
    return failed;
}

static char *directory_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    if (slash == NULL) {
        return strdup(".");
    }
    return slash == path ? strdup("/") : strndup(path, (size_t)(slash - path));
}

static int init_run(mig__run *run, const mig_copy_options *options, mig_error *err)
{
    *run = (mig__run){.options = options,
                      .fatal = MIG_ERROR_INIT,
                      .pair = MIG__LOCK_INIT,
                      .phase = "connecting",
                      .started = mig__now_seconds()};
    mig__run_side_init(run, MIG_SOURCE);
    mig__run_side_init(run, MIG_TARGET);
    run->budget = options->effort.memory > 0 ? options->effort.memory : BUDGET;
    int connections = options->effort.connections > 0 ? options->effort.connections : MIG_DEFAULT_CONNECTIONS;
    run->max_readers = run->max_writers =
        (unsigned)(connections < MIG_MOST_CONNECTIONS ? connections : MIG_MOST_CONNECTIONS);
    pthread_mutex_init(&run->lock, NULL);
    mig__cond_init(&run->changed);
    run->spool_dir = options->spool_dir != NULL ? mig__strdup(options->spool_dir) : directory_of(options->state_path);
    run->result = mig__result_new(run->sides[MIG_SOURCE].label, run->sides[MIG_TARGET].label, 0, err);
    if (run->result != NULL) {
        run->result->dry_run = options->dry_run;
        run->account = &run->result->accounts[0];
    }
    return run->result != NULL && run->spool_dir != NULL ? 0 : mig_error_set(err, MIG_E_NOMEM, "out of memory");
}

static void free_jobs(mig__run *run)
{
    mig__lanes_end(run);
    for (size_t i = 0; i < run->job_count; i++) {
        mig__folder_job *job = &run->jobs[i];
        mig__selected_free(&job->snapshot);
        mig__selected_free(&job->goal);
        mig__delta_free(job);
        mig__error_forget(&job->error);
        mig__uidset_free(&job->reading.todo);
        mig__known_free(&job->content);
        mig__uidset_free(&job->given);
        mig__uidset_free(&job->others);
        mig__uidset_free(&job->later);
        mig__notes_free(&job->notes);
        free(job->target);
        free(job->record.source);
        free(job->record.target);
        free(job->record.source_mailbox_id);
        free(job->record.target_mailbox_id);
        free(job->record.trouble);
    }
    free(run->jobs);
    run->current = NULL;
    run->jobs = NULL;
    run->job_count = 0;
    mig__known_free(&run->moved);
}

static void free_run(mig__run *run)
{
    free_jobs(run);
    mig__mend_free(run);
    mig__labels_free(&run->labels);
    mig__keyindex_free(&run->once);
    mig__screen_end(run);
    mig__lock_release_pair(&run->pair);
    free(run->spool_dir);
    mig__account_clear(&run->sides[MIG_SOURCE]);
    mig__account_clear(&run->sides[MIG_TARGET]);
    pthread_cond_destroy(&run->changed);
    pthread_mutex_destroy(&run->lock);
}

static int check_options(const mig_copy_options *options, mig_error *err)
{
    if (options->source == NULL || options->target == NULL || options->state_path == NULL) {
        return mig_error_set(err, MIG_E_USAGE, "source, target and state file are needed");
    }
    mig__buffer criteria = MIG__BUFFER_INIT;
    mig__pace pace;
    int failed = mig__scan_criteria(options, &criteria, err);
    mig__buffer_free(&criteria);
    if (failed != 0 || mig__pace_init(&pace, 0, 0, 0, options->until, err) != 0) {
        return -1;
    }
    return mig__lists_check_endpoints(options, err);
}

/* Everything that needs the state, then the state is closed: what was queued must be on disk before we say "done". */
static void run_account(mig__run *run)
{
    mig__session *source = NULL, *target = NULL;
    mig_error error = MIG_ERROR_INIT;
    if (mig__begin_record(run, &error) != 0 || mig__screen_begin(run, &error) != 0 ||
        work(run, &source, &target, &error) != 0) {
        mig__run_fail(run, &error);
    }
    mig__gate_close(&run->sides[MIG_SOURCE].gate, &source);
    mig__gate_close(&run->sides[MIG_TARGET].gate, &target);
    mig__finish_folders(run);
    mig__result_finish(run->result);
    bool recorded = run->state == NULL || run->state_run <= 0 || mig__finish_record(run, &error) == 0;
    mig__run_show(run);
    if ((run->state != NULL && mig__state_close(&run->state, &error) != 0) || !recorded) {
        bool gave_up = run->account->error.code == MIG_E_INTERRUPTED && mig__run_gave_up(run, &error);
        if (!gave_up && (run->account->error.code == MIG_OK || run->account->error.code == MIG_E_INTERRUPTED)) {
            run->account->error = error;
        }
        run->result->totals = (mig_totals){.left_messages = run->result->totals.left_messages};
        mig__result_finish(run->result);
    }
}

mig_copy_result *mig_copy_run(const mig_copy_options *given, mig_error *err)
{
    mig_copy_options own;
    const mig_copy_options *options = &own;
    if (mig__sized_take(&own, sizeof own, given, "mig_copy_options", err) != 0) {
        return NULL;
    }
    if (check_options(options, err) != 0) {
        return NULL;
    }
    mig__run run;
    if (init_run(&run, options, err) != 0) {
        mig_copy_result_free(&run.result);
        free_run(&run);
        return NULL;
    }
    run_account(&run);
    mig__run_phase(&run, run.account->error.code == MIG_OK ? "done" : "ended");
    mig__run_show(&run);
    mig_totals *totals = &run.result->totals;
    run.result->ended = mig__wall_seconds();
    totals->seconds = mig__now_seconds() - run.started;
    mig__stream_stats stats = {0};
    mig__pair_stats(run.sides, &stats);
    totals->round_trips = stats.waits;
    totals->bytes_in = stats.octets_in;
    totals->bytes_out = stats.octets_out;
    free_run(&run);
    return run.result;
}
