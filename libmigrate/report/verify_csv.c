/* report/verify_csv.c - the findings of a verification as RFC 4180 */
#include "report/csv.h"

static void add_finding(mig__paper *paper, mig__buffer *cell, const mig_verify_account *account,
                        const mig_finding *finding)
{
    char date[MIG__ISO_SIZE], rules[160];
    mig__csv_cell(paper, cell, account->source);
    mig__csv_cell(paper, cell, account->target);
    mig__csv_cell(paper, cell, mig_found_name(finding->kind));
    mig__csv_cell(paper, cell, account->folders[finding->folder].source);
    mig__csv_cell(paper, cell, account->folders[finding->folder].target);
    mig__csv_number(paper, finding->source_uid != 0, finding->source_uid);
    mig__csv_number(paper, finding->target_uid != 0, finding->target_uid);
    mig__csv_cell(paper, cell, finding->message_id);
    mig__csv_cell(paper, cell, finding->has_date ? mig__iso_time(finding->date, false, date) : "");
    mig__csv_cell(paper, cell, finding->subject);
    mig__csv_number(paper, finding->octets != 0, finding->octets);
    mig__csv_cell(paper, cell, mig_rules_join(finding->rules, " ", rules, sizeof rules));
    mig__csv_cell(paper, cell, finding->after_copy ? "yes" : "no");
    mig__add_remark(cell, finding);
    mig__csv_end_cell(paper, cell, ",");
    mig__buffer_add_text(cell, mig_known_name(finding->known));
    mig__csv_end_cell(paper, cell, "\r\n");
    mig__paper_send(paper);
}

int mig_report_verify_csv(const mig_verify_result *result, mig_sink_fn *sink, void *context, mig_error *err)
{
    mig__paper paper = MIG__PAPER_INIT(sink, context);
    mig__buffer cell = MIG__BUFFER_INIT;
    mig__buffer_add_text(&paper.line, "source,target,kind,folder,target_folder,uid,target_uid,message_id,date,subject,"
                                      "size,rules,after_copy,remark,known\r\n");
    for (size_t i = 0; i < result->account_count; i++) {
        const mig_verify_account *account = &result->accounts[i];
        for (size_t k = 0; k < account->finding_count && !paper.refused && !paper.line.failed; k++) {
            add_finding(&paper, &cell, account, &account->findings[k]);
        }
    }
    mig__buffer_free(&cell);
    return mig__paper_finish(&paper, "CSV report", err);
}
