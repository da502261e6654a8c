/*
 * copy/result.c - filling a mig_copy_result while the run goes on; not thread-safe, the caller holds the run's lock
 */
#include "copy/result.h"
#include "base/buffer.h"
#include "base/memory.h"
#include <stdlib.h>
#include <string.h>

mig_copy_result *mig__result_new(const char *source_label, const char *target_label, size_t folders, mig_error *err)
{
    mig_copy_result *result = calloc(1, sizeof *result);
    mig_account_result *account = calloc(1, sizeof *account);
    mig_folder_result *list = calloc(folders > 0 ? folders : 1, sizeof *list);
    if (result == NULL || account == NULL || list == NULL) {
        free(result);
        free(account);
        free(list);
        mig_error_set(err, MIG_E_NOMEM, "out of memory");
        return NULL;
    }
    result->accounts = account;
    result->account_count = 1;
    account->folders = list;
    account->folder_count = folders;
    account->source = mig__strdup(source_label);
    account->target = mig__strdup(target_label);
    if (account->source == NULL || account->target == NULL) {
        mig_error_set(err, MIG_E_NOMEM, "out of memory");
        mig_copy_result_free(&result);
    }
    return result;
}

void mig__result_problem(mig_account_result *account, const char *folder, uint32_t uid, bool failed,
                         const mig_error *error)
{
    mig_problem *grown = mig__grow(account->problems, account->problem_count, sizeof *grown, NULL);
    if (grown == NULL) {
        return;
    }
    account->problems = grown;
    char line[MIG_ERROR_TEXT + MIG_ERROR_SERVER + MIG_ERROR_HINT];
    mig_problem *problem = &account->problems[account->problem_count++];
    problem->folder = mig__strdup(folder);
    problem->uid = uid;
    problem->code = error->code;
    problem->failed = failed;
    problem->text = mig__strdup(mig_error_line(error, line, sizeof line));
}

static int account_exit_status(mig_account_result *account)
{
    if (account->error.code != MIG_OK) {
        return mig_code_exit_status(account->error.code);
    }
    int status = 0;
    for (size_t i = 0; i < account->problem_count; i++) {
        if (account->problems[i].failed) {
            status = mig_exit_status_worse(status, 1);
        }
    }
    for (size_t i = 0; i < account->folder_count; i++) {
        if (account->folders[i].failed > 0) {
            status = mig_exit_status_worse(status, 1);
        }
        if (account->folders[i].not_scanned > 0 && !account->scan_optional) {
            status = mig_exit_status_worse(status, 1);
        }
    }
    return status;
}

static mig_status status_of_exit(int exit_status)
{
    switch (exit_status) {
    case 0:
        return MIG_COMPLETE;
    case 1:
        return MIG_PARTIAL;
    case 130:
        return MIG_INTERRUPTED;
    default:
        return MIG_FAILED;
    }
}

static void add_folder(mig_totals *totals, const mig_folder_result *folder)
{
    totals->messages += folder->messages;
    totals->copied += folder->copied;
    totals->adopted += folder->adopted;
    totals->adopted_read += folder->adopted_read;
    totals->already += folder->already;
    totals->moved += folder->moved;
    totals->deleted += folder->deleted;
    totals->skipped += folder->skipped;
    totals->gone += folder->gone;
    totals->mended += folder->mended;
    totals->flags_changed += folder->flags_changed;
    totals->flags_owed += folder->flags_owed;
    totals->failed += folder->failed;
    totals->bytes += folder->bytes;
    totals->scanned += folder->scanned;
    totals->infected += folder->infected;
    totals->withheld += folder->withheld;
    totals->not_scanned += folder->not_scanned;
}

void mig__result_finish(mig_copy_result *result)
{
    result->exit_status = 0;
    for (size_t i = 0; i < result->account_count; i++) {
        mig_account_result *account = &result->accounts[i];
        int exit_status = account_exit_status(account);
        account->status = status_of_exit(exit_status);
        result->exit_status = mig_exit_status_worse(result->exit_status, exit_status);
        for (size_t f = 0; f < account->folder_count; f++) {
            add_folder(&result->totals, &account->folders[f]);
        }
    }
    result->status = status_of_exit(result->exit_status);
    result->totals.peak_rss = mig__peak_memory();
}

void mig__result_clear_account(mig_account_result *account)
{
    for (size_t f = 0; f < account->folder_count; f++) {
        free(account->folders[f].source);
        free(account->folders[f].target);
    }
    for (size_t p = 0; p < account->problem_count; p++) {
        free(account->problems[p].folder);
        free(account->problems[p].text);
    }
    free(account->folders);
    free(account->problems);
    mig_scan_findings_free(account->scans, account->scan_count);
    account->folders = NULL;
    account->problems = NULL;
    account->scans = NULL;
    account->folder_count = account->problem_count = account->scan_count = 0;
}

void mig_copy_result_free(mig_copy_result **pointer)
{
    mig_copy_result *result = *pointer;
    *pointer = NULL;
    if (result == NULL) {
        return;
    }
    for (size_t i = 0; i < result->account_count; i++) {
        mig_account_result *account = &result->accounts[i];
        mig__result_clear_account(account);
        free(account->source);
        free(account->target);
    }
    free(result->accounts);
    free(result);
}
