/*
 * mail/date.c - dates as From_ lines, Date: headers and careless servers have them (asctime; RFC 5322 section 3.3;
 * RFC 4155)
 */
#include "mail/date.h"
#include <string.h>
#include <strings.h>

enum { TOKENS_MOST = 24, TOKEN_MOST = 32 };

enum { TEXT_MOST = 128, FIELD_MOST = 1024 };

typedef struct token {
    const char *at;
    size_t length;
} token;

static bool is(token word, const char *text)
{
    return word.length == strlen(text) && strncasecmp(word.at, text, word.length) == 0;
}

/* Of a long line only the last tokens count: a sender may have blanks in it. */
static size_t split(const char *text, size_t length, token *out)
{
    size_t count = 0;
    for (size_t i = 0; i < length;) {
        size_t end = i;
        while (end < length && strchr(" \t\r\n,", text[end]) == NULL) {
            end++;
        }
        if (end > i) {
            if (count == TOKENS_MOST) {
                memmove(out, out + 1, (TOKENS_MOST - 1) * sizeof *out);
                count--;
            }
            out[count++] = (token){text + i, end - i};
        }
        i = end + 1;
    }
    return count;
}

/* A number of so many digits; -1: something else. */
static int number(token word, size_t least, size_t most)
{
    int value = 0;
    if (word.length < least || word.length > most) {
        return -1;
    }
    for (size_t i = 0; i < word.length; i++) {
        if (word.at[i] < '0' || word.at[i] > '9') {
            return -1;
        }
        value = value * 10 + (word.at[i] - '0');
    }
    return value;
}

static int month_of(token word)
{
    static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    for (int i = 0; i < 12; i++) {
        if (is(word, months[i])) {
            return i + 1;
        }
    }
    return 0;
}

/* "10:00:00" or "10:00" as seconds; -1: no time. A leap second is the last one of its minute. */
static int time_of(token word)
{
    int parts[3] = {0, 0, 0};
    size_t from = 0, count = 0;
    for (size_t i = 0; i <= word.length; i++) {
        if (i == word.length || word.at[i] == ':') {
            if (count == 3 || (parts[count++] = number((token){word.at + from, i - from}, 1, 2)) < 0) {
                return -1;
            }
            from = i + 1;
        }
    }
    if (count < 2 || parts[0] > 23 || parts[1] > 59 || parts[2] > 60) {
        return -1;
    }
    return parts[0] * 3600 + parts[1] * 60 + (parts[2] > 59 ? 59 : parts[2]);
}

static bool letter(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

/* "+0100", "+01:00", "+1" as minutes. */
static bool offset_of(token word, int *minutes)
{
    if (word.length < 2 || (word.at[0] != '+' && word.at[0] != '-')) {
        return false;
    }
    const char *colon = memchr(word.at, ':', word.length);
    size_t digits = (colon != NULL ? (size_t)(colon - word.at) : word.length) - 1;
    int hours = number((token){word.at + 1, digits}, 1, colon != NULL ? 2 : 4), rest = 0;
    if (colon != NULL) {
        rest = number((token){colon + 1, word.length - digits - 2}, 2, 2);
    } else if (digits == 3 || (digits > 2 && digits != 4)) {
        return false;
    } else if (digits == 4) {
        rest = hours % 100;
        hours /= 100;
    }
    *minutes = (hours * 60 + rest) * (word.at[0] == '-' ? -1 : 1);
    return hours >= 0 && hours < 24 && rest >= 0 && rest < 60;
}

/* Minutes east of UTC. */
static bool zone_of(token word, int *minutes)
{
    static const struct {
        const char *name;
        int minutes;
    } zones[] = {{"UTC", 0},    {"GMT", 0},    {"UT", 0},     {"Z", 0},      {"EST", -300}, {"EDT", -240},
                 {"CST", -360}, {"CDT", -300}, {"MST", -420}, {"MDT", -360}, {"PST", -480}, {"PDT", -420},
                 {"CET", 60},   {"CEST", 120}, {"MET", 60},   {"MEST", 120}, {"WET", 0},    {"WEST", 60}};
    if (word.length > 4 && (strncasecmp(word.at, "GMT", 3) == 0 || strncasecmp(word.at, "UTC", 3) == 0)) {
        return offset_of((token){word.at + 3, word.length - 3}, minutes); /* as Java writes it */
    }
    if (offset_of(word, minutes)) {
        return true;
    }
    for (size_t i = 0; i < sizeof zones / sizeof *zones; i++) {
        if (is(word, zones[i].name)) {
            *minutes = zones[i].minutes;
            return true;
        }
    }
    return false;
}

/* An hour more, where the zone's name says that it has no summer in it yet. */
static int summer(token zone)
{
    static const char *const winters[] = {"MET", "CET", "WET", "EST", "CST", "MST", "PST"};
    for (size_t i = 0; i < sizeof winters / sizeof *winters; i++) {
        if (is(zone, winters[i])) {
            return 60;
        }
    }
    return 0;
}

/* Two digits are RFC 5322's obsolete form: 50 to 99 are the last century's. */
static int year_of(token word)
{
    int year = number(word, 2, 4);
    return word.length == 3 || (word.length == 2 && year < 0) ? -1
           : word.length == 2                                 ? (year < 50 ? 2000 + year : 1900 + year)
                                                              : year;
}

/* "(CEST)", "AKST", "Europe/Berlin": says nothing that counts. */
static bool is_aside(token word)
{
    const char *slash = memchr(word.at, '/', word.length);
    bool place = slash != NULL && slash > word.at && word.at[0] >= 'A' && word.at[0] <= 'Z';
    for (size_t i = 0; place && i < word.length; i++) {
        place = (word.at[i] >= 'A' && word.at[i] <= 'Z') || (word.at[i] >= 'a' && word.at[i] <= 'z') ||
                strchr("/_-", word.at[i]) != NULL;
    }
    if (place) {
        return true;
    }
    for (size_t i = 0; i < word.length; i++) {
        if (word.at[0] != '(' && (word.at[i] < 'A' || word.at[i] > 'Z')) {
            return false;
        }
    }
    return true;
}

typedef struct found_date {
    int year, month, day, seconds, zone; /* seconds of the day, minutes east of UTC */
} found_date;

static mig__datetime moment_of(const found_date *date)
{
    int64_t days = mig__days_from_civil(date->year, date->month, date->day);
    return (mig__datetime){days * 86400 + date->seconds - (int64_t)date->zone * 60, (int16_t)date->zone, true};
}

/* What stands around the month at `m`: "Jan 1 10:00:00 ... 2001" as asctime has it, or "1 Jan 2001 10:00:00 ...". */
static bool date_at(const token *words, size_t count, size_t m, bool asctime_order, found_date *out)
{
    int year = -1, seconds = -1, zone = 0, day = -1;
    size_t next = m + 2;
    if (asctime_order) {
        day = m + 1 < count ? number(words[m + 1], 1, 2) : -1;
    } else {
        day = m > 0 ? number(words[m - 1], 1, 2) : -1;
        year = m + 1 < count ? year_of(words[m + 1]) : -1;
    }
    if (next < count) {
        seconds = time_of(words[next++]);
    }
    for (; next < count; next++) {
        int minutes;
        bool last = next + 1 == count || is_aside(words[next + 1]);
        if (zone_of(words[next], &minutes)) {
            zone = minutes;
        } else if (is(words[next], "DST")) {
            zone += summer(words[next - 1]); /* "MET DST" */
        } else if (asctime_order && year < 0 && (words[next].length == 4 || (words[next].length == 2 && last))) {
            year = year_of(words[next]);
        } else if (!is_aside(words[next])) {
            return false; /* a sentence that a date happens to stand in */
        }
    }
    if (day < 1 || day > 31 || seconds < 0 || year < 1900) {
        return false;
    }
    *out = (found_date){year, month_of(words[m]), day, seconds, zone};
    return true;
}

/* "2005-05-03" */
static bool day_of(token word, found_date *out)
{
    if (word.length != 10 || word.at[4] != '-' || word.at[7] != '-') {
        return false;
    }
    out->year = number((token){word.at, 4}, 4, 4);
    out->month = number((token){word.at + 5, 2}, 2, 2);
    out->day = number((token){word.at + 8, 2}, 2, 2);
    return out->year >= 1900 && out->month >= 1 && out->month <= 12 && out->day >= 1 && out->day <= 31;
}

/* ISO 8601: "2005-05-03T12:00:00Z", "2005-05-03 12:00:00 +0200", a fraction of a second; behind a sender at most. */
static bool iso_date(const token *words, size_t count, found_date *out)
{
    for (size_t i = 0; i < count && i < 3; i++) {
        token day = words[i], time = i + 1 < count ? words[i + 1] : (token){"", 0};
        size_t next = i + 2;
        int zone = 0;
        if (day.length > 11 && (day.at[10] == 'T' || day.at[10] == 't')) {
            time = (token){day.at + 11, day.length - 11};
            day.length = 10;
            next = i + 1;
        }
        if (!day_of(day, out)) {
            continue;
        }
        size_t clock = 0;
        while (clock < time.length && ((time.at[clock] >= '0' && time.at[clock] <= '9') || time.at[clock] == ':')) {
            clock++;
        }
        int seconds = time_of((token){time.at, clock});
        while (clock < time.length && (time.at[clock] == '.' || (time.at[clock] >= '0' && time.at[clock] <= '9'))) {
            clock++; /* a fraction */
        }
        if (clock < time.length) {
            seconds = zone_of((token){time.at + clock, time.length - clock}, &zone) ? seconds : -1;
        } else if (next < count && zone_of(words[next], &zone)) {
            next++;
        }
        if (seconds < 0 || (next < count && !is_aside(words[next]))) {
            return false;
        }
        out->seconds = seconds;
        out->zone = zone;
        return true;
    }
    return false;
}

static bool find_date(const char *text, size_t length, found_date *out)
{
    token words[TOKENS_MOST];
    size_t count = split(text, length, words);
    if (count > 3 && is(words[count - 3], "remote") && is(words[count - 2], "from")) {
        count -= 3; /* UUCP's note of the neighbour that it came from */
    }
    for (size_t m = count; m-- > 0;) {
        if (month_of(words[m]) != 0 && (date_at(words, count, m, true, out) || date_at(words, count, m, false, out))) {
            return true;
        }
    }
    return iso_date(words, count, out);
}

bool mig__mail_date(const char *text, size_t length, int64_t *utc)
{
    found_date date;
    bool found = find_date(text, length, &date);
    *utc = found ? moment_of(&date).utc : *utc;
    return found;
}

bool mig__mail_moment(const char *text, size_t length, mig__datetime *out)
{
    found_date date;
    *out = (mig__datetime){0, 0, false};
    if (!find_date(text, length, &date)) {
        return false;
    }
    bool december = date.month == 12;
    int64_t days = mig__days_from_civil(date.year, date.month, date.day);
    if (days >= mig__days_from_civil(december ? date.year + 1 : date.year, december ? 1 : date.month + 1, 1)) {
        return false; /* 31 February */
    }
    *out = moment_of(&date);
    out->valid = out->utc >= 0;
    return out->valid;
}

bool mig__internaldate_read(const char *text, size_t length, mig__datetime *out)
{
    char words[TEXT_MOST + 1];
    *out = (mig__datetime){0, 0, false};
    if (length > TEXT_MOST) {
        return false;
    }
    memcpy(words, text, length);
    words[length] = '\0';
    if (mig__datetime_parse(words, out)) {
        out->valid = out->utc >= 0 && out->zone_minutes < 1440 && out->zone_minutes > -1440;
        return out->valid;
    }
    for (size_t i = 1; i + 1 < length; i++) { /* "17-Jul-1996": the hyphens on both sides of a month */
        if (words[i] == '-' && (letter(words[i - 1]) || letter(words[i + 1]))) {
            words[i] = ' ';
        }
    }
    return mig__mail_moment(words, length, out);
}

bool mig__mail_own_date(const char *octets, size_t length, mig__datetime *out)
{
    *out = (mig__datetime){0, 0, false};
    while (length > 0 && *octets != '\n' && *octets != '\r') {
        size_t used = 0;
        do { /* a field with the lines that continue it */
            const char *end = memchr(octets + used, '\n', length - used);
            used = end == NULL ? length : (size_t)(end - octets) + 1;
        } while (used < length && (octets[used] == ' ' || octets[used] == '\t'));
        if (used > 5 && used < FIELD_MOST && strncasecmp(octets, "Date:", 5) == 0) {
            return mig__mail_moment(octets + 5, used - 5, out);
        }
        octets += used;
        length -= used;
    }
    return false;
}
