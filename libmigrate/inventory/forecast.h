/* inventory/forecast.h - how long the rest takes: a pure function */
#ifndef MIG_INVENTORY_FORECAST_H
#define MIG_INVENTORY_FORECAST_H

#include <migrate/inventory.h>

typedef struct mig__forecast_in {
    uint64_t messages, bytes;                   /* still to copy */
    uint64_t measured_bytes, measured_messages; /* by earlier runs... */
    double measured_seconds;                    /* ...in so many seconds; 0: none */
    uint64_t max_rate;                          /* octets a second; 0: no bound */
    uint64_t daily_limit;                       /* octets a day; 0: no bound */
} mig__forecast_in;

/*
 * Time is paid for each message and for each octet. Without a measurement both are assumed, at a pace that hosted
 * targets without MULTIAPPEND reach over a line of 40 ms.
 */
void mig__forecast(const mig__forecast_in *in, mig_forecast *out);

#endif
