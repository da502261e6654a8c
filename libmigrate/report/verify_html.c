/*
 * report/verify_html.c - a verification as one HTML file
 *
 * Everything of foreign origin goes through add_html or add_json: made inert, then escaped. There are no style
 * attributes, which the page's policy forbids: bars are SVG.
 */
#include "report/embedded.h"
#include "report/page.h"
#include <inttypes.h>
#include <migrate/format.h>
#include <stdio.h>
#include <string.h>

#define STATIC_ROWS   100 /* findings that are in the page without its script, as many as the script shows at a time */
#define OPEN_ACCOUNTS 3   /* up to so many accounts are shown opened */

typedef struct page {
    mig__page page;
    const mig_verify_result *result;
} page;

/* ---- short names ---- */

static void add(page *p, const char *markup)
{
    mig__page_add(&p->page, markup);
}

static void add_html(page *p, const char *text)
{
    mig__page_html(&p->page, text);
}

static void add_json(page *p, const char *text)
{
    mig__page_json(&p->page, text);
}

static void add_count(page *p, uint64_t count)
{
    mig__page_count(&p->page, count);
}

/* ---- head ---- */

static const char *mood(const mig_verify_result *result)
{
    if (mig__count_grade(result->totals.counts, MIG_GRADE_DIFFERENCE)) {
        return "bad";
    }
    bool unproven = mig__count_grade(result->totals.counts, MIG_GRADE_UNPROVEN) > 0;
    return result->status == MIG_COMPLETE && !unproven ? "good" : "note";
}

static int add_head(page *p, mig_error *err)
{
    static const char *const titles[] = {"Mail verification: no differences",
                                         "Mail verification: not everything is proven",
                                         "Mail verification: differences found"};
    const char *is = mood(p->result);
    return mig__page_head(&p->page,
                          titles[strcmp(is, "good") == 0   ? 0
                                 : strcmp(is, "note") == 0 ? 1
                                                           : 2],
                          is, mig__report_css, mig__report_js, err);
}

/* ---- bars ---- */

enum { PARTS = 4 };

/*
 * Of the messages that should be there: read and found right, stored differently, not read or not proven, anything
 * else.
 */
static void add_bar(page *p, uint64_t messages, const uint64_t counts[MIG_FOUND_COUNT])
{
    static const char classes[PARTS] = {'g', 'n', 'u', 'd'};
    uint64_t parts[PARTS] = {counts[MIG_FOUND_IDENTICAL], counts[MIG_FOUND_STORED_DIFFERENTLY],
                             counts[MIG_FOUND_PRESENT] + counts[MIG_FOUND_UNPROVEN], 0};
    uint64_t fine = parts[0] + parts[1] + parts[2];
    parts[3] = messages > fine ? messages - fine : 0;
    double whole = (double)(fine + parts[3]), at = 0, room = 1000.0;
    double least = whole > 0 ? 12.0 : 0.0; /* one in a hundred thousand can still be seen */
    mig__buffer *out = &p->page.paper.line;
    mig__buffer_addf(out,
                     "<svg class=\"bar\" viewBox=\"0 0 1000 10\" preserveAspectRatio=\"none\" role=\"img\" "
                     "aria-label=\"%" PRIu64 " identical, %" PRIu64 " stored differently, %" PRIu64
                     " not read or not proven, %" PRIu64 " other\">",
                     parts[0], parts[1], parts[2], parts[3]);
    for (int i = 0; i < PARTS; i++) {
        room -= parts[i] > 0 ? least : 0;
    }
    for (int i = 0; i < PARTS; i++) {
        if (parts[i]) {
            double width = least + room * (double)parts[i] / whole;
            mig__buffer_addf(out, "<rect class=\"%c\" x=\"%.1f\" width=\"%.1f\" height=\"10\"/>", classes[i], at,
                             width);
            at += width;
        }
    }
    add(p, "</svg>");
}

/* ---- summary ---- */

/* When, and what with: what a page on paper is asked first. */
static void add_when(page *p)
{
    char date[MIG__ISO_SIZE];
    const mig_verify_result *result = p->result;
    add(p, "<p class=\"soft\">");
    add_html(p, mig__iso_time(result->finished, true, date));
    add(p, result->finished != 0 ? ", " : "");
    add(p, "mailmigrate ");
    add_html(p, result->version);
    for (size_t i = 0; i < result->account_count && result->account_count == 1; i++) {
        add(p, "; <bdi>");
        add_html(p, result->accounts[i].source);
        add(p, "</bdi> &rarr; <bdi>");
        add_html(p, result->accounts[i].target);
        add(p, "</bdi>");
    }
    add(p, "</p>\n");
}

static void add_todo(page *p)
{
    mig__add_next(&p->page.text, p->result);
    if (p->page.text.length > 0) {
        add(p, "<p class=\"todo\"><b>What to do now:</b> ");
        mig__page_end_html(&p->page);
        add(p, "</p>\n");
    }
}

static void add_summary(page *p)
{
    add(p, "<header>\n<p class=\"soft\">mailmigrate: verification of a migration</p>\n<h1>");
    mig__add_verdict(&p->page.text, p->result);
    mig__page_end_html(&p->page);
    add(p, "</h1>\n");
    add_when(p);
    add_todo(p);
    add_bar(p, p->result->totals.messages, p->result->totals.counts);
    add(p,
        "<p class=\"legend soft\"><span><i class=\"g\"></i>identical</span><span><i class=\"n\"></i>stored "
        "differently, "
        "same content</span><span><i class=\"u\"></i>not read or not proven</span><span><i class=\"d\"></i>different, "
        "or not there</span></p>\n</header>\n<main>\n");
    mig__paper_send(&p->page.paper);
}

static void add_root(page *p, const char *before, const char *root, const char *behind)
{
    if (root[0]) {
        add(p, before);
        add_html(p, root);
        add(p, behind);
    }
}

static void add_folder(page *p, const mig_verify_folder *folder)
{
    bool renamed = folder->source[0] && strcmp(folder->source, folder->target) != 0;
    add(p, "<tr><td class=\"w\" data-label=\"Folder\"><bdi>");
    add_html(p, folder->source[0] ? folder->source : folder->target);
    add(p, "</bdi>");
    if (renamed) {
        add(p, " &rarr; <bdi>");
        add_html(p, folder->target);
        add(p, "</bdi>");
    }
    add_root(p, "<details class=\"root\"><summary>Merkle root</summary><code>", folder->root, "</code></details>");
    mig__page_error(&p->page, folder->error);
    add(p, "</td><td class=\"bars\">");
    add_bar(p, folder->messages, folder->counts);
    add(p, "</td><td class=\"r\" data-label=\"Messages\">");
    add_count(p, folder->messages);
    add(p, "</td><td class=\"r\" data-label=\"Identical\">");
    add_count(p, folder->counts[MIG_FOUND_IDENTICAL]);
    add(p, "</td><td class=\"k2\" data-label=\"Differences\">");
    mig__add_counts(&p->page.paper.line, folder->counts, MIG_GRADE_DIFFERENCE);
    add(p, "</td><td data-label=\"Also\">");
    mig__add_counts(&p->page.paper.line, folder->counts, MIG_GRADE_NOTE);
    const char *before = mig__count_grade(folder->counts, MIG_GRADE_NOTE) ? ", " : "";
    if (folder->counts[MIG_FOUND_PRESENT]) {
        add(p, before);
        add_count(p, folder->counts[MIG_FOUND_PRESENT]);
        add(p, " present, not read");
        before = ", ";
    }
    if (folder->counts[MIG_FOUND_UNPROVEN]) {
        add(p, before);
        add_count(p, folder->counts[MIG_FOUND_UNPROVEN]);
        add(p, " not proven");
    }
    add(p, "</td></tr>\n");
    mig__paper_send(&p->page.paper);
}

/* Adds up all folders; returns the number of messages that should be there. */
static uint64_t sum(const mig_verify_account *account, uint64_t counts[MIG_FOUND_COUNT])
{
    uint64_t messages = 0;
    memset(counts, 0, MIG_FOUND_COUNT * sizeof counts[0]);
    for (size_t i = 0; i < account->folder_count; i++) {
        messages += account->folders[i].messages;
        for (int kind = 0; kind < MIG_FOUND_COUNT; kind++) {
            counts[kind] += account->folders[i].counts[kind];
        }
    }
    return messages;
}

static bool needs_a_look(const mig_verify_account *account, const uint64_t counts[MIG_FOUND_COUNT])
{
    return account->error.code != MIG_OK || mig__count_grade(counts, MIG_GRADE_DIFFERENCE) > 0 ||
           mig__count_grade(counts, MIG_GRADE_UNPROVEN) > 0;
}

static void add_line_of(page *p, const mig_verify_account *account)
{
    uint64_t counts[MIG_FOUND_COUNT], messages = sum(account, counts);
    add(p, needs_a_look(account, counts) ? "<tr class=\"look\">" : "<tr>");
    add(p, "<td class=\"w\" data-label=\"Account\"><bdi>");
    add_html(p, account->source);
    add(p, "</bdi></td><td class=\"bars\">");
    add_bar(p, messages, counts);
    add(p, "</td><td class=\"r\" data-label=\"Messages\">");
    add_count(p, messages);
    add(p, "</td><td class=\"r\" data-label=\"Identical\">");
    add_count(p, counts[MIG_FOUND_IDENTICAL]);
    add(p, "</td><td class=\"r\" data-label=\"Not proven\">");
    add_count(p, mig__count_grade(counts, MIG_GRADE_UNPROVEN));
    add(p, "</td><td class=\"k2\" data-label=\"Differences\">");
    mig__add_counts(&p->page.paper.line, counts, MIG_GRADE_DIFFERENCE);
    mig__page_error(&p->page, &account->error);
    add(p, "</td></tr>\n");
    mig__paper_send(&p->page.paper);
}

/* One line an account, where there are so many that nobody opens each; the script shows those that need a look alone.
 */
static void add_accounts(page *p)
{
    if (p->result->account_count <= OPEN_ACCOUNTS) {
        return;
    }
    add(p, "<section>\n<h2>Accounts</h2>\n<p id=\"choice\" hidden><label><input id=\"look\" type=\"checkbox\"> only "
           "those with differences, or not proven, or not verified</label></p>\n<table id=\"accounts\"><thead><tr>"
           "<th>Account</th><th></th><th class=\"r\">Messages</th><th class=\"r\">Identical</th><th class=\"r\">Not "
           "proven</th><th>Differences</th></tr></thead><tbody>\n");
    for (size_t i = 0; i < p->result->account_count && !p->page.paper.refused; i++) {
        add_line_of(p, &p->result->accounts[i]);
    }
    add(p, "</tbody></table>\n</section>\n");
}

static void add_account(page *p, const mig_verify_account *account)
{
    uint64_t counts[MIG_FOUND_COUNT], messages = sum(account, counts);
    bool open = p->result->account_count <= OPEN_ACCOUNTS || account->error.code != MIG_OK ||
                mig__count_grade(counts, MIG_GRADE_DIFFERENCE);
    mig__buffer_addf(&p->page.paper.line, "<details class=\"account%s\"%s><summary><bdi>",
                     needs_a_look(account, counts) ? " look" : "", open ? " open" : "");
    add_html(p, account->source);
    add(p, "</bdi> &rarr; <bdi>");
    add_html(p, account->target);
    add(p, "</bdi> <span class=\"soft\">");
    add_count(p, messages);
    add(p, messages == 1 ? " message" : " messages");
    if (mig__count_grade(counts, MIG_GRADE_DIFFERENCE)) {
        add(p, "</span> <span class=\"k2\">");
        mig__add_counts(&p->page.paper.line, counts, MIG_GRADE_DIFFERENCE);
    }
    add(p, "</span>");
    add_bar(p, messages, counts);
    add(p, "</summary>\n");
    mig__page_error(&p->page, &account->error);
    for (size_t i = 0; i < account->problem_count; i++) {
        add(p, account->problems[i].failed ? "<p class=\"k2\">" : "<p class=\"soft\">");
        add_html(p, account->problems[i].text);
        add(p, "</p>\n");
    }
    if (account->folder_count) {
        add(p, "<table><thead><tr><th>Folder</th><th></th><th class=\"r\">Messages</th>"
               "<th class=\"r\">Identical</th><th>Differences</th><th>Also</th></tr></thead><tbody>\n");
    }
    for (size_t i = 0; i < account->folder_count && !p->page.paper.refused; i++) {
        add_folder(p, &account->folders[i]);
    }
    add(p, account->folder_count ? "</tbody></table>\n" : "");
    add_root(p, "<p class=\"soft\">Merkle root of the account: <code>", account->root, "</code></p>\n");
    add(p, "</details>\n");
    mig__paper_send(&p->page.paper);
}

/* ---- findings ---- */

/* Calls `each` for the differences, then for the notes, `most` findings in all. */
static void walk(page *p, uint64_t most, void (*each)(page *, size_t account, const mig_finding *, uint64_t number))
{
    uint64_t all = 0;
    for (int grade = MIG_GRADE_DIFFERENCE; grade >= MIG_GRADE_GOOD; grade--) {
        for (size_t i = 0; i < p->result->account_count; i++) {
            const mig_verify_account *account = &p->result->accounts[i];
            for (size_t k = 0; k < account->finding_count && !p->page.paper.refused && !p->page.paper.line.failed;
                 k++) {
                if (mig_found_grade(account->findings[k].kind) == (mig_grade)grade) {
                    if (all == most) {
                        return;
                    }
                    each(p, i, &account->findings[k], all++);
                    mig__paper_send(&p->page.paper);
                }
            }
        }
    }
}

static void add_cell(page *p, const char *label, const char *text)
{
    mig__buffer_addf(&p->page.paper.line, "<td class=\"w\" data-label=\"%s\">", label);
    add_html(p, text);
    add(p, "</td>");
}

static void add_number_cell(page *p, const char *label, uint64_t number)
{
    mig__buffer_addf(&p->page.paper.line, "<td class=\"r\" data-label=\"%s\">", label);
    if (number) {
        mig__buffer_addf(&p->page.paper.line, "%" PRIu64, number);
    }
    add(p, "</td>");
}

static void add_static_row(page *p, size_t account, const mig_finding *finding, uint64_t number)
{
    char date[MIG__ISO_SIZE];
    const mig_verify_folder *folder = &p->result->accounts[account].folders[finding->folder];
    (void)number;
    mig__buffer_addf(&p->page.paper.line, "<tr><td class=\"k%d\" data-label=\"Finding\">%s</td>",
                     (int)mig_found_grade(finding->kind), mig_found_words(finding->kind));
    add_cell(p, "Account", p->result->accounts[account].source);
    add_cell(p, "Folder", folder->source[0] ? folder->source : folder->target);
    add_number_cell(p, "UID", finding->source_uid);
    add_number_cell(p, "Target UID", finding->target_uid);
    mig__buffer_addf(&p->page.paper.line, "<td data-label=\"Date\">%s</td>",
                     finding->has_date ? mig__iso_time(finding->date, false, date) : "");
    add_number_cell(p, "Size", finding->octets);
    add_cell(p, "Subject", finding->subject);
    add_cell(p, "Message-ID", finding->message_id);
    add(p, "<td class=\"w\" data-label=\"Remark\">");
    mig__add_remark(&p->page.text, finding);
    mig__page_end_html(&p->page);
    add(p, "</td></tr>\n");
}

static void add_data_row(page *p, size_t account, const mig_finding *finding, uint64_t number)
{
    char date[MIG__ISO_SIZE];
    mig__buffer_addf(&p->page.paper.line, "%s[%d,%zu,%zu,%" PRIu32 ",%" PRIu32 ",\"%s\",%" PRIu64 ",",
                     number ? ",\n" : "\n", (int)finding->kind, account, finding->folder, finding->source_uid,
                     finding->target_uid, finding->has_date ? mig__iso_time(finding->date, false, date) : "",
                     finding->octets);
    add_json(p, finding->message_id);
    add(p, ",");
    add_json(p, finding->subject);
    add(p, ",");
    mig__add_remark(&p->page.text, finding);
    mig__page_end_json(&p->page);
    add(p, "]");
}

static void add_findings(page *p)
{
    uint64_t all = 0;
    for (size_t i = 0; i < p->result->account_count; i++) {
        all += p->result->accounts[i].finding_count;
    }
    if (all == 0) {
        add(p, "<section>\n<h2>Findings</h2>\n<p>There is nothing to list.</p>\n</section>\n");
        return;
    }
    add(p, "<section>\n<h2>Findings</h2>\n<div id=\"controls\" hidden>"
           "<input id=\"search\" type=\"search\" placeholder=\"Search in all columns\" aria-label=\"Search\">"
           "<select id=\"kind\" aria-label=\"Kind of finding\"><option value=\"\">all findings</option></select>"
           "<select id=\"account\" aria-label=\"Account\"><option value=\"\">all accounts</option></select></div>\n"
           "<table id=\"table\"");
    add(p, p->result->account_count == 1 ? " class=\"one\"" : "");
    add(p, "><thead><tr><th>Finding</th><th>Account</th><th>Folder</th><th class=\"r\">UID</th>"
           "<th class=\"r\">Target UID</th><th>Date</th><th class=\"r\">Size</th><th>Subject</th><th>Message-ID</th>"
           "<th>Remark</th></tr></thead><tbody id=\"rows\">\n");
    walk(p, STATIC_ROWS, add_static_row);
    add(p, "</tbody></table>\n<p id=\"static\" class=\"soft\">");
    if (all > STATIC_ROWS) {
        mig__buffer_addf(&p->page.paper.line, "These are the first %d of ", STATIC_ROWS);
        add_count(p, all);
        add(p, " findings. The page's script shows the others; so do the CSV and the JSON report.");
    }
    add(p, "</p>\n<div id=\"pager\" hidden><button id=\"back\" type=\"button\">Back</button>"
           "<button id=\"next\" type=\"button\">Next</button> <span id=\"where\" "
           "class=\"soft\"></span></div>\n</section>\n");
    mig__paper_send(&p->page.paper);
}

static void add_data(page *p)
{
    add(p, "<script type=\"application/json\" id=\"data\">{\"kinds\":[");
    for (int kind = 0; kind < MIG_FOUND_COUNT; kind++) {
        mig__buffer_addf(&p->page.paper.line, "%s{\"words\":\"%s\",\"grade\":%d}", kind ? "," : "",
                         mig_found_words((mig_found)kind), (int)mig_found_grade((mig_found)kind));
    }
    add(p, "],\n\"accounts\":[");
    for (size_t i = 0; i < p->result->account_count; i++) {
        const mig_verify_account *account = &p->result->accounts[i];
        add(p, i ? ",\n{\"source\":" : "\n{\"source\":");
        add_json(p, account->source);
        add(p, ",\"folders\":[");
        for (size_t k = 0; k < account->folder_count; k++) {
            add(p, k ? ",[" : "[");
            add_json(p, account->folders[k].source);
            add(p, ",");
            add_json(p, account->folders[k].target);
            add(p, "]");
        }
        add(p, "]}");
        mig__paper_send(&p->page.paper);
    }
    add(p, "],\n\"findings\":[");
    walk(p, UINT64_MAX, add_data_row);
    add(p, "]}</script>\n");
}

/* ---- method ---- */

static void add_term(page *p, const char *term, const char *text)
{
    if (text && text[0]) {
        mig__buffer_addf(&p->page.paper.line, "<dt>%s</dt><dd>", term);
        add_html(p, text);
        add(p, "</dd>");
    }
}

/* What the state knows of the verification and of the copy before it. */
static void add_run(page *p, const mig_verify_account *account)
{
    char date[MIG__ISO_SIZE];
    if (account->run_id || account->copied) {
        add(p, "<dt>");
        add_html(p, account->source);
        mig__buffer_addf(&p->page.paper.line, "</dt><dd>run %" PRId64, account->run_id);
        if (account->copied) {
            mig__buffer_addf(&p->page.paper.line, ", last copied %s", mig__iso_time(account->copied, true, date));
        }
        add(p, "</dd>");
    }
}

static void add_method(page *p)
{
    const mig_verify_result *result = p->result;
    char date[MIG__ISO_SIZE], octets[MIG_FORMAT_SIZE], duration[MIG_FORMAT_SIZE], version[64], read[160];
    add(p, "<section>\n<h2>How it was checked</h2>\n<p>");
    mig__add_method(&p->page.text, result);
    mig__add_terms(&p->page.text, result);
    mig__page_end_html(&p->page);
    add(p, "</p>\n<dl>");
    add_term(p, "Begun", mig__iso_time(result->started, true, date));
    add_term(p, "Ended", mig__iso_time(result->finished, true, date));
    snprintf(read, sizeof read, "%" PRIu64 " messages, %s, in %s", result->totals.read,
             mig_format_octets(result->totals.bytes, octets, sizeof octets),
             mig_format_duration(result->totals.seconds, duration, sizeof duration));
    add_term(p, "Read", read);
    snprintf(version, sizeof version, "mailmigrate %s", result->version ? result->version : "");
    add_term(p, "By", version);
    add_term(p, "On", result->host);
    for (size_t i = 0; i < result->account_count; i++) {
        add_run(p, &result->accounts[i]);
    }
    add(p, "</dl>\n</section>\n</main>\n");
    mig__paper_send(&p->page.paper);
}

int mig_report_verify_html(const mig_verify_result *result, mig_sink_fn *sink, void *context, mig_error *err)
{
    page p = {MIG__PAGE_INIT(sink, context), result};
    int written = add_head(&p, err);
    if (written == 0) {
        add_summary(&p);
        add_accounts(&p);
        add(&p, "<section>\n<h2>Accounts and folders</h2>\n");
        for (size_t i = 0; i < result->account_count && !p.page.paper.refused; i++) {
            add_account(&p, &result->accounts[i]);
        }
        add(&p, "</section>\n");
        add_findings(&p);
        add_method(&p);
        add_data(&p);
        add(&p, "<script>");
        mig__page_add(&p.page, mig__report_js);
        add(&p, "</script>\n</body>\n</html>\n");
    }
    mig__buffer_free(&p.page.text);
    int finished = mig__paper_finish(&p.page.paper, "HTML report", written < 0 ? NULL : err);
    return written < 0 ? -1 : finished;
}
