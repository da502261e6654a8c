/* imap/guard.c - framing: lines, literals, bounds; the parsers of the whole response are in guard_*.c */
#include "imap/guard_internal.h"
#include <stdlib.h>
#include <string.h>

#define HEAD 12 /* octets that tell SEARCH, ESEARCH and VANISHED from all others */

static const struct {
    const char *word;
    mig__keyword keyword;
    bool numbered;
} keywords[] = {
    {"OK", MIG__KW_OK, false},
    {"NO", MIG__KW_NO, false},
    {"BAD", MIG__KW_BAD, false},
    {"BYE", MIG__KW_BYE, false},
    {"PREAUTH", MIG__KW_PREAUTH, false},
    {"CAPABILITY", MIG__KW_CAPABILITY, false},
    {"ENABLED", MIG__KW_ENABLED, false},
    {"LIST", MIG__KW_LIST, false},
    {"LSUB", MIG__KW_LSUB, false},
    {"STATUS", MIG__KW_STATUS, false},
    {"FLAGS", MIG__KW_FLAGS, false},
    {"EXISTS", MIG__KW_EXISTS, true},
    {"RECENT", MIG__KW_RECENT, true},
    {"EXPUNGE", MIG__KW_EXPUNGE, true},
    {"FETCH", MIG__KW_FETCH, true},
    {"UIDFETCH", MIG__KW_UIDFETCH, true},
    {"SEARCH", MIG__KW_SEARCH, false},
    {"ESEARCH", MIG__KW_ESEARCH, false},
    {"VANISHED", MIG__KW_VANISHED, false},
    {"NAMESPACE", MIG__KW_NAMESPACE, false},
    {"ID", MIG__KW_ID, false},
    {"QUOTA", MIG__KW_QUOTA, false},
    {"QUOTAROOT", MIG__KW_QUOTAROOT, false},
    {"METADATA", MIG__KW_METADATA, false},
};

static const char *keyword_name(mig__keyword keyword)
{
    for (size_t i = 0; i < sizeof keywords / sizeof *keywords; i++) {
        if (keywords[i].keyword == keyword) {
            return keywords[i].word;
        }
    }
    return "";
}

mig__guard *mig__guard_new(const mig__guard_limits *limits, mig_error *err)
{
    mig__guard *guard = calloc(1, sizeof *guard);
    if (guard == NULL) {
        mig_error_set(err, MIG_E_NOMEM, "out of memory");
        return NULL;
    }
    guard->limits = *limits;
    return guard;
}

void mig__guard_set_sink(mig__guard *guard, const mig__body_sink *sink)
{
    guard->sink = sink != NULL ? *sink : (mig__body_sink){NULL, NULL, NULL};
}

void mig__guard_labels_as_keywords(mig__guard *guard, bool on)
{
    guard->labels_as_keywords = on;
}

bool mig__guard_at_start(const mig__guard *guard)
{
    return guard->error.code == MIG_OK && (guard->complete || (guard->state == MIG__STATE_LINE && guard->octets == 0));
}

bool mig__guard_in_body(const mig__guard *guard)
{
    return guard->left > 0 && (guard->state == MIG__STATE_BODY || guard->state == MIG__STATE_SKIP);
}

uint64_t mig__guard_dropped(const mig__guard *guard, const char **last)
{
    if (last != NULL) {
        *last = guard->last_dropped;
    }
    return guard->dropped;
}

uint64_t mig__guard_dropped_lists(const mig__guard *guard, const char **last)
{
    *last = guard->last_list;
    return guard->dropped_lists;
}

void mig__guard_free(mig__guard **guard)
{
    if (*guard == NULL) {
        return;
    }
    mig__guard *g = *guard;
    for (size_t i = 0; i < MIG__GUARD_BUFFERS; i++) {
        mig__buffer_free(&g->buffers[i]);
    }
    mig__uidset_free(&g->uids);
    free(g->sets.ranges);
    free(g);
    *guard = NULL;
}

/* Ready for the next response. What a large one needed is given back. */
static void reset(mig__guard *guard)
{
    for (size_t i = 0; i < MIG__GUARD_BUFFERS; i++) {
        mig__buffer *buffer = &guard->buffers[i];
        if (buffer->capacity > (64u << 10)) {
            mig__buffer_free(buffer);
        } else if (buffer->length > 0) {
            mig__buffer_clear(buffer);
        }
    }
    if (guard->sets.capacity > 8192) {
        free(guard->sets.ranges);
        guard->sets.ranges = NULL;
        guard->sets.capacity = 0;
        mig__uidset_free(&guard->uids);
    }
    mig__uidset_clear(&guard->uids);
    guard->state = MIG__STATE_LINE;
    guard->segment = guard->line = guard->octets = 0;
    guard->complete = guard->malformed = guard->head_known = false;
    guard->kind = MIG__FRAME_UNTAGGED;
    guard->keyword = MIG__KW_UNKNOWN;
    guard->tag = 0;
    guard->number = 0;
    guard->arguments = 0;
    guard->depth = guard->brackets = 0;
    guard->streamed = guard->streamed_header = false;
}

static void drop(mig__guard *guard)
{
    guard->dropped++;
    mig__guard_beginning(guard, guard->last_dropped, sizeof guard->last_dropped);
    if (guard->keyword == MIG__KW_LIST) {
        guard->dropped_lists++;
        memcpy(guard->last_list, guard->last_dropped, sizeof guard->last_list);
    }
}

/* "* 12 FETCH", "17 OK", "+": kind, keyword, number, and where the arguments begin. */
static int read_head(mig__guard *guard, mig_error *err)
{
    mig__cursor at = {guard->raw.data, guard->raw.data + guard->raw.length};
    uint64_t number;
    bool numbered = false;
    guard->head_known = true;
    if (mig__cursor_take_char(&at, '+')) {
        guard->kind = MIG__FRAME_CONTINUE;
        guard->arguments = 1;
        return 0;
    }
    bool untagged = mig__cursor_take_char(&at, '*');
    guard->kind = untagged ? MIG__FRAME_UNTAGGED : MIG__FRAME_TAGGED;
    mig__span word = {NULL, 0};
    if (!untagged) {
        word = mig__cursor_atom(&at);
        if (!mig__span_number(word, INT32_MAX, &number)) {
            return mig__guard_broken(guard, err, "a tag that is none of ours");
        }
        guard->tag = (unsigned)number;
    }
    mig__cursor_skip_blanks(&at);
    word = mig__cursor_atom(&at);
    if (untagged && mig__span_number(word, UINT32_MAX, &number)) {
        numbered = true;
        guard->number = (uint32_t)number;
        mig__cursor_skip_blanks(&at);
        word = mig__cursor_atom(&at);
    }
    for (size_t i = 0; i < sizeof keywords / sizeof *keywords; i++) {
        if (keywords[i].numbered == numbered && mig__span_is(word, keywords[i].word)) {
            guard->keyword = keywords[i].keyword;
        }
    }
    if (!untagged && guard->keyword != MIG__KW_OK && guard->keyword != MIG__KW_NO && guard->keyword != MIG__KW_BAD) {
        return mig__guard_broken(guard, err, "a tagged response without OK, NO or BAD");
    }
    guard->arguments = (size_t)(at.at - guard->raw.data);
    return 0;
}

static bool is_set(mig__keyword keyword)
{
    return keyword == MIG__KW_SEARCH || keyword == MIG__KW_ESEARCH || keyword == MIG__KW_VANISHED;
}

static int begin_numbers(mig__guard *guard, mig_error *err)
{
    mig__sets_begin(&guard->sets, guard->keyword);
    return mig__sets_feed(guard, guard->raw.data + guard->arguments, guard->raw.length - guard->arguments, err);
}

static bool has_literals(const mig__guard *guard)
{
    return guard->kind == MIG__FRAME_UNTAGGED &&
           (guard->keyword == MIG__KW_UNKNOWN || guard->keyword > MIG__KW_PREAUTH);
}

/* A numbered response of 0 means nothing but for EXISTS and RECENT. */
static mig__verdict simple(const mig__guard *guard, mig__frame *frame)
{
    frame->number = guard->number;
    return guard->keyword == MIG__KW_EXPUNGE && guard->number == 0 ? MIG__VERDICT_DROP : MIG__VERDICT_FRAME;
}

/* Their parsers look themselves at what is malformed: content depends on them. */
static bool is_lenient(mig__keyword keyword)
{
    return keyword == MIG__KW_FETCH || keyword == MIG__KW_UIDFETCH || keyword == MIG__KW_LIST ||
           keyword == MIG__KW_LSUB || keyword == MIG__KW_STATUS;
}

static mig__verdict parse_untagged(mig__guard *guard, mig__cursor at, mig__frame *frame, mig_error *err)
{
    if (guard->malformed && !is_lenient(guard->keyword)) {
        return MIG__VERDICT_DROP;
    }
    switch (guard->keyword) {
    case MIG__KW_UNKNOWN:
        return MIG__VERDICT_DROP;
    case MIG__KW_OK:
    case MIG__KW_NO:
    case MIG__KW_BAD:
    case MIG__KW_BYE:
    case MIG__KW_PREAUTH:
        mig__guard_condition(guard, at, frame);
        return MIG__VERDICT_FRAME;
    case MIG__KW_CAPABILITY:
    case MIG__KW_ENABLED:
        return mig__guard_words(guard, at, frame);
    case MIG__KW_LIST:
    case MIG__KW_LSUB:
        return mig__guard_list(guard, at, frame);
    case MIG__KW_STATUS:
        return mig__guard_status(guard, at, frame);
    case MIG__KW_FLAGS:
        return mig__guard_flags(guard, at, frame);
    case MIG__KW_EXISTS:
    case MIG__KW_RECENT:
    case MIG__KW_EXPUNGE:
        return simple(guard, frame);
    case MIG__KW_FETCH:
    case MIG__KW_UIDFETCH:
        frame->number = guard->number;
        if (guard->streamed) {
            frame->extra.body = MIG__BODY_GIVEN;
            frame->extra.header = guard->streamed_header;
        }
        return mig__guard_fetch(guard, at, frame, err);
    case MIG__KW_SEARCH:
    case MIG__KW_ESEARCH:
    case MIG__KW_VANISHED:
        return mig__sets_end(guard, frame, err);
    case MIG__KW_NAMESPACE:
    case MIG__KW_ID:
    case MIG__KW_QUOTA:
    case MIG__KW_QUOTAROOT:
    case MIG__KW_METADATA:
        mig__cursor_skip_blanks(&at);
        frame->extra.raw = at.at;
        return MIG__VERDICT_FRAME;
    }
    return MIG__VERDICT_DROP;
}

/* The response is whole. Returns 1 with a frame, 0 when it was dropped, -1. */
static int finish(mig__guard *guard, mig__frame *frame, mig_error *err)
{
    mig__verdict verdict = MIG__VERDICT_FRAME;
    guard->code[0] = guard->words[0] = '\0';
    memset(frame, 0, sizeof *frame);
    frame->kind = guard->kind;
    frame->tag = guard->tag;
    frame->keyword = keyword_name(guard->keyword);
    frame->code = guard->code;
    frame->words = guard->words;
    if (mig__buffer_ok(&guard->raw, err) != 0) {
        return -1;
    }
    mig__cursor at = {guard->raw.data + guard->arguments, guard->raw.data + guard->raw.length};
    if (guard->kind == MIG__FRAME_UNTAGGED) {
        verdict = parse_untagged(guard, at, frame, err);
    } else if (guard->kind == MIG__FRAME_TAGGED) {
        mig__guard_condition(guard, at, frame);
    } else {
        mig__cursor_skip_blanks(&at);
        frame->extra.raw = at.at;
        mig__guard_continue(guard, at, frame);
    }
    if (verdict == MIG__VERDICT_FAILED) {
        return -1;
    }
    for (size_t i = 0; i < MIG__GUARD_BUFFERS; i++) {
        if (mig__buffer_ok(&guard->buffers[i], err) != 0) {
            return -1;
        }
    }
    if (verdict == MIG__VERDICT_DROP) {
        drop(guard);
        reset(guard);
        return 0;
    }
    frame->text = guard->text.length > 0 ? guard->text.data : NULL;
    frame->length = guard->text.length;
    guard->complete = true;
    return 1;
}

/* A line is whole; its end is cut off. Either a literal follows or the response ends. */
static int end_line(mig__guard *guard, mig__frame *frame, mig_error *err)
{
    uint64_t size = 0;
    bool quoted = false;
    if (guard->raw.length == 0) { /* an empty line: Exchange sends them between responses */
        reset(guard);
        return 0;
    }
    if (!guard->head_known && read_head(guard, err) != 0) {
        return -1;
    }
    if (is_set(guard->keyword)) { /* too short for look_at_head */
        return begin_numbers(guard, err) != 0 ? -1 : finish(guard, frame, err);
    }
    if (!has_literals(guard)) {
        return finish(guard, frame, err);
    }
    if (mig__guard_scan_line(guard, &quoted, err) != 0) {
        return -1;
    }
    guard->malformed = guard->malformed || quoted;
    int literal = quoted ? 0 : mig__guard_take_announcement(guard, &size, err);
    if (literal != 0) {
        return literal < 0 ? -1 : mig__guard_begin_literal(guard, size, err);
    }
    return finish(guard, frame, err);
}

/* Count `length` octets of a line. -1: beyond a bound, or a NUL before it; what comes first decides. */
static int check_line(mig__guard *guard, const char *octets, size_t length, mig_error *err)
{
    bool lines = guard->state == MIG__STATE_LINE;
    size_t room = guard->limits.response - guard->octets;
    if (lines && guard->limits.line - guard->line < room) {
        room = guard->limits.line - guard->line;
    }
    if (memchr(octets, '\0', length < room ? length : room) != NULL) {
        return mig__guard_broken(guard, err, "a NUL octet");
    }
    if (length > room) {
        return lines && guard->limits.line - guard->line == room
                   ? mig__guard_out_of_bounds(guard, err, "the length of a line", guard->limits.line)
                   : mig__guard_out_of_bounds(guard, err, "the size of a response", guard->limits.response);
    }
    guard->line += length;
    guard->octets += length;
    return 0;
}

/* The first octets of a line tell whether numbers follow that are read as they come. */
static int look_at_head(mig__guard *guard, mig_error *err)
{
    if (guard->raw.data[0] != '*') {
        return 0;
    }
    mig__cursor at = {guard->raw.data + 1, guard->raw.data + guard->raw.length};
    mig__cursor_skip_blanks(&at);
    mig__span word = mig__cursor_atom(&at);
    if (at.at == at.end ||
        !(mig__span_is(word, "SEARCH") || mig__span_is(word, "ESEARCH") || mig__span_is(word, "VANISHED"))) {
        return 0;
    }
    if (read_head(guard, err) != 0) {
        return -1;
    }
    guard->state = MIG__STATE_NUMBERS;
    return begin_numbers(guard, err);
}

/* A piece of a line, which ends at its LF at the latest. */
static int take_line(mig__guard *guard, const char *octets, size_t length, size_t *used, mig__frame *frame,
                     mig_error *err)
{
    bool head = guard->state == MIG__STATE_LINE && guard->segment == 0 && guard->raw.length < HEAD;
    if (head && guard->raw.length == 0 && strchr("*+\r\n0123456789", octets[0]) == NULL) {
        mig__buffer_add(&guard->raw, octets, length < 40 ? length : 40);
        return mig__guard_broken(guard, err, "what it sends is not IMAP");
    }
    if (head && length > HEAD - guard->raw.length) {
        length = HEAD - guard->raw.length;
    }
    const char *end = memchr(octets, '\n', length);
    if (end != NULL) {
        length = (size_t)(end - octets) + 1;
    }
    if (check_line(guard, octets, length, err) != 0) {
        return -1;
    }
    *used += length;
    if (guard->state == MIG__STATE_NUMBERS) {
        if (mig__sets_feed(guard, octets, end != NULL ? length - 1 : length, err) != 0) {
            return -1;
        }
        return end != NULL ? finish(guard, frame, err) : 0;
    }
    mig__buffer_add(&guard->raw, octets, end != NULL ? length - 1 : length);
    if (mig__buffer_ok(&guard->raw, err) != 0) {
        return -1;
    }
    if (end == NULL) {
        return head && guard->raw.length == HEAD ? look_at_head(guard, err) : 0;
    }
    if (guard->raw.length > guard->segment && guard->raw.data[guard->raw.length - 1] == '\r') {
        guard->raw.data[--guard->raw.length] = '\0';
    }
    return end_line(guard, frame, err);
}

int mig__guard_push(mig__guard *guard, const char *octets, size_t length, size_t *used, mig__frame *frame,
                    mig_error *err)
{
    mig_error local = MIG_ERROR_INIT;
    int result = 0;
    *used = 0;
    if (guard->error.code != MIG_OK) {
        local = guard->error;
        result = -1;
    } else if (guard->complete) {
        reset(guard);
    }
    while (result == 0 && *used < length) {
        if (guard->state == MIG__STATE_LINE || guard->state == MIG__STATE_NUMBERS) {
            result = take_line(guard, octets + *used, length - *used, used, frame, &local);
        } else {
            result = mig__guard_take_literal(guard, octets + *used, length - *used, used, &local);
        }
        if (result == 0 && guard->left == 0 && guard->state != MIG__STATE_LINE && guard->state != MIG__STATE_NUMBERS) {
            result = mig__guard_take_literal(guard, NULL, 0, used, &local); /* an empty literal */
        }
    }
    if (result < 0) {
        guard->error = local;
        if (err != NULL) {
            *err = local;
        }
    }
    return result;
}
