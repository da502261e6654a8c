/* copy/stored.c - see stored.h */
#include "copy/stored.h"
#include "base/memory.h"
#include "copy/settle.h"
#include <stdlib.h>

typedef struct stored {
    uint32_t target_uid, source_uid; /* source_uid 0: the record is as it is */
    char *flags;                     /* as the target has them; then as they are to be recorded */
    char *owed;                      /* what did not stay, with what was owed before */
} stored;

typedef struct look {
    mig__folder_job *job;
    stored *items; /* by ascending target UID */
    size_t count;
    mig_error error;
} look;

static bool doubtful(const mig__folder_job *job)
{
    return job->doubtful_flags && job->result->copied > 0 && !job->broken;
}

bool mig__stored_doubtful(const mig__run *run)
{
    for (size_t i = 0; i < run->job_count; i++) {
        if (doubtful(&run->jobs[i])) {
            return true;
        }
    }
    return false;
}

static int on_flags(const mig__response *response, void *context, mig_error *err)
{
    look *l = context;
    const mig__fetch_item *item = &response->fetch;
    if (response->kind != MIG__RESPONSE_FETCH || item->uid == 0 || !item->has_flags) {
        return 0;
    }
    char *flags = mig__flags_join(item->flags);
    stored *grown = flags == NULL ? NULL : mig__grow(l->items, l->count, sizeof *grown, NULL);
    if (grown == NULL) {
        free(flags);
        return mig_error_set(err, MIG_E_NOMEM, "out of memory");
    }
    l->items = grown;
    l->items[l->count++] = (stored){.target_uid = item->uid, .flags = flags};
    return 0;
}

static int by_uid(const void *a, const void *b)
{
    const stored *x = a, *y = b;
    return (x->target_uid > y->target_uid) - (x->target_uid < y->target_uid);
}

/* Of a recorded message what did not stay. */
static int compare(const mig__message *message, void *context)
{
    look *l = context;
    stored key = {.target_uid = message->target_uid};
    stored *found = message->state != MIG__MESSAGE_COPIED || message->source_uid == 0 || l->count == 0
                        ? NULL
                        : bsearch(&key, l->items, l->count, sizeof *l->items, by_uid);
    if (found == NULL) {
        return 0;
    }
    char *lost = mig__flags_minus(message->flags, found->flags);
    char *kept = mig__flags_common(message->flags, found->flags);
    char *owed = lost == NULL ? NULL : mig__flags_with(lost, message->owed);
    int failed =
        lost == NULL || kept == NULL || owed == NULL ? mig_error_set(&l->error, MIG_E_NOMEM, "out of memory") : 0;
    if (failed == 0 && lost[0] != '\0') {
        free(found->flags);
        found->flags = kept;
        found->owed = owed;
        found->source_uid = message->source_uid;
        kept = owed = NULL;
    }
    free(lost);
    free(kept);
    free(owed);
    return failed;
}

static void forget(look *l)
{
    for (size_t i = 0; i < l->count; i++) {
        free(l->items[i].flags);
        free(l->items[i].owed);
    }
    free(l->items);
    l->items = NULL;
    l->count = 0;
}

/* 0; 1: refused (`err`); -1: the session failed. */
static int look_at(mig__session *session, void *context, mig_error *err)
{
    look *l = context;
    const mig__folder_job *job = l->job;
    mig__selected now = {0};
    mig__uidset from = MIG__UIDSET_INIT;
    forget(l);
    int outcome = mig__uidset_add(&from, job->goal.uidnext > 0 ? job->goal.uidnext : 1, UINT32_MAX, err);
    outcome =
        outcome != 0 ? outcome : mig__command_outcome(session, mig__select(session, job->target, true, &now, err), err);
    if (outcome == 0) {
        mig__command *fetch = mig__fetch(session, &from, MIG__FETCH_FLAGS, 0, on_flags, l, err);
        outcome = mig__command_outcome(session, fetch, err);
    }
    mig__selected_free(&now);
    mig__uidset_free(&from);
    return outcome;
}

static int look_and_record(mig__run *run, mig__session **session, look *l, mig_error *err)
{
    int outcome = mig__gate_ask(&run->sides[MIG_TARGET].gate, session, look_at, l, err);
    if (outcome > 0) {
        mig_error_context(err, "whether '%s' kept the flags could not be seen", l->job->result->target);
        mig__run_problem(run, l->job, 0, true, err);
    }
    if (outcome != 0) {
        return outcome < 0 ? -1 : 0;
    }
    if (l->count > 0) {
        qsort(l->items, l->count, sizeof *l->items, by_uid);
    }
    if (mig__state_messages(run->state, l->job->record.id, compare, l, &l->error) != 0) {
        *err = l->error;
        return -1;
    }
    for (size_t i = 0; i < l->count; i++) {
        if (l->items[i].source_uid != 0 &&
            mig__state_message_flags(run->state, l->job->record.id, l->items[i].source_uid, l->items[i].flags,
                                     l->items[i].owed, err) != 0) {
            return -1;
        }
    }
    return 0;
}

int mig__stored_look(mig__run *run, mig__session **target, mig_error *err)
{
    int failed = 0;
    for (size_t i = 0; failed == 0 && i < run->job_count; i++) {
        if (!doubtful(&run->jobs[i])) {
            continue;
        }
        look l = {.job = &run->jobs[i], .error = MIG_ERROR_INIT};
        failed = look_and_record(run, target, &l, err);
        forget(&l);
    }
    return failed;
}
