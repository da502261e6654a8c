/* copy/prepare.c - CREATE, SUBSCRIBE and SELECT of many folders in one go */
#include "copy/prepare.h"
#include "account/sides.h"
#include "copy/create.h"
#include "imap/command.h"
#include <string.h>
#include <strings.h>

enum { JOBS_AT_ONCE = 64 };

typedef struct preparing { /* the commands of one job, NULL where none is needed */
    mig__folder_job *job;
    mig__command *create, *subscribe, *select;
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

static int send_job(mig__run *run, mig__session *session, preparing *step, mig_error *err)
{
    mig__folder_job *job = step->job;
    if (wants_create(run, job)) {
        if ((step->create = mig__create_send(session, job, err)) == NULL) {
            return -1;
        }
        job->record.created = true;
    }
    if (wants_subscribe(run, job) &&
        (step->subscribe = mig__create_command(session, "SUBSCRIBE", job->target, NULL, err)) == NULL) {
        return -1;
    }
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

static int finish_job(mig__run *run, mig__session *session, preparing *step, mig__making *making, mig_error *err)
{
    mig__folder_job *job = step->job;
    mig_error create = MIG_ERROR_INIT, subscribe = MIG_ERROR_INIT, select;
    if ((step->create != NULL && mig__command_settle(session, step->create, &create, err) != 0) ||
        (step->subscribe != NULL && mig__command_settle(session, step->subscribe, &subscribe, err) != 0) ||
        mig__command_settle(session, step->select, &select, err) != 0) {
        return -1;
    }
    if ((create.code != MIG_OK && mig__create_another_way(run, session, job, &create, &select, err) != 0) ||
        (create.code == MIG_OK && job->renamed && mig__create_open(session, job, &select, err) != 0)) { /* by another */
        return -1;
    }
    if (mig__making_note(making, run, job, step->create != NULL, &create, &select, err) != 0 ||
        subscribe_renamed(run, session, job, &subscribe, err) != 0) {
        return -1;
    }
    if (subscribe.code != MIG_OK && !job->broken && select.code == MIG_OK) {
        mig_error_context(&subscribe, "the mailbox '%s' could not be subscribed", job->result->target);
        mig__run_problem(run, job, 0, false, &subscribe);
    }
    job->uidnext = job->goal.uidnext;
    return 0;
}

static int prepare_some(mig__run *run, mig__session *session, size_t *next, mig__making *making, mig_error *err)
{
    preparing steps[JOBS_AT_ONCE];
    size_t count = 0;
    for (; *next < run->job_count && count < JOBS_AT_ONCE; ++*next) {
        mig__folder_job *job = &run->jobs[*next];
        if (!job->copy || job->unchanged) {
            continue;
        }
        steps[count] = (preparing){.job = job};
        if (send_job(run, session, &steps[count++], err) != 0) {
            return -1;
        }
    }
    for (size_t i = 0; i < count; i++) {
        if (finish_job(run, session, &steps[i], making, err) != 0) {
            return -1;
        }
    }
    return 0;
}

int mig__prepare_target(mig__run *run, mig__session *session, mig_error *err)
{
    mig__making making = {0};
    int failed = 0;
    for (size_t next = 0; failed == 0 && next < run->job_count;) {
        failed = prepare_some(run, session, &next, &making, err);
    }
    failed = failed != 0 ? failed : mig__making_finish(&making, run, session, err);
    mig__making_free(&making);
    return failed;
}

int mig__prepare_leave(mig__session *session, mig_error *err)
{
    mig_error ignored; /* nothing is open when the last mailbox could not be opened */
    mig__selected selected = {0};
    mig__command *command = NULL;
    if (mig__session_can(session, MIG__CAP_UNSELECT)) {
        command = mig__command_begin(session, "UNSELECT", NULL, NULL, err);
        command = command != NULL && mig__command_end(command, err) == 0 ? command : NULL;
    } else { /* CLOSE would expunge */
        command = mig__select(session, "INBOX", true, &selected, err);
    }
    int failed = mig__command_settle(session, command, &ignored, err);
    mig__selected_free(&selected);
    return failed;
}
