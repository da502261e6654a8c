/* report/measure_json.c - what was measured of a server as JSON: docs/schemas/probe-1.json */
#include "report/json.h"
#include <migrate/measure_report.h>

static json_t *limit(uint64_t number)
{
    return number > 0 ? mig__json_number(number) : json_null();
}

static json_t *text_or_null(const char *text)
{
    return text != NULL ? mig__json_string(text) : json_null();
}

static json_t *rate_object(const mig_measure_rate *rate)
{
    return json_pack("{s:o, s:o, s:f, s:o, s:o, s:o}", "octets", mig__json_number(rate->octets), "messages",
                     mig__json_number(rate->messages), "seconds", rate->seconds, "folder", text_or_null(rate->where),
                     "not_tried", text_or_null(rate->why), "error", mig__json_error(&rate->error));
}

static json_t *quota_object(const mig_quota *quota)
{
    return !quota->known ? json_null()
                         : json_pack("{s:o, s:o, s:o, s:o}", "used", mig__json_number(quota->used), "limit",
                                     limit(quota->limit), "messages_used", mig__json_number(quota->messages_used),
                                     "messages_limit", limit(quota->messages_limit));
}

static json_t *roles_array(const mig_measure_result *r)
{
    json_t *array = json_array();
    for (size_t i = 0; i < r->role_count; i++) {
        json_array_append_new(array, json_pack("{s:s, s:o}", "role", mig_role_name(r->roles[i].role), "folder",
                                               mig__json_string(r->roles[i].folder)));
    }
    return array;
}

static json_t *settings_array(const mig_measure_result *r)
{
    json_t *array = json_array();
    for (size_t i = 0; i < r->setting_count; i++) {
        const mig_measure_setting *one = &r->settings[i];
        json_array_append_new(array, json_pack("{s:s, s:s, s:b, s:o}", "name", one->name, "value", one->value,
                                               "as_target", one->as_target, "why", mig__json_string(one->why)));
    }
    return array;
}

static json_t *profile_object(const mig_measure_result *r)
{
    return r->provider == NULL ? json_null()
                               : json_pack("{s:s, s:s, s:s}", "name", r->provider->name, "title", r->provider->title,
                                           "told_by", r->provider_reason != NULL ? r->provider_reason : "");
}

int mig_report_measure_json(const mig_measure_result *r, mig_sink_fn *sink, void *context, mig_error *err)
{
    mig__json json = {.sink = sink, .context = context};
    const char delimiter[2] = {r->delimiter, '\0'};
    mig__json_document(&json, "mailmigrate.probe/1");
    mig__json_add(&json, "account", mig__json_string(r->label));
    mig__json_add(&json, "exit", json_integer(r->exit_status));
    mig__json_add_flag(&json, "interrupted", r->interrupted);
    mig__json_add_text(&json, "version", MIG_VERSION);
    mig__json_add(&json, "profile", profile_object(r));
    mig__json_add(&json, "id", text_or_null(r->id));
    mig__json_add_text(&json, "capabilities", r->capabilities);
    mig__json_add(&json, "namespaces", text_or_null(r->namespaces));
    mig__json_add_text(&json, "prefix", r->prefix);
    mig__json_add_optional(&json, "delimiter", delimiter);
    mig__json_add_number(&json, "folders", r->folders);
    mig__json_add(&json, "roles", roles_array(r));
    mig__json_add(&json, "quota", quota_object(&r->quota));
    mig__json_add(&json, "append_limit", limit(r->append_limit));
    mig__json_add(&json, "message_limit", limit(r->message_limit));
    mig__json_add(&json, "save_limit", limit(r->save_limit));
    mig__json_add_number(&json, "login_ms", (uint64_t)r->login_ms);
    mig__json_add(&json, "round_trip_ms",
                  json_pack("{s:f, s:f}", "shortest", r->round_trip_ms[0], "middle", r->round_trip_ms[1]));
    mig__json_add(&json, "connections",
                  json_pack("{s:i, s:i, s:o}", "open", r->connections, "tried", r->connections_tried, "error",
                            mig__json_error(&r->connections_error)));
    mig__json_add(&json, "reading", rate_object(&r->fetch));
    mig__json_add(&json, "writing", rate_object(&r->append));
    mig__json_add_flag(&json, "left_behind", r->left_behind);
    mig__json_add(&json, "settings", settings_array(r));
    mig__json_end(&json);
    return mig__json_finish(&json, err);
}
