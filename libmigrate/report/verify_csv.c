/* report/verify_csv.c - the findings of a verification as RFC 4180 */
#include "report/verify_common.h"
#include <inttypes.h>
#include <string.h>

/* Spreadsheets take a cell that begins like this for a formula. (Tab, CR and other controls are made inert before.) */
static bool is_formula(const char *text)
{
    static const char *const starts[] = {"=",           "+", "-", "@", "\xef\xbc\x9d", "\xef\xbc\x8b", "\xef\xbc\x8d",
                                         "\xef\xbc\xa0"};
    text += strspn(text, " ?");
    for (size_t i = 0; i < sizeof starts / sizeof starts[0]; i++) {
        if (strncmp(text, starts[i], strlen(starts[i])) == 0) {
            return true;
        }
    }
    return false;
}

/* Takes what stands in `cell` and clears it. */
static void end_cell(mig__paper *paper, mig__buffer *cell, const char *behind)
{
    const char *text = cell->data ? cell->data : "";
    mig__buffer_add_text(&paper->line, is_formula(text) ? "\"'" : "\"");
    for (const char *quote; (quote = strchr(text, '"')); text = quote + 1) {
        mig__buffer_add(&paper->line, text, (size_t)(quote - text));
        mig__buffer_add_text(&paper->line, "\"\"");
    }
    mig__buffer_addf(&paper->line, "%s\"%s", text, behind);
    paper->line.failed |= cell->failed;
    mig__buffer_clear(cell);
}

static void add_cell(mig__paper *paper, mig__buffer *cell, const char *text)
{
    mig__add_inert(cell, text);
    end_cell(paper, cell, ",");
}

static void add_number(mig__paper *paper, uint64_t number)
{
    if (number) {
        mig__buffer_addf(&paper->line, "%" PRIu64, number);
    }
    mig__buffer_add_char(&paper->line, ',');
}

static void add_finding(mig__paper *paper, mig__buffer *cell, const mig_verify_account *account,
                        const mig_finding *finding)
{
    char date[MIG__ISO_SIZE], rules[160];
    add_cell(paper, cell, account->source);
    add_cell(paper, cell, account->target);
    add_cell(paper, cell, mig_found_name(finding->kind));
    add_cell(paper, cell, account->folders[finding->folder].source);
    add_cell(paper, cell, account->folders[finding->folder].target);
    add_number(paper, finding->source_uid);
    add_number(paper, finding->target_uid);
    add_cell(paper, cell, finding->message_id);
    add_cell(paper, cell, finding->has_date ? mig__iso_time(finding->date, false, date) : "");
    add_cell(paper, cell, finding->subject);
    add_number(paper, finding->octets);
    add_cell(paper, cell, mig_rules_join(finding->rules, " ", rules, sizeof rules));
    add_cell(paper, cell, finding->after_copy ? "yes" : "no");
    mig__add_remark(cell, finding);
    end_cell(paper, cell, "\r\n");
    mig__paper_send(paper);
}

int mig_report_verify_csv(const mig_verify_result *result, mig_sink_fn *sink, void *context, mig_error *err)
{
    mig__paper paper = MIG__PAPER_INIT(sink, context);
    mig__buffer cell = MIG__BUFFER_INIT;
    mig__buffer_add_text(&paper.line, "source,target,kind,folder,target_folder,uid,target_uid,message_id,date,subject,"
                                      "size,rules,after_copy,remark\r\n");
    for (size_t i = 0; i < result->account_count; i++) {
        const mig_verify_account *account = &result->accounts[i];
        for (size_t k = 0; k < account->finding_count && !paper.refused && !paper.line.failed; k++) {
            add_finding(&paper, &cell, account, &account->findings[k]);
        }
    }
    mig__buffer_free(&cell);
    return mig__paper_finish(&paper, "CSV report", err);
}
