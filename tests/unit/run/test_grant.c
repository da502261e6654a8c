/* Connections to a host: never over its bound, at least one for whoever works, fair shares */
#include "run/grant.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <cmocka.h>

static void test_fair_shares(void **state)
{
    mig__host from = {.limit = 12}, to = {.limit = 100};
    (void)state;
    assert_int_equal(mig__grant_take(&from, &to, 4, 6), 2); /* 12 among 6 */
    assert_int_equal(from.in_use, 2);
    assert_int_equal(to.in_use, 2);
    assert_int_equal(mig__grant_take(&from, &to, 4, 1), 4); /* alone it gets what it wants */
    assert_int_equal(mig__grant_take(&from, &to, 8, 1), 6); /* what is left */
    assert_int_equal(mig__grant_take(&from, &to, 1, 1), 0); /* nothing */
    assert_int_equal(to.in_use, 12);
    mig__grant_give(&from, &to, 6);
    assert_int_equal(mig__grant_take(&from, &to, 1, 50), 1); /* more accounts than connections: one each */
}

/* Whatever comes and goes, the bound holds and all is given back. */
static void test_bound(void **state)
{
    (void)state;
    for (int limit = 1; limit <= 9; limit++) {
        mig__host from = {.limit = limit}, to = {.limit = 20};
        int held[64] = {0};
        unsigned seed = (unsigned)limit;
        for (int step = 0; step < 2000; step++) {
            seed = seed * 1103515245u + 12345u;
            const unsigned who = (seed >> 16) % 64, wanted = 1 + (seed >> 8) % 8;
            if (held[who] > 0) {
                mig__grant_give(&from, &to, held[who]);
                held[who] = 0;
            } else {
                held[who] = mig__grant_take(&from, &to, (int)wanted, 1 + (seed >> 24) % 10);
            }
            assert_true(from.in_use >= 0 && from.in_use <= limit && to.in_use <= 20);
        }
        for (int who = 0; who < 64; who++) {
            mig__grant_give(&from, &to, held[who]);
        }
        assert_int_equal(from.in_use, 0);
        assert_int_equal(to.in_use, 0);
    }
}

static void test_one_host_for_both_sides(void **state)
{
    mig__host host = {.limit = 8};
    (void)state;
    assert_int_equal(mig__grant_take(&host, &host, 4, 1), 4);
    assert_int_equal(host.in_use, 8);
    assert_int_equal(mig__grant_take(&host, &host, 1, 1), 0);
    mig__grant_give(&host, &host, 4);
    assert_int_equal(host.in_use, 0);
    host.limit = 1; /* both sides need one: then one account at a time has two */
    assert_int_equal(mig__grant_take(&host, &host, 4, 1), 1);
    assert_int_equal(mig__grant_take(&host, &host, 4, 1), 0);
}

/* Half of what a host takes may be idle, so that whoever has nothing open gets on. */
static void test_rest(void **state)
{
    mig__host from = {.limit = 5}, to = {.limit = 100}, one = {.limit = 1};
    (void)state;
    for (int i = 0; i < 2; i++) {
        assert_int_equal(mig__grant_take(&from, &to, 1, 10), 1);
        assert_true(mig__grant_may_rest(&from, &to));
        mig__grant_rest(&from, &to, 1);
    }
    assert_int_equal(from.resting, 2);
    assert_int_equal(to.resting, 2);
    assert_false(mig__grant_may_rest(&from, &to));
    assert_false(mig__grant_may_rest(&to, &from));
    assert_int_equal(mig__grant_take(&from, &to, 8, 1), 3);
    mig__grant_rest(&from, &to, -1);
    assert_true(mig__grant_may_rest(&from, NULL));
    assert_false(mig__grant_may_rest(&one, NULL));
    to.limit = 4;
    assert_true(mig__grant_may_rest(&to, NULL));
    assert_false(mig__grant_may_rest(&to, &to)); /* both sides at one host are two connections */
}

static void test_without_a_target(void **state)
{
    mig__host from = {.limit = 3};
    (void)state;
    assert_int_equal(mig__grant_take(&from, NULL, 4, 1), 3);
    mig__grant_give(&from, NULL, 3);
    assert_int_equal(from.in_use, 0);
}

static void test_keys(void **state)
{
    char host[] = "IMAP.Example", command[] = "ssh h imap";
    mig_endpoint endpoint = MIG_ENDPOINT_INIT;
    (void)state;
    endpoint.host = host;
    endpoint.port = 993;
    char *key = mig__host_key(&endpoint);
    assert_string_equal(key, "imap.example:993");
    free(key);
    endpoint.tunnel = command;
    key = mig__host_key(&endpoint);
    assert_string_equal(key, "ssh h imap");
    free(key);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fair_shares),
        cmocka_unit_test(test_bound),
        cmocka_unit_test(test_one_host_for_both_sides),
        cmocka_unit_test(test_rest),
        cmocka_unit_test(test_without_a_target),
        cmocka_unit_test(test_keys),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
