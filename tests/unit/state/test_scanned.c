/* What a virus scanner said: withheld messages, and verdicts by content. */
#include "state/fixture.h"

static void a_withheld_message_is_neither_there_nor_failed(void **context)
{
    const fixture *f = *context;
    mig_error err = MIG_ERROR_INIT;
    mig__state_counts counts;
    mig__uidset done = MIG__UIDSET_INIT, failed = MIG__UIDSET_INIT, withheld = MIG__UIDSET_INIT;
    mig__state *state = open_state(f->path);
    int64_t folder = folder_of(state, "INBOX");
    int64_t batch = begin_batch(state, folder, 1, 2, &err);
    assert_ok(mig__state_outcome(state, batch, (const uint32_t[]){101, 102}, 2, &err), err);
    mig__message message = message_of(3);
    message.code = MIG_E_INFECTED;
    message.text = "Test.Name was found";
    assert_ok(mig__state_message_withheld(state, folder, &message, &err), err);
    close_state(&state);

    state = open_state(f->path);
    assert_ok(mig__state_count(state, folder, &counts, &err), err);
    assert_true(counts.copied == 2 && counts.withheld == 1 && counts.failed == 0 && counts.held == 2);
    assert_ok(mig__state_source_uids(state, folder, &done, &failed, &err), err);
    assert_ok(mig__state_withheld(state, folder, &withheld, &err), err);
    assert_int_equal(mig__uidset_size(&done), 2);
    assert_int_equal(failed.count, 0);
    assert_true(mig__uidset_size(&withheld) == 1 && mig__uidset_has(&withheld, 3));
    mig__message found;
    assert_int_equal(mig__state_message_by_uid(state, folder, 3, &found, &err), 1);
    assert_same_content(&found, 3);
    assert_int_equal(found.state, MIG__MESSAGE_WITHHELD);
    assert_int_equal(found.code, MIG_E_INFECTED);
    assert_string_equal(found.text, "Test.Name was found");
    mig__message_clear(&found);
    mig__uidset_free(&done);
    mig__uidset_free(&failed);
    mig__uidset_free(&withheld);
    close_state(&state);
}

/* Sent after all, and refused: it is withheld as before. */
static void a_withheld_message_that_is_sent_goes_back(void **context)
{
    const fixture *f = *context;
    mig_error err = MIG_ERROR_INIT;
    mig__state_counts counts;
    mig__state *state = open_state(f->path);
    int64_t folder = folder_of(state, "INBOX");
    mig__message message = message_of(1);
    message.code = MIG_E_INFECTED;
    message.text = "found";
    assert_ok(mig__state_message_withheld(state, folder, &message, &err), err);
    int64_t batch = begin_batch(state, folder, 1, 1, &err);
    assert_ok(mig__state_withdraw(state, batch, &err), err);
    assert_ok(mig__state_count(state, folder, &counts, &err), err);
    assert_int_equal(counts.withheld, 1);
    batch = begin_batch(state, folder, 1, 1, &err);
    assert_ok(mig__state_outcome(state, batch, (const uint32_t[]){101}, 1, &err), err);
    assert_ok(mig__state_count(state, folder, &counts, &err), err);
    assert_true(counts.withheld == 0 && counts.copied == 1);
    close_state(&state);
}

static void a_new_uidvalidity_forgets_it(void **context)
{
    const fixture *f = *context;
    mig_error err = MIG_ERROR_INIT;
    mig__state_counts counts;
    mig__state *state = open_state(f->path);
    int64_t folder = folder_of(state, "INBOX");
    mig__message message = message_of(1);
    message.text = "found";
    assert_ok(mig__state_message_withheld(state, folder, &message, &err), err);
    assert_ok(mig__state_folder_reset_source(state, folder, &err), err);
    assert_ok(mig__state_count(state, folder, &counts, &err), err);
    assert_int_equal(counts.withheld, 0); /* it is read and scanned again */
    close_state(&state);
}

typedef struct seen {
    size_t count;
    char names[4][64], kept[4][64];
    mig_scan_decision decisions[4];
    int64_t signatures[4];
} seen;

static int see(const mig__state_scanned *scanned, void *context)
{
    seen *s = context;
    assert_true(s->count < 4);
    snprintf(s->names[s->count], sizeof s->names[0], "%s", scanned->name);
    snprintf(s->kept[s->count], sizeof s->kept[0], "%s", scanned->kept);
    s->decisions[s->count] = scanned->decision;
    s->signatures[s->count++] = scanned->signatures;
    return 0;
}

static void verdicts_are_kept_by_content(void **context)
{
    const fixture *f = *context;
    mig_error err = MIG_ERROR_INIT;
    const uint8_t first[MIG__DIGEST_SIZE] = {1}, second[MIG__DIGEST_SIZE] = {2};
    mig__state *state = open_state(f->path);
    int64_t account = mig__state_account(state, "a", "b", &err);
    mig__state_scanned scanned = {.raw = first,
                                  .verdict = MIG_SCAN_INFECTED,
                                  .decision = MIG_SCAN_QUARANTINED,
                                  .name = "One",
                                  .signatures = 1700000000,
                                  .at = 1,
                                  .kept = "/q/one.tar.zst"};
    assert_ok(mig__state_scanned_put(state, account, &scanned, &err), err);
    scanned.kept = NULL;
    scanned.decision = MIG_SCAN_COPIED; /* released: where it was kept is still known */
    assert_ok(mig__state_scanned_put(state, account, &scanned, &err), err);
    scanned = (mig__state_scanned){.raw = second, .verdict = MIG_SCAN_NOT_SCANNED, .name = "too big", .at = 2};
    assert_ok(mig__state_scanned_put(state, account, &scanned, &err), err);
    close_state(&state);

    seen s = {0};
    state = open_state(f->path);
    assert_ok(mig__state_scanned_each(state, account, see, &s, &err), err);
    assert_int_equal(s.count, 2);
    assert_string_equal(s.names[0], "One");
    assert_string_equal(s.kept[0], "/q/one.tar.zst");
    assert_int_equal(s.decisions[0], MIG_SCAN_COPIED);
    assert_true(s.signatures[0] == 1700000000 && s.signatures[1] == 0);
    assert_string_equal(s.names[1], "too big");
    assert_string_equal(s.kept[1], "");
    close_state(&state);
}

int main(void)
{
#define STATE_TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        STATE_TEST(a_withheld_message_is_neither_there_nor_failed),
        STATE_TEST(a_withheld_message_that_is_sent_goes_back),
        STATE_TEST(a_new_uidvalidity_forgets_it),
        STATE_TEST(verdicts_are_kept_by_content),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
