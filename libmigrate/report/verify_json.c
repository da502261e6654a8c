/* report/verify_json.c - a verification as JSON, schema mailmigrate.verify/1 (docs/schemas/verify-1.json) */
#include "report/json.h"
#include "report/verify_common.h"

static void moment(mig__json *json, const char *key, int64_t seconds, bool zero_is_none)
{
    char out[MIG__ISO_SIZE];
    mig__json_add_optional(json, key, mig__iso_time(seconds, zero_is_none, out));
}

/* "extra" counts what arrived after the copy as well, as its findings are of that kind. */
static void counts(mig__json *json, const uint64_t values[MIG_FOUND_COUNT])
{
    for (int kind = 0; kind < MIG_FOUND_COUNT; kind++) {
        uint64_t value = values[kind];
        value += kind == MIG_FOUND_EXTRA ? values[MIG_FOUND_ARRIVED] : 0;
        mig__json_add_number(json, mig_found_name((mig_found)kind), value);
    }
}

static void folder(mig__json *json, const mig_verify_folder *result)
{
    mig__json_begin(json, '{');
    mig__json_add(json, "source", mig__json_string(result->source));
    mig__json_add_text(json, "target", result->target);
    mig__json_add_text(json, "role", mig_role_name(result->role));
    mig__json_add_number(json, "messages", result->messages);
    mig__json_add_number(json, "found", result->found);
    mig__json_add_number(json, "read", result->read);
    mig__json_add_number(json, "bytes", result->bytes);
    counts(json, result->counts);
    mig__json_add_optional(json, "root", result->root);
    mig__json_add(json, "error", mig__json_error(result->error));
    mig__json_end(json);
}

static void rules(mig__json *json, const mig_finding *finding)
{
    mig__json_begin_member(json, "rules", '[');
    for (unsigned rule = 1; rule < MIG_RULES_ALL; rule <<= 1) {
        if (finding->rules & rule) {
            mig__json_item(json, mig__json_string(mig_rule_name(rule)));
        }
    }
    mig__json_end(json);
    mig__json_add(json, "rules_certain", json_boolean(finding->rules_certain));
}

static void finding(mig__json *json, const mig_verify_account *account, const mig_finding *result)
{
    const mig_verify_folder *where = &account->folders[result->folder];
    mig_found kind = result->kind == MIG_FOUND_ARRIVED ? MIG_FOUND_EXTRA : result->kind;
    mig__json_begin(json, '{');
    mig__json_add(json, "kind", mig__json_string(mig_found_name(kind)));
    mig__json_add_text(json, "folder", where->source);
    mig__json_add_text(json, "target_folder", where->target);
    mig__json_add_number(json, "messages", result->messages);
    mig__json_add_number(json, "uid", result->source_uid);
    mig__json_add_number(json, "target_uid", result->target_uid);
    mig__json_add_optional(json, "message_id", result->message_id);
    moment(json, "date", result->date, !result->has_date);
    mig__json_add_optional(json, "subject", result->subject);
    mig__json_add_number(json, "size", result->octets);
    mig__json_add(json, "after_copy", json_boolean(result->after_copy));
    mig__json_add_optional(json, "known", mig_known_name(result->known));
    rules(json, result);
    mig__json_add_optional(json, "detail", result->detail);
    mig__json_end(json);
}

static void account(mig__json *json, const mig_verify_account *result)
{
    mig__json_begin(json, '{');
    mig__json_add(json, "source", mig__json_string(result->source));
    mig__json_add_text(json, "target", result->target);
    mig__json_add_text(json, "status", mig_status_name(result->status));
    mig__json_add(json, "error", mig__json_error(&result->error));
    mig__json_add_optional(json, "root", result->root);
    mig__json_add_number(json, "run", (uint64_t)result->run_id);
    moment(json, "copied", result->copied, true);
    mig__json_begin_member(json, "folders", '[');
    for (size_t i = 0; i < result->folder_count && !json->refused; i++) {
        folder(json, &result->folders[i]);
    }
    mig__json_end(json);
    mig__json_begin_member(json, "findings", '[');
    for (size_t i = 0; i < result->finding_count && !json->refused; i++) {
        finding(json, result, &result->findings[i]);
    }
    mig__json_end(json);
    mig__json_begin_member(json, "problems", '[');
    for (size_t i = 0; i < result->problem_count && !json->refused; i++) {
        const mig_problem *problem = &result->problems[i];
        mig__json_begin(json, '{');
        mig__json_add(json, "code", mig__json_string(mig_code_name(problem->code)));
        mig__json_add(json, "failed", json_boolean(problem->failed));
        mig__json_add_text(json, "text", problem->text);
        mig__json_end(json);
    }
    mig__json_end(json);
    mig__json_end(json);
}

static void totals(mig__json *json, const mig_verify_totals *result)
{
    mig__json_begin_member(json, "totals", '{');
    mig__json_add(json, "messages", mig__json_number(result->messages));
    mig__json_add_number(json, "found", result->found);
    mig__json_add_number(json, "read", result->read);
    mig__json_add_number(json, "bytes", result->bytes);
    counts(json, result->counts);
    mig__json_add(json, "seconds", json_real(result->seconds));
    mig__json_add_number(json, "round_trips", result->round_trips);
    mig__json_add_number(json, "bytes_in", result->bytes_in);
    mig__json_add_number(json, "bytes_out", result->bytes_out);
    mig__json_add_number(json, "peak_rss", result->peak_rss);
    mig__json_end(json);
}

static void method(mig__json *json, const mig_verify_result *result)
{
    bool sampled = result->depth == MIG_DEPTH_FULL && result->sample > 0 && result->sample < 100;
    mig__json_add_text(json, "version", result->version);
    mig__json_add_text(json, "host", result->host);
    moment(json, "started", result->started, true);
    moment(json, "finished", result->finished, true);
    mig__json_add_text(json, "depth", result->depth == MIG_DEPTH_QUICK ? "quick" : "full");
    mig__json_add_text(json, "against", result->against == MIG_AGAINST_SOURCE ? "source" : "record");
    mig__json_add(json, "sample", sampled ? json_real(result->sample) : json_null());
    mig__json_add(json, "seed", sampled ? mig__json_number(result->seed) : json_null());
    mig__json_add(json, "sample_bound", sampled ? json_real(mig_sample_bound(result->totals.read)) : json_null());
    mig__json_add_number(json, "canonical_version", (uint64_t)result->canonical_version);
}

int mig_report_verify_json(const mig_verify_result *result, mig_sink_fn *sink, void *context, mig_error *err)
{
    mig__json json = {.sink = sink, .context = context};
    mig__json_document(&json, "mailmigrate.verify/1");
    mig__json_add(&json, "status", mig__json_string(mig_status_name(result->status)));
    mig__json_add(&json, "exit", json_integer(result->exit_status));
    method(&json, result);
    mig__json_begin_member(&json, "accounts", '[');
    for (size_t i = 0; i < result->account_count && !json.refused; i++) {
        account(&json, &result->accounts[i]);
    }
    mig__json_end(&json);
    totals(&json, &result->totals);
    mig__json_end(&json);
    return mig__json_finish(&json, err);
}
