/* Content that is known on the target: found by raw digest first, then by the canonical one, each entry once. */
#include "copy/fake_run.h"
#include "copy/known.h"

static mig__message_digest digest_of(int raw, int canonical)
{
    mig__message_digest digest = {.octets = 1};
    memset(digest.raw, raw, sizeof digest.raw);
    memset(digest.canonical, canonical, sizeof digest.canonical);
    return digest;
}

static void add(mig__known *known, int raw, int canonical, uint32_t uid, const char *email_id)
{
    mig__known_entry entry = {.digest = digest_of(raw, canonical),
                              .kind = MIG__KNOWN_FOREIGN,
                              .target_uid = uid,
                              .flags = mig__strdup("\\Seen"),
                              .email_id = mig__strdup(email_id)};
    assert_int_equal(mig__known_add(known, &entry, NULL), 0);
}

static uint32_t take(mig__known *known, int raw, int canonical)
{
    const mig__message_digest digest = digest_of(raw, canonical);
    mig__known_entry *entry = mig__known_take(known, &digest);
    return entry == NULL ? 0 : entry->target_uid;
}

static void test_by_content(void **state)
{
    (void)state;
    mig__known known = {0};
    assert_int_equal(take(&known, 1, 1), 0);
    add(&known, 1, 9, 11, NULL);
    add(&known, 1, 9, 12, NULL);
    add(&known, 2, 9, 13, NULL);
    assert_int_equal(take(&known, 2, 9), 13); /* the same octets go before the same content */
    assert_int_equal(take(&known, 2, 9), 11);
    assert_int_equal(take(&known, 1, 9), 12);
    assert_int_equal(take(&known, 1, 9), 0); /* each once */
    mig__known_free(&known);
    assert_int_equal(known.count, 0);
}

static void test_by_id(void **state)
{
    (void)state;
    mig__known known = {0};
    assert_null(mig__known_take_id(&known, "M1"));
    add(&known, 1, 1, 11, "M1");
    add(&known, 2, 2, 12, "M2");
    add(&known, 3, 3, 13, NULL);
    assert_int_equal(mig__known_take_id(&known, "M2")->target_uid, 12);
    assert_null(mig__known_take_id(&known, "M2"));
    assert_null(mig__known_take_id(&known, "M3"));
    assert_int_equal(take(&known, 2, 2), 0); /* it was taken by its id */
    assert_int_equal(take(&known, 1, 1), 11);
    mig__known_free(&known);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_by_content),
        cmocka_unit_test(test_by_id),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
