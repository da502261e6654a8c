/*
 * imap/guard_status.c - OK, NO, BAD, BYE, PREAUTH and continuations (RFC 3501 section 7.1, RFC 5530, RFC 4315)
 *
 * libetpan gets the code alone, and only where it is well formed and known to be harmless: [BADCHARSET], [ALERT]
 * without text and [PERMANENTFLAGS] with odd octets crash it. The server's words never reach it.
 */
#include "imap/guard_internal.h"
#include <inttypes.h>
#include <string.h>

/* The end of "[...]": the first "]" outside of quotes and parentheses, or the first of all when these do not match. */
static const char *code_end(mig__span text)
{
    bool quoted = false;
    size_t depth = 0;
    for (size_t i = 0; i < text.length; i++) {
        char c = text.at[i];
        if (c == '"') {
            quoted = !quoted;
        } else if (quoted) {
            i += c == '\\' ? 1 : 0;
        } else if (c == '(') {
            depth++;
        } else if (c == ')') {
            depth -= depth > 0 ? 1 : 0;
        } else if (c == ']' && depth == 0) {
            return text.at + i;
        }
    }
    return text.length == 0 ? NULL : memchr(text.at, ']', text.length);
}

/* A sequence-set without "*" (RFC 4315 section 4 "uid-set"): numbers of 32 bits, not 0. */
static bool is_uid_set(mig__span set)
{
    const char *at = set.at;
    const char *end = set.at + set.length;
    bool range = false;
    while (at < end) {
        const char *digits = at;
        uint64_t number;
        while (at < end && *at >= '0' && *at <= '9') {
            at++;
        }
        if (!mig__span_number((mig__span){digits, (size_t)(at - digits)}, UINT32_MAX, &number) || number == 0) {
            return false;
        }
        if (at == end) {
            return true;
        }
        if (*at == ':' && !range) {
            range = true;
        } else if (*at == ',') {
            range = false;
        } else {
            return false;
        }
        at++;
    }
    return false;
}

/* APPENDUID uidvalidity set; COPYUID uidvalidity set set. */
static void uid_code(mig__guard *guard, mig__cursor arguments, bool copy, mig__guard_extra *extra)
{
    uint64_t uidvalidity;
    mig__span number = {NULL, 0}, from = {NULL, 0}, to = {NULL, 0};
    mig__cursor_value(&arguments, &number);
    if (copy) {
        mig__cursor_value(&arguments, &from);
    }
    mig__cursor_value(&arguments, &to);
    if (!mig__span_number(number, UINT32_MAX, &uidvalidity) || uidvalidity == 0 || !is_uid_set(to) ||
        (copy && !is_uid_set(from))) {
        return;
    }
    extra->uidvalidity = (uint32_t)uidvalidity;
    mig__buffer_add(&guard->uid_text, to.at, to.length);
    extra->uid_text = guard->uid_text.data;
    if (copy) {
        mig__buffer_add(&guard->from_uid_text, from.at, from.length);
        extra->from_uid_text = guard->from_uid_text.data;
    }
}

/* Writes the code to the text if libetpan may see it. */
static void safe_code(mig__guard *guard, mig__span name, mig__cursor arguments, mig__guard_extra *extra)
{
    static const char *const bare[] = {"ALERT", "PARSE", "READ-ONLY", "READ-WRITE", "TRYCREATE"};
    static const char *const numbers[] = {"UIDNEXT", "UIDVALIDITY", "UNSEEN"};
    mig__buffer *text = &guard->text;
    size_t before = text->length;
    uint64_t number;
    mig__span value;
    mig__cursor rest = arguments;
    mig__value_kind kind = mig__cursor_value(&rest, &value);
    for (size_t i = 0; i < sizeof bare / sizeof *bare; i++) {
        if (mig__span_is(name, bare[i])) {
            mig__buffer_addf(text, "[%s] ", bare[i]);
        }
    }
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        if (mig__span_is(name, numbers[i]) && mig__span_number(value, UINT32_MAX, &number)) {
            mig__buffer_addf(text, "[%s %" PRIu64 "] ", numbers[i], number);
        }
    }
    if (mig__span_is(name, "HIGHESTMODSEQ") && mig__span_number(value, MIG__MODSEQ_MAX, &number)) {
        extra->has_modseq = true;
        extra->modseq = number;
    } else if (mig__span_is(name, "MAILBOXID") && kind != MIG__VALUE_NONE) {
        extra->mailbox_id = mig__object_id(value, guard->mailbox_id);
    } else if (mig__span_is(name, "APPENDUID") || mig__span_is(name, "COPYUID")) {
        uid_code(guard, arguments, mig__span_is(name, "COPYUID"), extra);
    } else if (mig__span_is(name, "PERMANENTFLAGS") && kind == MIG__VALUE_LIST) {
        mig__buffer_add_text(text, "[PERMANENTFLAGS (");
        mig__filter_flags(value, true, text);
        mig__buffer_add_text(text, ")] ");
    } else if (mig__span_is(name, "CAPABILITY")) {
        mig__buffer_add_text(text, "[CAPABILITY");
        if (mig__filter_capabilities(&arguments, text)) {
            mig__buffer_add_text(text, "] ");
        } else {
            text->length = before;
        }
    }
}

/* Gmail puts [THROTTLED] behind the words of an OK. */
static bool ends_throttled(mig__span words)
{
    static const char mark[] = "[THROTTLED]";
    size_t length = sizeof mark - 1;
    while (words.length > 0 && (words.at[words.length - 1] == ' ' || words.at[words.length - 1] == '\r')) {
        words.length--;
    }
    return words.length >= length && mig__span_is((mig__span){words.at + words.length - length, length}, mark);
}

void mig__guard_condition(mig__guard *guard, mig__cursor at, mig__frame *frame)
{
    mig__buffer *text = &guard->text;
    bool visible = guard->keyword == MIG__KW_OK || guard->keyword == MIG__KW_NO ||
                   (guard->keyword == MIG__KW_BAD && guard->kind == MIG__FRAME_UNTAGGED);
    if (guard->kind == MIG__FRAME_TAGGED) {
        mig__buffer_addf(text, "%u %s ", guard->tag, frame->keyword);
    } else {
        mig__buffer_addf(text, "* %s ", frame->keyword);
    }
    mig__cursor_skip_blanks(&at);
    mig__span words = {at.at, (size_t)(at.end - at.at)};
    const char *end = words.length > 0 && words.at[0] == '[' ? code_end(words) : NULL;
    if (end != NULL) {
        mig__cursor code = {words.at + 1, end};
        mig__inert(code.at, (size_t)(code.end - code.at), guard->code, sizeof guard->code);
        mig__span name = mig__cursor_atom(&code);
        frame->extra.throttled = mig__span_is(name, "THROTTLED");
        safe_code(guard, name, code, &frame->extra);
        at.at = end + 1;
        mig__cursor_skip_blanks(&at);
        words = (mig__span){at.at, (size_t)(at.end - at.at)};
    }
    mig__inert(words.at, words.length, guard->words, sizeof guard->words);
    frame->extra.throttled = frame->extra.throttled || ends_throttled(words);
    if (visible) {
        mig__buffer_add_text(text, "-\r\n");
    } else {
        mig__buffer_clear(text);
    }
}

void mig__guard_continue(mig__guard *guard, mig__cursor at, mig__frame *frame)
{
    (void)frame;
    mig__cursor_skip_blanks(&at);
    mig__inert(at.at, (size_t)(at.end - at.at), guard->words, sizeof guard->words);
}
