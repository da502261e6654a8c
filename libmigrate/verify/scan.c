/* verify/scan.c - which messages there are: EXAMINE and UID SEARCH of many folders in one go */
#include "account/sides.h"
#include "verify/job.h"
#include <string.h>

enum { JOBS_AT_ONCE = 64 };

typedef struct scanning {
    mig__verify_job *job;
    mig__uidset *uids;
    mig__selected *selected;
    const char *criteria;
    bool all; /* no condition: as many must be named as there are */
    mig__command *select, *search;
} scanning;

static int on_search(const mig__response *response, void *context, mig_error *err)
{
    scanning *scan = context;
    for (size_t i = 0; response->kind == MIG__RESPONSE_SEARCH && response->uids != NULL && i < response->uids->count;
         i++) {
        const mig__uid_range *range = &response->uids->ranges[i];
        if (mig__uidset_add(scan->uids, range->first, range->last, err) != 0) {
            return -1;
        }
    }
    return 0;
}

static int wait_for(mig__session *session, mig__command **command, mig_error *why, mig_error *err)
{
    mig__command_result result = {0};
    int failed = mig__command_wait(session, *command, &result, err);
    *command = NULL;
    *why = result.error;
    mig__command_result_clear(&result);
    return failed;
}

/* The older messages, of a server that searches so many at a time. */
static int search_rest(mig__session *session, scanning *scan, mig_side side, mig_error *err)
{
    mig_error opened;
    mig__selected again = {0};
    const char *mailbox = side == MIG_TARGET ? scan->job->target : scan->job->source;
    mig__command *select = mig__select(session, mailbox, true, &again, err);
    int failed = select == NULL ? -1 : wait_for(session, &select, &opened, err);
    mig__selected_free(&again);
    return failed != 0 ? -1 : mig__search_rest(session, scan->criteria, scan->uids, on_search, scan, err);
}

static int finish_scan(mig__session *session, scanning *scan, mig_side side, mig_error *err)
{
    mig_error opened, searched;
    if (wait_for(session, &scan->select, &opened, err) != 0 || wait_for(session, &scan->search, &searched, err) != 0) {
        return -1;
    }
    mig_error why = opened.code != MIG_OK ? opened : searched;
    if (why.code == MIG_OK && mig__uidset_size(scan->uids) < scan->selected->exists &&
        mig__session_can(session, MIG__CAP_MESSAGELIMIT) && search_rest(session, scan, side, err) != 0) {
        return -1;
    }
    if (why.code == MIG_OK && scan->all && mig__uidset_size(scan->uids) < scan->selected->exists) {
        mig_error_set(&why, MIG_E_PROTOCOL, "the server says that there are %u messages and names %llu",
                      scan->selected->exists, (unsigned long long)mig__uidset_size(scan->uids));
    }
    if (why.code == MIG_OK && side == MIG_SOURCE) {
        int chosen = mig__labels_choose(session, scan->job->source, &scan->job->choice, scan->uids, &searched);
        if (chosen < 0) {
            *err = searched;
            return -1;
        }
        why = chosen > 0 ? searched : why;
    }
    if (why.code != MIG_OK && scan->job->error.code == MIG_OK) {
        scan->job->error = why;
        mig_error_context(&scan->job->error, "reading '%s' on the %s",
                          side == MIG_SOURCE ? scan->job->source_name : scan->job->target_name,
                          side == MIG_SOURCE ? "source" : "target");
    }
    return 0;
}

static int begin_scan(mig__session *session, scanning *scan, mig_side side, mig_error *err)
{
    mig__verify_job *job = scan->job;
    bool target = side == MIG_TARGET;
    scan->uids = target ? &job->target_uids : &job->source_uids;
    scan->selected = target ? &job->target_now : &job->source_now;
    scan->select = mig__select(session, target ? job->target : job->source, true, scan->selected, err);
    scan->search = scan->select == NULL ? NULL : mig__search(session, scan->criteria, on_search, scan, err);
    return scan->search == NULL ? -1 : 0;
}

static int scan_folders(mig__session *session, mig__verify_job *jobs, size_t count, mig_side side, const char *criteria,
                        mig_error *err)
{
    scanning scans[JOBS_AT_ONCE];
    for (size_t next = 0; next < count;) {
        size_t begun = 0;
        for (; next < count && begun < JOBS_AT_ONCE; next++) {
            if (side == MIG_TARGET && (!mig__sides_selectable(jobs[next].there) || jobs[next].leader != next)) {
                continue;
            }
            scans[begun] = (scanning){.job = &jobs[next], .criteria = criteria, .all = strcmp(criteria, "ALL") == 0};
            if (begin_scan(session, &scans[begun++], side, err) != 0) {
                return -1;
            }
        }
        for (size_t i = 0; i < begun; i++) {
            if (finish_scan(session, &scans[i], side, err) != 0) {
                return -1;
            }
        }
    }
    return 0;
}

int mig__verify_scan(const mig__verify_run *run, mig__session *session, mig__verify_job *jobs, size_t count,
                     mig_side side, mig_error *err)
{
    mig__buffer criteria = MIG__BUFFER_INIT;
    const mig_verify_options *options = run->options;
    bool source = side == MIG_SOURCE;
    int failed = mig__sides_criteria(source ? options->selection.since : NULL,
                                     source ? options->selection.before : NULL, &criteria, err);
    failed = failed != 0 ? failed : scan_folders(session, jobs, count, side, criteria.data, err);
    mig__buffer_free(&criteria);
    return failed;
}
