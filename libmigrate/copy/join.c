/* copy/join.c - the results of many accounts in one */
#include <migrate/copy.h>
#include <stdlib.h>
#include <string.h>

static void add_totals(mig_totals *to, const mig_totals *from)
{
    to->messages += from->messages;
    to->copied += from->copied;
    to->adopted += from->adopted;
    to->already += from->already;
    to->moved += from->moved;
    to->deleted += from->deleted;
    to->skipped += from->skipped;
    to->gone += from->gone;
    to->mended += from->mended;
    to->flags_changed += from->flags_changed;
    to->flags_owed += from->flags_owed;
    to->failed += from->failed;
    to->scanned += from->scanned;
    to->infected += from->infected;
    to->withheld += from->withheld;
    to->not_scanned += from->not_scanned;
    to->bytes += from->bytes;
    to->seconds = from->seconds > to->seconds ? from->seconds : to->seconds;
    to->round_trips += from->round_trips;
    to->bytes_in += from->bytes_in;
    to->bytes_out += from->bytes_out;
    to->peak_rss = from->peak_rss > to->peak_rss ? from->peak_rss : to->peak_rss;
    to->left_messages += from->left_messages;
    to->left_bytes += from->left_bytes;
}

int mig_copy_result_join(mig_copy_result *into, mig_copy_result **from, mig_error *err)
{
    mig_copy_result *more = *from;
    size_t count = into->account_count + more->account_count;
    mig_account_result *grown = realloc(into->accounts, (count > 0 ? count : 1) * sizeof *grown);
    if (grown == NULL) {
        return mig_error_set(err, MIG_E_NOMEM, "out of memory");
    }
    if (more->account_count > 0) {
        memcpy(grown + into->account_count, more->accounts, more->account_count * sizeof *grown);
    }
    into->accounts = grown;
    into->account_count = count;
    into->status = more->status > into->status ? more->status : into->status;
    into->ended = more->ended > into->ended ? more->ended : into->ended;
    into->dry_run = into->dry_run || more->dry_run;
    into->exit_status = mig_exit_status_worse(into->exit_status, more->exit_status);
    add_totals(&into->totals, &more->totals);
    free(more->accounts);
    free(more);
    *from = NULL;
    return 0;
}
