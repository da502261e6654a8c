/* base/clock.c - time: monotonic for deadlines, wall clock for records only */
#include "base/clock.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>

static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

int64_t mig__now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

double mig__now_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

int64_t mig__wall_seconds(void)
{
    return (int64_t)time(NULL);
}

void mig__sleep_ms(int64_t ms)
{
    if (ms <= 0) {
        return;
    }
    struct timespec left = {(time_t)(ms / 1000), (long)(ms % 1000) * 1000000L};
    while (nanosleep(&left, &left) != 0 && errno == EINTR) {
    }
}

void mig__cond_init(pthread_cond_t *cond)
{
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(cond, &monotonic);
    pthread_condattr_destroy(&monotonic);
}

bool mig__cond_wait_ms(pthread_cond_t *cond, pthread_mutex_t *lock, int64_t ms)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    int64_t nanoseconds = until.tv_nsec + ms % 1000 * 1000000;
    until.tv_sec += (time_t)(ms / 1000 + nanoseconds / 1000000000);
    until.tv_nsec = (long)(nanoseconds % 1000000000);
    return pthread_cond_timedwait(cond, lock, &until) == 0;
}

/* Counts from 1 March so that the leap day is the last of its year; eras of 400 years have 146,097 days. */
int64_t mig__days_from_civil(int year, int month, int day)
{
    int64_t y = month <= 2 ? (int64_t)year - 1 : year;
    int64_t era = (y >= 0 ? y : y - 399) / 400;
    int64_t year_of_era = y - era * 400;
    int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719468;
}

static void civil_from_days(int64_t days, int *year, int *month, int *day)
{
    days += 719468;
    int64_t era = (days >= 0 ? days : days - 146096) / 146097;
    int64_t day_of_era = days - era * 146097;
    int64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t shifted = (5 * day_of_year + 2) / 153;
    *day = (int)(day_of_year - (153 * shifted + 2) / 5 + 1);
    *month = (int)(shifted < 10 ? shifted + 3 : shifted - 9);
    *year = (int)(year_of_era + era * 400 + (*month <= 2 ? 1 : 0));
}

static int days_in_month(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return month == 2 && leap ? 29 : days[month - 1];
}

/* Exactly `count` digits. */
static bool digits(const char *text, int count, int *out)
{
    int value = 0;
    for (int i = 0; i < count; i++) {
        if (text[i] < '0' || text[i] > '9') {
            return false;
        }
        value = value * 10 + (text[i] - '0');
    }
    *out = value;
    return true;
}

static int month_by_name(const char *text)
{
    for (int i = 0; i < 12; i++) {
        if (strncasecmp(text, months[i], 3) == 0) {
            return i + 1;
        }
    }
    return 0;
}

bool mig__datetime_parse(const char *text, mig__datetime *out)
{
    *out = (mig__datetime){0, 0, false};
    char padded[27];
    size_t length = strlen(text);
    if (length == 25) { /* a day without padding */
        padded[0] = '0';
        memcpy(padded + 1, text, 26);
    } else if (length == 26) {
        memcpy(padded, text, 27);
    } else {
        return false;
    }
    if (padded[0] == ' ') {
        padded[0] = '0';
    }
    int day, year, hour, minute, second, zone_hour, zone_minute;
    int month = month_by_name(padded + 3);
    if (!digits(padded, 2, &day) || padded[2] != '-' || month == 0 || padded[6] != '-' ||
        !digits(padded + 7, 4, &year) || padded[11] != ' ' || !digits(padded + 12, 2, &hour) || padded[14] != ':' ||
        !digits(padded + 15, 2, &minute) || padded[17] != ':' || !digits(padded + 18, 2, &second) ||
        padded[20] != ' ' || (padded[21] != '+' && padded[21] != '-') || !digits(padded + 22, 2, &zone_hour) ||
        !digits(padded + 24, 2, &zone_minute)) {
        return false;
    }
    if (day < 1 || day > days_in_month(year, month) || hour > 23 || minute > 59 || second > 60 || zone_minute > 59) {
        return false;
    }
    int zone = (zone_hour * 60 + zone_minute) * (padded[21] == '-' ? -1 : 1);
    out->utc = mig__days_from_civil(year, month, day) * 86400 + hour * 3600 + minute * 60 + second - zone * 60;
    out->zone_minutes = (int16_t)zone;
    out->valid = true;
    return true;
}

char *mig__datetime_format(const mig__datetime *moment, char *out)
{
    int64_t local = moment->utc + (int64_t)moment->zone_minutes * 60;
    int64_t days = local >= 0 ? local / 86400 : -((86399 - local) / 86400);
    int rest = (int)(local - days * 86400);
    int year, month, day;
    civil_from_days(days, &year, &month, &day);
    if (year < 0 || year > 9999) { /* the form has four digits; nothing that was parsed from it gets here */
        year = year < 0 ? 0 : 9999;
    }
    int zone = moment->zone_minutes < 0 ? -moment->zone_minutes : moment->zone_minutes;
    char text[64];
    snprintf(text, sizeof text, "%02d-%s-%04d %02d:%02d:%02d %c%02d%02d", day, months[month - 1], year, rest / 3600,
             rest / 60 % 60, rest % 60, moment->zone_minutes < 0 ? '-' : '+', zone / 60 % 100, zone % 60);
    memcpy(out, text, 27);
    out[26] = '\0';
    return out;
}

bool mig__date_parse(const char *text, int *year, int *month, int *day)
{
    return strlen(text) == 10 && digits(text, 4, year) && text[4] == '-' && digits(text + 5, 2, month) &&
           text[7] == '-' && digits(text + 8, 2, day) && *month >= 1 && *month <= 12 && *day >= 1 &&
           *day <= days_in_month(*year, *month);
}
