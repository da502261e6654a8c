/* inventory/forecast.c - how long the rest takes: a pure function */
#include "inventory/forecast.h"
#include "inventory/job.h"

#define ASSUMED_MESSAGES_PER_SECOND 60.0
#define ASSUMED_BYTES_PER_SECOND    (2.0 * 1024 * 1024)
#define SECONDS_A_DAY               86400.0

void mig__forecast(const mig__forecast_in *in, mig_forecast *out)
{
    *out = (mig_forecast){.known = true,
                          .left_messages = in->messages,
                          .left_bytes = in->bytes,
                          .daily_limit = in->daily_limit,
                          .messages_per_second = ASSUMED_MESSAGES_PER_SECOND,
                          .bytes_per_second = ASSUMED_BYTES_PER_SECOND};
    if (in->measured_seconds > 0 && in->measured_messages > 0) {
        out->measured = true;
        out->messages_per_second = (double)in->measured_messages / in->measured_seconds;
        out->bytes_per_second = (double)in->measured_bytes / in->measured_seconds;
    }
    if (in->max_rate > 0 && out->bytes_per_second > (double)in->max_rate) {
        out->bytes_per_second = (double)in->max_rate;
    }
    double by_messages = (double)in->messages / out->messages_per_second;
    double by_bytes = out->bytes_per_second > 0 ? (double)in->bytes / out->bytes_per_second : 0;
    out->seconds = by_messages > by_bytes ? by_messages : by_bytes;
    out->days = 1 + (uint64_t)(out->seconds / SECONDS_A_DAY);
    if (in->daily_limit > 0) {
        uint64_t days = in->bytes / in->daily_limit + (in->bytes % in->daily_limit > 0);
        out->days = days > out->days ? days : out->days;
    }
}

/* The least of two bounds, of which 0 is none. */
static uint64_t least(uint64_t a, uint64_t b)
{
    return a == 0 || (b > 0 && b < a) ? b : a;
}

void mig__inventory_forecast(mig__inventory *run)
{
    mig_inventory_account *account = run->account;
    const mig_provider *from = account->sides[MIG_SOURCE].provider, *to = account->sides[MIG_TARGET].provider;
    if (!account->bytes_known) {
        return;
    }
    uint64_t up = run->options->daily_limit > 0 ? run->options->daily_limit : to != NULL ? to->daily_up : 0;
    mig__forecast_in in = {.messages = mig__inventory_left_messages(run),
                           .bytes = mig__inventory_left_bytes(run),
                           .measured_bytes = run->speed_octets,
                           .measured_messages = run->speed_messages,
                           .measured_seconds = run->speed_seconds,
                           .max_rate = run->options->max_rate,
                           .daily_limit = least(up, from != NULL ? from->daily_down : 0)};
    mig__forecast(&in, &account->forecast);
}
