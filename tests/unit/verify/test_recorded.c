/* The set of digests on record: everything in it is found, nothing else is, whatever falls on the same slot */
#include "verify/recorded.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

/* Digests whose first octets, by which the slot is chosen, are the same for many. */
static mig__recorded record_of(unsigned number, unsigned slots)
{
    mig__recorded record = {.has_digest = true, .expected = MIG__EXPECT_THERE};
    uint64_t start = number % slots;
    memcpy(record.digest.raw, &start, sizeof start);
    memcpy(record.digest.raw + 16, &number, sizeof number);
    memset(record.digest.canonical, (int)(number % 251), MIG__DIGEST_SIZE);
    return record;
}

static void fill_jobs(mig__verify_job jobs[2], unsigned count, unsigned slots)
{
    for (unsigned k = 0; k < 2; k++) {
        jobs[k] = (mig__verify_job){.recorded = calloc(count, sizeof *jobs[k].recorded), .recorded_count = count};
        assert_non_null(jobs[k].recorded);
        for (unsigned i = 0; i < count; i++) {
            jobs[k].recorded[i] = record_of(k * count + i, slots);
        }
    }
}

static void look_up(unsigned count, unsigned slots)
{
    mig__verify_job jobs[2];
    fill_jobs(jobs, count, slots);
    mig__recorded_set set = MIG__RECORDED_SET_INIT;
    assert_int_equal(mig__recorded_set_fill(&set, jobs, 2, NULL), 0);
    for (unsigned i = 0; i < 4 * count; i++) {
        mig__recorded record = record_of(i, slots);
        uint8_t canonical[MIG__DIGEST_SIZE];
        bool there = mig__recorded_set_canonical(record.digest.raw, canonical, &set);
        assert_int_equal(there, i < 2 * count);
        if (there) {
            assert_memory_equal(canonical, record.digest.canonical, sizeof canonical);
        }
    }
    mig__recorded_set_free(&set);
    assert_int_equal(set.digests.used, 0);
    free(jobs[0].recorded);
    free(jobs[1].recorded);
}

static void what_is_in_it_is_found(void **state)
{
    (void)state;
    look_up(300, 100000);
}

static void collisions_are_told_apart(void **state)
{
    (void)state;
    look_up(200, 3);
}

static void what_has_no_digest_is_not_known(void **state)
{
    (void)state;
    mig__verify_job job;
    mig__recorded records[2] = {record_of(1, 10), record_of(2, 10)};
    uint8_t canonical[MIG__DIGEST_SIZE];
    records[0].has_digest = false;
    job = (mig__verify_job){.recorded = records, .recorded_count = 2};
    mig__recorded_set set = MIG__RECORDED_SET_INIT;
    assert_int_equal(mig__recorded_set_fill(&set, &job, 1, NULL), 0);
    assert_false(mig__recorded_set_canonical(records[0].digest.raw, canonical, &set));
    assert_true(mig__recorded_set_canonical(records[1].digest.raw, canonical, &set));
    mig__recorded_set_free(&set);
}

static void an_empty_record_knows_nothing(void **state)
{
    (void)state;
    mig__recorded record = record_of(0, 1);
    uint8_t canonical[MIG__DIGEST_SIZE];
    mig__recorded_set set = MIG__RECORDED_SET_INIT;
    assert_int_equal(mig__recorded_set_fill(&set, NULL, 0, NULL), 0);
    assert_false(mig__recorded_set_canonical(record.digest.raw, canonical, &set));
    mig__recorded_set_free(&set);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_in_it_is_found),
        cmocka_unit_test(collisions_are_told_apart),
        cmocka_unit_test(what_has_no_digest_is_not_known),
        cmocka_unit_test(an_empty_record_knows_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
