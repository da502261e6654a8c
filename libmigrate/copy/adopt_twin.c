/*
 * copy/adopt_twin.c - which message of the target has the date and the Message-ID of one of the source
 *
 * For a target that changes headers in a way that no rule knows: content cannot tell then, and without this all of it
 * would be sent again. It is a guess and is told as one (MIG__NOTE_TWIN), so it needs a pair that is the only one.
 */
#include "base/table.h"
#include "copy/adopt_private.h"
#include "copy/known.h"
#include "mail/header.h"
#include <stdlib.h>
#include <string.h>

enum { HEADER_MOST = 64 * 1024 };

/* ---- Message-IDs ---- */

typedef struct asking_ids {
    mig__adopting *a;
    mig_side side;
    const mig__uidset *uids;
    mig__buffer header;
} asking_ids;

static int header_begin(uint64_t size, void *context, mig_error *err)
{
    asking_ids *q = context;
    (void)size;
    (void)err;
    mig__buffer_clear(&q->header);
    return 0;
}

static int header_data(const char *data, size_t length, void *context, mig_error *err)
{
    asking_ids *q = context;
    size_t room = q->header.length < HEADER_MOST ? HEADER_MOST - q->header.length : 0;
    mig__buffer_add(&q->header, data, length < room ? length : room);
    return mig__buffer_ok(&q->header, err);
}

static int on_header(const mig__response *response, void *context, mig_error *err)
{
    asking_ids *q = context;
    mig__summary summary;
    const mig__fetch_item *item = &response->fetch;
    mig__adopt_side *s = &q->a->sides[q->side];
    if (response->kind != MIG__RESPONSE_FETCH || !item->has_header || item->uid == 0) {
        return 0;
    }
    mig__adopt_entry *e = mig__adopt_entry_of(s, item->uid);
    if (e == NULL ||
        mig__summarize(q->header.data != NULL ? q->header.data : "", q->header.length, &summary, err) != 0) {
        return e == NULL ? 0 : -1;
    }
    free(e->message_id);
    free(e->fields);
    e->message_id = summary.message_id[0] != '\0' ? mig__strdup(summary.message_id) : NULL;
    e->fields =
        q->header.length < HEADER_MOST ? mig__adopt_fields(q->header.data, q->header.length, &e->field_count) : NULL;
    return 0;
}

static int ask_ids(mig__session *session, void *context, mig_error *err)
{
    asking_ids *q = context;
    mig__body_sink sink = {header_begin, header_data, q};
    int outcome = mig__adopt_open(session, q->a, q->side, err);
    if (outcome == 0) {
        mig__session_set_sink(session, &sink);
        outcome =
            mig__command_outcome(session, mig__fetch(session, q->uids, MIG__FETCH_HEADER, 0, on_header, q, err), err);
        mig__session_set_sink(session, NULL);
    }
    q->a->opened[q->side] = q->a->opened[q->side] && outcome >= 0;
    return outcome;
}

int mig__adopt_ask_ids(mig__adopting *a, mig_side side, const mig__uidset *uids, mig_error *err)
{
    asking_ids q = {.a = a, .side = side, .uids = uids, .header = MIG__BUFFER_INIT};
    int outcome = uids->count == 0 ? 0 : mig__gate_ask(&a->run->sides[side].gate, a->sessions[side], ask_ids, &q, err);
    mig__buffer_free(&q.header);
    return outcome;
}

/* ---- fields ---- */

static int by_size(const void *a, const void *b)
{
    const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

/* Where the field ends that begins here: at a line that is no continuation (RFC 5322 section 2.2.3). */
static size_t field_end(const char *header, size_t length, size_t from)
{
    for (size_t at = from; at < length; at++) {
        if (header[at] == '\n' && (at + 1 == length || (header[at + 1] != ' ' && header[at + 1] != '\t'))) {
            return at + 1;
        }
    }
    return length;
}

uint64_t *mig__adopt_fields(const char *header, size_t length, size_t *count)
{
    size_t most = 1;
    for (size_t i = 0; i < length; i++) {
        most += header[i] == '\n';
    }
    uint64_t *fields = calloc(most, sizeof *fields);
    *count = 0;
    for (size_t from = 0, to; fields != NULL && from < length; from = to) {
        to = field_end(header, length, from);
        size_t size = to - from;
        while (size > 0 && (header[from + size - 1] == '\n' || header[from + size - 1] == '\r')) {
            size--;
        }
        if (size > 0) { /* the empty line is none */
            fields[(*count)++] = mig__hash(0, header + from, size);
        }
    }
    if (fields != NULL) {
        qsort(fields, *count, sizeof *fields, by_size);
    }
    return fields;
}

/* Is each of the first among the second, as often? */
static bool has_all(const mig__adopt_entry *source, const mig__adopt_entry *target)
{
    size_t at = 0;
    for (size_t i = 0; i < source->field_count; i++, at++) {
        while (at < target->field_count && target->fields[at] < source->fields[i]) {
            at++;
        }
        if (at == target->field_count || target->fields[at] != source->fields[i]) {
            return false;
        }
    }
    return source->fields != NULL && target->fields != NULL;
}

/* ---- pairs ---- */

typedef struct candidate {
    mig__adopt_entry *entry;
    bool target;
} candidate;

static int compare(const void *a, const void *b)
{
    const mig__adopt_entry *x = ((const candidate *)a)->entry, *y = ((const candidate *)b)->entry;
    return x->utc != y->utc ? (x->utc < y->utc ? -1 : 1) : strcmp(x->message_id, y->message_id);
}

void mig__adopt_twins(mig__adopt_side sides[2])
{
    size_t count = 0;
    candidate *all = calloc(sides[MIG_SOURCE].count + sides[MIG_TARGET].count + 1, sizeof *all);
    for (int side = 0; all != NULL && side < 2; side++) {
        for (size_t i = 0; i < sides[side].count; i++) {
            mig__adopt_entry *e = &sides[side].items[i];
            if (e->dated && e->message_id != NULL) {
                all[count++] = (candidate){e, side == MIG_TARGET};
            }
        }
    }
    if (count > 0) {
        qsort(all, count, sizeof *all, compare);
    }
    for (size_t at = 0, end; at < count; at = end) {
        for (end = at + 1; end < count && compare(&all[at], &all[end]) == 0;) {
            end++;
        }
        mig__adopt_entry *one = all[at].entry, *other = end - at == 2 ? all[at + 1].entry : NULL;
        if (other != NULL && all[at].target != all[at + 1].target && !one->settled && !other->settled &&
            has_all(all[at].target ? other : one, all[at].target ? one : other)) {
            one->twin = other->uid;
            other->twin = one->uid;
        }
    }
    free(all);
}
