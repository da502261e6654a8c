/* report/run_dry.c - see run_dry.h */
#include "report/run_dry.h"
#include "report/inventory_common.h"
#include "report/numbers.h"
#include <migrate/format.h>
#include <string.h>

enum { OBSTACLES_SHOWN = 20 };

bool mig__run_is_dry(const mig_run_result *result)
{
    for (size_t i = 0; i < result->account_count; i++) {
        if (result->accounts[i].dry_run) {
            return true;
        }
    }
    return false;
}

static bool is_fit(const mig_run_account_result *account)
{
    return account->state == MIG_RUN_DONE && account->error.code == MIG_OK;
}

static void add_amount(mig__buffer *out, uint64_t messages, uint64_t bytes)
{
    mig__add_count(out, messages);
    mig__buffer_addf(out, " message%s", mig__plural(messages));
    if (bytes > 0) {
        mig__buffer_add_text(out, ", ");
        mig__add_octets(out, bytes);
    }
    mig__buffer_add_text(out, " to copy");
}

static void add_verdict(mig__paper *paper, const mig_run_result *result)
{
    uint64_t messages = 0, bytes = 0;
    size_t fit = 0;
    for (size_t i = 0; i < result->account_count; i++) {
        const mig_run_account_result *account = &result->accounts[i];
        fit += is_fit(account);
        messages += is_fit(account) ? account->to_copy : 0;
        bytes += is_fit(account) ? account->to_copy_bytes : 0;
    }
    mig__buffer *out = &paper->line;
    mig__buffer_add_text(out, "Dry run: nothing was changed. ");
    if (fit < result->account_count) {
        mig__buffer_addf(out, "%zu of %zu account%s cannot be copied now, see below", result->account_count - fit,
                         result->account_count, mig__plural(result->account_count));
        mig__buffer_add_text(out, fit > 0 ? "; of the others: " : "");
    } else {
        mig__buffer_addf(out, "%zu account%s, ", fit, mig__plural(fit));
    }
    if (fit > 0) {
        add_amount(out, messages, bytes);
    }
    mig__buffer_add_text(out, ".\n");
    mig__paper_send(paper);
}

static const mig_inventory_account *stock_of(const mig_run_result *result, const mig_run_account_result *account)
{
    for (size_t i = 0; result->inventory != NULL && i < result->inventory->account_count; i++) {
        const mig_inventory_account *stock = &result->inventory->accounts[i];
        const char *source = stock->sides[MIG_SOURCE].label, *target = stock->sides[MIG_TARGET].label;
        if (source != NULL && target != NULL && strcmp(source, account->source) == 0 &&
            strcmp(target, account->target) == 0) {
            return stock;
        }
    }
    return NULL;
}

static void add_stock(mig__buffer *out, const mig_inventory_account *stock)
{
    char duration[MIG_FORMAT_SIZE];
    const mig_quota *quota = &stock->sides[MIG_TARGET].quota;
    if (stock->forecast.known) {
        mig__buffer_addf(out, "; about %s", mig_format_duration(stock->forecast.seconds, duration, sizeof duration));
    }
    if (stock->forecast.known && stock->forecast.days > 1) {
        mig__buffer_addf(out, " on %llu days", (unsigned long long)stock->forecast.days);
    }
    if (quota->limit > 0) {
        mig__buffer_add_text(out, "; room on the target: ");
        mig__add_octets(out, quota->limit > quota->used ? quota->limit - quota->used : 0);
        mig__buffer_add_text(out, stock->fits == MIG_FITS_NO ? ", TOO LITTLE" : "");
    } else {
        mig__buffer_add_text(out, "; the target tells no quota");
    }
}

static void add_account(mig__paper *paper, const mig_run_result *result, const mig_run_account_result *account)
{
    char line[MIG_ERROR_TEXT + MIG_ERROR_SERVER + MIG_ERROR_HINT];
    const mig_inventory_account *stock = stock_of(result, account);
    mig__buffer *out = &paper->line;
    mig__buffer_add_text(out, is_fit(account) ? "    " : "  ! ");
    mig__add_inert(out, account->source);
    mig__buffer_add_text(out, " -> ");
    mig__add_inert(out, account->target);
    mig__buffer_add_text(out, ": ");
    if (is_fit(account)) {
        add_amount(out, account->to_copy, account->to_copy_bytes);
        if (account->messages > account->to_copy) {
            mig__buffer_add_text(out, ", ");
            mig__add_count(out, account->messages - account->to_copy);
            mig__buffer_add_text(out, " recorded as being there");
        }
        if (account->folders_to_make > 0) {
            mig__buffer_add_text(out, "; ");
            mig__add_count(out, account->folders_to_make);
            mig__buffer_addf(out, " folder%s to be made", mig__plural(account->folders_to_make));
        }
        if (stock != NULL) {
            add_stock(out, stock);
        }
    } else {
        mig__add_inert(out, mig_error_line(&account->error, line, sizeof line));
    }
    mig__buffer_add_text(out, "\n");
    mig__paper_send(paper);
}

/* What will not be copied, or not as it is: too big, no room, names, flags. */
static void add_obstacles(mig__paper *paper, const mig_run_result *result)
{
    size_t all = 0;
    for (size_t i = 0; result->inventory != NULL && i < result->inventory->account_count; i++) {
        const mig_inventory_account *stock = &result->inventory->accounts[i];
        for (size_t k = 0; k < stock->obstacle_count; k++) {
            const mig_obstacle *obstacle = &stock->obstacles[k];
            if (all++ >= OBSTACLES_SHOWN) {
                continue;
            }
            mig__buffer *out = &paper->line;
            mig__buffer_add_text(out, all == 1 ? "\nIn the way:\n" : "");
            mig__buffer_addf(out, "  %s ", obstacle->blocks ? "!" : " ");
            mig__add_inert(out, obstacle->folder[0] != '\0' ? obstacle->folder : stock->sides[MIG_SOURCE].label);
            mig__buffer_add_text(out, ": ");
            mig__add_inert(out, obstacle->text);
            mig__buffer_add_text(out, "\n");
            mig__paper_send(paper);
        }
    }
    if (all > OBSTACLES_SHOWN) {
        mig__buffer_addf(&paper->line, "    ... and %zu more: --json lists every one.\n", all - OBSTACLES_SHOWN);
        mig__paper_send(paper);
    }
}

void mig__run_dry_text(mig__paper *paper, const mig_run_result *result)
{
    bool fit = true, whole = true;
    add_verdict(paper, result);
    for (size_t i = 0; i < result->account_count && !paper->refused; i++) {
        add_account(paper, result, &result->accounts[i]);
        fit = fit && is_fit(&result->accounts[i]);
        whole = whole && result->accounts[i].exit_status == 0;
    }
    add_obstacles(paper, result);
    mig__buffer_add_text(&paper->line, !fit    ? "Next: fix what is marked above, then look again.\n"
                                       : whole ? "Next: the same command without --dry-run does it.\n"
                                               : "Next: look at what is marked above; without --dry-run the same "
                                                 "command does the rest.\n");
    mig__paper_send(paper);
}
