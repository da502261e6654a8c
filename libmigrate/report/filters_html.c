/* report/filters_html.c - the rules of an account in words, as a page to set them up by */
#include "report/embedded.h"
#include "report/page.h"
#include <migrate/filters.h>

static void add_rule(mig__page *p, const mig_filter_rule *rule)
{
    mig__buffer_addf(&p->paper.line, "<details class=\"%s\" open><summary><b>line %u</b> if ",
                     rule->gmail != NULL ? "pass" : "unknown", rule->line);
    mig__page_html(p, rule->when);
    mig__page_add(p, "</summary>\n<dl><dt>then</dt><dd>");
    mig__page_html(p, rule->then);
    mig__page_add(p, "</dd><dt>Gmail</dt><dd>");
    mig__page_html(p, rule->gmail != NULL ? "in the file to import" : rule->gmail_why);
    mig__page_add(p, "</dd></dl></details>\n");
    mig__paper_send(&p->paper);
}

static void add_filter(mig__page *p, const mig_filter *filter)
{
    mig__page_add(p, "<h2><bdi>");
    mig__page_html(p, filter->name);
    mig__page_add(p, "</bdi></h2>\n<p class=\"soft\">");
    mig__page_add(p, filter->active ? "The active script. " : "");
    if (!filter->worded) {
        mig__page_add(p, "It could not be understood: its rules are NOT listed here.");
    } else {
        mig__page_count(p, filter->rule_count);
        mig__page_add(p, filter->rule_count == 1 ? " rule." : " rules, in this order.");
    }
    mig__page_add(p, "</p>\n");
    for (size_t i = 0; i < filter->note_count; i++) {
        mig__buffer_addf(&p->paper.line, "<p>Line %u: ", filter->notes[i].line);
        mig__page_html(p, filter->notes[i].text);
        mig__page_add(p, "</p>\n");
    }
    for (size_t i = 0; i < filter->rule_count && !p->paper.refused; i++) {
        add_rule(p, &filter->rules[i]);
    }
}

int mig_report_filters_html(const mig_filters_result *result, mig_sink_fn *sink, void *context, mig_error *err)
{
    mig__page page = MIG__PAGE_INIT(sink, context);
    if (mig__page_head(&page, "Filter rules", "pass", mig__domain_css, NULL, err) < 0) {
        mig__paper_finish(&page.paper, "HTML report", NULL);
        mig__buffer_free(&page.text);
        return -1;
    }
    mig__page_add(&page, "<header>\n<p class=\"soft\">mailmigrate: filters, to be set up by hand</p>\n<h1>");
    mig__page_html(&page, result->source);
    mig__page_add(&page,
                  "</h1>\n<p class=\"soft\">What a rule asks for is written as the script has it. Rules count in "
                  "their order, until one goes no further.</p>\n</header>\n<main>\n");
    for (size_t i = 0; i < result->filter_count; i++) {
        add_filter(&page, &result->filters[i]);
    }
    mig__page_add(&page, "</main>\n</body>\n</html>\n");
    const int done = mig__paper_finish(&page.paper, "HTML report", err);
    mig__buffer_free(&page.text);
    return done;
}
