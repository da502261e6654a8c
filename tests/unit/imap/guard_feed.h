/*
 * guard_feed.h - what the tests of guard and decoder share: feed octets in pieces, write down all that comes out
 *
 * The protocol of a run holds every field of every frame, and each body once, whatever its pieces were: two runs over
 * the same octets cut differently must give the same protocol.
 */
#ifndef TEST_GUARD_FEED_H
#define TEST_GUARD_FEED_H

#include "imap/guard.h"
#include "imap/response.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct feed {
    mig__guard *guard;
    mig__decoder *decoder; /* NULL: frames only */
    mig__buffer log;
    mig__buffer body;    /* of the current response */
    uint64_t body_size;  /* as announced */
    unsigned bodies;     /* begun since the last frame */
    size_t pieces;       /* calls of data */
    size_t refuse_after; /* refuse the nth call of data; 0: never */
    bool insist;         /* libetpan must be able to parse what the guard made for it */
    unsigned frames;
    mig_error error;
} feed;

static int feed_begin(uint64_t size, void *context, mig_error *err)
{
    feed *f = context;
    (void)err;
    f->bodies++;
    f->body_size = size;
    mig__buffer_clear(&f->body);
    return 0;
}

static int feed_data(const char *octets, size_t length, void *context, mig_error *err)
{
    feed *f = context;
    f->pieces++;
    if (f->refuse_after > 0 && f->pieces >= f->refuse_after) {
        return mig_error_set(err, MIG_E_IO, "the sink is full");
    }
    mig__buffer_add(&f->body, octets, length);
    return 0;
}

static inline void feed_init(feed *f, const mig__guard_limits *limits)
{
    static const mig__guard_limits usual = MIG__GUARD_LIMITS_INIT;
    memset(f, 0, sizeof *f);
    f->guard = mig__guard_new(limits != NULL ? limits : &usual, NULL);
    mig__body_sink sink = {feed_begin, feed_data, f};
    if (f->guard == NULL) {
        abort();
    }
    mig__guard_set_sink(f->guard, &sink);
}

static inline void feed_free(feed *f)
{
    mig__guard_free(&f->guard);
    mig__decoder_free(&f->decoder);
    mig__buffer_free(&f->log);
    mig__buffer_free(&f->body);
}

static inline void feed_optional(feed *f, const char *name, const char *value)
{
    if (value != NULL) {
        mig__buffer_addf(&f->log, " %s=<%s>", name, value);
    }
}

static inline void feed_describe(feed *f, const mig__frame *frame)
{
    const mig__guard_extra *x = &frame->extra;
    mig__buffer_addf(&f->log, "%d %s tag=%u n=%" PRIu32 "%s code=<%s> words=<%s>", (int)frame->kind, frame->keyword,
                     frame->tag, frame->number, frame->odd ? " odd" : "", frame->code, frame->words);
    mig__buffer_addf(&f->log,
                     " body=%d/%d uid=%" PRIu32 " flags-=%u size=%d/%" PRIu64 " modseq=%d/%" PRIu64 " date-=%d",
                     (int)x->body, x->header, x->uid, x->odd_flags, x->has_size, x->size, x->has_modseq, x->modseq,
                     x->internaldate_bad);
    mig__buffer_addf(&f->log, " earlier=%d count=%d/%" PRIu64 " etag=%u uv=%" PRIu32 " thr=%d", x->vanished_earlier,
                     x->esearch_count_given, x->esearch_count, x->esearch_tag, x->uidvalidity, x->throttled);
    feed_optional(f, "email", x->email_id);
    feed_optional(f, "mailbox", x->mailbox);
    feed_optional(f, "mailboxid", x->mailbox_id);
    feed_optional(f, "old", x->list_oldname);
    feed_optional(f, "labels", x->labels);
    feed_optional(f, "uids", x->uid_text);
    feed_optional(f, "from", x->from_uid_text);
    feed_optional(f, "raw", x->raw);
    feed_optional(f, "text", frame->text);
    if (x->uids != NULL) {
        mig__buffer_add_text(&f->log, " set=");
        mig__uidset_format(x->uids, &f->log);
    }
    if (f->bodies > 0) {
        mig__buffer_addf(&f->log, " bodies=%u size=%" PRIu64 " <", f->bodies, f->body_size);
        for (size_t i = 0; i < f->body.length; i++) {
            mig__buffer_addf(&f->log, f->body.data[i] == '\0' ? "[NUL]" : "%c", f->body.data[i]);
        }
        mig__buffer_add_char(&f->log, '>');
    }
    mig__buffer_add_char(&f->log, '\n');
}

static inline void feed_describe_response(feed *f, const mig__response *r)
{
    mig__buffer_addf(&f->log, "  kind=%d tag=%u cond=%d code=%d n=%" PRIu32 " modseq=%" PRIu64, (int)r->kind, r->tag,
                     (int)r->condition, (int)r->code, r->number, r->modseq);
    const char *const *words = r->kind == MIG__RESPONSE_FETCH ? r->fetch.flags : r->words;
    for (; words != NULL && *words != NULL; words++) {
        mig__buffer_addf(&f->log, " w=<%s>", *words);
    }
    feed_optional(f, "list", r->list.name);
    mig__buffer_addf(&f->log, " %d %u %d status %" PRIu32 " %" PRIu32 " %" PRIu32 " %" PRIu32, r->list.delimiter,
                     r->list.attributes, (int)r->list.role, r->status.messages, r->status.uidnext,
                     r->status.uidvalidity, r->status.unseen);
    mig__buffer_addf(&f->log, " fetch %" PRIu32 " %" PRIu32 " %d %" PRIu32 " %d %lld %d\n", r->fetch.sequence,
                     r->fetch.uid, r->fetch.has_size, r->fetch.size, r->fetch.internaldate.valid,
                     (long long)r->fetch.internaldate.utc, r->fetch.internaldate.zone_minutes);
}

/* One push after the other until `length` octets are taken or the guard refuses. 0, or the error's code. */
static inline mig_code feed_push(feed *f, const char *octets, size_t length)
{
    size_t taken = 0;
    while (taken < length) {
        size_t used = 0;
        mig__frame frame;
        int result = mig__guard_push(f->guard, octets + taken, length - taken, &used, &frame, &f->error);
        taken += used;
        if (result < 0) {
            mig__buffer_addf(&f->log, "error %s\n", mig_code_name(f->error.code));
            return f->error.code;
        }
        if (result == 1) {
            f->frames++;
            feed_describe(f, &frame);
            if (f->decoder != NULL) {
                mig__response response;
                if (mig__decoder_parse(f->decoder, &frame, &response, &f->error) != 0) {
                    return f->error.code;
                }
                if (f->insist && !frame.odd && response.kind == MIG__RESPONSE_ODD) {
                    fprintf(stderr, "libetpan cannot parse <%s>\n", frame.text);
                    abort();
                }
                feed_describe_response(f, &response);
            }
            f->bodies = 0;
        } else if (used == 0) {
            abort(); /* neither taken nor refused */
        }
    }
    return MIG_OK;
}

/* All octets in pieces of at most `most`; random sizes when `seed` is not 0. Ends with what was dropped. */
static inline mig_code feed_run(feed *f, const char *octets, size_t length, size_t most, unsigned seed)
{
    uint32_t random = seed;
    mig_code code = MIG_OK;
    for (size_t at = 0; at < length && code == MIG_OK;) {
        size_t piece = most;
        if (seed != 0) {
            random = random * 1664525u + 1013904223u;
            piece = 1 + (random >> 8) % most;
        }
        piece = piece < length - at ? piece : length - at;
        /* a copy of its own, so that a read beyond it is seen */
        char *copy = malloc(piece);
        if (copy == NULL) {
            abort();
        }
        memcpy(copy, octets + at, piece);
        code = feed_push(f, copy, piece);
        free(copy);
        at += piece;
    }
    const char *last;
    uint64_t dropped = mig__guard_dropped(f->guard, &last);
    mig__buffer_addf(&f->log, "dropped %" PRIu64 " <%s> start=%d\n", dropped, last,
                     code == MIG_OK && mig__guard_at_start(f->guard));
    return code;
}

#endif
