/* How fast a run is, as its state file tells: over what it has done since it began to copy, and never out of nothing */
#include <migrate/standing.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <cmocka.h>

static mig_standing_account running(uint64_t to_copy, uint64_t done)
{
    return (mig_standing_account){.standing = MIG_STANDING_RUNNING,
                                  .copying = to_copy > 0 ? 1000 : 0,
                                  .to_copy = to_copy,
                                  .done = done,
                                  .done_bytes = done * 500};
}

static void test_pace(void **state)
{
    (void)state;
    const mig_standing_account half = running(100, 50);
    mig_standing_pace pace = mig_standing_pace_of(&half, 1010);
    assert_true(pace.known && pace.ends);
    assert_float_equal(pace.messages_per_second, 5, 1e-9);
    assert_float_equal(pace.bytes_per_second, 2500, 1e-9);
    assert_float_equal(pace.seconds_left, 10, 1e-9);
    assert_false(mig_standing_pace_of(&half, 1000).known); /* no time has passed, or the clock was put back */
    assert_false(mig_standing_pace_of(&half, 900).known);

    const mig_standing_account nothing = running(100, 0);
    pace = mig_standing_pace_of(&nothing, 1010);
    assert_true(pace.known && !pace.ends);
    assert_float_equal(pace.messages_per_second, 0, 0);

    const mig_standing_account listing = running(0, 0);
    assert_false(mig_standing_pace_of(&listing, 1010).known);
}

static void test_ended(void **state)
{
    (void)state;
    mig_standing_account account = running(100, 50);
    account.standing = MIG_STANDING_ENDED;
    account.ended = 1005;
    const mig_standing_pace pace = mig_standing_pace_of(&account, 99999);
    assert_true(pace.known && !pace.ends);
    assert_float_equal(pace.messages_per_second, 10, 1e-9);
}

static void test_all(void **state)
{
    (void)state;
    mig_standing_account accounts[] = {running(100, 50), running(400, 100), running(0, 0), running(100, 100)};
    accounts[3].standing = MIG_STANDING_ENDED;
    accounts[3].ended = 1001;
    mig_standing_pace pace = mig_standing_pace_of_all(accounts, 4, 1010);
    assert_true(pace.known && pace.ends);
    assert_float_equal(pace.messages_per_second, 15, 1e-9);
    assert_float_equal(pace.seconds_left, 350.0 / 15, 1e-9);
    pace = mig_standing_pace_of_all(accounts + 2, 2, 1010);
    assert_false(pace.known || pace.ends);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_pace), cmocka_unit_test(test_ended),
                                       cmocka_unit_test(test_all)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
