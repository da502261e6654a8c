/* options/read.c - is this a value that the option takes? Then it goes to its place; else the error says what is taken
 */
#include "base/nearest.h"
#include "options/table.h"
#include "options/values.h"
#include <migrate/provider.h>
#include <migrate/scan.h>
#include <stdio.h>
#include <string.h>

typedef struct reading {
    const mig__option *option;
    const char *name, *value;
    void *out; /* NULL: only checked */
    mig_error *err;
} reading;

static int bad_value(const reading *r, const char *wanted)
{
    return mig_error_set(r->err, MIG_E_USAGE, "%s: \"%s\" is not %s", r->name, r->value, wanted);
}

static void put(const reading *r, const void *value, size_t size)
{
    if (r->out != NULL) {
        memcpy(r->out, value, size);
    }
}

static int put_text(const reading *r, bool good, const char *wanted)
{
    if (!good) {
        return bad_value(r, wanted);
    }
    put(r, &r->value, sizeof r->value);
    return 0;
}

static int put_number(const reading *r, int number)
{
    put(r, &number, sizeof number);
    return 0;
}

static int read_choice(const reading *r)
{
    int choice = 0;
    if (mig__parse_choice(r->value, r->option->choices, &choice)) {
        if (r->option->type == MIG__TYPE_TEXT) {
            return put_text(r, true, NULL);
        }
        return put_number(r, choice + r->option->least);
    }
    char wanted[256] = "one of";
    for (size_t i = 0; r->option->choices[i] != NULL; i++) {
        size_t used = strlen(wanted);
        snprintf(wanted + used, sizeof wanted - used, "%s %s", i > 0 ? "," : "", r->option->choices[i]);
    }
    return bad_value(r, wanted);
}

static int read_number(const reading *r)
{
    char wanted[64];
    int number = 0;
    if (r->option->type == MIG__TYPE_SECONDS) {
        return mig__parse_number(r->value, 1, 86400, &number) ? put_number(r, number * 1000)
                                                              : bad_value(r, "a number of seconds from 1 to 86400");
    }
    bool automatic = r->option->type == MIG__TYPE_AUTO;
    if (automatic && strcmp(r->value, "auto") == 0) {
        return put_number(r, 0);
    }
    snprintf(wanted, sizeof wanted, "%sa number from %d to %d", automatic ? "auto, or " : "", r->option->least,
             r->option->most);
    return mig__parse_number(r->value, r->option->least, r->option->most, &number) ? put_number(r, number)
                                                                                   : bad_value(r, wanted);
}

static int read_amount(const reading *r)
{
    uint64_t amount = 0;
    bool seed = r->option->type == MIG__TYPE_SEED;
    if (!(seed ? mig__parse_seed(r->value, &amount) : mig__parse_size(r->value, &amount))) {
        return bad_value(r, seed ? "a number from 0 to 4294967295"
                                 : "a size: octets, or with K, M, G or T behind the number, as 10M");
    }
    put(r, &amount, sizeof amount);
    return 0;
}

static int read_percent(const reading *r)
{
    double percent = 0;
    if (!mig__parse_percent(r->value, &percent)) {
        bad_value(r, "a share above 0 and below 100 percent, as 5 or 0.5");
        return mig_error_hint(r->err, "leave it out, and every message is read");
    }
    put(r, &percent, sizeof percent);
    return 0;
}

static int read_steps(const reading *r)
{
    unsigned steps = 0;
    if (!mig__parse_steps(r->value, &steps)) {
        return bad_value(r, "a list of check, inventory, copy, verify, mend and domain, joined by commas");
    }
    put(r, &steps, sizeof steps);
    return 0;
}

static int read_provider(const reading *r)
{
    size_t count = 0;
    const char *names[64];
    const mig_provider *all = mig_providers(&count);
    if (mig_provider_find(r->value) != NULL) {
        return put_text(r, true, NULL);
    }
    count = count < sizeof names / sizeof names[0] ? count : sizeof names / sizeof names[0];
    for (size_t i = 0; i < count; i++) {
        names[i] = all[i].name;
    }
    mig_error_set(r->err, MIG_E_USAGE, "%s: nothing is known of a provider \"%s\"", r->name, r->value);
    const char *near = mig__nearest(r->value, names, count);
    return near != NULL ? mig_error_hint(r->err, "did you mean %s?", near)
                        : mig_error_hint(r->err, "leave it out: the host name tells most; the manual lists the names");
}

/* copy, skip, last, or "max-age N", also with '=' or ':' before the number, so that it is one word. */
static int read_junk(const reading *r)
{
    static const char *const words[] = {"copy", "skip", "last", NULL};
    static const char age[] = "max-age";
    int word = 0, days = 0;
    mig_junk_rule rule = {MIG_JUNK_COPY, 0};
    if (mig__parse_choice(r->value, words, &word)) {
        rule.what = (mig_junk)word;
    } else if (strncmp(r->value, age, sizeof age - 1) == 0 && r->value[sizeof age - 1] != '\0' &&
               strchr(" =:", r->value[sizeof age - 1]) != NULL &&
               mig__parse_number(r->value + sizeof age, 1, 36500, &days)) {
        rule = (mig_junk_rule){MIG_JUNK_MAX_AGE, (unsigned)days};
    } else {
        return bad_value(r, "one of copy, skip, last, max-age=DAYS");
    }
    put(r, &rule, sizeof rule);
    return 0;
}

static int read_scanner(const reading *r)
{
    if (mig_scan_check(r->value, r->err) != 0) {
        return mig_error_context(r->err, "%s", r->name);
    }
    return put_text(r, true, NULL);
}

static int read_switch(const reading *r)
{
    static const char *const words[] = {"true", "yes", "on", "false", "no", "off", NULL};
    int word = 0;
    if (!mig__parse_choice(r->value, words, &word)) {
        return mig_error_set(r->err, MIG_E_USAGE, "%s takes true or false", r->name);
    }
    bool on = word < 3;
    if (r->option->type == MIG__TYPE_COUNT) {
        return put_number(r, on ? 1 : 0);
    }
    put(r, &on, sizeof on);
    return 0;
}

static bool is_rule(const char *value)
{
    const char *equals = strchr(value, '=');
    return equals != NULL && equals != value && equals[1] != '\0';
}

static int read_value(const reading *r)
{
    switch (r->option->type) {
    case MIG__TYPE_TEXT:
        return r->option->choices != NULL ? read_choice(r) : put_text(r, true, NULL);
    case MIG__TYPE_TEXTS:
        return 0;
    case MIG__TYPE_RULES:
        return is_rule(r->value) ? 0 : bad_value(r, "a rule: give FROM=TO");
    case MIG__TYPE_SWITCH:
    case MIG__TYPE_COUNT:
        return read_switch(r);
    case MIG__TYPE_CHOICE:
        return read_choice(r);
    case MIG__TYPE_NUMBER:
    case MIG__TYPE_AUTO:
    case MIG__TYPE_SECONDS:
        return read_number(r);
    case MIG__TYPE_SIZE:
    case MIG__TYPE_SEED:
        return read_amount(r);
    case MIG__TYPE_DATE:
        return put_text(r, mig__parse_date(r->value), "a day: give YYYY-MM-DD");
    case MIG__TYPE_TIME:
        return put_text(r, mig__parse_time(r->value), "a time of day: give HH:MM, as 06:00");
    case MIG__TYPE_PERCENT:
        return read_percent(r);
    case MIG__TYPE_STEPS:
        return read_steps(r);
    case MIG__TYPE_PROVIDER:
        return read_provider(r);
    case MIG__TYPE_PIN:
        return put_text(r, strncmp(r->value, "sha256//", 8) == 0,
                        "a pin: give sha256// and the Base64 of the key's digest");
    case MIG__TYPE_HTTPS:
        return put_text(r, strncmp(r->value, "https://", 8) == 0, "a URL with https://");
    case MIG__TYPE_JUNK:
        return read_junk(r);
    case MIG__TYPE_SCANNER:
        return read_scanner(r);
    }
    return mig_error_set(r->err, MIG_E_INTERNAL, "%s is of no kind", r->name);
}

int mig__option_read(const mig__option *option, const char *name, const char *value, void *out, mig_error *err)
{
    const reading r = {.option = option, .name = name, .value = value, .out = out, .err = err};
    if (value[0] == '\0') {
        return mig_error_set(err, MIG_E_USAGE, "%s needs a value that is not empty", name);
    }
    return read_value(&r);
}
