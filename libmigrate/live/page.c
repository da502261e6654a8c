/* live/page.c - the page of many accounts: how it stands as a whole, the curve, the filter, a page of accounts */
#include "live/page.h"
#include "live/markup.h"
#include <stdio.h>

enum { CURVE_WIDTH = 720, CURVE_HEIGHT = 120 };

/* ---- as a whole ---- */

static void add_states(mig__page *p, const mig_overview *overview)
{
    mig__page_add(p, "<ul class=\"states\" aria-label=\"accounts by how they stand\">\n");
    for (int state = 0; state < (int)MIG_OVERVIEW_STATES; state++) {
        if (overview->states[state] == 0) {
            continue;
        }
        const char *name = mig_overview_state_name((mig_overview_state)state);
        mig__buffer_addf(&p->paper.line, "<li><a id=\"of-%s\" href=\"/?state=%s\">", name, name);
        mig__page_count(p, overview->states[state]);
        mig__page_add(p, " ");
        mig__live_state(p, (mig_overview_state)state);
        mig__page_add(p, "</a></li>\n");
    }
    mig__page_add(p, "</ul>\n");
}

static void add_pace(mig__page *p, const mig_overview *overview)
{
    mig__live_term(p, "Speed");
    if (overview->paced) {
        mig__page_count(p, (uint64_t)(overview->messages_per_second + 0.5));
        mig__page_add(p, " messages/s, ");
        mig__live_octets(p, (uint64_t)overview->bytes_per_second);
        mig__page_add(p, "/s");
    } else {
        mig__page_add(p, overview->states[MIG_OVERVIEW_RUNNING] > 0 ? "not known yet" : "nothing runs");
    }
    mig__live_term_end(p);
    mig__live_term(p, "Time left");
    if (overview->seconds_left >= 0) {
        mig__live_duration(p, overview->seconds_left);
    } else if (overview->of_run && overview->uncounted > 0) {
        mig__page_add(p, "not known: ");
        mig__page_count(p, overview->uncounted);
        mig__page_add(p, " accounts are not counted yet");
    } else {
        mig__page_add(p, overview->ended ? "none: the run has ended" : "not known");
    }
    mig__live_term_end(p);
}

static void add_verification(mig__page *p, const mig_overview *overview)
{
    mig__live_term(p, "Verified");
    if (overview->verified + overview->different == 0) {
        mig__page_add(p, "no account yet");
    } else {
        mig__page_count(p, overview->verified);
        mig__page_add(p, " without a difference, ");
        mig__page_count(p, overview->different);
        mig__page_add(p, " with differences");
    }
    mig__live_term_end(p);
}

static void add_problems(mig__page *p, const mig_overview *overview)
{
    bool first = true;
    for (int code = 0; code < (int)MIG_CODE_COUNT; code++) {
        if (overview->problems[code] > 0) {
            mig__page_add(p, first ? " (" : ", ");
            mig__buffer_addf(&p->paper.line, "%s ", mig_code_name((mig_code)code));
            mig__page_count(p, overview->problems[code]);
            first = false;
        }
    }
    mig__page_add(p, first ? "" : ")");
}

static void add_sums(mig__page *p, const mig_overview *overview)
{
    mig__page_add(p, "<dl class=\"sums\">\n");
    mig__live_term(p, overview->of_run ? "Messages of all accounts" : "Messages of accounts at work");
    if (overview->to_do > 0) {
        mig__live_progress(p, "all", overview->done, overview->to_do);
        mig__page_add(p, overview->uncounted > 0 ? " so far" : "");
    } else {
        mig__page_add(p, "not counted yet");
    }
    mig__live_term_end(p);
    mig__live_term(p, "On the target");
    mig__page_count(p, overview->carried);
    mig__page_add(p, overview->of_run ? " messages seen there by this run; copied " : " messages, ");
    mig__live_octets(p, overview->bytes);
    mig__live_term_end(p);
    mig__live_term(p, "Failed");
    mig__page_count(p, overview->failed);
    mig__page_add(p, overview->failed == 1 ? " message" : " messages");
    add_problems(p, overview);
    mig__live_term_end(p);
    add_pace(p, overview);
    add_verification(p, overview);
    if (overview->strained) {
        mig__live_term(p, "On the way");
        mig__live_octets(p, overview->strain.queue_bytes);
        mig__page_add(p, " in the queue, ");
        mig__page_count(p, overview->strain.reconnects);
        mig__page_add(p, " reconnects, ");
        mig__page_count(p, overview->strain.throttles);
        mig__page_add(p, " pauses that servers asked for");
        mig__live_term_end(p);
    }
    if (overview->unreadable > 0) {
        mig__live_term(p, "State files that could not be read");
        mig__page_count(p, overview->unreadable);
        mig__live_term_end(p);
    }
    mig__page_add(p, "</dl>\n");
}

static void add_curve(mig__page *p, const mig_overview *overview)
{
    const mig_overview_curve *curve = &overview->curve;
    double most = 0;
    for (size_t i = 0; i < curve->count; i++) {
        most = curve->points[i].bytes > most ? curve->points[i].bytes : most;
    }
    if (curve->count < 2 || most <= 0) {
        return;
    }
    mig__page_add(p, "<figure><figcaption>Octets a second since the beginning, at most ");
    mig__live_octets(p, (uint64_t)most);
    mig__page_add(p, "/s</figcaption>\n");
    mig__buffer_addf(&p->paper.line,
                     "<svg role=\"img\" aria-label=\"the curve of the speed\" viewBox=\"0 0 %d %d\" "
                     "preserveAspectRatio=\"none\"><polyline points=\"",
                     CURVE_WIDTH, CURVE_HEIGHT);
    for (size_t i = 0; i < curve->count; i++) {
        const int x = (int)((double)i * CURVE_WIDTH / (double)(curve->count - 1));
        const int y = CURVE_HEIGHT - 1 - (int)(curve->points[i].bytes / most * (CURVE_HEIGHT - 2));
        mig__buffer_addf(&p->paper.line, "%s%d,%d", i > 0 ? " " : "", x, y);
    }
    mig__page_add(p, "\"/></svg></figure>\n");
}

/* ---- the filter ---- */

static void add_choice(mig__page *p, const char *value, const char *text, bool chosen)
{
    mig__buffer_addf(&p->paper.line, "<option value=\"%s\"%s>%s</option>", value, chosen ? " selected" : "", text);
}

static void add_filter(mig__page *p, const mig__view *view)
{
    static const char *const orders[MIG__ORDER_COUNT] = {"how they stand", "name", "most problems", "largest"};
    mig__page_add(p, "<form id=\"filter\" role=\"search\" method=\"get\" action=\"/\">\n<label>Search "
                     "<input type=\"search\" name=\"q\" maxlength=\"200\" value=\"");
    mig__page_html(p, view->words);
    mig__page_add(p, "\"></label>\n<label>Show <select name=\"state\">");
    add_choice(p, "", "all", view->state < 0);
    for (int state = 0; state < (int)MIG_OVERVIEW_STATES; state++) {
        const char *name = mig_overview_state_name((mig_overview_state)state);
        add_choice(p, name, name, view->state == state);
    }
    mig__page_add(p, "</select></label>\n<label>Order <select name=\"order\">");
    for (int order = 0; order < (int)MIG__ORDER_COUNT; order++) {
        add_choice(p, mig__view_order_name((mig__view_order)order), orders[order], (int)view->order == order);
    }
    mig__page_add(p, "</select></label>\n<button type=\"submit\">Filter</button>\n</form>\n");
}

/* ---- accounts ---- */

static void add_work(mig__page *p, const mig_overview_account *account)
{
    mig__page_html(p, account->step);
    if (account->phase[0] != '\0') {
        mig__page_add(p, ", ");
        mig__page_html(p, account->phase);
    }
    if (account->folder[0] != '\0') {
        mig__page_add(p, ": <bdi>");
        mig__page_html(p, account->folder);
        mig__page_add(p, "</bdi>");
    }
    if (account->verified[0] != '\0') {
        mig__page_add(p, account->step[0] != '\0' ? "; verified: " : "verified: ");
        mig__page_html(p, account->verified);
    }
    if (account->reason[0] != '\0') {
        mig__page_add(p, "<span class=\"reason\">");
        mig__page_html(p, account->reason);
        mig__page_add(p, "</span>");
    }
}

static void add_row(mig__page *p, const mig_overview_account *account)
{
    char id[MIG__VIEW_ID], bar[MIG__VIEW_ID + 2];
    mig__account_id(account, id);
    snprintf(bar, sizeof bar, "p-%s", id);
    mig__buffer_addf(&p->paper.line,
                     "<tr role=\"row\"><th scope=\"row\" role=\"rowheader\"><a id=\"a-%s\" href=\"/account?id=%s\">",
                     id, id);
    mig__page_html(p, account->source);
    mig__page_add(p, "</a> <span class=\"to\">to ");
    mig__page_html(p, account->target);
    mig__page_add(p, "</span></th>");
    mig__live_cell(p, "State", false);
    mig__live_state(p, account->state);
    mig__live_cell_end(p);
    mig__live_cell(p, "Work", false);
    add_work(p, account);
    mig__live_cell_end(p);
    mig__live_cell(p, "Messages", true);
    if (account->to_do > 0) {
        mig__live_progress(p, bar, account->done, account->to_do);
    } else {
        mig__page_count(p, account->carried);
    }
    mig__live_cell_end(p);
    mig__live_cell(p, "Size", true);
    mig__live_octets(p, account->bytes);
    mig__live_cell_end(p);
    mig__live_cell(p, "Speed", true);
    if (account->paced) {
        mig__live_octets(p, (uint64_t)account->bytes_per_second);
        mig__page_add(p, "/s");
    }
    mig__live_cell_end(p);
    mig__live_cell(p, "Time left", true);
    if (account->seconds_left >= 0) {
        mig__live_duration(p, account->seconds_left);
    }
    mig__live_cell_end(p);
    mig__live_cell(p, "Problems", true);
    mig__page_count(p, account->failed + account->differences);
    mig__live_cell_end(p);
    mig__page_add(p, "</tr>\n");
}

static void add_link(mig__page *p, const mig__view *view, size_t page, const char *text)
{
    mig__buffer address = MIG__BUFFER_INIT;
    mig__view_address(view, page, &address);
    mig__buffer_addf(&p->paper.line, "<a id=\"to-%s\" rel=\"%s\" href=\"", text, text);
    mig__page_html(p, address.data != NULL ? address.data : "/");
    mig__buffer_addf(&p->paper.line, "\">%s page</a> ", text[0] == 'n' ? "Next" : "Previous");
    p->paper.line.failed |= address.failed;
    mig__buffer_free(&address);
}

static void add_accounts(mig__page *p, const mig__view *view, const mig__chosen *chosen)
{
    static const char *const numbers[] = {"Messages", "Size", "Speed", "Time left", "Problems"};
    const size_t page = chosen->first / MIG__VIEW_ROWS + 1;
    mig__page_add(p, "<div id=\"list\" data-live>\n<p>");
    mig__page_count(p, chosen->count);
    mig__page_add(p, chosen->count == 1 ? " account" : " accounts");
    if (view->words[0] != '\0' || view->state >= 0) {
        mig__page_add(p, " found, <a id=\"all-of-them\" href=\"/\">show all</a>");
    }
    mig__page_add(p, "</p>\n<table role=\"table\">\n<caption class=\"unseen\">Accounts</caption>\n<thead "
                     "role=\"rowgroup\"><tr role=\"row\">");
    mig__live_column(p, "Account", false);
    mig__live_column(p, "State", false);
    mig__live_column(p, "Work", false);
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        mig__live_column(p, numbers[i], true);
    }
    mig__page_add(p, "</tr></thead>\n<tbody role=\"rowgroup\">\n");
    for (size_t i = chosen->first; i < chosen->last; i++) {
        add_row(p, chosen->accounts[i]);
    }
    mig__page_add(p, "</tbody>\n</table>\n");
    if (chosen->pages > 1) {
        mig__page_add(p, "<nav aria-label=\"pages\"><p>");
        if (page > 1) {
            add_link(p, view, page - 1, "prev");
        }
        mig__buffer_addf(&p->paper.line, "Page %zu of %zu ", page, chosen->pages);
        if (page < chosen->pages) {
            add_link(p, view, page + 1, "next");
        }
        mig__page_add(p, "</p></nav>\n");
    }
    mig__page_add(p, "</div>\n");
}

int mig__live_page(const mig_overview *overview, const mig__view *view, mig__buffer *out)
{
    mig__page p = MIG__PAGE_INIT(NULL, NULL);
    mig__chosen chosen;
    if (mig__view_choose(view, overview, &chosen) != 0) {
        return -1;
    }
    mig__live_begin(&p, "Migration of mail", overview);
    mig__page_add(&p, "<h1>Migration of mail</h1>\n<section id=\"whole\" data-live aria-label=\"as a whole\">\n");
    if (overview->version == 0) {
        mig__page_add(&p, "<p>Nothing is known yet.</p>\n");
    } else {
        add_states(&p, overview);
        add_sums(&p, overview);
        add_curve(&p, overview);
    }
    mig__page_add(&p, "</section>\n<section aria-labelledby=\"accounts\">\n<h2 id=\"accounts\">Accounts</h2>\n");
    add_filter(&p, view);
    add_accounts(&p, view, &chosen);
    mig__page_add(&p, "</section>\n");
    mig__chosen_clear(&chosen);
    return mig__live_end(&p, overview, out);
}
