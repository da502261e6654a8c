/* copy/pace.c - how fast and until when: --max-rate, --daily-limit, --until */
#include "copy/pace.h"
#include "base/clock.h"
#include <stdio.h>
#include <string.h>
#include <time.h>

enum { DAY = 86400, PIECE_LEAST = 512, PIECE_MOST = 64 * 1024 };

static int until_moment(const char *text, int64_t *out, mig_error *err)
{
    int hour, minute;
    char end;
    if (strlen(text) > 5 || sscanf(text, "%2d:%2d%c", &hour, &minute, &end) != 2 || hour < 0 || hour > 23 ||
        minute < 0 || minute > 59) {
        return mig_error_set(err, MIG_E_USAGE, "'%s' is not a time of day: write HH:MM, as in 06:00", text);
    }
    time_t now = time(NULL);
    struct tm local;
    if (localtime_r(&now, &local) == NULL) {
        return mig_error_set(err, MIG_E_INTERNAL, "the local time is not known");
    }
    local.tm_hour = hour;
    local.tm_min = minute;
    local.tm_sec = 0;
    local.tm_isdst = -1;
    time_t moment = mktime(&local);
    if (moment <= now) {
        local.tm_mday++;
        local.tm_isdst = -1;
        moment = mktime(&local);
    }
    *out = (int64_t)moment;
    return 0;
}

/* What may gather: long enough that the pauses between pieces are no busy loop, too little to be seen. */
static double burst_of(const mig__bucket *bucket)
{
    return (double)bucket->rate / 10;
}

void mig__bucket_init(mig__bucket *bucket, uint64_t rate)
{
    *bucket = (mig__bucket){.rate = rate, .filled_at = mig__now_seconds()};
    bucket->tokens = burst_of(bucket);
}

size_t mig__bucket_piece(const mig__bucket *bucket)
{
    uint64_t piece = bucket->rate / 10;
    return bucket->rate == 0 ? SIZE_MAX : piece < PIECE_LEAST ? PIECE_LEAST : piece < PIECE_MOST ? piece : PIECE_MOST;
}

int64_t mig__bucket_take(mig__bucket *bucket, uint64_t octets, double now)
{
    if (bucket->rate == 0) {
        return 0;
    }
    double burst = burst_of(bucket);
    bucket->tokens += (now - bucket->filled_at) * (double)bucket->rate;
    bucket->filled_at = now;
    if (bucket->tokens > burst) {
        bucket->tokens = burst;
    }
    if (bucket->tokens <= 0) {
        return (int64_t)(-bucket->tokens / (double)bucket->rate * 1000) + 1;
    }
    bucket->tokens -= (double)octets; /* may go below zero: the next piece waits for it */
    return 0;
}

int mig__pace_init(mig__pace *pace, uint64_t rate, uint64_t daily, uint64_t sent_today, const char *until,
                   mig_error *err)
{
    *pace = (mig__pace){.daily = daily, .day = mig__wall_seconds() / DAY, .sent_today = sent_today};
    mig__bucket_init(&pace->out, rate);
    mig__bucket_init(&pace->in, rate);
    return until == NULL ? 0 : until_moment(until, &pace->until, err);
}

uint64_t mig__pace_left(const mig__pace *pace)
{
    bool today = mig__wall_seconds() / DAY == pace->day;
    uint64_t sent = today ? pace->sent_today : 0;
    return pace->daily == 0 ? UINT64_MAX : sent < pace->daily ? pace->daily - sent : 0;
}

bool mig__pace_day(mig__pace *pace, uint64_t counted)
{
    int64_t day = mig__wall_seconds() / DAY;
    if (day != pace->day) {
        pace->day = day;
        pace->sent_today = 0;
        pace->spent = false;
    }
    if (counted > mig__pace_left(pace) && pace->sent_today > 0) {
        pace->spent = true;
        return false;
    }
    pace->sent_today += counted;
    return true;
}

mig_stopped mig__pace_over(const mig__pace *pace)
{
    if (pace->until > 0 && mig__wall_seconds() >= pace->until) {
        return MIG_STOPPED_TIME;
    }
    bool used_up = pace->spent || pace->sent_today >= pace->daily;
    if (pace->daily > 0 && used_up && mig__wall_seconds() / DAY == pace->day) {
        return MIG_STOPPED_DAILY;
    }
    return MIG_STOPPED_NOT;
}
