/* verify/compare.c - matching in passes over sorted keys: O(n log n), some 20 octets a message beyond input and output
 */
#include "verify/compare.h"
#include "mail/flags.h"
#include <stdlib.h>
#include <string.h>

typedef struct key {
    const uint8_t *digest;
    int64_t date;
    uint32_t uid;
    uint32_t index;
} key;

typedef struct matcher {
    const mig__comparison_input *in;
    mig__outcome *outcomes; /* one for each recorded message */
    uint32_t *owner;        /* for each found message the recorded one that it was matched with, or MIG__NO_INDEX */
    key *a, *b;             /* room for a key of each recorded and of each found message */
} matcher;

/* ---- keys ---- */

static int order(uint64_t a, uint64_t b)
{
    return (a > b) - (a < b);
}

static int by_uid(const void *a, const void *b)
{
    const key *x = a, *y = b;
    return x->uid != y->uid ? order(x->uid, y->uid) : order(x->index, y->index);
}

static int by_digest_only(const key *x, const key *y)
{
    return memcmp(x->digest, y->digest, MIG__DIGEST_SIZE);
}

/* Equal content in order of date, then UID, so that the first of one side is matched with the first of the other. */
static int by_digest(const void *a, const void *b)
{
    const key *x = a, *y = b;
    int digest = by_digest_only(x, y);
    if (digest) {
        return digest;
    }
    return x->date != y->date ? (x->date > y->date) - (x->date < y->date) : by_uid(a, b);
}

static int by_date_only(const key *x, const key *y)
{
    return (x->date > y->date) - (x->date < y->date);
}

static int by_date(const void *a, const void *b)
{
    int date = by_date_only(a, b);
    return date ? date : by_uid(a, b);
}

static void sort(key *keys, size_t count, int (*compare)(const void *, const void *))
{
    if (count) {
        qsort(keys, count, sizeof *keys, compare);
    }
}

/* ---- matching ---- */

static bool same_content(const mig__recorded *recorded, const mig__found *found)
{
    return recorded->has_digest && found->has_digest &&
           memcmp(recorded->digest.canonical, found->digest.canonical, MIG__DIGEST_SIZE) == 0;
}

static bool contents_known(const mig__recorded *recorded, const mig__found *found)
{
    return recorded->has_digest && found->has_digest;
}

static void match(matcher *m, uint32_t recorded, uint32_t found)
{
    const mig__recorded *r = &m->in->recorded[recorded];
    const mig__found *f = &m->in->found[found];
    mig_found kind;
    if (f->unreadable) {
        kind = MIG_FOUND_UNREADABLE;
    } else if (!contents_known(r, f)) {
        bool same = r->digest.octets == f->digest.octets || (!r->has_digest && !r->digest.octets);
        kind = !same ? MIG_FOUND_SIZE_DIFFERS : f->has_digest ? MIG_FOUND_UNPROVEN : MIG_FOUND_PRESENT;
    } else if (memcmp(r->digest.raw, f->digest.raw, MIG__DIGEST_SIZE) == 0) {
        kind = MIG_FOUND_IDENTICAL;
    } else {
        kind = same_content(r, f) ? MIG_FOUND_STORED_DIFFERENTLY : MIG_FOUND_ALTERED;
    }
    m->owner[found] = recorded;
    m->outcomes[recorded].found = found;
    m->outcomes[recorded].kind = (uint8_t)kind;
    bool flags_count = r->expected != MIG__EXPECT_GONE && r->flags && f->flags && r->flags != f->flags;
    mig__flags_relation flags = flags_count ? mig__flags_compare(r->flags, f->flags) : MIG__FLAGS_SAME;
    m->outcomes[recorded].flags_differ = flags == MIG__FLAGS_DIFFER;
    m->outcomes[recorded].flags_added = flags == MIG__FLAGS_KEYWORDS_ADDED;
    m->outcomes[recorded].dates_differ = r->has_date && f->has_date && r->date != f->date;
}

typedef bool accept_fn(const mig__recorded *recorded, const mig__found *found);

static bool any(const mig__recorded *recorded, const mig__found *found)
{
    (void)recorded;
    (void)found;
    return true;
}

/* Walks both sides by UID at once and matches what `accept` takes. Keys are gathered anew: unmatched messages only. */
static void match_by_uid(matcher *m, accept_fn *accept)
{
    size_t as = 0, bs = 0;
    if (!m->in->same_uidvalidity) {
        return;
    }
    for (uint32_t i = 0; i < m->in->recorded_count; i++) {
        if (m->outcomes[i].found == MIG__NO_INDEX && m->in->recorded[i].target_uid) {
            m->a[as++] = (key){NULL, 0, m->in->recorded[i].target_uid, i};
        }
    }
    for (uint32_t i = 0; i < m->in->found_count; i++) {
        if (m->owner[i] == MIG__NO_INDEX) {
            m->b[bs++] = (key){NULL, 0, m->in->found[i].uid, i};
        }
    }
    sort(m->a, as, by_uid);
    sort(m->b, bs, by_uid);
    for (size_t i = 0, k = 0; i < as && k < bs;) {
        if (m->a[i].uid < m->b[k].uid) {
            i++;
        } else if (m->a[i].uid > m->b[k].uid) {
            k++;
        } else if (accept(&m->in->recorded[m->a[i].index], &m->in->found[m->b[k].index])) {
            match(m, m->a[i++].index, m->b[k++].index);
        } else {
            i++; /* two records may claim one UID: the next one has its turn */
        }
    }
}

typedef const uint8_t *digest_fn(const mig__message_digest *digest);

static const uint8_t *raw_digest(const mig__message_digest *digest)
{
    return digest->raw;
}

static const uint8_t *canonical_digest(const mig__message_digest *digest)
{
    return digest->canonical;
}

/* Matches unmatched messages of equal digest, as often as both sides have it. */
static void match_by_digest(matcher *m, digest_fn *digest)
{
    size_t as = 0, bs = 0;
    for (uint32_t i = 0; i < m->in->recorded_count; i++) {
        const mig__recorded *r = &m->in->recorded[i];
        if (m->outcomes[i].found == MIG__NO_INDEX && r->has_digest) {
            m->a[as++] = (key){digest(&r->digest), r->date, r->target_uid, i};
        }
    }
    for (uint32_t i = 0; i < m->in->found_count && as; i++) {
        const mig__found *f = &m->in->found[i];
        if (m->owner[i] == MIG__NO_INDEX && f->has_digest) {
            m->b[bs++] = (key){digest(&f->digest), f->date, f->uid, i};
        }
    }
    sort(m->a, as, by_digest);
    sort(m->b, bs, by_digest);
    for (size_t i = 0, k = 0; i < as && k < bs;) {
        int ordered = by_digest_only(&m->a[i], &m->b[k]);
        if (ordered == 0) {
            match(m, m->a[i++].index, m->b[k++].index);
        } else if (ordered < 0) {
            i++;
        } else {
            k++;
        }
    }
}

/* With the UIDVALIDITY of the record, a message of another UID and other content is another message. */
static bool size_may_decide(const matcher *m, const mig__recorded *recorded, const mig__found *found)
{
    bool other = m->in->same_uidvalidity && recorded->target_uid && contents_known(recorded, found);
    return !other && recorded->digest.octets == found->digest.octets;
}

/* What has no digest on a side, or other content: the same size and moment must do. */
static void match_by_size_and_date(matcher *m)
{
    size_t as = 0, bs = 0;
    for (uint32_t i = 0; i < m->in->recorded_count; i++) {
        const mig__recorded *r = &m->in->recorded[i];
        bool there = r->expected == MIG__EXPECT_THERE || r->expected == MIG__EXPECT_PERHAPS;
        if (m->outcomes[i].found == MIG__NO_INDEX && r->has_date && there) {
            m->a[as++] = (key){NULL, r->date, r->target_uid, i};
        }
    }
    for (uint32_t i = 0; i < m->in->found_count && as; i++) {
        if (m->owner[i] == MIG__NO_INDEX && m->in->found[i].has_date) {
            m->b[bs++] = (key){NULL, m->in->found[i].date, m->in->found[i].uid, i};
        }
    }
    for (size_t i = 0; i < as; i++) { /* sort by size within the date: the UID has no say any more */
        m->a[i].uid = (uint32_t)m->in->recorded[m->a[i].index].digest.octets;
    }
    for (size_t i = 0; i < bs; i++) {
        m->b[i].uid = (uint32_t)m->in->found[m->b[i].index].digest.octets;
    }
    sort(m->a, as, by_date);
    sort(m->b, bs, by_date);
    for (size_t i = 0, k = 0; i < as && k < bs;) {
        int ordered = by_date_only(&m->a[i], &m->b[k]);
        ordered = ordered ? ordered : order(m->a[i].uid, m->b[k].uid);
        if (ordered == 0 && size_may_decide(m, &m->in->recorded[m->a[i].index], &m->in->found[m->b[k].index])) {
            match(m, m->a[i++].index, m->b[k++].index);
        } else if (ordered <= 0) {
            i++;
        } else {
            k++;
        }
    }
}

/* ---- what is left over ---- */

static mig_found unmatched(mig__expected expected)
{
    switch (expected) {
    case MIG__EXPECT_PERHAPS:
    case MIG__EXPECT_FAILED:
        return MIG_FOUND_NOT_COPIED;
    case MIG__EXPECT_WITHHELD:
        return MIG_FOUND_WITHHELD;
    case MIG__EXPECT_GONE:
        return MIG_FOUND_COUNT; /* as it should be: no outcome */
    case MIG__EXPECT_THERE:
        break;
    }
    return MIG_FOUND_MISSING;
}

static bool came_after(const mig__comparison_input *in, const mig__found *found)
{
    if (in->same_uidvalidity && in->target_uidnext && found->uid >= in->target_uidnext) {
        return true;
    }
    return in->copied && found->has_date && found->date >= in->copied;
}

/* Keys of all matched found messages, sorted: what a further copy may be a twin of. */
static size_t gather_matched(matcher *m, digest_fn *digest)
{
    size_t count = 0;
    for (uint32_t i = 0; i < m->in->found_count; i++) {
        if (m->owner[i] != MIG__NO_INDEX && m->in->found[i].has_digest) {
            m->b[count++] = (key){digest(&m->in->found[i].digest), 0, m->in->found[i].uid, i};
        }
    }
    sort(m->b, count, by_digest);
    return count;
}

static uint32_t find_twin(const matcher *m, size_t count, const uint8_t *digest)
{
    size_t low = 0, high = count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (memcmp(m->b[middle].digest, digest, MIG__DIGEST_SIZE) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    bool same = low < count && memcmp(m->b[low].digest, digest, MIG__DIGEST_SIZE) == 0;
    return same ? m->b[low].index : MIG__NO_INDEX;
}

/* The outcomes of found messages that belong to no recorded one; `rest` has room for them. */
static size_t judge_rest(matcher *m, mig__outcome *rest)
{
    size_t count = 0;
    for (uint32_t i = 0; i < m->in->found_count; i++) {
        if (m->owner[i] == MIG__NO_INDEX) {
            bool after = came_after(m->in, &m->in->found[i]);
            rest[count++] = (mig__outcome){.recorded = MIG__NO_INDEX,
                                           .found = i,
                                           .twin = MIG__NO_INDEX,
                                           .kind = after ? MIG_FOUND_ARRIVED : MIG_FOUND_EXTRA,
                                           .after_copy = after};
        }
    }
    size_t matched = count ? gather_matched(m, canonical_digest) : 0; /* equal octets have equal forms */
    for (size_t i = 0; i < count && matched; i++) {
        const mig__found *found = &m->in->found[rest[i].found];
        rest[i].twin = found->has_digest ? find_twin(m, matched, found->digest.canonical) : MIG__NO_INDEX;
        rest[i].kind = rest[i].twin != MIG__NO_INDEX ? MIG_FOUND_DUPLICATED : rest[i].kind;
    }
    return count;
}

static void count_outcomes(mig__comparison *out)
{
    size_t kept = 0;
    for (size_t i = 0; i < out->count; i++) {
        mig__outcome outcome = out->outcomes[i];
        if (outcome.kind == MIG_FOUND_COUNT) {
            continue;
        }
        out->outcomes[kept++] = outcome;
        out->counts[outcome.kind]++;
        out->counts[MIG_FOUND_FLAGS_DIFFER] += outcome.flags_differ;
        out->counts[MIG_FOUND_FLAGS_ADDED] += outcome.flags_added;
        out->counts[MIG_FOUND_DATES_DIFFER] += outcome.dates_differ;
        out->messages += outcome.recorded != MIG__NO_INDEX;
    }
    out->count = kept;
}

static int prepare(matcher *m, const mig__comparison_input *in, mig__comparison *out, mig_error *err)
{
    size_t all = in->recorded_count + in->found_count;
    out->outcomes = malloc((all ? all : 1) * sizeof *out->outcomes);
    m->owner = malloc((in->found_count + 1) * sizeof *m->owner);
    m->a = malloc((in->recorded_count + 1) * sizeof *m->a);
    m->b = malloc((in->found_count + 1) * sizeof *m->b);
    if (!out->outcomes || !m->owner || !m->a || !m->b) {
        return mig_error_set(err, MIG_E_NOMEM, "no memory to compare %zu messages", all);
    }
    m->in = in;
    m->outcomes = out->outcomes;
    for (uint32_t i = 0; i < in->recorded_count; i++) {
        out->outcomes[i] = (mig__outcome){.recorded = i,
                                          .found = MIG__NO_INDEX,
                                          .twin = MIG__NO_INDEX,
                                          .kind = (uint8_t)unmatched(in->recorded[i].expected)};
    }
    for (uint32_t i = 0; i < in->found_count; i++) {
        m->owner[i] = MIG__NO_INDEX;
    }
    return 0;
}

int mig__compare(const mig__comparison_input *input, mig__comparison *out, mig_error *err)
{
    matcher m = {NULL, NULL, NULL, NULL, NULL};
    *out = (mig__comparison){NULL, 0, {0}, 0};
    int result = prepare(&m, input, out, err);
    if (result == 0) {
        match_by_uid(&m, same_content);
        match_by_digest(&m, raw_digest);
        match_by_digest(&m, canonical_digest);
        match_by_uid(&m, any);
        match_by_size_and_date(&m);
        out->count = input->recorded_count + judge_rest(&m, out->outcomes + input->recorded_count);
        count_outcomes(out);
    } else {
        mig__comparison_free(out);
    }
    free(m.owner);
    free(m.a);
    free(m.b);
    return result;
}

void mig__comparison_free(mig__comparison *comparison)
{
    free(comparison->outcomes);
    *comparison = (mig__comparison){NULL, 0, {0}, 0};
}

/* ---- across folders ---- */

static size_t stray_keys(const mig__stray *strays, size_t count, digest_fn *digest, const bool *used, key *out)
{
    size_t keys = 0;
    for (uint32_t i = 0; i < count; i++) {
        if (!used[i]) {
            out[keys++] = (key){digest(&strays[i].digest), 0, strays[i].index, i};
        }
    }
    sort(out, keys, by_digest);
    return keys;
}

typedef struct strays {
    const mig__stray *missing, *extra;
    size_t missing_count, extra_count;
    bool *missing_used, *extra_used;
    key *a, *b;
    uint32_t *at;
} strays;

static void match_strays(strays *s, digest_fn *digest)
{
    size_t as = stray_keys(s->missing, s->missing_count, digest, s->missing_used, s->a);
    size_t bs = stray_keys(s->extra, s->extra_count, digest, s->extra_used, s->b);
    for (size_t i = 0, k = 0; i < as && k < bs;) {
        int ordered = by_digest_only(&s->a[i], &s->b[k]);
        if (ordered == 0) {
            s->at[s->a[i].index] = s->b[k].index;
            s->missing_used[s->a[i].index] = s->extra_used[s->b[k].index] = true;
        }
        i += ordered <= 0;
        k += ordered >= 0;
    }
}

int mig__compare_strays(const mig__stray *missing, size_t missing_count, const mig__stray *extra, size_t extra_count,
                        uint32_t *at, mig_error *err)
{
    int result = 0;
    strays s = {missing, extra, missing_count, extra_count, NULL, NULL, NULL, NULL, at};
    s.missing_used = calloc(missing_count + 1, sizeof *s.missing_used);
    s.extra_used = calloc(extra_count + 1, sizeof *s.extra_used);
    s.a = malloc((missing_count + 1) * sizeof *s.a);
    s.b = malloc((extra_count + 1) * sizeof *s.b);
    if (s.missing_used && s.extra_used && s.a && s.b) {
        for (size_t i = 0; i < missing_count; i++) {
            at[i] = MIG__NO_INDEX;
        }
        match_strays(&s, raw_digest);
        match_strays(&s, canonical_digest);
    } else {
        result = mig_error_set(err, MIG_E_NOMEM, "no memory to look for %zu messages in other folders", missing_count);
    }
    free(s.missing_used);
    free(s.extra_used);
    free(s.a);
    free(s.b);
    return result;
}
