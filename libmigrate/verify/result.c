/* verify/result.c - results of verifications: joining several accounts' into one, and releasing */
#include <migrate/verify.h>
#include "base/kept.h"
#include <stdlib.h>
#include <string.h>

static void account_free(mig_verify_account *account)
{
    for (size_t i = 0; i < account->folder_count; i++) {
        free(account->folders[i].source);
        free(account->folders[i].target);
        mig__error_forget(&account->folders[i].error);
    }
    for (size_t i = 0; i < account->finding_count; i++) {
        free(account->findings[i].message_id);
        free(account->findings[i].subject);
        free(account->findings[i].detail);
    }
    for (size_t i = 0; i < account->problem_count; i++) {
        free(account->problems[i].folder);
        free(account->problems[i].text);
    }
    free(account->problems);
    free(account->folders);
    free(account->findings);
    free(account->source);
    free(account->target);
}

void mig_verify_result_free(mig_verify_result **result)
{
    if (!*result) {
        return;
    }
    for (size_t i = 0; i < (*result)->account_count; i++) {
        account_free(&(*result)->accounts[i]);
    }
    free((*result)->accounts);
    free((*result)->version);
    free((*result)->host);
    free(*result);
    *result = NULL;
}

static void add_totals(mig_verify_totals *to, const mig_verify_totals *from)
{
    to->messages += from->messages;
    to->found += from->found;
    to->read += from->read;
    to->bytes += from->bytes;
    for (int kind = 0; kind < MIG_FOUND_COUNT; kind++) {
        to->counts[kind] += from->counts[kind];
    }
    to->round_trips += from->round_trips;
    to->bytes_in += from->bytes_in;
    to->bytes_out += from->bytes_out;
    to->peak_rss = from->peak_rss > to->peak_rss ? from->peak_rss : to->peak_rss;
}

/* Failed accounts beside finished ones make a partial result; an interruption is never hidden. */
static mig_status worse(mig_status a, mig_status b)
{
    if (a == b) {
        return a;
    }
    return a == MIG_INTERRUPTED || b == MIG_INTERRUPTED ? MIG_INTERRUPTED : MIG_PARTIAL;
}

int mig_verify_result_join(mig_verify_result *into, mig_verify_result **from, mig_error *err)
{
    mig_verify_result *other = *from;
    size_t count = into->account_count + other->account_count;
    mig_verify_account *accounts = realloc(into->accounts, (count ? count : 1) * sizeof *accounts);
    if (!accounts) {
        return mig_error_set(err, MIG_E_NOMEM, "no memory for the results of %zu accounts", count);
    }
    into->accounts = accounts;
    if (other->account_count) {
        memcpy(accounts + into->account_count, other->accounts, other->account_count * sizeof *accounts);
    }
    into->status = into->account_count ? worse(into->status, other->status) : other->status;
    into->account_count = count;
    other->account_count = 0;
    add_totals(&into->totals, &other->totals);
    into->exit_status = mig_exit_status_worse(into->exit_status, other->exit_status);
    into->started = into->started && into->started < other->started ? into->started : other->started;
    into->finished = into->finished > other->finished ? into->finished : other->finished;
    into->totals.seconds = (double)(into->finished - into->started);
    mig_verify_result_free(from);
    return 0;
}
