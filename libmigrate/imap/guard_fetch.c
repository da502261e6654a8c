/*
 * imap/guard_fetch.c - the items of a FETCH response (RFC 3501 section 7.4.2; 3516, 7162, 8474, 9586; Gmail's X-GM-*)
 *
 * Kept for libetpan: UID, FLAGS, INTERNALDATE, RFC822.SIZE and the place of the body. Kept here: MODSEQ, EMAILID,
 * X-GM-MSGID, X-GM-LABELS. All others are stepped over.
 */
#include "imap/guard_internal.h"
#include "mail/date.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

typedef struct fetch {
    mig__guard *guard;
    mig__frame *frame;
    bool flags, size, body, date;
    bool items;                      /* something was written to the text */
    mig__span flag_list, label_list; /* kept until both are there, where labels are keywords */
} fetch;

enum { KEYWORD_MOST = 50 };

mig__body_item mig__guard_body_item(mig__span name)
{
    if (mig__span_is(name, "RFC822")) {
        return MIG__ITEM_WHOLE;
    }
    if (mig__span_is(name, "RFC822.HEADER")) {
        return MIG__ITEM_HEADER;
    }
    if (mig__span_is(name, "RFC822.TEXT")) {
        return MIG__ITEM_SECTION;
    }
    const char *open = memchr(name.at, '[', name.length);
    if (open == NULL) {
        return MIG__ITEM_OTHER;
    }
    mig__span head = {name.at, (size_t)(open - name.at)};
    if (!mig__span_is(head, "BODY") && !mig__span_is(head, "BINARY")) {
        return MIG__ITEM_OTHER;
    }
    mig__span section = {open + 1, name.length - head.length - 1};
    if (section.length > 3 && mig__span_is((mig__span){section.at + section.length - 3, 3}, "<0>")) {
        section.length -= 3;
    }
    if (section.length == 0 || section.at[section.length - 1] != ']') {
        return MIG__ITEM_SECTION; /* a part from another octet on */
    }
    section.length--;
    if (section.length == 0) {
        return MIG__ITEM_WHOLE;
    }
    return mig__span_starts(section, "HEADER") ? MIG__ITEM_HEADER : MIG__ITEM_SECTION;
}

/* An item's name, with "[section]" and "<origin>". Empty when there is none. */
static mig__span item_name(mig__cursor *cursor)
{
    mig__span name = {cursor->at, 0};
    bool section = false;
    while (cursor->at < cursor->end) {
        char c = *cursor->at;
        if (section && c == '"') {
            mig__span skipped;
            if (mig__cursor_value(cursor, &skipped) == MIG__VALUE_NONE) {
                break;
            }
            continue;
        }
        if (!section && (c == ' ' || c == '(' || c == ')' || c == '"' || c == '\t' || c == '\r')) {
            break;
        }
        if (c == '[') {
            section = true;
        } else if (c == ']') {
            section = false;
        }
        cursor->at++;
    }
    name.length = section ? 0 : (size_t)(cursor->at - name.at);
    return name;
}

static mig__buffer *next_item(fetch *f)
{
    if (f->items) {
        mig__buffer_add_char(&f->guard->text, ' ');
    }
    f->items = true;
    return &f->guard->text;
}

/* What is no date, NIL among it, is told apart from one that was not asked for. */
static void internaldate(fetch *f, mig__span value, mig__value_kind kind)
{
    mig__datetime moment = {0, 0, false};
    if (kind != MIG__VALUE_QUOTED || value.length < 2 ||
        !mig__internaldate_read(value.at + 1, value.length - 2, &moment)) {
        f->frame->extra.internaldate_bad = true;
        return;
    }
    char date[27];
    f->date = true;
    mig__buffer_add_text(next_item(f), "INTERNALDATE \"");
    mig__buffer_add_text(&f->guard->text, mig__datetime_format(&moment, date));
    mig__buffer_add_char(&f->guard->text, '"');
}

static int body(fetch *f, mig__span value, mig__value_kind kind, mig__body_item item, mig_error *err)
{
    mig__guard *guard = f->guard;
    mig__guard_extra *extra = &f->frame->extra;
    if (item == MIG__ITEM_SECTION || f->body || kind == MIG__VALUE_LIST || kind == MIG__VALUE_NONE) {
        return 0;
    }
    if (!guard->streamed) {
        if (kind == MIG__VALUE_ATOM) {
            if (!mig__span_is(value, "NIL")) {
                return 0;
            }
            extra->body = MIG__BODY_NIL;
            extra->header = item == MIG__ITEM_HEADER;
        } else {
            extra->body = MIG__BODY_GIVEN;
            extra->header = item == MIG__ITEM_HEADER;
            mig__buffer_clear(&guard->scratch);
            mig__unquote(value, &guard->scratch);
            if (mig__buffer_ok(&guard->scratch, err) != 0) {
                return -1;
            }
            const mig__body_sink *sink = &guard->sink;
            size_t length = guard->scratch.length;
            if (sink->begin != NULL && sink->begin(length, sink->context, err) != 0) {
                return -1;
            }
            if (length > 0 && sink->data != NULL && sink->data(guard->scratch.data, length, sink->context, err) != 0) {
                return -1;
            }
        }
    }
    f->body = true;
    mig__buffer_add_text(next_item(f), extra->header ? "BODY[HEADER] " : "BODY[] ");
    mig__buffer_add_text(&guard->text, extra->body == MIG__BODY_NIL ? "NIL" : "\"\"");
    return 0;
}

static void number_item(fetch *f, mig__span name, mig__span value)
{
    mig__guard_extra *extra = &f->frame->extra;
    uint64_t number;
    if (mig__span_is(name, "UID")) {
        if (extra->uid == 0 && mig__span_number(value, UINT32_MAX, &number) && number > 0) {
            extra->uid = (uint32_t)number;
            mig__buffer_add_text(next_item(f), "UID ");
            mig__add_number(&f->guard->text, number);
        }
    } else if (mig__span_is(name, "RFC822.SIZE")) {
        if (!f->size && mig__span_number(value, UINT32_MAX, &number)) {
            f->size = true;
            mig__buffer_add_text(next_item(f), "RFC822.SIZE ");
            mig__add_number(&f->guard->text, number);
        }
    } else if (mig__span_is(name, "MODSEQ") && value.length > 2 && value.at[0] == '(') {
        value.at++;
        value.length -= 2;
        if (!extra->has_modseq && mig__span_number(value, MIG__MODSEQ_MAX, &number)) {
            extra->has_modseq = true;
            extra->modseq = number;
        }
    }
}

/* A label as it can stand among flags; nothing for one that is a flag already. */
static void add_label(mig__span label, mig__value_kind kind, mig__buffer *scratch, mig__buffer *out)
{
    mig__buffer_clear(scratch);
    if (kind == MIG__VALUE_QUOTED) {
        mig__unquote(label, scratch);
    } else {
        mig__buffer_add(scratch, label.at, label.length);
    }
    mig__span text = {scratch->data, scratch->length};
    if (kind == MIG__VALUE_LIST || text.length == 0 || mig__span_is(text, "\\Starred") ||
        mig__span_is(text, "\\Draft") || mig__span_is(text, "\\Drafts")) {
        return;
    }
    if (out->length > 0 && out->data[out->length - 1] != '(') {
        mig__buffer_add_char(out, ' ');
    }
    if (mig__span_is(text, "\\Important")) {
        mig__buffer_add_text(out, "$Important");
        return;
    }
    size_t first = text.at[0] == '\\' && text.length > 1 ? 1 : 0;
    for (size_t i = first; i < text.length && i < first + KEYWORD_MOST; i++) {
        bool leads = i == first && text.at[i] == '/'; /* libetpan: "/" begins an attribute */
        mig__buffer_add_char(out, mig__is_atom((mig__span){text.at + i, 1}) && !leads ? text.at[i] : '_');
    }
}

/* FLAGS and X-GM-LABELS as one list, where both are there. */
static void flags_with_labels(fetch *f)
{
    mig__guard *guard = f->guard;
    if (f->flag_list.at == NULL || f->label_list.at == NULL) {
        return;
    }
    mig__buffer_add_text(next_item(f), "FLAGS (");
    f->frame->extra.odd_flags = mig__filter_flags(f->flag_list, false, &guard->text);
    mig__cursor cursor = {f->label_list.at + 1, f->label_list.at + f->label_list.length - 1};
    mig__span label;
    for (size_t count = 0; count < MIG__LIST_MAX; count++) {
        mig__cursor_skip_blanks(&cursor);
        mig__value_kind kind = cursor.at == cursor.end ? MIG__VALUE_NONE : mig__cursor_value(&cursor, &label);
        if (kind == MIG__VALUE_NONE) {
            break;
        }
        add_label(label, kind, &guard->scratch, &guard->text);
    }
    mig__buffer_add_char(&guard->text, ')');
}

static int item(fetch *f, mig__span name, mig__span value, mig__value_kind kind, mig_error *err)
{
    mig__guard *guard = f->guard;
    mig__guard_extra *extra = &f->frame->extra;
    mig__body_item body_item = mig__guard_body_item(name);
    if (body_item != MIG__ITEM_OTHER) {
        return body(f, value, kind, body_item, err);
    }
    if (mig__span_is(name, "FLAGS")) {
        if (!f->flags && kind == MIG__VALUE_LIST) {
            f->flags = true;
            if (guard->labels_as_keywords) {
                f->flag_list = value;
                return 0;
            }
            mig__buffer_add_text(next_item(f), "FLAGS (");
            extra->odd_flags = mig__filter_flags(value, false, &guard->text);
            mig__buffer_add_char(&guard->text, ')');
        }
    } else if (mig__span_is(name, "INTERNALDATE")) {
        if (!f->date && !extra->internaldate_bad) {
            internaldate(f, value, kind);
        }
    } else if (mig__span_is(name, "EMAILID")) {
        const char *id = mig__object_id(value, guard->email_id);
        extra->email_id = id != NULL ? id : extra->email_id;
    } else if (mig__span_is(name, "X-GM-MSGID")) {
        uint64_t number;
        if (extra->email_id == NULL && mig__span_number(value, UINT64_MAX, &number)) {
            snprintf(guard->email_id, sizeof guard->email_id, "%" PRIu64, number);
            extra->email_id = guard->email_id;
        }
    } else if (mig__span_is(name, "X-GM-LABELS")) {
        if (extra->labels == NULL && kind == MIG__VALUE_LIST) {
            mig__buffer_add(&guard->labels, value.at, value.length);
            extra->labels = guard->labels.data;
            f->label_list = value;
        }
    } else {
        number_item(f, name, value);
    }
    return 0;
}

/* "(" item SP value ... ")". False when it is not that; items before the fault were taken. -1: the sink's error. */
static int items(fetch *f, mig__cursor *cursor, mig_error *err)
{
    mig__cursor_skip_blanks(cursor);
    if (!mig__cursor_take_char(cursor, '(')) {
        return 0;
    }
    for (;;) {
        mig__cursor_skip_blanks(cursor);
        if (mig__cursor_take_char(cursor, ')')) {
            mig__cursor_skip_blanks(cursor);
            return cursor->at == cursor->end;
        }
        mig__span name = item_name(cursor);
        if (name.length == 0) {
            return 0;
        }
        mig__span value = {cursor->at, 0};
        mig__cursor_skip_blanks(cursor);
        mig__value_kind kind = MIG__VALUE_NONE;
        if (cursor->at < cursor->end && *cursor->at != ')') {
            kind = mig__cursor_value(cursor, &value);
            if (kind == MIG__VALUE_NONE) {
                return 0;
            }
        }
        if (item(f, name, value, kind, err) != 0) {
            return -1;
        }
    }
}

mig__verdict mig__guard_fetch(mig__guard *guard, mig__cursor at, mig__frame *frame, mig_error *err)
{
    fetch f = {.guard = guard, .frame = frame};
    mig__guard_extra *extra = &frame->extra;
    frame->keyword = "FETCH";
    mig__buffer_add_text(&guard->text, "* ");
    mig__add_number(&guard->text, frame->number == 0 ? 1 : frame->number);
    mig__buffer_add_text(&guard->text, " FETCH (");
    if (guard->keyword == MIG__KW_UIDFETCH) { /* libetpan does not know it */
        if (frame->number > 0) {
            extra->uid = frame->number;
            mig__buffer_add_text(next_item(&f), "UID ");
            mig__add_number(&guard->text, extra->uid);
        }
        frame->number = 0;
    }
    int well_formed = items(&f, &at, err);
    if (well_formed < 0) {
        return MIG__VERDICT_FAILED;
    }
    if (well_formed == 0 || guard->malformed || (frame->number == 0 && guard->keyword == MIG__KW_FETCH)) {
        mig__buffer_clear(&guard->text);
        frame->odd = true;
        return extra->uid != 0 || extra->body != MIG__BODY_NONE ? MIG__VERDICT_FRAME : MIG__VERDICT_DROP;
    }
    flags_with_labels(&f);
    if (f.items) {
        mig__buffer_add_text(&guard->text, ")\r\n");
    } else {
        mig__buffer_clear(&guard->text);
    }
    return MIG__VERDICT_FRAME;
}
