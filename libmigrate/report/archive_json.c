/* report/archive_json.c - exports and checks of archives as JSON (docs/schemas/archive-export-1.json, ...) */
#include "report/json.h"
#include "report/scans.h"
#include <migrate/archive_report.h>

static void begin(mig__json *json, const char *schema, mig_status status, int exit_status)
{
    mig__json_document(json, schema);
    mig__json_add_text(json, "status", mig_status_name(status));
    mig__json_add_number(json, "exit", (uint64_t)exit_status);
}

/* ---- export ---- */

static void folder(mig__json *json, const mig_archive_folder *result)
{
    mig__json_begin(json, '{');
    mig__json_add(json, "name", mig__json_string(result->name));
    mig__json_add_optional(json, "path", result->path);
    mig__json_add_text(json, "role", mig_role_name(result->role));
    mig__json_add_number(json, "messages", result->messages);
    mig__json_add_number(json, "bytes", result->bytes);
    mig__json_add_number(json, "already", result->already);
    mig__json_add_number(json, "flags_changed", result->flags_changed);
    mig__json_add_number(json, "gone", result->gone);
    mig__json_add_number(json, "skipped", result->skipped);
    mig__json_add_number(json, "failed", result->failed);
    mig__json_add_optional(json, "root", result->root);
    mig__json_add(json, "error", mig__json_error(result->error));
    mig__json_end(json);
}

static void problem(mig__json *json, const mig_problem *result)
{
    mig__json_begin(json, '{');
    mig__json_add(json, "folder", mig__json_string(result->folder));
    mig__json_add_number(json, "uid", result->uid);
    mig__json_add_text(json, "code", mig_code_name(result->code));
    mig__json_add_flag(json, "failed", result->failed);
    mig__json_add_text(json, "text", result->text);
    mig__json_end(json);
}

int mig_report_archive_json(const mig_archive_result *result, mig_sink_fn *sink, void *context, mig_error *err)
{
    mig__json json = {.sink = sink, .context = context};
    begin(&json, "mailmigrate.archive-export/1", result->status, result->exit_status);
    mig__json_add_text(&json, "source", result->source);
    mig__json_add_optional(&json, "file", result->file);
    mig__json_add_number(&json, "part", result->part);
    mig__json_add_optional(&json, "root", result->root);
    mig__json_add_flag(&json, "signed", result->is_signed);
    mig__json_add_flag(&json, "encrypted", result->encrypted);
    mig__json_add(&json, "error", mig__json_error(&result->error));
    mig__json_begin_member(&json, "folders", '[');
    for (size_t i = 0; i < result->folder_count; i++) {
        folder(&json, &result->folders[i]);
    }
    mig__json_end(&json);
    mig__json_begin_member(&json, "problems", '[');
    for (size_t i = 0; i < result->problem_count; i++) {
        problem(&json, &result->problems[i]);
    }
    mig__json_end(&json);
    mig__json_begin_member(&json, "scans", '[');
    for (size_t i = 0; i < result->scan_count; i++) {
        mig__json_item(&json, mig__scan_object(&result->scans[i]));
    }
    mig__json_end(&json);
    mig__json_begin_member(&json, "totals", '{');
    mig__json_add(&json, "messages", mig__json_number(result->messages));
    mig__json_add_number(&json, "bytes", result->bytes);
    mig__json_add_number(&json, "already", result->already);
    mig__json_add_number(&json, "flags_changed", result->flags_changed);
    mig__json_add_number(&json, "gone", result->gone);
    mig__json_add_number(&json, "skipped", result->skipped);
    mig__json_add_number(&json, "failed", result->failed);
    mig__json_add(&json, "scanned", result->shown ? mig__json_number(result->scanned) : json_null());
    mig__json_add(&json, "infected", result->shown ? mig__json_number(result->infected) : json_null());
    mig__json_add(&json, "not_scanned", result->shown ? mig__json_number(result->not_scanned) : json_null());
    mig__json_add_number(&json, "file_bytes", result->file_bytes);
    mig__json_add(&json, "seconds", json_real(result->seconds));
    mig__json_add_number(&json, "round_trips", result->round_trips);
    mig__json_add_number(&json, "bytes_in", result->bytes_in);
    mig__json_add_number(&json, "bytes_out", result->bytes_out);
    mig__json_add_number(&json, "peak_rss", result->peak_rss);
    mig__json_end(&json);
    mig__json_end(&json);
    return mig__json_finish(&json, err);
}

/* ---- check ---- */

static void file(mig__json *json, const mig_archive_file *result)
{
    static const char *const signatures[] = {"none", "unchecked", "fits", "does-not-fit"};
    mig__json_begin(json, '{');
    mig__json_add(json, "path", mig__json_string(result->path));
    mig__json_add_number(json, "messages", result->messages);
    mig__json_add_number(json, "bytes", result->bytes);
    mig__json_add_optional(json, "root", result->root);
    mig__json_add_text(json, "signature", signatures[result->signature]);
    mig__json_add_flag(json, "encrypted", result->encrypted);
    mig__json_end(json);
}

static void finding(mig__json *json, const mig_archive_check_result *result, const mig_archive_finding *one)
{
    mig__json_begin(json, '{');
    mig__json_add(json, "kind", mig__json_string(mig_archive_found_name(one->kind)));
    mig__json_add_text(json, "file", result->files[one->file].path);
    mig__json_add_optional(json, "path", one->path);
    mig__json_add_optional(json, "folder", one->folder);
    mig__json_add_number(json, "uid", one->uid);
    mig__json_add_text(json, "detail", one->detail);
    mig__json_end(json);
}

int mig_report_archive_check_json(const mig_archive_check_result *result, mig_sink_fn *sink, void *context,
                                  mig_error *err)
{
    mig__json json = {.sink = sink, .context = context};
    begin(&json, "mailmigrate.archive-check/1", result->status, result->exit_status);
    mig__json_add_optional(&json, "source", result->source);
    mig__json_add(&json, "error", mig__json_error(&result->error));
    mig__json_begin_member(&json, "files", '[');
    for (size_t i = 0; i < result->file_count; i++) {
        file(&json, &result->files[i]);
    }
    mig__json_end(&json);
    mig__json_begin_member(&json, "findings", '[');
    for (size_t i = 0; i < result->finding_count; i++) {
        finding(&json, result, &result->findings[i]);
    }
    mig__json_end(&json);
    mig__json_begin_member(&json, "totals", '{');
    mig__json_add(&json, "folders", mig__json_number(result->folders));
    mig__json_add_number(&json, "messages", result->messages);
    mig__json_add_number(&json, "bytes", result->bytes);
    for (int kind = 0; kind < MIG_ARCHIVE_FOUND_COUNT; kind++) {
        mig__json_add_number(&json, mig_archive_found_name((mig_archive_found)kind), result->counts[kind]);
    }
    mig__json_add(&json, "seconds", json_real(result->seconds));
    mig__json_add_number(&json, "peak_rss", result->peak_rss);
    mig__json_end(&json);
    mig__json_end(&json);
    return mig__json_finish(&json, err);
}
