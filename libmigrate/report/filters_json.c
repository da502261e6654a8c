/* report/filters_json.c - the work on an account's filters as JSON (docs/schemas/filters-1.json) */
#include "report/filters_common.h"
#include "report/json.h"

static void note(mig__json *json, const mig_filter_note *one)
{
    mig__json_begin(json, '{');
    mig__json_add(json, "concern", mig__json_string(mig_filter_concern_name(one->concern)));
    mig__json_add_text(json, "weight", mig_filter_weight_name(one->weight));
    mig__json_add_number(json, "line", one->line);
    mig__json_add_text(json, "text", one->text);
    mig__json_end(json);
}

static void rule(mig__json *json, const mig_filter_rule *one)
{
    mig__json_begin(json, '{');
    mig__json_add(json, "line", mig__json_number(one->line));
    mig__json_add_text(json, "when", one->when);
    mig__json_add_text(json, "then", one->then);
    mig__json_add_flag(json, "gmail", one->gmail != NULL);
    mig__json_add_optional(json, "gmail_why", one->gmail_why);
    mig__json_end(json);
}

static void filter(mig__json *json, const mig_filter *one)
{
    mig__json_begin(json, '{');
    mig__json_add(json, "name", mig__json_string(one->name));
    mig__json_add_optional(json, "target_name", one->target_name);
    mig__json_add_text(json, "outcome", mig_filter_outcome_name(one->outcome));
    mig__json_add_number(json, "bytes", one->octets);
    mig__json_add_optional(json, "sha256", one->digest);
    mig__json_add_optional(json, "target_sha256", one->put_digest);
    mig__json_add_flag(json, "active", one->active);
    mig__json_add_flag(json, "replaced", one->replaced);
    mig__json_add_flag(json, "rewritten", one->rewritten);
    mig__json_add(json, "error", mig__json_error(&one->error));
    mig__json_begin_member(json, "notes", '[');
    for (size_t i = 0; i < one->note_count; i++) {
        note(json, &one->notes[i]);
    }
    mig__json_end(json);
    mig__json_begin_member(json, "rules", '[');
    for (size_t i = 0; i < one->rule_count; i++) {
        rule(json, &one->rules[i]);
    }
    mig__json_end(json);
    mig__json_add_flag(json, "worded", one->worded);
    mig__json_end(json);
}

void mig__filters_json(mig__json *json, const mig_filters_result *result)
{
    static const char *const mx[] = {"unknown", "old", "new"};
    mig__json_add(json, "source", mig__json_string(result->source));
    mig__json_add_optional(json, "target", result->target);
    mig__json_add_text(json, "verb", mig_filters_verb_name(result->verb));
    mig__json_add_text(json, "status", mig_status_name(result->status));
    mig__json_add_number(json, "exit", (uint64_t)result->exit_status);
    mig__json_add_flag(json, "dry_run", result->dry_run);
    mig__json_add(json, "error", mig__json_error(&result->error));
    mig__json_add_optional(json, "server", result->implementation);
    mig__json_add_flag(json, "folders_known", result->folders_known);
    mig__json_add_optional(json, "folders_why", result->folders_why);
    mig__json_add_optional(json, "source_active", result->source_active);
    mig__json_add_optional(json, "target_active", result->target_active);
    mig__json_add_text(json, "activation", mig_filters_activation_name(result->activation));
    mig__json_add_optional(json, "activation_why", result->activation_why);
    mig__json_add_text(json, "mx", mx[result->mx]);
    mig__json_begin_member(json, "filters", '[');
    for (size_t i = 0; i < result->filter_count; i++) {
        filter(json, &result->filters[i]);
    }
    mig__json_end(json);
    mig__json_begin_member(json, "others", '[');
    for (size_t i = 0; i < result->other_count; i++) {
        mig__json_item(json, mig__json_string(result->others[i]));
    }
    mig__json_end(json);
    mig__json_add_number(json, "started", (uint64_t)result->started);
    mig__json_add_number(json, "finished", (uint64_t)result->finished);
}

int mig_report_filters_json(const mig_filters_result *result, mig_sink_fn *sink, void *context, mig_error *err)
{
    mig__json json = {.sink = sink, .context = context};
    mig__json_document(&json, "mailmigrate.filters/1");
    mig__filters_json(&json, result);
    mig__json_end(&json);
    return mig__json_finish(&json, err);
}
