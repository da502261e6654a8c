/* report/domain_csv.c - a look at domains as RFC 4180, a line for each thing that was looked at */
#include "report/csv.h"
#include "report/domain_common.h"

static void add_check(mig__paper *paper, mig__buffer *cell, const mig_domain_report *report,
                      const mig_domain_check *check)
{
    mig__csv_cell(paper, cell, report->name);
    mig__csv_cell(paper, cell, check->check);
    mig__csv_cell(paper, cell, check->subject);
    mig__csv_cell(paper, cell, mig_verdict_name(check->verdict));
    mig__csv_cell(paper, cell, check->text);
    mig__csv_cell(paper, cell, check->record);
    mig__csv_cell(paper, cell, check->server);
    mig__csv_cell(paper, cell, check->rule);
    mig__csv_cell(paper, cell, check->advice);
    mig__add_inert(cell, check->publish);
    mig__csv_end_cell(paper, cell, "\r\n");
    mig__paper_send(paper);
}

int mig_report_domain_csv(const mig_domain_result *result, mig_sink_fn *sink, void *context, mig_error *err)
{
    mig__paper paper = MIG__PAPER_INIT(sink, context);
    mig__buffer cell = MIG__BUFFER_INIT;
    mig__buffer_add_text(&paper.line, "domain,check,subject,verdict,text,seen,server,rule,advice,publish\r\n");
    for (size_t i = 0; i < result->domain_count; i++) {
        for (size_t k = 0; k < result->domains[i].check_count && !paper.refused && !paper.line.failed; k++) {
            add_check(&paper, &cell, &result->domains[i], &result->domains[i].checks[k]);
        }
    }
    mig__buffer_free(&cell);
    return mig__paper_finish(&paper, "CSV report", err);
}
