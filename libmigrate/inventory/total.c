/* inventory/total.c - what the stock-taking of many accounts is together, and by how much their mail grows */
#include "inventory/total.h"
#include "base/memory.h"
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* The entry of a year, made where it is missing. NULL: no memory. */
static mig_inventory_year *find_year(mig_inventory_year **years, size_t *count, int year)
{
    size_t at = 0;
    while (at < *count && (*years)[at].year < year) {
        at++;
    }
    if (at < *count && (*years)[at].year == year) {
        return &(*years)[at];
    }
    mig_inventory_year *grown = mig__grow(*years, *count, sizeof *grown, NULL);
    if (grown == NULL) {
        return NULL;
    }
    memmove(grown + at + 1, grown + at, (*count - at) * sizeof *grown);
    grown[at] = (mig_inventory_year){.year = year};
    *years = grown;
    *count += 1;
    return &grown[at];
}

int mig__years_add(mig_inventory_year **years, size_t *count, const mig_inventory_year *more)
{
    mig_inventory_year *year = find_year(years, count, more->year);
    if (year == NULL) {
        return -1;
    }
    year->messages += more->messages;
    year->bytes += more->bytes;
    return 0;
}

static const mig_inventory_year *find(const mig_inventory_year *years, size_t count, int year)
{
    for (size_t i = 0; i < count; i++) {
        if (years[i].year == year) {
            return &years[i];
        }
    }
    return NULL;
}

mig_growth mig_growth_of(const mig_inventory_year *years, size_t count, int64_t now)
{
    mig_growth growth = {.known = false};
    time_t moment = (time_t)now;
    struct tm parts;
    if (gmtime_r(&moment, &parts) == NULL) {
        return growth;
    }
    growth.year = parts.tm_year + 1900 - 1;
    const mig_inventory_year *last = find(years, count, growth.year), *before = find(years, count, growth.year - 1);
    if (last != NULL && before != NULL) {
        growth.known = true;
        growth.messages = last->messages;
        growth.bytes = last->bytes;
        growth.before_messages = before->messages;
        growth.before_bytes = before->bytes;
    }
    return growth;
}

static void add_forecast(mig_forecast *out, const mig_forecast *forecast, bool first)
{
    out->known = (first || out->known) && forecast->known;
    out->measured = (first || out->measured) && forecast->measured;
    out->seconds += forecast->seconds;
    out->days = forecast->days > out->days ? forecast->days : out->days;
    out->left_messages += forecast->left_messages;
    out->left_bytes += forecast->left_bytes;
}

int mig_inventory_total(const mig_inventory_result *result, mig_inventory_account *out, mig_error *err)
{
    bool first = true;
    *out = (mig_inventory_account){.bytes_known = true, .status = result->status};
    for (size_t i = 0; i < result->account_count; i++) {
        const mig_inventory_account *account = &result->accounts[i];
        if (account->error.code != MIG_OK && account->folder_count == 0) {
            continue; /* nobody knows what is in it */
        }
        out->messages += account->messages;
        out->bytes += account->bytes;
        out->bytes_known = out->bytes_known && account->bytes_known;
        out->copied_messages += account->copied_messages;
        out->copied_bytes += account->copied_bytes;
        for (size_t role = 0; role < MIG_ROLE_COUNT; role++) {
            out->role_messages[role] += account->role_messages[role];
            out->role_bytes[role] += account->role_bytes[role];
        }
        add_forecast(&out->forecast, &account->forecast, first);
        first = false;
        for (size_t k = 0; k < account->year_count; k++) {
            if (mig__years_add(&out->years, &out->year_count, &account->years[k]) != 0) {
                mig_inventory_total_clear(out);
                return mig_error_set(err, MIG_E_NOMEM, "out of memory");
            }
        }
    }
    return 0;
}

void mig_inventory_total_clear(mig_inventory_account *total)
{
    free(total->years);
    *total = (mig_inventory_account){.bytes_known = false};
}
