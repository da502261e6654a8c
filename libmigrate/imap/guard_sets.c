/*
 * imap/guard_sets.c - SEARCH, ESEARCH and VANISHED, read octet by octet: their lines are as long as a mailbox is large
 *
 * RFC 3501 section 7.2.5, RFC 4731 section 4, RFC 7162 sections 3.1.5 and 3.2.10, RFC 9394 (PARTIAL). A number out of
 * range, "*", or anything else that is no set makes the whole response senseless: a part of a result looks like a
 * whole one. Memory: 8 octets for each run of numbers.
 */
#include "imap/guard_internal.h"
#include <stdlib.h>
#include <string.h>

enum { NOTHING, SET, MODSEQ, COUNT, NUMBER, PARTIAL, TAG, UNKNOWN };

void mig__sets_begin(mig__set_reader *sets, mig__keyword keyword)
{
    mig__uid_range *ranges = sets->ranges;
    size_t capacity = sets->capacity;
    memset(sets, 0, sizeof *sets);
    sets->ranges = ranges;
    sets->capacity = capacity;
    sets->keyword = keyword;
    sets->expect = keyword == MIG__KW_ESEARCH ? NOTHING : SET;
}

static int by_first(const void *a, const void *b)
{
    const mig__uid_range *x = a;
    const mig__uid_range *y = b;
    return x->first < y->first ? -1 : x->first > y->first;
}

/* In order, and those that overlap or touch made one. */
static void sort_ranges(mig__set_reader *sets)
{
    size_t kept = 0;
    if (!sets->unsorted) {
        return;
    }
    qsort(sets->ranges, sets->count, sizeof *sets->ranges, by_first);
    for (size_t i = 1; i < sets->count; i++) {
        mig__uid_range *before = &sets->ranges[kept];
        if (before->last == UINT32_MAX || sets->ranges[i].first <= before->last + 1) {
            before->last = sets->ranges[i].last > before->last ? sets->ranges[i].last : before->last;
        } else {
            sets->ranges[++kept] = sets->ranges[i];
        }
    }
    sets->count = kept + 1;
    sets->unsorted = false;
}

/* Room for one more. Repetitions are taken out first: they may not cost memory. */
static int grow(mig__set_reader *sets, mig_error *err)
{
    sort_ranges(sets);
    if (sets->capacity > 0 && sets->count <= sets->capacity / 2) {
        return 0;
    }
    size_t capacity = sets->capacity == 0 ? 64 : sets->capacity * 2;
    mig__uid_range *ranges = realloc(sets->ranges, capacity * sizeof *ranges);
    if (ranges == NULL) {
        return mig_error_set(err, MIG_E_NOMEM, "out of memory for a set of %zu UID ranges", capacity);
    }
    sets->ranges = ranges;
    sets->capacity = capacity;
    return 0;
}

static int add_range(mig__set_reader *sets, uint32_t first, uint32_t last, mig_error *err)
{
    if (first > last) { /* RFC 9051 section 9: "2:4" and "4:2" are the same */
        uint32_t swap = first;
        first = last;
        last = swap;
    }
    if (sets->count > 0) {
        mig__uid_range *before = &sets->ranges[sets->count - 1];
        if (first > before->last && first - 1 == before->last) {
            before->last = last;
            return 0;
        }
    }
    if (sets->count == sets->capacity && grow(sets, err) != 0) {
        return -1;
    }
    if (sets->count > 0 && first <= sets->ranges[sets->count - 1].last) {
        sets->unsorted = true;
    }
    sets->ranges[sets->count++] = (mig__uid_range){first, last};
    return 0;
}

/* A number of a set; in SEARCH numbers stand alone. */
static int set_number(mig__set_reader *sets, mig__span word, mig_error *err)
{
    uint64_t number;
    if (!mig__span_number(word, UINT32_MAX, &number) || number == 0) {
        sets->bad = true;
        return 0;
    }
    sets->comma = false;
    if (sets->colon) {
        sets->colon = sets->have_first = false;
        return add_range(sets, sets->first, (uint32_t)number, err);
    }
    sets->first = (uint32_t)number;
    sets->have_first = true;
    return 0;
}

/* At "," or the end of a set: a number without a colon behind it stands for itself. */
static int close_element(mig__set_reader *sets, mig_error *err)
{
    bool alone = sets->have_first && !sets->colon;
    sets->bad = sets->bad || sets->colon;
    sets->have_first = sets->colon = false;
    return alone ? add_range(sets, sets->first, sets->first, err) : 0;
}

static void esearch_word(mig__set_reader *sets, mig__span word)
{
    static const struct {
        const char *word;
        int expect;
    } words[] = {{"ALL", SET},       {"COUNT", COUNT},     {"MIN", NUMBER}, {"MAX", NUMBER},
                 {"MODSEQ", MODSEQ}, {"PARTIAL", PARTIAL}, {"UID", NOTHING}};
    uint64_t number;
    sets->bad = sets->bad || mig__span_number(word, UINT64_MAX, &number); /* what is left of a broken set */
    sets->expect = UNKNOWN;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (mig__span_is(word, words[i].word)) {
            sets->expect = words[i].expect;
        }
    }
}

static void number_value(mig__set_reader *sets, mig__span word)
{
    mig__guard_extra *found = &sets->found;
    uint64_t number;
    if (sets->expect == TAG) {
        if (mig__span_number(word, INT32_MAX, &number)) {
            found->esearch_tag = (unsigned)number;
        }
    } else if (!mig__span_number(word, sets->expect == MODSEQ ? (uint64_t)MIG__MODSEQ_MAX : UINT32_MAX, &number)) {
        sets->bad = true;
    } else if (sets->expect == MODSEQ) {
        found->has_modseq = true;
        found->modseq = number;
    } else if (sets->expect == COUNT) {
        found->esearch_count_given = true;
        found->esearch_count = number;
    }
}

/* Words inside of parentheses: (MODSEQ n), (EARLIER), (TAG "n"), and what belongs to PARTIAL (1:100 set). */
static int inner_word(mig__set_reader *sets, mig__span word, mig_error *err)
{
    if (sets->expect == PARTIAL) {
        if (sets->position == 0 || mig__span_is(word, "NIL")) {
            return 0;
        }
        return set_number(sets, word, err);
    }
    if (sets->expect == MODSEQ || sets->expect == TAG) {
        number_value(sets, word);
    } else if (sets->keyword == MIG__KW_VANISHED && mig__span_is(word, "EARLIER")) {
        sets->found.vanished_earlier = true;
    } else if (sets->keyword == MIG__KW_SEARCH && mig__span_is(word, "MODSEQ")) {
        sets->expect = MODSEQ;
    } else if (sets->keyword == MIG__KW_ESEARCH && mig__span_is(word, "TAG")) {
        sets->expect = TAG;
    }
    return 0;
}

static int end_word(mig__set_reader *sets, mig_error *err)
{
    mig__span word = {sets->word, sets->word_length};
    sets->word_length = 0;
    if (word.length == 0) {
        return 0;
    }
    if (sets->depth > 0) {
        return inner_word(sets, word, err);
    }
    if (sets->expect == NOTHING) {
        esearch_word(sets, word);
        return 0;
    }
    sets->value_done = true;
    if (sets->expect == SET) {
        return set_number(sets, word, err);
    }
    if (sets->expect != UNKNOWN) {
        number_value(sets, word);
    }
    return 0;
}

/* A blank ends a set, and a value of ESEARCH: the next word is a name again. */
static int blank(mig__set_reader *sets, mig_error *err)
{
    bool had_word = sets->word_length > 0;
    if (end_word(sets, err) != 0 || close_element(sets, err) != 0) {
        return -1;
    }
    sets->bad = sets->bad || sets->comma;
    if (sets->depth > 0) {
        sets->position += had_word ? 1 : 0;
    } else if (sets->keyword == MIG__KW_ESEARCH && sets->value_done) {
        sets->value_done = false;
        sets->expect = NOTHING;
    }
    return 0;
}

static int feed_char(mig__set_reader *sets, char c, mig_error *err)
{
    bool set = sets->expect == SET || (sets->expect == PARTIAL && sets->depth > 0 && sets->position > 0);
    switch (c) {
    case '"':
        return 0;
    case ',':
    case ':':
        if (!set || sets->keyword == MIG__KW_SEARCH) {
            break; /* part of a word */
        }
        if (end_word(sets, err) != 0) {
            return -1;
        }
        if (c == ',') {
            sets->comma = true;
            return close_element(sets, err);
        }
        sets->bad = sets->bad || !sets->have_first || sets->colon;
        sets->colon = true;
        return 0;
    case ' ':
    case '\t':
    case '\r':
        return blank(sets, err);
    case '(':
        sets->bad = sets->bad || sets->word_length > 0 || sets->depth > 0;
        sets->depth = 1;
        sets->position = 0;
        return 0;
    case ')':
        if (end_word(sets, err) != 0 || close_element(sets, err) != 0) {
            return -1;
        }
        sets->bad = sets->bad || sets->comma || sets->depth == 0;
        sets->depth = 0;
        sets->expect = sets->keyword == MIG__KW_ESEARCH ? NOTHING : SET;
        return 0;
    default:
        break;
    }
    if (sets->word_length == sizeof sets->word) {
        sets->bad = true;
        return 0;
    }
    sets->word[sets->word_length++] = c;
    return 0;
}

int mig__sets_feed(mig__guard *guard, const char *octets, size_t length, mig_error *err)
{
    for (size_t i = 0; i < length && !guard->sets.bad; i++) {
        if (feed_char(&guard->sets, octets[i], err) != 0) {
            return -1;
        }
    }
    return 0;
}

mig__verdict mig__sets_end(mig__guard *guard, mig__frame *frame, mig_error *err)
{
    mig__set_reader *sets = &guard->sets;
    if (mig__sets_feed(guard, " ", 1, err) != 0) {
        return MIG__VERDICT_FAILED;
    }
    if (sets->bad || sets->depth > 0) {
        return MIG__VERDICT_DROP;
    }
    sort_ranges(sets);
    for (size_t i = 0; i < sets->count; i++) {
        if (mig__uidset_add(&guard->uids, sets->ranges[i].first, sets->ranges[i].last, err) != 0) {
            return MIG__VERDICT_FAILED;
        }
    }
    frame->extra = sets->found;
    frame->extra.uids = &guard->uids;
    return MIG__VERDICT_FRAME;
}
