/* report/domain_text.c - a look at domains for the terminal */
#include "report/domain_common.h"
#include "report/verify_common.h"
#include <string.h>

/* Text of several lines, each behind `first` or as far in. */
static void add_lines(mig__paper *paper, const char *first, const char *text)
{
    for (const char *line = text; *line != '\0';) {
        const size_t length = strcspn(line, "\n");
        mig__buffer one = MIG__BUFFER_INIT;
        mig__buffer_add(&one, line, length);
        mig__buffer_addf(&paper->line, "           %s", first);
        mig__add_inert(&paper->line, one.data != NULL ? one.data : "");
        mig__buffer_add_text(&paper->line, "\n");
        paper->line.failed |= one.failed;
        mig__buffer_free(&one);
        line += length + (line[length] == '\n');
    }
}

static void add_check(mig__paper *paper, const mig_domain_check *check)
{
    mig__buffer *out = &paper->line;
    mig__buffer_addf(out, "  %-7s  ", mig_verdict_name(check->verdict));
    mig__add_inert(out, check->check);
    mig__buffer_add_text(out, "  ");
    mig__add_inert(out, check->subject);
    mig__buffer_add_text(out, ": ");
    mig__add_inert(out, check->text);
    mig__buffer_add_text(out, "\n");
    if (check->verdict != MIG_VERDICT_PASS) {
        add_lines(paper, "seen: ", check->record);
        add_lines(paper, "from: ", check->server);
        add_lines(paper, "rule: ", check->rule);
        add_lines(paper, "do: ", check->advice);
        add_lines(paper, "publish: ", check->publish);
    }
    mig__paper_send(paper);
}

static void add_domain(mig__paper *paper, const mig_domain_result *result, const mig_domain_report *report, bool all)
{
    static const mig_verdict order[] = {MIG_VERDICT_FAIL, MIG_VERDICT_WARN, MIG_VERDICT_UNKNOWN, MIG_VERDICT_PASS};
    mig__buffer *out = &paper->line;
    mig__buffer_add_text(out, "\n");
    mig__add_inert(out, report->name);
    if (report->alias_of[0] != '\0') {
        mig__buffer_add_text(out, " (with ");
        mig__add_inert(out, report->alias_of);
        mig__buffer_add_text(out, ")");
    }
    mig__buffer_add_text(out, ": ");
    mig__domain_add_counts(out, report->counts);
    mig__buffer_add_text(out, "\n");
    if (report->earliest != 0 && result->phase == MIG_DOMAIN_BEFORE) {
        mig__buffer_add_text(out, "  ");
        mig__domain_add_earliest(out, result, report);
        mig__buffer_add_text(out, "\n");
    }
    for (size_t i = 0; i < (all ? 4u : 3u); i++) {
        for (size_t k = 0; k < report->check_count && !paper->refused; k++) {
            if (report->checks[k].verdict == order[i]) {
                add_check(paper, &report->checks[k]);
            }
        }
    }
    mig__paper_send(paper);
}

int mig_report_domain_text(const mig_domain_result *result, bool all, mig_sink_fn *sink, void *context, mig_error *err)
{
    mig__paper paper = MIG__PAPER_INIT(sink, context);
    mig__domain_add_verdict(&paper.line, result);
    mig__buffer_add_text(&paper.line, "\n");
    if (result->changes != NULL && result->changes[0] != '\0') {
        mig__buffer_add_text(&paper.line, "\nsince the last look:\n");
        add_lines(&paper, "", result->changes);
    }
    for (size_t i = 0; i < result->domain_count; i++) {
        add_domain(&paper, result, &result->domains[i], all);
    }
    return mig__paper_finish(&paper, "report", err);
}
