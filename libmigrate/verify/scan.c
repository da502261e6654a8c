/* verify/scan.c - which messages there are, of many folders at once */
#include "account/each.h"
#include "account/junk.h"
#include "account/sides.h"
#include "reading/scan.h"
#include "base/kept.h"
#include "verify/job.h"
#include <stdlib.h>
#include <string.h>

typedef struct scan_item {
    mig__verify_job *job;
    mig_side side;
    const char *criteria;
    mig__scan scan;
} scan_item;

static int send_item(mig__session *session, void *context, mig_error *err)
{
    scan_item *item = context;
    mig__verify_job *job = item->job;
    bool target = item->side == MIG_TARGET;
    item->scan = (mig__scan){.mailbox = target ? job->target : job->source,
                             .criteria = item->criteria,
                             .now = target ? &job->target_now : &job->source_now,
                             .found = &job->reads[target ? MIG_TARGET : MIG_SOURCE].todo};
    return mig__scan_send(session, &item->scan, err);
}

static int settle_item(mig__session *session, void *context, mig_error *err)
{
    scan_item *item = context;
    int outcome = mig__scan_wait(session, &item->scan, err);
    outcome = outcome != 0 ? outcome : mig__scan_complete(session, &item->scan, err);
    if (outcome == 0 && item->side == MIG_SOURCE) {
        outcome = mig__labels_choose(session, item->job->source, &item->job->choice, item->scan.found, err);
    }
    return outcome;
}

/* What is named is read, also when there is more: then the folder does not count as looked at to the end. */
static int finish_item(void *context, int outcome, const mig_error *why, mig_error *err)
{
    scan_item *item = context;
    mig__verify_job *job = item->job;
    bool target = item->side == MIG_TARGET;
    mig_error error = outcome != 0 ? *why : (mig_error)MIG_ERROR_INIT;
    (void)err;
    if (outcome != 0) {
        mig__uidset_clear(item->scan.found);
    } else if (mig__scan_hidden(&item->scan) > 0 && mig__labels_everything(&job->choice)) {
        mig__scan_hidden_error(&item->scan, "the folder", &error);
    }
    if (error.code != MIG_OK && job->error == NULL) {
        mig_error_context(&error, "reading '%s' on the %s", target ? job->target_name : job->source_name,
                          target ? "target" : "source");
        mig__error_keep(&job->error, &error);
    }
    return 0;
}

static bool is_junk(const mig__verify_run *run, const mig__verify_job *job)
{
    const mig__mailbox *mailbox = mig__mailbox_find(&run->sides[MIG_SOURCE].mailboxes, job->source);
    return mailbox != NULL && mig__junk_folder(mailbox);
}

static int scan_folders(mig__verify_run *run, mig__session **session, mig__verify_job *jobs, size_t count,
                        mig_side side, char *const criteria[2], mig_error *err)
{
    static const mig__each each = {send_item, settle_item, finish_item};
    scan_item *items = calloc(count + 1, sizeof *items);
    void **pointers = calloc(count + 1, sizeof *pointers);
    size_t chosen = 0;
    int failed = items == NULL || pointers == NULL ? mig_error_set(err, MIG_E_NOMEM, "out of memory") : 0;
    for (size_t i = 0; failed == 0 && i < count; i++) {
        if (side == MIG_SOURCE || (mig__sides_selectable(jobs[i].there) && jobs[i].leader == i)) {
            items[chosen] = (scan_item){
                .job = &jobs[i], .side = side, .criteria = criteria[side == MIG_SOURCE && is_junk(run, &jobs[i])]};
            pointers[chosen] = &items[chosen];
            chosen++;
        }
    }
    failed = failed != 0 ? failed : mig__gate_ask_each(&run->sides[side].gate, session, &each, pointers, chosen, err);
    free(items);
    free(pointers);
    return failed;
}

int mig__verify_scan(mig__verify_run *run, mig__session **session, mig__verify_job *jobs, size_t count, mig_side side,
                     mig_error *err)
{
    static const mig_selection everything = MIG_SELECTION_INIT;
    const mig_selection *selection = side == MIG_SOURCE ? &run->options->selection : &everything;
    char *criteria[2];
    int failed = mig__junk_both(selection, criteria, err);
    failed = failed != 0 ? failed : scan_folders(run, session, jobs, count, side, criteria, err);
    free(criteria[0]);
    free(criteria[1]);
    return failed;
}
