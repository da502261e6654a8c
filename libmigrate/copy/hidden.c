#include "copy/hidden.h"
#include "account/sides.h"
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
    mig__mailbox *mailbox = mig__mailbox_list_add(&run->target_list, folder->target, err);
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

static int ask(mig__run *run, mig__session *session, const mig__state_folder *folder, mig_error *err)
{
    mig__selected selected = {0};
    mig_error why;
    int failed = mig__command_settle(session, mig__select(session, folder->target, true, &selected, err), &why, err);
    if (failed == 0 && why.code == MIG_OK && selected.uidvalidity == folder->target_uidvalidity) {
        failed = add_hidden(run, folder, &selected, err);
    }
    mig__selected_free(&selected);
    return failed;
}

int mig__hidden_find(mig__run *run, mig__session *target, mig_error *err)
{
    mig__state_folder *folders = NULL;
    size_t count = 0;
    int failed = mig__state_folders(run->state, run->state_account, &folders, &count, err);
    for (size_t i = 0; failed == 0 && i < count; i++) {
        if (folders[i].target_uidvalidity != 0 && !mig__rename_parked(folders[i].target) &&
            mig__mailbox_alike(&run->target_list, folders[i].target) == NULL) {
            failed = ask(run, target, &folders[i], err);
        }
    }
    mig__state_folders_free(&folders, count);
    return failed;
}
