/* report/verify_text.c - a verification for the terminal: the verdict, the folders, the first findings */
#include "report/verify_common.h"
#include <migrate/format.h>
#include <string.h>

#define FINDINGS_SHOWN 20

static void add_account_line(mig__paper *paper, const mig_verify_account *account)
{
    char line[MIG_ERROR_TEXT + MIG_ERROR_SERVER + MIG_ERROR_HINT + 64];
    mig__buffer_add_text(&paper->line, "\n");
    mig__add_inert(&paper->line, account->source);
    mig__buffer_add_text(&paper->line, " -> ");
    mig__add_inert(&paper->line, account->target);
    mig__buffer_add_text(&paper->line, "\n");
    if (account->error.code != MIG_OK) {
        mig__buffer_add_text(&paper->line, "  ");
        mig__add_inert(&paper->line, mig_error_line(&account->error, line, sizeof line));
        mig__buffer_add_text(&paper->line, "\n");
    }
    for (size_t i = 0; i < account->problem_count; i++) {
        mig__buffer_addf(&paper->line, "  %s ", account->problems[i].failed ? "!" : " ");
        mig__add_inert(&paper->line, account->problems[i].text);
        mig__buffer_add_text(&paper->line, "\n");
    }
    mig__paper_send(paper);
}

static void add_folder(mig__paper *paper, const mig_verify_folder *folder)
{
    char messages[MIG_FORMAT_SIZE], identical[MIG_FORMAT_SIZE], line[MIG_ERROR_TEXT + 1024];
    mig__buffer *out = &paper->line;
    uint64_t differences = mig__count_grade(folder->counts, MIG_GRADE_DIFFERENCE);
    uint64_t unproven = mig__count_grade(folder->counts, MIG_GRADE_UNPROVEN);
    mig__buffer_addf(out, "  %s ", folder->error != NULL || differences ? "!" : unproven ? "?" : " ");
    mig__add_inert(out, folder->source[0] ? folder->source : folder->target);
    mig_format_count(folder->messages, messages, sizeof messages);
    mig_format_count(folder->counts[MIG_FOUND_IDENTICAL] + folder->counts[MIG_FOUND_PRESENT], identical,
                     sizeof identical);
    if (folder->messages == 0) {
        mig__buffer_add_text(out, ": no messages");
    } else {
        mig__buffer_addf(out, ": %s of %s %s", identical, messages,
                         !folder->counts[MIG_FOUND_PRESENT]    ? "identical"
                         : folder->counts[MIG_FOUND_IDENTICAL] ? "identical or present"
                                                               : "present");
    }
    static const mig_grade grades[] = {MIG_GRADE_DIFFERENCE, MIG_GRADE_UNPROVEN, MIG_GRADE_NOTE};
    for (size_t i = 0; i < sizeof grades / sizeof grades[0]; i++) {
        if (mig__count_grade(folder->counts, grades[i])) {
            mig__buffer_add_text(out, "; ");
            mig__add_counts(out, folder->counts, grades[i]);
        }
    }
    if (folder->error != NULL) {
        mig__buffer_add_text(out, "; not to the end: ");
        mig__add_inert(out, mig_error_line(folder->error, line, sizeof line));
    }
    mig__buffer_add_text(out, "\n");
    mig__paper_send(paper);
}

static void add_finding(mig__paper *paper, const mig_verify_account *account, const mig_finding *finding)
{
    char date[MIG__ISO_SIZE];
    mig__buffer *out = &paper->line;
    const mig_verify_folder *folder = &account->folders[finding->folder];
    mig__buffer_addf(out, "  %s: ", mig_found_words(finding->kind));
    mig__add_inert(out, folder->source[0] ? folder->source : folder->target);
    if (finding->source_uid) {
        mig__buffer_addf(out, ", UID %u", (unsigned)finding->source_uid);
    }
    if (finding->target_uid) {
        mig__buffer_addf(out, ", on the target UID %u", (unsigned)finding->target_uid);
    }
    if (finding->has_date) {
        mig__buffer_addf(out, ", %s", mig__iso_time(finding->date, false, date));
    }
    if (finding->subject) {
        mig__buffer_add_text(out, ", \"");
        mig__add_inert(out, finding->subject);
        mig__buffer_add_text(out, "\"");
    }
    if (finding->message_id) {
        mig__buffer_add_text(out, ", ");
        mig__add_inert(out, finding->message_id);
    }
    if (finding->rules || (finding->detail && finding->detail[0])) {
        mig__buffer_add_text(out, "\n      ");
        mig__add_remark(out, finding);
    }
    mig__buffer_add_text(out, "\n");
    mig__paper_send(paper);
}

/* The differences first, then the notes, up to a number that a person reads. */
static void add_findings(mig__paper *paper, const mig_verify_result *result)
{
    uint64_t shown = 0, all = 0;
    for (int grade = MIG_GRADE_DIFFERENCE; grade >= MIG_GRADE_NOTE; grade--) {
        for (size_t i = 0; i < result->account_count; i++) {
            const mig_verify_account *account = &result->accounts[i];
            for (size_t k = 0; k < account->finding_count; k++) {
                if (mig_found_grade(account->findings[k].kind) != (mig_grade)grade) {
                    continue;
                }
                if (all++ < FINDINGS_SHOWN) {
                    mig__buffer_add_text(&paper->line, shown++ ? "" : "\nFindings:\n");
                    add_finding(paper, account, &account->findings[k]);
                }
            }
        }
    }
    if (all > shown) {
        char number[MIG_FORMAT_SIZE];
        mig__buffer_addf(&paper->line, "  ... and %s more: --html, --csv and --json list them all.\n",
                         mig_format_count(all - shown, number, sizeof number));
    }
}

static bool worth_a_line(const mig_verify_folder *folder)
{
    return folder->error != NULL || mig__count_grade(folder->counts, MIG_GRADE_DIFFERENCE) ||
           mig__count_grade(folder->counts, MIG_GRADE_UNPROVEN) || mig__count_grade(folder->counts, MIG_GRADE_NOTE);
}

int mig_report_verify_text(const mig_verify_result *result, mig_sink_fn *sink, void *context, mig_error *err)
{
    mig__paper paper = MIG__PAPER_INIT(sink, context);
    char octets[MIG_FORMAT_SIZE], duration[MIG_FORMAT_SIZE];
    mig__add_verdict(&paper.line, result);
    mig__buffer_add_text(&paper.line, "\n");
    for (size_t i = 0; i < result->account_count && !paper.refused; i++) {
        const mig_verify_account *account = &result->accounts[i];
        bool named = result->account_count == 1 || account->error.code != MIG_OK || account->problem_count > 0;
        for (size_t k = 0; k < account->folder_count && !named; k++) {
            named = worth_a_line(&account->folders[k]);
        }
        if (named) {
            add_account_line(&paper, account);
        }
        for (size_t k = 0; k < account->folder_count && !paper.refused; k++) {
            if (result->account_count == 1 || worth_a_line(&account->folders[k])) {
                add_folder(&paper, &account->folders[k]);
            }
        }
    }
    add_findings(&paper, result);
    mig__buffer_add_text(&paper.line, "\n");
    mig__add_method(&paper.line, result);
    mig__buffer_addf(&paper.line, "\nRead %s in %s.\n", mig_format_octets(result->totals.bytes, octets, sizeof octets),
                     mig_format_duration(result->totals.seconds, duration, sizeof duration));
    size_t before = paper.line.length;
    mig__buffer_add_text(&paper.line, "\nNext: ");
    size_t empty = paper.line.length;
    mig__add_next(&paper.line, result);
    if (paper.line.length == empty && !paper.line.failed) {
        paper.line.length = before;
    } else {
        mig__buffer_add_text(&paper.line, "\n");
    }
    return mig__paper_finish(&paper, "report", err);
}

int mig_report_verify_terms_text(const mig_verify_result *result, mig_sink_fn *sink, void *context, mig_error *err)
{
    mig__paper paper = MIG__PAPER_INIT(sink, context);
    mig__add_terms(&paper.line, result);
    mig__buffer_add_text(&paper.line, paper.line.length > 0 ? "\n" : "");
    for (size_t i = 0; i < result->account_count && !paper.refused; i++) {
        const mig_verify_account *account = &result->accounts[i];
        for (size_t k = 0; k < account->folder_count && account->root[0] != '\0'; k++) {
            mig__buffer_addf(&paper.line, "  %s  ", account->folders[k].root);
            mig__add_inert(&paper.line, account->folders[k].target);
            mig__buffer_add_text(&paper.line, "\n");
        }
        if (account->root[0] != '\0') {
            mig__buffer_addf(&paper.line, "  %s  ", account->root);
            mig__add_inert(&paper.line, account->target);
            mig__buffer_add_text(&paper.line, "\n");
        }
        mig__paper_send(&paper);
    }
    return mig__paper_finish(&paper, "summary", err);
}
