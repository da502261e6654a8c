/* mail/uidset.c - sets of UIDs: a sorted array of ranges that neither overlap nor touch */
#include "mail/uidset.h"
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static int reserve(mig__uidset *set, size_t count, mig_error *err)
{
    if (count <= set->capacity) {
        return 0;
    }
    size_t capacity = set->capacity ? set->capacity * 2 : 8;
    capacity = capacity < count ? count : capacity;
    mig__uid_range *ranges =
        capacity > SIZE_MAX / sizeof *ranges ? NULL : realloc(set->ranges, capacity * sizeof *ranges);
    if (!ranges) {
        return mig_error_set(err, MIG_E_NOMEM, "no memory for a set of %zu UID ranges", count);
    }
    set->ranges = ranges;
    set->capacity = capacity;
    return 0;
}

/* The first range that ends at `uid` or later. */
static size_t lower(const mig__uidset *set, uint32_t uid)
{
    size_t low = 0, high = set->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (set->ranges[middle].last < uid) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

int mig__uidset_add(mig__uidset *set, uint32_t first, uint32_t last, mig_error *err)
{
    if (first > last) {
        uint32_t swap = first;
        first = last;
        last = swap;
    }
    if (first == 0) {
        return mig_error_set(err, MIG_E_PROTOCOL, "0 is not a UID");
    }
    if (set->count && set->ranges[set->count - 1].last == first - 1) { /* the common case: ascending */
        set->ranges[set->count - 1].last = last;
        return 0;
    }
    size_t at = lower(set, first - 1); /* the first range that overlaps or touches from the left, or lies behind */
    size_t end = at;
    while (end < set->count && (set->ranges[end].first <= last || set->ranges[end].first - 1 == last)) {
        end++;
    }
    if (end == at) {
        if (reserve(set, set->count + 1, err) < 0) {
            return -1;
        }
        memmove(set->ranges + at + 1, set->ranges + at, (set->count - at) * sizeof *set->ranges);
        set->ranges[at] = (mig__uid_range){first, last};
        set->count++;
        return 0;
    }
    mig__uid_range merged = {set->ranges[at].first, set->ranges[end - 1].last};
    merged.first = first < merged.first ? first : merged.first;
    merged.last = last > merged.last ? last : merged.last;
    set->ranges[at] = merged;
    memmove(set->ranges + at + 1, set->ranges + end, (set->count - end) * sizeof *set->ranges);
    set->count -= end - at - 1;
    return 0;
}

bool mig__uidset_has(const mig__uidset *set, uint32_t uid)
{
    size_t at = lower(set, uid);
    return at < set->count && set->ranges[at].first <= uid;
}

uint64_t mig__uidset_size(const mig__uidset *set)
{
    uint64_t size = 0;
    for (size_t i = 0; i < set->count; i++) {
        size += (uint64_t)set->ranges[i].last - set->ranges[i].first + 1;
    }
    return size;
}

uint32_t mig__uidset_max(const mig__uidset *set)
{
    return set->count ? set->ranges[set->count - 1].last : 0;
}

int mig__uidset_remove(mig__uidset *set, uint32_t uid, mig_error *err)
{
    size_t at = lower(set, uid);
    if (at == set->count || set->ranges[at].first > uid) {
        return 0;
    }
    mig__uid_range *range = &set->ranges[at];
    if (range->first == range->last) {
        set->count--;
        memmove(range, range + 1, (set->count - at) * sizeof *range);
    } else if (range->first == uid) {
        range->first++;
    } else if (range->last == uid) {
        range->last--;
    } else {
        if (reserve(set, set->count + 1, err) < 0) {
            return -1;
        }
        range = &set->ranges[at];
        memmove(range + 1, range, (set->count - at) * sizeof *range);
        set->count++;
        range[0].last = uid - 1;
        range[1].first = uid + 1;
    }
    return 0;
}

/* Appends what of `range` no range of `other` covers; `at` moves on in `other`. */
static int add_rest(mig__uidset *out, mig__uid_range range, const mig__uidset *other, size_t *at, mig_error *err)
{
    uint32_t first = range.first;
    while (*at < other->count && other->ranges[*at].last < first) {
        (*at)++;
    }
    for (size_t i = *at; i < other->count && other->ranges[i].first <= range.last; i++) {
        if (other->ranges[i].first > first && mig__uidset_add(out, first, other->ranges[i].first - 1, err) < 0) {
            return -1;
        }
        if (other->ranges[i].last >= range.last) {
            return 0;
        }
        first = other->ranges[i].last + 1;
    }
    return mig__uidset_add(out, first, range.last, err);
}

int mig__uidset_subtract(mig__uidset *set, const mig__uidset *other, mig_error *err)
{
    mig__uidset rest = MIG__UIDSET_INIT;
    size_t at = 0;
    for (size_t i = 0; i < set->count; i++) {
        if (add_rest(&rest, set->ranges[i], other, &at, err) < 0) {
            mig__uidset_free(&rest);
            return -1;
        }
    }
    mig__uidset_free(set);
    *set = rest;
    return 0;
}

int mig__uidset_add_all(mig__uidset *set, const mig__uidset *other, mig_error *err)
{
    for (size_t i = 0; i < other->count; i++) {
        if (mig__uidset_add(set, other->ranges[i].first, other->ranges[i].last, err) != 0) {
            return -1;
        }
    }
    return 0;
}

int64_t mig__uidset_take(mig__uidset *set, uint64_t most, mig__uidset *out, mig_error *err)
{
    uint64_t left = most;
    size_t whole = 0; /* ranges taken entirely */
    mig__uidset_clear(out);
    while (whole < set->count) {
        uint64_t size = (uint64_t)set->ranges[whole].last - set->ranges[whole].first + 1;
        if (size > left) {
            break;
        }
        left -= size;
        whole++;
    }
    bool part = whole < set->count && left > 0;
    if (reserve(out, whole + (part ? 1 : 0), err) < 0) {
        return -1;
    }
    if (whole) {
        memcpy(out->ranges, set->ranges, whole * sizeof *set->ranges);
    }
    out->count = whole;
    if (part) {
        uint32_t first = set->ranges[whole].first;
        out->ranges[out->count++] = (mig__uid_range){first, (uint32_t)(first + left - 1)};
        set->ranges[whole].first = (uint32_t)(first + left);
        left = 0;
    }
    if (whole) {
        memmove(set->ranges, set->ranges + whole, (set->count - whole) * sizeof *set->ranges);
    }
    set->count -= whole;
    return (int64_t)(most - left);
}

int mig__uidset_copy(mig__uidset *to, const mig__uidset *from, mig_error *err)
{
    if (to == from) {
        return 0;
    }
    if (reserve(to, from->count, err) < 0) {
        return -1;
    }
    if (from->count) {
        memcpy(to->ranges, from->ranges, from->count * sizeof *from->ranges);
    }
    to->count = from->count;
    return 0;
}

static size_t digits(uint32_t number)
{
    size_t count = 1;
    for (; number >= 10; number /= 10) {
        count++;
    }
    return count;
}

size_t mig__uidset_fit(const mig__uidset *set, size_t at, size_t octets)
{
    size_t count = 0, length = 0;
    for (; at + count < set->count; count++) {
        const mig__uid_range *range = &set->ranges[at + count];
        length += digits(range->first) + (range->last > range->first ? 1 + digits(range->last) : 0);
        if (count > 0 && length > octets) {
            break;
        }
        length++; /* the comma */
    }
    return count;
}

void mig__uidset_format(const mig__uidset *set, mig__buffer *out)
{
    for (size_t i = 0; i < set->count; i++) {
        mig__buffer_addf(out, "%s%" PRIu32, i ? "," : "", set->ranges[i].first);
        if (set->ranges[i].last > set->ranges[i].first) {
            mig__buffer_addf(out, ":%" PRIu32, set->ranges[i].last);
        }
    }
}

/* RFC 3501 section 9, nz-number: 1 to 2^32 - 1, no leading zero. Returns how many octets it takes, 0 for none. */
static size_t parse_number(const char *text, size_t length, uint32_t *out)
{
    uint64_t number = 0;
    size_t at = 0;
    while (at < length && text[at] >= '0' && text[at] <= '9' && number <= UINT32_MAX) {
        number = number * 10 + (uint64_t)(text[at++] - '0');
    }
    *out = (uint32_t)number;
    return at && text[0] != '0' && number <= UINT32_MAX ? at : 0;
}

static int compare_first(const void *a, const void *b)
{
    const mig__uid_range *x = a, *y = b;
    return (x->first > y->first) - (x->first < y->first);
}

/* Ranges in any order become a set. Sorting once: a long descending list added one by one would take quadratic time. */
static void normalise(mig__uidset *set)
{
    size_t kept = 0;
    if (set->count) {
        qsort(set->ranges, set->count, sizeof *set->ranges, compare_first);
    }
    for (size_t i = 0; i < set->count; i++) {
        mig__uid_range *before = kept ? &set->ranges[kept - 1] : NULL;
        mig__uid_range range = set->ranges[i];
        if (before && range.first - 1 <= before->last) {
            before->last = range.last > before->last ? range.last : before->last;
        } else {
            set->ranges[kept++] = range;
        }
    }
    set->count = kept;
}

/* One "number" or "number:number". Returns how many octets it takes, 0 for anything else. */
static size_t parse_range(const char *text, size_t length, mig__uid_range *out)
{
    uint32_t a = 0, b = 0;
    size_t at = parse_number(text, length, &a);
    b = a;
    if (at && at < length && text[at] == ':') {
        size_t took = parse_number(text + at + 1, length - at - 1, &b);
        at = took ? at + 1 + took : 0;
    }
    *out = a < b ? (mig__uid_range){a, b} : (mig__uid_range){b, a};
    return at;
}

int mig__uidset_parse(mig__uidset *set, const char *text, size_t length, mig_error *err)
{
    size_t at = 0;
    bool more = true;
    mig__uidset_clear(set);
    while (more) {
        mig__uid_range range = {0, 0};
        size_t took = parse_range(text + at, length - at, &range);
        at += took;
        more = at < length && text[at] == ',';
        if (!took || (at < length && !more)) {
            mig__uidset_clear(set);
            return mig_error_set(err, MIG_E_PROTOCOL, "not a set of UIDs: \"%.*s\"", (int)(length < 80 ? length : 80),
                                 text);
        }
        at += more ? 1 : 0;
        if (reserve(set, set->count + 1, err) < 0) {
            mig__uidset_clear(set);
            return -1;
        }
        set->ranges[set->count++] = range;
    }
    normalise(set);
    return 0;
}

void mig__uidset_clear(mig__uidset *set)
{
    set->count = 0;
}

void mig__uidset_free(mig__uidset *set)
{
    free(set->ranges);
    *set = (mig__uidset)MIG__UIDSET_INIT;
}
