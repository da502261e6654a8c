/* report/domain_json.c - a look at domains as JSON: docs/schemas/domain-1.json */
#include "report/domain_common.h"
#include "report/json.h"
#include "report/verify_common.h"
#include <string.h>

static json_t *moment(int64_t seconds)
{
    char text[MIG__ISO_SIZE];
    return seconds != 0 ? json_string(mig__iso_time(seconds, true, text)) : json_null();
}

/* Lines parted by \n, as an array of strings. */
static json_t *lines(const char *text)
{
    json_t *array = json_array();
    for (const char *line = text; line != NULL && *line != '\0';) {
        const size_t length = strcspn(line, "\n");
        mig__buffer one = MIG__BUFFER_INIT;
        mig__buffer_add(&one, line, length);
        json_array_append_new(array, mig__json_string(one.data != NULL ? one.data : ""));
        mig__buffer_free(&one);
        line += length + (line[length] == '\n');
    }
    return array;
}

static json_t *counts_object(const size_t counts[4])
{
    return json_pack("{s:I, s:I, s:I, s:I}", "pass", (json_int_t)counts[MIG_VERDICT_PASS], "warn",
                     (json_int_t)counts[MIG_VERDICT_WARN], "fail", (json_int_t)counts[MIG_VERDICT_FAIL], "unknown",
                     (json_int_t)counts[MIG_VERDICT_UNKNOWN]);
}

static json_t *check_object(const mig_domain_check *check)
{
    return json_pack("{s:o, s:o, s:s, s:o, s:o, s:o, s:o, s:o, s:o}", "check", mig__json_string(check->check),
                     "subject", mig__json_string(check->subject), "verdict", mig_verdict_name(check->verdict), "text",
                     mig__json_string(check->text), "seen", lines(check->record), "server",
                     mig__json_string(check->server), "rule", mig__json_string(check->rule), "advice",
                     mig__json_string(check->advice), "publish", lines(check->publish));
}

static void add_domain(mig__json *json, const mig_domain_report *report)
{
    mig__json_begin(json, '{');
    mig__json_add(json, "domain", mig__json_string(report->name));
    mig__json_add_optional(json, "alias_of", report->alias_of);
    mig__json_add_text(json, "verdict", mig_verdict_name(report->verdict));
    mig__json_add(json, "counts", counts_object(report->counts));
    mig__json_add_optional(json, "old_provider", report->old_provider);
    mig__json_add_optional(json, "new_provider", report->new_provider);
    mig__json_add(json, "longest_ttl", report->longest_ttl > 0 ? mig__json_number(report->longest_ttl) : json_null());
    mig__json_add(json, "earliest", moment(report->earliest));
    mig__json_begin_member(json, "checks", '[');
    for (size_t i = 0; i < report->check_count && !json->refused; i++) {
        mig__json_item(json, check_object(&report->checks[i]));
    }
    mig__json_end(json);
    mig__json_end(json);
}

int mig_report_domain_json(const mig_domain_result *result, mig_sink_fn *sink, void *context, mig_error *err)
{
    mig__json json = {.sink = sink, .context = context};
    mig__json_document(&json, "mailmigrate.domain/1");
    mig__json_add(&json, "phase", json_string(mig_domain_phase_name(result->phase)));
    mig__json_add_text(&json, "verdict", mig_verdict_name(result->verdict));
    mig__json_add(&json, "exit", json_integer(result->exit_status));
    mig__json_add_flag(&json, "interrupted", result->interrupted);
    mig__json_add_text(&json, "version", MIG_VERSION);
    mig__json_add(&json, "started", moment(result->started));
    mig__json_add(&json, "finished", moment(result->finished));
    mig__json_add_text(&json, "resolver", result->resolver);
    mig__json_add(&json, "counts", counts_object(result->counts));
    mig__json_add_number(&json, "questions", result->questions);
    mig__json_add_number(&json, "probes", result->probes);
    mig__json_add(&json, "changes", result->changes != NULL ? lines(result->changes) : json_null());
    mig__json_begin_member(&json, "domains", '[');
    for (size_t i = 0; i < result->domain_count; i++) {
        add_domain(&json, &result->domains[i]);
    }
    mig__json_end(&json);
    mig__json_end(&json);
    return mig__json_finish(&json, err);
}
