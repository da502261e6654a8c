/* report/inventory_text.c - a stock-taking for the terminal */
#include "report/inventory_common.h"
#include "report/scans.h"
#include "report/verify_common.h"
#include <inttypes.h>
#include <migrate/format.h>
#include <migrate/inventory_report.h>
#include <stdio.h>
#include <string.h>

enum {
    OBSTACLES_SHOWN = 20,
    YEARS_SHOWN = 15,
    ACCOUNTS_IN_FULL = 3 /* more of them are one line each */
};

static void add_side(mig__paper *paper, const char *name, const mig_inventory_side *side)
{
    mig__buffer *out = &paper->line;
    if (side->label == NULL || side->capabilities == NULL) {
        return;
    }
    mig__buffer_addf(out, "  %s: ", name);
    mig__stock_count(out, side->messages, "message");
    mig__buffer_add_text(out, " in ");
    mig__stock_count(out, side->folders, "folder");
    mig__buffer_add_text(out, ", ");
    mig__stock_octets(out, side->bytes_known, side->bytes);
    if (side->provider != NULL) {
        mig__buffer_add_text(out, "; ");
        mig__stock_profile(out, side);
    }
    if (side->append_limit > 0) {
        mig__buffer_add_text(out, "; takes messages up to ");
        mig__stock_octets(out, true, side->append_limit);
    }
    if (side->quota.limit > 0) {
        mig__buffer_add_text(out, "; quota ");
        mig__stock_octets(out, true, side->quota.limit);
        mig__buffer_add_text(out, ", used ");
        mig__stock_octets(out, true, side->quota.used);
    }
    mig__buffer_add_text(out, "\n");
    if (side->provider != NULL && side->provider->note != NULL) {
        mig__buffer_addf(out, "    %s\n", side->provider->note);
    }
    mig__paper_send(paper);
}

static void add_folder(mig__paper *paper, const mig_inventory_folder *folder)
{
    char messages[MIG_FORMAT_SIZE], unseen[MIG_FORMAT_SIZE], octets[MIG_FORMAT_SIZE], largest[MIG_FORMAT_SIZE];
    char oldest[MIG__ISO_SIZE] = "", newest[MIG__ISO_SIZE] = "";
    mig__buffer *out = &paper->line;
    if (folder->examined && (folder->oldest != 0 || folder->newest != 0)) {
        mig__iso_time(folder->oldest, false, oldest)[10] = '\0';
        mig__iso_time(folder->newest, false, newest)[10] = '\0';
    }
    mig__buffer_addf(out, "%11s%9s%13s%13s  %-10s  %-10s  ",
                     mig_format_count(folder->messages, messages, sizeof messages),
                     mig_format_count(folder->unseen, unseen, sizeof unseen),
                     folder->has_bytes ? mig_format_octets(folder->bytes, octets, sizeof octets) : "?",
                     folder->examined        ? mig_format_octets(folder->largest, largest, sizeof largest)
                     : folder->messages == 0 ? ""
                                             : "?",
                     oldest, newest);
    mig__add_inert(out, folder->name);
    if (folder->target != NULL && folder->target[0] == '\0') {
        mig__buffer_add_text(out, " (left out)");
    } else if (folder->target != NULL && strcmp(folder->target, folder->name) != 0) {
        mig__buffer_add_text(out, " -> ");
        mig__add_inert(out, folder->target);
    }
    if (folder->duplicates > 0) {
        mig__buffer_addf(out, " (%" PRIu64 " twice)", folder->duplicates);
    }
    mig__buffer_add_text(out, "\n");
    mig__paper_send(paper);
}

static void add_obstacles(mig__paper *paper, const mig_inventory_account *account)
{
    mig__buffer *out = &paper->line;
    size_t shown = 0;
    for (int blocks = 1; blocks >= 0; blocks--) {
        for (size_t i = 0; i < account->obstacle_count; i++) {
            const mig_obstacle *obstacle = &account->obstacles[i];
            if (obstacle->blocks != (blocks == 1) || shown++ >= OBSTACLES_SHOWN) {
                continue;
            }
            mig__buffer_addf(out, "%s  %s ", shown == 1 ? "\nWhat will not be as it is:\n" : "", blocks ? "!" : " ");
            mig__add_inert(out, obstacle->folder[0] != '\0' ? obstacle->folder : "account");
            mig__buffer_add_text(out, ": ");
            mig__add_inert(out, obstacle->text);
            mig__buffer_add_text(out, "\n");
            mig__paper_send(paper);
        }
    }
    if (shown > OBSTACLES_SHOWN) {
        mig__buffer_addf(out, "  ... and %zu more: --json lists every one.\n", shown - OBSTACLES_SHOWN);
    }
}

static void add_scans(mig__paper *paper, const mig_inventory_account *account)
{
    mig__buffer *out = &paper->line;
    if (!account->shown) {
        return;
    }
    mig__buffer_add_text(out, "\n");
    mig__scan_sum(out, account->scanned, account->infected, account->not_scanned);
    for (size_t i = 0; i < account->scan_count && i < OBSTACLES_SHOWN; i++) {
        mig__buffer_add_text(out, "  ");
        mig__add_inert(out, account->scans[i].folder);
        mig__buffer_add_text(out, ", ");
        mig__scan_words(out, &account->scans[i]);
        mig__buffer_add_text(out, "\n");
    }
    if (account->scan_count > OBSTACLES_SHOWN) {
        mig__buffer_addf(out, "  ... and %zu more: --json lists every one.\n", account->scan_count - OBSTACLES_SHOWN);
    }
    mig__paper_send(paper);
}

/* A table with bars; what is older than the last YEARS_SHOWN years is one row. */
static void add_year(mig__paper *paper, const char *name, const mig_inventory_year *year, uint64_t most)
{
    static const char bar[] = "##############################";
    char messages[MIG_FORMAT_SIZE], octets[MIG_FORMAT_SIZE];
    const size_t width = most > 0 ? (size_t)((double)year->bytes * (double)(sizeof bar - 1) / (double)most + 0.5) : 0;
    mig__buffer_addf(&paper->line, "%9s%11s%13s%s%.*s\n", name,
                     mig_format_count(year->messages, messages, sizeof messages),
                     mig_format_octets(year->bytes, octets, sizeof octets), width > 0 ? "  " : "", (int)width, bar);
    mig__paper_send(paper);
}

static void add_years(mig__paper *paper, const mig_inventory_account *account)
{
    const size_t count = account->year_count, first = count > YEARS_SHOWN ? count - YEARS_SHOWN : 0;
    mig_inventory_year older = {.year = 0};
    uint64_t most = 0;
    char name[32];
    for (size_t i = 0; i < count; i++) {
        older.messages += i < first ? account->years[i].messages : 0;
        older.bytes += i < first ? account->years[i].bytes : 0;
        most = i >= first && account->years[i].bytes > most ? account->years[i].bytes : most;
    }
    most = older.bytes > most ? older.bytes : most;
    if (count > 0) {
        mig__buffer_addf(&paper->line, "\n%9s%11s%13s\n", "year", "messages", "size");
    }
    if (first > 0) {
        add_year(paper, "earlier", &older, most);
    }
    for (size_t i = first; i < count; i++) {
        snprintf(name, sizeof name, "%d", account->years[i].year);
        add_year(paper, account->years[i].year != 0 ? name : "undated", &account->years[i], most);
    }
}

/* "\nGrowth: ...\n": a sentence with a name, unless it is empty. */
static void add_sentence(mig__paper *paper, const char *name, mig__buffer *sentence)
{
    if (sentence->length > 0 && !sentence->failed) {
        mig__buffer_addf(&paper->line, "%s: ", name);
        mig__buffer_add(&paper->line, sentence->data, sentence->length);
        mig__buffer_add_text(&paper->line, ".\n");
    }
    paper->line.failed = paper->line.failed || sentence->failed;
    mig__buffer_clear(sentence);
}

/* What helps to choose a plan at the new host, and when it will be done. */
static void add_outlook(mig__paper *paper, const mig_inventory_account *account, int64_t now, bool with_target)
{
    mig__buffer sentence = MIG__BUFFER_INIT;
    add_years(paper, account);
    mig__buffer_add_text(&paper->line, "\n");
    mig__stock_growth(&sentence, account, now);
    add_sentence(paper, "Growth", &sentence);
    mig__stock_shares(&sentence, account);
    add_sentence(paper, "Of it", &sentence);
    if (with_target && account->forecast.known) {
        mig__stock_forecast(&sentence, &account->forecast);
        add_sentence(paper, "Left to copy", &sentence);
    }
    mig__buffer_free(&sentence);
    mig__paper_send(paper);
}

static void add_names(mig__buffer *out, const mig_inventory_account *account)
{
    mig__add_inert(out, account->sides[MIG_SOURCE].label);
    if (account->sides[MIG_TARGET].label != NULL) {
        mig__buffer_add_text(out, " -> ");
        mig__add_inert(out, account->sides[MIG_TARGET].label);
    }
}

/* Folders that were not looked at to the end, by name. */
static void add_not_seen(mig__paper *paper, const mig_inventory_account *account)
{
    char line[MIG_ERROR_TEXT + MIG_ERROR_SERVER + MIG_ERROR_HINT];
    uint64_t shown = 0;
    for (size_t i = 0; i < account->folder_count; i++) {
        const mig_error *error = account->folders[i].error;
        if (error != NULL && ++shown <= OBSTACLES_SHOWN) {
            mig__buffer_add_text(&paper->line, shown == 1 ? "\nNot looked at to the end:\n  " : "  ");
            mig__add_inert(&paper->line, mig_error_line(error, line, sizeof line));
            mig__buffer_add_text(&paper->line, "\n");
        }
    }
    if (shown > OBSTACLES_SHOWN) {
        mig__buffer_addf(&paper->line, "  ... and %" PRIu64 " more: --json lists every one.\n",
                         shown - OBSTACLES_SHOWN);
    }
    mig__paper_send(paper);
}

static void add_failure(mig__paper *paper, const mig_inventory_account *account)
{
    char line[MIG_ERROR_TEXT + MIG_ERROR_SERVER + MIG_ERROR_HINT];
    if (account->error.code != MIG_OK) {
        mig__buffer_add_text(&paper->line, "  failed: ");
        mig__add_inert(&paper->line, mig_error_line(&account->error, line, sizeof line));
        mig__buffer_add_text(&paper->line, "\n");
    }
}

static void add_account(mig__paper *paper, const mig_inventory_account *account, int64_t now)
{
    mig__buffer *out = &paper->line;
    const bool with_target = account->sides[MIG_TARGET].label != NULL;
    add_names(out, account);
    mig__buffer_add_text(out, ": ");
    mig__stock_count(out, account->messages, "message");
    mig__buffer_add_text(out, ", ");
    mig__stock_octets(out, account->bytes_known, account->bytes);
    mig__buffer_add_text(out, "\n");
    add_failure(paper, account);
    add_side(paper, "source", &account->sides[MIG_SOURCE]);
    add_side(paper, "target", &account->sides[MIG_TARGET]);
    if (account->selected != NULL) {
        mig__buffer_addf(out, "  counted below: messages %s%s\n", mig__stock_received(account), account->selected);
    }
    if (account->folder_count > 0) {
        mig__buffer_addf(out, "\n%11s%9s%13s%13s  %-10s  %-10s  %s\n", "messages", "unseen", "size", "largest",
                         "oldest", "newest", "folder");
    }
    for (size_t i = 0; i < account->folder_count && !paper->refused; i++) {
        add_folder(paper, &account->folders[i]);
    }
    add_not_seen(paper, account);
    add_obstacles(paper, account);
    add_scans(paper, account);
    add_outlook(paper, account, now, with_target);
    if (with_target && account->error.code == MIG_OK) {
        mig__buffer_addf(out, "Does it fit: %s.\n", mig__stock_fits(account));
    }
    mig__paper_send(paper);
}

/* ---- many accounts ---- */

static void add_row(mig__paper *paper, const mig_inventory_account *account)
{
    char messages[MIG_FORMAT_SIZE], octets[MIG_FORMAT_SIZE], left[MIG_FORMAT_SIZE];
    uint64_t too_big = 0;
    for (size_t i = 0; i < account->folder_count; i++) {
        too_big += account->folders[i].too_big;
    }
    mig__buffer_addf(
        &paper->line, "%11s%13s%9" PRIu64 "%10s%13s  ", mig_format_count(account->messages, messages, sizeof messages),
        account->bytes_known ? mig_format_octets(account->bytes, octets, sizeof octets) : "?", too_big,
        account->fits == MIG_FITS_UNKNOWN ? "?" : mig_fits_name(account->fits),
        account->forecast.known ? mig_format_octets(account->forecast.left_bytes, left, sizeof left) : "?");
    add_names(&paper->line, account);
    mig__buffer_add_text(&paper->line, "\n");
    add_failure(paper, account);
    mig__paper_send(paper);
}

static int add_all(mig__paper *paper, const mig_inventory_result *result, mig_error *err)
{
    mig__buffer *out = &paper->line;
    mig_inventory_account all;
    if (mig_inventory_total(result, &all, err) != 0) {
        return -1;
    }
    mig__buffer_add_text(out, "\nAll ");
    mig__stock_count(out, result->account_count, "account");
    size_t unreached = 0;
    for (size_t i = 0; i < result->account_count; i++) {
        unreached += result->accounts[i].error.code != MIG_OK;
    }
    if (unreached > 0) {
        mig__buffer_addf(out, " (%zu could not be looked at)", unreached);
    }
    mig__buffer_add_text(out, ": ");
    mig__stock_count(out, all.messages, "message");
    mig__buffer_add_text(out, ", ");
    mig__stock_octets(out, all.bytes_known, all.bytes);
    mig__buffer_add_text(out, "\n");
    add_outlook(paper, &all, result->started, result->accounts[0].sides[MIG_TARGET].label != NULL);
    mig_inventory_total_clear(&all);
    return 0;
}

static void add_end(mig__paper *paper, const mig_inventory_result *result)
{
    char duration[MIG_FORMAT_SIZE];
    const char *unseen = mig__stock_unseen(result);
    mig__buffer_addf(&paper->line, "%s%s\nTaken in %s, ", unseen != NULL ? unseen : "", unseen != NULL ? "\n" : "",
                     mig_format_duration(result->seconds, duration, sizeof duration));
    mig__stock_count(&paper->line, result->round_trips, "round trip");
    mig__buffer_add_text(&paper->line, "; nothing was changed.\n");
}

int mig_report_inventory_text(const mig_inventory_result *result, mig_sink_fn *sink, void *context, mig_error *err)
{
    mig__paper paper = MIG__PAPER_INIT(sink, context);
    const bool in_full = result->account_count <= ACCOUNTS_IN_FULL;
    if (!in_full) {
        mig__buffer_addf(&paper.line, "%11s%13s%9s%10s%13s  account\n", "messages", "size", "too big", "fits",
                         "left to copy");
    }
    for (size_t i = 0; i < result->account_count && !paper.refused; i++) {
        if (in_full) {
            mig__buffer_add_text(&paper.line, i > 0 ? "\n" : "");
            add_account(&paper, &result->accounts[i], result->started);
        } else {
            add_row(&paper, &result->accounts[i]);
        }
    }
    if (result->account_count > 1 && add_all(&paper, result, err) != 0) {
        mig__paper_finish(&paper, "report", NULL);
        return -1;
    }
    add_end(&paper, result);
    return mig__paper_finish(&paper, "report", err);
}
