/* copy/adopt.c - which message of the target is which of the source, by what both servers say of them */
#include "copy/adopt.h"
#include "copy/adopt_private.h"
#include "copy/delta.h"
#include "copy/known.h"
#include "copy/lanes.h"
#include <stdlib.h>
#include <string.h>

/* ---- candidates ---- */

static int compare_keys(const void *a, const void *b)
{
    const mig__adopt_key *x = a, *y = b;
    if (x->size != y->size) {
        return x->size < y->size ? -1 : 1;
    }
    return x->utc < y->utc ? -1 : x->utc > y->utc;
}

/* The entries in the order of size and date; the items themselves are put in the order of UIDs. */
static mig__adopt_key *ordered(mig__adopt_side *s, mig_error *err)
{
    mig__adopt_key *keys = malloc((s->count > 0 ? s->count : 1) * sizeof *keys);
    if (keys == NULL) {
        mig_error_set(err, MIG_E_NOMEM, "out of memory");
        return NULL;
    }
    qsort(s->items, s->count, sizeof *s->items, mig__adopt_compare_uids);
    for (size_t i = 0; i < s->count; i++) {
        keys[i] = (mig__adopt_key){s->items[i].size, s->items[i].utc, i};
    }
    qsort(keys, s->count, sizeof *keys, compare_keys);
    return keys;
}

typedef struct group { /* entries of equal size and date on both sides */
    const mig__adopt_key *from, *to;
    size_t from_count, to_count;
} group;

typedef int group_visitor(mig__adopting *a, const group *g, void *context, mig_error *err);

static size_t equal_run(const mig__adopt_key *keys, size_t count)
{
    size_t length = 1;
    while (length < count && compare_keys(&keys[0], &keys[length]) == 0) {
        length++;
    }
    return length;
}

static int each_group(mig__adopting *a, group_visitor *visit, void *context, mig_error *err)
{
    size_t from = 0, to = 0;
    while (from < a->sides[MIG_SOURCE].count && to < a->sides[MIG_TARGET].count) {
        int order = compare_keys(&a->keys[MIG_SOURCE][from], &a->keys[MIG_TARGET][to]);
        if (order != 0) {
            from += order < 0;
            to += order > 0;
            continue;
        }
        group g = {&a->keys[MIG_SOURCE][from], &a->keys[MIG_TARGET][to],
                   equal_run(&a->keys[MIG_SOURCE][from], a->sides[MIG_SOURCE].count - from),
                   equal_run(&a->keys[MIG_TARGET][to], a->sides[MIG_TARGET].count - to)};
        if (a->sides[MIG_SOURCE].items[g.from->index].dated && visit(a, &g, context, err) != 0) {
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

static int want_headers(mig__adopting *a, const group *g, void *context, mig_error *err)
{
    header_sets *sets = context;
    for (size_t i = 0; i < g->from_count; i++) {
        uint32_t uid = a->sides[MIG_SOURCE].items[g->from[i].index].uid;
        if (mig__uidset_add(&sets->from, uid, uid, err) != 0) {
            return -1;
        }
    }
    for (size_t i = 0; i < g->to_count; i++) {
        uint32_t uid = a->sides[MIG_TARGET].items[g->to[i].index].uid;
        if (mig__uidset_add(&sets->to, uid, uid, err) != 0) {
            return -1;
        }
    }
    return 0;
}

/* ---- adopting ---- */

static int adopt_pair(mig__adopting *a, mig__adopt_entry *from, mig__adopt_entry *to, mig_error *err)
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
    int failed = !mig__flags_same(flags, from->flags) ? mig__delta_owe_flags(a->run, a->job, &message, err) : 0;
    failed = failed != 0 ? failed : mig__state_message_adopt(a->run->state, a->job->record.id, &record, err);
    if (failed == 0 && (failed = mig__uidset_add(&one, from->uid, from->uid, err)) == 0) {
        failed = mig__uidset_subtract(&a->job->reading.todo, &one, err);
    }
    from->settled = to->settled = true;
    a->job->result->adopted++;
    mig__uidset_free(&one);
    free(flags);
    return failed;
}

static mig__adopt_entry *single(mig__adopt_side *s, const mig__adopt_key *keys, size_t count, const uint8_t *header)
{
    mig__adopt_entry *found = NULL;
    for (size_t i = 0; i < count; i++) {
        mig__adopt_entry *e = &s->items[keys[i].index];
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

static int adopt_group(mig__adopting *a, const group *g, void *context, mig_error *err)
{
    (void)context;
    for (size_t i = 0; i < g->from_count; i++) {
        mig__adopt_entry *from = &a->sides[MIG_SOURCE].items[g->from[i].index];
        if (!from->has_header || from->settled ||
            single(&a->sides[MIG_SOURCE], g->from, g->from_count, from->header) != from) {
            continue;
        }
        mig__adopt_entry *to = single(&a->sides[MIG_TARGET], g->to, g->to_count, from->header);
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

static int gather_wanted(const mig__adopting *a, wanted *w, mig_error *err)
{
    w->sizes = malloc((a->sides[MIG_SOURCE].count + 1) * sizeof *w->sizes);
    w->dates = malloc((a->sides[MIG_SOURCE].count + 1) * sizeof *w->dates);
    if (w->sizes == NULL || w->dates == NULL) {
        return mig_error_set(err, MIG_E_NOMEM, "out of memory");
    }
    for (size_t i = 0; i < a->sides[MIG_SOURCE].count; i++) {
        const mig__adopt_entry *from = &a->sides[MIG_SOURCE].items[i];
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
static bool may_match(const wanted *w, const mig__adopt_entry *to)
{
    return has_number(w->sizes, w->size_count, to->size) || (to->dated && has_number(w->dates, w->date_count, to->utc));
}

/* The Message-IDs of all messages whose date one that is not settled has on the other side; settled ones as well. */
static int want_ids(const mig__adopting *a, mig_side side, mig__uidset *out, mig_error *err)
{
    const mig__adopt_side *here = &a->sides[side], *there = &a->sides[side == MIG_SOURCE ? MIG_TARGET : MIG_SOURCE];
    int64_t *dates = malloc((there->count + 1) * sizeof *dates);
    size_t count = 0;
    int failed = dates == NULL ? mig_error_set(err, MIG_E_NOMEM, "out of memory") : 0;
    for (size_t i = 0; failed == 0 && i < there->count; i++) {
        if (there->items[i].dated && !there->items[i].settled) {
            dates[count++] = there->items[i].utc;
        }
    }
    if (count > 0) {
        qsort(dates, count, sizeof *dates, compare_numbers);
    }
    for (size_t i = 0; failed == 0 && i < here->count; i++) {
        const mig__adopt_entry *e = &here->items[i];
        if (e->dated && has_number(dates, count, e->utc)) {
            failed = mig__uidset_add(out, e->uid, e->uid, err);
        }
    }
    free(dates);
    return failed;
}

static int find_twins(mig__adopting *a, mig_error *err)
{
    mig__uidset uids[2] = {MIG__UIDSET_INIT, MIG__UIDSET_INIT};
    int failed = 0;
    for (int side = 0; failed == 0 && side < 2; side++) {
        failed = want_ids(a, (mig_side)side, &uids[side], err);
        failed = failed != 0 ? failed : mig__adopt_ask_ids(a, (mig_side)side, &uids[side], err);
        mig__uidset_free(&uids[side]);
    }
    if (failed == 0) {
        mig__adopt_twins(a->sides);
    }
    return failed;
}

static int read_doubtful(mig__adopting *a, mig_error *err)
{
    mig__uidset uids = MIG__UIDSET_INIT;
    wanted w = {0};
    int failed = gather_wanted(a, &w, err);
    for (size_t i = 0; failed == 0 && i < a->sides[MIG_TARGET].count; i++) {
        const mig__adopt_entry *to = &a->sides[MIG_TARGET].items[i];
        if (!to->settled && may_match(&w, to)) {
            failed = mig__uidset_add(&uids, to->uid, to->uid, err);
        }
    }
    failed = failed != 0 ? failed : mig__adopt_ask_bodies(a, &uids, err);
    free(w.sizes);
    free(w.dates);
    mig__uidset_free(&uids);
    return failed;
}

static int match_headers(mig__adopting *a, mig_error *err)
{
    header_sets sets = {MIG__UIDSET_INIT, MIG__UIDSET_INIT};
    int failed = each_group(a, want_headers, &sets, err);
    failed = failed != 0 ? failed : mig__adopt_ask_headers(a, MIG_SOURCE, &sets.from, err);
    failed = failed != 0 ? failed : mig__adopt_ask_headers(a, MIG_TARGET, &sets.to, err);
    mig__uidset_free(&sets.from);
    mig__uidset_free(&sets.to);
    return failed != 0 ? failed : each_group(a, adopt_group, NULL, err);
}

static int adopt_folder(mig__adopting *a, mig_error *err)
{
    mig__uidset all = MIG__UIDSET_INIT;
    int failed = mig__uidset_add(&all, 1, UINT32_MAX, err);
    a->sides[MIG_TARGET].ours = &a->ours;
    failed = failed != 0 ? failed : mig__adopt_ask_summaries(a, MIG_TARGET, &all, err);
    mig__uidset_free(&all);
    if (failed != 0 || a->sides[MIG_TARGET].count == 0) {
        return failed;
    }
    if ((failed = mig__adopt_ask_summaries(a, MIG_SOURCE, &a->job->reading.todo, err)) != 0) {
        return failed;
    }
    if ((a->keys[MIG_SOURCE] = ordered(&a->sides[MIG_SOURCE], err)) == NULL ||
        (a->keys[MIG_TARGET] = ordered(&a->sides[MIG_TARGET], err)) == NULL) {
        return -1;
    }
    failed = match_headers(a, err);
    failed = failed != 0 ? failed : find_twins(a, err);
    return failed != 0 ? failed : read_doubtful(a, err);
}

/* What is there already is not known: to send the folder's messages now could double all of them. */
static void give_up(mig__run *run, mig__folder_job *job, const mig_error *why)
{
    mig_error error = *why;
    mig_error_context(&error, "what '%s' on the target holds already cannot be compared with '%s'", job->result->target,
                      job->source->name);
    mig__lanes_break(run, job, &error);
}

int mig__adopt(mig__run *run, mig__session **source, mig__session **target, mig_error *err)
{
    int failed = 0;
    for (size_t i = 0; failed == 0 && i < run->job_count; i++) {
        mig__folder_job *job = &run->jobs[i];
        if (!job->copy || job->broken || job->unchanged || job->reading.todo.count == 0 || job->goal.exists == 0) {
            continue;
        }
        mig__adopting a = {.run = run, .job = job, .sessions = {source, target}};
        failed = mig__state_ours_in(run->state, run->state_account, job->target, &a.ours, err);
        if (failed == 0 && mig__uidset_size(&a.ours) < job->goal.exists) {
            failed = adopt_folder(&a, err);
        }
        if (failed > 0) {
            give_up(run, job, err);
            failed = 0;
        }
        mig__adopt_side_clear(&a.sides[MIG_SOURCE]);
        mig__adopt_side_clear(&a.sides[MIG_TARGET]);
        free(a.keys[MIG_SOURCE]);
        free(a.keys[MIG_TARGET]);
        mig__uidset_free(&a.ours);
    }
    return failed;
}
