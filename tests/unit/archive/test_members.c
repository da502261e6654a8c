/* What was found, and what somebody says is there */
#include "archive/members.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

static void claims(void **state)
{
    (void)state;
    mig__members members = MIG__MEMBERS_INIT;
    uint8_t digest[MIG__DIGEST_SIZE] = {1}, other[MIG__DIGEST_SIZE] = {2};
    mig__claim fits;
    bool unclaimed = true;
    assert_int_equal(mig__members_claim(&members, "a", 1, digest, &fits, NULL), 0);
    assert_int_equal(fits, MIG__CLAIM_ABSENT);
    assert_int_equal(mig__members_unclaimed(&members, "a", &unclaimed, NULL), 0);
    assert_false(unclaimed);
    for (int i = 0; i < 3000; i++) {
        char name[16];
        snprintf(name, sizeof name, "m%d", i);
        assert_int_equal(mig__members_add(&members, name, (uint64_t)i, digest, NULL), 1);
    }
    assert_int_equal(mig__members_add(&members, "m7", 7, digest, NULL), 0);
    assert_int_equal(members.count, 3000);
    assert_int_equal(mig__members_unclaimed(&members, "m8", &unclaimed, NULL), 0);
    assert_true(unclaimed);
    for (int i = 0; i < 3000; i++) {
        char name[16];
        snprintf(name, sizeof name, "m%d", i);
        assert_int_equal(
            mig__members_claim(&members, name, (uint64_t)i + (i == 5), i == 6 ? other : digest, &fits, NULL), 0);
        assert_int_equal(fits, i == 5 || i == 6 ? MIG__CLAIM_CHANGED : MIG__CLAIM_FITS);
    }
    assert_int_equal(mig__members_claim(&members, "m8", 8, digest, &fits, NULL), 0);
    assert_int_equal(fits, MIG__CLAIM_TWICE);
    assert_int_equal(members.claimed, 3000);
    mig__members_free(&members);
}

/* As a member of something that began with zeros. */
static void begun_with_zeros(void **state)
{
    mig_error err = MIG_ERROR_INIT;
    mig__members members = {0};
    uint8_t digest[MIG__DIGEST_SIZE] = {1};
    mig__claim claim;
    char path[16];
    (void)state;
    for (int i = 0; i < 200; i++) {
        snprintf(path, sizeof path, "%d", i);
        assert_int_equal(mig__members_add(&members, path, 17, digest, &err), 1);
    }
    for (int i = 0; i < 200; i++) {
        snprintf(path, sizeof path, "%d", i);
        assert_int_equal(mig__members_claim(&members, path, 17, digest, &claim, &err), 0);
        assert_int_equal(claim, MIG__CLAIM_FITS);
    }
    mig__members_free(&members);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(claims), cmocka_unit_test(begun_with_zeros)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
