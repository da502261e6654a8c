/* imap/guard_lists.c - LIST, LSUB, STATUS, FLAGS, CAPABILITY, ENABLED (RFC 3501 section 7.2, RFC 5258, RFC 9051) */
#include "imap/guard_internal.h"
#include <ctype.h>
#include <inttypes.h>
#include <string.h>

/* An astring, appended to `out` as octets. It must be followed by a blank or the end. */
static bool take_name(mig__cursor *cursor, mig__buffer *out)
{
    mig__span value;
    switch (mig__cursor_value(cursor, &value)) {
    case MIG__VALUE_QUOTED:
        mig__unquote(value, out);
        break;
    case MIG__VALUE_ATOM:
        mig__buffer_add(out, value.at, value.length);
        break;
    case MIG__VALUE_LIST:
    case MIG__VALUE_NONE:
        return false;
    }
    mig__buffer_reserve(out, 0); /* an empty name is a name */
    if (out->length > MIG__NAME_MAX) {
        return false;
    }
    return cursor->at == cursor->end || *cursor->at == ' ' || *cursor->at == '\t' || *cursor->at == '\r';
}

/*
 * "\Noselect" and the like, for libetpan. It reads by prefix, takes one selectability flag only, and needs the
 * backslash: what would confuse it (\Marked, \Unmarked, which nobody uses; "\NoselectX"; words) is left out.
 */
static void filter_attributes(mig__span list, mig__buffer *out)
{
    static const char *const prefixes[] = {"\\Marked", "\\Unmarked", "\\Noselect", "\\Noinferiors"};
    mig__cursor cursor = {list.at + 1, list.at + list.length - 1};
    bool noselect = false;
    for (unsigned kept = 0; kept < MIG__LIST_MAX;) {
        mig__cursor_skip_blanks(&cursor);
        mig__span word;
        mig__value_kind kind = cursor.at < cursor.end ? mig__cursor_value(&cursor, &word) : MIG__VALUE_NONE;
        if (kind == MIG__VALUE_NONE) {
            return;
        }
        bool keep =
            kind == MIG__VALUE_ATOM && word.at[0] == '\\' && mig__is_atom((mig__span){word.at + 1, word.length - 1});
        for (size_t i = 0; keep && i < sizeof prefixes / sizeof *prefixes; i++) {
            if (mig__span_starts(word, prefixes[i])) {
                keep = i >= 2 && mig__span_is(word, prefixes[i]);
            }
        }
        if (!keep || (noselect && mig__span_is(word, "\\Noselect"))) {
            continue;
        }
        noselect = noselect || mig__span_is(word, "\\Noselect");
        if (kept++ > 0) {
            mig__buffer_add_char(out, ' ');
        }
        mig__buffer_add(out, word.at, word.length);
    }
}

/* NIL, "/" or "\\"; "" counts as NIL. Some servers leave the quotes out: / for "/". */
static bool take_delimiter(mig__cursor *cursor, char *out)
{
    mig__span value;
    mig__value_kind kind = mig__cursor_value(cursor, &value);
    *out = '\0';
    if (kind == MIG__VALUE_ATOM && value.length == 1) {
        *out = value.at[0];
        return ispunct((unsigned char)*out) != 0;
    }
    if (kind == MIG__VALUE_ATOM) {
        return mig__span_is(value, "NIL");
    }
    if (kind != MIG__VALUE_QUOTED) {
        return false;
    }
    if (value.length == 3) {
        *out = value.at[1];
    } else if (value.length == 4 && value.at[1] == '\\') {
        *out = value.at[2];
    } else {
        return value.length == 2;
    }
    return *out >= 0x20 && *out < 0x7f;
}

/* ("CHILDINFO" ("SUBSCRIBED") "OLDNAME" ("x")): RFC 5258 section 6, RFC 9051 section 7.3.1. False: no such list. */
static bool extended(mig__guard *guard, mig__cursor *cursor, mig__guard_extra *extra)
{
    mig__span list;
    mig__cursor_skip_blanks(cursor);
    if (cursor->at == cursor->end) {
        return true;
    }
    if (mig__cursor_value(cursor, &list) != MIG__VALUE_LIST) {
        return false;
    }
    mig__cursor inside = {list.at + 1, list.at + list.length - 1};
    mig__span tag, value;
    while (mig__cursor_value(&inside, &tag) != MIG__VALUE_NONE) {
        mig__value_kind kind = mig__cursor_value(&inside, &value);
        if (kind == MIG__VALUE_NONE) {
            return false; /* a name that ends in parentheses */
        }
        if (kind == MIG__VALUE_LIST && extra->list_oldname == NULL &&
            (mig__span_is(tag, "OLDNAME") || mig__span_is(tag, "\"OLDNAME\""))) {
            mig__cursor old = {value.at + 1, value.at + value.length - 1};
            if (take_name(&old, &guard->old_name)) {
                extra->list_oldname = guard->old_name.data;
            }
        }
    }
    mig__cursor_skip_blanks(cursor);
    return cursor->at == cursor->end;
}

/*
 * What is between here and the end is no astring: a name with blanks, tabs, quotes or parentheses that was not quoted,
 * as Exchange and others send it. All of it is the name, to the last octet, since that is what the server will know.
 */
static bool take_rest(mig__cursor cursor, mig__buffer *out)
{
    if (cursor.at < cursor.end && *cursor.at == ' ') {
        cursor.at++;
    }
    size_t length = (size_t)(cursor.end - cursor.at);
    mig__buffer_clear(out);
    if (length >= 2 && cursor.at[0] == '"' && cursor.end[-1] == '"') { /* "Hell"oh" */
        mig__unquote((mig__span){cursor.at, length}, out);
    } else {
        mig__buffer_add(out, cursor.at, length);
    }
    return length > 0 && out->length <= MIG__NAME_MAX && memchr(cursor.at, '\0', length) == NULL;
}

/* The separator and the name, as they should be or as they are. */
static bool take_place(mig__guard *guard, mig__cursor at, char *delimiter, mig__guard_extra *extra)
{
    mig__cursor name = at;
    if (!take_delimiter(&name, delimiter)) {
        *delimiter = '\0';
        mig__cursor_skip_blanks(&at);
        return at.at < at.end && *at.at != '(' && take_rest(at, &guard->mailbox);
    }
    mig__cursor strict = name;
    return (!guard->malformed && take_name(&strict, &guard->mailbox) && extended(guard, &strict, extra)) ||
           take_rest(name, &guard->mailbox);
}

mig__verdict mig__guard_list(mig__guard *guard, mig__cursor at, mig__frame *frame)
{
    mig__span attributes;
    char delimiter;
    mig__buffer *text = &guard->text;
    if (mig__cursor_value(&at, &attributes) != MIG__VALUE_LIST || !take_place(guard, at, &delimiter, &frame->extra)) {
        return MIG__VERDICT_DROP;
    }
    mig__buffer_addf(text, "* %s (", frame->keyword);
    filter_attributes(attributes, text);
    mig__buffer_add_text(text, ") ");
    if (delimiter == '\0') {
        mig__buffer_add_text(text, "NIL");
    } else {
        mig__add_string(text, &delimiter, 1);
    }
    mig__buffer_add_char(text, ' ');
    mig__add_string(text, guard->mailbox.data, guard->mailbox.length);
    mig__buffer_add_text(text, "\r\n");
    return MIG__VERDICT_FRAME;
}

/* One item of STATUS. *written has a bit for each that went to the text, where it stands once. */
static void status_item(mig__guard *guard, mig__span name, mig__span value, unsigned *written, mig__guard_extra *extra)
{
    static const char *const plain[] = {"MESSAGES", "RECENT", "UIDNEXT", "UIDVALIDITY", "UNSEEN"};
    uint64_t number;
    for (size_t i = 0; i < sizeof plain / sizeof *plain; i++) {
        if (mig__span_is(name, plain[i])) {
            if ((*written & 1u << i) == 0 && mig__span_number(value, UINT32_MAX, &number)) {
                mig__buffer_addf(&guard->text, "%s%s %" PRIu64, *written == 0 ? "" : " ", plain[i], number);
                *written |= 1u << i;
            }
            return;
        }
    }
    if (mig__span_is(name, "HIGHESTMODSEQ") && mig__span_number(value, MIG__MODSEQ_MAX, &number)) {
        extra->has_modseq = true;
        extra->modseq = number;
    } else if (mig__span_is(name, "SIZE") && mig__span_number(value, INT64_MAX, &number)) {
        extra->has_size = true;
        extra->size = number;
    } else if (mig__span_is(name, "MAILBOXID")) {
        extra->mailbox_id = mig__object_id(value, guard->mailbox_id);
    }
}

/* A name and a list, and nothing else. */
static bool name_and_list(mig__cursor at, mig__buffer *name, mig__span *list)
{
    if (!take_name(&at, name) || mig__cursor_value(&at, list) != MIG__VALUE_LIST) {
        return false;
    }
    mig__cursor_skip_blanks(&at);
    return at.at == at.end;
}

/* The same where the name is no astring: the last list of the line is the numbers, what is before it the name. */
static bool rest_and_list(mig__cursor at, mig__buffer *name, mig__span *list)
{
    const char *open = at.end;
    while (open > at.at && *open != '(') {
        open--;
    }
    mig__cursor last = {open, at.end};
    if (open == at.at || mig__cursor_value(&last, list) != MIG__VALUE_LIST || open[-1] != ' ') {
        return false;
    }
    mig__cursor_skip_blanks(&last);
    return last.at == last.end && take_rest((mig__cursor){at.at, open - 1}, name);
}

mig__verdict mig__guard_status(mig__guard *guard, mig__cursor at, mig__frame *frame)
{
    mig__span list, name, value;
    unsigned written = 0;
    bool strict = !guard->malformed && name_and_list(at, &guard->mailbox, &list);
    if (!strict && !rest_and_list(at, &guard->mailbox, &list)) {
        return MIG__VERDICT_DROP;
    }
    frame->extra.mailbox = guard->mailbox.data;
    /* libetpan keeps the name as raw text, quotes and all: it gets none of the server's */
    mig__buffer_add_text(&guard->text, "* STATUS x (");
    mig__cursor inside = {list.at + 1, list.at + list.length - 1};
    while (mig__cursor_value(&inside, &name) == MIG__VALUE_ATOM &&
           mig__cursor_value(&inside, &value) != MIG__VALUE_NONE) {
        status_item(guard, name, value, &written, &frame->extra);
    }
    if (written == 0) { /* libetpan does not survive an empty list */
        mig__buffer_clear(&guard->text);
    } else {
        mig__buffer_add_text(&guard->text, ")\r\n");
    }
    return MIG__VERDICT_FRAME;
}

bool mig__filter_capabilities(mig__cursor *cursor, mig__buffer *out)
{
    unsigned kept = 0;
    mig__span word;
    for (;;) {
        mig__value_kind kind = mig__cursor_value(cursor, &word);
        if (kind == MIG__VALUE_NONE || kept == MIG__LIST_MAX) {
            return kept > 0;
        }
        if (kind == MIG__VALUE_ATOM && mig__is_atom(word) && !mig__span_is(word, "AUTH=")) {
            mig__buffer_add_char(out, ' ');
            mig__buffer_add(out, word.at, word.length);
            kept++;
        }
    }
}

mig__verdict mig__guard_words(mig__guard *guard, mig__cursor at, mig__frame *frame)
{
    mig__buffer_addf(&guard->text, "* %s", frame->keyword);
    if (mig__filter_capabilities(&at, &guard->text)) {
        mig__buffer_add_text(&guard->text, "\r\n");
    } else {
        mig__buffer_clear(&guard->text);
    }
    return MIG__VERDICT_FRAME;
}

mig__verdict mig__guard_flags(mig__guard *guard, mig__cursor at, mig__frame *frame)
{
    mig__span list;
    if (mig__cursor_value(&at, &list) != MIG__VALUE_LIST) {
        return MIG__VERDICT_DROP;
    }
    mig__buffer_add_text(&guard->text, "* FLAGS (");
    frame->extra.odd_flags = mig__filter_flags(list, false, &guard->text);
    mig__buffer_add_text(&guard->text, ")\r\n");
    return MIG__VERDICT_FRAME;
}
