/* The result of a copy as JSON, schema mailmigrate.copy/1 (docs/schemas/copy-1.json). */
#include <migrate/report.h>

#include "report/json.h"
#include "report/scans.h"

typedef struct field {
    const char *key;
    uint64_t value;
} field;

/* Put numbers into an object; on failure the object is released and NULL comes back. */
static json_t *with_numbers(json_t *object, const field *fields, size_t count)
{
    for (size_t i = 0; object && i < count; i++) {
        if (json_object_set_new(object, fields[i].key, mig__json_number(fields[i].value)) != 0) {
            json_decref(object);
            object = NULL;
        }
    }
    return object;
}

static json_t *folder_object(const mig_folder_result *folder)
{
    const field fields[] = {{"messages", folder->messages},
                            {"copied", folder->copied},
                            {"adopted", folder->adopted},
                            {"already", folder->already},
                            {"adopted_read", folder->adopted_read},
                            {"moved", folder->moved},
                            {"deleted", folder->deleted},
                            {"skipped", folder->skipped},
                            {"gone", folder->gone},
                            {"mended", folder->mended},
                            {"failed", folder->failed},
                            {"bytes", folder->bytes},
                            {"flags_changed", folder->flags_changed},
                            {"flags_owed", folder->flags_owed},
                            {"scanned", folder->scanned},
                            {"infected", folder->infected},
                            {"withheld", folder->withheld},
                            {"not_scanned", folder->not_scanned}};
    json_t *object =
        json_pack("{s:o, s:o, s:s, s:b}", "source", mig__json_string(folder->source), "target",
                  mig__json_string(folder->target), "role", mig_role_name(folder->role), "to_make", folder->to_make);
    return with_numbers(object, fields, sizeof fields / sizeof fields[0]);
}

static json_t *problem_object(const mig_problem *problem)
{
    return json_pack("{s:o, s:o, s:s, s:b, s:o}", "folder", mig__json_string(problem->folder), "uid",
                     mig__json_number(problem->uid), "code", mig_code_name(problem->code), "failed", problem->failed,
                     "text", mig__json_string(problem->text));
}

static json_t *totals_object(const mig_totals *totals)
{
    const field work[] = {{"messages", totals->messages},
                          {"copied", totals->copied},
                          {"adopted", totals->adopted},
                          {"already", totals->already},
                          {"adopted_read", totals->adopted_read},
                          {"moved", totals->moved},
                          {"deleted", totals->deleted},
                          {"skipped", totals->skipped},
                          {"gone", totals->gone},
                          {"mended", totals->mended},
                          {"failed", totals->failed},
                          {"bytes", totals->bytes},
                          {"flags_changed", totals->flags_changed},
                          {"flags_owed", totals->flags_owed},
                          {"scanned", totals->scanned},
                          {"infected", totals->infected},
                          {"withheld", totals->withheld},
                          {"not_scanned", totals->not_scanned}};
    const field cost[] = {{"round_trips", totals->round_trips},     {"bytes_in", totals->bytes_in},
                          {"bytes_out", totals->bytes_out},         {"peak_rss", totals->peak_rss},
                          {"left_messages", totals->left_messages}, {"left_bytes", totals->left_bytes}};
    json_t *object = with_numbers(json_object(), work, sizeof work / sizeof work[0]);
    if (object && json_object_set_new(object, "seconds", json_real(totals->seconds)) != 0) {
        json_decref(object);
        object = NULL;
    }
    return with_numbers(object, cost, sizeof cost / sizeof cost[0]);
}

static void account(mig__json *json, const mig_account_result *result)
{
    mig__json_begin(json, '{');
    mig__json_add(json, "source", mig__json_string(result->source));
    mig__json_add(json, "target", mig__json_string(result->target));
    mig__json_add(json, "status", mig__json_string(mig_status_name(result->status)));
    mig__json_add(json, "quiet",
                  result->quiet == MIG_QUIET_UNKNOWN ? json_null() : json_boolean(result->quiet == MIG_QUIET_YES));
    mig__json_add(json, "as_of", mig__json_number((uint64_t)result->as_of));
    mig__json_add(json, "stirred", mig__json_number(result->stirred));
    mig__json_add(json, "error", mig__json_error(&result->error));
    mig__json_begin_member(json, "folders", '[');
    for (size_t i = 0; i < result->folder_count && !json->refused; i++) {
        mig__json_item(json, folder_object(&result->folders[i]));
    }
    mig__json_end(json);
    mig__json_begin_member(json, "problems", '[');
    for (size_t i = 0; i < result->problem_count && !json->refused; i++) {
        mig__json_item(json, problem_object(&result->problems[i]));
    }
    mig__json_end(json);
    mig__json_begin_member(json, "scans", '[');
    for (size_t i = 0; i < result->scan_count && !json->refused; i++) {
        mig__json_item(json, mig__scan_object(&result->scans[i]));
    }
    mig__json_end(json);
    mig__json_end(json);
}

int mig_report_copy_json(const mig_copy_result *result, mig_sink_fn *sink, void *context, mig_error *err)
{
    mig__json json = {.sink = sink, .context = context};
    mig__json_document(&json, "mailmigrate.copy/1");
    mig__json_add(&json, "status", mig__json_string(mig_status_name(result->status)));
    mig__json_add(&json, "exit", json_integer(result->exit_status));
    mig__json_add(&json, "dry_run", json_boolean(result->dry_run));
    mig__json_begin_member(&json, "accounts", '[');
    for (size_t i = 0; i < result->account_count && !json.refused; i++) {
        account(&json, &result->accounts[i]);
    }
    mig__json_end(&json);
    mig__json_add(&json, "totals", totals_object(&result->totals));
    mig__json_end(&json);
    return mig__json_finish(&json, err);
}
