/* copy/moves.c - messages that moved on the source, recognised by their EMAILID before anything of them is read */
#include "copy/moves.h"
#include "base/memory.h"
#include "copy/known.h"
#include "copy/move.h"
#include <stdlib.h>
#include <string.h>

typedef struct arrival { /* a message to be copied whose id is known */
    uint32_t uid;
    mig__datetime date;
    char *flags;
    mig__known_entry *entry;
} arrival;

typedef struct arrivals {
    mig__run *run;
    const mig__folder_job *job;
    arrival *list;
    size_t count;
} arrivals;

static int on_id(const mig__response *response, void *context, mig_error *err)
{
    arrivals *all = context;
    const mig__fetch_item *item = &response->fetch;
    if (response->kind != MIG__RESPONSE_FETCH || item->email_id == NULL || !item->has_flags ||
        !mig__uidset_has(&all->job->reading.todo, item->uid)) {
        return 0;
    }
    mig__known_entry *entry = mig__known_take_id(&all->run->moved, item->email_id);
    if (entry == NULL) {
        return 0;
    }
    arrival *grown = mig__grow(all->list, all->count, sizeof *grown, err);
    if (grown == NULL) {
        return -1;
    }
    all->list = grown;
    char *flags = mig__flags_join(item->flags);
    if (flags == NULL) {
        return mig_error_set(err, MIG_E_NOMEM, "out of memory");
    }
    all->list[all->count++] = (arrival){item->uid, item->internaldate, flags, entry};
    return 0;
}

static void clear_arrivals(arrivals *all)
{
    for (size_t i = 0; i < all->count; i++) {
        all->list[i].entry->used = false;
        free(all->list[i].flags);
    }
    all->count = 0;
}

static int ask_for_ids(mig__session *session, void *context, mig_error *err)
{
    arrivals *all = context;
    const mig__folder_job *job = all->job;
    mig__selected selected = {0};
    clear_arrivals(all);
    unsigned items = MIG__FETCH_FLAGS | MIG__FETCH_DATE | MIG__FETCH_EMAILID;
    int outcome = mig__command_outcome(session, mig__select(session, job->source->wire, true, &selected, err), err);
    if (outcome == 0 && selected.uidvalidity != job->snapshot.uidvalidity) {
        mig_error_set(err, MIG_E_UIDVALIDITY, "the mailbox was replaced meanwhile");
        outcome = 1;
    }
    if (outcome == 0) {
        outcome =
            mig__command_outcome(session, mig__fetch(session, &job->reading.todo, items, 0, on_id, all, err), err);
    }
    mig__selected_free(&selected);
    return outcome;
}

static bool same_date(const mig__datetime *one, const mig__datetime *other)
{
    return one->valid && other->valid && one->utc == other->utc;
}

/* What is recorded of it in the folder that it left. 1: found, 0: not, -1: the state failed. */
static int recall(mig__run *run, const mig__known_entry *entry, mig__message *out, mig_error *err)
{
    return mig__state_message_by_uid(run->state, entry->folder, entry->source_uid, out, err);
}

static int move_one(mig__run *run, mig__session *target, mig__folder_job *job, const arrival *a, const char **opened,
                    mig_error *err)
{
    mig__message old = {0};
    mig__moved outcome = MIG__MOVED_GONE;
    int found = recall(run, a->entry, &old, err);
    int failed = found < 0 ? -1 : 0;
    if (found == 0 || (found > 0 && !same_date(&a->date, &old.internaldate))) {
        a->entry->used = false; /* the content tells */
    } else if (found > 0) {
        mig__transit message = {.uid = a->uid,
                                .date = a->date,
                                .digest = a->entry->digest,
                                .flags = a->flags,
                                .email_id = a->entry->email_id,
                                .message_id = (char *)old.message_id,
                                .subject = (char *)old.subject};
        failed = mig__move_on_target(run, target, job, &message, a->entry, opened, &outcome, err);
    }
    if (found > 0) {
        mig__message_clear(&old);
    }
    mig__uidset one = MIG__UIDSET_INIT;
    if (failed == 0 && outcome != MIG__MOVED_GONE && (failed = mig__uidset_add(&one, a->uid, a->uid, err)) == 0) {
        failed = mig__uidset_subtract(&job->reading.todo, &one, err);
    }
    mig__uidset_free(&one);
    return failed;
}

/* What is not told is read, and known by its content then. */
static int move_to(mig__run *run, mig__session **source, mig__session **target, mig__folder_job *job, mig_error *err)
{
    arrivals all = {.run = run, .job = job};
    const char *opened = NULL;
    int outcome = mig__gate_ask(&run->sides[MIG_SOURCE].gate, source, ask_for_ids, &all, err);
    if (outcome > 0) {
        clear_arrivals(&all);
    }
    int failed = outcome < 0 ? -1 : 0;
    for (size_t i = 0; failed == 0 && i < all.count; i++) {
        failed = move_one(run, *target, job, &all.list[i], &opened, err);
    }
    for (size_t i = 0; i < all.count; i++) {
        free(all.list[i].flags);
    }
    free(all.list);
    return failed;
}

int mig__moves_by_id(mig__run *run, mig__session **source, mig__session **target, mig_error *err)
{
    bool told = mig__session_can(*source, MIG__CAP_OBJECTID) || mig__session_can(*source, MIG__CAP_GMAIL);
    if (!run->moved.identified || !told || !mig__session_can(*target, MIG__CAP_UIDPLUS)) {
        return 0;
    }
    for (size_t i = 0; i < run->job_count && !mig__run_stopping(run); i++) {
        mig__folder_job *job = &run->jobs[i];
        if (job->copy && !job->broken && job->reading.todo.count > 0 && move_to(run, source, target, job, err) != 0) {
            return -1;
        }
    }
    return 0;
}
