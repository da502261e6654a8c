/* report/inventory_json.c - a stock-taking as JSON, schema mailmigrate.inventory/1 (docs/schemas/inventory-1.json) */
#include "report/json.h"
#include "report/scans.h"
#include "report/verify_common.h"
#include <migrate/inventory_report.h>

static void number_if(mig__json *json, const char *key, bool known, uint64_t value)
{
    mig__json_add(json, key, known ? mig__json_number(value) : json_null());
}

/* A string, or null when it is NULL. */
static void optional(mig__json *json, const char *key, const char *value)
{
    mig__json_add(json, key, value != NULL ? mig__json_string(value) : json_null());
}

static void moment(mig__json *json, const char *key, bool known, int64_t seconds)
{
    char out[MIG__ISO_SIZE];
    optional(json, key, known ? mig__iso_time(seconds, false, out) : NULL);
}

/* ---- a side ---- */

static void quota(mig__json *json, const mig_quota *value)
{
    if (!value->known) {
        mig__json_add(json, "quota", json_null());
        return;
    }
    mig__json_begin_member(json, "quota", '{');
    mig__json_add(json, "used", mig__json_number(value->used));
    number_if(json, "limit", value->limit > 0, value->limit);
    mig__json_add_number(json, "messages_used", value->messages_used);
    number_if(json, "messages_limit", value->messages_limit > 0, value->messages_limit);
    mig__json_end(json);
}

static void side(mig__json *json, const char *key, const mig_inventory_side *value)
{
    mig__json_begin_member(json, key, '{');
    mig__json_add(json, "account", mig__json_string(value->label));
    optional(json, "capabilities", value->capabilities);
    mig__json_add_number(json, "folders", value->folders);
    mig__json_add_number(json, "messages", value->messages);
    number_if(json, "bytes", value->bytes_known, value->bytes);
    number_if(json, "append_limit", value->append_limit > 0, value->append_limit);
    quota(json, &value->quota);
    optional(json, "provider", value->provider != NULL ? value->provider->name : NULL);
    optional(json, "provider_reason", value->provider_reason);
    mig__json_end(json);
}

/* ---- folders ---- */

static void keywords(mig__json *json, const mig_inventory_folder *value)
{
    if (!value->examined) {
        mig__json_add(json, "keywords", json_null());
        return;
    }
    mig__json_begin_member(json, "keywords", '[');
    for (size_t i = 0; i < value->keyword_count && !json->refused; i++) {
        mig__json_begin(json, '{');
        mig__json_add(json, "name", mig__json_string(value->keywords[i].name));
        mig__json_add_number(json, "messages", value->keywords[i].messages);
        mig__json_add_flag(json, "lost", value->keywords[i].lost);
        mig__json_end(json);
    }
    mig__json_end(json);
}

static void folder(mig__json *json, const mig_inventory_folder *value, bool content, bool shown)
{
    bool dated = value->examined && (value->oldest != 0 || value->newest != 0);
    mig__json_begin(json, '{');
    mig__json_add(json, "name", mig__json_string(value->name));
    mig__json_add_text(json, "role", mig_role_name(value->role));
    optional(json, "target", value->target);
    optional(json, "note", value->note);
    mig__json_add_number(json, "messages", value->messages);
    mig__json_add_number(json, "unseen", value->unseen);
    number_if(json, "bytes", value->has_bytes, value->bytes);
    moment(json, "oldest", dated, value->oldest);
    moment(json, "newest", dated, value->newest);
    number_if(json, "largest", value->examined, value->largest);
    number_if(json, "too_big", value->examined, value->too_big);
    number_if(json, "too_big_bytes", value->examined, value->too_big_bytes);
    number_if(json, "duplicates", value->examined && value->duplicates_known, value->duplicates);
    number_if(json, "with_nul", content && value->examined, value->with_nul);
    number_if(json, "bare_newline", content && value->examined, value->bare_newline);
    number_if(json, "long_lines", content && value->examined, value->long_lines);
    number_if(json, "scanned", shown && value->examined, value->scanned);
    number_if(json, "infected", shown && value->examined, value->infected);
    number_if(json, "not_scanned", shown && value->examined, value->not_scanned);
    keywords(json, value);
    mig__json_add(json, "error", mig__json_error(value->error));
    mig__json_end(json);
}

/* ---- the account ---- */

static void years(mig__json *json, const mig_inventory_account *value)
{
    mig__json_begin_member(json, "years", '[');
    for (size_t i = 0; i < value->year_count && !json->refused; i++) {
        mig__json_begin(json, '{');
        mig__json_add(json, "year", value->years[i].year != 0 ? json_integer(value->years[i].year) : json_null());
        mig__json_add_number(json, "messages", value->years[i].messages);
        mig__json_add_number(json, "bytes", value->years[i].bytes);
        mig__json_end(json);
    }
    mig__json_end(json);
}

static void obstacles(mig__json *json, const mig_inventory_account *value)
{
    mig__json_begin_member(json, "obstacles", '[');
    for (size_t i = 0; i < value->obstacle_count && !json->refused; i++) {
        const mig_obstacle *obstacle = &value->obstacles[i];
        mig__json_begin(json, '{');
        mig__json_add(json, "folder", mig__json_string(obstacle->folder));
        mig__json_add_text(json, "code", mig_code_name(obstacle->code));
        mig__json_add_flag(json, "blocks", obstacle->blocks);
        mig__json_add_text(json, "text", obstacle->text);
        mig__json_end(json);
    }
    mig__json_end(json);
}

static void scans(mig__json *json, const mig_inventory_account *value)
{
    number_if(json, "scanned", value->shown, value->scanned);
    number_if(json, "infected", value->shown, value->infected);
    number_if(json, "not_scanned", value->shown, value->not_scanned);
    mig__json_begin_member(json, "scans", '[');
    for (size_t i = 0; i < value->scan_count && !json->refused; i++) {
        mig__json_item(json, mig__scan_object(&value->scans[i]));
    }
    mig__json_end(json);
}

static void forecast(mig__json *json, const mig_forecast *value)
{
    mig__json_add(json, "forecast_seconds", value->known ? json_real(value->seconds) : json_null());
    if (!value->known) {
        mig__json_add(json, "forecast", json_null());
        return;
    }
    mig__json_begin_member(json, "forecast", '{');
    mig__json_add(json, "measured", json_boolean(value->measured));
    mig__json_add_number(json, "left_messages", value->left_messages);
    mig__json_add_number(json, "left_bytes", value->left_bytes);
    mig__json_add_number(json, "days", value->days);
    number_if(json, "daily_limit", value->daily_limit > 0, value->daily_limit);
    mig__json_add(json, "messages_per_second", json_real(value->messages_per_second));
    mig__json_add(json, "bytes_per_second", json_real(value->bytes_per_second));
    mig__json_end(json);
}

static void shares(mig__json *json, const mig_inventory_account *value)
{
    static const mig_role roles[] = {MIG_ROLE_JUNK, MIG_ROLE_TRASH};
    for (size_t i = 0; i < sizeof roles / sizeof roles[0]; i++) {
        mig__json_begin_member(json, mig_role_name(roles[i]), '{');
        mig__json_add(json, "messages", mig__json_number(value->role_messages[roles[i]]));
        number_if(json, "bytes", value->bytes_known, value->role_bytes[roles[i]]);
        mig__json_end(json);
    }
}

static void growth(mig__json *json, const mig_inventory_account *value, int64_t now)
{
    const mig_growth growth = mig_growth_of(value->years, value->year_count, now);
    if (!growth.known) {
        mig__json_add(json, "growth", json_null());
        return;
    }
    mig__json_begin_member(json, "growth", '{');
    mig__json_add(json, "year", json_integer(growth.year));
    mig__json_add_number(json, "messages", growth.messages);
    mig__json_add_number(json, "bytes", growth.bytes);
    mig__json_add_number(json, "before_messages", growth.before_messages);
    mig__json_add_number(json, "before_bytes", growth.before_bytes);
    mig__json_end(json);
}

static int totals(mig__json *json, const mig_inventory_result *result, mig_error *err)
{
    mig_inventory_account all;
    if (mig_inventory_total(result, &all, err) != 0) {
        return -1;
    }
    mig__json_begin_member(json, "totals", '{');
    mig__json_add(json, "messages", mig__json_number(all.messages));
    number_if(json, "bytes", all.bytes_known, all.bytes);
    mig__json_add_number(json, "copied_messages", all.copied_messages);
    mig__json_add_number(json, "copied_bytes", all.copied_bytes);
    shares(json, &all);
    forecast(json, &all.forecast);
    growth(json, &all, result->started);
    years(json, &all);
    mig__json_end(json);
    mig_inventory_total_clear(&all);
    return 0;
}

static void account(mig__json *json, const mig_inventory_account *value, bool content, int64_t now)
{
    const mig_inventory_side *target = &value->sides[MIG_TARGET];
    mig__json_begin(json, '{');
    side(json, "source", &value->sides[MIG_SOURCE]);
    if (target->label != NULL) {
        side(json, "target", target);
    } else {
        mig__json_add(json, "target", json_null());
    }
    mig__json_add(json, "status", mig__json_string(mig_status_name(value->status)));
    mig__json_add(json, "error", mig__json_error(&value->error));
    mig__json_add_text(json, "fits", mig_fits_name(value->fits));
    mig__json_add_optional(json, "selected", value->selected);
    mig__json_add_number(json, "messages", value->messages);
    number_if(json, "bytes", value->bytes_known, value->bytes);
    mig__json_add_number(json, "copied_messages", value->copied_messages);
    mig__json_add_number(json, "copied_bytes", value->copied_bytes);
    shares(json, value);
    forecast(json, &value->forecast);
    mig__json_add(json, "seconds", json_real(value->seconds));
    mig__json_begin_member(json, "folders", '[');
    for (size_t i = 0; i < value->folder_count && !json->refused; i++) {
        folder(json, &value->folders[i], content, value->shown);
    }
    mig__json_end(json);
    years(json, value);
    growth(json, value, now);
    obstacles(json, value);
    scans(json, value);
    mig__json_end(json);
}

int mig_report_inventory_json(const mig_inventory_result *result, mig_sink_fn *sink, void *context, mig_error *err)
{
    static const char *const depths[] = {"check", "quick", "full", "content"};
    mig__json json = {.sink = sink, .context = context};
    mig__json_document(&json, "mailmigrate.inventory/1");
    mig__json_add(&json, "status", mig__json_string(mig_status_name(result->status)));
    mig__json_add(&json, "exit", json_integer(result->exit_status));
    mig__json_add_text(&json, "depth", depths[result->depth]);
    moment(&json, "started", result->started != 0, result->started);
    mig__json_add(&json, "seconds", json_real(result->seconds));
    mig__json_add_number(&json, "round_trips", result->round_trips);
    mig__json_add_number(&json, "bytes_in", result->bytes_in);
    mig__json_add_number(&json, "bytes_out", result->bytes_out);
    mig__json_begin_member(&json, "accounts", '[');
    for (size_t i = 0; i < result->account_count && !json.refused; i++) {
        account(&json, &result->accounts[i], result->depth == MIG_INVENTORY_CONTENT, result->started);
    }
    mig__json_end(&json);
    if (totals(&json, result, err) != 0) {
        return -1;
    }
    mig__json_end(&json);
    return mig__json_finish(&json, err);
}
