/* What the source says of the flags of recorded messages. */
#include "copy/delta.h"
#include <stdlib.h>

static int on_flags(const mig__response *response, void *context, mig_error *err)
{
    const mig__fetch_item *item = &response->fetch;
    if (response->kind != MIG__RESPONSE_FETCH || item->uid == 0 || !item->has_flags) {
        return 0;
    }
    char *flags = mig__flags_join(item->flags);
    int failed = flags == NULL ? mig_error_set(err, MIG_E_NOMEM, "out of memory")
                               : mig__delta_note_flags(context, item->uid, flags, err);
    free(flags);
    return failed;
}

static mig__command *ask(mig__run *run, mig__session *session, mig__folder_job *job, uint32_t first, uint32_t last,
                         mig_error *err)
{
    bool condstore = mig__session_can(session, MIG__CAP_CONDSTORE) && job->record.source_modseq > 0 &&
                     run->options->flags == MIG_FLAGS_MERGE;
    mig__uidset range = MIG__UIDSET_INIT;
    if (mig__uidset_add(&range, first, last, err) != 0) {
        return NULL;
    }
    mig__command *command =
        mig__fetch(session, &range, MIG__FETCH_FLAGS, condstore ? job->record.source_modseq : 0, on_flags, job, err);
    mig__uidset_free(&range);
    return command;
}

mig__command *mig__delta_ask(mig__run *run, mig__session *session, mig__folder_job *job, const mig__uidset *known,
                             mig_error *err)
{
    err->code = MIG_OK;
    if (run->options->flags == MIG_FLAGS_KEEP || known->count == 0) {
        return NULL;
    }
    return ask(run, session, job, known->ranges[0].first, mig__uidset_max(known), err);
}

static uint32_t lowest_noted(const mig__folder_job *job)
{
    uint32_t lowest = UINT32_MAX;
    for (size_t i = 0; i < job->flag_change_count; i++) {
        lowest = job->flag_changes[i].uid < lowest ? job->flag_changes[i].uid : lowest;
    }
    return lowest;
}

int mig__delta_ask_rest(mig__run *run, mig__session *session, mig__folder_job *job, const mig__uidset *known,
                        uint32_t limit_uid, mig_error *why, mig_error *err)
{
    uint32_t first = known->ranges[0].first, below = mig__uidset_max(known) + 1;
    mig__selected again = {0};
    *why = (mig_error)MIG_ERROR_INIT;
    int failed = mig__command_settle(session, mig__select(session, job->source->wire, true, &again, err), why, err);
    mig__selected_free(&again);
    for (bool partial = true; failed == 0 && why->code == MIG_OK && partial;) {
        uint32_t reached = limit_uid != 0 ? limit_uid : lowest_noted(job);
        if (reached >= below) {
            job->filtered = true; /* the server does not get on: the next run asks again */
        }
        if (reached <= first || reached >= below) {
            break;
        }
        below = reached;
        mig__command_result result = {.error = MIG_ERROR_INIT};
        mig__command *command = ask(run, session, job, first, below - 1, err);
        failed = command == NULL ? -1 : mig__command_wait(session, command, &result, err);
        *why = result.error;
        partial = result.code == MIG__CODE_MESSAGELIMIT;
        limit_uid = result.limit_uid;
        mig__command_result_clear(&result);
    }
    return failed;
}
