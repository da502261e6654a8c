/* base/clock.h - time: monotonic for deadlines, wall clock for records only */
#ifndef MIG_BASE_CLOCK_H
#define MIG_BASE_CLOCK_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

int64_t mig__now_ms(void);       /* monotonic, milliseconds; never jumps with the wall clock */
double mig__now_seconds(void);   /* monotonic, seconds */
int64_t mig__wall_seconds(void); /* seconds since 1970-01-01 UTC */
void mig__sleep_ms(int64_t ms);

/* A condition whose waits are measured by the monotonic clock, as mig__cond_wait_ms needs it. */
void mig__cond_init(pthread_cond_t *cond);

/* Wait up to `ms` milliseconds, 0 or more. False: the time is over. True: woken, perhaps for nothing. */
bool mig__cond_wait_ms(pthread_cond_t *cond, pthread_mutex_t *lock, int64_t ms);

/* A moment with the zone it was written in (INTERNALDATE, RFC 3501 section 9 "date-time"). */
typedef struct mig__datetime {
    int64_t utc;          /* seconds since 1970-01-01 UTC */
    int16_t zone_minutes; /* east of UTC */
    bool valid;
} mig__datetime;

/* Parse "17-Jul-1996 02:44:25 -0700" (day may be blank padded). Returns false for anything else. */
bool mig__datetime_parse(const char *text, mig__datetime *out);

/* Write it back in the same form, always 26 characters. `out` holds at least 27 octets. Returns out. */
char *mig__datetime_format(const mig__datetime *moment, char *out);

/* Days since 1970-01-01 of a date in the proleptic Gregorian calendar; month 1 to 12. */
int64_t mig__days_from_civil(int year, int month, int day);

/* Parse "YYYY-MM-DD"; false when it is not a date. */
bool mig__date_parse(const char *text, int *year, int *month, int *day);

#endif
