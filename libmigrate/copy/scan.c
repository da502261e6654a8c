#include "copy/scan.h"
#include "account/sides.h"
#include "base/clock.h"
#include "copy/delta.h"
#include "copy/known.h"
#include "copy/queue.h"
#include "copy/resync.h"
#include <string.h>

enum {
    JOBS_AT_ONCE = 64,
    FOLDER_ATTEMPTS = 3,      /* after which a folder that is "not ready" is listed */
    MESSAGES_MOST = 50000000, /* nobody has a folder of so many; asking for each would take for ever */
    MESSAGES_GRACE = 10000    /* may have arrived since the server said how many there are */
};

static bool filtered(const mig_copy_options *options)
{
    return options->selection.since != NULL || options->selection.before != NULL || options->selection.max_size > 0;
}

static void take_counts(mig__folder_job *job, const mig__state_counts *counts)
{
    job->result->already = counts->copied + counts->adopted;
    job->result->messages = mig__labels_everything(&job->choice) ? job->source->messages : job->result->already;
}

int mig__scan_unchanged(mig__run *run, mig_error *err)
{
    for (size_t i = 0; i < run->job_count; i++) {
        mig__folder_job *job = &run->jobs[i];
        const mig__mailbox *now = job->source;
        const mig__state_folder *then = &job->record;
        job->filtered = filtered(run->options);
        if (!job->copy || then->id == 0 || then->source_uidnext == 0 || !now->has_status || job->filtered) {
            continue;
        }
        bool flags_told = now->modseq > 0 || run->options->flags == MIG_FLAGS_KEEP;
        bool target_same = job->existing != NULL && job->existing->uidvalidity == then->target_uidvalidity;
        job->unchanged = target_same && flags_told && now->uidvalidity == then->source_uidvalidity &&
                         now->uidnext == then->source_uidnext && now->messages == then->source_messages &&
                         now->modseq == then->source_modseq;
        mig__state_counts counts;
        if (job->unchanged) {
            if (mig__state_count(run->state, then->id, &counts, err) != 0) {
                return -1;
            }
            take_counts(job, &counts);
            job->counts = counts;
        }
    }
    return 0;
}

int mig__scan_criteria(const mig_copy_options *options, mig__buffer *out, mig_error *err)
{
    return mig__sides_criteria(options->selection.since, options->selection.before, out, err);
}

typedef struct scanning { /* the commands of one job */
    mig__folder_job *job;
    mig__command *select, *search, *flags;
    mig__uidset known; /* recorded, and expected to be there */
    mig__uidset found;
    mig__resync resync;
    bool resyncing; /* EXAMINE with QRESYNC instead of the search */
    bool answered;  /* a SEARCH was among the answers: an OK alone does not mean "none" */
    bool partial;   /* the server searched a part of the mailbox only */
    bool flags_partial;
    uint32_t flags_limit; /* the lowest UID whose flags it looked at then, 0: not told */
} scanning;

typedef struct outcome { /* how they ended */
    mig_error examined, searched, flags;
} outcome;

static int on_search(const mig__response *response, void *context, mig_error *err)
{
    scanning *scan = context;
    if (response->kind == MIG__RESPONSE_EXISTS) {
        scan->job->snapshot.exists = response->number;
    }
    scan->answered = scan->answered || response->kind == MIG__RESPONSE_SEARCH;
    for (size_t i = 0; response->kind == MIG__RESPONSE_SEARCH && response->uids != NULL && i < response->uids->count;
         i++) {
        const mig__uid_range *range = &response->uids->ranges[i];
        if (mig__uidset_add(&scan->found, range->first, range->last, err) != 0) {
            return -1;
        }
    }
    return 0;
}

static int on_uid(const mig__response *response, void *context, mig_error *err)
{
    scanning *scan = context;
    uint32_t uid = response->fetch.uid;
    return response->kind == MIG__RESPONSE_FETCH && uid > 0 ? mig__uidset_add(&scan->found, uid, uid, err) : 0;
}

static void break_job(mig__run *run, mig__folder_job *job, const mig_error *why)
{
    mig_error error = *why;
    error.scope = error.scope < MIG_SCOPE_FOLDER ? MIG_SCOPE_FOLDER : error.scope;
    mig_error_context(&error, "cannot read '%s' on the source", job->source->name);
    mig__queue_break_folder(run, job, &error);
}

/* The older messages, of a server that searches so many at a time. */
static int search_rest(mig__session *session, const char *criteria, scanning *scan, mig_error *err)
{
    if (!scan->partial) {
        return 0;
    }
    mig_error opened;
    mig__selected again = {0};
    mig__command *select = mig__select(session, scan->job->source->wire, true, &again, err);
    int failed = mig__command_settle(session, select, &opened, err);
    mig__selected_free(&again);
    return failed != 0 ? -1 : mig__search_rest(session, criteria, &scan->found, on_search, scan, err);
}

/*
 * Some servers answer SEARCH with less than there is (RFC 9051's ESEARCH spoken by halves, MESSAGELIMIT): without
 * conditions it must name as many messages as EXISTS, else the UIDs are asked for one by one.
 */
static int distrust_search(mig__run *run, mig__session *session, scanning *scan, mig_error *err)
{
    mig__folder_job *job = scan->job;
    if (run->options->selection.since != NULL || run->options->selection.before != NULL ||
        mig__uidset_size(&scan->found) >= job->snapshot.exists) {
        return 0;
    }
    mig_error why, opened;
    mig__uidset all = MIG__UIDSET_INIT;
    mig__selected again = {0};
    if (mig__uidset_add(&all, 1, UINT32_MAX, err) != 0) {
        return -1;
    }
    mig__command *select = mig__select(session, job->source->wire, true, &again, err);
    mig__command *fetch = select == NULL ? NULL : mig__fetch(session, &all, 0, 0, on_uid, scan, err);
    mig__uidset_free(&all);
    if (fetch == NULL || mig__command_settle(session, select, &opened, err) != 0 ||
        mig__command_settle(session, fetch, &why, err) != 0) {
        mig__selected_free(&again);
        return -1;
    }
    mig__selected_free(&again);
    if (mig__uidset_size(&scan->found) < job->snapshot.exists) {
        mig_error_set(&why, MIG_E_PROTOCOL, "the source says that '%s' holds %u messages and shows %llu",
                      job->source->name, job->snapshot.exists, (unsigned long long)mig__uidset_size(&scan->found));
        mig_error_hint(&why, "run again; if it stays so, the old server hides messages: look at the folder there");
        mig__run_problem(run, job, 0, true, &why);
    }
    return 0;
}

/* Servers that leave UIDNEXT out of EXAMINE (Courier) tell it in STATUS. */
static void complete_snapshot(mig__folder_job *job, const mig__uidset *found)
{
    if (job->snapshot.uidnext == 0) {
        job->snapshot.uidnext = job->source->uidnext;
    }
    uint32_t highest = mig__uidset_max(found);
    if (job->snapshot.uidnext <= highest && highest < UINT32_MAX) {
        job->snapshot.uidnext = highest + 1;
    }
}

/* Which of the messages found are to be fetched. */
/* Preparing the target goes on beside the scan, and may have given the folder up meanwhile. */
static void set_todo(mig__run *run, mig__folder_job *job, mig__uidset *todo)
{
    pthread_mutex_lock(&run->lock);
    if (!job->broken) {
        mig__uidset_free(&job->todo);
        job->todo = *todo;
        *todo = (mig__uidset)MIG__UIDSET_INIT;
    }
    pthread_mutex_unlock(&run->lock);
}

static int plan(mig__run *run, scanning *scan, mig_error *err)
{
    mig__folder_job *job = scan->job;
    mig__uidset done = MIG__UIDSET_INIT, todo = MIG__UIDSET_INIT;
    int failed = -1;
    if (job->record.id != 0 && mig__state_source_uids(run->state, job->record.id, &done, NULL, err) != 0) {
        goto cleanup;
    }
    if (mig__uidset_copy(&todo, &scan->found, err) != 0 || mig__uidset_subtract(&todo, &done, err) != 0) {
        goto cleanup;
    }
    if (job->record.id != 0 && !job->filtered && mig__delta_vanished(run, job, &scan->found, err) != 0) {
        goto cleanup;
    }
    job->result->messages = mig__uidset_size(&scan->found);
    job->result->already = job->result->messages - mig__uidset_size(&todo);
    job->scanned = true;
    set_todo(run, job, &todo);
    failed = 0;
cleanup:
    mig__uidset_free(&done);
    mig__uidset_free(&todo);
    return failed;
}

/* Source UIDs mean nothing any more when the mailbox has another UIDVALIDITY: its messages are matched by content. */
static int heed_uidvalidity(mig__run *run, mig__folder_job *job, mig_error *err)
{
    if (job->record.id == 0) {
        return 0;
    }
    if (job->snapshot.uidvalidity != job->record.source_uidvalidity) {
        mig__run_log(run, MIG_LOG_WARNING, job, 0, NULL, "UIDVALIDITY changed on the source: matched by content");
        mig__delta_free(job);
        job->record.source_modseq = job->snapshot.modseq;
        if (mig__state_folder_reset_source(run->state, job->record.id, err) != 0) {
            return -1;
        }
    }
    return mig__known_load_orphans(run, job, err);
}

/* A server may name messages without end, which cost nothing to name and much to ask for. */
static bool believable(const scanning *scan, mig_error *why)
{
    uint64_t named = mig__uidset_size(&scan->found), exists = scan->job->snapshot.exists;
    if (named <= MESSAGES_MOST && named <= 2 * exists + MESSAGES_GRACE) {
        return true;
    }
    mig_error_set(why, MIG_E_BOUNDS, "the server says that there are %llu messages and names %llu",
                  (unsigned long long)exists, (unsigned long long)named);
    return false;
}

/* Everything about one folder in one go: the answers are waited for later. */
static int ask_all(mig__run *run, mig__session *session, const char *criteria, scanning *scan, mig_error *err)
{
    mig__folder_job *job = scan->job;
    if ((scan->select = mig__select(session, job->source->wire, true, &job->snapshot, err)) == NULL ||
        (scan->search = mig__search(session, criteria, on_search, scan, err)) == NULL) {
        return -1;
    }
    scan->flags = mig__delta_ask(run, session, job, &scan->known, err);
    return scan->flags == NULL && err->code != MIG_OK ? -1 : 0;
}

/* The same from the beginning. */
static int ask_again(mig__run *run, mig__session *session, const char *criteria, scanning *scan, mig_error *err)
{
    mig__uidset_clear(&scan->found);
    mig__selected_free(&scan->job->snapshot);
    mig__delta_forget_flags(scan->job);
    scan->answered = scan->partial = scan->flags_partial = scan->resyncing = false;
    return ask_all(run, session, criteria, scan, err);
}

/* Wait for one of them and forget it. `partial` tells MESSAGELIMIT. */
static int collect_one(mig__session *session, mig__command **command, mig_error *why, bool *partial,
                       uint32_t *limit_uid, mig_error *err)
{
    mig__command_result result = {.error = MIG_ERROR_INIT};
    int failed = *command == NULL ? 0 : mig__command_wait(session, *command, &result, err);
    *command = NULL;
    *why = result.error;
    *partial = result.code == MIG__CODE_MESSAGELIMIT;
    *limit_uid = result.limit_uid;
    mig__command_result_clear(&result);
    return failed;
}

static int collect(mig__session *session, scanning *scan, outcome *out, mig_error *err)
{
    bool ignored;
    uint32_t no_limit;
    return collect_one(session, &scan->select, &out->examined, &ignored, &no_limit, err) != 0 ||
                   collect_one(session, &scan->search, &out->searched, &scan->partial, &no_limit, err) != 0 ||
                   collect_one(session, &scan->flags, &out->flags, &scan->flags_partial, &scan->flags_limit, err) != 0
               ? -1
               : 0;
}

static const mig_error *asks_for_later(const outcome *out)
{
    const mig_error *all[] = {&out->examined, &out->searched, &out->flags};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        if (all[i]->code != MIG_OK && all[i]->retry != MIG_RETRY_NEVER) {
            return all[i];
        }
    }
    return NULL;
}

/* All answers about one folder: what the server puts off is asked for again, what it leaves out as well. */
static int gather(mig__run *run, mig__session *session, const char *criteria, scanning *scan, outcome *out,
                  mig_error *err)
{
    for (unsigned attempt = 1;; attempt++) {
        if (collect(session, scan, out, err) != 0) {
            return -1;
        }
        if (scan->resyncing) {
            int resynced = out->examined.code != MIG_OK || out->searched.code != MIG_OK
                               ? 0
                               : mig__resync_found(&scan->resync, &scan->found, err);
            if (resynced != 0) {
                scan->answered = true;
                return resynced > 0 ? 0 : -1;
            }
            mig__run_log(run, MIG_LOG_INFO, scan->job, 0, NULL,
                         "the answer to QRESYNC is not complete: searched instead");
        } else {
            const mig_error *later = asks_for_later(out);
            if (later == NULL || (later->scope < MIG_SCOPE_ACCOUNT && attempt > FOLDER_ATTEMPTS)) {
                break;
            }
            mig__run_pause(run, MIG_SOURCE, later, attempt);
            if (mig__run_stopping(run)) {
                *err = *later;
                return -1;
            }
        }
        if (ask_again(run, session, criteria, scan, err) != 0) {
            return -1;
        }
    }
    if (scan->flags_partial && out->flags.code == MIG_OK) {
        return mig__delta_ask_rest(run, session, scan->job, &scan->known, scan->flags_limit, &out->flags, err);
    }
    return 0;
}

static int finish_job(mig__run *run, mig__session *session, const char *criteria, scanning *scan, mig_error *err)
{
    outcome out;
    if (gather(run, session, criteria, scan, &out, err) != 0) {
        return -1;
    }
    mig__run_progress(run);
    if (out.flags.code != MIG_OK) {
        mig_error_context(&out.flags, "flags of '%s' could not be read", scan->job->source->name);
        mig__run_problem(run, scan->job, 0, true, &out.flags);
        scan->job->filtered = true; /* not complete: asked for again by the next run */
    }
    if (out.searched.code == MIG_OK && !scan->answered && run->options->selection.since == NULL &&
        run->options->selection.before == NULL) {
        scan->answered = true; /* EXISTS tells how many there must be */
    }
    if (out.searched.code == MIG_OK && !scan->answered) {
        mig_error_set(&out.searched, MIG_E_PROTOCOL, "the server answers OK to a search and tells no result");
    }
    if (out.examined.code != MIG_OK || out.searched.code != MIG_OK || !believable(scan, &out.searched)) {
        break_job(run, scan->job, out.examined.code != MIG_OK ? &out.examined : &out.searched);
        return 0;
    }
    if (search_rest(session, criteria, scan, err) != 0 || distrust_search(run, session, scan, err) != 0 ||
        heed_uidvalidity(run, scan->job, err) != 0) {
        return -1;
    }
    complete_snapshot(scan->job, &scan->found); /* before the labels choose: it tells what there is */
    mig_error refused;
    int chosen = mig__labels_choose(session, scan->job->source->wire, &scan->job->choice, &scan->found, &refused);
    if (chosen > 0) {
        break_job(run, scan->job, &refused);
    } else if (chosen < 0) {
        *err = refused;
    }
    return chosen != 0 ? (chosen > 0 ? 0 : -1) : plan(run, scan, err);
}

static void free_scan(scanning *scan)
{
    mig__uidset_free(&scan->known);
    mig__uidset_free(&scan->found);
    mig__resync_free(&scan->resync);
}

static int ask(mig__run *run, mig__session *session, const char *criteria, scanning *scan, mig_error *err)
{
    mig__folder_job *job = scan->job;
    if (job->record.id != 0 && mig__state_source_present(run->state, job->record.id, &scan->known, err) != 0) {
        return -1;
    }
    scan->resyncing = mig__resync_fits(run, session, job);
    if (!scan->resyncing) {
        return ask_all(run, session, criteria, scan, err);
    }
    scan->resync = (mig__resync){.job = job, .known = &scan->known, .flags = run->options->flags != MIG_FLAGS_KEEP};
    return mig__resync_ask(session, &scan->resync, &scan->select, &scan->search, err);
}

/* Once, and only for a run that uses it. */
static int enable_resync(mig__run *run, mig__session *session, mig_error *err)
{
    for (size_t i = 0; i < run->job_count; i++) {
        const mig__folder_job *job = &run->jobs[i];
        if (job->copy && !job->unchanged && mig__resync_fits(run, session, job)) {
            return mig__session_enable(session, MIG__CAP_QRESYNC, err);
        }
    }
    return 0;
}

int mig__scan_source(mig__run *run, mig__session *session, mig_error *err)
{
    scanning scans[JOBS_AT_ONCE];
    size_t count = 0;
    int failed = -1;
    mig__buffer criteria = MIG__BUFFER_INIT;
    if (mig__scan_criteria(run->options, &criteria, err) != 0 || enable_resync(run, session, err) != 0) {
        goto cleanup;
    }
    for (size_t next = 0; next < run->job_count;) {
        for (count = 0; next < run->job_count && count < JOBS_AT_ONCE; next++) {
            mig__folder_job *job = &run->jobs[next];
            if (!job->copy || job->unchanged) {
                continue;
            }
            scanning *scan = &scans[count++];
            *scan = (scanning){.job = job};
            if (ask(run, session, criteria.data, scan, err) != 0) {
                goto cleanup;
            }
        }
        for (size_t i = 0; i < count; i++) {
            if (finish_job(run, session, criteria.data, &scans[i], err) != 0) {
                goto cleanup;
            }
        }
        while (count > 0) {
            free_scan(&scans[--count]);
        }
    }
    failed = 0;
cleanup:
    while (count > 0) {
        free_scan(&scans[--count]);
    }
    mig__buffer_free(&criteria);
    return failed;
}
