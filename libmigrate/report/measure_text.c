/* report/measure_text.c - what was measured of a server, for the terminal */
#include "report/numbers.h"
#include "report/verify_common.h"
#include <migrate/format.h>
#include <migrate/measure_report.h>

static void title(mig__paper *paper, const char *text)
{
    mig__buffer_addf(&paper->line, "  %-14s", text);
}

static void end(mig__paper *paper)
{
    mig__buffer_add_text(&paper->line, "\n");
    mig__paper_send(paper);
}

static void add_pair(mig__paper *paper, const char *name, const char *text)
{
    if (text != NULL && text[0] != '\0') {
        title(paper, name);
        mig__add_inert(&paper->line, text);
        end(paper);
    }
}

static void add_folders(mig__paper *paper, const mig_measure_result *r)
{
    mig__buffer *out = &paper->line;
    title(paper, "folders");
    mig__add_count(out, r->folders);
    if (r->delimiter != '\0') {
        mig__buffer_addf(out, ", levels parted by %c", r->delimiter >= ' ' && r->delimiter < 0x7f ? r->delimiter : '?');
    } else {
        mig__buffer_add_text(out, ", without levels");
    }
    if (r->prefix[0] != '\0') {
        mig__buffer_add_text(out, ", below ");
        mig__add_inert(out, r->prefix);
    }
    end(paper);
    for (size_t i = 0; i < r->role_count; i++) {
        title(paper, i == 0 ? "special use" : "");
        mig__buffer_addf(out, "%s: ", mig_role_name(r->roles[i].role));
        mig__add_inert(out, r->roles[i].folder);
        end(paper);
    }
}

static void add_quota(mig__paper *paper, const mig_quota *quota)
{
    mig__buffer *out = &paper->line;
    title(paper, "quota");
    if (!quota->known) {
        mig__buffer_add_text(out, "not told");
    } else {
        mig__add_octets(out, quota->used);
        mig__buffer_add_text(out, " used");
        if (quota->limit > 0) {
            mig__buffer_add_text(out, " of ");
            mig__add_octets(out, quota->limit);
        }
        if (quota->messages_limit > 0) {
            mig__buffer_add_text(out, ", ");
            mig__add_count(out, quota->messages_used);
            mig__buffer_add_text(out, " of ");
            mig__add_count(out, quota->messages_limit);
            mig__buffer_add_text(out, " messages");
        }
    }
    end(paper);
}

static void add_limits(mig__paper *paper, const mig_measure_result *r)
{
    mig__buffer *out = &paper->line;
    title(paper, "message size");
    if (r->append_limit > 0) {
        mig__add_octets(out, r->append_limit);
        mig__buffer_add_text(out, " at most (APPENDLIMIT)");
    } else {
        mig__buffer_add_text(out, "no limit is announced");
    }
    end(paper);
    if (r->message_limit > 0 || r->save_limit > 0) {
        title(paper, "at a time");
        if (r->message_limit > 0) {
            mig__add_count(out, r->message_limit);
            mig__buffer_add_text(out, " messages a command (MESSAGELIMIT)");
        }
        if (r->save_limit > 0) {
            mig__buffer_add_text(out, r->message_limit > 0 ? ", " : "");
            mig__add_count(out, r->save_limit);
            mig__buffer_add_text(out, " an APPEND (SAVELIMIT)");
        }
        end(paper);
    }
}

static void add_line(mig__paper *paper, const mig_measure_result *r)
{
    mig__buffer *out = &paper->line;
    title(paper, "line");
    mig__buffer_addf(out, "%.1f ms a round trip (the middle one of five: %.1f ms), %lld ms to log in and list",
                     r->round_trip_ms[0], r->round_trip_ms[1], (long long)r->login_ms);
    end(paper);
    title(paper, "connections");
    mig__buffer_addf(out, "%d at once", r->connections);
    if (r->connections_error.code != MIG_OK) {
        char line[MIG_ERROR_TEXT + MIG_ERROR_SERVER + MIG_ERROR_HINT];
        mig__buffer_add_text(out, "; one more: ");
        mig__add_inert(out, mig_error_line(&r->connections_error, line, sizeof line));
    } else if (r->connections == r->connections_tried) {
        mig__buffer_add_text(out, "; more were not tried");
    }
    end(paper);
}

static void add_rate(mig__paper *paper, const char *name, const char *verb, const mig_measure_rate *rate)
{
    mig__buffer *out = &paper->line;
    char shown[MIG_FORMAT_SIZE];
    if (rate->where == NULL && rate->why == NULL && rate->error.code == MIG_OK) {
        return;
    }
    title(paper, name);
    if (rate->octets > 0 && rate->seconds > 0) {
        mig__buffer_addf(out, "%s a second: ",
                         mig_format_octets((uint64_t)((double)rate->octets / rate->seconds), shown, sizeof shown));
        mig__add_octets(out, rate->octets);
        mig__buffer_addf(out, " in %.2f s, ", rate->seconds);
        mig__add_count(out, rate->messages);
        mig__buffer_addf(out, " message%s %s ", mig__plural(rate->messages), verb);
        mig__add_inert(out, rate->where != NULL ? rate->where : "");
    } else {
        mig__buffer_add_text(out, "not measured");
    }
    if (rate->why != NULL) {
        mig__buffer_add_text(out, ": ");
        mig__add_inert(out, rate->why);
    }
    if (rate->error.code != MIG_OK) {
        char line[MIG_ERROR_TEXT + MIG_ERROR_SERVER + MIG_ERROR_HINT];
        mig__buffer_add_text(out, ": ");
        mig__add_inert(out, mig_error_line(&rate->error, line, sizeof line));
    }
    end(paper);
}

static void add_profile(mig__paper *paper, const mig_measure_result *r)
{
    mig__buffer *out = &paper->line;
    title(paper, "profile");
    if (r->provider == NULL) {
        mig__buffer_add_text(out, "none that is known: what the server announces is all there is to go by");
    } else {
        mig__buffer_addf(out, "%s (%s), told by its %s", r->provider->name, r->provider->title,
                         r->provider_reason != NULL ? r->provider_reason : "name");
    }
    end(paper);
    if (r->provider != NULL) {
        add_pair(paper, "to know", r->provider->note);
        add_pair(paper, "login", r->provider->login);
    }
}

static void add_settings(mig__paper *paper, const mig_measure_result *r)
{
    mig__buffer *out = &paper->line;
    if (r->setting_count == 0) {
        mig__buffer_add_text(out, "Nothing follows from it for a plan: the defaults do.\n");
    } else {
        mig__buffer_add_text(out, "For the plan:\n");
    }
    for (size_t i = 0; i < r->setting_count; i++) {
        const mig_measure_setting *one = &r->settings[i];
        mig__buffer_addf(out, "  %s: %s  # %s%s\n", one->name, one->value, one->as_target ? "as a target: " : "",
                         one->why);
    }
    if (r->left_behind) {
        mig__buffer_add_text(out, "The folder ");
        mig__add_inert(out, r->append.where);
        mig__buffer_add_text(out, " could not be removed: remove it by hand.\n");
    }
    mig__paper_send(paper);
}

int mig_report_measure_text(const mig_measure_result *result, mig_sink_fn *sink, void *context, mig_error *err)
{
    mig__paper paper = MIG__PAPER_INIT(sink, context);
    mig__add_inert(&paper.line, result->label);
    end(&paper);
    add_profile(&paper, result);
    add_pair(&paper, "says it is", result->id);
    add_pair(&paper, "can", result->capabilities);
    add_pair(&paper, "namespaces", result->namespaces);
    add_folders(&paper, result);
    add_quota(&paper, &result->quota);
    add_limits(&paper, result);
    add_line(&paper, result);
    add_rate(&paper, "reading", "from", &result->fetch);
    add_rate(&paper, "writing", "into", &result->append);
    add_settings(&paper, result);
    return mig__paper_finish(&paper, "text", err);
}
