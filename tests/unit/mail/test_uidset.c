/* Sets of UIDs: against a bitmap as the reference, and the text form of RFC 3501 */
#include "mail/uidset.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <string.h>

static void assert_text(const mig__uidset *set, const char *expected)
{
    mig__buffer text = MIG__BUFFER_INIT;
    mig__uidset_format(set, &text);
    assert_int_equal(mig__buffer_ok(&text, NULL), 0);
    assert_string_equal(text.data ? text.data : "", expected);
    mig__buffer_free(&text);
}

static void assert_parse(const char *text, const char *expected)
{
    mig__uidset set = MIG__UIDSET_INIT;
    assert_int_equal(mig__uidset_parse(&set, text, strlen(text), NULL), 0);
    assert_text(&set, expected);
    mig__uidset_free(&set);
}

static void parse_makes_sorted_ranges(void **state)
{
    (void)state;
    assert_parse("1", "1");
    assert_parse("1:5,7,9:8", "1:5,7:9");
    assert_parse("7,5,6", "5:7");
    assert_parse("10:20,1:30", "1:30");
    assert_parse("3,3,3", "3");
    assert_parse("4294967295,4294967294", "4294967294:4294967295");
    assert_parse("1:4294967295", "1:4294967295");
}

static void parse_refuses_what_is_no_set(void **state)
{
    (void)state;
    static const char *const bad[] = {"",   "0",   "*",     "1:*",        "1:",
                                      ":1", "1,",  ",1",    "1,,2",       "01",
                                      "1 ", " 1",  "1:0",   "4294967296", "1:99999999999999999999",
                                      "-1", "1-2", "1:2:3", "a",          "0:5"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        mig__uidset set = MIG__UIDSET_INIT;
        mig_error err = MIG_ERROR_INIT;
        assert_int_equal(mig__uidset_add(&set, 5, 5, NULL), 0);
        assert_int_equal(mig__uidset_parse(&set, bad[i], strlen(bad[i]), &err), -1);
        assert_int_equal(err.code, MIG_E_PROTOCOL);
        assert_int_equal(set.count, 0);
        mig__uidset_free(&set);
    }
}

static void parse_reads_no_further_than_the_length(void **state)
{
    (void)state;
    mig__uidset set = MIG__UIDSET_INIT;
    assert_int_equal(mig__uidset_parse(&set, "12:345,6", 4, NULL), 0);
    assert_text(&set, "3:12");
    mig__uidset_free(&set);
}

static void zero_is_no_uid(void **state)
{
    (void)state;
    mig__uidset set = MIG__UIDSET_INIT;
    mig_error err = MIG_ERROR_INIT;
    assert_int_equal(mig__uidset_add(&set, 0, 3, &err), -1);
    assert_int_equal(err.code, MIG_E_PROTOCOL);
    assert_int_equal(set.count, 0);
    assert_false(mig__uidset_has(&set, 0));
    assert_int_equal(mig__uidset_max(&set), 0);
    mig__uidset_free(&set);
}

static void the_edges_of_the_range_of_uids(void **state)
{
    (void)state;
    mig__uidset set = MIG__UIDSET_INIT;
    assert_int_equal(mig__uidset_add(&set, UINT32_MAX, UINT32_MAX, NULL), 0);
    assert_int_equal(mig__uidset_add(&set, 1, 1, NULL), 0);
    assert_text(&set, "1,4294967295");
    assert_int_equal(mig__uidset_add(&set, 2, UINT32_MAX - 1, NULL), 0);
    assert_text(&set, "1:4294967295");
    assert_true(mig__uidset_size(&set) == UINT32_MAX);
    mig__uidset all = MIG__UIDSET_INIT;
    assert_int_equal(mig__uidset_copy(&all, &set, NULL), 0);
    assert_int_equal(mig__uidset_subtract(&set, &all, NULL), 0);
    assert_int_equal(set.count, 0);
    mig__uidset_free(&set);
    mig__uidset_free(&all);
}

static uint64_t next_random(uint64_t *seed)
{
    *seed = *seed * 6364136223846793005ULL + 1442695040888963407ULL;
    return *seed >> 33;
}

#define SPACE 200

static void assert_same(const mig__uidset *set, const bool *bits)
{
    uint64_t size = 0;
    uint32_t max = 0;
    for (uint32_t uid = 1; uid < SPACE; uid++) {
        assert_int_equal(mig__uidset_has(set, uid), bits[uid]);
        size += bits[uid];
        max = bits[uid] ? uid : max;
    }
    assert_true(mig__uidset_size(set) == size);
    assert_int_equal(mig__uidset_max(set), max);
    for (size_t i = 0; i < set->count; i++) {
        assert_true(set->ranges[i].first >= 1 && set->ranges[i].first <= set->ranges[i].last);
        assert_true(i == 0 || set->ranges[i].first > set->ranges[i - 1].last + 1); /* never touching */
    }
}

static void random_set(mig__uidset *set, bool *bits, uint64_t *seed)
{
    memset(bits, 0, SPACE * sizeof *bits);
    mig__uidset_clear(set);
    int ranges = (int)(next_random(seed) % 30);
    for (int i = 0; i < ranges; i++) {
        uint32_t a = (uint32_t)(1 + next_random(seed) % (SPACE - 1));
        uint32_t b = next_random(seed) % 2 ? a : (uint32_t)(1 + next_random(seed) % (SPACE - 1));
        assert_int_equal(mig__uidset_add(set, a, b, NULL), 0);
        for (uint32_t uid = a < b ? a : b; uid <= (a < b ? b : a); uid++) {
            bits[uid] = true;
        }
    }
}

static void random_operations_match_a_bitmap(void **state)
{
    (void)state;
    uint64_t seed = 42;
    mig__uidset a = MIG__UIDSET_INIT, b = MIG__UIDSET_INIT, taken = MIG__UIDSET_INIT, parsed = MIG__UIDSET_INIT;
    bool a_bits[SPACE], b_bits[SPACE];
    for (int round = 0; round < 2000; round++) {
        random_set(&a, a_bits, &seed);
        random_set(&b, b_bits, &seed);
        assert_same(&a, a_bits);
        if (a.count) {
            mig__buffer text = MIG__BUFFER_INIT;
            mig__uidset_format(&a, &text);
            assert_int_equal(mig__uidset_parse(&parsed, text.data, text.length, NULL), 0);
            assert_same(&parsed, a_bits);
            mig__buffer_free(&text);
        }
        assert_int_equal(mig__uidset_subtract(&a, &b, NULL), 0);
        for (int uid = 0; uid < SPACE; uid++) {
            a_bits[uid] = a_bits[uid] && !b_bits[uid];
        }
        assert_same(&a, a_bits);
        uint64_t most = next_random(&seed) % 40, size = mig__uidset_size(&a);
        int64_t took = mig__uidset_take(&a, most, &taken, NULL);
        assert_true(took == (int64_t)(most < size ? most : size));
        int64_t left = took;
        for (uint32_t uid = 1; uid < SPACE; uid++) {
            assert_int_equal(mig__uidset_has(&taken, uid), a_bits[uid] && left > 0);
            left -= a_bits[uid] && left > 0;
            a_bits[uid] = a_bits[uid] && !mig__uidset_has(&taken, uid);
        }
        assert_true(mig__uidset_size(&taken) == (uint64_t)took);
        assert_same(&a, a_bits);
    }
    mig__uidset_free(&a);
    mig__uidset_free(&b);
    mig__uidset_free(&taken);
    mig__uidset_free(&parsed);
}

static void removing_one_matches_a_bitmap(void **state)
{
    (void)state;
    uint64_t seed = 43;
    mig__uidset a = MIG__UIDSET_INIT;
    bool bits[SPACE];
    for (int round = 0; round < 300; round++) {
        random_set(&a, bits, &seed);
        for (int i = 0; i < 40; i++) {
            uint32_t uid = (uint32_t)(next_random(&seed) % SPACE);
            assert_int_equal(mig__uidset_remove(&a, uid, NULL), 0);
            bits[uid] = false;
            assert_same(&a, bits);
        }
    }
    mig__uidset_free(&a);
}

static void a_long_descending_list_is_read_in_good_time(void **state)
{
    (void)state;
    mig__buffer text = MIG__BUFFER_INIT;
    for (int uid = 400000; uid > 0; uid -= 2) {
        mig__buffer_addf(&text, "%s%d", uid == 400000 ? "" : ",", uid);
    }
    mig__uidset set = MIG__UIDSET_INIT;
    assert_int_equal(mig__uidset_parse(&set, text.data, text.length, NULL), 0);
    assert_int_equal(set.count, 200000);
    assert_int_equal(set.ranges[0].first, 2);
    mig__uidset_free(&set);
    mig__buffer_free(&text);
}

static void a_set_is_cut_where_its_text_is_full(void **state)
{
    (void)state;
    mig__uidset set = MIG__UIDSET_INIT;
    assert_int_equal(mig__uidset_fit(&set, 0, 100), 0);
    for (uint32_t uid = 1; uid < 4000; uid += 1 + uid % 3) {
        assert_int_equal(mig__uidset_add(&set, uid * 997, uid * 997 + uid % 2, NULL), 0);
    }
    assert_int_equal(mig__uidset_fit(&set, 0, 0), 1); /* one at least: or nothing would ever go on */
    for (size_t most = 1; most < 200; most += 7) {
        for (size_t at = 0, count; at < set.count; at += count) {
            count = mig__uidset_fit(&set, at, most);
            const mig__uidset piece = {set.ranges + at, count, 0}, longer = {set.ranges + at, count + 1, 0};
            mig__buffer text = MIG__BUFFER_INIT;
            mig__uidset_format(&piece, &text);
            assert_true(count == 1 || text.length <= most);
            mig__buffer_clear(&text);
            if (at + count < set.count) {
                mig__uidset_format(&longer, &text);
                assert_true(text.length > most);
            }
            mig__buffer_free(&text);
        }
    }
    mig__uidset_free(&set);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parse_makes_sorted_ranges),
        cmocka_unit_test(parse_refuses_what_is_no_set),
        cmocka_unit_test(parse_reads_no_further_than_the_length),
        cmocka_unit_test(zero_is_no_uid),
        cmocka_unit_test(the_edges_of_the_range_of_uids),
        cmocka_unit_test(random_operations_match_a_bitmap),
        cmocka_unit_test(removing_one_matches_a_bitmap),
        cmocka_unit_test(a_long_descending_list_is_read_in_good_time),
        cmocka_unit_test(a_set_is_cut_where_its_text_is_full),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
