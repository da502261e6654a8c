/*
 * imap/names.c - modified UTF-7 (RFC 3501 section 5.1.3, after RFC 2152)
 *
 * The decoder accepts exactly what the encoder writes. Anything else is a name of its own to the server that listed it
 * ("&AOk-&AOk-" and "&AOkA6Q-" are two mailboxes), so decoding it would lose which one was meant.
 */
#include "imap/names.h"
#include "base/utf8.h"
#include <stdint.h>
#include <string.h>

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+,";

static bool printable(uint32_t code)
{
    return code >= 0x20 && code <= 0x7e;
}

static int digit_value(char c)
{
    const char *found = c == '\0' ? NULL : strchr(digits, c);
    return found == NULL ? -1 : (int)(found - digits);
}

typedef enum strictness { CANONICAL, READABLE } strictness; /* how strict a run is read */

/* UTF-16 in, UTF-8 out; `high` holds a surrogate that waits for its other half. */
static bool take_unit(uint32_t unit, strictness how, uint32_t *high, mig__buffer *out)
{
    uint32_t code = unit;
    if (*high != 0) {
        if (unit < 0xdc00 || unit > 0xdfff) {
            return false;
        }
        code = 0x10000 + ((*high - 0xd800) << 10) + (unit - 0xdc00);
        *high = 0;
    } else if (unit >= 0xd800 && unit <= 0xdbff) {
        *high = unit;
        return true;
    } else if ((unit >= 0xdc00 && unit <= 0xdfff) || (how == CANONICAL && printable(unit)) || unit == 0) {
        return false;
    }
    char utf8[4];
    mig__buffer_add(out, utf8, mig__utf8_put(code, utf8));
    return true;
}

/* `wire` stands behind a "&" that begins a base64 run. Returns what follows the closing "-", or NULL when not valid. */
static const char *decode_run(const char *wire, strictness how, mig__buffer *out)
{
    uint32_t bits = 0;
    unsigned held = 0;
    uint32_t high = 0;
    for (; *wire != '-'; wire++) {
        int value = digit_value(*wire);
        if (value < 0) {
            return NULL;
        }
        bits = bits << 6 | (uint32_t)value;
        held += 6;
        if (held >= 16) {
            held -= 16;
            if (!take_unit(bits >> held & 0xffff, how, &high, out)) {
                return NULL;
            }
            bits &= (1u << held) - 1;
        }
    }
    return high == 0 && (how == READABLE || (held < 6 && bits == 0)) ? wire + 1 : NULL;
}

static bool decode(const char *wire, mig__buffer *out)
{
    bool after_run = false;
    while (*wire != '\0') {
        if (!printable((unsigned char)*wire)) {
            return false;
        }
        if (*wire != '&') {
            mig__buffer_add_char(out, *wire++);
            after_run = false;
        } else if (wire[1] == '-') {
            mig__buffer_add_char(out, '&');
            wire += 2;
            after_run = false;
        } else {
            /* RFC 2152, rule 2: a run goes on as long as it can; two in a row are not the canonical form. */
            wire = after_run ? NULL : decode_run(wire + 1, CANONICAL, out);
            if (wire == NULL) {
                return false;
            }
            after_run = true;
        }
    }
    return true;
}

bool mig__name_decode(const char *wire, mig__buffer *out)
{
    mig__buffer_clear(out);
    if (decode(wire, out)) {
        return true;
    }
    mig__name_repair(wire, '\0', out);
    return false;
}

/* A run at "&" into `out`. What follows it, or NULL when it can not be read, then `out` is as it was. */
static const char *repair_run(const char *wire, char delimiter, mig__buffer *out)
{
    size_t before = out->length;
    const char *rest = decode_run(wire + 1, READABLE, out);
    bool empty = out->length == before;
    if (rest != NULL && !empty &&
        (delimiter == '\0' || memchr(out->data + before, delimiter, out->length - before) == NULL)) {
        return rest;
    }
    if (!empty) {
        out->length = before;
        out->data[before] = '\0';
    }
    return NULL;
}

void mig__name_repair(const char *wire, char delimiter, mig__buffer *out)
{
    bool utf8 = mig__utf8_valid(wire, strlen(wire));
    mig__buffer_clear(out);
    while (*wire != '\0') {
        const char *rest = *wire != '&' ? NULL : repair_run(wire, delimiter, out);
        if (rest != NULL) {
            wire = rest;
        } else if (wire[0] == '&' && wire[1] == '-') {
            mig__buffer_add_char(out, '&');
            wire += 2;
        } else if ((unsigned char)*wire >= 0x80 && !utf8) {
            char latin1[4];
            mig__buffer_add(out, latin1, mig__utf8_put((unsigned char)*wire++, latin1));
        } else {
            mig__buffer_add_char(out, *wire++);
        }
    }
}

typedef struct run { /* a base64 run being written */
    bool open;
    uint32_t bits;
    unsigned held; /* bits not yet written, below 6 between units */
} run;

static void put_unit(run *state, uint32_t unit, mig__buffer *out)
{
    if (!state->open) {
        mig__buffer_add_char(out, '&');
        *state = (run){.open = true};
    }
    state->bits = state->bits << 16 | unit;
    state->held += 16;
    while (state->held >= 6) {
        state->held -= 6;
        mig__buffer_add_char(out, digits[state->bits >> state->held & 0x3f]);
    }
    state->bits &= (1u << state->held) - 1;
}

static void close_run(run *state, mig__buffer *out)
{
    if (!state->open) {
        return;
    }
    if (state->held > 0) {
        mig__buffer_add_char(out, digits[state->bits << (6 - state->held) & 0x3f]);
    }
    mig__buffer_add_char(out, '-');
    state->open = false;
}

bool mig__name_encode(const char *utf8, mig__buffer *out)
{
    mig__buffer_clear(out);
    size_t length = strlen(utf8);
    if (!mig__utf8_valid(utf8, length)) {
        return false;
    }
    run state = {0};
    for (size_t i = 0; i < length;) {
        uint32_t code = mig__utf8_take(utf8 + i, &i);
        if (printable(code)) {
            close_run(&state, out);
            mig__buffer_add_char(out, (char)code);
            if (code == '&') {
                mig__buffer_add_char(out, '-');
            }
        } else if (code < 0x10000) {
            put_unit(&state, code, out);
        } else {
            put_unit(&state, 0xd800 + ((code - 0x10000) >> 10), out);
            put_unit(&state, 0xdc00 + ((code - 0x10000) & 0x3ff), out);
        }
    }
    close_run(&state, out);
    return true;
}
