/* copy/prepare.c - CREATE, SUBSCRIBE and SELECT of many folders in one go */
#include "copy/prepare.h"
#include "account/each.h"
#include "account/sides.h"
#include "base/retry.h"
#include "copy/create.h"
#include "imap/command.h"
#include <stdlib.h>
#include <string.h>
#include <strings.h>

typedef struct answers { /* how each was refused */
    mig_error create, subscribe, select;
} answers;

typedef struct preparing { /* the commands of one job, NULL where none is needed */
    mig__run *run;
    mig__folder_job *job;
    mig__making *making;
    mig__command *create, *subscribe, *select;
    answers *answers; /* while it is under way */
    bool asked;       /* to be made */
} preparing;

/* Another job before this one makes the same mailbox. */
static bool made_by_another(const mig__run *run, const mig__folder_job *job)
{
    for (const mig__folder_job *other = run->jobs; job->shared && other < job; other++) {
        if (other->copy && strcmp(other->target, job->target) == 0) {
            return true;
        }
    }
    return false;
}

static bool wants_create(const mig__run *run, const mig__folder_job *job)
{
    bool there = mig__sides_selectable(job->existing);
    return !there && strcasecmp(job->target, "INBOX") != 0 && !made_by_another(run, job);
}

static bool wants_subscribe(const mig__run *run, const mig__folder_job *job)
{
    bool subscribed = job->existing != NULL && (job->existing->attributes & MIG_ATTR_SUBSCRIBED) != 0;
    return (job->source->attributes & MIG_ATTR_SUBSCRIBED) != 0 && !subscribed &&
           (job->record.id == 0 || job->existing == NULL) && !made_by_another(run, job);
}

static int send_job(mig__session *session, void *context, mig_error *err)
{
    preparing *step = context;
    mig__run *run = step->run;
    mig__folder_job *job = step->job;
    step->create = step->subscribe = NULL;
    if (step->answers == NULL && (step->answers = malloc(sizeof *step->answers)) == NULL) {
        return mig_error_set(err, MIG_E_NOMEM, "out of memory");
    }
    *step->answers = (answers){MIG_ERROR_INIT, MIG_ERROR_INIT, MIG_ERROR_INIT};
    step->asked = wants_create(run, job);
    if (step->asked && (step->create = mig__create_send(session, job, err)) == NULL) {
        return -1;
    }
    job->record.created = job->record.created || step->asked;
    if (wants_subscribe(run, job) &&
        (step->subscribe = mig__create_command(session, "SUBSCRIBE", job->target, NULL, err)) == NULL) {
        return -1;
    }
    mig__selected_free(&job->goal);
    step->select = mig__select(session, job->target, false, &job->goal, err);
    return step->select == NULL ? -1 : 0;
}

/* What was asked for at the end, when it is known by which name the mailbox is there. */
static int subscribe_renamed(mig__run *run, mig__session *session, mig__folder_job *job, mig_error *why, mig_error *err)
{
    if (!job->renamed || job->broken || !wants_subscribe(run, job)) {
        return 0;
    }
    mig__command *command = mig__create_command(session, "SUBSCRIBE", job->target, NULL, err);
    return mig__command_settle(session, command, why, err);
}

/* 0; 1: put off; -1. What is refused for good is among the answers. */
static int settle_job(mig__session *session, void *context, mig_error *err)
{
    preparing *step = context;
    mig__folder_job *job = step->job;
    mig_error *create = &step->answers->create, *select = &step->answers->select;
    mig_error *subscribe = &step->answers->subscribe;
    if ((step->create != NULL && mig__command_settle(session, step->create, create, err) != 0) ||
        (step->subscribe != NULL && mig__command_settle(session, step->subscribe, subscribe, err) != 0) ||
        mig__command_settle(session, step->select, select, err) != 0) {
        return -1;
    }
    if ((create->code != MIG_OK && mig__create_another_way(step->run, session, job, create, select, err) != 0) ||
        (create->code == MIG_OK && job->renamed && mig__create_open(session, job, select, err) != 0)) { /* by another */
        return -1;
    }
    if (create->code == MIG_OK && select->code == MIG_OK &&
        subscribe_renamed(step->run, session, job, subscribe, err) != 0) {
        return -1;
    }
    *err = create->code != MIG_OK ? *create : select->code != MIG_OK ? *select : *subscribe;
    return mig__retry_wanted(err) ? 1 : 0;
}

/* `why` is that of a connection that broke each time, or of what was put off to the end. */
static int finish_job(void *context, int outcome, const mig_error *why, mig_error *err)
{
    preparing *step = context;
    mig__run *run = step->run;
    mig__folder_job *job = step->job;
    answers *told = step->answers;
    int failed;
    mig__run_progress(run);
    if (outcome != 0 && (told == NULL || !mig__retry_wanted(&told->subscribe))) {
        const mig_error none = MIG_ERROR_INIT;
        failed = mig__making_note(step->making, run, job, false, step->asked ? why : &none, why, err);
    } else {
        failed = mig__making_note(step->making, run, job, step->asked, &told->create, &told->select, err);
    }
    if (told != NULL && told->subscribe.code != MIG_OK && !job->broken && told->select.code == MIG_OK) {
        mig_error_context(&told->subscribe, "the mailbox '%s' could not be subscribed", job->result->target);
        mig__run_problem(run, job, 0, false, &told->subscribe);
    }
    job->uidnext = job->goal.uidnext;
    free(step->answers);
    step->answers = NULL;
    return failed;
}

int mig__prepare_target(mig__run *run, mig__session **session, mig_error *err)
{
    static const mig__each each = {send_job, settle_job, finish_job};
    mig__making making = {0};
    preparing *steps = calloc(run->job_count + 1, sizeof *steps);
    void **pointers = calloc(run->job_count + 1, sizeof *pointers);
    size_t count = 0;
    int failed = steps == NULL || pointers == NULL ? mig_error_set(err, MIG_E_NOMEM, "out of memory") : 0;
    pthread_mutex_lock(&run->lock); /* the scan of the source goes on beside it */
    for (size_t i = 0; failed == 0 && i < run->job_count; i++) {
        mig__folder_job *job = &run->jobs[i];
        if (job->copy && !job->unchanged && !job->broken) {
            steps[count] = (preparing){.run = run, .job = job, .making = &making};
            pointers[count] = &steps[count];
            count++;
        }
    }
    pthread_mutex_unlock(&run->lock);
    failed =
        failed != 0 ? failed : mig__gate_ask_each(&run->sides[MIG_TARGET].gate, session, &each, pointers, count, err);
    failed = failed != 0 ? failed : mig__making_finish(&making, run, session, err);
    mig__making_free(&making);
    for (size_t i = 0; i < count; i++) {
        free(steps[i].answers);
    }
    free(steps);
    free(pointers);
    return failed;
}

static int leave_by(mig__session *session, const char *name, mig_error *refused, mig_error *err)
{
    mig__command *command = mig__command_begin(session, name, NULL, NULL, err);
    command = command != NULL && mig__command_end(command, err) == 0 ? command : NULL;
    return mig__command_settle(session, command, refused, err);
}

int mig__prepare_leave(mig__session *session, mig_error *err)
{
    mig_error refused = MIG_ERROR_INIT; /* nothing is open when the last mailbox could not be opened */
    mig__selected selected = {0};
    if (mig__session_can(session, MIG__CAP_UNSELECT)) {
        int failed = leave_by(session, "UNSELECT", &refused, err);
        if (failed != 0 || refused.code == MIG_OK) {
            return failed;
        }
    }
    /* CLOSE would expunge, but not what was opened by EXAMINE (RFC 3501 section 6.4.2). To stay there is no way:
     * Courier refuses an APPEND to the mailbox that is open read-only. */
    int failed = mig__command_settle(session, mig__select(session, "INBOX", true, &selected, err), &refused, err);
    mig__selected_free(&selected);
    return failed != 0 || refused.code != MIG_OK ? failed : leave_by(session, "CLOSE", &refused, err);
}
