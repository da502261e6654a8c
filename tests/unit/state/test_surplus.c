/* The journal of dedup: entries come back as they were written, what is settled stays so, and undoing settles both. */
#include "state/fixture.h"
#include "state/surplus.h"

static char inbox[] = "INBOX", place[] = "Duplicates";

static mig__surplus entry_of(uint32_t uid)
{
    mig__surplus entry = {.from = inbox,
                          .to = place,
                          .from_uidvalidity = UINT32_MAX,
                          .from_uid = uid,
                          .to_uidvalidity = 7,
                          .to_uidnext = 9,
                          .kept_uid = 1};
    entry.digest = message_of(uid).digest;
    return entry;
}

static void entries_keep_every_column(void **context)
{
    const fixture *f = *context;
    mig_error err = MIG_ERROR_INIT;
    mig__surplus *read = NULL;
    size_t count = 0;
    mig__state *state = open_state(f->path);
    const int64_t account = mig__state_account(state, "a", "b", &err);
    mig__surplus one = entry_of(3), two = entry_of(4);
    assert_ok(mig__state_surplus_begin(state, account, &one, &err), err);
    assert_ok(mig__state_surplus_begin(state, account, &two, &err), err);
    assert_true(one.id > 0 && two.id > one.id && one.at > 1600000000);
    assert_ok(mig__state_flush(state, &err), err);
    close_state(&state);

    state = open_state(f->path);
    assert_ok(mig__state_surplus(state, account, &read, &count, &err), err);
    assert_int_equal(count, 2);
    assert_string_equal(read[0].from, "INBOX");
    assert_string_equal(read[0].to, "Duplicates");
    assert_int_equal(read[0].from_uidvalidity, UINT32_MAX);
    assert_int_equal(read[0].from_uid, 3);
    assert_int_equal(read[0].to_uidvalidity, 7);
    assert_int_equal(read[0].to_uidnext, 9);
    assert_int_equal(read[0].to_uid, 0);
    assert_int_equal(read[0].kept_uid, 1);
    assert_int_equal(read[0].undoes, 0);
    assert_int_equal(read[0].state, MIG__SURPLUS_INTENT);
    assert_int_equal(read[0].digest.octets, one.digest.octets);
    assert_memory_equal(read[0].digest.raw, one.digest.raw, MIG__DIGEST_SIZE);
    mig__state_surplus_free(&read, count);
    assert_null(read);
    assert_ok(mig__state_surplus(state, account + 1, &read, &count, &err), err);
    assert_int_equal(count, 0);
    mig__state_surplus_free(&read, count);
    close_state(&state);
}

static void moved_and_brought_back(void **context)
{
    mig_error err = MIG_ERROR_INIT;
    mig__surplus *read = NULL;
    size_t count = 0;
    mig__state *state = open_state(((fixture *)*context)->path);
    const int64_t account = mig__state_account(state, "a", "b", &err);
    mig__surplus one = entry_of(3), back = entry_of(12), never = entry_of(5);
    assert_ok(mig__state_surplus_begin(state, account, &one, &err), err);
    assert_ok(mig__state_surplus_settle(state, &one, MIG__SURPLUS_MOVED, 12, &err), err);
    assert_ok(mig__state_surplus_begin(state, account, &never, &err), err);
    assert_ok(mig__state_surplus_forget(state, never.id, &err), err);
    back.undoes = one.id;
    back.kept_uid = 0;
    assert_ok(mig__state_surplus_begin(state, account, &back, &err), err);
    assert_ok(mig__state_surplus(state, account, &read, &count, &err), err);
    assert_int_equal(count, 2);
    assert_int_equal(read[0].state, MIG__SURPLUS_MOVED);
    assert_int_equal(read[0].to_uid, 12);
    assert_int_equal(read[1].undoes, one.id);
    mig__state_surplus_free(&read, count);
    assert_ok(mig__state_surplus_settle(state, &back, MIG__SURPLUS_RETURNED, 31, &err), err);
    assert_ok(mig__state_surplus(state, account, &read, &count, &err), err);
    assert_int_equal(read[0].state, MIG__SURPLUS_RETURNED);
    assert_int_equal(read[0].to_uid, 12); /* where it was */
    assert_int_equal(read[1].state, MIG__SURPLUS_RETURNED);
    assert_int_equal(read[1].to_uid, 31);
    mig__state_surplus_free(&read, count);
    close_state(&state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(entries_keep_every_column, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(moved_and_brought_back, fixture_setup, fixture_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
