/* report/inventory_csv.c - the folders of a stock-taking as RFC 4180 */
#include "report/csv.h"
#include <migrate/inventory_report.h>
#include <inttypes.h>

/* Joined by blanks, which no keyword has. */
static void add_lost_keywords(mig__paper *paper, mig__buffer *cell, const mig_inventory_folder *folder)
{
    mig__buffer names = MIG__BUFFER_INIT;
    for (size_t i = 0; i < folder->keyword_count; i++) {
        if (folder->keywords[i].lost) {
            mig__buffer_addf(&names, "%s%s", names.length > 0 ? " " : "", folder->keywords[i].name);
        }
    }
    mig__csv_cell(paper, cell, names.length > 0 ? names.data : "");
    paper->line.failed = paper->line.failed || names.failed;
    mig__buffer_free(&names);
}

static void add_folder(mig__paper *paper, mig__buffer *cell, const mig_inventory_account *account,
                       const mig_inventory_folder *folder, bool content)
{
    char date[MIG__ISO_SIZE];
    bool dated = folder->examined && (folder->oldest != 0 || folder->newest != 0);
    mig__csv_cell(paper, cell, account->sides[MIG_SOURCE].label);
    mig__csv_cell(paper, cell, account->sides[MIG_TARGET].label);
    mig__csv_cell(paper, cell, folder->name);
    mig__csv_cell(paper, cell, folder->target);
    mig__csv_cell(paper, cell, mig_role_name(folder->role));
    mig__csv_number(paper, true, folder->messages);
    mig__csv_number(paper, true, folder->unseen);
    mig__csv_number(paper, folder->has_bytes, folder->bytes);
    mig__csv_cell(paper, cell, dated ? mig__iso_time(folder->oldest, false, date) : "");
    mig__csv_cell(paper, cell, dated ? mig__iso_time(folder->newest, false, date) : "");
    mig__csv_number(paper, folder->examined, folder->largest);
    mig__csv_number(paper, folder->examined, folder->too_big);
    mig__csv_number(paper, folder->examined && folder->duplicates_known, folder->duplicates);
    mig__csv_number(paper, content, folder->with_nul);
    mig__csv_number(paper, content, folder->bare_newline);
    mig__csv_number(paper, content, folder->long_lines);
    add_lost_keywords(paper, cell, folder);
    mig__csv_cell(paper, cell, folder->note);
    bool shown = content && account->shown;
    mig__csv_number(paper, shown, folder->scanned);
    mig__csv_number(paper, shown, folder->infected);
    if (shown) {
        mig__buffer_addf(&paper->line, "%" PRIu64, folder->not_scanned);
    }
    mig__buffer_add_text(&paper->line, "\r\n");
    mig__paper_send(paper);
}

int mig_report_inventory_csv(const mig_inventory_result *result, mig_sink_fn *sink, void *context, mig_error *err)
{
    mig__paper paper = MIG__PAPER_INIT(sink, context);
    mig__buffer cell = MIG__BUFFER_INIT;
    mig__buffer_add_text(&paper.line, "source,target,folder,target_folder,role,messages,unseen,bytes,oldest,newest,"
                                      "largest,too_big,duplicates,with_nul,bare_newline,long_lines,lost_keywords,note,"
                                      "scanned,infected,not_scanned\r\n");
    const bool content = result->depth == MIG_INVENTORY_CONTENT;
    for (size_t i = 0; i < result->account_count; i++) {
        const mig_inventory_account *account = &result->accounts[i];
        for (size_t k = 0; k < account->folder_count && !paper.refused && !paper.line.failed; k++) {
            add_folder(&paper, &cell, account, &account->folders[k], content && account->folders[k].examined);
        }
    }
    mig__buffer_free(&cell);
    return mig__paper_finish(&paper, "CSV report", err);
}
