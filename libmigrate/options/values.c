/* options/values.c - what options take, as text */
#include "options/values.h"
#include <migrate/run.h>
#include <string.h>

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* The digits at the start of `text`; returns what follows, or NULL without digits or on overflow. */
static const char *digits(const char *text, uint64_t *out)
{
    uint64_t value = 0;
    const char *at = text;
    for (; is_digit(*at); at++) {
        uint64_t digit = (uint64_t)(*at - '0');
        if (value > (UINT64_MAX - digit) / 10) {
            return NULL;
        }
        value = value * 10 + digit;
    }
    *out = value;
    return at == text ? NULL : at;
}

bool mig__parse_size(const char *text, uint64_t *out)
{
    static const char units[] = "KkMmGgTt";
    uint64_t value = 0;
    const char *rest = digits(text, &value);
    if (!rest || value == 0) {
        return false;
    }
    unsigned shift = 0;
    if (*rest != '\0') {
        const char *unit = strchr(units, *rest);
        if (!unit || rest[1] != '\0') {
            return false;
        }
        shift = 10 * (unsigned)((unit - units) / 2 + 1);
    }
    if (value > UINT64_MAX >> shift) {
        return false;
    }
    *out = value << shift;
    return true;
}

bool mig__parse_number(const char *text, int least, int most, int *out)
{
    uint64_t value = 0;
    const char *rest = digits(text, &value);
    if (!rest || *rest != '\0' || value > (uint64_t)most || (int)value < least) {
        return false;
    }
    *out = (int)value;
    return true;
}

bool mig__parse_percent(const char *text, double *out)
{
    uint64_t whole = 0, parts = 0;
    double value, scale = 1;
    const char *rest = digits(text, &whole);
    if (!rest || whole >= 100) {
        return false;
    }
    value = (double)whole;
    if (*rest == '.') {
        const char *point = rest;
        rest = digits(point + 1, &parts);
        if (!rest || rest - point > 7) {
            return false;
        }
        for (const char *at = point + 1; at < rest; at++) {
            scale *= 10;
        }
        value += (double)parts / scale;
    }
    if (*rest == '%') {
        rest++;
    }
    *out = value;
    return *rest == '\0' && value > 0;
}

bool mig__parse_seed(const char *text, uint64_t *out)
{
    const char *rest = digits(text, out);
    return rest && *rest == '\0' && *out <= UINT32_MAX;
}

/* Exactly `count` digits at `text`. */
static bool fixed(const char *text, size_t count, int *out)
{
    *out = 0;
    for (size_t i = 0; i < count; i++) {
        if (!is_digit(text[i])) {
            return false;
        }
        *out = *out * 10 + (text[i] - '0');
    }
    return true;
}

bool mig__parse_date(const char *text)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int year = 0, month = 0, day = 0;
    if (strlen(text) != 10 || text[4] != '-' || text[7] != '-' || !fixed(text, 4, &year) ||
        !fixed(text + 5, 2, &month) || !fixed(text + 8, 2, &day) || year < 1 || month < 1 || month > 12) {
        return false;
    }
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return day >= 1 && day <= days[month - 1] + (month == 2 && leap ? 1 : 0);
}

bool mig__parse_time(const char *text)
{
    int hour = 0, minute = 0;
    return strlen(text) == 5 && text[2] == ':' && fixed(text, 2, &hour) && fixed(text + 3, 2, &minute) && hour < 24 &&
           minute < 60;
}

bool mig__parse_choice(const char *text, const char *const *choices, int *out)
{
    for (int i = 0; choices[i]; i++) {
        if (strcmp(choices[i], text) == 0) {
            *out = i;
            return true;
        }
    }
    return false;
}

bool mig__parse_steps(const char *text, unsigned *out)
{
    static const unsigned all[] = {MIG_STEP_CHECK, MIG_STEP_INVENTORY, MIG_STEP_COPY,  MIG_STEP_VERIFY,
                                   MIG_STEP_MEND,  MIG_STEP_FILTERS,   MIG_STEP_DOMAIN};
    *out = 0;
    while (true) {
        size_t length = strcspn(text, ",");
        unsigned step = 0;
        for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
            const char *name = mig_step_name(all[i]);
            if (strlen(name) == length && strncmp(name, text, length) == 0) {
                step = all[i];
            }
        }
        if (step == 0) {
            return false;
        }
        *out |= step;
        if (text[length] == '\0') {
            return true;
        }
        text += length + 1;
    }
}
