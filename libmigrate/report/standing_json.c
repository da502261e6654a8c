/* report/standing_json.c - how accounts stand, as JSON: docs/schemas/status-1.json */
#include "report/json.h"
#include "report/verify_common.h"
#include <migrate/run_report.h>

static json_t *moment(int64_t seconds)
{
    char text[MIG__ISO_SIZE];
    return seconds > 0 ? json_string(mig__iso_time(seconds, true, text)) : json_null();
}

static json_t *speed(bool known, double value)
{
    return known ? json_real(value) : json_null();
}

static json_t *account_object(const mig_standing_account *account, int64_t now)
{
    const mig_standing_pace pace = mig_standing_pace_of(account, now);
    return json_pack("{s:o, s:o, s:o, s:s, s:o, s:o, s:o, s:I, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}",
                     "source", mig__json_string(account->source), "target", mig__json_string(account->target),
                     "state_file", mig__json_string(account->path), "standing", mig_standing_name(account->standing),
                     "verb", mig__json_string(account->verb), "status", mig__json_string(account->status), "host",
                     mig__json_string(account->host), "pid", (json_int_t)account->pid, "begun", moment(account->begun),
                     "ended", moment(account->ended), "to_copy", mig__json_number(account->to_copy), "done",
                     mig__json_number(account->done), "copied", mig__json_number(account->copied), "bytes",
                     mig__json_number(account->bytes), "failed", mig__json_number(account->failed),
                     "messages_per_second", speed(pace.known, pace.messages_per_second), "bytes_per_second",
                     speed(pace.known, pace.bytes_per_second), "seconds_left", speed(pace.ends, pace.seconds_left),
                     "verified", mig__json_string(account->verified));
}

static json_t *totals_object(const mig_standing_account *accounts, size_t count, int64_t now)
{
    const mig_standing_pace pace = mig_standing_pace_of_all(accounts, count, now);
    json_int_t standings[4] = {0};
    uint64_t to_copy = 0, done = 0, copied = 0, bytes = 0, failed = 0;
    for (size_t i = 0; i < count; i++) {
        const bool running = accounts[i].standing == MIG_STANDING_RUNNING;
        standings[accounts[i].standing]++;
        to_copy += running ? accounts[i].to_copy : 0;
        done += running ? accounts[i].done : 0;
        copied += accounts[i].copied;
        bytes += accounts[i].bytes;
        failed += accounts[i].failed;
    }
    return json_pack("{s:I, s:I, s:I, s:I, s:I, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "accounts", (json_int_t)count,
                     "new", standings[MIG_STANDING_NEW], "running", standings[MIG_STANDING_RUNNING], "ended",
                     standings[MIG_STANDING_ENDED], "killed", standings[MIG_STANDING_KILLED], "to_copy",
                     mig__json_number(to_copy), "done", mig__json_number(done), "copied", mig__json_number(copied),
                     "bytes", mig__json_number(bytes), "failed", mig__json_number(failed), "messages_per_second",
                     speed(pace.known, pace.messages_per_second), "bytes_per_second",
                     speed(pace.known, pace.bytes_per_second), "seconds_left", speed(pace.ends, pace.seconds_left));
}

int mig_report_standing_json(const mig_standing_account *accounts, size_t count, int64_t now, mig_sink_fn *sink,
                             void *context, mig_error *err)
{
    mig__json json = {.sink = sink, .context = context};
    mig__json_document(&json, "mailmigrate.status/1");
    mig__json_add(&json, "at", moment(now));
    mig__json_begin_member(&json, "accounts", '[');
    for (size_t i = 0; i < count && !json.refused; i++) {
        mig__json_item(&json, account_object(&accounts[i], now));
    }
    mig__json_end(&json);
    mig__json_add(&json, "totals", totals_object(accounts, count, now));
    mig__json_end(&json);
    return mig__json_finish(&json, err);
}
