/*
 * report/inventory_html.c - a stock-taking as one HTML file: what is there, with sizes as bars, what will not fit, when
 *
 * The style is the verification's. There is no script, and the policy allows none.
 */
#include "report/embedded.h"
#include "report/inventory_common.h"
#include "report/page.h"
#include "report/scans.h"
#include <migrate/format.h>
#include <migrate/inventory_report.h>
#include <stdlib.h>
#include <string.h>

#define OPEN_ACCOUNTS 3 /* up to so many accounts are shown opened */

static void add_octets(mig__page *p, bool known, uint64_t octets)
{
    char text[MIG_FORMAT_SIZE];
    mig__page_add(p, known ? mig_format_octets(octets, text, sizeof text) : "unknown");
}

/* `part` of `whole` as a bar; the class is g, n or d. */
static void add_bar(mig__page *p, uint64_t part, uint64_t whole, char kind)
{
    double width = whole > 0 ? 1000.0 * (double)part / (double)whole : 0;
    width = part > 0 && width < 4 ? 4 : width;
    mig__buffer_addf(&p->paper.line,
                     "<svg class=\"bar\" viewBox=\"0 0 1000 10\" preserveAspectRatio=\"none\" role=\"img\" "
                     "aria-label=\"%.0f percent\"><rect class=\"%c\" width=\"%.1f\" height=\"10\"/></svg>",
                     whole > 0 ? 100.0 * (double)part / (double)whole : 0.0, kind, width);
}

static void add_accounts_name(mig__page *p, const mig_inventory_account *account)
{
    mig__page_add(p, "<bdi>");
    mig__page_html(p, account->sides[MIG_SOURCE].label);
    mig__page_add(p, "</bdi>");
    if (account->sides[MIG_TARGET].label != NULL) {
        mig__page_add(p, " &rarr; <bdi>");
        mig__page_html(p, account->sides[MIG_TARGET].label);
        mig__page_add(p, "</bdi>");
    }
}

/* ---- summary ---- */

static void add_summary(mig__page *p, const mig_inventory_result *result)
{
    uint64_t messages = 0, bytes = 0;
    bool known = true;
    for (size_t i = 0; i < result->account_count; i++) {
        messages += result->accounts[i].messages;
        bytes += result->accounts[i].bytes;
        const bool unreached = result->accounts[i].error.code != MIG_OK && result->accounts[i].folder_count == 0;
        known = known && (unreached || result->accounts[i].bytes_known);
    }
    mig__page_add(p, "<header>\n<p class=\"soft\">mailmigrate: inventory before a migration</p>\n<h1>");
    mig__page_count(p, messages);
    mig__page_add(p, messages == 1 ? " message, " : " messages, ");
    add_octets(p, known, bytes);
    mig__page_add(p, ", in ");
    mig__page_count(p, result->account_count);
    mig__page_add(p, result->account_count == 1 ? " account</h1>\n</header>\n<main>\n"
                                                : " accounts</h1>\n</header>\n<main>\n");
    mig__paper_send(&p->paper);
}

/* ---- an account ---- */

static void add_side(mig__page *p, const char *name, const mig_inventory_side *side)
{
    if (side->label == NULL || side->capabilities == NULL) {
        return;
    }
    mig__buffer_addf(&p->paper.line, "<dt>%s</dt><dd>", name);
    mig__page_count(p, side->messages);
    mig__page_add(p, " messages, ");
    add_octets(p, side->bytes_known, side->bytes);
    if (side->quota.limit > 0) {
        mig__page_add(p, "; quota ");
        add_octets(p, true, side->quota.limit);
        mig__page_add(p, ", used ");
        add_octets(p, true, side->quota.used);
    }
    if (side->append_limit > 0) {
        mig__page_add(p, "; takes messages up to ");
        add_octets(p, true, side->append_limit);
    }
    if (side->provider != NULL) {
        mig__page_add(p, "; ");
        mig__stock_profile(&p->paper.line, side);
    }
    mig__page_add(p, "</dd>");
}

/* A term of the list with a sentence of our own words, unless it is empty. */
static void add_term(mig__page *p, const char *name, mig__buffer *sentence)
{
    if (sentence->length > 0 && !sentence->failed) {
        mig__buffer_addf(&p->paper.line, "<dt>%s</dt><dd>", name);
        mig__buffer_add(&p->paper.line, sentence->data, sentence->length);
        mig__page_add(p, "</dd>");
    }
    p->paper.line.failed = p->paper.line.failed || sentence->failed;
    mig__buffer_clear(sentence);
}

static void add_outlook(mig__page *p, const mig_inventory_account *account, int64_t now, bool with_target)
{
    mig__buffer sentence = MIG__BUFFER_INIT;
    mig__stock_growth(&sentence, account, now);
    add_term(p, "Growth", &sentence);
    mig__stock_shares(&sentence, account);
    add_term(p, "Of it", &sentence);
    if (with_target && account->forecast.known) {
        mig__stock_forecast(&sentence, &account->forecast);
        add_term(p, "Left to copy", &sentence);
    }
    mig__buffer_free(&sentence);
}

static void add_number_cell(mig__page *p, const char *label, bool known, uint64_t number)
{
    mig__buffer_addf(&p->paper.line, "<td class=\"r\" data-label=\"%s\">", label);
    if (known) {
        mig__page_count(p, number);
    }
    mig__page_add(p, "</td>");
}

static void add_folder(mig__page *p, const mig_inventory_folder *folder, uint64_t most)
{
    char date[MIG__ISO_SIZE];
    bool dated = folder->examined && (folder->oldest != 0 || folder->newest != 0);
    bool out = folder->target != NULL && folder->target[0] == '\0';
    mig__page_add(p, "<tr><td class=\"w\" data-label=\"Folder\"><bdi>");
    mig__page_html(p, folder->name);
    mig__page_add(p, "</bdi>");
    if (out) {
        mig__page_add(p, " <span class=\"soft\">left out</span>");
    } else if (folder->target != NULL && strcmp(folder->name, folder->target) != 0) {
        mig__page_add(p, " &rarr; <bdi>");
        mig__page_html(p, folder->target);
        mig__page_add(p, "</bdi>");
    }
    mig__page_error(p, folder->error);
    mig__page_add(p, "</td><td class=\"bars\">");
    bool unwanted = folder->role == MIG_ROLE_JUNK || folder->role == MIG_ROLE_TRASH || out;
    add_bar(p, folder->bytes, most, unwanted ? 'n' : 'g');
    mig__page_add(p, "</td><td class=\"r\" data-label=\"Size\">");
    add_octets(p, folder->has_bytes, folder->bytes);
    mig__page_add(p, "</td>");
    add_number_cell(p, "Messages", true, folder->messages);
    mig__page_add(p, "<td class=\"r\" data-label=\"Largest\">");
    if (folder->examined) {
        add_octets(p, true, folder->largest);
    }
    mig__page_add(p, "</td>");
    add_number_cell(p, "Too big", folder->too_big > 0, folder->too_big);
    add_number_cell(p, "Twice", folder->duplicates > 0, folder->duplicates);
    mig__buffer_addf(&p->paper.line, "<td data-label=\"Oldest\">%.10s</td>",
                     dated ? mig__iso_time(folder->oldest, false, date) : "");
    mig__buffer_addf(&p->paper.line, "<td data-label=\"Newest\">%.10s</td></tr>\n",
                     dated ? mig__iso_time(folder->newest, false, date) : "");
    mig__paper_send(&p->paper);
}

static void add_folders(mig__page *p, const mig_inventory_account *account)
{
    uint64_t most = 0;
    for (size_t i = 0; i < account->folder_count; i++) {
        most = account->folders[i].bytes > most ? account->folders[i].bytes : most;
    }
    if (account->folder_count == 0) {
        return;
    }
    mig__page_add(p, "<table><thead><tr><th>Folder</th><th></th><th class=\"r\">Size</th><th class=\"r\">Messages</th>"
                     "<th class=\"r\">Largest</th><th class=\"r\">Too big</th><th class=\"r\">Twice</th><th>Oldest</th>"
                     "<th>Newest</th></tr></thead><tbody>\n");
    for (size_t i = 0; i < account->folder_count && !p->paper.refused; i++) {
        add_folder(p, &account->folders[i], most);
    }
    mig__page_add(p, "</tbody></table>\n");
}

static void add_years(mig__page *p, const mig_inventory_account *account)
{
    uint64_t most = 0;
    for (size_t i = 0; i < account->year_count; i++) {
        most = account->years[i].bytes > most ? account->years[i].bytes : most;
    }
    if (account->year_count == 0) {
        return;
    }
    mig__page_add(p,
                  "<table><thead><tr><th>Year</th><th></th><th class=\"r\">Size</th><th class=\"r\">Messages</th></tr>"
                  "</thead><tbody>\n");
    for (size_t i = 0; i < account->year_count; i++) {
        const mig_inventory_year *year = &account->years[i];
        if (year->year != 0) {
            mig__buffer_addf(&p->paper.line, "<tr><td data-label=\"Year\">%d</td>", year->year);
        } else {
            mig__page_add(p, "<tr><td data-label=\"Year\">undated</td>");
        }
        mig__page_add(p, "<td class=\"bars\">");
        add_bar(p, year->bytes, most, 'g');
        mig__page_add(p, "</td><td class=\"r\" data-label=\"Size\">");
        add_octets(p, true, year->bytes);
        mig__page_add(p, "</td>");
        add_number_cell(p, "Messages", true, year->messages);
        mig__page_add(p, "</tr>\n");
    }
    mig__page_add(p, "</tbody></table>\n");
    mig__paper_send(&p->paper);
}

static void add_obstacles(mig__page *p, const mig_inventory_account *account)
{
    if (account->obstacle_count == 0) {
        return;
    }
    mig__page_add(p, "<table><thead><tr><th>Folder</th><th>What will not be as it is</th></tr></thead><tbody>\n");
    for (size_t i = 0; i < account->obstacle_count && !p->paper.refused; i++) {
        const mig_obstacle *obstacle = &account->obstacles[i];
        mig__page_add(p, "<tr><td class=\"w\" data-label=\"Folder\"><bdi>");
        mig__page_html(p, obstacle->folder);
        mig__buffer_addf(&p->paper.line, "</bdi></td><td class=\"%s\" data-label=\"What\">",
                         obstacle->blocks ? "k2" : "k1");
        mig__page_html(p, obstacle->text);
        mig__page_add(p, "</td></tr>\n");
        mig__paper_send(&p->paper);
    }
    mig__page_add(p, "</tbody></table>\n");
}

static void add_scans(mig__page *p, const mig_inventory_account *account)
{
    mig__buffer words = MIG__BUFFER_INIT;
    if (!account->shown) {
        return;
    }
    mig__scan_sum(&words, account->scanned, account->infected, account->not_scanned);
    mig__page_add(p, "<p>");
    mig__page_html(p, words.data);
    mig__page_add(p, "</p>\n");
    if (account->scan_count > 0) {
        mig__page_add(p, "<table><thead><tr><th>Folder</th><th>What the virus scanner said</th></tr></thead><tbody>\n");
    }
    for (size_t i = 0; i < account->scan_count && !p->paper.refused; i++) {
        mig__buffer_clear(&words);
        mig__scan_words(&words, &account->scans[i]);
        mig__page_add(p, "<tr><td class=\"w\" data-label=\"Folder\"><bdi>");
        mig__page_html(p, account->scans[i].folder);
        mig__page_add(p, "</bdi></td><td class=\"k2\" data-label=\"What\">");
        mig__page_html(p, words.data);
        mig__page_add(p, "</td></tr>\n");
        mig__paper_send(&p->paper);
    }
    mig__page_add(p, account->scan_count > 0 ? "</tbody></table>\n" : "");
    p->paper.line.failed = p->paper.line.failed || words.failed;
    mig__buffer_free(&words);
}

/* ---- all accounts ---- */

static void add_share(mig__page *p, const mig_inventory_account *account, uint64_t most)
{
    mig__page_add(p, "<tr><td class=\"w\" data-label=\"Account\">");
    add_accounts_name(p, account);
    mig__page_add(p, "</td><td class=\"bars\">");
    add_bar(p, account->bytes, most, account->fits == MIG_FITS_NO ? 'd' : 'g');
    mig__page_add(p, "</td><td class=\"r\" data-label=\"Size\">");
    add_octets(p, account->bytes_known, account->bytes);
    mig__page_add(p, "</td>");
    add_number_cell(p, "Messages", true, account->messages);
    mig__page_add(p, "<td class=\"r\" data-label=\"Left to copy\">");
    if (account->forecast.known) {
        add_octets(p, true, account->forecast.left_bytes);
    }
    mig__buffer_addf(&p->paper.line, "</td><td class=\"%s\" data-label=\"Fits\">%s</td></tr>\n",
                     account->fits == MIG_FITS_NO ? "k2" : "", mig__stock_fits(account));
    mig__paper_send(&p->paper);
}

/* The largest first, as a run takes them; accounts of one size by their place. */
static int larger(const void *a, const void *b)
{
    const mig_inventory_account *one = *(const mig_inventory_account *const *)a;
    const mig_inventory_account *other = *(const mig_inventory_account *const *)b;
    return one->bytes != other->bytes ? (one->bytes < other->bytes) - (one->bytes > other->bytes)
                                      : (one > other) - (one < other);
}

/* The caller frees the array; NULL: MIG_E_NOMEM. */
static const mig_inventory_account **by_size(const mig_inventory_result *result, mig_error *err)
{
    const mig_inventory_account **sorted = calloc(result->account_count, sizeof *sorted);
    if (sorted == NULL) {
        mig_error_set(err, MIG_E_NOMEM, "out of memory");
        return NULL;
    }
    for (size_t i = 0; i < result->account_count; i++) {
        sorted[i] = &result->accounts[i];
    }
    qsort(sorted, result->account_count, sizeof *sorted, larger);
    return sorted;
}

static int add_all(mig__page *p, const mig_inventory_result *result, mig_error *err)
{
    mig_inventory_account all;
    uint64_t most = 0;
    const mig_inventory_account **sorted = by_size(result, err);
    if (sorted == NULL || mig_inventory_total(result, &all, err) != 0) {
        free(sorted);
        return -1;
    }
    for (size_t i = 0; i < result->account_count; i++) {
        most = result->accounts[i].bytes > most ? result->accounts[i].bytes : most;
    }
    mig__page_add(p, "<dl>");
    add_outlook(p, &all, result->started, result->accounts[0].sides[MIG_TARGET].label != NULL);
    mig__page_add(p, "</dl>\n<table><thead><tr><th>Account</th><th></th><th class=\"r\">Size</th><th "
                     "class=\"r\">Messages</th><th class=\"r\">Left to copy</th><th>Fits</th></tr></thead><tbody>\n");
    for (size_t i = 0; i < result->account_count && !p->paper.refused; i++) {
        add_share(p, sorted[i], most);
    }
    free(sorted);
    mig__page_add(p, "</tbody></table>\n");
    add_years(p, &all);
    mig_inventory_total_clear(&all);
    return 0;
}

static void add_account(mig__page *p, const mig_inventory_result *result, const mig_inventory_account *account)
{
    bool open = result->account_count <= OPEN_ACCOUNTS || account->error.code != MIG_OK;
    mig__buffer_addf(&p->paper.line, "<details%s><summary>", open ? " open" : "");
    add_accounts_name(p, account);
    mig__page_add(p, " <span class=\"soft\">");
    mig__page_count(p, account->messages);
    mig__page_add(p, account->messages == 1 ? " message, " : " messages, ");
    add_octets(p, account->bytes_known, account->bytes);
    mig__page_add(p, "</span></summary>\n");
    mig__page_error(p, &account->error);
    mig__page_add(p, "<dl>");
    add_side(p, "Source", &account->sides[MIG_SOURCE]);
    add_side(p, "Target", &account->sides[MIG_TARGET]);
    if (account->selected != NULL) {
        mig__page_add(p, "<dt>Counted</dt><dd>messages ");
        mig__page_add(p, mig__stock_received(account));
        mig__page_html(p, account->selected);
        mig__page_add(p, "</dd>");
    }
    const bool with_target = account->sides[MIG_TARGET].label != NULL;
    add_outlook(p, account, result->started, with_target);
    if (with_target && account->error.code == MIG_OK) {
        mig__buffer_addf(&p->paper.line, "<dt>Does it fit</dt><dd>%s</dd>", mig__stock_fits(account));
    }
    mig__page_add(p, "</dl>\n");
    add_obstacles(p, account);
    add_scans(p, account);
    add_folders(p, account);
    add_years(p, account);
    mig__page_add(p, "</details>\n");
    mig__paper_send(&p->paper);
}

int mig_report_inventory_html(const mig_inventory_result *result, mig_sink_fn *sink, void *context, mig_error *err)
{
    mig__page p = MIG__PAGE_INIT(sink, context);
    const char *is = result->exit_status == 0 ? "good" : result->exit_status == 1 ? "note" : "bad";
    char date[MIG__ISO_SIZE];
    int written = mig__page_head(&p, "Mail inventory", is, mig__report_css, NULL, err);
    if (written == 0) {
        add_summary(&p, result);
        written = result->account_count > 1 ? add_all(&p, result, err) : 0;
        for (size_t i = 0; i < result->account_count && !p.paper.refused; i++) {
            add_account(&p, result, &result->accounts[i]);
        }
        mig__buffer_addf(
            &p.paper.line,
            "<p class=\"soft\">%s Taken at %s; nothing was changed on either side.</p>\n</main>\n</body>\n</html>\n",
            mig__stock_unseen(result) != NULL ? mig__stock_unseen(result) : "",
            mig__iso_time(result->started, true, date));
    }
    mig__buffer_free(&p.text);
    int finished = mig__paper_finish(&p.paper, "HTML report", written < 0 ? NULL : err);
    return written < 0 ? -1 : finished;
}
