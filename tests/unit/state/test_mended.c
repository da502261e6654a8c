/* Messages that are sent again since a verification missed them: counted once each, and only when they were taken. */
#include "state/fixture.h"

enum { MESSAGES = 6 };

typedef struct world {
    mig__state *state;
    int64_t account, folder;
    const char *path;
} world;

static int64_t row_of(const world *w, uint32_t uid)
{
    mig_error err = MIG_ERROR_INIT;
    mig__message message;
    assert_int_equal(mig__state_message_by_uid(w->state, w->folder, uid, &message, &err), 1);
    const int64_t row = message.id;
    mig__message_clear(&message);
    return row;
}

/* UIDs 1 to 6 are copied. */
static world copied(const fixture *f)
{
    mig_error err = MIG_ERROR_INIT;
    static const uint32_t uids[MESSAGES] = {11, 12, 13, 14, 15, 16};
    world w = {.state = open_state(f->path), .path = f->path};
    w.folder = folder_of(w.state, "INBOX");
    w.account = mig__state_account(w.state, "a@old:993", "b@new:993", &err);
    const int64_t batch = begin_batch(w.state, w.folder, 1, MESSAGES, &err);
    assert_ok(mig__state_outcome(w.state, batch, uids, MESSAGES, &err), err);
    return w;
}

static mig__state_mended mended(const world *w)
{
    mig_error err = MIG_ERROR_INIT;
    mig__state_mended out;
    assert_ok(mig__state_count_mended(w->state, w->account, &out, &err), err);
    return out;
}

static void assert_mended(const world *w, uint64_t missing, uint64_t altered)
{
    const mig__state_mended out = mended(w);
    assert_int_equal(out.missing, missing);
    assert_int_equal(out.altered, altered);
    assert_int_equal(out.last != 0, missing + altered > 0);
}

static void mark(const world *w, uint32_t uid, mig__mending_kind kind)
{
    mig_error err = MIG_ERROR_INIT;
    assert_ok(mig__state_message_mending(w->state, row_of(w, uid), kind, &err), err);
}

/* Only what was marked counts, when it was taken, and once however often it is sent. */
static void what_was_taken_counts(void **context)
{
    mig_error err = MIG_ERROR_INIT;
    static const uint32_t uids[] = {21, 22, 23};
    world w = copied(*context);
    assert_mended(&w, 0, 0);
    mark(&w, 2, MIG__MENDING_MISSING);
    mark(&w, 3, MIG__MENDING_ALTERED);
    assert_mended(&w, 0, 0);
    for (int again = 0; again < 2; again++) {
        const int64_t batch = begin_batch(w.state, w.folder, 1, 3, &err); /* 1 was never missed */
        assert_ok(mig__state_outcome(w.state, batch, uids, 3, &err), err);
        assert_mended(&w, 1, 1);
        mark(&w, 2, MIG__MENDING_MISSING);
    }
    close_state(&w.state);
}

/* Altered the next time: it counts as what it was then. */
static void the_newest_reason_counts(void **context)
{
    mig_error err = MIG_ERROR_INIT;
    static const uint32_t uid = 31;
    world w = copied(*context);
    for (int kind = MIG__MENDING_MISSING; kind <= MIG__MENDING_ALTERED; kind++) {
        mark(&w, 4, (mig__mending_kind)kind);
        const int64_t batch = begin_batch(w.state, w.folder, 4, 1, &err);
        assert_ok(mig__state_outcome(w.state, batch, &uid, 1, &err), err);
    }
    assert_mended(&w, 0, 1);
    close_state(&w.state);
}

/* A target that took nothing mended nothing; a later batch still does. */
static void what_was_refused_does_not_count(void **context)
{
    mig_error err = MIG_ERROR_INIT;
    static const uint32_t uids[] = {MIG__UID_REFUSED, 42};
    world w = copied(*context);
    mark(&w, 5, MIG__MENDING_MISSING);
    mark(&w, 6, MIG__MENDING_MISSING);
    int64_t batch = begin_batch(w.state, w.folder, 5, 2, &err);
    assert_ok(mig__state_withdraw(w.state, batch, &err), err);
    assert_mended(&w, 0, 0);
    batch = begin_batch(w.state, w.folder, 5, 2, &err);
    assert_ok(mig__state_outcome(w.state, batch, uids, 2, &err), err);
    assert_mended(&w, 1, 0);
    mark(&w, 5, MIG__MENDING_NOT); /* found again meanwhile */
    batch = begin_batch(w.state, w.folder, 5, 1, &err);
    assert_ok(mig__state_outcome(w.state, batch, &uids[1], 1, &err), err);
    assert_mended(&w, 1, 0);
    close_state(&w.state);
}

/* A kill between sending and outcome: what the next run finds on the target was mended, what it does not find was not.
 */
static void what_a_kill_left_counts_when_it_is_found(void **context)
{
    mig_error err = MIG_ERROR_INIT;
    mig__open_batch *batches = NULL;
    size_t count = 0;
    static const uint32_t found[] = {51, 0};
    world w = copied(*context);
    mark(&w, 1, MIG__MENDING_MISSING);
    mark(&w, 2, MIG__MENDING_MISSING);
    assert_true(begin_batch(w.state, w.folder, 1, 2, &err) > 0);
    close_state(&w.state);
    w.state = open_state(w.path);
    assert_mended(&w, 0, 0);
    assert_ok(mig__state_open_batches(w.state, w.account, &batches, &count, &err), err);
    assert_int_equal(count, 1);
    assert_ok(mig__state_reconcile(w.state, batches[0].id, found, 2, &err), err);
    mig__state_open_batches_free(&batches, count);
    assert_mended(&w, 1, 0);
    close_state(&w.state);
}

/* A row that was forgotten and came anew is marked afterwards. Of other accounts nothing counts. */
static void marked_afterwards(void **context)
{
    mig_error err = MIG_ERROR_INIT;
    world w = copied(*context);
    assert_ok(mig__state_message_mended(w.state, row_of(&w, 3), MIG__MENDING_ALTERED, &err), err);
    assert_mended(&w, 0, 1);
    w.account = mig__state_account(w.state, "c@old:993", "d@new:993", &err);
    assert_mended(&w, 0, 0);
    close_state(&w.state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_was_taken_counts, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(the_newest_reason_counts, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(what_was_refused_does_not_count, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(what_a_kill_left_counts_when_it_is_found, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(marked_afterwards, fixture_setup, fixture_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
