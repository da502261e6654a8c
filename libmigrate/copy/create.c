/* copy/create.c - CREATE that is refused, or taken and not meant: other names, other moments, what LIST says */
#include "copy/create.h"
#include "account/listing.h"
#include "account/sides.h"
#include "base/clock.h"
#include "base/memory.h"
#include "base/retry.h"
#include "base/unicode.h"
#include "copy/hidden.h"
#include "copy/lanes.h"
#include "copy/refused.h"
#include "folders/plainer.h"
#include <stdlib.h>
#include <string.h>

enum {
    OPENINGS = 4,    /* tries of SELECT right after CREATE; servers with several parts need a moment */
    FIRST_MS = 100,  /* before the second one; then twice as long each time */
    OTHER_NAMES = 64 /* as many levels as a name that is joined may have */
};

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

mig__command *mig__create_command(mig__session *session, const char *words, const char *mailbox, const char *more,
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

mig__command *mig__create_send(mig__session *session, const mig__folder_job *job, mig_error *err)
{
    const char *use = mig__session_can(session, MIG__CAP_CREATE_SPECIAL_USE) ? use_of(job->role) : NULL;
    return mig__create_command(session, "CREATE", job->target, use, err);
}

int mig__create_open(mig__session *session, mig__folder_job *job, mig_error *why, mig_error *err)
{
    mig__selected_free(&job->goal);
    mig__command *select = mig__select(session, job->target, false, &job->goal, err);
    return mig__command_settle(session, select, why, err);
}

/* ---- refused ---- */

/* The server took the name but not the role, or the mailbox was there all along: try again, one thing at a time. */
static int create_plainly(mig__session *session, mig__folder_job *job, mig_error *create, mig_error *select,
                          mig_error *err)
{
    if (use_of(job->role) != NULL && create->code != MIG_OK && create->code != MIG_E_EXISTS) {
        mig__command *command = mig__create_command(session, "CREATE", job->target, NULL, err);
        if (mig__command_settle(session, command, create, err) != 0) {
            return -1;
        }
    }
    if (mig__create_open(session, job, select, err) != 0) {
        return -1;
    }
    if (select->code == MIG_OK) {
        *create = *select;
    }
    return 0;
}

static int create_renamed(mig__run *run, mig__session *session, mig__folder_job *job, char *name, mig_error *create,
                          mig_error *select, mig_error *err)
{
    if (mig__refused_rename(run, job, name, err) != 0) {
        return -1;
    }
    *create = (mig_error)MIG_ERROR_INIT;
    if (!mig__sides_selectable(job->existing) &&
        mig__command_settle(session, mig__create_send(session, job, err), create, err) != 0) {
        return -1;
    }
    return create_plainly(session, job, create, select, err);
}

static void tell_renamed(mig__run *run, mig__folder_job *job, const mig_error *refused)
{
    mig_error error = *refused;
    mig_error_context(&error, "the target refuses its name; it is '%s' there", job->result->target);
    error.code = MIG_E_NAME;
    error.hint[0] = '\0';
    mig__run_problem(run, job, 0, false, &error);
}

int mig__create_another_way(mig__run *run, mig__session *session, mig__folder_job *job, mig_error *create,
                            mig_error *select, mig_error *err)
{
    if (create_plainly(session, job, create, select, err) != 0) {
        return -1;
    }
    if (create->code == MIG_OK || create->code == MIG_E_EXISTS) { /* which name it has there, the list will tell */
        *create = (mig_error)MIG_ERROR_INIT;
        return 0;
    }
    mig_error refused = *create, last;
    char *own = mig__strdup(job->target), *name = NULL;
    int failed = own == NULL ? mig_error_set(err, MIG_E_NOMEM, "out of memory") : 0;
    for (int i = 0; failed == 0 && create->code != MIG_OK && i < OTHER_NAMES; i++) {
        last = *create;
        if ((name = mig__refused_name(run, job, &last)) == NULL) {
            break;
        }
        failed = create_renamed(run, session, job, name, create, select, err);
    }
    if (failed == 0 && create->code == MIG_OK && strcmp(own, job->target) != 0) {
        tell_renamed(run, job, &refused);
    } else if (failed == 0 && strcmp(own, job->target) != 0) { /* nothing was taken: it keeps its own name */
        *create = refused;
        name = own;
        own = NULL;
        failed = mig__refused_rename(run, job, name, err);
    }
    free(own);
    return failed;
}

/* ---- made ---- */

static void break_job(mig__run *run, mig__folder_job *job, const mig_error *why, const char *doing)
{
    mig_error error = *why;
    error.scope = error.scope < MIG_SCOPE_FOLDER ? MIG_SCOPE_FOLDER : error.scope;
    mig_error_context(&error, "%s '%s' on the target", doing, job->result->target);
    if (error.hint[0] == '\0') {
        mig_error_hint(&error, "give the folder another name with --map, or leave it out with --exclude");
    }
    mig__lanes_break(run, job, &error);
}

/* Several folders of the source may go to a mailbox that one of them has made. */
static bool is_made(const mig__making *making, const mig__folder_job *job)
{
    bool found = false;
    for (size_t i = making->count; job->shared && !found && i > 0; i--) {
        found = making->items[i - 1].job->lead == job->lead;
    }
    return found;
}

int mig__making_note(mig__making *making, mig__run *run, mig__folder_job *job, bool asked, const mig_error *create,
                     const mig_error *select, mig_error *err)
{
    if ((!asked && !is_made(making, job)) || create->code != MIG_OK) {
        if (create->code != MIG_OK || select->code != MIG_OK) {
            break_job(run, job, create->code != MIG_OK ? create : select,
                      create->code != MIG_OK ? "cannot create" : "cannot open");
        }
        return 0;
    }
    mig__made made = {.job = job};
    mig__made *grown = mig__grow(making->items, making->count, sizeof *grown, err);
    if (grown == NULL) {
        return -1;
    }
    making->items = grown;
    if (select->code != MIG_OK) {
        if ((made.select = malloc(sizeof *made.select)) == NULL) {
            return mig_error_set(err, MIG_E_NOMEM, "out of memory");
        }
        *made.select = *select;
    }
    making->items[making->count++] = made;
    return 0;
}

static bool is_target_of_another(const mig__run *run, const mig__folder_job *job, const char *wire)
{
    bool found = false;
    for (size_t i = 0; !found && i < run->job_count; i++) {
        const mig__folder_job *other = &run->jobs[i];
        found = other->lead != job->lead && other->target != NULL && strcmp(other->target, wire) == 0;
    }
    return found;
}

/* Under which name the mailbox is there; NULL: under none that can be told. */
static const mig__mailbox *look_up(const mig__run *run, const mig__folder_job *job, const mig__mailbox_list *list)
{
    const mig__mailbox *found = mig__mailbox_alike(list, job->target);
    for (size_t i = 0; found == NULL && i < list->count; i++) {
        const mig__mailbox *one = &list->items[i];
        bool fits = mig__sides_selectable(one) && mig__made_of(one->name, job->result->target);
        found = fits && !is_target_of_another(run, job, one->wire) ? one : NULL;
    }
    return found;
}

/* The list's name for it counts. Another form of the same name is nothing to speak of. */
static int take_listed_name(mig__run *run, mig__made *made, const mig__mailbox *listed, mig_error *err)
{
    mig__folder_job *job = made->job;
    if (listed == NULL || strcmp(listed->wire, job->target) == 0) {
        return 0;
    }
    bool differs = !mig__nfc_equal(listed->name, job->result->target);
    char *name = mig__strdup(listed->wire);
    if (name == NULL) {
        return mig_error_set(err, MIG_E_NOMEM, "out of memory");
    }
    if (mig__refused_rename(run, job, name, err) != 0) {
        return -1;
    }
    if (differs) {
        mig_error error;
        mig_error_set(&error, MIG_E_NAME, "the target changed its name; it is '%s' there", job->result->target);
        mig__run_problem(run, job, 0, false, &error);
    }
    return 0;
}

static int ask_open(mig__session *session, void *context, mig_error *err)
{
    mig__folder_job *job = context;
    mig__selected_free(&job->goal);
    return mig__command_outcome(session, mig__select(session, job->target, false, &job->goal, err), err);
}

/* Right after CREATE: again a few times, and what is put off as long as there is patience. 0; 1 refused, -1. */
static int open_patiently(mig__run *run, mig__session **session, mig__folder_job *job, mig_error *err)
{
    int64_t pause = FIRST_MS;
    for (int i = 1;; i++, pause *= 2) {
        int outcome = mig__gate_ask(&run->sides[MIG_TARGET].gate, session, ask_open, job, err);
        if (outcome <= 0 || i == OPENINGS || mig__retry_wanted(err) || mig__run_stopping(run)) {
            return outcome;
        }
        mig__sleep_ms(pause);
    }
}

static int finish_one(mig__run *run, mig__session **session, mig__made *made, const mig__mailbox_list *list,
                      mig_error *err)
{
    mig__folder_job *job = made->job;
    const mig__mailbox *listed = look_up(run, job, list);
    if (take_listed_name(run, made, listed, err) != 0) {
        return -1;
    }
    if (made->select == NULL) {
        if (listed == NULL) {
            mig__hidden_tell(run, job->source->name, job->result->target);
        }
        return 0;
    }
    int outcome = open_patiently(run, session, job, err);
    if (outcome > 0) {
        break_job(run, job, err, "cannot open");
    }
    job->uidnext = job->goal.uidnext;
    return outcome < 0 ? -1 : 0;
}

int mig__making_finish(mig__making *making, mig__run *run, mig__session **session, mig_error *err)
{
    mig__mailbox_list list = {0};
    if (making->count == 0) {
        return 0;
    }
    int failed = mig__listing(&run->sides[MIG_TARGET].gate, session, false, NULL, &list, err);
    for (size_t i = 0; failed == 0 && i < making->count; i++) {
        failed = finish_one(run, session, &making->items[i], &list, err);
    }
    mig__mailbox_list_free(&list);
    return failed;
}

void mig__making_free(mig__making *making)
{
    for (size_t i = 0; i < making->count; i++) {
        free(making->items[i].select);
    }
    free(making->items);
    *making = (mig__making){0};
}
