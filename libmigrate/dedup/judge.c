/* dedup/judge.c - see judge.h */
#include "dedup/judge.h"
#include <stdlib.h>
#include <string.h>

static int by_uid(const void *a, const void *b)
{
    const mig__dup_item *x = a, *y = b;
    return (x->uid > y->uid) - (x->uid < y->uid);
}

void mig__dup_assign(mig__dup_item *items, size_t count, const mig__dup_row *rows, size_t row_count)
{
    for (size_t i = 0; i < count; i++) {
        items[i].row = MIG__NO_ROW;
    }
    for (size_t i = 0; i < row_count; i++) {
        const mig__dup_item key = {.uid = rows[i].uid};
        mig__dup_item *item = rows[i].uid != 0 && count > 0 ? bsearch(&key, items, count, sizeof key, by_uid) : NULL;
        if (item != NULL) {
            item->row = i;
        }
    }
}

static int compare_sizes(const void *a, const void *b)
{
    const uint64_t *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

int mig__dup_candidates(const mig__dup_item *items, size_t count, const mig__dup_row *rows, mig__uidset *out,
                        mig_error *err)
{
    uint64_t *sizes = calloc(count + 1, sizeof *sizes);
    bool all = false;
    int failed = sizes == NULL ? mig_error_set(err, MIG_E_NOMEM, "out of memory") : 0;
    for (size_t i = 0; failed == 0 && i < count; i++) {
        const mig__dup_row *row = items[i].row != MIG__NO_ROW ? &rows[items[i].row] : NULL;
        all = all || (row != NULL && row->digest.octets != 0 && row->digest.octets != items[i].size);
        sizes[i] = items[i].size;
    }
    if (failed == 0) {
        qsort(sizes, count, sizeof *sizes, compare_sizes);
    }
    for (size_t i = 0; failed == 0 && i < count; i++) {
        const uint64_t *at = bsearch(&items[i].size, sizes, count, sizeof *sizes, compare_sizes);
        const bool twice = (at > sizes && at[-1] == *at) || (at + 1 < sizes + count && at[1] == *at);
        if (all || twice) {
            failed = mig__uidset_add(out, items[i].uid, items[i].uid, err);
        }
    }
    free(sizes);
    return failed;
}

bool mig__dup_rewrites(const mig__dup_item *items, size_t count, const mig__dup_row *rows)
{
    for (size_t i = 0; i < count; i++) {
        const mig__dup_row *row = items[i].row != MIG__NO_ROW ? &rows[items[i].row] : NULL;
        if (row != NULL && row->has_digest && items[i].has_digest &&
            memcmp(row->digest.raw, items[i].digest.raw, MIG__DIGEST_SIZE) != 0 &&
            memcmp(row->digest.canonical, items[i].digest.canonical, MIG__DIGEST_SIZE) == 0) {
            return true;
        }
    }
    return false;
}

/* ---- groups ---- */

typedef struct entry {
    const uint8_t *digest;
    uint32_t uid;
    size_t index;
} entry;

static int by_digest(const void *a, const void *b)
{
    const entry *x = a, *y = b;
    const int order = memcmp(x->digest, y->digest, MIG__DIGEST_SIZE);
    return order != 0 ? order : (x->uid > y->uid) - (x->uid < y->uid);
}

static const uint8_t *digest_of(const mig__message_digest *digest, bool canonical)
{
    return canonical ? digest->canonical : digest->raw;
}

typedef struct groups {
    mig__dup_item *items;
    mig__dup_row *rows;
    entry *messages, *recorded; /* by digest */
    size_t message_count, recorded_count;
} groups;

/* How many of the record have that digest: of what is sorted, a stretch. */
static size_t recorded_with(const groups *g, const uint8_t *digest)
{
    size_t low = 0, high = g->recorded_count;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (memcmp(g->recorded[middle].digest, digest, MIG__DIGEST_SIZE) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    size_t count = 0;
    while (low + count < g->recorded_count && memcmp(g->recorded[low + count].digest, digest, MIG__DIGEST_SIZE) == 0) {
        count++;
    }
    return count;
}

/* A row whose message leaves gets the first one that stays and has none. */
static void hand_over(groups *g, const entry *group, size_t allowed, mig__dup_item *leaving)
{
    if (leaving->row == MIG__NO_ROW) {
        return;
    }
    for (size_t i = 0; i < allowed; i++) {
        mig__dup_item *stays = &g->items[group[i].index];
        if (stays->row == MIG__NO_ROW) {
            stays->row = leaving->row;
            g->rows[leaving->row].moved_to = stays->uid;
            leaving->row = MIG__NO_ROW;
            return;
        }
    }
}

static void judge_group(groups *g, const entry *group, size_t count)
{
    size_t allowed = recorded_with(g, group[0].digest);
    for (size_t i = 0; i < count; i++) { /* a row without a digest is about the message that has its UID */
        const size_t row = g->items[group[i].index].row;
        allowed += row != MIG__NO_ROW && !g->rows[row].has_digest;
    }
    allowed = allowed == 0 ? 1 : allowed;
    for (size_t i = allowed; i < count; i++) {
        mig__dup_item *item = &g->items[group[i].index];
        item->kept = group[0].uid;
        hand_over(g, group, allowed, item);
    }
}

static void fill(groups *g, size_t count, size_t row_count, bool canonical)
{
    for (size_t i = 0; i < count; i++) {
        g->items[i].kept = 0;
        if (g->items[i].has_digest) {
            g->messages[g->message_count++] = (entry){digest_of(&g->items[i].digest, canonical), g->items[i].uid, i};
        }
    }
    for (size_t i = 0; i < row_count; i++) {
        g->rows[i].moved_to = 0;
        if (g->rows[i].has_digest) {
            g->recorded[g->recorded_count++] = (entry){digest_of(&g->rows[i].digest, canonical), 0, i};
        }
    }
    qsort(g->messages, g->message_count, sizeof *g->messages, by_digest);
    qsort(g->recorded, g->recorded_count, sizeof *g->recorded, by_digest);
}

int mig__dup_judge(mig__dup_item *items, size_t count, mig__dup_row *rows, size_t row_count, bool canonical,
                   mig_error *err)
{
    groups g = {.items = items,
                .rows = rows,
                .messages = calloc(count + 1, sizeof(entry)),
                .recorded = calloc(row_count + 1, sizeof(entry))};
    int failed = 0;
    if (g.messages == NULL || g.recorded == NULL) {
        failed = mig_error_set(err, MIG_E_NOMEM, "out of memory");
    } else {
        fill(&g, count, row_count, canonical);
        for (size_t i = 0, length; i < g.message_count; i += length) {
            for (length = 1; i + length < g.message_count &&
                             memcmp(g.messages[i].digest, g.messages[i + length].digest, MIG__DIGEST_SIZE) == 0;
                 length++) {
            }
            if (length > 1) {
                judge_group(&g, &g.messages[i], length);
            }
        }
    }
    free(g.messages);
    free(g.recorded);
    return failed;
}
