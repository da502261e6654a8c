/* report/dedup_json.c - a search for doubles as JSON: docs/schemas/dedup-1.json */
#include "report/json.h"
#include "report/verify_common.h"
#include <migrate/dedup.h>

static json_t *folder_object(const mig_dedup_folder *folder)
{
    return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "name", mig__json_string(folder->name), "messages",
                     mig__json_number(folder->messages), "read", mig__json_number(folder->read), "unread",
                     mig__json_number(folder->unread), "doubles", mig__json_number(folder->doubles), "bytes",
                     mig__json_number(folder->octets), "moved", mig__json_number(folder->moved), "error",
                     mig__json_error(folder->error));
}

static json_t *message_object(const mig_dedup_message *message)
{
    return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o}", "folder", mig__json_string(message->name), "uid",
                     mig__json_number(message->uid), "kept", mig__json_number(message->kept), "now",
                     mig__json_number(message->now), "bytes", mig__json_number(message->octets), "sha256",
                     mig__json_string(message->digest));
}

static void add_time(mig__json *json, const char *key, int64_t seconds)
{
    char text[MIG__ISO_SIZE];
    mig__json_add_text(json, key, mig__iso_time(seconds, true, text));
}

int mig_report_dedup_json(const mig_dedup_result *result, mig_sink_fn *sink, void *context, mig_error *err)
{
    mig__json json = {.sink = sink, .context = context};
    mig__json_document(&json, "mailmigrate.dedup/1");
    mig__json_add_text(&json, "status", mig_status_name(result->status));
    mig__json_add_number(&json, "exit", (uint64_t)result->exit_status);
    mig__json_add_text(&json, "mode", mig_dedup_mode_name(result->mode));
    mig__json_add_text(&json, "source", result->source);
    mig__json_add_text(&json, "target", result->target);
    mig__json_add_optional(&json, "place", result->place);
    mig__json_add(&json, "error", mig__json_error(&result->error));
    add_time(&json, "started", result->started);
    add_time(&json, "finished", result->finished);
    mig__json_begin_member(&json, "folders", '[');
    for (size_t i = 0; i < result->folder_count && !json.refused; i++) {
        mig__json_item(&json, folder_object(&result->folders[i]));
    }
    mig__json_end(&json);
    mig__json_begin_member(&json, "messages", '[');
    for (size_t i = 0; i < result->message_count && !json.refused; i++) {
        mig__json_item(&json, message_object(&result->messages[i]));
    }
    mig__json_end(&json);
    mig__json_begin_member(&json, "totals", '{');
    mig__json_add_number(&json, "doubles", result->doubles);
    mig__json_add_number(&json, "bytes", result->octets);
    mig__json_add_number(&json, "moved", result->moved);
    mig__json_add_number(&json, "returned", result->returned);
    mig__json_add_number(&json, "resumed", result->resumed);
    mig__json_add_number(&json, "gone", result->gone);
    mig__json_add_number(&json, "open", result->open);
    mig__json_add_number(&json, "away", result->away);
    mig__json_end(&json);
    mig__json_end(&json);
    return mig__json_finish(&json, err);
}
