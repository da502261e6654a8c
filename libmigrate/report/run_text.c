/* report/run_text.c - a run over many accounts for the terminal: what needs attention first, and not too much of it */
#include "report/filters_common.h"
#include "report/copy_words.h"
#include "report/numbers.h"
#include "report/run_dry.h"
#include "report/verify_common.h"
#include <migrate/format.h>
#include <migrate/run_report.h>
#include <string.h>

enum {
    GOOD_SHOWN = 12, /* accounts without trouble are listed up to this number, else only counted */
    BAD_SHOWN = 20
};

static bool is_good(const mig_run_account_result *account)
{
    return account->state == MIG_RUN_DONE && account->exit_status == 0;
}

static bool is_stopped(const mig_run_account_result *account)
{
    return account->state == MIG_RUN_FAILED && account->error.code == MIG_E_INTERRUPTED;
}

static void add_verdict(mig__paper *paper, const mig_run_result *result)
{
    size_t good = 0, failed = 0, skipped = 0, stopped = 0;
    for (size_t i = 0; i < result->account_count; i++) {
        const mig_run_account_result *account = &result->accounts[i];
        good += is_good(account);
        stopped += is_stopped(account);
        failed += account->state == MIG_RUN_FAILED && !is_stopped(account);
        skipped += account->state == MIG_RUN_SKIPPED;
    }
    size_t partly = result->account_count - good - failed - skipped - stopped;
    mig__buffer *out = &paper->line;
    const char *what = (result->steps & MIG_STEP_VERIFY) != 0 && (result->steps & MIG_STEP_COPY) != 0
                           ? "copied and verified"
                       : (result->steps & MIG_STEP_VERIFY) != 0 ? "verified"
                       : (result->steps & MIG_STEP_COPY) != 0   ? "copied"
                                                                : "checked";
    mig__add_count(out, good);
    mig__buffer_addf(out, " of ");
    mig__add_count(out, result->account_count);
    mig__buffer_addf(out, " account%s %s in full", mig__plural(result->account_count), what);
    if (partly > 0) {
        mig__buffer_addf(out, "; %zu with something to look at", partly);
    }
    if (failed > 0) {
        mig__buffer_addf(out, "; %zu failed", failed);
    }
    if (stopped > 0) {
        mig__buffer_addf(out, "; %zu stopped before the end", stopped);
    }
    if (skipped > 0) {
        mig__buffer_addf(out, "; %zu not begun", skipped);
    }
    mig__buffer_add_text(out, ".\n");
    mig__paper_send(paper);
}

static void add_numbers(mig__buffer *out, unsigned steps, const mig_run_account_result *account)
{
    mig__add_count(out, account->messages);
    mig__buffer_addf(out, " message%s", mig__plural(account->messages));
    if (account->step >= MIG_STEP_COPY && (steps & MIG_STEP_COPY) != 0) {
        mig__buffer_add_text(out, ": ");
        mig__add_count(out, account->copied);
        mig__buffer_add_text(out, " copied (");
        mig__add_octets(out, account->copied_bytes);
        mig__buffer_add_text(out, "), ");
        mig__add_count(out, account->already);
        mig__buffer_add_text(out, " there already");
        if (account->mended > 0) {
            mig__buffer_add_text(out, ", ");
            mig__add_count(out, account->mended);
            mig__buffer_add_text(out, " sent again");
        }
        if (account->failed > 0) {
            mig__buffer_add_text(out, ", ");
            mig__add_count(out, account->failed);
            mig__buffer_add_text(out, " not copied");
        }
    }
    if (account->step == MIG_STEP_VERIFY || (account->step == MIG_STEP_FILTERS && (steps & MIG_STEP_VERIFY) != 0)) {
        mig__buffer_add_text(out, "; ");
        mig__add_count(out, account->verified);
        mig__buffer_add_text(out, " verified");
        if (account->stored_differently > 0) {
            mig__buffer_add_text(out, ", ");
            mig__add_count(out, account->stored_differently);
            mig__buffer_add_text(out, " stored differently");
        }
        if (account->unproven > 0) {
            mig__buffer_add_text(out, ", ");
            mig__add_count(out, account->unproven);
            mig__buffer_add_text(out, " not proven");
        }
        if (account->differences > 0) {
            mig__buffer_add_text(out, ", ");
            mig__add_count(out, account->differences);
            mig__buffer_addf(out, " difference%s", mig__plural(account->differences));
        }
    }
}

static void add_account(mig__paper *paper, unsigned steps, const mig_run_account_result *account)
{
    char line[MIG_ERROR_TEXT + MIG_ERROR_SERVER + MIG_ERROR_HINT];
    mig__buffer *out = &paper->line;
    mig__buffer_addf(out, "  %s ", is_good(account) ? " " : "!");
    mig__add_inert(out, account->source);
    mig__buffer_add_text(out, " -> ");
    mig__add_inert(out, account->target);
    mig__buffer_add_text(out, ": ");
    if (account->state == MIG_RUN_DONE || account->copied > 0) {
        add_numbers(out, steps, account);
        mig__buffer_add_text(out, account->error.code != MIG_OK ? "; " : "");
    }
    if (account->error.code != MIG_OK) {
        bool failed = account->state == MIG_RUN_FAILED && !is_stopped(account);
        mig__buffer_addf(out, "%s%s", failed ? mig_step_name(account->step) : "", failed ? " failed: " : "");
        mig__add_inert(out, mig_error_line(&account->error, line, sizeof line));
    }
    mig__buffer_add_text(out, "\n");
    if (account->filters != NULL) {
        mig__filters_text(out, account->filters);
    }
    mig__paper_send(paper);
}

/* Accounts of one kind, up to a number that a person reads. */
static void add_accounts(mig__paper *paper, const mig_run_result *result, bool good, size_t most)
{
    size_t all = 0;
    for (size_t i = 0; i < result->account_count && !paper->refused; i++) {
        bool untouched = result->accounts[i].state == MIG_RUN_SKIPPED; /* the same of all: they are counted */
        if (is_good(&result->accounts[i]) == good && !untouched && all++ < most) {
            add_account(paper, result->steps, &result->accounts[i]);
        }
    }
    if (all > most && most > 0) {
        mig__buffer_addf(&paper->line, "    ... and %zu more: --json lists every one.\n", all - most);
        mig__paper_send(paper);
    }
}

static void add_totals(mig__paper *paper, const mig_run_result *result)
{
    char duration[MIG_FORMAT_SIZE];
    uint64_t copied = 0, bytes = 0, verified = 0;
    for (size_t i = 0; i < result->account_count; i++) {
        copied += result->accounts[i].copied;
        bytes += result->accounts[i].copied_bytes;
        verified += result->accounts[i].verified + result->accounts[i].stored_differently;
    }
    mig__buffer *out = &paper->line;
    mig__buffer_add_text(out, "\n");
    if ((result->steps & MIG_STEP_COPY) != 0) {
        mig__add_count(out, copied);
        mig__buffer_addf(out, " message%s copied, ", mig__plural(copied));
        mig__add_octets(out, bytes);
        mig__buffer_add_text(out, "; ");
    }
    if ((result->steps & MIG_STEP_VERIFY) != 0) {
        mig__add_count(out, verified);
        mig__buffer_addf(out, " message%s verified; ", mig__plural(verified));
    }
    mig__buffer_addf(out, "%s.\n", mig_format_duration(result->seconds, duration, sizeof duration));
    mig__paper_send(paper);
}

static bool needs_a_person(const mig_run_result *result)
{
    for (size_t i = 0; i < result->account_count; i++) {
        const mig_run_account_result *account = &result->accounts[i];
        if (account->state == MIG_RUN_FAILED && !is_stopped(account) && account->error.retry == MIG_RETRY_NEVER) {
            return true;
        }
    }
    return false;
}

static void add_next(mig__paper *paper, const mig_run_result *result)
{
    bool refused = false;
    mig__buffer *out = &paper->line;
    for (size_t i = 0; i < result->account_count; i++) {
        refused = refused ||
                  (result->accounts[i].state == MIG_RUN_SKIPPED && result->accounts[i].error.code != MIG_E_INTERRUPTED);
    }
    if (refused) {
        mig__buffer_add_text(out, "Next: nothing was written. Fix the accounts that failed the check, or go on without "
                                  "them by --keep-going.\n");
    } else if (needs_a_person(result)) {
        mig__buffer_add_text(out, "Next: fix what is named above, then run the same command again; it does what is "
                                  "left.\n");
    } else if (result->status == MIG_INTERRUPTED && result->copy != NULL && result->copy->status == MIG_INTERRUPTED) {
        mig__copy_next(out, result->copy);
    } else if (result->status == MIG_INTERRUPTED || result->exit_status == 4) {
        mig__buffer_add_text(out, "Next: run the same command again; it goes on where this run ended, and nothing is "
                                  "sent twice.\n");
    } else if (result->exit_status != 0) {
        mig__buffer_add_text(out,
                             "Next: look at what is marked above; then run the same command again, it does what is "
                             "left.\n");
    } else if ((result->steps & MIG_STEP_COPY) != 0 && (result->steps & MIG_STEP_VERIFY) == 0) {
        mig__buffer_add_text(out,
                             "Next: mailmigrate verify, with the same accounts, reads the target back and compares "
                             "it.\n");
    } else if ((result->steps & MIG_STEP_COPY) != 0) {
        mig__buffer_add_text(out, "Next: the same command again, until the switch, for what still arrives.\n");
    }
    mig__paper_send(paper);
}

int mig_report_run_text(const mig_run_result *result, mig_sink_fn *sink, void *context, mig_error *err)
{
    mig__paper paper = MIG__PAPER_INIT(sink, context);
    size_t good = 0;
    for (size_t i = 0; i < result->account_count; i++) {
        good += is_good(&result->accounts[i]);
    }
    if (mig__run_is_dry(result)) {
        mig__run_dry_text(&paper, result);
        return mig__paper_finish(&paper, "summary", err);
    }
    add_verdict(&paper, result);
    add_accounts(&paper, result, false, BAD_SHOWN);
    add_accounts(&paper, result, true, good <= GOOD_SHOWN ? GOOD_SHOWN : 0);
    add_totals(&paper, result);
    add_next(&paper, result);
    return mig__paper_finish(&paper, "summary", err);
}
