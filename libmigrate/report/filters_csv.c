/* report/filters_csv.c - the rules of an account as RFC 4180, a line each */
#include "report/csv.h"
#include <migrate/filters.h>

static void add_rule(mig__paper *paper, mig__buffer *cell, const mig_filter *filter, const mig_filter_rule *rule)
{
    mig__csv_cell(paper, cell, filter->name);
    mig__csv_cell(paper, cell, filter->active ? "active" : "");
    mig__csv_number(paper, true, rule->line);
    mig__csv_cell(paper, cell, rule->when);
    mig__csv_cell(paper, cell, rule->then);
    mig__csv_cell(paper, cell, rule->gmail != NULL ? "yes" : "no");
    mig__add_inert(cell, rule->gmail_why != NULL ? rule->gmail_why : "");
    mig__csv_end_cell(paper, cell, "\r\n");
    mig__paper_send(paper);
}

/* A script that was not understood has a line as well: nobody shall think that it has no rules. */
static void add_unread(mig__paper *paper, mig__buffer *cell, const mig_filter *filter)
{
    mig__csv_cell(paper, cell, filter->name);
    mig__csv_cell(paper, cell, filter->active ? "active" : "");
    mig__csv_number(paper, false, 0);
    mig__csv_cell(paper, cell, "NOT understood");
    mig__csv_cell(paper, cell, "");
    mig__csv_cell(paper, cell, "no");
    mig__add_inert(cell, "the script could not be understood");
    mig__csv_end_cell(paper, cell, "\r\n");
    mig__paper_send(paper);
}

int mig_report_filters_csv(const mig_filters_result *result, mig_sink_fn *sink, void *context, mig_error *err)
{
    mig__paper paper = MIG__PAPER_INIT(sink, context);
    mig__buffer cell = MIG__BUFFER_INIT;
    mig__buffer_add_text(&paper.line, "script,active,line,when,then,gmail,why not\r\n");
    for (size_t i = 0; i < result->filter_count; i++) {
        const mig_filter *filter = &result->filters[i];
        if (!filter->worded) {
            add_unread(&paper, &cell, filter);
        }
        for (size_t k = 0; k < filter->rule_count && !paper.refused && !paper.line.failed; k++) {
            add_rule(&paper, &cell, filter, &filter->rules[k]);
        }
    }
    mig__buffer_free(&cell);
    return mig__paper_finish(&paper, "CSV report", err);
}
