/*
 * fuzz_guard.c - guard and decoder over anything a server may send
 *
 * The first octet chooses the limits and how the rest is cut. What must hold: the whole and the pieces give the same
 * frames, responses and bodies; libetpan can parse each text that the guard makes; nothing leaks, nothing overruns.
 */
#include "../unit/imap/guard_feed.h"
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const mig__guard_limits usual = MIG__GUARD_LIMITS_INIT;
static const mig__guard_limits tight = {60, 200, 4, 20};

static void run(feed *f, const mig__guard_limits *limits, const char *octets, size_t length, size_t most, unsigned seed)
{
    feed_init(f, limits);
    f->decoder = mig__decoder_new(NULL);
    f->insist = true;
    feed_run(f, octets, length, most, seed);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2) {
        return 0;
    }
    const char *octets = (const char *)data + 1;
    size_t length = size - 1;
    const mig__guard_limits *limits = data[0] & 1 ? &tight : &usual;
    size_t most = data[0] & 2 ? 1 : 1 + (data[0] >> 3);
    feed whole, pieces;
    run(&whole, limits, octets, length, length, 0);
    run(&pieces, limits, octets, length, most, data[0] & 4 ? data[0] : 0);
    if (whole.log.length != pieces.log.length || memcmp(whole.log.data, pieces.log.data, whole.log.length) != 0) {
        fprintf(stderr, "whole:\n%s\npieces of %zu:\n%s\n", whole.log.data, most, pieces.log.data);
        abort();
    }
    feed_free(&whole);
    feed_free(&pieces);
    return 0;
}
