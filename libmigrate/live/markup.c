/* live/markup.c - what the pages share: frame, states, numbers */
#include "live/markup.h"
#include <migrate/format.h>
#include <stdio.h>

void mig__live_begin(mig__page *p, const char *title, const mig_overview *overview)
{
    const bool moves = overview != NULL && !overview->ended;
    mig__page_add(p, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<title>");
    mig__page_html(p, title);
    mig__page_add(p, "</title>\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
                     "<meta name=\"color-scheme\" content=\"light dark\">\n"
                     "<link rel=\"icon\" href=\"data:,\">\n<link rel=\"stylesheet\" href=\"/live.css\">\n");
    if (moves) {
        mig__page_add(p, "<script src=\"/live.js\" defer></script>\n"
                         "<noscript><meta http-equiv=\"refresh\" content=\"5\"></noscript>\n");
    }
    mig__page_add(p,
                  "</head>\n<body>\n<a class=\"skip\" href=\"#main\">To the content</a>\n<header>\n<p class=\"name\">"
                  "<a href=\"/\">mailmigrate</a></p>\n");
    mig__page_add(p, "<p id=\"link\" role=\"status\">");
    if (overview != NULL && overview->ended) {
        mig__page_add(p, "The run has ended.");
    }
    mig__page_add(p, "</p>\n</header>\n<main id=\"main\">\n");
}

int mig__live_end(mig__page *p, const mig_overview *overview, mig__buffer *out)
{
    mig__page_add(p, "</main>\n<footer><p id=\"taken\" data-live>mailmigrate " MIG_VERSION);
    if (overview != NULL && overview->version > 0) {
        mig__page_add(p, overview->of_run ? ", as the run says, " : ", as the state files say, ");
        mig__live_moment(p, overview->at);
    }
    mig__page_add(p, "</p></footer>\n</body>\n</html>\n");
    mig__buffer_add(out, p->paper.line.data, p->paper.line.length);
    const bool failed = p->paper.line.failed || p->text.failed || out->failed;
    mig__buffer_free(&p->paper.line);
    mig__buffer_free(&p->text);
    return failed ? -1 : 0;
}

void mig__live_state(mig__page *p, mig_overview_state state)
{
    static const char *const marks[MIG_OVERVIEW_STATES] = {"&#9654;", "&#10007;", "&#10007;", "&#10074;&#10074;",
                                                           "!",       "&#8722;",  "&#8230;",  "&#10003;"};
    mig__buffer_addf(&p->paper.line, "<span class=\"state %s\"><span aria-hidden=\"true\">%s</span> %s</span>",
                     mig_overview_state_name(state), marks[state], mig_overview_state_name(state));
}

void mig__live_octets(mig__page *p, uint64_t octets)
{
    char text[MIG_FORMAT_SIZE];
    mig__page_add(p, mig_format_octets(octets, text, sizeof text));
}

void mig__live_duration(mig__page *p, double seconds)
{
    char text[MIG_FORMAT_SIZE];
    mig__page_add(p, mig_format_duration(seconds, text, sizeof text));
}

void mig__live_moment(mig__page *p, int64_t seconds)
{
    char text[MIG__ISO_SIZE];
    if (seconds <= 0) {
        mig__page_add(p, "-");
        return;
    }
    mig__iso_time(seconds, true, text);
    mig__buffer_addf(&p->paper.line, "<time datetime=\"%s\">%.10s %.8s UTC</time>", text, text, text + 11);
}

void mig__live_progress(mig__page *p, const char *id, uint64_t done, uint64_t to_do)
{
    if (to_do == 0) {
        return;
    }
    mig__buffer_addf(&p->paper.line,
                     "<progress id=\"%s\" aria-label=\"messages\" value=\"%llu\" max=\"%llu\"></progress> ", id,
                     (unsigned long long)(done < to_do ? done : to_do), (unsigned long long)to_do);
    mig__page_count(p, done);
    mig__page_add(p, " of ");
    mig__page_count(p, to_do);
}

void mig__live_term(mig__page *p, const char *name)
{
    mig__buffer_addf(&p->paper.line, "<div><dt>%s</dt><dd>", name);
}

void mig__live_term_end(mig__page *p)
{
    mig__page_add(p, "</dd></div>\n");
}

void mig__live_column(mig__page *p, const char *name, bool number)
{
    mig__buffer_addf(&p->paper.line, "<th scope=\"col\" role=\"columnheader\"%s>%s</th>", number ? " class=\"r\"" : "",
                     name);
}

void mig__live_cell(mig__page *p, const char *name, bool number)
{
    mig__buffer_addf(&p->paper.line, "<td role=\"cell\"%s data-label=\"%s\">", number ? " class=\"r\"" : "", name);
}

void mig__live_cell_end(mig__page *p)
{
    mig__page_add(p, "</td>");
}
