/* live/account_page.c - the page of one account: what it does, its folders, its problems, its runs */
#include "live/markup.h"
#include "live/page.h"

static void add_sums(mig__page *p, const mig_overview_account *account)
{
    mig__page_add(p, "<section id=\"whole\" data-live aria-label=\"as a whole\">\n<p>");
    mig__live_state(p, account->state);
    mig__page_add(p, "</p>\n");
    if (account->reason[0] != '\0') {
        mig__page_add(p, "<p class=\"reason\">");
        mig__page_html(p, account->reason);
        mig__page_add(p, "</p>\n");
    }
    mig__page_add(p, "<dl class=\"sums\">\n");
    mig__live_term(p, "Work");
    mig__page_html(p, account->step[0] != '\0' ? account->step : "nothing yet");
    if (account->folder[0] != '\0') {
        mig__page_add(p, ": <bdi>");
        mig__page_html(p, account->folder);
        mig__page_add(p, "</bdi>");
    }
    mig__live_term_end(p);
    if (account->to_do > 0) {
        mig__live_term(p, "Messages");
        mig__live_progress(p, "own", account->done, account->to_do);
        mig__live_term_end(p);
    }
    mig__live_term(p, "On the target");
    mig__page_count(p, account->carried);
    mig__page_add(p, " messages, ");
    mig__live_octets(p, account->bytes);
    mig__live_term_end(p);
    mig__live_term(p, "Failed");
    mig__page_count(p, account->failed);
    mig__live_term_end(p);
    mig__live_term(p, "Verified");
    mig__page_html(p, account->verified[0] != '\0' ? account->verified : "not yet");
    mig__live_term_end(p);
    if (account->seconds_left >= 0) {
        mig__live_term(p, "Time left");
        mig__live_duration(p, account->seconds_left);
        mig__live_term_end(p);
    }
    mig__page_add(p, "</dl>\n</section>\n");
}

static void begin_table(mig__page *p, const char *id, const char *title)
{
    mig__buffer_addf(&p->paper.line,
                     "<section id=\"%s\" data-live aria-labelledby=\"%s-head\">\n<h2 id=\"%s-head\">%s</h2>\n", id, id,
                     id, title);
}

static void begin_head(mig__page *p, const char *title)
{
    mig__buffer_addf(
        &p->paper.line,
        "<table role=\"table\">\n<caption class=\"unseen\">%s</caption>\n<thead role=\"rowgroup\"><tr role=\"row\">",
        title);
}

static void add_folders(mig__page *p, const mig_overview_detail *detail)
{
    begin_table(p, "folders", "Folders");
    begin_head(p, "Folders");
    mig__live_column(p, "Folder", false);
    mig__live_column(p, "On the target", false);
    mig__live_column(p, "Messages", true);
    mig__live_column(p, "Size", true);
    mig__live_column(p, "Failed", true);
    mig__live_column(p, "Gone since", true);
    mig__page_add(p, "</tr></thead>\n<tbody role=\"rowgroup\">\n");
    for (size_t i = 0; i < detail->folder_count; i++) {
        const mig_overview_folder *folder = &detail->folders[i];
        mig__page_add(p, "<tr role=\"row\"><th scope=\"row\" role=\"rowheader\"><bdi>");
        mig__page_html(p, folder->source);
        mig__page_add(p, "</bdi></th>");
        mig__live_cell(p, "On the target", false);
        mig__page_add(p, "<bdi>");
        mig__page_html(p, folder->target);
        mig__page_add(p, "</bdi>");
        if (folder->trouble != NULL) {
            mig__page_add(p, "<span class=\"reason\">");
            mig__page_html(p, folder->trouble);
            mig__page_add(p, "</span>");
        }
        mig__live_cell_end(p);
        mig__live_cell(p, "Messages", true);
        mig__page_count(p, folder->carried);
        mig__live_cell_end(p);
        mig__live_cell(p, "Size", true);
        mig__live_octets(p, folder->bytes);
        mig__live_cell_end(p);
        mig__live_cell(p, "Failed", true);
        mig__page_count(p, folder->failed);
        mig__live_cell_end(p);
        mig__live_cell(p, "Gone since", true);
        mig__page_count(p, folder->gone);
        mig__live_cell_end(p);
        mig__page_add(p, "</tr>\n");
    }
    mig__page_add(p, "</tbody>\n</table>\n</section>\n");
}

static void add_problems(mig__page *p, const mig_overview_detail *detail)
{
    begin_table(p, "problems", "Messages that failed");
    if (detail->problem_count == 0) {
        mig__page_add(p, "<p>None by record.</p>\n</section>\n");
        return;
    }
    if (detail->problems_in_all > detail->problem_count) {
        mig__page_add(p, "<p>The first ");
        mig__page_count(p, detail->problem_count);
        mig__page_add(p, " of ");
        mig__page_count(p, detail->problems_in_all);
        mig__page_add(p, "; the report of the run lists all.</p>\n");
    }
    begin_head(p, "Messages that failed");
    mig__live_column(p, "Folder", false);
    mig__live_column(p, "UID", true);
    mig__live_column(p, "Code", false);
    mig__live_column(p, "What is wrong", false);
    mig__live_column(p, "Subject", false);
    mig__page_add(p, "</tr></thead>\n<tbody role=\"rowgroup\">\n");
    for (size_t i = 0; i < detail->problem_count; i++) {
        const mig_overview_problem *problem = &detail->problems[i];
        mig__page_add(p, "<tr role=\"row\"><th scope=\"row\" role=\"rowheader\"><bdi>");
        mig__page_html(p, problem->folder);
        mig__page_add(p, "</bdi></th>");
        mig__live_cell(p, "UID", true);
        mig__buffer_addf(&p->paper.line, "%u", (unsigned)problem->uid);
        mig__live_cell_end(p);
        mig__live_cell(p, "Code", false);
        mig__page_add(p, mig_code_name(problem->code));
        mig__live_cell_end(p);
        mig__live_cell(p, "What is wrong", false);
        mig__page_html(p, problem->text);
        mig__live_cell_end(p);
        mig__live_cell(p, "Subject", false);
        mig__page_add(p, "<bdi>");
        mig__page_html(p, problem->subject);
        mig__page_add(p, "</bdi>");
        mig__live_cell_end(p);
        mig__page_add(p, "</tr>\n");
    }
    mig__page_add(p, "</tbody>\n</table>\n</section>\n");
}

static void add_runs(mig__page *p, const mig_overview_detail *detail)
{
    begin_table(p, "runs", "Runs");
    begin_head(p, "Runs");
    mig__live_column(p, "Begun", false);
    mig__live_column(p, "What", false);
    mig__live_column(p, "Ended", false);
    mig__live_column(p, "How", false);
    mig__live_column(p, "Copied", true);
    mig__live_column(p, "Failed", true);
    mig__live_column(p, "Where", false);
    mig__page_add(p, "</tr></thead>\n<tbody role=\"rowgroup\">\n");
    for (size_t i = 0; i < detail->run_count; i++) {
        const mig_overview_run *run = &detail->runs[i];
        mig__page_add(p, "<tr role=\"row\"><th scope=\"row\" role=\"rowheader\">");
        mig__live_moment(p, run->begun);
        mig__page_add(p, "</th>");
        mig__live_cell(p, "What", false);
        mig__page_html(p, run->verb);
        mig__live_cell_end(p);
        mig__live_cell(p, "Ended", false);
        mig__live_moment(p, run->ended);
        mig__live_cell_end(p);
        mig__live_cell(p, "How", false);
        mig__page_html(p, run->status[0] != '\0' ? run->status : "at work, or killed");
        mig__live_cell_end(p);
        mig__live_cell(p, "Copied", true);
        mig__page_count(p, run->copied);
        mig__live_cell_end(p);
        mig__live_cell(p, "Failed", true);
        mig__page_count(p, run->failed);
        mig__live_cell_end(p);
        mig__live_cell(p, "Where", false);
        mig__page_html(p, run->host);
        mig__live_cell_end(p);
        mig__page_add(p, "</tr>\n");
    }
    mig__page_add(p, "</tbody>\n</table>\n</section>\n");
}

int mig__live_account_page(const mig_overview *overview, const mig_overview_account *account,
                           const mig_overview_detail *detail, const mig_error *error, mig__buffer *out)
{
    mig__page p = MIG__PAGE_INIT(NULL, NULL);
    mig__live_begin(&p, account->source, overview);
    mig__page_add(&p, "<p><a id=\"back\" href=\"/\">All accounts</a></p>\n<h1>");
    mig__page_html(&p, account->source);
    mig__page_add(&p, " to ");
    mig__page_html(&p, account->target);
    mig__page_add(&p, "</h1>\n");
    add_sums(&p, account);
    if (detail != NULL) {
        add_folders(&p, detail);
        add_problems(&p, detail);
        add_runs(&p, detail);
    } else {
        mig__page_add(&p, "<section id=\"folders\" data-live>\n<p>No folder is on record yet.</p>\n");
        mig__page_error(&p, error);
        mig__page_add(&p, "</section>\n");
    }
    return mig__live_end(&p, overview, out);
}

int mig__live_plain_page(const char *title, const char *text, mig__buffer *out)
{
    mig__page p = MIG__PAGE_INIT(NULL, NULL);
    mig__live_begin(&p, title, NULL);
    mig__page_add(&p, "<h1>");
    mig__page_html(&p, title);
    mig__page_add(&p, "</h1>\n<p>");
    mig__page_html(&p, text);
    mig__page_add(&p, "</p>\n");
    return mig__live_end(&p, NULL, out);
}
