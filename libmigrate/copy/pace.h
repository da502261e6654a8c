/* copy/pace.h - how fast and until when: --max-rate, --daily-limit, --until */
#ifndef MIG_COPY_PACE_H
#define MIG_COPY_PACE_H

#include <migrate/error.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct mig__pace {
    uint64_t rate;  /* octets a second; 0: no bound */
    uint64_t daily; /* octets a day; 0: no bound */
    int64_t until;  /* wall clock, seconds since 1970; 0: no bound */
    int64_t day;    /* UTC day that `sent_today` belongs to */
    uint64_t sent_today;
    double tokens;    /* octets that may go out at once */
    double filled_at; /* monotonic seconds */
} mig__pace;

/* `until` is "HH:MM" local time, today or, when that has passed, tomorrow; NULL: no bound. */
int mig__pace_init(mig__pace *pace, uint64_t rate, uint64_t daily, uint64_t sent_today, const char *until,
                   mig_error *err);
/*
 * Milliseconds to wait before `octets` may be sent (0: now); takes them when 0 is returned, `counted` of them from what
 * is left of the day.
 */
int64_t mig__pace_take(mig__pace *pace, uint64_t octets, uint64_t counted);
/* NULL: go on; else why the run should stop now ("the time given by --until has come", ...). */
const char *mig__pace_over(const mig__pace *pace);

#endif
