/* measure/advise.c - which settings follow from what was measured */
#include "measure/advise.h"
#include "base/buffer.h"
#include "base/memory.h"
#include <inttypes.h>
#include <migrate/effort.h>
#include <migrate/format.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LONG_LINE_MS = 40, MORE_CONNECTIONS = 8, SLOW_OCTETS = 1 << 20 };

uint64_t mig__measure_number(const char *capabilities, const char *name)
{
    const size_t length = strlen(name);
    for (const char *at = capabilities; at != NULL && *at != '\0'; at += strspn(at, " ")) {
        if (strncmp(at, name, length) == 0) {
            uint64_t number = 0;
            const char *digit = at + length;
            for (; *digit >= '0' && *digit <= '9' && number < UINT64_MAX / 100; digit++) {
                number = number * 10 + (uint64_t)(*digit - '0');
            }
            return *digit == ' ' || *digit == '\0' ? number : 0;
        }
        at += strcspn(at, " ");
    }
    return 0;
}

typedef struct advice {
    mig_measure_result *result;
    mig_error *err;
    bool failed;
} advice;

static MIG_PRINTF(5, 6) void add(advice *a, const char *name, const char *value, bool as_target, const char *why, ...)
{
    mig_measure_result *r = a->result;
    mig__buffer text = MIG__BUFFER_INIT;
    va_list arguments;
    mig_measure_setting *grown = a->failed ? NULL : mig__grow(r->settings, r->setting_count, sizeof *grown, a->err);
    if (grown == NULL) {
        a->failed = true;
        return;
    }
    va_start(arguments, why);
    mig__buffer_addv(&text, why, arguments);
    va_end(arguments);
    r->settings = grown;
    grown[r->setting_count++] = (mig_measure_setting){.name = mig__strdup(name),
                                                      .value = mig__strdup(value),
                                                      .why = mig__buffer_steal(&text),
                                                      .as_target = as_target};
    const mig_measure_setting *added = &grown[r->setting_count - 1];
    if (added->name == NULL || added->value == NULL || added->why == NULL) {
        a->failed = true;
        mig_error_set(a->err, MIG_E_NOMEM, "out of memory");
    }
}

/* One connection fewer than it takes, so that whoever reads mail meanwhile still can. */
static void advise_connections(advice *a)
{
    const mig_measure_result *r = a->result;
    char value[16];
    const bool refused = r->connections_error.code != MIG_OK && r->connections < r->connections_tried;
    if (refused && r->connections <= MIG_DEFAULT_CONNECTIONS) {
        const int least = r->connections > 1 ? r->connections - 1 : 1;
        snprintf(value, sizeof value, "%d", least);
        add(a, "connections", value, false, "it took %d at once and refused one more%s", r->connections,
            least < r->connections ? "; one is left for whoever reads mail meanwhile" : "");
    } else if (r->round_trip_ms[0] >= LONG_LINE_MS && r->connections > MORE_CONNECTIONS) {
        snprintf(value, sizeof value, "%d", MORE_CONNECTIONS);
        add(a, "connections", value, false, "the line is long (%.0f ms), and it took %d at once", r->round_trip_ms[0],
            r->connections);
    }
}

static void advise_limits(advice *a)
{
    const mig_measure_result *r = a->result;
    char value[32], shown[MIG_FORMAT_SIZE];
    const uint64_t most = r->append_limit > 0 ? r->append_limit : r->provider != NULL ? r->provider->message_size : 0;
    if (most > 0) {
        snprintf(value, sizeof value, "%" PRIu64, most);
        add(a, "max-size", value, true, "%s %s a message; larger ones are listed instead of refused one by one",
            r->append_limit > 0 ? "it announces" : "the provider is known to take",
            mig_format_octets(most, shown, sizeof shown));
    }
    if (r->provider != NULL && r->provider->daily_up > 0) {
        snprintf(value, sizeof value, "%" PRIu64, r->provider->daily_up);
        add(a, "daily-limit", value, true, "the provider is known to take %s a day by IMAP",
            mig_format_octets(r->provider->daily_up, shown, sizeof shown));
    }
}

static bool can(const mig_measure_result *r, const char *word)
{
    const size_t length = strlen(word);
    for (const char *at = r->capabilities; at != NULL && *at != '\0'; at += strspn(at, " ")) {
        const size_t width = strcspn(at, " ");
        if (width == length && strncmp(at, word, length) == 0) {
            return true;
        }
        at += width;
    }
    return false;
}

int mig__measure_advise(mig_measure_result *result, mig_error *err)
{
    advice a = {.result = result, .err = err};
    const mig_measure_rate *fetch = &result->fetch;
    const bool by_host = result->provider_reason != NULL && strcmp(result->provider_reason, "host name") == 0;
    if (result->provider != NULL && !by_host) {
        add(&a, "provider", result->provider->name, false, "the host name does not tell it: told by its %s",
            strcmp(result->provider_reason, "named") == 0 ? "name, which you gave" : result->provider_reason);
    }
    advise_connections(&a);
    advise_limits(&a);
    if (can(result, "COMPRESS=DEFLATE") && fetch->octets > 0 && fetch->seconds > 0 &&
        (double)fetch->octets / fetch->seconds < SLOW_OCTETS) {
        add(&a, "compress", "on", false, "the line is slow, and the server compresses (COMPRESS=DEFLATE)");
    }
    return a.failed ? -1 : 0;
}
