#include "copy/pace.h"
#include "base/clock.h"
#include <stdio.h>
#include <string.h>
#include <time.h>

enum { DAY = 86400 };

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

int mig__pace_init(mig__pace *pace, uint64_t rate, uint64_t daily, uint64_t sent_today, const char *until,
                   mig_error *err)
{
    *pace = (mig__pace){.rate = rate,
                        .daily = daily,
                        .day = mig__wall_seconds() / DAY,
                        .sent_today = sent_today,
                        .tokens = (double)rate,
                        .filled_at = mig__now_seconds()};
    return until == NULL ? 0 : until_moment(until, &pace->until, err);
}

int64_t mig__pace_take(mig__pace *pace, uint64_t octets, uint64_t counted)
{
    int64_t day = mig__wall_seconds() / DAY;
    if (day != pace->day) {
        pace->day = day;
        pace->sent_today = 0;
    }
    if (pace->rate > 0) {
        double now = mig__now_seconds();
        double most = (double)pace->rate; /* a second's worth may gather */
        pace->tokens += (now - pace->filled_at) * (double)pace->rate;
        pace->filled_at = now;
        if (pace->tokens > most) {
            pace->tokens = most;
        }
        if (pace->tokens <= 0) {
            return (int64_t)(-pace->tokens / (double)pace->rate * 1000) + 1;
        }
        pace->tokens -= (double)octets; /* may go below zero: a message is never cut, the next one waits for it */
    }
    pace->sent_today += counted;
    return 0;
}

const char *mig__pace_over(const mig__pace *pace)
{
    if (pace->until > 0 && mig__wall_seconds() >= pace->until) {
        return "the time given by --until has come";
    }
    if (pace->daily > 0 && pace->sent_today >= pace->daily && mig__wall_seconds() / DAY == pace->day) {
        return "the amount given by --daily-limit is used up for today";
    }
    return NULL;
}
