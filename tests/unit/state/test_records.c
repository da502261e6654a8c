/* Accounts and their leases, folders, runs and events, octets sent a day. */
#include "state/fixture.h"

static int see_account(int64_t id, const char *source, const char *target, void *context)
{
    char *out = context;
    sprintf(out + strlen(out), "%lld %s>%s;", (long long)id, source, target);
    return 0;
}

static void accounts_are_made_once(void **context)
{
    mig_error err = MIG_ERROR_INIT;
    char text[256] = "";
    mig__state *state = open_state(((fixture *)*context)->path);
    int64_t one = mig__state_account(state, "a@old:993", "a@new:993", &err);
    int64_t two = mig__state_account(state, "b@old:993", "b@new:993", &err);
    assert_true(one > 0 && two > 0 && one != two);
    assert_int_equal(mig__state_account(state, "a@old:993", "a@new:993", &err), one);
    assert_int_not_equal(mig__state_account(state, "a@old:993", "x@new:993", &err), one);
    assert_ok(mig__state_accounts(state, see_account, text, &err), err);
    assert_string_equal(text, "1 a@old:993>a@new:993;2 b@old:993>b@new:993;3 a@old:993>x@new:993;");
    close_state(&state);
}

static void a_lease_has_one_owner(void **context)
{
    mig_error err = MIG_ERROR_INIT;
    mig__state *state = open_state(((fixture *)*context)->path);
    int64_t account = mig__state_account(state, "a", "b", &err);
    assert_int_equal(mig__state_account_lease(state, account, "one", 60, &err), 1);
    assert_int_equal(mig__state_account_lease(state, account, "two", 60, &err), 0);
    assert_int_equal(mig__state_account_lease(state, account, "one", 60, &err), 1);
    assert_ok(mig__state_account_release(state, account, "two", &err), err); /* not its own */
    assert_int_equal(mig__state_account_lease(state, account, "two", 60, &err), 0);
    assert_ok(mig__state_account_release(state, account, "one", &err), err);
    assert_int_equal(mig__state_account_lease(state, account, "two", -1, &err), 1); /* over already */
    assert_int_equal(mig__state_account_lease(state, account, "one", 60, &err), 1);
    assert_int_equal(mig__state_account_lease(state, account + 1, "one", 60, &err), 0);
    close_state(&state);
}

static mig__state_folder folder_with(const char *source, const char *target)
{
    return (mig__state_folder){.source = (char *)(uintptr_t)source, .target = (char *)(uintptr_t)target};
}

static void folders_keep_every_column(void **context)
{
    const fixture *f = *context;
    mig_error err = MIG_ERROR_INIT;
    mig__state_folder *folders = NULL;
    size_t count = 0;
    mig__state *state = open_state(f->path);
    int64_t account = mig__state_account(state, "a", "b", &err);
    mig__state_folder sent = folder_with("Sent", "Sent Items");
    mig__state_folder inbox = folder_with("INBOX", "INBOX");
    sent.source_mailbox_id = (char *)(uintptr_t) "F1";
    sent.source_uidvalidity = UINT32_MAX;
    sent.source_uidnext = 2;
    sent.source_messages = 3;
    sent.source_modseq = INT64_MAX;
    sent.target_uidvalidity = 5;
    sent.target_uidnext = UINT32_MAX - 1;
    sent.target_messages = 7;
    sent.target_modseq = 8;
    sent.created = true;
    assert_ok(mig__state_folder_put(state, account, &sent, &err), err);
    assert_ok(mig__state_folder_put(state, account, &inbox, &err), err);
    assert_true(sent.id > 0 && inbox.id > 0 && sent.id != inbox.id);
    mig__state_folder again = folder_with("INBOX", "Inbox"); /* known by its name */
    assert_ok(mig__state_folder_put(state, account, &again, &err), err);
    assert_int_equal(again.id, inbox.id);
    close_state(&state);

    state = open_state(f->path);
    assert_ok(mig__state_folders(state, account, &folders, &count, &err), err);
    assert_int_equal(count, 2);
    assert_string_equal(folders[0].source, "INBOX");
    assert_string_equal(folders[0].target, "Inbox");
    assert_null(folders[0].source_mailbox_id);
    assert_false(folders[0].created);
    const mig__state_folder *got = &folders[1];
    assert_int_equal(got->id, sent.id);
    assert_string_equal(got->target, "Sent Items");
    assert_string_equal(got->source_mailbox_id, "F1");
    assert_null(got->target_mailbox_id);
    assert_int_equal(got->source_uidvalidity, UINT32_MAX);
    assert_int_equal(got->source_uidnext, 2);
    assert_int_equal(got->source_messages, 3);
    assert_true(got->source_modseq == INT64_MAX);
    assert_int_equal(got->target_uidvalidity, 5);
    assert_int_equal(got->target_uidnext, UINT32_MAX - 1);
    assert_int_equal(got->target_messages, 7);
    assert_int_equal(got->target_modseq, 8);
    assert_true(got->created);
    mig__state_folders_free(&folders, count);
    assert_null(folders);
    assert_ok(mig__state_folders(state, account + 1, &folders, &count, &err), err);
    assert_int_equal(count, 0);
    mig__state_folders_free(&folders, count);
    close_state(&state);
}

static void folders_swap_their_names(void **context)
{
    mig_error err = MIG_ERROR_INIT;
    mig__state_folder *folders = NULL;
    size_t count = 0;
    mig__state *state = open_state(((fixture *)*context)->path);
    int64_t account = mig__state_account(state, "a", "b", &err);
    mig__state_folder one = folder_with("One", "One");
    mig__state_folder two = folder_with("Two", "Two");
    assert_ok(mig__state_folder_put(state, account, &one, &err), err);
    assert_ok(mig__state_folder_put(state, account, &two, &err), err);
    one.source = (char *)(uintptr_t) "Two";
    assert_ok(mig__state_folder_put(state, account, &one, &err), err);
    assert_ok(mig__state_folders(state, account, &folders, &count, &err), err);
    assert_int_equal(count, 2);
    assert_int_equal(folders[0].source[0], '\001');
    assert_int_equal(folders[0].id, two.id);
    mig__state_folders_free(&folders, count);
    two.source = (char *)(uintptr_t) "One";
    assert_ok(mig__state_folder_put(state, account, &two, &err), err);
    assert_ok(mig__state_folders(state, account, &folders, &count, &err), err);
    assert_int_equal(count, 2);
    assert_int_equal(folders[0].id, two.id);
    assert_string_equal(folders[0].source, "One");
    assert_string_equal(folders[1].source, "Two");
    mig__state_folders_free(&folders, count);
    close_state(&state);
}

static int see_run(const mig__state_run *run, void *context)
{
    char *out = context;
    assert_int_equal(run->pid, getpid());
    assert_int_equal(run->uid, getuid());
    assert_true(run->begun > 1600000000);
    assert_true(run->host[0] != '\0');
    assert_true(run->ended == 0 || run->ended >= run->begun);
    sprintf(out + strlen(out), "%lld %s %s %s %d %llu/%llu/%llu;", (long long)run->id, run->verb, run->version,
            run->status, run->ended != 0, (unsigned long long)run->copied, (unsigned long long)run->failed,
            (unsigned long long)run->octets);
    return 0;
}

static int see_event(int64_t at, const char *kind, int64_t folder, const char *text, void *context)
{
    char *out = context;
    assert_true(at > 1600000000);
    sprintf(out + strlen(out), "%s %lld %s;", kind, (long long)folder, text);
    return 0;
}

static void runs_and_events_are_kept(void **context)
{
    const fixture *f = *context;
    mig_error err = MIG_ERROR_INIT;
    char text[512] = "";
    mig__state *state = open_state(f->path);
    int64_t account = mig__state_account(state, "a", "b", &err);
    int64_t copy = mig__state_run_begin(state, account, "copy", "0.1.0", &err);
    assert_true(copy > 0);
    assert_ok(mig__state_event(state, copy, "folder-created", 3, "Sent Items", &err), err);
    assert_ok(mig__state_event(state, copy, "note", 0, "", &err), err);
    assert_ok(mig__state_run_end(state, copy, "complete", 5, 1, 1000, &err), err);
    assert_true(mig__state_run_begin(state, account, "verify", "0.1.0", &err) > copy);
    close_state(&state);

    state = open_state(f->path);
    assert_ok(mig__state_runs(state, account, see_run, text, &err), err);
    assert_string_equal(text, "2 verify 0.1.0  0 0/0/0;1 copy 0.1.0 complete 1 5/1/1000;");
    text[0] = '\0';
    assert_ok(mig__state_events(state, copy, see_event, text, &err), err);
    assert_string_equal(text, "folder-created 3 Sent Items;note 0 ;");
    assert_int_equal(mig__state_run_begin(state, account + 1, "copy", "0.1.0", &err), -1); /* no such account */
    assert_int_equal(err.code, MIG_E_INTERNAL);
    assert_int_equal(mig__state_close(&state, &err), -1);
}

static void octets_add_up_over_a_day(void **context)
{
    mig_error err = MIG_ERROR_INIT;
    uint64_t octets = 1;
    mig__state *state = open_state(((fixture *)*context)->path);
    int64_t account = mig__state_account(state, "a", "b", &err);
    mig__state_folder folder = folder_with("INBOX", "INBOX");
    assert_ok(mig__state_folder_put(state, account, &folder, &err), err);
    assert_ok(mig__state_sent(state, account, 20000, &octets, &err), err);
    assert_int_equal(octets, 0);
    const struct {
        int64_t day;
        uint64_t octets;
    } sent[] = {{20000, 5000000000u}, {20000, 1}, {20001, 2}, {20001, 0}};
    for (uint32_t i = 0; i < 4; i++) {
        mig__message message = {.source_uid = i + 1};
        mig__intent intent = {
            .folder = folder.id, .messages = &message, .count = 1, .day = sent[i].day, .octets = sent[i].octets};
        assert_true(mig__state_intent(state, &intent, &err) > 0);
    }
    close_state(&state); /* without an outcome, as a kill leaves it */
    state = open_state(((fixture *)*context)->path);
    assert_ok(mig__state_sent(state, account, 20000, &octets, &err), err);
    assert_true(octets == 5000000001u);
    assert_ok(mig__state_sent(state, account, 20001, &octets, &err), err);
    assert_int_equal(octets, 2);
    close_state(&state);
}

int main(void)
{
#define STATE_TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        STATE_TEST(accounts_are_made_once),    STATE_TEST(a_lease_has_one_owner),
        STATE_TEST(folders_keep_every_column), STATE_TEST(folders_swap_their_names),
        STATE_TEST(runs_and_events_are_kept),  STATE_TEST(octets_add_up_over_a_day),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
