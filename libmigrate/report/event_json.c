/* One line of a log as JSON. */
#include <migrate/report.h>

#include "base/buffer.h"
#include "report/json.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

static const char *const level_names[] = {[MIG_LOG_ERROR] = "error",
                                          [MIG_LOG_WARNING] = "warning",
                                          [MIG_LOG_INFO] = "info",
                                          [MIG_LOG_DEBUG] = "debug",
                                          [MIG_LOG_TRACE] = "trace"};

/* ISO 8601 in UTC with milliseconds. */
static json_t *moment(int64_t time_ms)
{
    time_t seconds = (time_t)(time_ms / 1000);
    struct tm utc;
    char day[32];
    char text[48];
    if (!gmtime_r(&seconds, &utc) || strftime(day, sizeof day, "%Y-%m-%dT%H:%M:%S", &utc) == 0) {
        return NULL;
    }
    snprintf(text, sizeof text, "%s.%03dZ", day, (int)(time_ms % 1000));
    return json_string(text);
}

static int add(json_t *object, const char *key, json_t *value)
{
    return json_object_set_new(object, key, value);
}

static int fill(json_t *object, const mig_log_event *event, int64_t time_ms)
{
    if (add(object, "time", moment(time_ms)) != 0 ||
        add(object, "level", json_string(level_names[event->level])) != 0) {
        return -1;
    }
    if (event->account && add(object, "account", mig__json_string(event->account)) != 0) {
        return -1;
    }
    if (event->folder && add(object, "folder", mig__json_string(event->folder)) != 0) {
        return -1;
    }
    if (event->uid > 0 && add(object, "uid", mig__json_number(event->uid)) != 0) {
        return -1;
    }
    if (event->code && add(object, "code", mig__json_string(event->code)) != 0) {
        return -1;
    }
    return add(object, "text", mig__json_string(event->text));
}

static int gather(const char *text, size_t length, void *context)
{
    mig__buffer_add(context, text, length);
    return 0;
}

int mig_report_event_json(const mig_log_event *event, int64_t time_ms, mig_sink_fn *sink, void *context, mig_error *err)
{
    int result = -1;
    mig__buffer line = MIG__BUFFER_INIT;
    mig__json json = {.sink = gather, .context = &line};
    json_t *object = json_object();
    if (!object || fill(object, event, time_ms) != 0) {
        mig_error_set(err, MIG_E_NOMEM, "out of memory while writing a log line");
        json_decref(object);
        goto cleanup;
    }
    mig__json_item(&json, object);
    mig__buffer_add_char(&line, '\n');
    if (mig__json_finish(&json, err) != 0 || mig__buffer_ok(&line, err) != 0) {
        goto cleanup;
    }
    if (sink(line.data, line.length, context) != 0) {
        mig_error_set(err, MIG_E_IO, "the log line could not be written");
        goto cleanup;
    }
    result = 0;
cleanup:
    mig__buffer_free(&line);
    return result;
}
