/* status/detail.c - one account in detail, from its state: folders, problems, runs; see migrate/overview.h */
#include "base/buffer.h"
#include "base/memory.h"
#include "imap/names.h"
#include "state/state.h"
#include <migrate/overview.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct reading {
    mig_overview_detail *detail;
    const char *folder; /* in UTF-8, of the problems that are read now */
    size_t most;
    bool failed; /* no memory */
} reading;

/* The name as people read it; malloc'd, NULL: no memory. */
static char *readable(const char *wire)
{
    mig__buffer name = MIG__BUFFER_INIT;
    mig__name_decode(wire, &name);
    char *text = mig__buffer_steal(&name);
    mig__buffer_free(&name);
    return text;
}

static int take_problem(const mig__message *message, void *context)
{
    reading *r = context;
    mig_overview_detail *detail = r->detail;
    detail->problems_in_all++;
    if (detail->problem_count >= r->most) {
        return 0;
    }
    mig_overview_problem *problems = mig__grow(detail->problems, detail->problem_count, sizeof *problems, NULL);
    if (problems == NULL) {
        r->failed = true;
        return 1;
    }
    detail->problems = problems;
    mig_overview_problem *problem = &problems[detail->problem_count++];
    *problem = (mig_overview_problem){.folder = mig__strdup(r->folder),
                                      .uid = message->source_uid,
                                      .code = message->code,
                                      .text = mig__strdup(message->text),
                                      .subject = mig__strdup(message->subject)};
    r->failed = problem->folder == NULL || problem->text == NULL || problem->subject == NULL;
    return r->failed;
}

static int take_folder(reading *r, mig__state *state, const mig__state_folder *from, mig_error *err)
{
    mig__state_counts counts;
    mig_overview_detail *detail = r->detail;
    if (mig__state_count(state, from->id, &counts, err) != 0) {
        return -1;
    }
    mig_overview_folder *folders = mig__grow(detail->folders, detail->folder_count, sizeof *folders, err);
    if (folders == NULL) {
        return -1;
    }
    detail->folders = folders;
    mig_overview_folder *folder = &folders[detail->folder_count++];
    *folder = (mig_overview_folder){.source = readable(from->source),
                                    .target = readable(from->target),
                                    .trouble = mig__strdup(from->trouble),
                                    .carried = counts.copied + counts.adopted,
                                    .bytes = counts.octets,
                                    .failed = counts.failed,
                                    .gone = counts.gone};
    if (folder->source == NULL || folder->target == NULL || (from->trouble != NULL && folder->trouble == NULL)) {
        return mig_error_set(err, MIG_E_NOMEM, "out of memory");
    }
    r->folder = folder->source;
    return counts.failed > 0 && mig__state_failed(state, from->id, take_problem, r, err) < 0 ? -1 : 0;
}

static int take_run(const mig__state_run *run, void *context)
{
    mig_overview_detail *detail = ((reading *)context)->detail;
    mig_overview_run *out = &detail->runs[detail->run_count++];
    *out = (mig_overview_run){
        .begun = run->begun, .ended = run->ended, .copied = run->copied, .failed = run->failed, .bytes = run->octets};
    snprintf(out->verb, sizeof out->verb, "%s", run->verb);
    snprintf(out->status, sizeof out->status, "%s", run->status);
    snprintf(out->version, sizeof out->version, "%s", run->version);
    snprintf(out->host, sizeof out->host, "%s", run->host);
    return detail->run_count == MIG_OVERVIEW_RUNS;
}

static int read_all(reading *r, mig__state *state, int64_t account, mig_error *err)
{
    mig__state_folder *folders = NULL;
    size_t count = 0;
    int failed = mig__state_folders(state, account, &folders, &count, err);
    for (size_t i = 0; failed == 0 && i < count; i++) {
        failed = take_folder(r, state, &folders[i], err);
    }
    mig__state_folders_free(&folders, count);
    if (failed == 0 && mig__state_runs(state, account, take_run, r, err) < 0) {
        failed = -1;
    }
    return r->failed ? mig_error_set(err, MIG_E_NOMEM, "out of memory") : failed;
}

mig_overview_detail *mig_overview_detail_read(const char *path, const char *source, const char *target, size_t most,
                                              mig_error *err)
{
    mig_overview_detail *detail = calloc(1, sizeof *detail);
    reading r = {.detail = detail, .most = most};
    if (detail == NULL) {
        mig_error_set(err, MIG_E_NOMEM, "out of memory");
        return NULL;
    }
    mig__state *state = mig__state_open(path, true, NULL, err);
    const int64_t account = state != NULL ? mig__state_account(state, source, target, err) : 0;
    if (account == 0 || read_all(&r, state, account, err) != 0) {
        mig_overview_detail_free(&detail);
    }
    mig__state_close(&state, NULL);
    return detail;
}

void mig_overview_detail_free(mig_overview_detail **pointer)
{
    mig_overview_detail *detail = *pointer;
    *pointer = NULL;
    if (detail == NULL) {
        return;
    }
    for (size_t i = 0; i < detail->folder_count; i++) {
        free(detail->folders[i].source);
        free(detail->folders[i].target);
        free(detail->folders[i].trouble);
    }
    for (size_t i = 0; i < detail->problem_count; i++) {
        free(detail->problems[i].folder);
        free(detail->problems[i].text);
        free(detail->problems[i].subject);
    }
    free(detail->folders);
    free(detail->problems);
    free(detail);
}
