/*
 * copy/hidden.c - mailboxes of the target that are there and are not listed (RFC 4314: a right to look up is missing)
 */
#include "copy/hidden.h"
#include "account/sides.h"
#include "base/memory.h"
#include "base/retry.h"
#include "copy/rename.h"
#include <stdlib.h>

void mig__hidden_tell(mig__run *run, const char *source, const char *target)
{
    mig_error why;
    mig_error_set(&why, MIG_E_NOPERM, "the target does not list its mailbox '%s', but has it", target);
    mig_error_hint(&why, "its users will not see it either: grant the right to look it up (l)");
    pthread_mutex_lock(&run->lock);
    mig__result_problem(run->account, source, 0, false, &why);
    pthread_mutex_unlock(&run->lock);
}

static int add_hidden(mig__run *run, const mig__state_folder *folder, const mig__selected *selected, mig_error *err)
{
    mig__mailbox *mailbox = mig__mailbox_list_add(&run->sides[MIG_TARGET].mailboxes, folder->target, err);
    char *source = mig__sides_decoded(folder->source), *target = mig__sides_decoded(folder->target);
    if (mailbox != NULL) {
        mailbox->has_status = true;
        mailbox->messages = selected->exists;
        mailbox->uidnext = selected->uidnext;
        mailbox->uidvalidity = selected->uidvalidity;
        mailbox->modseq = selected->modseq;
        mig__hidden_tell(run, source != NULL ? source : folder->source, target != NULL ? target : folder->target);
    }
    free(source);
    free(target);
    return mailbox == NULL ? -1 : 0;
}

typedef struct asking {
    const char *mailbox;
    mig__selected selected;
} asking;

static int ask(mig__session *session, void *context, mig_error *err)
{
    asking *q = context;
    mig__selected_free(&q->selected);
    return mig__command_outcome(session, mig__select(session, q->mailbox, true, &q->selected, err), err);
}

/* It is not known whether it is there: nothing is written to it in this run. */
static int add_unknown(mig__run *run, const mig__state_folder *folder, const mig_error *why, mig_error *err)
{
    char line[MIG_ERROR_TEXT + MIG_ERROR_SERVER + MIG_ERROR_HINT];
    mig__mailbox *mailbox = mig__mailbox_list_add(&run->sides[MIG_TARGET].mailboxes, folder->target, err);
    if (mailbox == NULL) {
        return -1;
    }
    mailbox->closes = true;
    mailbox->problem = mig__strdup(mig_error_line(why, line, sizeof line));
    return mailbox->problem == NULL ? mig_error_set(err, MIG_E_NOMEM, "out of memory") : 0;
}

static int look_for(mig__run *run, mig__session **session, const mig__state_folder *folder, mig_error *err)
{
    asking q = {.mailbox = folder->target};
    int outcome = mig__gate_ask(&run->sides[MIG_TARGET].gate, session, ask, &q, err);
    if (outcome == 0 && q.selected.uidvalidity == folder->target_uidvalidity) {
        outcome = add_hidden(run, folder, &q.selected, err);
    } else if (outcome > 0) { /* refused for good, it is not there */
        mig_error why = *err;
        outcome = mig__retry_wanted(&why) ? add_unknown(run, folder, &why, err) : 0;
    }
    mig__selected_free(&q.selected);
    return outcome;
}

int mig__hidden_find(mig__run *run, mig__session **target, mig_error *err)
{
    mig__state_folder *folders = NULL;
    size_t count = 0;
    int failed = mig__state_folders(run->state, run->state_account, &folders, &count, err);
    for (size_t i = 0; failed == 0 && i < count; i++) {
        if (folders[i].target_uidvalidity != 0 && !mig__rename_parked(folders[i].target) &&
            mig__mailbox_alike(&run->sides[MIG_TARGET].mailboxes, folders[i].target) == NULL) {
            failed = look_for(run, target, &folders[i], err);
        }
    }
    mig__state_folders_free(&folders, count);
    return failed;
}
