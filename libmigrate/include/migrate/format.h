/*
 * migrate/format.h - numbers, sizes, durations and foreign text as people read them
 *
 * Pure functions: each writes at most `size` octets with the NUL to `out` and returns out. Independent of the locale.
 */
#ifndef MIGRATE_FORMAT_H
#define MIGRATE_FORMAT_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define MIG_FORMAT_SIZE 32 /* room enough for every number, size and duration below */

/* "1,234,567". */
char *mig_format_count(uint64_t number, char *out, size_t size);

/* "17 bytes", "1.4 KiB", "8.2 MiB", "1.0 TiB": powers of 1024, one digit behind the point. */
char *mig_format_octets(uint64_t octets, char *out, size_t size);

/* "0.4 s", "42 s", "3 min 20 s", "2 h 05 min", "1 d 03 h". Negative and undefined values count as 0. */
char *mig_format_duration(double seconds, char *out, size_t size);

/*
 * Text of foreign origin (mailbox names, a server's words) that can do nothing on a terminal: control characters,
 * bidirectional overrides and octets that are not UTF-8 become '?'. Cut at a character boundary to fit.
 */
char *mig_format_text(const char *text, char *out, size_t size);

#ifdef __cplusplus
}
#endif
#endif
