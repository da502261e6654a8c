#include "copy/delta.h"
#include "base/memory.h"
#include "copy/same.h"
#include "copy/settle.h"
#include <stdlib.h>
#include <string.h>
#include <strings.h>

int mig__delta_note_flags(mig__folder_job *job, uint32_t uid, const char *flags, mig_error *err)
{
    char *copy = mig__strdup(flags);
    if (copy == NULL) {
        return mig_error_set(err, MIG_E_NOMEM, "out of memory");
    }
    mig__flag_change *grown = mig__grow(job->flag_changes, job->flag_change_count, sizeof *grown, err);
    if (grown == NULL) {
        free(copy);
        return -1;
    }
    job->flag_changes = grown;
    job->flag_changes[job->flag_change_count] = (mig__flag_change){uid, copy, job->flag_change_count};
    job->flag_change_count++;
    return 0;
}

int mig__delta_owe_flags(mig__run *run, mig__folder_job *job, const mig__transit *message, mig_error *err)
{
    pthread_mutex_lock(&run->lock);
    int failed = mig__delta_note_flags(job, message->uid, message->flags, err);
    if (failed == 0 && job->record.source_modseq != 0) {
        job->record.source_modseq = 0;
        failed = mig__state_folder_put(run->state, run->state_account, &job->record, err);
    }
    pthread_mutex_unlock(&run->lock);
    return failed;
}

/* ---- comparing ---- */

static bool has_flag(const char *const *flags, const char *flag)
{
    for (size_t i = 0; flags[i] != NULL; i++) {
        if (strcasecmp(flags[i], flag) == 0) {
            return true;
        }
    }
    return false;
}

/* Keep of `flags` what `other` has not. */
static void keep_new(const char **flags, const char *const *other)
{
    size_t kept = 0;
    for (size_t i = 0; flags[i] != NULL; i++) {
        if (!has_flag(other, flags[i])) {
            flags[kept++] = flags[i];
        }
    }
    flags[kept] = NULL;
}

int mig__delta_flags(const char *before, const char *now, const char ***added, const char ***removed, mig_error *err)
{
    const char **then = mig__flags_split(before);
    *added = mig__flags_split(now);
    *removed = mig__flags_split(before);
    const char **current = mig__flags_split(now);
    int failed = then == NULL || *added == NULL || *removed == NULL || current == NULL
                     ? mig_error_set(err, MIG_E_NOMEM, "out of memory")
                     : 0;
    if (failed == 0) {
        keep_new(*added, then);
        keep_new(*removed, current);
    }
    free(then);
    free(current);
    return failed;
}

static int compare_changes(const void *a, const void *b)
{
    const mig__flag_change *left = a, *right = b;
    if (left->uid != right->uid) {
        return left->uid < right->uid ? -1 : 1;
    }
    return left->order < right->order ? -1 : left->order > right->order;
}

static int compare_uid(const void *a, const void *b)
{
    const mig__flag_change *left = a, *right = b;
    return left->uid < right->uid ? -1 : left->uid > right->uid;
}

static const mig__flag_change *change_of(const mig__folder_job *job, uint32_t uid)
{
    mig__flag_change key = {.uid = uid};
    return job->flag_change_count == 0
               ? NULL
               : bsearch(&key, job->flag_changes, job->flag_change_count, sizeof *job->flag_changes, compare_uid);
}

/* ---- carrying flags over ---- */

typedef struct store { /* messages that get the same change */
    char *words;       /* "+FLAGS.SILENT (\Seen x)" */
    mig__uidset uids;  /* on the target */
} store;

typedef struct store_plan {
    mig__run *run;
    mig__folder_job *job;
    store *stores;
    size_t count;
    struct done {
        uint32_t source_uid, target_uid;
        char *flags, *owed;
        bool stored;  /* the target is asked for a change */
        bool differs; /* from what was carried over before */
    } * done;         /* to be recorded */
    size_t done_count;
    mig__expected *expected; /* the messages that are changed */
    size_t expected_count;
    mig__uidset left, others; /* what is not changed; of these what is another message now */
    mig_error error;
} store_plan;

static int add_store(store_plan *plan, const char *what, const char *const *flags, uint32_t uid)
{
    mig__buffer words = MIG__BUFFER_INIT;
    mig__buffer_add_text(&words, what);
    mig__buffer_add_text(&words, " (");
    for (size_t i = 0; flags[i] != NULL; i++) {
        mig__buffer_add_text(&words, i > 0 ? " " : "");
        mig__buffer_add_text(&words, flags[i]);
    }
    mig__buffer_add_text(&words, ")");
    char *text = mig__buffer_steal(&words);
    if (text == NULL) {
        return mig_error_set(&plan->error, MIG_E_NOMEM, "out of memory");
    }
    size_t at = 0;
    while (at < plan->count && strcmp(plan->stores[at].words, text) != 0) {
        at++;
    }
    if (at < plan->count) {
        free(text);
    } else {
        store *grown = mig__grow(plan->stores, plan->count, sizeof *grown, &plan->error);
        if (grown == NULL) {
            free(text);
            return -1;
        }
        plan->stores = grown;
        plan->stores[plan->count++] = (store){text, MIG__UIDSET_INIT};
    }
    return mig__uidset_add(&plan->stores[at].uids, uid, uid, &plan->error);
}

/* Of what is to be added only what the target's mailbox takes; \Deleted on a message is carried over like any flag. */
static void keep_taken(store_plan *plan, const char **flags)
{
    size_t kept = 0;
    for (size_t i = 0; flags[i] != NULL; i++) {
        if (mig__settle_takes_flag(plan->job, flags[i])) {
            flags[kept++] = flags[i];
        }
    }
    flags[kept] = NULL;
}

/* What is stored of one message; *any: the target is asked for something. */
static int plan_stores(store_plan *plan, const mig__message *message, const char *now, bool *any)
{
    bool as_source = plan->run->options->flags == MIG_FLAGS_SOURCE;
    const char **added = NULL, **removed = NULL;
    int failed = mig__delta_flags(as_source ? "" : message->flags, now, &added, &removed, &plan->error);
    if (failed == 0) {
        keep_taken(plan, added);
        *any = as_source || added[0] != NULL || removed[0] != NULL;
    }
    if (failed == 0 && as_source) {
        failed = add_store(plan, "FLAGS.SILENT", added, message->target_uid);
    } else if (failed == 0) {
        failed = added[0] != NULL ? add_store(plan, "+FLAGS.SILENT", added, message->target_uid) : 0;
        failed =
            failed == 0 && removed[0] != NULL ? add_store(plan, "-FLAGS.SILENT", removed, message->target_uid) : failed;
    }
    free(added);
    free(removed);
    return failed;
}

static int plan_message(const mig__message *message, void *context)
{
    store_plan *plan = context;
    const mig__flag_change *change = change_of(plan->job, message->source_uid);
    bool ours = message->state == MIG__MESSAGE_COPIED || message->state == MIG__MESSAGE_ADOPTED;
    bool as_source = plan->run->options->flags == MIG_FLAGS_SOURCE;
    if (change == NULL || !ours || message->target_uid == 0 || message->gone_since != 0 ||
        (!as_source && strcmp(change->flags, message->flags) == 0 && message->owed[0] == '\0')) {
        return 0;
    }
    struct done *done = &plan->done[plan->done_count];
    *done = (struct done){.source_uid = message->source_uid, .target_uid = message->target_uid};
    if (mig__settle_split(plan->job, change->flags, false, &done->flags, &done->owed, &plan->error) != 0) {
        return -1;
    }
    if (plan_stores(plan, message, change->flags, &done->stored) != 0) {
        return -1;
    }
    done->differs = strcmp(done->flags, message->flags) != 0;
    if (!done->stored && !done->differs && strcmp(done->owed, message->owed) == 0) {
        free(done->flags);
        free(done->owed);
        *done = (struct done){0};
        return 0;
    }
    plan->expected[plan->expected_count] = mig__same_expect(message);
    plan->expected_count += done->stored;
    plan->done_count++;
    return 0;
}

static mig__command *send_store(mig__session *session, const mig__uidset *uids, const char *words, mig_error *err)
{
    const mig__uid_command change = {.words = "UID STORE", .uids = uids, .more = words};
    return mig__command_on_uids(session, &change, NULL, NULL, err);
}

/* 0; 1 refused, or replaced meanwhile (`err`); -1. */
static int select_target(mig__session *session, const mig__folder_job *job, mig_error *err)
{
    mig__selected again = {0};
    int outcome = mig__command_outcome(session, mig__select(session, job->target, false, &again, err), err);
    if (outcome == 0 && again.uidvalidity != job->goal.uidvalidity) {
        mig_error_set(err, MIG_E_UIDVALIDITY, "the mailbox '%s' was replaced on the target", job->result->target);
        outcome = 1;
    }
    mig__selected_free(&again);
    return outcome;
}

static void list_other(mig__run *run, mig__folder_job *job, const mig__uidset *others, const char *what)
{
    mig_error why;
    mig_error_set(&why, MIG_E_GONE,
                  "%llu message%s of '%s' on the target %s not what was copied there (the first has the UID %u): %s",
                  (unsigned long long)mig__uidset_size(others), mig__uidset_size(others) == 1 ? "" : "s",
                  job->result->target, mig__uidset_size(others) == 1 ? "is" : "are", others->ranges[0].first, what);
    mig_error_hint(&why, "`mailmigrate verify` says what became of them");
    mig__run_problem(run, job, 0, true, &why);
    job->filtered = true; /* not complete: looked at again by the next run */
}

/*
 * Only what is there and is what the record says is changed; plan->left gets the rest of them, plan->others those that
 * are something else. 0; 1 refused, -1.
 */
static int leave_others(mig__session *session, store_plan *plan, mig_error *err)
{
    mig__uidset_clear(&plan->left);
    mig__uidset_clear(&plan->others);
    int outcome = mig__same_check(session, plan->expected, plan->expected_count, false, err);
    for (size_t i = 0; outcome == 0 && i < plan->expected_count; i++) {
        const mig__expected *e = &plan->expected[i];
        outcome = e->same ? 0 : mig__uidset_add(&plan->left, e->uid, e->uid, err);
        outcome = outcome == 0 && e->there && !e->same ? mig__uidset_add(&plan->others, e->uid, e->uid, err) : outcome;
    }
    for (size_t i = 0; outcome == 0 && plan->left.count > 0 && i < plan->count; i++) {
        outcome = mig__uidset_subtract(&plan->stores[i].uids, &plan->left, err);
    }
    return outcome;
}

static int record_stored(mig__run *run, store_plan *plan, const mig__uidset *left, mig_error *err)
{
    for (size_t i = 0; i < plan->done_count; i++) {
        const struct done *done = &plan->done[i];
        if (done->stored && mig__uidset_has(left, done->target_uid)) {
            continue;
        }
        if (mig__state_message_flags(run->state, plan->job->record.id, done->source_uid, done->flags, done->owed,
                                     err) != 0) {
            return -1;
        }
        plan->job->result->flags_changed += done->stored && done->differs;
    }
    return 0;
}

/* The changes of one folder. They can be stored twice. */
static int ask_stores(mig__session *session, void *context, mig_error *err)
{
    store_plan *plan = context;
    int outcome = select_target(session, plan->job, err);
    outcome = outcome != 0 ? outcome : leave_others(session, plan, err);
    for (size_t i = 0; i < plan->count && outcome == 0; i++) {
        const store *change = &plan->stores[i];
        outcome = change->uids.count == 0
                      ? 0
                      : mig__command_outcome(session, send_store(session, &change->uids, change->words, err), err);
    }
    return outcome;
}

static int run_stores(mig__run *run, mig__session **session, store_plan *plan, mig_error *err)
{
    int outcome = plan->count == 0 ? 0 : mig__gate_ask(&run->sides[MIG_TARGET].gate, session, ask_stores, plan, err);
    if (outcome > 0 && plan->job->owing) {
        mig__run_log(run, MIG_LOG_INFO, plan->job, 0, err, "flags that are owed are refused still: %s", err->text);
    } else if (outcome > 0) {
        mig_error_context(err, "flags of '%s' could not be carried over", plan->job->result->target);
        mig__run_problem(run, plan->job, 0, true, err);
        plan->job->filtered = true; /* not complete: tried again by the next run */
    } else if (outcome == 0) {
        if (plan->others.count > 0) {
            list_other(run, plan->job, &plan->others, "their flags were not changed");
        }
        outcome = record_stored(run, plan, &plan->left, err);
    }
    mig__uidset_free(&plan->left);
    mig__uidset_free(&plan->others);
    return outcome < 0 ? -1 : 0;
}

/* What was noted first counts: what the source says now comes before what is owed from earlier runs. */
static void keep_first(mig__folder_job *job)
{
    size_t kept = 0;
    for (size_t i = 0; i < job->flag_change_count; i++) {
        if (kept > 0 && job->flag_changes[kept - 1].uid == job->flag_changes[i].uid) {
            free(job->flag_changes[i].flags);
        } else {
            job->flag_changes[kept++] = job->flag_changes[i];
        }
    }
    job->flag_change_count = kept;
}

static int apply_folder(mig__run *run, mig__session **session, mig__folder_job *job, mig_error *err)
{
    qsort(job->flag_changes, job->flag_change_count, sizeof *job->flag_changes, compare_changes);
    keep_first(job);
    store_plan plan = {.run = run, .job = job, .error = MIG_ERROR_INIT};
    plan.done = calloc(job->flag_change_count, sizeof *plan.done);
    plan.expected = calloc(job->flag_change_count, sizeof *plan.expected);
    int failed = plan.done == NULL || plan.expected == NULL ? mig_error_set(err, MIG_E_NOMEM, "out of memory") : 0;
    if (failed == 0) {
        failed = mig__state_messages(run->state, job->record.id, plan_message, &plan, &plan.error);
        if (failed != 0) {
            *err = plan.error;
        }
    }
    if (failed == 0 && (plan.count > 0 || plan.done_count > 0)) {
        failed = run_stores(run, session, &plan, err);
    }
    for (size_t i = 0; i < plan.count; i++) {
        free(plan.stores[i].words);
        mig__uidset_free(&plan.stores[i].uids);
    }
    for (size_t i = 0; plan.done != NULL && i < job->flag_change_count; i++) {
        free(plan.done[i].flags);
        free(plan.done[i].owed);
    }
    free(plan.stores);
    free(plan.expected);
    free(plan.done);
    return failed;
}

void mig__delta_forget_flags(mig__folder_job *job)
{
    for (size_t i = 0; i < job->flag_change_count; i++) {
        free(job->flag_changes[i].flags);
    }
    free(job->flag_changes);
    job->flag_changes = NULL;
    job->flag_change_count = 0;
}

bool mig__delta_has_flags(const mig__run *run)
{
    for (size_t i = 0; i < run->job_count; i++) {
        if (run->jobs[i].flag_change_count > 0 && !run->jobs[i].broken) {
            return true;
        }
    }
    return false;
}

int mig__delta_apply_flags(mig__run *run, mig__session **session, mig_error *err)
{
    for (size_t i = 0; i < run->job_count; i++) {
        mig__folder_job *job = &run->jobs[i];
        if (job->flag_change_count == 0 || job->broken) {
            continue;
        }
        if (apply_folder(run, session, job, err) != 0) {
            return -1;
        }
        mig__delta_forget_flags(job);
    }
    return 0;
}

/* ---- what is gone ---- */

int mig__delta_vanished(mig__run *run, mig__folder_job *job, const mig__uidset *found, mig_error *err)
{
    if (mig__state_source_present(run->state, job->record.id, &job->vanished, err) != 0) {
        return -1;
    }
    job->known = mig__uidset_size(&job->vanished);
    return mig__uidset_subtract(&job->vanished, found, err);
}

enum { FEW = 20 }; /* so many may go at once without a question, whatever share of the folder they are */

static bool lost_too_much(const mig__folder_job *job)
{
    uint64_t gone = mig__uidset_size(&job->vanished);
    return gone > FEW && gone * 2 > job->known;
}

bool mig__delta_deletes(const mig__run *run)
{
    for (size_t i = 0; i < run->job_count && run->options->deletions != MIG_DELETIONS_KEEP; i++) {
        if (run->jobs[i].vanished.count > 0 && !run->jobs[i].broken) {
            return true;
        }
    }
    return false;
}

typedef struct gone {
    mig__run *run;
    const mig__folder_job *job;
    mig__uidset targets, others;
    uint64_t removed; /* or about to be */
    mig__expected *expected;
    size_t count;
    mig_error error;
} gone;

static int gather_target(const mig__message *message, void *context)
{
    gone *g = context;
    if (message->source_uid == 0 || message->target_uid == 0 || message->gone_since != 0 ||
        message->state != MIG__MESSAGE_COPIED || !mig__uidset_has(&g->job->vanished, message->source_uid)) {
        return 0; /* an adopted message was there before us: it is not ours to delete */
    }
    mig__expected *grown = mig__grow(g->expected, g->count, sizeof *grown, &g->error);
    if (grown == NULL) {
        return -1;
    }
    g->expected = grown;
    g->expected[g->count++] = mig__same_expect(message);
    return 0;
}

/* Of the messages those that are what the record says, by their content where they are to be removed. */
static int choose_targets(mig__session *session, gone *g, mig_error *err)
{
    mig__uidset_clear(&g->targets);
    mig__uidset_clear(&g->others);
    bool by_content = g->run->options->deletions == MIG_DELETIONS_EXPUNGE;
    int outcome = mig__same_check(session, g->expected, g->count, by_content, err);
    for (size_t i = 0; outcome == 0 && i < g->count; i++) {
        const mig__expected *e = &g->expected[i];
        outcome = e->there ? mig__uidset_add(e->same ? &g->targets : &g->others, e->uid, e->uid, err) : 0;
    }
    return outcome;
}

/* Flag them, and expunge exactly them. What is gone already, after a connection broke, is not missed: g->removed. */
static int delete_on_target(mig__session *session, void *context, mig_error *err)
{
    gone *g = context;
    int outcome = select_target(session, g->job, err);
    outcome = outcome != 0 ? outcome : choose_targets(session, g, err);
    if (outcome != 0 || g->targets.count == 0) {
        return outcome;
    }
    if (mig__uidset_size(&g->targets) > g->removed) {
        g->removed = mig__uidset_size(&g->targets);
    }
    mig__command *flag = send_store(session, &g->targets, "+FLAGS.SILENT (\\Deleted)", err);
    outcome = mig__command_outcome(session, flag, err);
    if (outcome != 0 || g->run->options->deletions != MIG_DELETIONS_EXPUNGE) {
        return outcome;
    }
    if (!mig__session_can(session, MIG__CAP_UIDPLUS)) {
        mig_error_set(err, MIG_E_CANNOT,
                      "the target has no UID EXPUNGE (UIDPLUS): %llu messages of '%s' are flagged "
                      "\\Deleted only",
                      (unsigned long long)mig__uidset_size(&g->targets), g->job->result->target);
        return 1;
    }
    const mig__uid_command expunge = {.words = "UID EXPUNGE", .uids = &g->targets};
    return mig__command_outcome(session, mig__command_on_uids(session, &expunge, NULL, NULL, err), err);
}

static int mark_gone(mig__run *run, mig__folder_job *job, mig__message_state state, mig_error *err)
{
    for (size_t i = 0; i < job->vanished.count; i++) {
        for (uint64_t uid = job->vanished.ranges[i].first; uid <= job->vanished.ranges[i].last; uid++) {
            if (mig__state_message_gone(run->state, job->record.id, (uint32_t)uid, state, err) != 0) {
                return -1;
            }
        }
    }
    return 0;
}

/* What we removed is not missed by the next run. */
static void expunged(mig__run *run, const mig__folder_job *job, uint64_t count)
{
    for (size_t i = 0; run->options->deletions == MIG_DELETIONS_EXPUNGE && i < run->job_count; i++) {
        mig__state_folder *record = &run->jobs[i].record;
        if (run->jobs[i].lead == job->lead && record->target_messages >= count) {
            record->target_messages -= (uint32_t)count;
        }
    }
}

static int delete_gone(mig__run *run, mig__session **session, mig__folder_job *job, mig_error *err)
{
    gone g = {.run = run, .job = job, .targets = MIG__UIDSET_INIT, .others = MIG__UIDSET_INIT, .error = MIG_ERROR_INIT};
    int outcome = mig__state_messages(run->state, job->record.id, gather_target, &g, &g.error);
    if (outcome != 0) {
        *err = g.error;
    } else if (g.count > 0) {
        outcome = mig__gate_ask(&run->sides[MIG_TARGET].gate, session, delete_on_target, &g, err);
    }
    if (outcome >= 0 && g.others.count > 0) {
        list_other(run, job, &g.others, "they were not deleted, although the source deleted them");
    }
    if (outcome > 0) {
        mig_error_context(err, "deleting what is gone from '%s'", job->source->name);
        mig__run_problem(run, job, 0, true, err);
        job->filtered = true;
        outcome = 0;
    } else if (outcome == 0) {
        job->result->deleted += g.removed;
        expunged(run, job, g.removed);
        outcome = mark_gone(run, job, MIG__MESSAGE_DELETED, err);
    }
    mig__uidset_free(&g.targets);
    mig__uidset_free(&g.others);
    free(g.expected);
    return outcome;
}

int mig__delta_apply_vanished(mig__run *run, mig__session **session, mig_error *err)
{
    for (size_t i = 0; i < run->job_count; i++) {
        mig__folder_job *job = &run->jobs[i];
        int failed = 0;
        if (job->vanished.count == 0 || job->broken) {
            continue;
        }
        if (run->options->deletions == MIG_DELETIONS_KEEP) {
            failed = mark_gone(run, job, MIG__MESSAGE_VANISHED, err);
        } else if (lost_too_much(job) && !run->options->force) {
            mig_error why;
            mig_error_set(&why, MIG_E_REFUSED,
                          "'%s' lost %llu of %llu messages on the source at once: nothing was "
                          "deleted on the target",
                          job->source->name, (unsigned long long)mig__uidset_size(&job->vanished),
                          (unsigned long long)job->known);
            mig_error_hint(&why, "if that is right, run once with --force");
            mig__run_problem(run, job, 0, true, &why);
            job->filtered = true; /* not complete: the question comes again */
        } else {
            failed = delete_gone(run, session, job, err);
        }
        if (failed != 0) {
            return -1;
        }
    }
    return 0;
}

void mig__delta_free(mig__folder_job *job)
{
    mig__delta_forget_flags(job);
    mig__uidset_free(&job->vanished);
}
