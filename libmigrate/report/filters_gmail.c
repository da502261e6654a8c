/* report/filters_gmail.c - rules as the Atom feed of filters that Gmail's settings import */
#include "report/page.h"
#include <migrate/filters.h>

static void add_entry(mig__page *p, const mig_filter_rule *rule)
{
    mig__page_add(p, "  <entry>\n    <category term=\"filter\"/>\n    <title>Mail Filter</title>\n    <content/>\n");
    for (char *const *pair = rule->gmail; pair[0] != NULL && pair[1] != NULL; pair += 2) {
        mig__page_add(p, "    <apps:property name=\"");
        mig__page_html(p, pair[0]);
        mig__page_add(p, "\" value=\"");
        mig__page_html(p, pair[1]);
        mig__page_add(p, "\"/>\n");
    }
    mig__page_add(p, "  </entry>\n");
    mig__paper_send(&p->paper);
}

int mig_report_filters_gmail(const mig_filters_result *result, mig_sink_fn *sink, void *context, mig_error *err)
{
    mig__page page = MIG__PAGE_INIT(sink, context);
    mig__page_add(&page, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<feed xmlns=\"http://www.w3.org/2005/Atom\" "
                         "xmlns:apps=\"http://schemas.google.com/apps/2006\">\n  <title>Mail Filters</title>\n");
    for (size_t i = 0; i < result->filter_count; i++) {
        const mig_filter *filter = &result->filters[i];
        for (size_t k = 0; k < filter->rule_count && (filter->active || result->source_active == NULL); k++) {
            if (filter->rules[k].gmail != NULL) {
                add_entry(&page, &filter->rules[k]);
            }
        }
    }
    mig__page_add(&page, "</feed>\n");
    const int done = mig__paper_finish(&page.paper, "Gmail's file", err);
    mig__buffer_free(&page.text);
    return done;
}
