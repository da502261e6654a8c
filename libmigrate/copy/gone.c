/* copy/gone.c - what vanished on the source since it was copied (delta.h) */
#include "base/memory.h"
#include "copy/change.h"
#include "copy/decide_folder.h"
#include "copy/delta.h"
#include "copy/same.h"
#include <stdlib.h>

int mig__delta_vanished(mig__run *run, mig__folder_job *job, const mig__uidset *found, mig_error *err)
{
    if (mig__state_source_present(run->state, job->record.id, &job->vanished, err) != 0) {
        return -1;
    }
    job->known = mig__uidset_size(&job->vanished);
    return mig__uidset_subtract(&job->vanished, found, err);
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
    int outcome = mig__change_open(session, g->job, err);
    outcome = outcome != 0 ? outcome : choose_targets(session, g, err);
    if (outcome != 0 || g->targets.count == 0) {
        return outcome;
    }
    if (mig__uidset_size(&g->targets) > g->removed) {
        g->removed = mig__uidset_size(&g->targets);
    }
    mig__command *flag = mig__change_send(session, &g->targets, "+FLAGS.SILENT (\\Deleted)", err);
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
        mig__change_tell_others(run, job, &g.others, "they were not deleted, although the source deleted them");
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
        } else if (mig__decide_too_many_gone(mig__uidset_size(&job->vanished), job->known) && !run->options->force) {
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
