/*
 * report/domain_html.c - a look at domains as one HTML file
 *
 * Everything of foreign origin goes through mig__page_html: made inert, then escaped. The page has no script.
 */
#include "report/domain_common.h"
#include "report/embedded.h"
#include "report/page.h"
#include <string.h>

/* A term and what it says, when it says something; of several lines each stays one. */
static void add_entry(mig__page *p, const char *term, const char *text, bool preformatted)
{
    if (text[0] == '\0') {
        return;
    }
    mig__page_add(p, "<dt>");
    mig__page_add(p, term);
    mig__page_add(p, preformatted ? "</dt><dd><pre>" : "</dt><dd>");
    for (const char *line = text; *line != '\0';) {
        const size_t length = strcspn(line, "\n");
        mig__buffer one = MIG__BUFFER_INIT;
        mig__buffer_add(&one, line, length);
        mig__page_html(p, one.data != NULL ? one.data : "");
        mig__page_add(p, line[length] == '\n' ? "\n" : "");
        p->paper.line.failed |= one.failed;
        mig__buffer_free(&one);
        line += length + (line[length] == '\n');
    }
    mig__page_add(p, preformatted ? "</pre></dd>\n" : "</dd>\n");
}

static void add_check(mig__page *p, const mig_domain_check *check)
{
    const char *verdict = mig_verdict_name(check->verdict);
    mig__buffer_addf(&p->paper.line, "<details class=\"%s\"%s><summary><b>%s</b> <bdi>", verdict,
                     check->verdict == MIG_VERDICT_FAIL ? " open" : "", verdict);
    mig__page_html(p, check->subject);
    mig__page_add(p, "</bdi>: ");
    mig__page_html(p, check->text);
    mig__page_add(p, " <span class=\"soft\">");
    mig__page_html(p, check->check);
    mig__page_add(p, "</span></summary>\n<dl>\n");
    add_entry(p, "what to do", check->advice, false);
    add_entry(p, "to publish", check->publish, true);
    add_entry(p, "seen", check->record, true);
    add_entry(p, "from", check->server, false);
    add_entry(p, "rule", check->rule, false);
    mig__page_add(p, "</dl></details>\n");
    mig__paper_send(&p->paper);
}

static void add_domain(mig__page *p, const mig_domain_result *result, const mig_domain_report *report)
{
    static const mig_verdict order[] = {MIG_VERDICT_FAIL, MIG_VERDICT_WARN, MIG_VERDICT_UNKNOWN, MIG_VERDICT_PASS};
    mig__page_add(p, "<h2><bdi>");
    mig__page_html(p, report->name);
    mig__page_add(p, "</bdi></h2>\n<p class=\"soft\">");
    if (report->alias_of[0] != '\0') {
        mig__page_add(p, "goes the same way as ");
        mig__page_html(p, report->alias_of);
        mig__page_add(p, ". ");
    }
    if (report->old_provider[0] != '\0') {
        mig__page_add(p, "The MX are those of ");
        mig__page_html(p, report->old_provider);
        mig__page_add(p, ". ");
    }
    if (report->new_provider[0] != '\0') {
        mig__page_add(p, "The new host: ");
        mig__page_html(p, report->new_provider);
        mig__page_add(p, ". ");
    }
    mig__domain_add_counts(&p->text, report->counts);
    mig__page_end_html(p);
    mig__page_add(p, ". ");
    mig__domain_add_earliest(&p->text, result, report);
    mig__page_end_html(p);
    mig__page_add(p, "</p>\n");
    for (size_t i = 0; i < 4; i++) {
        for (size_t k = 0; k < report->check_count && !p->paper.refused; k++) {
            if (report->checks[k].verdict == order[i]) {
                add_check(p, &report->checks[k]);
            }
        }
    }
}

int mig_report_domain_html(const mig_domain_result *result, mig_sink_fn *sink, void *context, mig_error *err)
{
    char moment[MIG__ISO_SIZE];
    mig__page page = MIG__PAGE_INIT(sink, context);
    if (mig__page_head(&page, "The name moves, too", mig_verdict_name(result->verdict), mig__domain_css, NULL, err) <
        0) {
        mig__paper_finish(&page.paper, "HTML report", NULL);
        mig__buffer_free(&page.text);
        return -1;
    }
    mig__buffer_addf(&page.paper.line, "<header>\n<p class=\"soft\">mailmigrate: domains, %s the switch</p>\n<h1>",
                     result->phase == MIG_DOMAIN_NOW ? "at" : mig_domain_phase_name(result->phase));
    mig__domain_add_verdict(&page.text, result);
    mig__page_end_html(&page);
    mig__buffer_addf(&page.paper.line, "</h1>\n<p class=\"soft\">%s; %zu questions and %zu probes; answers by ",
                     mig__iso_time(result->finished, true, moment), result->questions, result->probes);
    mig__page_html(&page, result->resolver);
    mig__page_add(&page, "</p>\n</header>\n<main>\n");
    if (result->changes != NULL && result->changes[0] != '\0') {
        mig__page_add(&page, "<dl>\n");
        add_entry(&page, "since the last look", result->changes, true);
        mig__page_add(&page, "</dl>\n");
    }
    for (size_t i = 0; i < result->domain_count; i++) {
        add_domain(&page, result, &result->domains[i]);
    }
    mig__page_add(&page, "</main>\n</body>\n</html>\n");
    const int done = mig__paper_finish(&page.paper, "HTML report", err);
    mig__buffer_free(&page.text);
    return done;
}
