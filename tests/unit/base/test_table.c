/* The one hash table: what was put in is found, however the keys fall. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "base/table.h"
#include <string.h>

typedef struct entry {
    uint64_t number, twice;
} entry;

static void found_again(void **state)
{
    enum { COUNT = 5000 };
    mig_error err = MIG_ERROR_INIT;
    (void)state;
    for (int way = 0; way < 3; way++) { /* keys that are near, far, and hashes */
        mig__table table = MIG__TABLE_INIT(sizeof(entry));
        for (uint64_t i = 0; i < COUNT; i++) {
            uint64_t key = way == 0 ? i : way == 1 ? i << 40 : mig__hash(0, &i, sizeof i);
            entry *made = mig__table_add(&table, key, &err);
            assert_non_null(made);
            assert_int_equal(made->number, 0);
            *made = (entry){i, 2 * i};
        }
        assert_int_equal(table.used, COUNT);
        for (uint64_t i = 0; i < 2 * COUNT; i++) {
            uint64_t key = way == 0 ? i : way == 1 ? i << 40 : mig__hash(0, &i, sizeof i);
            size_t at = 0;
            const entry *found = mig__table_next(&table, key, &at);
            if (i == 1 && way == 0) { /* key 0 is kept as 1: the two look alike, and the caller compares */
                assert_non_null(found);
                found = found->number == 1 ? found : mig__table_next(&table, key, &at);
            }
            assert_int_equal(found != NULL, i < COUNT);
            assert_true(found == NULL || (found->number == i && found->twice == 2 * i));
        }
        uint64_t sum = 0;
        size_t at = 0;
        for (const entry *each; (each = mig__table_each(&table, &at)) != NULL;) {
            sum += each->number;
        }
        assert_int_equal(sum, (uint64_t)COUNT * (COUNT - 1) / 2);
        mig__table_free(&table);
        at = 0;
        assert_null(mig__table_next(&table, 7, &at));
        assert_null(mig__table_each(&table, &at));
    }
}

static void several_of_one_key(void **state)
{
    mig_error err = MIG_ERROR_INIT;
    mig__table table = MIG__TABLE_INIT(8);
    uint64_t seen = 0, *found;
    size_t at = 0;
    (void)state;
    for (uint64_t i = 1; i <= 100; i++) {
        uint64_t *made = mig__table_add(&table, i % 2, &err);
        *made = i;
    }
    while ((found = mig__table_next(&table, 1, &at)) != NULL) {
        seen += *found % 2; /* those of key 0 may come as well */
    }
    assert_int_equal(seen, 50);
    mig__table_free(&table);
}

/* Begun with zeros, as a member of something larger: refused, since entries would lie on each other. */
static void without_a_payload(void **state)
{
    mig_error err = MIG_ERROR_INIT;
    mig__table table = {0};
    (void)state;
    assert_null(mig__table_add(&table, 7, &err));
    assert_int_equal(err.code, MIG_E_INTERNAL);
}

static void hashes(void **state)
{
    (void)state;
    assert_true(mig__hash(0, "", 0) == 0xcbf29ce484222325u);
    assert_true(mig__hash(0, "a", 1) == 0xaf63dc4c8601ec8cu); /* as FNV-1a is published */
    assert_true(mig__hash(mig__hash(0, "foo", 3), "bar", 3) == 0x85944171f73967e8u);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(found_again), cmocka_unit_test(several_of_one_key),
                                       cmocka_unit_test(without_a_payload), cmocka_unit_test(hashes)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
