/* Recorded against found: every finding by example, combinations, and random folders against a naive reference */
#include "verify/compare.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#define COPIED 2000000 /* when the copy ended */

/* A message of content `content`, of which servers keep variants with the same canonical form. */
static mig__message_digest content(unsigned number, unsigned variant)
{
    mig__message_digest digest = {{0}, {0}, 1000 + number * 10 + variant};
    uint32_t raw[2] = {number, variant}, canonical = number;
    assert_int_equal(mig__digest(raw, sizeof raw, digest.raw, NULL), 0);
    assert_int_equal(mig__digest(&canonical, sizeof canonical, digest.canonical, NULL), 0);
    return digest;
}

static mig__recorded recorded(uint32_t uid, unsigned number)
{
    return (mig__recorded){.source_uid = uid + 100,
                           .target_uid = uid,
                           .expected = MIG__EXPECT_THERE,
                           .has_digest = true,
                           .has_date = true,
                           .date = 1000000 + number,
                           .flags = "\\Seen",
                           .digest = content(number, 0)};
}

static mig__found found(uint32_t uid, unsigned number)
{
    return (mig__found){.uid = uid,
                        .has_digest = true,
                        .has_date = true,
                        .date = 1000000 + number,
                        .flags = "\\Seen",
                        .digest = content(number, 0)};
}

typedef struct folder {
    mig__recorded r[20];
    mig__found f[20];
    mig__comparison_input in;
    mig__comparison out;
} folder;

/* Three messages, UIDs 1 to 3, contents 1 to 3, all well. */
static void set_up(folder *fixture)
{
    memset(fixture, 0, sizeof *fixture);
    for (unsigned i = 0; i < 3; i++) {
        fixture->r[i] = recorded(i + 1, i + 1);
        fixture->f[i] = found(i + 1, i + 1);
    }
    fixture->in = (mig__comparison_input){fixture->r, 3, fixture->f, 3, true, 4, COPIED};
}

static void compare(folder *fixture)
{
    assert_int_equal(mig__compare(&fixture->in, &fixture->out, NULL), 0);
}

/* Outcome i has this kind, record and found message; frees with the last. */
static void assert_outcome(const folder *fixture, size_t i, mig_found kind, uint32_t record, uint32_t message)
{
    assert_true(i < fixture->out.count);
    assert_string_equal(mig_found_name(fixture->out.outcomes[i].kind), mig_found_name(kind));
    assert_int_equal(fixture->out.outcomes[i].recorded, record);
    assert_int_equal(fixture->out.outcomes[i].found, message);
}

static void assert_counts(const folder *fixture, uint64_t identical, mig_found kind, uint64_t count)
{
    assert_int_equal(fixture->out.counts[MIG_FOUND_IDENTICAL], identical);
    assert_int_equal(fixture->out.counts[kind], count);
}

static void all_is_well(void **state)
{
    (void)state;
    folder x;
    set_up(&x);
    compare(&x);
    for (uint32_t i = 0; i < 3; i++) {
        assert_outcome(&x, i, MIG_FOUND_IDENTICAL, i, i);
        assert_false(x.out.outcomes[i].flags_differ || x.out.outcomes[i].dates_differ || x.out.outcomes[i].after_copy);
    }
    assert_int_equal(x.out.count, 3);
    assert_int_equal(x.out.messages, 3);
    mig__comparison_free(&x.out);
    assert_null(x.out.outcomes);
}

static void an_empty_folder(void **state)
{
    (void)state;
    folder x;
    set_up(&x);
    x.in.recorded_count = x.in.found_count = 0;
    compare(&x);
    assert_int_equal(x.out.count, 0);
    mig__comparison_free(&x.out);
}

static void stored_differently(void **state)
{
    (void)state;
    folder x;
    set_up(&x);
    x.f[1].digest = content(2, 7);
    compare(&x);
    assert_outcome(&x, 1, MIG_FOUND_STORED_DIFFERENTLY, 1, 1);
    assert_counts(&x, 2, MIG_FOUND_STORED_DIFFERENTLY, 1);
    mig__comparison_free(&x.out);
}

static void altered(void **state)
{
    (void)state;
    folder x;
    set_up(&x);
    x.f[1].digest = content(99, 0);
    compare(&x);
    assert_outcome(&x, 1, MIG_FOUND_ALTERED, 1, 1);
    assert_counts(&x, 2, MIG_FOUND_ALTERED, 1);
    assert_int_equal(x.out.count, 3);
    mig__comparison_free(&x.out);
}

static void missing(void **state)
{
    (void)state;
    folder x;
    set_up(&x);
    x.f[1] = x.f[2];
    x.in.found_count = 2;
    compare(&x);
    assert_outcome(&x, 1, MIG_FOUND_MISSING, 1, MIG__NO_INDEX);
    assert_outcome(&x, 2, MIG_FOUND_IDENTICAL, 2, 1);
    assert_counts(&x, 2, MIG_FOUND_MISSING, 1);
    mig__comparison_free(&x.out);
}

static void another_message_of_the_same_size_and_moment_is_no_replacement(void **state)
{
    (void)state;
    folder x;
    set_up(&x);
    x.f[1].uid = 9;
    x.f[1].digest = content(99, 0);
    x.f[1].digest.octets = x.r[1].digest.octets;
    compare(&x);
    assert_outcome(&x, 1, MIG_FOUND_MISSING, 1, MIG__NO_INDEX);
    assert_outcome(&x, 3, MIG_FOUND_ARRIVED, MIG__NO_INDEX, 1);
    mig__comparison_free(&x.out);
    x.in.same_uidvalidity = false; /* but without a UID map it is the best guess */
    compare(&x);
    assert_outcome(&x, 1, MIG_FOUND_ALTERED, 1, 1);
    mig__comparison_free(&x.out);
}

static void extra_and_arrived(void **state)
{
    (void)state;
    folder x;
    set_up(&x);
    x.f[3] = found(5, 50);
    x.f[4] = found(8, 51);
    x.in.found_count = 5;
    x.in.target_uidnext = 8;
    compare(&x);
    assert_outcome(&x, 3, MIG_FOUND_EXTRA, MIG__NO_INDEX, 3);
    assert_outcome(&x, 4, MIG_FOUND_ARRIVED, MIG__NO_INDEX, 4);
    assert_false(x.out.outcomes[3].after_copy);
    assert_true(x.out.outcomes[4].after_copy);
    assert_int_equal(x.out.messages, 3);
    mig__comparison_free(&x.out);

    x.in.target_uidnext = 0; /* unknown: the date decides */
    x.f[3].date = COPIED + 1;
    compare(&x);
    assert_outcome(&x, 3, MIG_FOUND_ARRIVED, MIG__NO_INDEX, 3);
    assert_outcome(&x, 4, MIG_FOUND_EXTRA, MIG__NO_INDEX, 4);
    mig__comparison_free(&x.out);
}

static void duplicated(void **state)
{
    (void)state;
    folder x;
    set_up(&x);
    x.f[3] = found(7, 2);
    x.f[4] = found(8, 2);
    x.f[4].digest = content(2, 5); /* a copy that was rewritten is a copy */
    x.in.found_count = 5;
    compare(&x);
    assert_outcome(&x, 3, MIG_FOUND_DUPLICATED, MIG__NO_INDEX, 3);
    assert_outcome(&x, 4, MIG_FOUND_DUPLICATED, MIG__NO_INDEX, 4);
    assert_int_equal(x.out.outcomes[3].twin, 1);
    assert_int_equal(x.out.outcomes[4].twin, 1);
    assert_true(x.out.outcomes[3].after_copy);
    assert_counts(&x, 3, MIG_FOUND_DUPLICATED, 2);
    mig__comparison_free(&x.out);
}

static void what_was_there_twice_is_no_duplicate(void **state)
{
    (void)state;
    folder x;
    set_up(&x);
    x.r[3] = recorded(4, 2);
    x.f[3] = found(4, 2);
    x.in.recorded_count = x.in.found_count = 4;
    compare(&x);
    assert_counts(&x, 4, MIG_FOUND_DUPLICATED, 0);
    mig__comparison_free(&x.out);
    x.in.found_count = 3; /* and one of two that are the same is missing */
    compare(&x);
    assert_counts(&x, 3, MIG_FOUND_MISSING, 1);
    mig__comparison_free(&x.out);
}

static void keywords_that_the_server_adds(void **state)
{
    (void)state;
    folder x;
    set_up(&x);
    x.f[0].flags = "\\seen";          /* letters do not count */
    x.f[1].flags = "$NotJunk \\Seen"; /* a keyword of the server's own is worth a word */
    x.f[2].flags = "$NotJunk \\Flagged \\Seen";
    compare(&x);
    assert_false(x.out.outcomes[0].flags_differ || x.out.outcomes[0].flags_added);
    assert_true(!x.out.outcomes[1].flags_differ && x.out.outcomes[1].flags_added);
    assert_true(x.out.outcomes[2].flags_differ && !x.out.outcomes[2].flags_added);
    assert_int_equal(x.out.counts[MIG_FOUND_FLAGS_ADDED], 1);
    mig__comparison_free(&x.out);
}

static void flags_and_dates(void **state)
{
    (void)state;
    folder x;
    set_up(&x);
    x.f[0].flags = "";
    x.f[1].date++;
    x.f[1].digest = content(99, 0);
    x.f[2].flags = NULL; /* not known: no finding */
    x.f[2].has_date = false;
    x.f[2].date = 0;
    compare(&x);
    assert_true(x.out.outcomes[0].flags_differ && !x.out.outcomes[0].dates_differ);
    assert_true(!x.out.outcomes[1].flags_differ && x.out.outcomes[1].dates_differ);
    assert_false(x.out.outcomes[2].flags_differ || x.out.outcomes[2].dates_differ);
    assert_counts(&x, 2, MIG_FOUND_ALTERED, 1);
    assert_int_equal(x.out.counts[MIG_FOUND_FLAGS_DIFFER], 1);
    assert_int_equal(x.out.counts[MIG_FOUND_DATES_DIFFER], 1);
    mig__comparison_free(&x.out);
}

static void a_new_uidvalidity_is_matched_by_content(void **state)
{
    (void)state;
    folder x;
    set_up(&x);
    x.in.same_uidvalidity = false;
    x.f[0] = found(1, 3);
    x.f[1] = found(2, 1);
    x.f[2] = found(3, 2);
    x.f[2].digest = content(2, 4);
    compare(&x);
    assert_outcome(&x, 0, MIG_FOUND_IDENTICAL, 0, 1);
    assert_outcome(&x, 1, MIG_FOUND_STORED_DIFFERENTLY, 1, 2);
    assert_outcome(&x, 2, MIG_FOUND_IDENTICAL, 2, 0);
    mig__comparison_free(&x.out);
}

static void confused_uids_are_no_damage(void **state)
{
    (void)state;
    folder x;
    set_up(&x);
    x.r[0].target_uid = 2;
    x.r[1].target_uid = 1;
    x.r[2].target_uid = 0;
    compare(&x);
    for (uint32_t i = 0; i < 3; i++) {
        assert_outcome(&x, i, MIG_FOUND_IDENTICAL, i, i);
    }
    mig__comparison_free(&x.out);
}

static void without_content_uid_and_size_must_do(void **state)
{
    (void)state;
    folder x;
    set_up(&x);
    for (unsigned i = 0; i < 3; i++) {
        x.f[i].has_digest = false;
    }
    x.f[1].digest.octets++;
    x.f[2].unreadable = true;
    compare(&x);
    assert_outcome(&x, 0, MIG_FOUND_PRESENT, 0, 0);
    assert_outcome(&x, 1, MIG_FOUND_SIZE_DIFFERS, 1, 1);
    assert_outcome(&x, 2, MIG_FOUND_UNREADABLE, 2, 2);
    mig__comparison_free(&x.out);
    x.in.same_uidvalidity = false; /* then size and date */
    compare(&x);
    assert_outcome(&x, 0, MIG_FOUND_PRESENT, 0, 0);
    assert_outcome(&x, 1, MIG_FOUND_MISSING, 1, MIG__NO_INDEX);
    assert_outcome(&x, 2, MIG_FOUND_UNREADABLE, 2, 2);
    assert_outcome(&x, 3, MIG_FOUND_EXTRA, MIG__NO_INDEX, 1);
    mig__comparison_free(&x.out);
}

static void adopted_without_a_digest_is_not_proven(void **state)
{
    (void)state;
    folder x;
    set_up(&x);
    x.r[0].has_digest = x.r[1].has_digest = x.r[2].has_digest = false;
    x.r[1].digest.octets = 0; /* unknown */
    x.r[2].digest.octets = 1;
    compare(&x);
    assert_outcome(&x, 0, MIG_FOUND_UNPROVEN, 0, 0);
    assert_outcome(&x, 1, MIG_FOUND_UNPROVEN, 1, 1);
    assert_outcome(&x, 2, MIG_FOUND_SIZE_DIFFERS, 2, 2);
    mig__comparison_free(&x.out);
}

static void what_the_record_expects(void **state)
{
    (void)state;
    folder x;
    set_up(&x);
    x.r[0].expected = MIG__EXPECT_GONE;
    x.r[1].expected = MIG__EXPECT_PERHAPS;
    x.r[2].expected = MIG__EXPECT_FAILED;
    x.r[2].target_uid = 0;
    x.in.found_count = 0;
    compare(&x);
    assert_int_equal(x.out.count, 2);
    assert_outcome(&x, 0, MIG_FOUND_NOT_COPIED, 1, MIG__NO_INDEX);
    assert_outcome(&x, 1, MIG_FOUND_NOT_COPIED, 2, MIG__NO_INDEX);
    assert_int_equal(x.out.messages, 2);
    mig__comparison_free(&x.out);
    x.in.found_count = 3; /* all of them there after all */
    x.f[0].flags = "\\Deleted \\Seen";
    compare(&x);
    assert_counts(&x, 3, MIG_FOUND_FLAGS_DIFFER, 0);
    assert_int_equal(x.out.messages, 3);
    mig__comparison_free(&x.out);
}

static void what_was_withheld_is_absent_by_decision(void **state)
{
    (void)state;
    folder x;
    set_up(&x);
    x.r[0].expected = MIG__EXPECT_WITHHELD;
    x.r[0].target_uid = 0;
    x.in.found_count = 0;
    x.in.recorded_count = 1;
    compare(&x);
    assert_int_equal(x.out.count, 1);
    assert_outcome(&x, 0, MIG_FOUND_WITHHELD, 0, MIG__NO_INDEX);
    assert_int_equal(x.out.messages, 1);
    assert_int_equal(mig_found_grade(MIG_FOUND_WITHHELD), MIG_GRADE_NOTE);
    mig__comparison_free(&x.out);
    x.in.found_count = 3; /* somebody put it there: it is what was on the source */
    compare(&x);
    assert_outcome(&x, 0, MIG_FOUND_IDENTICAL, 0, 0);
    mig__comparison_free(&x.out);
}

static void lost_ones_are_looked_for_in_other_folders(void **state)
{
    (void)state;
    mig__stray lost[4] = {{0, 0, content(1, 0)}, {0, 1, content(2, 0)}, {1, 0, content(2, 0)}, {1, 1, content(3, 0)}};
    mig__stray extra[4] = {{2, 0, content(9, 0)}, {2, 1, content(3, 8)}, {2, 2, content(2, 0)}, {3, 0, content(2, 4)}};
    uint32_t at[4];
    assert_int_equal(mig__compare_strays(lost, 4, extra, 4, at, NULL), 0);
    assert_int_equal(at[0], MIG__NO_INDEX);
    assert_true((at[1] == 2 && at[2] == 3) || (at[1] == 3 && at[2] == 2)); /* each is used once */
    assert_int_equal(at[3], 1);
    assert_int_equal(mig__compare_strays(lost, 4, extra, 0, at, NULL), 0);
    assert_int_equal(at[3], MIG__NO_INDEX);
    assert_int_equal(mig__compare_strays(lost, 0, extra, 4, at, NULL), 0);
}

/* ---- random folders against nested loops ---- */

static uint64_t seed;

static uint32_t next_random(uint32_t bound)
{
    seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
    return (uint32_t)(seed >> 33) % bound;
}

typedef enum pass { SAME_UID_AND_FORM, SAME_OCTETS, SAME_FORM, SAME_UID, SAME_SIZE_AND_DATE } pass;

static bool accepts(pass now, const mig__comparison_input *in, const mig__recorded *r, const mig__found *f)
{
    bool known = r->has_digest && f->has_digest, same_uid = in->same_uidvalidity && r->target_uid == f->uid;
    bool form = known && memcmp(r->digest.canonical, f->digest.canonical, MIG__DIGEST_SIZE) == 0;
    switch (now) {
    case SAME_UID_AND_FORM:
        return same_uid && form;
    case SAME_OCTETS:
        return known && memcmp(r->digest.raw, f->digest.raw, MIG__DIGEST_SIZE) == 0;
    case SAME_FORM:
        return form;
    case SAME_UID:
        return same_uid;
    case SAME_SIZE_AND_DATE:
        return r->has_date && f->has_date && r->date == f->date && r->digest.octets == f->digest.octets &&
               !(in->same_uidvalidity && r->target_uid && known) && r->expected < MIG__EXPECT_GONE;
    }
    return false;
}

/* Indices 0 to count - 1 by date, then UID, then index; or as they are. */
static void in_order(size_t *order, size_t count, const int64_t *dates, const uint32_t *uids)
{
    for (size_t i = 0; i < count; i++) {
        size_t at = i;
        for (; at > 0; at--) {
            size_t before = order[at - 1];
            if (dates[before] < dates[i] || (dates[before] == dates[i] && uids[before] <= uids[i])) {
                break;
            }
            order[at] = before;
        }
        order[at] = i;
    }
}

/* Each pass, for each record by date the first message by date that it accepts. */
static void match_naively(const mig__comparison_input *in, size_t matches[5])
{
    bool r_used[20] = {false}, f_used[20] = {false};
    size_t r_order[20], f_order[20];
    int64_t r_dates[20], f_dates[20];
    uint32_t r_uids[20], f_uids[20];
    for (size_t i = 0; i < in->recorded_count; i++) {
        r_dates[i] = in->recorded[i].date;
        r_uids[i] = in->recorded[i].target_uid;
    }
    for (size_t i = 0; i < in->found_count; i++) {
        f_dates[i] = in->found[i].date;
        f_uids[i] = in->found[i].uid;
    }
    in_order(r_order, in->recorded_count, r_dates, r_uids);
    in_order(f_order, in->found_count, f_dates, f_uids);
    for (pass now = SAME_UID_AND_FORM; now <= SAME_SIZE_AND_DATE; now++) {
        bool by_index = now == SAME_UID_AND_FORM || now == SAME_UID;
        matches[now] = 0;
        for (size_t i = 0; i < in->recorded_count; i++) {
            size_t r = by_index ? i : r_order[i];
            for (size_t k = 0; k < in->found_count && !r_used[r]; k++) {
                size_t f = f_order[k];
                if (!f_used[f] && accepts(now, in, &in->recorded[r], &in->found[f])) {
                    r_used[r] = f_used[f] = true;
                    matches[now]++;
                }
            }
        }
    }
}

static void random_folder(folder *x)
{
    uint32_t uid = 0;
    bool all_read = next_random(4) > 0;
    memset(x, 0, sizeof *x);
    size_t rs = next_random(15), fs = next_random(15);
    for (size_t i = 0; i < rs; i++) {
        x->r[i] = recorded(1 + next_random(20), next_random(6));
        x->r[i].target_uid = next_random(5) ? (uint32_t)i + 1 : 0;
        x->r[i].date = 1000000 + next_random(3);
        x->r[i].has_date = next_random(6) > 0;
    }
    for (size_t i = 0; i < fs; i++) {
        uid += next_random(5) == 0 ? 2 : 1;
        x->f[i] = found(uid, next_random(8));
        x->f[i].digest = content(next_random(8), next_random(3) == 0);
        x->f[i].digest.octets = 1000 + next_random(3);
        x->f[i].date = 1000000 + next_random(3);
        x->f[i].has_digest = all_read;
    }
    for (size_t i = 0; i < rs; i++) {
        x->r[i].digest.octets = 1000 + next_random(3);
    }
    x->in = (mig__comparison_input){x->r, rs, x->f, fs, next_random(2) == 0, next_random(20), COPIED};
}

static void check_outcomes(const folder *x)
{
    bool seen_r[20] = {false}, seen_f[20] = {false};
    for (size_t i = 0; i < x->out.count; i++) {
        const mig__outcome *o = &x->out.outcomes[i];
        if (o->recorded != MIG__NO_INDEX) {
            assert_false(seen_r[o->recorded]);
            seen_r[o->recorded] = true;
        }
        if (o->found != MIG__NO_INDEX) {
            assert_false(seen_f[o->found]);
            seen_f[o->found] = true;
        }
    }
    for (size_t i = 0; i < x->in.recorded_count; i++) {
        assert_true(seen_r[i]); /* nothing is forgotten */
    }
    for (size_t i = 0; i < x->in.found_count; i++) {
        assert_true(seen_f[i]);
    }
}

static void random_folders_match_nested_loops(void **state)
{
    (void)state;
    seed = 11;
    for (int round = 0; round < 20000; round++) {
        folder x;
        size_t matches[5];
        random_folder(&x);
        compare(&x);
        check_outcomes(&x);
        match_naively(&x.in, matches);
        size_t all = matches[0] + matches[1] + matches[2] + matches[3] + matches[4];
        assert_int_equal(x.out.counts[MIG_FOUND_MISSING], x.in.recorded_count - all);
        uint64_t rest =
            x.out.counts[MIG_FOUND_EXTRA] + x.out.counts[MIG_FOUND_ARRIVED] + x.out.counts[MIG_FOUND_DUPLICATED];
        assert_int_equal(rest, x.in.found_count - all);
        uint64_t same = x.out.counts[MIG_FOUND_IDENTICAL] + x.out.counts[MIG_FOUND_STORED_DIFFERENTLY];
        assert_int_equal(same, matches[0] + matches[1] + matches[2]);
        assert_int_equal(x.out.messages, x.in.recorded_count);
        mig__comparison_free(&x.out);
    }
}

static void a_hundred_thousand_messages(void **state)
{
    (void)state;
    enum { COUNT = 100000 };
    mig__recorded *r = calloc(COUNT, sizeof *r);
    mig__found *f = calloc(COUNT, sizeof *f);
    assert_true(r && f);
    for (uint32_t i = 0; i < COUNT; i++) {
        r[i] = recorded(i + 1, i);
        f[i] = found(COUNT - i, i % 1000 == 0 ? i + COUNT : i); /* every UID is of another message; 100 are altered */
    }
    mig__comparison_input in = {r, COUNT, f, COUNT, false, 0, COPIED};
    mig__comparison out;
    clock_t before = clock();
    assert_int_equal(mig__compare(&in, &out, NULL), 0);
    double seconds = (double)(clock() - before) / CLOCKS_PER_SEC;
    print_message("100,000 messages compared in %.3f s\n", seconds);
    assert_int_equal(out.counts[MIG_FOUND_IDENTICAL], COUNT - 100);
    assert_int_equal(out.counts[MIG_FOUND_MISSING], 100);
    assert_true(seconds < 5.0); /* far above what it takes, also with sanitizers: quadratic time would not do */
    assert_true(sizeof *r <= 128 && sizeof *f <= 120);
    mig__comparison_free(&out);
    free(r);
    free(f);
}

/* ---- samples ---- */

static void samples_are_even_and_repeatable(void **state)
{
    (void)state;
    uint64_t a = mig__sample_seed(1, "INBOX"), b = mig__sample_seed(1, "Sent"), c = mig__sample_seed(2, "INBOX");
    int in_a = 0, in_both = 0, in_c = 0;
    for (uint32_t uid = 1; uid <= 100000; uid++) {
        bool has = mig__sample_has(a, uid, 5.0);
        assert_int_equal(has, mig__sample_has(mig__sample_seed(1, "INBOX"), uid, 5.0));
        in_a += has;
        in_both += has && mig__sample_has(b, uid, 5.0);
        in_c += has && mig__sample_has(c, uid, 5.0);
        assert_false(mig__sample_has(a, uid, 0.0));
        assert_true(mig__sample_has(a, uid, 100.0));
        assert_true(!has || mig__sample_has(a, uid, 6.0)); /* a larger sample holds the smaller one */
    }
    assert_in_range(in_a, 4700, 5300);
    assert_in_range(in_both, 180, 320); /* other folders and seeds are chosen independently */
    assert_in_range(in_c, 180, 320);
}

static void what_a_sample_proves(void **state)
{
    (void)state;
    assert_true(mig_sample_bound(0) == 1.0);
    assert_true(mig_sample_bound(1) > 0.9499 && mig_sample_bound(1) < 0.9501);
    assert_true(mig_sample_bound(59) < 0.05 && mig_sample_bound(58) > 0.05); /* the well-known sample of 59 */
    assert_true(mig_sample_bound(299) < 0.01 && mig_sample_bound(298) > 0.01);
    assert_true(mig_sample_bound(1000000) > 2.9e-6 && mig_sample_bound(1000000) < 3.0e-6);
}

static void kinds_have_names_and_grades(void **state)
{
    (void)state;
    for (int kind = 0; kind < MIG_FOUND_COUNT; kind++) {
        assert_true(strlen(mig_found_name((mig_found)kind)) > 4);
        assert_true(strlen(mig_found_words((mig_found)kind)) > 4);
        for (int other = 0; other < kind; other++) {
            assert_string_not_equal(mig_found_name((mig_found)kind), mig_found_name((mig_found)other));
        }
    }
    assert_int_equal(mig_found_grade(MIG_FOUND_IDENTICAL), MIG_GRADE_GOOD);
    assert_int_equal(mig_found_grade(MIG_FOUND_ARRIVED), MIG_GRADE_NOTE);
    assert_int_equal(mig_found_grade(MIG_FOUND_MISSING), MIG_GRADE_DIFFERENCE);
    assert_string_equal(mig_found_name(MIG_FOUND_COUNT), "unknown");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_is_well),
        cmocka_unit_test(an_empty_folder),
        cmocka_unit_test(stored_differently),
        cmocka_unit_test(altered),
        cmocka_unit_test(missing),
        cmocka_unit_test(another_message_of_the_same_size_and_moment_is_no_replacement),
        cmocka_unit_test(extra_and_arrived),
        cmocka_unit_test(duplicated),
        cmocka_unit_test(what_was_there_twice_is_no_duplicate),
        cmocka_unit_test(flags_and_dates),
        cmocka_unit_test(keywords_that_the_server_adds),
        cmocka_unit_test(a_new_uidvalidity_is_matched_by_content),
        cmocka_unit_test(confused_uids_are_no_damage),
        cmocka_unit_test(without_content_uid_and_size_must_do),
        cmocka_unit_test(adopted_without_a_digest_is_not_proven),
        cmocka_unit_test(what_the_record_expects),
        cmocka_unit_test(what_was_withheld_is_absent_by_decision),
        cmocka_unit_test(lost_ones_are_looked_for_in_other_folders),
        cmocka_unit_test(random_folders_match_nested_loops),
        cmocka_unit_test(a_hundred_thousand_messages),
        cmocka_unit_test(samples_are_even_and_repeatable),
        cmocka_unit_test(what_a_sample_proves),
        cmocka_unit_test(kinds_have_names_and_grades),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
