/* report/discover_text.c - what was found of an address's server, for the terminal */
#include "report/verify_common.h"
#include <migrate/discover_report.h>
#include <stdlib.h>
#include <string.h>

static void add_pair(mig__paper *paper, const char *title, const char *text)
{
    mig__buffer_addf(&paper->line, "    %-13s", title);
    mig__add_inert(&paper->line, text);
    mig__buffer_add_text(&paper->line, "\n");
}

static const char *headline(const mig_discover_candidate *c, bool first)
{
    return c->state != MIG_DISCOVER_GOOD ? "no use" : c->voucher[0] == '\0' ? "not sure" : first ? "this one" : "also";
}

static void add_candidate(mig__paper *paper, const mig_discover_result *result, size_t i)
{
    const mig_discover_candidate *c = &result->candidates[i];
    mig__buffer *out = &paper->line;
    mig__buffer_addf(out, "  %-9s ", headline(c, i == 0));
    mig__add_inert(out, c->host);
    mig__buffer_addf(out, ", port %u, %s, as ", c->port, c->tls == MIG_TLS_IMPLICIT ? "TLS" : "STARTTLS");
    mig__add_inert(out, c->user);
    mig__buffer_add_text(out, c->token ? ", by OAuth 2\n" : "\n");
    add_pair(paper, "named by", c->from);
    if (c->state == MIG_DISCOVER_GOOD) {
        add_pair(paper, "vouched for", c->voucher[0] != '\0' ? c->voucher : "by nobody: it lies outside the domain");
    }
    add_pair(paper, "seen", c->seen);
    mig__paper_send(paper);
}

static void add_steps(mig__paper *paper, const mig_discover_result *result, bool all)
{
    size_t left_out = 0;
    for (size_t i = 0; i < result->step_count; i++) {
        const mig_discover_step *step = &result->steps[i];
        if (!all && step->answered) {
            left_out++;
            continue;
        }
        mig__buffer_add_text(&paper->line, step->answered ? "  asked     " : "  no answer ");
        mig__add_inert(&paper->line, step->asked);
        mig__buffer_add_text(&paper->line, ": ");
        mig__add_inert(&paper->line, step->came);
        mig__buffer_add_text(&paper->line, "\n");
        mig__paper_send(paper);
    }
    if (left_out > 0 && !result->found) {
        mig__buffer_addf(&paper->line, "  %zu question%s answered without leading to a server: --all shows them.\n",
                         left_out, left_out == 1 ? " was" : "s were");
    }
}

static void add_end(mig__paper *paper, const mig_discover_result *result)
{
    mig__buffer *out = &paper->line;
    if (result->interrupted) {
        mig__buffer_add_text(out, "Stopped before everything was asked.\n");
    } else if (!result->found) {
        mig__buffer_addf(out, "No server was found%s. Give its URL yourself: imaps://USER@HOST.\n",
                         result->unanswered ? ", and not every question was answered" : "");
    } else {
        char *url = mig_discover_url(&result->candidates[0], result->address);
        if (!result->vouched) {
            mig__buffer_add_text(out, "Nothing vouches for this host: ask its operator before you take it. ");
        }
        mig__buffer_add_text(out, "As a URL: ");
        mig__add_inert(out, url != NULL ? url : "");
        mig__buffer_add_text(out, "\n");
        out->failed = out->failed || url == NULL;
        free(url);
    }
    mig__paper_send(paper);
}

int mig_report_discover_text(const mig_discover_result *result, bool all, mig_sink_fn *sink, void *context,
                             mig_error *err)
{
    mig__paper paper = MIG__PAPER_INIT(sink, context);
    mig__add_inert(&paper.line, result->address);
    mig__buffer_add_text(&paper.line, "\n");
    for (size_t i = 0; i < result->candidate_count; i++) {
        add_candidate(&paper, result, i);
    }
    add_steps(&paper, result, all);
    add_end(&paper, result);
    return mig__paper_finish(&paper, "text", err);
}
