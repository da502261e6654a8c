#include "copy/adopt.h"
#include "base/memory.h"
#include "copy/delta.h"
#include "copy/known.h"
#include "imap/digests.h"
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { UIDS_AT_ONCE = 2000 };

typedef struct entry { /* a message of one side */
    uint32_t uid;
    uint32_t size; /* RFC822.SIZE, a hint that only ever leads to a closer look */
    int64_t utc;
    bool dated;
    bool has_header;
    bool settled;
    uint8_t header[MIG__DIGEST_SIZE];
    char *flags;
} entry;

typedef struct side {
    entry *items;
    size_t count;
    const mig__uidset *ours; /* UIDs to leave out; NULL: none */
} side;

typedef struct key { /* an entry's place in the order of size and date */
    uint32_t size;
    int64_t utc;
    size_t index;
} key;

typedef struct adopting {
    mig__run *run;
    mig__folder_job *job;
    mig__session *source, *target;
    side from, to;
    key *from_keys, *to_keys; /* by size and date */
    mig__uidset ours;
} adopting;

/* ---- reading sizes, dates, flags ---- */

static int on_summary(const mig__response *response, void *context, mig_error *err)
{
    side *s = context;
    const mig__fetch_item *item = &response->fetch;
    if (response->kind != MIG__RESPONSE_FETCH || item->uid == 0 || !item->has_size ||
        (s->ours != NULL && mig__uidset_has(s->ours, item->uid))) {
        return 0;
    }
    entry *grown = mig__grow(s->items, s->count, sizeof *grown, err);
    if (grown == NULL) {
        return -1;
    }
    s->items = grown;
    entry *e = &s->items[s->count++];
    *e =
        (entry){.uid = item->uid, .size = item->size, .utc = item->internaldate.utc, .dated = item->internaldate.valid};
    e->flags = mig__flags_join(item->flags);
    return e->flags == NULL ? mig_error_set(err, MIG_E_NOMEM, "out of memory") : 0;
}

static int wait_ok(mig__session *session, mig__command *command, bool *partial, mig_error *err)
{
    mig__command_result result = {0};
    int failed = command == NULL ? -1 : mig__command_wait(session, command, &result, err);
    *partial = result.code == MIG__CODE_MESSAGELIMIT;
    mig__command_result_clear(&result);
    return failed;
}

/* What the server left out of `piece`: it answered about the newest of it only (RFC 9738). */
static int put_back(const side *s, size_t before, const mig__uidset *piece, mig__uidset *left, mig_error *err)
{
    uint32_t lowest = UINT32_MAX;
    for (size_t i = before; i < s->count; i++) {
        lowest = s->items[i].uid < lowest ? s->items[i].uid : lowest;
    }
    if (s->count == before) {
        return 0; /* all of it was left out: asking again would bring no more */
    }
    for (size_t i = 0; i < piece->count && piece->ranges[i].first < lowest; i++) {
        const mig__uid_range *range = &piece->ranges[i];
        if (mig__uidset_add(left, range->first, range->last < lowest ? range->last : lowest - 1, err) != 0) {
            return -1;
        }
    }
    return 0;
}

static int read_summaries(mig__session *session, const char *mailbox, const mig__uidset *uids, side *s, mig_error *err)
{
    mig__selected selected = {0};
    mig__uidset left = MIG__UIDSET_INIT, piece = MIG__UIDSET_INIT;
    bool partial;
    int failed = wait_ok(session, mig__select(session, mailbox, true, &selected, err), &partial, err);
    bool any = selected.exists > 0;
    mig__selected_free(&selected);
    failed = failed != 0 ? failed : mig__uidset_copy(&left, uids, err);
    while (failed == 0 && any && left.count > 0) {
        /* A range that is open above cannot be counted down; it is asked for whole. */
        bool open = mig__uidset_max(&left) == UINT32_MAX;
        if (open ? mig__uidset_copy(&piece, &left, err) != 0 : mig__uidset_take(&left, UIDS_AT_ONCE, &piece, err) < 0) {
            failed = -1;
            break;
        }
        if (open) {
            mig__uidset_clear(&left);
        }
        unsigned items = MIG__FETCH_FLAGS | MIG__FETCH_DATE | MIG__FETCH_SIZE;
        size_t before = s->count;
        failed = wait_ok(session, mig__fetch(session, &piece, items, 0, on_summary, s, err), &partial, err);
        failed = failed == 0 && partial ? put_back(s, before, &piece, &left, err) : failed;
    }
    mig__uidset_free(&left);
    mig__uidset_free(&piece);
    return failed;
}

/* ---- candidates ---- */

static int compare_keys(const void *a, const void *b)
{
    const key *x = a, *y = b;
    if (x->size != y->size) {
        return x->size < y->size ? -1 : 1;
    }
    return x->utc < y->utc ? -1 : x->utc > y->utc;
}

static int compare_uids(const void *a, const void *b)
{
    const entry *x = a, *y = b;
    return x->uid < y->uid ? -1 : x->uid > y->uid;
}

static entry *entry_of(side *s, uint32_t uid)
{
    entry wanted = {.uid = uid};
    return s->count == 0 ? NULL : bsearch(&wanted, s->items, s->count, sizeof *s->items, compare_uids);
}

/* The entries in the order of size and date; the items themselves are put in the order of UIDs. */
static key *ordered(side *s, mig_error *err)
{
    key *keys = malloc((s->count > 0 ? s->count : 1) * sizeof *keys);
    if (keys == NULL) {
        mig_error_set(err, MIG_E_NOMEM, "out of memory");
        return NULL;
    }
    qsort(s->items, s->count, sizeof *s->items, compare_uids);
    for (size_t i = 0; i < s->count; i++) {
        keys[i] = (key){s->items[i].size, s->items[i].utc, i};
    }
    qsort(keys, s->count, sizeof *keys, compare_keys);
    return keys;
}

typedef struct group { /* entries of equal size and date on both sides */
    const key *from, *to;
    size_t from_count, to_count;
} group;

typedef int group_visitor(adopting *a, const group *g, void *context, mig_error *err);

static size_t equal_run(const key *keys, size_t count)
{
    size_t length = 1;
    while (length < count && compare_keys(&keys[0], &keys[length]) == 0) {
        length++;
    }
    return length;
}

static int each_group(adopting *a, group_visitor *visit, void *context, mig_error *err)
{
    size_t from = 0, to = 0;
    while (from < a->from.count && to < a->to.count) {
        int order = compare_keys(&a->from_keys[from], &a->to_keys[to]);
        if (order != 0) {
            from += order < 0;
            to += order > 0;
            continue;
        }
        group g = {&a->from_keys[from], &a->to_keys[to], equal_run(&a->from_keys[from], a->from.count - from),
                   equal_run(&a->to_keys[to], a->to.count - to)};
        if (a->from.items[g.from->index].dated && visit(a, &g, context, err) != 0) {
            return -1;
        }
        from += g.from_count;
        to += g.to_count;
    }
    return 0;
}

/* ---- headers ---- */

typedef struct header_sets {
    mig__uidset from, to;
} header_sets;

static int want_headers(adopting *a, const group *g, void *context, mig_error *err)
{
    header_sets *sets = context;
    for (size_t i = 0; i < g->from_count; i++) {
        uint32_t uid = a->from.items[g->from[i].index].uid;
        if (mig__uidset_add(&sets->from, uid, uid, err) != 0) {
            return -1;
        }
    }
    for (size_t i = 0; i < g->to_count; i++) {
        uint32_t uid = a->to.items[g->to[i].index].uid;
        if (mig__uidset_add(&sets->to, uid, uid, err) != 0) {
            return -1;
        }
    }
    return 0;
}

static int on_header(const mig__fetch_item *item, const mig__message_digest *digest, void *context, mig_error *err)
{
    (void)err;
    entry *e = entry_of(context, item->uid);
    if (e != NULL) {
        memcpy(e->header, digest->raw, MIG__DIGEST_SIZE);
        e->has_header = true;
    }
    return 0;
}

/* ---- adopting ---- */

static int adopt_pair(adopting *a, entry *from, entry *to, mig_error *err)
{
    /* What both have, so that what only the source has is carried over by the flag merge that follows. */
    char *flags = mig__flags_common(from->flags, to->flags);
    mig__uidset one = MIG__UIDSET_INIT;
    if (flags == NULL) {
        return mig_error_set(err, MIG_E_NOMEM, "out of memory");
    }
    mig__message record = {.source_uid = from->uid,
                           .target_uid = to->uid,
                           .digest = {.octets = from->size},
                           .internaldate = {from->utc, 0, from->dated},
                           .flags = flags};
    mig__transit message = {.uid = from->uid, .flags = from->flags};
    int failed = strcmp(flags, from->flags) != 0 ? mig__delta_owe_flags(a->run, a->job, &message, err) : 0;
    failed = failed != 0 ? failed : mig__state_message_adopt(a->run->state, a->job->record.id, &record, err);
    if (failed == 0 && (failed = mig__uidset_add(&one, from->uid, from->uid, err)) == 0) {
        failed = mig__uidset_subtract(&a->job->todo, &one, err);
    }
    from->settled = to->settled = true;
    a->job->result->adopted++;
    mig__uidset_free(&one);
    free(flags);
    return failed;
}

static entry *single(side *s, const key *keys, size_t count, const uint8_t *header)
{
    entry *found = NULL;
    for (size_t i = 0; i < count; i++) {
        entry *e = &s->items[keys[i].index];
        if (!e->has_header || memcmp(e->header, header, MIG__DIGEST_SIZE) != 0) {
            continue;
        }
        if (found != NULL) {
            return NULL; /* more than one: the bodies decide */
        }
        found = e;
    }
    return found;
}

static int adopt_group(adopting *a, const group *g, void *context, mig_error *err)
{
    (void)context;
    for (size_t i = 0; i < g->from_count; i++) {
        entry *from = &a->from.items[g->from[i].index];
        if (!from->has_header || from->settled || single(&a->from, g->from, g->from_count, from->header) != from) {
            continue;
        }
        entry *to = single(&a->to, g->to, g->to_count, from->header);
        if (to != NULL && adopt_pair(a, from, to, err) != 0) {
            return -1;
        }
    }
    return 0;
}

/* ---- what is left in doubt ---- */

/* Sizes and dates of the source's messages that are still to be copied, sorted. */
typedef struct wanted {
    int64_t *sizes, *dates;
    size_t size_count, date_count;
} wanted;

static int compare_numbers(const void *a, const void *b)
{
    const int64_t *x = a, *y = b;
    return *x < *y ? -1 : *x > *y;
}

static int gather_wanted(const adopting *a, wanted *w, mig_error *err)
{
    w->sizes = malloc((a->from.count + 1) * sizeof *w->sizes);
    w->dates = malloc((a->from.count + 1) * sizeof *w->dates);
    if (w->sizes == NULL || w->dates == NULL) {
        return mig_error_set(err, MIG_E_NOMEM, "out of memory");
    }
    for (size_t i = 0; i < a->from.count; i++) {
        const entry *from = &a->from.items[i];
        if (!from->settled) {
            w->sizes[w->size_count++] = from->size;
        }
        if (!from->settled && from->dated) {
            w->dates[w->date_count++] = from->utc;
        }
    }
    qsort(w->sizes, w->size_count, sizeof *w->sizes, compare_numbers);
    qsort(w->dates, w->date_count, sizeof *w->dates, compare_numbers);
    return 0;
}

static bool has_number(const int64_t *numbers, size_t count, int64_t number)
{
    return count > 0 && bsearch(&number, numbers, count, sizeof *numbers, compare_numbers) != NULL;
}

/* A server that rewrites messages keeps the date, another tool may have kept the size only: either leads to a look. */
static bool may_match(const wanted *w, const entry *to)
{
    return has_number(w->sizes, w->size_count, to->size) || (to->dated && has_number(w->dates, w->date_count, to->utc));
}

static int on_body(const mig__fetch_item *item, const mig__message_digest *digest, void *context, mig_error *err)
{
    adopting *a = context;
    mig__known_entry known = {
        .digest = *digest, .kind = MIG__KNOWN_FOREIGN, .target_uid = item->uid, .flags = mig__flags_join(item->flags)};
    if (known.flags == NULL) {
        return mig_error_set(err, MIG_E_NOMEM, "out of memory");
    }
    return mig__known_add(&a->job->content, &known, err);
}

static int read_doubtful(adopting *a, mig_error *err)
{
    mig__uidset uids = MIG__UIDSET_INIT;
    wanted w = {0};
    int failed = gather_wanted(a, &w, err);
    for (size_t i = 0; failed == 0 && i < a->to.count; i++) {
        const entry *to = &a->to.items[i];
        if (!to->settled && may_match(&w, to)) {
            failed = mig__uidset_add(&uids, to->uid, to->uid, err);
        }
    }
    if (failed == 0 && uids.count > 0) {
        failed = mig__fetch_digests(a->target, &uids, MIG__FETCH_BODY, on_body, a, err);
    }
    free(w.sizes);
    free(w.dates);
    mig__uidset_free(&uids);
    return failed;
}

static void side_free(side *s)
{
    for (size_t i = 0; i < s->count; i++) {
        free(s->items[i].flags);
    }
    free(s->items);
}

static int match_headers(adopting *a, mig_error *err)
{
    header_sets sets = {MIG__UIDSET_INIT, MIG__UIDSET_INIT};
    int failed = each_group(a, want_headers, &sets, err);
    if (failed == 0 && sets.from.count > 0) {
        failed = mig__fetch_digests(a->source, &sets.from, MIG__FETCH_HEADER, on_header, &a->from, err);
    }
    if (failed == 0 && sets.to.count > 0) {
        failed = mig__fetch_digests(a->target, &sets.to, MIG__FETCH_HEADER, on_header, &a->to, err);
    }
    mig__uidset_free(&sets.from);
    mig__uidset_free(&sets.to);
    return failed != 0 ? failed : each_group(a, adopt_group, NULL, err);
}

static int adopt_folder(adopting *a, mig_error *err)
{
    mig__uidset all = MIG__UIDSET_INIT;
    int failed = mig__uidset_add(&all, 1, UINT32_MAX, err);
    a->to.ours = &a->ours;
    failed = failed != 0 ? failed : read_summaries(a->target, a->job->target, &all, &a->to, err);
    mig__uidset_free(&all);
    if (failed != 0 || a->to.count == 0) {
        return failed;
    }
    if (read_summaries(a->source, a->job->source->wire, &a->job->todo, &a->from, err) != 0 ||
        (a->from_keys = ordered(&a->from, err)) == NULL || (a->to_keys = ordered(&a->to, err)) == NULL) {
        return -1;
    }
    return match_headers(a, err) != 0 ? -1 : read_doubtful(a, err);
}

int mig__adopt(mig__run *run, mig__session *source, mig__session *target, mig_error *err)
{
    int failed = 0;
    for (size_t i = 0; failed == 0 && i < run->job_count; i++) {
        mig__folder_job *job = &run->jobs[i];
        if (!job->copy || job->broken || job->unchanged || job->todo.count == 0 || job->goal.exists == 0) {
            continue;
        }
        adopting a = {.run = run, .job = job, .source = source, .target = target};
        failed = mig__state_ours_in(run->state, run->state_account, job->target, &a.ours, err);
        if (failed == 0 && mig__uidset_size(&a.ours) < job->goal.exists) {
            failed = adopt_folder(&a, err);
        }
        side_free(&a.from);
        side_free(&a.to);
        free(a.from_keys);
        free(a.to_keys);
        mig__uidset_free(&a.ours);
    }
    return failed;
}
