/* imap/guard_token.c - the tokens of a response: atoms, quoted strings, lists (RFC 3501 section 9) */
#include "imap/guard_internal.h"
#include <string.h>

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

void mig__cursor_skip_blanks(mig__cursor *cursor)
{
    while (cursor->at < cursor->end && is_blank(*cursor->at)) {
        cursor->at++;
    }
}

bool mig__cursor_take_char(mig__cursor *cursor, char c)
{
    if (cursor->at == cursor->end || *cursor->at != c) {
        return false;
    }
    cursor->at++;
    return true;
}

mig__span mig__cursor_atom(mig__cursor *cursor)
{
    mig__span span = {cursor->at, 0};
    while (cursor->at < cursor->end && !is_blank(*cursor->at) && *cursor->at != '(' && *cursor->at != ')' &&
           *cursor->at != '"') {
        cursor->at++;
    }
    span.length = (size_t)(cursor->at - span.at);
    return span;
}

/* Moves behind the closing quote. False when there is none. */
static bool skip_quoted(mig__cursor *cursor)
{
    for (cursor->at++; cursor->at < cursor->end; cursor->at++) {
        if (*cursor->at == '"') {
            cursor->at++;
            return true;
        }
        if (*cursor->at == '\\' && cursor->at + 1 < cursor->end) {
            cursor->at++;
        }
    }
    return false;
}

/* Moves behind the closing parenthesis. False when there is none. No recursion: the depth is the server's. */
static bool skip_list(mig__cursor *cursor)
{
    size_t depth = 0;
    while (cursor->at < cursor->end) {
        if (*cursor->at == '"') {
            if (!skip_quoted(cursor)) {
                return false;
            }
            continue;
        }
        if (*cursor->at == '(') {
            depth++;
        } else if (*cursor->at == ')') {
            depth--;
        }
        cursor->at++;
        if (depth == 0) {
            return true;
        }
    }
    return false;
}

mig__value_kind mig__cursor_value(mig__cursor *cursor, mig__span *out)
{
    mig__cursor_skip_blanks(cursor);
    mig__value_kind kind = MIG__VALUE_ATOM;
    bool well_formed = true;
    out->at = cursor->at;
    if (cursor->at < cursor->end && *cursor->at == '"') {
        kind = MIG__VALUE_QUOTED;
        well_formed = skip_quoted(cursor);
    } else if (cursor->at < cursor->end && *cursor->at == '(') {
        kind = MIG__VALUE_LIST;
        well_formed = skip_list(cursor);
    } else {
        well_formed = mig__cursor_atom(cursor).length > 0;
    }
    out->length = (size_t)(cursor->at - out->at);
    return well_formed ? kind : MIG__VALUE_NONE;
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* Not strncasecmp: most comparisons end at the first letter, and a locale has no say here. */
bool mig__span_starts(mig__span span, const char *word)
{
    for (size_t i = 0; word[i] != '\0'; i++) {
        if (i == span.length || lower(span.at[i]) != lower(word[i])) {
            return false;
        }
    }
    return true;
}

bool mig__span_is(mig__span span, const char *word)
{
    return mig__span_starts(span, word) && strlen(word) == span.length;
}

bool mig__span_number(mig__span span, uint64_t most, uint64_t *out)
{
    uint64_t number = 0;
    if (span.length == 0) {
        return false;
    }
    for (size_t i = 0; i < span.length; i++) {
        if (span.at[i] < '0' || span.at[i] > '9') {
            return false;
        }
        uint64_t digit = (uint64_t)(span.at[i] - '0');
        if (number > (UINT64_MAX - digit) / 10) {
            return false;
        }
        number = number * 10 + digit;
    }
    if (number > most) {
        return false;
    }
    *out = number;
    return true;
}

bool mig__is_atom(mig__span span)
{
    for (size_t i = 0; i < span.length; i++) {
        unsigned char c = (unsigned char)span.at[i];
        if (c <= 0x20 || c >= 0x7f || strchr("(){%*\"\\]", c) != NULL) {
            return false;
        }
    }
    return span.length > 0;
}

void mig__unquote(mig__span quoted, mig__buffer *out)
{
    const char *at = quoted.at + 1;
    const char *end = quoted.at + quoted.length - 1;
    while (at < end) {
        const char *run = at;
        while (at < end && *at != '\\') {
            at++;
        }
        mig__buffer_add(out, run, (size_t)(at - run));
        if (at < end && ++at < end) {
            mig__buffer_add_char(out, *at++);
        }
    }
}

void mig__add_number(mig__buffer *out, uint64_t number)
{
    char digits[20];
    size_t at = sizeof digits;
    do {
        digits[--at] = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    mig__buffer_add(out, digits + at, sizeof digits - at);
}

void mig__add_string(mig__buffer *out, const char *octets, size_t length)
{
    if (length > 0 && (memchr(octets, '\r', length) != NULL || memchr(octets, '\n', length) != NULL)) {
        mig__buffer_addf(out, "{%zu}\r\n", length);
        mig__buffer_add(out, octets, length);
        return;
    }
    mig__buffer_add_char(out, '"');
    for (size_t i = 0; i < length; i++) {
        if (octets[i] == '"' || octets[i] == '\\') {
            mig__buffer_add_char(out, '\\');
        }
        mig__buffer_add_char(out, octets[i]);
    }
    mig__buffer_add_char(out, '"');
}

/* An atom, or "\" atom. libetpan takes "\SeenX" for \Seen and an X that it cannot read: such a flag is none. */
static bool is_flag(mig__span flag)
{
    static const char *const known[] = {"\\Answered", "\\Flagged", "\\Deleted", "\\Seen", "\\Draft", "\\Recent"};
    if (flag.length > 0 && flag.at[0] == '\\') {
        for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
            if (mig__span_starts(flag, known[i])) {
                return mig__span_is(flag, known[i]);
            }
        }
        return mig__is_atom((mig__span){flag.at + 1, flag.length - 1});
    }
    return mig__is_atom(flag) && flag.at[0] != '/'; /* libetpan: "/" begins an attribute */
}

unsigned mig__filter_flags(mig__span list, bool star, mig__buffer *out)
{
    mig__cursor cursor = {list.at + 1, list.at + list.length - 1};
    unsigned odd = 0, kept = 0;
    mig__span flag;
    for (;;) {
        mig__cursor_skip_blanks(&cursor);
        if (cursor.at == cursor.end) {
            return odd;
        }
        mig__value_kind kind = mig__cursor_value(&cursor, &flag);
        if (kind == MIG__VALUE_NONE) {
            return odd + 1;
        }
        if (kind != MIG__VALUE_ATOM || (!is_flag(flag) && !(star && mig__span_is(flag, "\\*"))) ||
            kept == MIG__LIST_MAX) {
            odd++;
            continue;
        }
        if (kept++ > 0) {
            mig__buffer_add_char(out, ' ');
        }
        mig__buffer_add(out, flag.at, flag.length);
    }
}

const char *mig__object_id(mig__span value, char out[MIG__GUARD_ID])
{
    if (value.length > 1 && value.at[0] == '(') {
        mig__cursor inside = {value.at + 1, value.at + value.length - 1};
        mig__cursor_skip_blanks(&inside);
        value = mig__cursor_atom(&inside);
    }
    if (value.length == 0 || value.length >= MIG__GUARD_ID || mig__span_is(value, "NIL")) {
        return NULL;
    }
    for (size_t i = 0; i < value.length; i++) {
        char c = value.at[i];
        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_')) {
            return NULL;
        }
    }
    memcpy(out, value.at, value.length);
    out[value.length] = '\0';
    return out;
}
