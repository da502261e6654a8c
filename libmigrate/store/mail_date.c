/*
 * store/mail_date.c - dates as From_ lines and Date: headers have them (asctime; RFC 5322 section 3.3; RFC 4155)
 */
#include "base/clock.h"
#include "store/mbox_scan.h"
#include <string.h>
#include <strings.h>

enum { TOKENS_MOST = 24, TOKEN_MOST = 32 };

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

/* Minutes east of UTC. */
static bool zone_of(token word, int *minutes)
{
    static const struct {
        const char *name;
        int minutes;
    } zones[] = {{"UTC", 0},    {"GMT", 0},    {"UT", 0},     {"Z", 0},      {"EST", -300}, {"EDT", -240},
                 {"CST", -360}, {"CDT", -300}, {"MST", -420}, {"MDT", -360}, {"PST", -480}, {"PDT", -420},
                 {"CET", 60},   {"CEST", 120}, {"MET", 60},   {"MEST", 120}, {"WET", 0},    {"WEST", 60}};
    if (word.length == 5 && (word.at[0] == '+' || word.at[0] == '-')) {
        int value = number((token){word.at + 1, 4}, 4, 4);
        *minutes = (value / 100 * 60 + value % 100) * (word.at[0] == '-' ? -1 : 1);
        return value >= 0 && value % 100 < 60 && value / 100 < 24;
    }
    for (size_t i = 0; i < sizeof zones / sizeof *zones; i++) {
        if (is(word, zones[i].name)) {
            *minutes = zones[i].minutes;
            return true;
        }
    }
    return false;
}

/* Two digits are RFC 5322's obsolete form: 50 to 99 are the last century's. */
static int year_of(token word)
{
    int year = number(word, 2, 4);
    return word.length == 3 || (word.length == 2 && year < 0) ? -1
           : word.length == 2                                 ? (year < 50 ? 2000 + year : 1900 + year)
                                                              : year;
}

/* "(CEST)", "DST", "AKST": says nothing that counts. */
static bool is_aside(token word)
{
    for (size_t i = 0; i < word.length; i++) {
        if (word.at[0] != '(' && (word.at[i] < 'A' || word.at[i] > 'Z')) {
            return false;
        }
    }
    return true;
}

/* What stands around the month at `m`: "Jan 1 10:00:00 ... 2001" as asctime has it, or "1 Jan 2001 10:00:00 ...". */
static bool date_at(const token *words, size_t count, size_t m, bool asctime_order, int64_t *utc)
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
        if (zone_of(words[next], &minutes)) {
            zone = minutes;
        } else if (asctime_order && year < 0 && words[next].length == 4) {
            year = year_of(words[next]);
        } else if (!is_aside(words[next])) {
            return false; /* a sentence that a date happens to stand in */
        }
    }
    if (day < 1 || day > 31 || seconds < 0 || year < 1900) {
        return false;
    }
    *utc = mig__days_from_civil(year, month_of(words[m]), day) * 86400 + seconds - (int64_t)zone * 60;
    return true;
}

bool mig__mail_date(const char *text, size_t length, int64_t *utc)
{
    token words[TOKENS_MOST];
    size_t count = split(text, length, words);
    for (size_t m = count; m-- > 0;) {
        if (month_of(words[m]) != 0 && (date_at(words, count, m, true, utc) || date_at(words, count, m, false, utc))) {
            return true;
        }
    }
    return false;
}
