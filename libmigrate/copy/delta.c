/*
 * copy/delta.c - what happened on the source to messages that were copied before: flags that changed, messages that
 * are gone
 */
#include "copy/delta.h"
#include "base/memory.h"
#include "copy/change.h"
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

/* Keep of `flags` what `other` has not. */
static void keep_new(const char **flags, const char *const *other)
{
    size_t kept = 0;
    for (size_t i = 0; flags[i] != NULL; i++) {
        if (!mig__flags_has(other, flags[i])) {
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
    const char *what;  /* "+FLAGS.SILENT" */
    char *flags;       /* joined */
    mig__uidset uids;  /* on the target */
} store;

typedef struct store_plan {
    mig__run *run;
    mig__folder_job *job;
    store *stores;
    size_t count;
    struct done {
        uint32_t source_uid, target_uid;
        char *before;       /* the flags that are on record */
        char *flags, *owed; /* to be recorded */
        bool stored;        /* the target is asked for a change */
    } * done;
    size_t done_count;
    mig__expected *expected; /* the messages that are changed */
    size_t expected_count;
    mig__uidset left, others; /* what is not changed; of these what is another message now */
    mig_error error;
} store_plan;

/* "+FLAGS.SILENT (\Seen x)"; the caller frees it. NULL: no memory. */
static char *words_of(const char *what, const char *const *flags)
{
    mig__buffer words = MIG__BUFFER_INIT;
    mig__buffer_addf(&words, "%s (", what);
    for (size_t i = 0; flags[i] != NULL; i++) {
        mig__buffer_add_text(&words, i > 0 ? " " : "");
        mig__buffer_add_text(&words, flags[i]);
    }
    mig__buffer_add_text(&words, ")");
    return mig__buffer_steal(&words);
}

static int add_store(store_plan *plan, const char *what, const char *const *flags, uint32_t uid)
{
    char *text = words_of(what, flags);
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
        char *joined = grown == NULL ? NULL : mig__flags_join(flags);
        plan->stores = grown != NULL ? grown : plan->stores;
        if (joined == NULL) {
            free(text);
            return mig_error_set(&plan->error, MIG_E_NOMEM, "out of memory");
        }
        plan->stores[plan->count++] = (store){text, what, joined, MIG__UIDSET_INIT};
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
        (!as_source && mig__flags_same(change->flags, message->flags) && message->owed[0] == '\0')) {
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
    bool same = mig__flags_same(done->flags, message->flags);
    if (!done->stored && same && mig__flags_same(done->owed, message->owed)) {
        free(done->flags);
        free(done->owed);
        *done = (struct done){0};
        return 0;
    }
    if ((done->before = mig__strdup(message->flags)) == NULL) {
        return mig_error_set(&plan->error, MIG_E_NOMEM, "out of memory");
    }
    plan->expected[plan->expected_count] = mig__same_expect(message);
    plan->expected_count += done->stored;
    plan->done_count++;
    return 0;
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
        plan->job->result->flags_changed += done->stored && !mig__flags_same(done->before, done->flags);
    }
    return 0;
}

/* A flag was refused by itself: the messages that were to get it do without, and it is owed to them. */
static int leave_off(store_plan *plan, const store *refused, const char *flag, mig_error *err)
{
    mig__note_refused_flag(&plan->job->notes, flag);
    for (size_t i = 0; i < plan->done_count; i++) {
        struct done *done = &plan->done[i];
        if (!mig__uidset_has(&refused->uids, done->target_uid) || !mig__flags_contain(done->flags, flag)) {
            continue;
        }
        char *less = mig__flags_without(done->flags, flag), *more = mig__flags_with(done->owed, flag);
        if (less == NULL || more == NULL) {
            free(less);
            free(more);
            return mig_error_set(err, MIG_E_NOMEM, "out of memory");
        }
        free(done->flags);
        free(done->owed);
        done->flags = less;
        done->owed = more;
    }
    return 0;
}

static bool about_flags(const mig_error *error)
{
    return error->retry == MIG_RETRY_NEVER && (error->code == MIG_E_NO || error->code == MIG_E_BAD ||
                                               error->code == MIG_E_CANNOT || error->code == MIG_E_FLAG);
}

static int send_words(mig__session *session, const mig__uidset *uids, const char *words, mig_error *err)
{
    return mig__command_outcome(session, mig__change_send(session, uids, words, err), err);
}

/*
 * The target refused several flags at once, or a set that replaces the others: each by itself, so that only the one
 * that it does not like is left off. 0; 1: a refusal that has nothing to do with a flag (`err`); -1.
 */
static int store_singly(mig__session *session, store_plan *plan, const store *refused, mig_error *err)
{
    bool replaces = refused->what[0] == 'F';
    const char **flags = mig__flags_split(refused->flags);
    int outcome = flags == NULL ? mig_error_set(err, MIG_E_NOMEM, "out of memory") : 0;
    if (outcome == 0 && replaces) { /* an empty set, to which they are added */
        outcome = send_words(session, &refused->uids, "FLAGS.SILENT ()", err);
    }
    for (size_t i = 0; outcome == 0 && flags[i] != NULL; i++) {
        const char *const one[] = {flags[i], NULL};
        char *words = words_of(replaces ? "+FLAGS.SILENT" : refused->what, one);
        outcome = words == NULL ? mig_error_set(err, MIG_E_NOMEM, "out of memory")
                                : send_words(session, &refused->uids, words, err);
        free(words);
        if (outcome > 0 && about_flags(err) && refused->what[0] != '-') {
            outcome = leave_off(plan, refused, flags[i], err);
        }
    }
    free(flags);
    return outcome;
}

/* The changes of one folder. They can be stored twice. */
static int ask_stores(mig__session *session, void *context, mig_error *err)
{
    store_plan *plan = context;
    int outcome = mig__change_open(session, plan->job, err);
    outcome = outcome != 0 ? outcome : leave_others(session, plan, err);
    for (size_t i = 0; i < plan->count && outcome == 0; i++) {
        const store *change = &plan->stores[i];
        outcome = change->uids.count == 0 ? 0 : send_words(session, &change->uids, change->words, err);
        if (outcome > 0 && about_flags(err) && change->flags[0] != '\0') {
            outcome = store_singly(session, plan, change, err);
        }
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
            mig__change_tell_others(run, plan->job, &plan->others, "their flags were not changed");
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
        free(plan.stores[i].flags);
        mig__uidset_free(&plan.stores[i].uids);
    }
    for (size_t i = 0; plan.done != NULL && i < job->flag_change_count; i++) {
        free(plan.done[i].before);
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

void mig__delta_free(mig__folder_job *job)
{
    mig__delta_forget_flags(job);
    mig__uidset_free(&job->vanished);
}
