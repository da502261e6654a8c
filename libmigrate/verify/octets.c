/* verify/octets.c - reading a message's octets from where they are, and showing the first that differ */
#include "verify/octets.h"
#include "base/spool.h"
#include <errno.h>
#include <inttypes.h>
#include <string.h>

int mig__octets_read(const mig__octets *octets, uint64_t offset, void *out, size_t size, mig_error *err)
{
    if (octets->memory) {
        memcpy(out, (const char *)octets->memory + offset, size);
        return 0;
    }
    int got = mig__spool_get(octets->fd, offset, out, size);
    if (got < 0) {
        return mig_error_errno(err, MIG_E_IO, errno, "read a message back from its temporary file");
    }
    return got > 0 ? 0
                   : mig_error_set(err, MIG_E_IO, "a message's temporary file is shorter than what was written to it");
}

int mig__octets_walk(const mig__octets *octets, uint64_t length, mig__canonical_sink *sink, void *context,
                     mig_error *err)
{
    char piece[16384];
    if (octets->memory) {
        return length ? sink(octets->memory, (size_t)length, context, err) : 0;
    }
    for (uint64_t at = 0; at < length;) {
        size_t size = length - at < sizeof piece ? (size_t)(length - at) : sizeof piece;
        if (mig__octets_read(octets, at, piece, size, err) < 0 || sink(piece, size, context, err) < 0) {
            return -1;
        }
        at += size;
    }
    return 0;
}

void mig__escape_octets(const void *octets, size_t length, mig__buffer *out)
{
    const unsigned char *at = octets;
    for (size_t i = 0; i < length; i++) {
        const char *special = at[i] ? strchr("\r\n\t\\\"", at[i]) : NULL;
        if (special) {
            mig__buffer_add_char(out, '\\');
            mig__buffer_add_char(out, at[i] == '\r' ? 'r' : at[i] == '\n' ? 'n' : at[i] == '\t' ? 't' : (char)at[i]);
        } else if (at[i] < 32 || at[i] > 126) {
            mig__buffer_addf(out, "\\x%02x", (unsigned)at[i]);
        } else {
            mig__buffer_add_char(out, (char)at[i]);
        }
    }
}

static int show(const mig__octets *octets, const char *side, uint64_t offset, mig__buffer *text, mig_error *err)
{
    char around[48];
    uint64_t first = offset > 16 ? offset - 16 : 0;
    uint64_t last = octets->length - first > sizeof around ? first + sizeof around : octets->length;
    size_t size = (size_t)(last - first);
    if (mig__octets_read(octets, first, around, size, err) < 0) {
        return -1;
    }
    mig__buffer_addf(text, "%s %s\"", side, first ? "..." : "");
    mig__escape_octets(around, size, text);
    mig__buffer_addf(text, "\"%s", last < octets->length ? "..." : "");
    return 0;
}

int mig__first_difference(const mig__octets *source, const mig__octets *target, uint64_t *offset, mig__buffer *text,
                          mig_error *err)
{
    uint64_t common = source->length < target->length ? source->length : target->length;
    uint64_t at = 0;
    for (bool same = true; same && at < common;) {
        char a[8192], b[sizeof a];
        size_t size = common - at < sizeof a ? (size_t)(common - at) : sizeof a;
        size_t equal = 0;
        if (mig__octets_read(source, at, a, size, err) < 0 || mig__octets_read(target, at, b, size, err) < 0) {
            return -1;
        }
        while (equal < size && a[equal] == b[equal]) {
            equal++;
        }
        at += equal;
        same = equal == size;
    }
    if (at == source->length && at == target->length) {
        return 0;
    }
    *offset = at;
    mig__buffer_addf(text, "first difference at octet %" PRIu64 ": ", at);
    if (show(source, "source", at, text, err) < 0) {
        return -1;
    }
    mig__buffer_add_text(text, ", ");
    return show(target, "target", at, text, err) < 0 || mig__buffer_ok(text, err) < 0 ? -1 : 1;
}
