/* copy/pace.h - how fast and until when: --max-rate, --daily-limit, --until */
#ifndef MIG_COPY_PACE_H
#define MIG_COPY_PACE_H

#include <migrate/copy.h>
#include <migrate/error.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct mig__bucket { /* octets of one direction: what may pass at once is a tenth of a second's worth at most */
    uint64_t rate;           /* octets a second; 0: no bound */
    double tokens;           /* octets that may pass now; below 0: owed by the last piece */
    double filled_at;        /* monotonic seconds */
} mig__bucket;

void mig__bucket_init(mig__bucket *bucket, uint64_t rate);
/* The largest piece that should pass at once, so that the rate holds from the first second on. */
size_t mig__bucket_piece(const mig__bucket *bucket);
/* Milliseconds to wait before a piece of `octets` may pass (0: now, and it is taken). `now`: monotonic seconds. */
int64_t mig__bucket_take(mig__bucket *bucket, uint64_t octets, double now);

typedef struct mig__pace {
    mig__bucket out; /* messages towards the target */
    mig__bucket in;  /* messages read, so that no more of them is read than can be sent */
    uint64_t daily;  /* octets a day; 0: no bound */
    int64_t until;   /* wall clock, seconds since 1970; 0: no bound */
    int64_t day;     /* UTC day that `sent_today` belongs to */
    uint64_t sent_today;
    bool spent; /* what comes next does not fit into what is left of `day` */
} mig__pace;

/* `until` is "HH:MM" local time, today or, when that has passed, tomorrow; NULL: no bound. */
int mig__pace_init(mig__pace *pace, uint64_t rate, uint64_t daily, uint64_t sent_today, const char *until,
                   mig_error *err);
/* What may still be sent today; UINT64_MAX: no bound. */
uint64_t mig__pace_left(const mig__pace *pace);
/*
 * `counted` octets are to be sent: take them from what is left of the day. False: that is too little, and the day is
 * over; but one message goes in a day, however large, or it would never go.
 */
bool mig__pace_day(mig__pace *pace, uint64_t counted);
/* NULL: go on; else why the run should stop now ("the time given by --until has come", ...). */
mig_stopped mig__pace_over(const mig__pace *pace);

#endif
