/* inventory/result.c - the result's life, and joining the results of many accounts */
#include <migrate/inventory.h>
#include "base/kept.h"
#include <stdlib.h>
#include <string.h>

static void free_folder(mig_inventory_folder *folder)
{
    free(folder->name);
    free(folder->target);
    free(folder->note);
    mig__error_forget(&folder->error);
    for (size_t i = 0; i < folder->keyword_count; i++) {
        free(folder->keywords[i].name);
    }
    free(folder->keywords);
}

static void free_account(mig_inventory_account *account)
{
    for (int side = 0; side < 2; side++) {
        free(account->sides[side].label);
        free(account->sides[side].capabilities);
    }
    for (size_t i = 0; i < account->folder_count; i++) {
        free_folder(&account->folders[i]);
    }
    for (size_t i = 0; i < account->obstacle_count; i++) {
        free(account->obstacles[i].folder);
        free(account->obstacles[i].text);
    }
    free(account->selected);
    free(account->folders);
    free(account->obstacles);
    mig_scan_findings_free(account->scans, account->scan_count);
    free(account->years);
}

void mig_inventory_result_free(mig_inventory_result **pointer)
{
    mig_inventory_result *result = *pointer;
    *pointer = NULL;
    if (result == NULL) {
        return;
    }
    for (size_t i = 0; i < result->account_count; i++) {
        free_account(&result->accounts[i]);
    }
    free(result->accounts);
    free(result);
}

static mig_status worse(mig_status a, mig_status b)
{
    return a > b ? a : b;
}

int mig_inventory_result_join(mig_inventory_result *into, mig_inventory_result **from, mig_error *err)
{
    mig_inventory_result *more = *from;
    size_t count = into->account_count + more->account_count;
    mig_inventory_account *grown = realloc(into->accounts, (count > 0 ? count : 1) * sizeof *grown);
    if (grown == NULL) {
        return mig_error_set(err, MIG_E_NOMEM, "out of memory");
    }
    if (more->account_count > 0) {
        memcpy(grown + into->account_count, more->accounts, more->account_count * sizeof *grown);
    }
    into->accounts = grown;
    into->account_count = count;
    into->status = worse(into->status, more->status);
    into->exit_status = mig_exit_status_worse(into->exit_status, more->exit_status);
    into->depth = more->depth;
    into->started = into->started == 0 || more->started < into->started ? more->started : into->started;
    into->seconds += more->seconds;
    into->round_trips += more->round_trips;
    into->bytes_in += more->bytes_in;
    into->bytes_out += more->bytes_out;
    free(more->accounts);
    free(more);
    *from = NULL;
    return 0;
}
