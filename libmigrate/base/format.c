/* base/format.c - numbers, sizes, durations and foreign text as people read them */
#include <migrate/format.h>

#include "base/buffer.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

char *mig_format_count(uint64_t number, char *out, size_t size)
{
    char digits[24];
    int length = snprintf(digits, sizeof digits, "%" PRIu64, number);
    char grouped[32];
    size_t at = 0;
    for (int i = 0; i < length; i++) {
        if (i > 0 && (length - i) % 3 == 0) {
            grouped[at++] = ',';
        }
        grouped[at++] = digits[i];
    }
    grouped[at] = '\0';
    if (size > 0) {
        snprintf(out, size, "%s", grouped);
    }
    return out;
}

char *mig_format_octets(uint64_t octets, char *out, size_t size)
{
    static const char *const units[] = {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    if (octets < 1024) {
        snprintf(out, size, "%" PRIu64 " byte%s", octets, octets == 1 ? "" : "s");
        return out;
    }
    double value = (double)octets / 1024.0;
    size_t unit = 0;
    while (value >= 1023.95 && unit + 1 < sizeof units / sizeof units[0]) { /* 1023.95 would be printed as 1024.0 */
        value /= 1024.0;
        unit++;
    }
    snprintf(out, size, "%.1f %s", value, units[unit]);
    return out;
}

char *mig_format_duration(double seconds, char *out, size_t size)
{
    if (!(seconds > 0)) {
        seconds = 0;
    }
    if (seconds > 1e12) {
        seconds = 1e12;
    }
    if (seconds < 9.95) {
        snprintf(out, size, "%.1f s", seconds);
        return out;
    }
    uint64_t whole = (uint64_t)(seconds + 0.5);
    if (whole < 60) {
        snprintf(out, size, "%" PRIu64 " s", whole);
    } else if (whole < 3600) {
        snprintf(out, size, "%" PRIu64 " min %02" PRIu64 " s", whole / 60, whole % 60);
    } else if (whole < 86400) {
        snprintf(out, size, "%" PRIu64 " h %02" PRIu64 " min", whole / 3600, whole % 3600 / 60);
    } else {
        snprintf(out, size, "%" PRIu64 " d %02" PRIu64 " h", whole / 86400, whole % 86400 / 3600);
    }
    return out;
}

char *mig_format_text(const char *text, char *out, size_t size)
{
    return mig__inert(text ? text : "", text ? strlen(text) : 0, out, size);
}
