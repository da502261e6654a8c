/* Which messages are there once too often: by content, by what the record has, and by the server's rewriting. */
#include "dedup/judge.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

enum { MOST = 8 };

static mig__message_digest digest_of(char raw, char canonical)
{
    mig__message_digest digest = {.octets = 100};
    memset(digest.raw, raw, MIG__DIGEST_SIZE);
    memset(digest.canonical, canonical, MIG__DIGEST_SIZE);
    return digest;
}

/* UIDs 1, 2, ...; a letter is a content, the same in capitals is what a server made of it. */
static size_t items_of(const char *letters, mig__dup_item items[MOST])
{
    const size_t count = strlen(letters);
    for (size_t i = 0; i < count; i++) {
        const char canonical = (char)(letters[i] | 0x20);
        items[i] = (mig__dup_item){.uid = (uint32_t)i + 1, .size = 100, .has_digest = letters[i] != '?'};
        items[i].digest = digest_of(letters[i], canonical);
    }
    return count;
}

static mig__dup_row row_of(char letter, uint32_t uid)
{
    return (mig__dup_row){
        .id = letter, .uid = uid, .has_digest = letter != '?', .digest = digest_of(letter, (char)(letter | 0x20))};
}

/* For each message the UID of the one that stays in its place, "." for itself. */
static void expect(const char *letters, mig__dup_row *rows, size_t row_count, bool canonical, const char *wanted)
{
    mig_error err = MIG_ERROR_INIT;
    mig__dup_item items[MOST];
    char got[MOST + 1] = "";
    const size_t count = items_of(letters, items);
    mig__dup_assign(items, count, rows, row_count);
    assert_int_equal(mig__dup_judge(items, count, rows, row_count, canonical, &err), 0);
    for (size_t i = 0; i < count; i++) {
        got[i] = items[i].kept == 0 ? '.' : (char)('0' + items[i].kept);
    }
    assert_string_equal(got, wanted);
}

static void one_stays(void **state)
{
    (void)state;
    expect("", NULL, 0, false, "");
    expect("abc", NULL, 0, false, "...");
    expect("abacab", NULL, 0, false, "..1.12");
    expect("a?a?", NULL, 0, false, "..1."); /* what was not read is not judged */
}

static void as_many_as_on_record(void **state)
{
    (void)state;
    mig__dup_row rows[] = {row_of('a', 0), row_of('a', 0), row_of('b', 0)};
    expect("aaabb", rows, 3, false, "..1.4");
    /* Without a digest a row is about the message that has its UID. */
    mig__dup_row blind[] = {row_of('?', 1), row_of('?', 3)};
    expect("aaa", blind, 2, false, "..1");
    assert_int_equal(blind[1].moved_to, 2);
}

static void the_record_follows(void **state)
{
    (void)state;
    mig__dup_row rows[] = {row_of('a', 3), row_of('b', 2)};
    expect("aba", rows, 2, false, "..1");
    assert_int_equal(rows[0].moved_to, 1);
    assert_int_equal(rows[1].moved_to, 0);
    /* Both are on record: each keeps a message of its own. */
    mig__dup_row both[] = {row_of('a', 2), row_of('a', 4)};
    expect("aaaa", both, 2, false, "..11");
    assert_int_equal(both[0].moved_to, 0);
    assert_int_equal(both[1].moved_to, 1);
}

static void rewritten(void **state)
{
    (void)state;
    mig__dup_item items[MOST];
    mig__dup_row rows[] = {row_of('a', 1)};
    size_t count = items_of("Aab", items);
    mig__dup_assign(items, count, rows, 1);
    assert_true(mig__dup_rewrites(items, count, rows));
    expect("Aab", rows, 1, true, ".1.");
    expect("Aab", rows, 1, false, "...");
    count = items_of("aAb", items); /* what is on record is as it was: another one differs, which proves nothing */
    mig__dup_assign(items, count, rows, 1);
    assert_false(mig__dup_rewrites(items, count, rows));
}

static void what_is_read(void **state)
{
    (void)state;
    mig_error err = MIG_ERROR_INIT;
    mig__dup_item items[MOST];
    mig__uidset wanted = MIG__UIDSET_INIT;
    const size_t count = items_of("abcd", items);
    const uint64_t sizes[] = {7, 9, 7, 8};
    mig__dup_row rows[] = {row_of('b', 2)};
    for (size_t i = 0; i < count; i++) {
        items[i].size = sizes[i];
    }
    rows[0].digest.octets = 9;
    mig__dup_assign(items, count, rows, 1);
    assert_int_equal(mig__dup_candidates(items, count, rows, &wanted, &err), 0);
    assert_int_equal(mig__uidset_size(&wanted), 2);
    assert_true(mig__uidset_has(&wanted, 1) && mig__uidset_has(&wanted, 3));
    rows[0].digest.octets = 10; /* it has another size there: the server rewrites, so that sizes tell nothing */
    assert_int_equal(mig__dup_candidates(items, count, rows, &wanted, &err), 0);
    assert_int_equal(mig__uidset_size(&wanted), 4);
    mig__uidset_free(&wanted);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(one_stays), cmocka_unit_test(as_many_as_on_record),
                                       cmocka_unit_test(the_record_follows), cmocka_unit_test(rewritten),
                                       cmocka_unit_test(what_is_read)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
