/*
 * copy/resync.c - a folder scanned by what the server says has changed since the last complete pass (RFC 7162,
 * QRESYNC)
 */
#include "copy/resync.h"
#include "copy/delta.h"
#include <stdio.h>
#include <stdlib.h>

bool mig__resync_fits(const mig__run *run, const mig__session *session, const mig__folder_job *job)
{
    const mig__state_folder *then = &job->record;
    bool complete = then->id != 0 && then->source_uidnext != 0 && then->source_uidvalidity != 0;
    return complete && then->source_modseq > 0 && !job->filtered && run->options->flags != MIG_FLAGS_SOURCE &&
           mig__session_can(session, MIG__CAP_QRESYNC | MIG__CAP_ENABLE);
}

/* The mailbox that was open before is closed only now: what was told so far was about that one. */
static void forget(mig__resync *resync)
{
    mig__uidset_clear(&resync->gone);
    mig__delta_forget_flags(resync->job);
    resync->early = resync->moving = false;
}

static int note_flags(mig__resync *resync, const mig__fetch_item *item, mig_error *err)
{
    if (!resync->flags || !item->has_flags || !mig__uidset_has(resync->known, item->uid)) {
        return 0;
    }
    char *flags = mig__flags_join(item->flags);
    int failed = flags == NULL ? mig_error_set(err, MIG_E_NOMEM, "out of memory")
                               : mig__delta_note_flags(resync->job, item->uid, flags, err);
    free(flags);
    return failed;
}

static int add_all(mig__uidset *to, const mig__uidset *from, uint32_t least, mig_error *err)
{
    for (size_t i = 0; from != NULL && i < from->count; i++) {
        const mig__uid_range *range = &from->ranges[i];
        uint32_t first = range->first > least ? range->first : least;
        if (first <= range->last && mig__uidset_add(to, first, range->last, err) != 0) {
            return -1;
        }
    }
    return 0;
}

static int on_examined(const mig__response *response, void *context, mig_error *err)
{
    mig__resync *resync = context;
    mig__selected *snapshot = &resync->job->snapshot;
    bool vanished = response->kind == MIG__RESPONSE_VANISHED;
    if (response->kind == MIG__RESPONSE_OK && response->code == MIG__CODE_CLOSED) {
        forget(resync);
        return 0;
    }
    if (!vanished && response->kind != MIG__RESPONSE_FETCH) {
        return mig__selected_handler(response, snapshot, err);
    }
    resync->early = resync->early || snapshot->uidvalidity == 0; /* a server says first which mailbox it is */
    resync->moving = resync->moving || (vanished && !response->vanished_earlier);
    return vanished ? add_all(&resync->gone, response->uids, 1, err) : note_flags(resync, &response->fetch, err);
}

static int on_searched(const mig__response *response, void *context, mig_error *err)
{
    mig__resync *resync = context;
    resync->moving = resync->moving || response->kind == MIG__RESPONSE_VANISHED;
    if (response->kind == MIG__RESPONSE_EXISTS) {
        resync->job->snapshot.exists = response->number;
    }
    if (response->kind != MIG__RESPONSE_SEARCH) {
        return 0;
    }
    resync->searched = true;
    /* "n:*" is the last message when there is none from n on (RFC 3501 section 9, "sequence-set"). */
    return add_all(&resync->fresh, response->uids, resync->job->record.source_uidnext, err);
}

int mig__resync_ask(mig__session *session, mig__resync *resync, mig__command **examine, mig__command **search,
                    mig_error *err)
{
    const mig__folder_job *job = resync->job;
    char criteria[32];
    snprintf(criteria, sizeof criteria, "UID %u:*", job->record.source_uidnext);
    *examine = mig__examine_since(session, job->source->wire, job->record.source_uidvalidity, job->record.source_modseq,
                                  on_examined, resync, err);
    *search = *examine == NULL ? NULL : mig__search(session, criteria, on_searched, resync, err);
    return *search == NULL ? -1 : 0;
}

int mig__resync_found(const mig__resync *resync, mig__uidset *found, mig_error *err)
{
    const mig__selected *now = &resync->job->snapshot;
    const mig__state_folder *then = &resync->job->record;
    if (!resync->searched || resync->early || resync->moving || now->uidvalidity != then->source_uidvalidity ||
        now->modseq < then->source_modseq) {
        return 0;
    }
    if (mig__uidset_copy(found, resync->known, err) != 0 || mig__uidset_subtract(found, &resync->gone, err) != 0 ||
        add_all(found, &resync->fresh, 1, err) != 0) {
        return -1;
    }
    return mig__uidset_size(found) == now->exists;
}

void mig__resync_free(mig__resync *resync)
{
    mig__uidset_free(&resync->gone);
    mig__uidset_free(&resync->fresh);
}
