/*
 * store/stretch.c - the octets of a message: a stretch of a file, with the line ends and the quoting of mail on disk
 * undone
 */
#include "store/stretch.h"
#include "archive/unpack.h"
#include "mail/date.h"
#include <errno.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

enum { PIECE = 8 * 1024 };

/* Where in a line that may be quoted the reading is. */
typedef enum quoting { LINE_START, ARROWS, WORD, PLAIN } quoting;

typedef struct reading {
    const mig__stretch *octets;
    mig__stretch_fn *sink;
    void *context;
    char out[2 * PIECE + 16];
    size_t length;
    bool after_cr;
    uint64_t arrows; /* ">" at the start of the line, held back */
    size_t matched;  /* octets of "From " behind them */
    quoting quoting;
    unsigned empty; /* octets since the last line end, 2 standing for many */
    bool over;      /* the header is */
    int result;     /* the sink's */
} reading;

static void flush(reading *r)
{
    if (r->length > 0 && r->result == 0) {
        r->result = r->sink(r->out, r->length, r->context);
    }
    r->length = 0;
}

static void put(reading *r, char c)
{
    if (r->length == sizeof r->out) {
        flush(r);
    }
    r->out[r->length++] = c;
}

/* What was held back, less the one arrow that quoting put there. */
static void release(reading *r, bool quoted)
{
    for (uint64_t i = quoted ? 1 : 0; i < r->arrows; i++) {
        put(r, '>');
    }
    for (size_t i = 0; i < r->matched; i++) {
        put(r, "From "[i]);
    }
    r->arrows = r->matched = 0;
    r->quoting = PLAIN;
}

/* Returns true when the octet was held back. */
static bool hold_back(reading *r, char c)
{
    if (r->quoting == LINE_START || r->quoting == ARROWS) {
        if (c == '>') {
            r->arrows++;
            r->quoting = ARROWS;
            return true;
        }
        r->quoting = r->quoting == ARROWS && c == 'F' ? WORD : PLAIN;
        if (r->quoting == WORD) {
            r->matched = 1;
            return true;
        }
        release(r, false);
        return false;
    }
    if (r->quoting == WORD) {
        if (c == "From "[r->matched]) {
            if (++r->matched == 5) {
                release(r, true);
            }
            return true;
        }
        release(r, false);
    }
    return false;
}

static void take(reading *r, char c)
{
    if (r->octets->unquote && hold_back(r, c)) {
        r->empty = 2;
        r->after_cr = false;
        return;
    }
    if (c == '\n') {
        if (r->octets->crlf && !r->after_cr) {
            put(r, '\r');
        }
        put(r, '\n');
        r->over = r->octets->header && r->empty == 0;
        r->empty = 0;
        r->quoting = LINE_START;
    } else {
        put(r, c);
        r->empty = c == '\r' && r->empty == 0 ? 0 : 2;
    }
    r->after_cr = c == '\r';
}

/* Nothing to be undone: what was read is handed on as it is. */
static bool is_plain(const mig__stretch *octets)
{
    return !octets->packed && !octets->crlf && !octets->unquote && !octets->header;
}

static void take_piece(reading *r, const char *piece, size_t length)
{
    for (size_t i = 0; i < length && !r->over && r->result == 0; i++) {
        /* Whole runs between line ends go in one piece: this loop is what reading costs. */
        if (!r->octets->unquote || r->quoting == PLAIN) {
            const char *end = memchr(piece + i, '\n', length - i);
            size_t run = end != NULL ? (size_t)(end - piece) - i : length - i;

            if (run > 1) {
                if (sizeof r->out - r->length < run) {
                    flush(r);
                }
                memcpy(r->out + r->length, piece + i, run - 1);
                r->length += run - 1;
                r->empty = 2;
                r->after_cr = false;
                i += run - 1;
            }
        }
        take(r, piece[i]);
    }
}

/* The octets as they lie there, one piece behind the other. */
typedef struct input {
    const mig__stretch *octets;
    mig__unpack *unpack;
    uint64_t done;
} input;

/* How many; 0: that was all; -1. */
static ssize_t next_piece(input *in, char piece[PIECE], mig_error *err)
{
    const mig__stretch *octets = in->octets;
    if (in->unpack != NULL) {
        return (ssize_t)mig__unpack_read(in->unpack, piece, PIECE, err);
    }
    if (in->done == octets->length) {
        return 0;
    }
    size_t wanted = octets->length - in->done < PIECE ? (size_t)(octets->length - in->done) : PIECE;
    ssize_t got;
    do {
        got = pread(octets->fd, piece, wanted, (off_t)(octets->from + in->done));
    } while (got < 0 && errno == EINTR);
    if (got <= 0) {
        return got < 0 ? mig_error_errno(err, MIG_E_IO, errno, "reading a message")
                       : mig_error_set(err, MIG_E_IO, "the file became shorter while it was read");
    }
    in->done += (uint64_t)got;
    return got;
}

int mig__stretch_read(const mig__stretch *octets, mig__stretch_fn *sink, void *context, mig_error *err)
{
    reading r = {.octets = octets, .sink = sink, .context = context, .quoting = LINE_START};
    input in = {.octets = octets};
    char piece[PIECE];
    ssize_t got = 1;
    if (octets->packed && (in.unpack = mig__unpack_open(octets->fd, octets->from, octets->length, err)) == NULL) {
        return -1;
    }
    while (!r.over && r.result == 0 && (got = next_piece(&in, piece, err)) > 0) {
        if (is_plain(octets)) {
            r.result = sink(piece, (size_t)got, context);
        } else {
            take_piece(&r, piece, (size_t)got);
        }
    }
    mig__unpack_free(&in.unpack);
    if (got < 0) {
        return -1;
    }
    release(&r, false);
    flush(&r);
    return r.result == 0 ? 0 : 1;
}

static int count(const char *octets, size_t length, void *context)
{
    uint64_t *size = context;
    (void)octets;
    *size += length;
    return 0;
}

int mig__stretch_size(const mig__stretch *octets, uint64_t *size, mig_error *err)
{
    *size = 0;
    if (is_plain(octets)) {
        *size = octets->length;
        return 0;
    }
    return mig__stretch_read(octets, count, size, err);
}

/* ---- Date: ---- */

typedef struct header { /* lines of it, one at a time */
    char line[512];
    size_t length;
    bool found;
    int64_t date;
} header;

static int take_octets(const char *octets, size_t length, void *context)
{
    header *h = context;
    for (size_t i = 0; i < length; i++) {
        if (octets[i] != '\n') {
            if (h->length < sizeof h->line) {
                h->line[h->length++] = octets[i];
            }
            continue;
        }
        h->found = h->length > 5 && strncasecmp(h->line, "Date:", 5) == 0 &&
                   mig__mail_date(h->line + 5, h->length - 5, &h->date);
        if (h->found) {
            return 1;
        }
        h->length = 0;
    }
    return 0;
}

void mig__stretch_date(const mig__stretch *octets, int64_t *date)
{
    mig__stretch head = *octets;
    mig_error ignored = MIG_ERROR_INIT;
    header h = {.length = 0};
    head.header = true;
    (void)mig__stretch_read(&head, take_octets, &h, &ignored);
    *date = h.found ? h.date : *date;
}
