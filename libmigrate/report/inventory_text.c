/* report/inventory_text.c - a stock-taking for the terminal */
#include "report/verify_common.h"
#include <inttypes.h>
#include <migrate/format.h>
#include <migrate/inventory_report.h>
#include <string.h>

enum { OBSTACLES_SHOWN = 20 };

static void add_octets(mig__buffer *out, bool known, uint64_t octets)
{
    char number[MIG_FORMAT_SIZE];
    mig__buffer_add_text(out, known ? mig_format_octets(octets, number, sizeof number) : "size unknown");
}

static void add_count(mig__buffer *out, uint64_t count, const char *what)
{
    char number[MIG_FORMAT_SIZE];
    mig__buffer_addf(out, "%s %s%s", mig_format_count(count, number, sizeof number), what, count == 1 ? "" : "s");
}

static void add_side(mig__paper *paper, const char *name, const mig_inventory_side *side)
{
    mig__buffer *out = &paper->line;
    if (side->label == NULL || side->capabilities == NULL) {
        return;
    }
    mig__buffer_addf(out, "  %s: ", name);
    add_count(out, side->messages, "message");
    mig__buffer_add_text(out, " in ");
    add_count(out, side->folders, "folder");
    mig__buffer_add_text(out, ", ");
    add_octets(out, side->bytes_known, side->bytes);
    if (side->provider != NULL) {
        mig__buffer_addf(out, "; taken for %s (by its %s)", side->provider->title, side->provider_reason);
    }
    if (side->append_limit > 0) {
        mig__buffer_add_text(out, "; takes messages up to ");
        add_octets(out, true, side->append_limit);
    }
    if (side->quota.limit > 0) {
        mig__buffer_add_text(out, "; quota ");
        add_octets(out, true, side->quota.limit);
        mig__buffer_add_text(out, ", used ");
        add_octets(out, true, side->quota.used);
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
    mig__buffer_addf(
        out, "%11s%9s%13s%13s  %-10s  %-10s  ", mig_format_count(folder->messages, messages, sizeof messages),
        mig_format_count(folder->unseen, unseen, sizeof unseen),
        folder->has_bytes ? mig_format_octets(folder->bytes, octets, sizeof octets) : "?",
        folder->examined ? mig_format_octets(folder->largest, largest, sizeof largest) : "?", oldest, newest);
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

static void add_years(mig__paper *paper, const mig_inventory_account *account)
{
    mig__buffer *out = &paper->line;
    for (size_t i = 0; i < account->year_count; i++) {
        const mig_inventory_year *year = &account->years[i];
        mig__buffer_add_text(out, i == 0 ? "\nBy year: " : ", ");
        if (year->year != 0) {
            mig__buffer_addf(out, "%d ", year->year);
        } else {
            mig__buffer_add_text(out, "undated ");
        }
        add_octets(out, true, year->bytes);
        mig__buffer_add_text(out, " (");
        add_count(out, year->messages, "message");
        mig__buffer_add_text(out, ")");
    }
    mig__buffer_add_text(out, account->year_count > 0 ? ".\n" : "");
    mig__paper_send(paper);
}

static void add_share(mig__buffer *out, const mig_inventory_account *account, mig_role role, const char *name)
{
    uint64_t part = account->role_bytes[role];
    if (part == 0 || account->bytes == 0) {
        return;
    }
    mig__buffer_addf(out, "%s: ", name);
    add_octets(out, true, part);
    mig__buffer_addf(out, " (%.0f%%). ", 100.0 * (double)part / (double)account->bytes);
}

static void add_forecast(mig__paper *paper, const mig_inventory_account *account)
{
    const mig_forecast *forecast = &account->forecast;
    char duration[MIG_FORMAT_SIZE];
    mig__buffer *out = &paper->line;
    if (account->sides[MIG_TARGET].label == NULL || !forecast->known) {
        return;
    }
    mig__buffer_add_text(out, "\nLeft to copy: ");
    add_count(out, forecast->left_messages, "message");
    mig__buffer_add_text(out, ", ");
    add_octets(out, true, forecast->left_bytes);
    mig__buffer_addf(out, "; about %s at %s speed", mig_format_duration(forecast->seconds, duration, sizeof duration),
                     forecast->measured ? "the measured" : "an assumed");
    if (forecast->days > 1) {
        mig__buffer_addf(out, ", on %" PRIu64 " days", forecast->days);
    }
    if (forecast->daily_limit > 0) {
        mig__buffer_add_text(out, " (limit ");
        add_octets(out, true, forecast->daily_limit);
        mig__buffer_add_text(out, " a day)");
    }
    mig__buffer_addf(out, ". Does it fit: %s.\n", mig_fits_name(account->fits));
    mig__paper_send(paper);
}

static void add_account(mig__paper *paper, const mig_inventory_account *account)
{
    char line[MIG_ERROR_TEXT + MIG_ERROR_SERVER + MIG_ERROR_HINT];
    mig__buffer *out = &paper->line;
    mig__add_inert(out, account->sides[MIG_SOURCE].label);
    if (account->sides[MIG_TARGET].label != NULL) {
        mig__buffer_add_text(out, " -> ");
        mig__add_inert(out, account->sides[MIG_TARGET].label);
    }
    mig__buffer_add_text(out, ": ");
    add_count(out, account->messages, "message");
    mig__buffer_add_text(out, ", ");
    add_octets(out, account->bytes_known, account->bytes);
    mig__buffer_add_text(out, "\n");
    if (account->error.code != MIG_OK) {
        mig__buffer_add_text(out, "  failed: ");
        mig__add_inert(out, mig_error_line(&account->error, line, sizeof line));
        mig__buffer_add_text(out, "\n");
    }
    add_side(paper, "source", &account->sides[MIG_SOURCE]);
    add_side(paper, "target", &account->sides[MIG_TARGET]);
    if (account->folder_count > 0) {
        mig__buffer_addf(out, "\n%11s%9s%13s%13s  %-10s  %-10s  %s\n", "messages", "unseen", "size", "largest",
                         "oldest", "newest", "folder");
    }
    for (size_t i = 0; i < account->folder_count && !paper->refused; i++) {
        add_folder(paper, &account->folders[i]);
    }
    add_obstacles(paper, account);
    add_years(paper, account);
    add_share(out, account, MIG_ROLE_JUNK, "Junk");
    add_share(out, account, MIG_ROLE_TRASH, "Trash");
    mig__buffer_add_text(out, account->role_bytes[MIG_ROLE_JUNK] + account->role_bytes[MIG_ROLE_TRASH] > 0 ? "\n" : "");
    add_forecast(paper, account);
}

static void add_sum(mig__paper *paper, const mig_inventory_result *result)
{
    uint64_t messages = 0, bytes = 0;
    bool known = true;
    char duration[MIG_FORMAT_SIZE];
    mig__buffer *out = &paper->line;
    for (size_t i = 0; i < result->account_count; i++) {
        messages += result->accounts[i].messages;
        bytes += result->accounts[i].bytes;
        known = known && result->accounts[i].bytes_known;
    }
    if (result->account_count > 1) {
        mig__buffer_add_text(out, "\nAll ");
        add_count(out, result->account_count, "account");
        mig__buffer_add_text(out, ": ");
        add_count(out, messages, "message");
        mig__buffer_add_text(out, ", ");
        add_octets(out, known, bytes);
        mig__buffer_add_text(out, ".\n");
    }
    mig__buffer_addf(out, "\nTaken in %s, ", mig_format_duration(result->seconds, duration, sizeof duration));
    add_count(out, result->round_trips, "round trip");
    mig__buffer_add_text(out, "; nothing was changed.\n");
}

int mig_report_inventory_text(const mig_inventory_result *result, mig_sink_fn *sink, void *context, mig_error *err)
{
    mig__paper paper = MIG__PAPER_INIT(sink, context);
    for (size_t i = 0; i < result->account_count && !paper.refused; i++) {
        mig__buffer_add_text(&paper.line, i > 0 ? "\n" : "");
        add_account(&paper, &result->accounts[i]);
    }
    add_sum(&paper, result);
    return mig__paper_finish(&paper, "report", err);
}
