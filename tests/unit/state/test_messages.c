/* Messages: the journal's effects, single updates, resets, lookups. */
#include "state/fixture.h"

typedef struct seen {
    size_t count;
    mig__message last; /* strings not valid after the walk */
    char flags[64], text[64], subject[64];
    uint32_t source_uids[64], target_uids[64];
    mig__message_state states[64];
} seen;

static int see(const mig__message *message, void *context)
{
    seen *s = context;
    assert_true(s->count < 64);
    s->source_uids[s->count] = message->source_uid;
    s->target_uids[s->count] = message->target_uid;
    s->states[s->count] = message->state;
    s->last = *message;
    snprintf(s->flags, sizeof s->flags, "%s", message->flags);
    snprintf(s->text, sizeof s->text, "%s", message->text);
    snprintf(s->subject, sizeof s->subject, "%s", message->subject);
    s->count++;
    return 0;
}

static int see_and_stop(const mig__message *message, void *context)
{
    (void)message;
    ++*(int *)context;
    return 17;
}

static void a_batch_is_copied(void **context)
{
    fixture *f = *context;
    mig_error err = MIG_ERROR_INIT;
    mig__state *state = open_state(f->path);
    int64_t folder = folder_of(state, "INBOX");

    int64_t batch = begin_batch(state, folder, 1, 3, &err);
    assert_true(batch > 0);
    mig__state_counts counts;
    assert_ok(mig__state_count(state, folder, &counts, &err), err);
    assert_int_equal(counts.intent, 3);
    assert_int_equal(counts.octets, 0);
    assert_ok(mig__state_outcome(state, batch, (const uint32_t[]){101, 102, 0}, 3, &err), err);
    close_state(&state);

    state = open_state(f->path);
    seen s = {0};
    assert_ok(mig__state_messages(state, folder, see, &s, &err), err);
    assert_int_equal(s.count, 3);
    for (uint32_t i = 0; i < 3; i++) {
        assert_int_equal(s.source_uids[i], i + 1);
        assert_int_equal(s.target_uids[i], i < 2 ? 101 + i : 0);
        assert_int_equal(s.states[i], MIG__MESSAGE_COPIED);
    }
    mig__message message;
    assert_int_equal(mig__state_message_by_uid(state, folder, 3, &message, &err), 1);
    assert_same_content(&message, 3);
    assert_string_equal(message.email_id, "");
    mig__message_clear(&message);
    assert_int_equal(mig__state_message_by_uid(state, folder, 4, &message, &err), 0);
    assert_ok(mig__state_count(state, folder, &counts, &err), err);
    assert_int_equal(counts.copied, 3);
    assert_int_equal(counts.intent, 0);
    assert_int_equal(counts.octets, 1001 + 1002 + 1003);
    seen unplaced = {0};
    assert_ok(mig__state_unplaced(state, folder, see, &unplaced, &err), err);
    assert_int_equal(unplaced.count, 1);
    assert_int_equal(unplaced.source_uids[0], 3);
    close_state(&state);
}

static void a_walk_ends_when_asked(void **context)
{
    mig_error err = MIG_ERROR_INIT;
    mig__state *state = open_state(((fixture *)*context)->path);
    int64_t folder = folder_of(state, "INBOX");
    int calls = 0;

    assert_true(begin_batch(state, folder, 1, 3, &err) > 0);
    assert_int_equal(mig__state_messages(state, folder, see_and_stop, &calls, &err), 17);
    assert_int_equal(calls, 1);
    assert_int_equal(mig__state_messages(state, folder, see_and_stop, &calls, &err), 17);
    close_state(&state);
}

static void an_outcome_needs_its_batch(void **context)
{
    mig_error err = MIG_ERROR_INIT;
    mig__state *state = open_state(((fixture *)*context)->path);
    int64_t folder = folder_of(state, "INBOX");
    int64_t batch = begin_batch(state, folder, 1, 2, &err);
    uint32_t uids[3] = {1, 2, 3};

    assert_int_equal(mig__state_outcome(state, batch + 1, uids, 2, &err), -1);
    assert_int_equal(err.code, MIG_E_INTERNAL);
    assert_int_equal(mig__state_outcome(state, batch, uids, 3, &err), -1);
    assert_ok(mig__state_outcome(state, batch, uids, 2, &err), err); /* a wrong call does not break the state */
    assert_int_equal(mig__state_outcome(state, batch, uids, 2, &err), -1);
    assert_int_equal(mig__state_withdraw(state, batch, &err), -1);
    mig__intent empty = {.folder = folder};
    assert_int_equal(mig__state_intent(state, &empty, &err), -1);
    assert_int_equal(err.code, MIG_E_INTERNAL);
    mig__message nameless = {.source_uid = 0};
    mig__intent without_uid = {.folder = folder, .messages = &nameless, .count = 1};
    assert_int_equal(mig__state_intent(state, &without_uid, &err), -1);
    close_state(&state);
}

static void a_withdrawn_batch_leaves_what_was(void **context)
{
    mig_error err = MIG_ERROR_INIT;
    mig__state *state = open_state(((fixture *)*context)->path);
    int64_t folder = folder_of(state, "INBOX");
    mig__message failed = message_of(2);
    failed.code = MIG_E_TOO_BIG;
    failed.text = "message exceeds 25 MB";
    assert_ok(mig__state_message_failed(state, folder, &failed, &err), err);
    int64_t copied = begin_batch(state, folder, 3, 1, &err);
    assert_ok(mig__state_outcome(state, copied, (const uint32_t[]){103}, 1, &err), err);

    int64_t batch = begin_batch(state, folder, 1, 3, &err);
    mig__state_counts counts;
    assert_ok(mig__state_count(state, folder, &counts, &err), err);
    assert_int_equal(counts.intent, 3);
    assert_int_equal(counts.failed, 0);
    assert_ok(mig__state_withdraw(state, batch, &err), err);

    seen s = {0};
    assert_ok(mig__state_messages(state, folder, see, &s, &err), err);
    assert_int_equal(s.count, 2);
    assert_int_equal(s.source_uids[0], 2);
    assert_int_equal(s.states[0], MIG__MESSAGE_FAILED);
    assert_int_equal(s.source_uids[1], 3);
    assert_int_equal(s.states[1], MIG__MESSAGE_COPIED);
    assert_int_equal(s.target_uids[1], 103);
    mig__message message;
    assert_int_equal(mig__state_message_by_uid(state, folder, 2, &message, &err), 1);
    assert_int_equal(message.code, MIG_E_TOO_BIG);
    assert_string_equal(message.text, "message exceeds 25 MB");
    mig__message_clear(&message);

    batch = begin_batch(state, folder, 2, 1, &err); /* tried again, and now it goes */
    assert_ok(mig__state_outcome(state, batch, (const uint32_t[]){104}, 1, &err), err);
    assert_int_equal(mig__state_message_by_uid(state, folder, 2, &message, &err), 1);
    assert_int_equal(message.state, MIG__MESSAGE_COPIED);
    assert_int_equal(message.code, MIG_OK);
    assert_string_equal(message.text, "");
    mig__message_clear(&message);
    close_state(&state);
}

static void open_batches_are_found_and_reconciled(void **context)
{
    fixture *f = *context;
    mig_error err = MIG_ERROR_INIT;
    mig__state *state = open_state(f->path);
    int64_t account = mig__state_account(state, "a@old:993", "b@new:993", &err);
    int64_t folder = folder_of(state, "INBOX");
    int64_t first = begin_batch(state, folder, 1, 2, &err);
    int64_t second = begin_batch(state, folder, 3, 3, &err);
    assert_true(second > first);
    close_state(&state);

    state = open_state(f->path);
    mig__open_batch *batches = NULL;
    size_t count = 0;
    assert_ok(mig__state_open_batches(state, account, &batches, &count, &err), err);
    assert_int_equal(count, 2);
    assert_int_equal(batches[0].id, first);
    assert_int_equal(batches[1].id, second);
    assert_int_equal(batches[1].folder, folder);
    assert_int_equal(batches[1].target_uidvalidity, 7);
    assert_int_equal(batches[1].target_uidnext, 100);
    assert_int_equal(batches[1].count, 3);
    for (uint32_t i = 0; i < 3; i++) {
        assert_same_content(&batches[1].messages[i], 3 + i);
    }
    mig__state_open_batches_free(&batches, count);
    assert_null(batches);

    assert_ok(mig__state_reconcile(state, second, (const uint32_t[]){110, 0, 111}, 3, &err), err);
    assert_ok(mig__state_reconcile(state, first, (const uint32_t[]){0, 0}, 2, &err), err);
    assert_ok(mig__state_open_batches(state, account, &batches, &count, &err), err);
    assert_int_equal(count, 0);
    mig__state_open_batches_free(&batches, count);
    seen s = {0};
    assert_ok(mig__state_messages(state, folder, see, &s, &err), err);
    assert_int_equal(s.count, 2);
    assert_int_equal(s.source_uids[0], 3);
    assert_int_equal(s.target_uids[0], 110);
    assert_int_equal(s.source_uids[1], 5);
    assert_int_equal(s.target_uids[1], 111);
    int64_t third = begin_batch(state, folder, 6, 1, &err); /* the numbers of what is gone are not in the way */
    assert_true(third > 0);
    close_state(&state);
}

static void single_updates(void **context)
{
    mig_error err = MIG_ERROR_INIT;
    mig__state *state = open_state(((fixture *)*context)->path);
    int64_t folder = folder_of(state, "INBOX");
    mig__message adopted = message_of(5);
    adopted.target_uid = 50;
    adopted.has_digest = false;
    adopted.message_id = "<x@y>";
    adopted.subject = "hello";
    assert_ok(mig__state_message_adopt(state, folder, &adopted, &err), err);

    mig__message message;
    assert_int_equal(mig__state_message_by_uid(state, folder, 5, &message, &err), 1);
    assert_int_equal(message.state, MIG__MESSAGE_ADOPTED);
    assert_int_equal(message.target_uid, 50);
    assert_false(message.has_digest);
    assert_int_equal(message.canonical_version, 0);
    assert_int_equal(message.digest.octets, 1005);
    assert_string_equal(message.subject, "hello");
    assert_string_equal(message.message_id, "<x@y>");
    mig__message_clear(&message);

    adopted = message_of(5); /* now it was read: the digest joins, the subject stays */
    adopted.target_uid = 51;
    assert_ok(mig__state_message_adopt(state, folder, &adopted, &err), err);
    assert_int_equal(mig__state_message_by_uid(state, folder, 5, &message, &err), 1);
    assert_same_content(&message, 5);
    assert_int_equal(message.target_uid, 51);
    assert_string_equal(message.subject, "hello");
    mig__message_clear(&message);

    assert_ok(mig__state_message_flags(state, folder, 5, "$Junk \\Flagged", "odd", &err), err);
    assert_ok(mig__state_message_gone(state, folder, 5, MIG__MESSAGE_VANISHED, &err), err);
    assert_int_equal(mig__state_message_by_uid(state, folder, 5, &message, &err), 1);
    assert_string_equal(message.flags, "$Junk \\Flagged");
    assert_string_equal(message.owed, "odd");
    assert_int_equal(message.state, MIG__MESSAGE_VANISHED);
    mig__message_clear(&message);
    assert_int_equal(mig__state_message_gone(state, folder, 5, MIG__MESSAGE_INTENT, &err), -1);
    assert_ok(mig__state_message_flags(state, folder, 99, "", NULL, &err), err); /* no such row: nothing happens */
    mig__message nameless = {.source_uid = 0};
    assert_int_equal(mig__state_message_adopt(state, folder, &nameless, &err), -1);
    assert_int_equal(err.code, MIG_E_INTERNAL);
    close_state(&state);
}

static void sets_of_uids(void **context)
{
    mig_error err = MIG_ERROR_INIT;
    mig__state *state = open_state(((fixture *)*context)->path);
    int64_t folder = folder_of(state, "INBOX");
    mig__uidset done = MIG__UIDSET_INIT;
    mig__uidset failed = MIG__UIDSET_INIT;
    mig__uidset present = MIG__UIDSET_INIT;
    mig__uidset target = MIG__UIDSET_INIT;

    int64_t batch = begin_batch(state, folder, 1, 6, &err);
    assert_ok(mig__state_outcome(state, batch, (const uint32_t[]){209, 203, 0, 205, 204, 201}, 6, &err), err);
    assert_ok(mig__state_message_gone(state, folder, 2, MIG__MESSAGE_VANISHED, &err), err);
    assert_ok(mig__state_message_gone(state, folder, 5, MIG__MESSAGE_DELETED, &err), err);
    mig__message refused = message_of(9);
    refused.code = MIG_E_NO;
    refused.text = "no";
    assert_ok(mig__state_message_failed(state, folder, &refused, &err), err);
    assert_ok(mig__state_message_gone(state, folder, 9, MIG__MESSAGE_VANISHED, &err), err); /* stays failed */
    assert_true(begin_batch(state, folder, 20, 1, &err) > 0);

    assert_ok(mig__state_source_uids(state, folder, &done, &failed, &err), err);
    assert_ok(mig__state_source_present(state, folder, &present, &err), err);
    assert_ok(mig__state_target_uids(state, folder, &target, &err), err);
    mig__buffer text = MIG__BUFFER_INIT;
    mig__uidset_format(&done, &text);
    mig__buffer_add_char(&text, ' ');
    mig__uidset_format(&failed, &text);
    mig__buffer_add_char(&text, ' ');
    mig__uidset_format(&present, &text);
    mig__buffer_add_char(&text, ' ');
    mig__uidset_format(&target, &text);
    assert_string_equal(text.data, "1:4,6 9 1,3:4,6 201,203,205,209");
    mig__buffer_free(&text);
    assert_ok(mig__state_source_uids(state, folder, NULL, NULL, &err), err);
    mig__uidset_free(&done);
    mig__uidset_free(&failed);
    mig__uidset_free(&present);
    mig__uidset_free(&target);
    close_state(&state);
}

static void messages_are_found_by_content(void **context)
{
    mig_error err = MIG_ERROR_INIT;
    mig__state *state = open_state(((fixture *)*context)->path);
    int64_t account = mig__state_account(state, "a@old:993", "b@new:993", &err);
    int64_t other = mig__state_account(state, "c@old:993", "b@new:993", &err);
    int64_t inbox = folder_of(state, "INBOX");
    int64_t sent = folder_of(state, "Sent");
    mig__message found;
    int64_t in = 0;
    mig__message one = message_of(1);

    assert_int_equal(mig__state_find_digest(state, account, one.digest.raw, &in, &found, &err), 0);
    int64_t batch = begin_batch(state, inbox, 1, 2, &err);
    assert_int_equal(mig__state_find_digest(state, account, one.digest.raw, &in, &found, &err), 0); /* not there yet */
    assert_ok(mig__state_outcome(state, batch, (const uint32_t[]){11, 12}, 2, &err), err);
    assert_int_equal(mig__state_find_digest(state, account, one.digest.raw, &in, &found, &err), 1);
    assert_int_equal(in, inbox);
    assert_int_equal(found.target_uid, 11);
    assert_string_equal(found.flags, "");
    assert_int_equal(mig__state_find_digest(state, other, one.digest.raw, &in, &found, &err), 0);

    mig__message twin = message_of(1); /* the same message in another folder, which has vanished there */
    twin.source_uid = 70;
    twin.target_uid = 71;
    twin.email_id = "M1234";
    assert_ok(mig__state_message_adopt(state, sent, &twin, &err), err);
    assert_ok(mig__state_message_gone(state, sent, 70, MIG__MESSAGE_VANISHED, &err), err);
    assert_int_equal(mig__state_find_digest(state, account, one.digest.raw, &in, &found, &err), 1);
    assert_int_equal(in, sent);
    assert_int_equal(found.source_uid, 70);
    assert_int_equal(mig__state_find_email_id(state, account, "M1234", &in, &found, &err), 1);
    assert_int_equal(found.target_uid, 71);
    assert_int_equal(mig__state_find_email_id(state, account, "M12345", &in, &found, &err), 0);
    assert_int_equal(mig__state_find_email_id(state, account, "", &in, &found, &err), 0);

    assert_ok(mig__state_message_move(state, sent, 70, inbox, 2, 22, &err), err); /* replaces UID 2 there */
    assert_int_equal(mig__state_find_email_id(state, account, "M1234", &in, &found, &err), 1);
    assert_int_equal(in, inbox);
    assert_int_equal(found.source_uid, 2);
    assert_int_equal(found.target_uid, 22);
    assert_int_equal(found.state, MIG__MESSAGE_COPIED);
    mig__state_counts counts;
    assert_ok(mig__state_count(state, inbox, &counts, &err), err);
    assert_int_equal(counts.copied, 2);
    assert_ok(mig__state_message_move(state, sent, 70, inbox, 1, 33, &err), err); /* nothing to move: nothing goes */
    assert_ok(mig__state_count(state, inbox, &counts, &err), err);
    assert_int_equal(counts.copied, 2);
    close_state(&state);
}

static void a_reset_keeps_the_content(void **context)
{
    mig_error err = MIG_ERROR_INIT;
    mig__state *state = open_state(((fixture *)*context)->path);
    int64_t account = mig__state_account(state, "a@old:993", "b@new:993", &err);
    mig__state_folder folder = {.source = (char *)(uintptr_t) "INBOX",
                                .target = (char *)(uintptr_t) "INBOX",
                                .source_uidvalidity = 4,
                                .source_uidnext = 9,
                                .source_messages = 4,
                                .source_modseq = 5,
                                .target_uidvalidity = 6,
                                .target_uidnext = 7,
                                .target_messages = 4,
                                .target_modseq = 8};
    assert_ok(mig__state_folder_put(state, account, &folder, &err), err);
    int64_t batch = begin_batch(state, folder.id, 1, 3, &err);
    assert_ok(mig__state_outcome(state, batch, (const uint32_t[]){11, 12, 13}, 3, &err), err);
    mig__message refused = message_of(4);
    refused.text = "no";
    refused.code = MIG_E_NO;
    assert_ok(mig__state_message_failed(state, folder.id, &refused, &err), err);

    assert_ok(mig__state_folder_reset_source(state, folder.id, &err), err);
    seen orphans = {0};
    assert_ok(mig__state_orphans(state, folder.id, see, &orphans, &err), err);
    assert_int_equal(orphans.count, 3);
    assert_int_equal(orphans.source_uids[2], 0);
    assert_int_equal(orphans.target_uids[2], 13);
    mig__message three = message_of(3);
    assert_memory_equal(orphans.last.digest.raw, three.digest.raw, MIG__DIGEST_SIZE);
    mig__message taken = message_of(33);
    assert_ok(mig__state_message_failed(state, folder.id, &taken, &err), err);
    assert_ok(mig__state_message_repair(state, orphans.last.id, 33, 0, &err), err);
    mig__message message;
    assert_int_equal(mig__state_message_by_uid(state, folder.id, 33, &message, &err), 1);
    assert_int_equal(message.id, orphans.last.id);
    assert_int_equal(message.target_uid, 13);
    mig__message_clear(&message);
    seen left = {0};
    assert_ok(mig__state_orphans(state, folder.id, see, &left, &err), err);
    assert_int_equal(left.count, 2);
    assert_ok(mig__state_message_forget(state, left.last.id, &err), err);

    assert_ok(mig__state_folder_reset_target(state, folder.id, &err), err);
    seen unplaced = {0};
    assert_ok(mig__state_unplaced(state, folder.id, see, &unplaced, &err), err);
    assert_int_equal(unplaced.count, 2);
    assert_ok(mig__state_message_repair(state, unplaced.last.id, 0, 133, &err), err);
    assert_int_equal(mig__state_message_by_uid(state, folder.id, 33, &message, &err), 1);
    assert_int_equal(message.target_uid, 133);
    mig__message_clear(&message);

    mig__state_folder *folders = NULL;
    size_t count = 0;
    assert_ok(mig__state_folders(state, account, &folders, &count, &err), err);
    assert_int_equal(count, 1);
    assert_int_equal(folders[0].source_uidvalidity, 0);
    assert_int_equal(folders[0].source_uidnext, 0);
    assert_int_equal(folders[0].source_modseq, 0);
    assert_int_equal(folders[0].target_uidvalidity, 0);
    assert_int_equal(folders[0].target_modseq, 0);
    mig__state_folders_free(&folders, count);
    close_state(&state);
}

/* Only what is newer counts, and only of the account; a message that is tried again is new. */
static void what_a_run_did_is_counted(void **context)
{
    mig_error err = MIG_ERROR_INIT;
    mig__state_counts counts;
    mig__state *state = open_state(((fixture *)*context)->path);
    assert_int_equal(mig__state_last_message(state, &err), 0);
    int64_t account = mig__state_account(state, "a@old:993", "b@new:993", &err);
    int64_t folder = folder_of(state, "INBOX");
    int64_t batch = begin_batch(state, folder, 1, 3, &err);
    assert_ok(mig__state_outcome(state, batch, (const uint32_t[]){101, MIG__UID_REFUSED, 103}, 3, &err), err);
    const mig__message failed = {.source_uid = 2, .code = MIG_E_NO, .text = "no"};
    assert_ok(mig__state_message_failed(state, folder, &failed, &err), err);

    int64_t last = mig__state_last_message(state, &err);
    assert_true(last >= 3);
    assert_ok(mig__state_count_since(state, account, last, &counts, &err), err);
    assert_int_equal(counts.copied + counts.failed + counts.intent, 0);
    batch = begin_batch(state, folder, 2, 1, &err);
    assert_ok(mig__state_outcome(state, batch, (const uint32_t[]){104}, 1, &err), err);
    assert_true(begin_batch(state, folder, 10, 2, &err) > 0);
    assert_ok(mig__state_count_since(state, account, last, &counts, &err), err);
    assert_int_equal(counts.copied, 1);
    assert_int_equal(counts.intent, 2);
    assert_true(counts.octets > 0);
    int64_t other = mig__state_account(state, "v@old", "v@new", &err);
    assert_ok(mig__state_count_since(state, other, 0, &counts, &err), err);
    assert_int_equal(counts.copied, 0);
    close_state(&state);
}

int main(void)
{
#define STATE_TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        STATE_TEST(a_batch_is_copied),
        STATE_TEST(a_walk_ends_when_asked),
        STATE_TEST(an_outcome_needs_its_batch),
        STATE_TEST(a_withdrawn_batch_leaves_what_was),
        STATE_TEST(open_batches_are_found_and_reconciled),
        STATE_TEST(single_updates),
        STATE_TEST(sets_of_uids),
        STATE_TEST(messages_are_found_by_content),
        STATE_TEST(a_reset_keeps_the_content),
        STATE_TEST(what_a_run_did_is_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
