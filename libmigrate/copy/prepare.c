#include "copy/prepare.h"
#include "copy/hidden.h"
#include "account/sides.h"
#include "copy/queue.h"
#include "copy/refused.h"
#include "imap/command.h"
#include <string.h>
#include <strings.h>

enum { JOBS_AT_ONCE = 64 };

typedef struct preparing { /* the commands of one job, NULL where none is needed */
    mig__folder_job *job;
    mig__command *create, *subscribe, *select;
} preparing;

static const char *use_of(mig_role role)
{
    switch (role) {
    case MIG_ROLE_SENT:
        return "(USE (\\Sent))";
    case MIG_ROLE_DRAFTS:
        return "(USE (\\Drafts))";
    case MIG_ROLE_JUNK:
        return "(USE (\\Junk))";
    case MIG_ROLE_TRASH:
        return "(USE (\\Trash))";
    case MIG_ROLE_ARCHIVE:
        return "(USE (\\Archive))";
    default:
        return NULL;
    }
}

static mig__command *send_name(mig__session *session, const char *words, const char *mailbox, const char *more,
                               mig_error *err)
{
    mig__command *command = mig__command_begin(session, words, NULL, NULL, err);
    if (command == NULL) {
        return NULL;
    }
    mig__command_mailbox(command, mailbox);
    if (more != NULL) {
        mig__command_raw(command, more);
    }
    return mig__command_end(command, err) == 0 ? command : NULL;
}

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
        const char *use = mig__session_can(session, MIG__CAP_CREATE_SPECIAL_USE) ? use_of(job->role) : NULL;
        if ((step->create = send_name(session, "CREATE", job->target, use, err)) == NULL) {
            return -1;
        }
        job->record.created = true;
    }
    if (wants_subscribe(run, job) &&
        (step->subscribe = send_name(session, "SUBSCRIBE", job->target, NULL, err)) == NULL) {
        return -1;
    }
    step->select = mig__select(session, job->target, false, &job->goal, err);
    return step->select == NULL ? -1 : 0;
}

static void break_job(mig__run *run, mig__folder_job *job, const mig_error *why, const char *doing)
{
    mig_error error = *why;
    error.scope = error.scope < MIG_SCOPE_FOLDER ? MIG_SCOPE_FOLDER : error.scope;
    mig_error_context(&error, "%s '%s' on the target", doing, job->result->target);
    if (error.hint[0] == '\0') {
        mig_error_hint(&error, "give the folder another name with --map, or leave it out with --exclude");
    }
    mig__queue_break_folder(run, job, &error);
}

/* One command about the job's mailbox; `why` gets a refusal. */
static int ask_name(mig__session *session, const char *words, const mig__folder_job *job, const char *more,
                    mig_error *why, mig_error *err)
{
    mig__command *command = send_name(session, words, job->target, more, err);
    return mig__command_settle(session, command, why, err);
}

static int open_target(mig__session *session, mig__folder_job *job, mig_error *why, mig_error *err)
{
    mig__selected_free(&job->goal);
    mig__command *select = mig__select(session, job->target, false, &job->goal, err);
    return mig__command_settle(session, select, why, err);
}

/* The server took the name but not the role, or the mailbox was there all along: try again, one thing at a time. */
static int create_plainly(mig__session *session, mig__folder_job *job, mig_error *why, mig_error *err)
{
    if (use_of(job->role) != NULL && why->code != MIG_OK && why->code != MIG_E_EXISTS &&
        ask_name(session, "CREATE", job, NULL, why, err) != 0) {
        return -1;
    }
    mig_error opened;
    if (open_target(session, job, &opened, err) != 0) {
        return -1;
    }
    if (opened.code == MIG_OK || why->code == MIG_OK) {
        *why = opened;
    }
    return 0;
}

/* The name is refused, by any name: another one takes its place, and the record keeps that. */
static int create_renamed(mig__run *run, mig__session *session, mig__folder_job *job, mig_error *why, mig_error *err)
{
    mig_error refused = *why;
    char *name = mig__refused_name(run, job, why);
    if (name == NULL) {
        return 0;
    }
    if (mig__refused_rename(run, job, name, err) != 0) {
        return -1;
    }
    const char *use = mig__session_can(session, MIG__CAP_CREATE_SPECIAL_USE) ? use_of(job->role) : NULL;
    *why = (mig_error)MIG_ERROR_INIT;
    if ((!mig__sides_selectable(job->existing) && ask_name(session, "CREATE", job, use, why, err) != 0) ||
        create_plainly(session, job, why, err) != 0) {
        return -1;
    }
    if (why->code == MIG_OK) {
        mig_error_context(&refused, "the target refuses its name; it is '%s' there", job->result->target);
        refused.code = MIG_E_NAME;
        mig__run_problem(run, job, 0, false, &refused);
    }
    return 0;
}

/* What the refusal of CREATE leaves: the mailbox is open in the end, or the folder is given up. */
static int create_plainer(mig__run *run, mig__session *session, mig__folder_job *job, mig_error *why, mig_error *err)
{
    bool refused = why->code == MIG_E_EXISTS || why->code == MIG_E_NOPERM;
    if (create_plainly(session, job, why, err) != 0 ||
        (why->code != MIG_OK && create_renamed(run, session, job, why, err) != 0)) {
        return -1;
    }
    if (why->code != MIG_OK) {
        break_job(run, job, why, "cannot create");
    } else if (job->existing == NULL && !job->renamed && refused) {
        mig__hidden_tell(run, job->source->name, job->result->target);
    }
    return 0;
}

static int finish_job(mig__run *run, mig__session *session, preparing *step, mig_error *err)
{
    mig__folder_job *job = step->job;
    mig_error create = MIG_ERROR_INIT, subscribe = MIG_ERROR_INIT, select;
    if ((step->create != NULL && mig__command_settle(session, step->create, &create, err) != 0) ||
        (step->subscribe != NULL && mig__command_settle(session, step->subscribe, &subscribe, err) != 0) ||
        mig__command_settle(session, step->select, &select, err) != 0) {
        return -1;
    }
    bool refused = create.code != MIG_OK;
    if (refused && create_plainer(run, session, job, &create, err) != 0) {
        return -1;
    }
    if (!refused && job->renamed && open_target(session, job, &select, err) != 0) { /* by another job, to one place */
        return -1;
    }
    if (!refused && select.code != MIG_OK) {
        break_job(run, job, &select, "cannot open");
    }
    if (job->renamed && !job->broken && wants_subscribe(run, job) &&
        ask_name(session, "SUBSCRIBE", job, NULL, &subscribe, err) != 0) {
        return -1;
    }
    if (subscribe.code != MIG_OK && !job->broken) {
        mig_error_context(&subscribe, "the mailbox '%s' could not be subscribed", job->result->target);
        mig__run_problem(run, job, 0, false, &subscribe);
    }
    job->uidnext = job->goal.uidnext;
    return 0;
}

int mig__prepare_target(mig__run *run, mig__session *session, mig_error *err)
{
    preparing steps[JOBS_AT_ONCE];
    for (size_t next = 0; next < run->job_count;) {
        size_t count = 0;
        for (; next < run->job_count && count < JOBS_AT_ONCE; next++) {
            mig__folder_job *job = &run->jobs[next];
            if (!job->copy || job->unchanged) {
                continue;
            }
            steps[count] = (preparing){.job = job};
            if (send_job(run, session, &steps[count++], err) != 0) {
                return -1;
            }
        }
        for (size_t i = 0; i < count; i++) {
            if (finish_job(run, session, &steps[i], err) != 0) {
                return -1;
            }
        }
    }
    return 0;
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
