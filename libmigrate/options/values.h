/* options/values.h - what options take: sizes, numbers, dates, times of day, choices. Each is false for anything else.
 */
#ifndef MIG_OPTIONS_VALUES_H
#define MIG_OPTIONS_VALUES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* "500", "10M": octets, with K, M, G or T (either case) for powers of 1024. Not 0. */
bool mig__parse_size(const char *text, uint64_t *out);

/* A decimal number from `least` to `most`. */
bool mig__parse_number(const char *text, int least, int most, int *out);

/* "5", "0.25", "5%": above 0 and below 100, at most six digits behind the point. */
bool mig__parse_percent(const char *text, double *out);

/* A decimal number from 0 to 4294967295. */
bool mig__parse_seed(const char *text, uint64_t *out);

/* "YYYY-MM-DD", a day that exists. */
bool mig__parse_date(const char *text);

/* "HH:MM", 00:00 to 23:59. */
bool mig__parse_time(const char *text);

/* The index of `text` in `choices`, an array that ends with NULL. */
bool mig__parse_choice(const char *text, const char *const *choices, int *out);

/* "check,inventory,copy,verify" or some of them: MIG_STEP_* (migrate/run.h). */
bool mig__parse_steps(const char *text, unsigned *out);

#endif
