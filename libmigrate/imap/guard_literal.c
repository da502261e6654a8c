/* imap/guard_literal.c - where a line goes on: quotes, nesting, literals; and what is said of a server that errs */
#include "imap/guard_internal.h"
#include <string.h>

/* What the server began to say, inert, for a message. */
const char *mig__guard_beginning(const mig__guard *guard, char *out, size_t size)
{
    size_t length = guard->raw.length < size ? guard->raw.length : size - 1;
    while (length > 0 && (guard->raw.data[length - 1] == '\n' || guard->raw.data[length - 1] == '\r')) {
        length--;
    }
    return mig__inert(length == 0 ? "" : guard->raw.data, length, out, size);
}

int mig__guard_out_of_bounds(mig__guard *guard, mig_error *err, const char *what, uint64_t limit)
{
    char start[64];
    mig_error_set(err, MIG_E_BOUNDS, "the server's response exceeds a bound: %s, limit %llu; it begins with: %s", what,
                  (unsigned long long)limit, mig__guard_beginning(guard, start, sizeof start));
    return mig_error_hint(err,
                          "no sound server sends this; run again, and if it stays, tell the server's administrator");
}

int mig__guard_broken(mig__guard *guard, mig_error *err, const char *what)
{
    char start[64];
    mig_error_set(err, MIG_E_PROTOCOL, "the server broke the protocol: %s; the line begins with: %s", what,
                  mig__guard_beginning(guard, start, sizeof start));
    return mig_error_hint(err, "check that host and port are those of an IMAP server");
}

/* Quotes, parentheses and brackets of the current line. *quoted: it ends inside of quotes. */
int mig__guard_scan_line(mig__guard *guard, bool *quoted, mig_error *err)
{
    const char *at = guard->raw.data + guard->segment;
    const char *end = guard->raw.data + guard->raw.length;
    bool fetch = guard->keyword == MIG__KW_FETCH || guard->keyword == MIG__KW_UIDFETCH;
    *quoted = false;
    for (; at < end; at++) {
        if (*at == '"') {
            *quoted = !*quoted;
        } else if (*quoted) {
            at += *at == '\\' && at + 1 < end ? 1 : 0;
        } else if (*at == '(') {
            guard->depth++;
        } else if (*at == ')') {
            guard->depth -= guard->depth > 0 ? 1 : 0;
            guard->brackets = 0;
        } else if (*at == '[' && fetch) { /* elsewhere "[" is a letter of atoms */
            guard->brackets++;
        } else if (*at == ']') {
            guard->brackets -= guard->brackets > 0 ? 1 : 0;
        }
        if (guard->depth + guard->brackets > guard->limits.nesting) {
            return mig__guard_out_of_bounds(guard, err, "nesting", guard->limits.nesting);
        }
    }
    return 0;
}

/*
 * Does the current line end in "{n}", "{n+}" or "~{n}"? Returns 1, with the size in *size and the line cut before it;
 * 0; or -1 when the number does not fit.
 */
int mig__guard_take_announcement(mig__guard *guard, uint64_t *size, mig_error *err)
{
    const char *start = guard->raw.data + guard->segment;
    const char *end = guard->raw.data + guard->raw.length;
    if (end == start || end[-1] != '}') {
        return 0;
    }
    const char *last = end - 1;
    if (last > start && last[-1] == '+') {
        last--;
    }
    const char *first = last;
    while (first > start && first[-1] >= '0' && first[-1] <= '9') {
        first--;
    }
    if (first == last || first == start || first[-1] != '{') {
        return 0;
    }
    const char *open = first - 1;
    if (open > start && open[-1] == '~') {
        open--;
    }
    if (open == start || strchr(" \t([]>", open[-1]) == NULL) {
        return 0;
    }
    if (!mig__span_number((mig__span){first, (size_t)(last - first)}, INT64_MAX, size)) {
        return mig__guard_out_of_bounds(guard, err, "the size of a literal", guard->limits.literal);
    }
    guard->raw.length = (size_t)(open - guard->raw.data);
    guard->raw.data[guard->raw.length] = '\0';
    return 1;
}

/* The item in front of a literal, "BODY[HEADER.FIELDS (DATE)]<0>". Looks back a bounded way, on this line. */
static mig__body_item literal_item(const mig__guard *guard)
{
    const char *start = guard->raw.data + guard->segment;
    const char *end = guard->raw.data + guard->raw.length;
    if (guard->depth != 1 || (guard->keyword != MIG__KW_FETCH && guard->keyword != MIG__KW_UIDFETCH)) {
        return MIG__ITEM_OTHER;
    }
    while (end > start && (end[-1] == ' ' || end[-1] == '\t')) {
        end--;
    }
    if (end - start > 1024) {
        start = end - 1024;
    }
    const char *at = end;
    if (at > start && (at[-1] == ']' || at[-1] == '>')) {
        while (at > start && *at != '[') {
            at--;
        }
    }
    while (at > start && at[-1] != ' ' && at[-1] != '(' && at[-1] != ')' && at[-1] != '"') {
        at--;
    }
    return mig__guard_body_item((mig__span){at, (size_t)(end - at)});
}

/* A literal of `size` octets follows: where do they go? */
int mig__guard_begin_literal(mig__guard *guard, uint64_t size, mig_error *err)
{
    mig__body_item item = literal_item(guard);
    bool skip = item == MIG__ITEM_SECTION || guard->keyword == MIG__KW_UNKNOWN;
    bool body = item == MIG__ITEM_WHOLE || item == MIG__ITEM_HEADER;
    guard->left = size;
    guard->line = 0;
    mig__buffer_add_char(&guard->raw, '"');
    if (skip || body) {
        if (size > guard->limits.literal) {
            return mig__guard_out_of_bounds(guard, err, "the size of a literal", guard->limits.literal);
        }
        guard->state = MIG__STATE_SKIP;
        if (body && !guard->streamed) {
            guard->streamed = true;
            guard->streamed_header = item == MIG__ITEM_HEADER;
            guard->state = guard->sink.data != NULL ? MIG__STATE_BODY : MIG__STATE_SKIP;
            if (guard->sink.begin != NULL && guard->sink.begin(size, guard->sink.context, err) != 0) {
                return -1;
            }
        }
        return 0;
    }
    if (size > guard->limits.response - guard->octets) {
        return mig__guard_out_of_bounds(guard, err, "the size of a response", guard->limits.response);
    }
    guard->octets += (size_t)size;
    guard->state = MIG__STATE_GATHER;
    return 0;
}

/* Octets of a literal, written as part of a quoted string. */
static void gather(mig__guard *guard, const char *octets, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if (octets[i] == '"' || octets[i] == '\\') {
            mig__buffer_add_char(&guard->raw, '\\');
        } else if (octets[i] == '\0') {
            guard->malformed = true;
        }
        mig__buffer_add_char(&guard->raw, octets[i]);
    }
}

int mig__guard_take_literal(mig__guard *guard, const char *octets, size_t length, size_t *used, mig_error *err)
{
    size_t piece = guard->left < length ? (size_t)guard->left : length;
    if (piece > 0) {
        if (guard->state == MIG__STATE_GATHER) {
            gather(guard, octets, piece);
        } else if (guard->state == MIG__STATE_BODY && guard->sink.data(octets, piece, guard->sink.context, err) != 0) {
            return -1;
        }
        guard->left -= piece;
        *used += piece;
    }
    if (guard->left == 0) {
        mig__buffer_add_char(&guard->raw, '"');
        guard->segment = guard->raw.length;
        guard->state = MIG__STATE_LINE;
    }
    return 0;
}
