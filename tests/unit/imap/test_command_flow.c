/* Several commands in flight: whose answer is whose, in order and out of it. */
#include "imap/wire_server.h"

typedef struct seen {
    unsigned exists, fetches;
    unsigned refuse; /* fail at this many EXISTS */
} seen;

static int see(const mig__response *response, void *context, mig_error *err)
{
    seen *told = context;
    told->fetches += response->kind == MIG__RESPONSE_FETCH;
    if (response->kind == MIG__RESPONSE_EXISTS) {
        told->exists = response->number;
        if (told->refuse == response->number) {
            return mig_error_set(err, MIG_E_DISK_FULL, "no room for that");
        }
    }
    return 0;
}

static mig__command *send_command(mig__session *session, const char *words, seen *told)
{
    mig_error error = MIG_ERROR_INIT;
    mig__command *command = mig__command_begin(session, words, told != NULL ? see : NULL, told, &error);
    assert_non_null(command);
    assert_int_equal(mig__command_end(command, &error), 0);
    return command;
}

static void expect_answer(mig__session *session, mig__command *command, mig_code code)
{
    mig_error error = MIG_ERROR_INIT;
    mig__command_result result;
    assert_int_equal(mig__command_wait(session, command, &result, &error), 0);
    assert_int_equal(result.error.code, code);
    assert_int_equal(result.condition == MIG__OK, code == MIG_OK);
    mig__command_result_clear(&result);
}

static void test_in_order(void **state)
{
    (void)state;
    static const wire_step script[] = {
        LOGGED_IN("IMAP4rev1"),
        EXPECT("2 NOOP\r\n3 CHECK\r\n4 NOOP\r\n"),
        SEND("* 1 EXISTS\r\n2 OK\r\n* 2 EXISTS\r\n3 NO [INUSE] wait\r\n* 3 EXISTS\r\n4 BAD what\r\n"),
        EXPECT("5 LOGOUT\r\n"),
        END,
    };
    wire_server server;
    seen told[3] = {{0}};
    mig_endpoint endpoint = wire_endpoint();
    wire_begin(&server, script);
    mig__session *session = wire_session(&server, &endpoint);
    mig__command *first = send_command(session, "NOOP", &told[0]);
    mig__command *second = send_command(session, "CHECK", &told[1]);
    mig__command *third = send_command(session, "NOOP", &told[2]);
    assert_int_equal(mig__command_in_flight(session), 3);
    expect_answer(session, first, MIG_OK);
    expect_answer(session, second, MIG_E_UNAVAILABLE);
    expect_answer(session, third, MIG_E_BAD);
    assert_int_equal(mig__command_in_flight(session), 0);
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(told[i].exists, i + 1);
    }
    mig__session_close(&session);
    wire_end(&server);
}

/* Answers may come in any order; waits may, too. What belongs to no command goes to the oldest that is not answered. */
static void test_out_of_order(void **state)
{
    (void)state;
    static const wire_step script[] = {
        LOGGED_IN("IMAP4rev1"),
        EXPECT("2 NOOP\r\n3 CHECK\r\n4 NOOP\r\n"),
        SEND("3 OK\r\n* 5 EXISTS\r\n4 NO no\r\n2 OK\r\n"),
        EXPECT("5 LOGOUT\r\n"),
        END,
    };
    wire_server server;
    seen told[3] = {{0}};
    mig_endpoint endpoint = wire_endpoint();
    wire_begin(&server, script);
    mig__session *session = wire_session(&server, &endpoint);
    mig__command *first = send_command(session, "NOOP", &told[0]);
    mig__command *second = send_command(session, "CHECK", &told[1]);
    mig__command *third = send_command(session, "NOOP", &told[2]);
    expect_answer(session, third, MIG_E_NO);
    assert_true(mig__command_answered(second));
    assert_false(mig__command_answered(first));
    assert_int_equal(mig__command_in_flight(session), 1);
    expect_answer(session, first, MIG_OK);
    expect_answer(session, second, MIG_OK);
    assert_int_equal(told[0].exists, 5);
    assert_int_equal(told[1].exists + told[2].exists, 0);
    mig__session_close(&session);
    wire_end(&server);
}

/*
 * What the server says of messages before it has opened the next mailbox is about the one before: never an answer to
 * the FETCH that waits behind that EXAMINE.
 */
static void test_fetch_of_the_mailbox_before(void **state)
{
    (void)state;
    static const wire_step script[] = {
        LOGGED_IN("IMAP4rev1"),
        EXPECT("2 EXAMINE\r\n3 UID FETCH\r\n4 EXAMINE\r\n5 UID FETCH\r\n"),
        SEND("* 1 FETCH (UID 7 FLAGS (\\Seen))\r\n2 OK\r\n* 1 FETCH (UID 1 FLAGS ())\r\n3 OK\r\n"
             "* 2 FETCH (UID 2 FLAGS (\\Seen))\r\n* 3 EXISTS\r\n* 3 FETCH (UID 3 FLAGS (\\Seen))\r\n4 OK\r\n"
             "* 4 FETCH (UID 4 FLAGS ())\r\n5 OK\r\n"),
        EXPECT("6 LOGOUT\r\n"),
        END,
    };
    wire_server server;
    seen told[4] = {{0}};
    mig_endpoint endpoint = wire_endpoint();
    mig__command *commands[4];
    wire_begin(&server, script);
    mig__session *session = wire_session(&server, &endpoint);
    for (unsigned i = 0; i < 4; i++) {
        commands[i] = send_command(session, i % 2 == 0 ? "EXAMINE" : "UID FETCH", &told[i]);
    }
    for (unsigned i = 0; i < 4; i++) {
        expect_answer(session, commands[i], MIG_OK);
    }
    assert_int_equal(told[1].fetches, 1);
    assert_int_equal(told[3].fetches, 1);
    assert_int_equal(told[2].exists, 3);
    mig__session_close(&session);
    wire_end(&server);
}

/* An answer that only one kind of command can have asked for goes to the oldest of that kind. */
static void test_answers_by_their_kind(void **state)
{
    (void)state;
    static const wire_step script[] = {
        LOGGED_IN("IMAP4rev1"),
        EXPECT("2 NOOP\r\n3 UID FETCH\r\n4 UID FETCH\r\n"),
        SEND("* 1 FETCH (UID 1 FLAGS ())\r\n* 9 EXISTS\r\n3 OK\r\n* 2 FETCH (UID 2 FLAGS ())\r\n4 OK\r\n"
             "* 3 FETCH (UID 3 FLAGS (\\Seen))\r\n2 OK\r\n"),
        EXPECT("5 LOGOUT\r\n"),
        END,
    };
    wire_server server;
    seen told[3] = {{0}};
    mig_endpoint endpoint = wire_endpoint();
    wire_begin(&server, script);
    mig__session *session = wire_session(&server, &endpoint);
    mig__command *noop = send_command(session, "NOOP", &told[0]);
    mig__command *first = send_command(session, "UID FETCH", &told[1]);
    mig__command *second = send_command(session, "UID FETCH", &told[2]);
    expect_answer(session, noop, MIG_OK);
    expect_answer(session, first, MIG_OK);
    expect_answer(session, second, MIG_OK);
    assert_int_equal(told[0].exists, 9);
    assert_int_equal(told[0].fetches, 1); /* nobody is left who asked */
    assert_int_equal(told[1].fetches, 1);
    assert_int_equal(told[2].fetches, 1);
    mig__session_close(&session);
    wire_end(&server);
}

/* The continuation of a literal is waited for while earlier commands are answered. */
static void test_literal_behind_other_commands(void **state)
{
    (void)state;
    static const wire_step script[] = {
        LOGGED_IN("IMAP4rev1"),
        EXPECT("2 APPEND a {1}\r\n"),
        SEND("+ \r\n"),
        EXPECT("x\r\n3 APPEND a {1}\r\n"), /* the next line rides on the end of the literal */
        SEND("2 OK [APPENDUID 9 1] done\r\n+ \r\n"),
        EXPECT("y\r\n"),
        SEND("3 OK [APPENDUID 9 2] done\r\n"),
        EXPECT("4 LOGOUT\r\n"),
        END,
    };
    wire_server server;
    mig_endpoint endpoint = wire_endpoint();
    mig_error error = MIG_ERROR_INIT;
    mig__command *commands[2];
    wire_begin(&server, script);
    mig__session *session = wire_session(&server, &endpoint);
    for (int i = 0; i < 2; i++) {
        commands[i] = mig__command_begin(session, "APPEND", NULL, NULL, &error);
        mig__command_mailbox(commands[i], "a");
        assert_int_equal(mig__command_literal(commands[i], 1, &error), 0);
        assert_int_equal(mig__command_literal_data(commands[i], i == 0 ? "x" : "y", 1, &error), 0);
        assert_int_equal(mig__command_end(commands[i], &error), 0);
    }
    assert_true(mig__command_answered(commands[0]));
    for (int i = 0; i < 2; i++) {
        mig__command_result result;
        assert_int_equal(mig__command_wait(session, commands[i], &result, &error), 0);
        assert_int_equal(result.uidvalidity, 9);
        assert_string_equal(result.uid_text, i == 0 ? "1" : "2");
        mig__command_result_clear(&result);
    }
    mig__session_close(&session);
    wire_end(&server);
}

static void expect_protocol_error(const wire_step *script)
{
    wire_server server;
    mig_endpoint endpoint = wire_endpoint();
    mig_error error = MIG_ERROR_INIT;
    wire_begin(&server, script);
    mig__session *session = wire_session(&server, &endpoint);
    assert_int_equal(mig__command_simple(session, "NOOP", NULL, NULL, &error), -1);
    assert_int_equal(error.code, MIG_E_PROTOCOL);
    mig__session_close(&session);
    wire_end(&server);
}

static void test_answers_nobody_asked_for(void **state)
{
    (void)state;
    static const wire_step unknown[] = {LOGGED_IN("IMAP4rev1"), EXPECT("2 NOOP\r\n"), SEND("7 OK done\r\n"), END};
    expect_protocol_error(unknown);
    static const wire_step again[] = {LOGGED_IN("IMAP4rev1"), EXPECT("2 NOOP\r\n"), SEND("1 OK done\r\n2 OK\r\n"), END};
    expect_protocol_error(again);
    static const wire_step more[] = {LOGGED_IN("IMAP4rev1"), EXPECT("2 NOOP\r\n"), SEND("+ go on\r\n2 OK\r\n"), END};
    expect_protocol_error(more);
}

/* What was answered before the session failed still is. */
static void test_answers_before_a_failure(void **state)
{
    (void)state;
    static const wire_step script[] = {LOGGED_IN("IMAP4rev1"), EXPECT("2 NOOP\r\n3 NOOP\r\n4 NOOP\r\n"),
                                       SEND("2 OK\r\n3 NO [OVERQUOTA] full\r\n"), HANG_UP};
    wire_server server;
    mig_endpoint endpoint = wire_endpoint();
    mig_error error = MIG_ERROR_INIT;
    mig__command_result result;
    wire_begin(&server, script);
    mig__session *session = wire_session(&server, &endpoint);
    mig__command *first = send_command(session, "NOOP", NULL);
    mig__command *second = send_command(session, "NOOP", NULL);
    mig__command *third = send_command(session, "NOOP", NULL);
    assert_int_equal(mig__command_wait(session, third, &result, &error), -1);
    assert_int_equal(error.code, MIG_E_CLOSED);
    assert_null(result.uid_text);
    expect_answer(session, first, MIG_OK);
    expect_answer(session, second, MIG_E_OVERQUOTA);
    mig__session_close(&session);
    wire_end(&server);
}

static void test_handler_that_gives_up(void **state)
{
    (void)state;
    static const wire_step script[] = {LOGGED_IN("IMAP4rev1"), EXPECT("2 NOOP\r\n"), SEND("* 4 EXISTS\r\n2 OK\r\n"),
                                       END};
    wire_server server;
    seen told = {.refuse = 4};
    mig_endpoint endpoint = wire_endpoint();
    mig_error error = MIG_ERROR_INIT;
    wire_begin(&server, script);
    mig__session *session = wire_session(&server, &endpoint);
    assert_int_equal(mig__command_simple(session, "NOOP", see, &told, &error), -1);
    assert_int_equal(error.code, MIG_E_DISK_FULL);
    assert_null(mig__command_begin(session, "NOOP", NULL, NULL, &error));
    assert_int_equal(error.code, MIG_E_DISK_FULL);
    mig__session_close(&session);
    wire_end(&server);
}

static void test_abandoned_commands(void **state)
{
    (void)state;
    static const wire_step script[] = {
        LOGGED_IN("IMAP4rev1"),
        EXPECT("2 NOOP\r\n3 NOOP\r\n4 NOOP\r\n"),
        SEND("2 OK\r\n* 6 EXISTS\r\n3 OK\r\n4 OK\r\n"),
        EXPECT("5 NOOP\r\n"),
        SEND("* 8 EXISTS\r\n5 OK\r\n"),
        EXPECT("6 LOGOUT\r\n"),
        END,
    };
    wire_server server;
    seen gone = {0}, told = {0};
    mig_endpoint endpoint = wire_endpoint();
    wire_begin(&server, script);
    mig__session *session = wire_session(&server, &endpoint);
    mig__command *first = send_command(session, "NOOP", NULL);
    send_command(session, "NOOP", &gone);
    send_command(session, "NOOP", &gone);
    expect_answer(session, first, MIG_OK);
    mig__command_abandon(session);
    assert_int_equal(mig__command_in_flight(session), 0);
    expect_answer(session, send_command(session, "NOOP", &told), MIG_OK);
    assert_int_equal(gone.exists, 0);
    assert_int_equal(told.exists, 8);
    mig__session_close(&session);
    wire_end(&server);
}

static void test_results(void **state)
{
    (void)state;
    static const wire_step script[] = {
        LOGGED_IN("IMAP4rev1 UIDPLUS OBJECTID"),
        EXPECT("2 UID COPY\r\n"),
        SEND("2 OK [COPYUID 77 5,3 12:13] copied\r\n"),
        EXPECT("3 CREATE\r\n"),
        SEND("3 OK [MAILBOXID (f2212ea87-6097)] made\r\n"),
        EXPECT("4 APPEND\r\n"),
        SEND("4 OK Success [THROTTLED]\r\n"),
        EXPECT("5 APPEND\r\n"),
        SEND("5 NO [ALREADYEXISTS] there it is\r\n"),
        EXPECT("6 LOGOUT\r\n"),
        END,
    };
    wire_server server;
    mig_endpoint endpoint = wire_endpoint();
    mig_error error = MIG_ERROR_INIT;
    mig__command_result result;
    wire_begin(&server, script);
    mig__session *session = wire_session(&server, &endpoint);
    assert_int_equal(mig__command_wait(session, send_command(session, "UID COPY", NULL), &result, &error), 0);
    assert_int_equal(result.code, MIG__CODE_COPYUID);
    assert_int_equal(result.uidvalidity, 77);
    assert_string_equal(result.from_uid_text, "5,3");
    assert_string_equal(result.uid_text, "12:13");
    assert_false(result.throttled);
    mig__command_result_clear(&result);
    assert_int_equal(mig__command_wait(session, send_command(session, "CREATE", NULL), &result, &error), 0);
    assert_string_equal(result.mailbox_id, "f2212ea87-6097");
    mig__command_result_clear(&result);
    assert_int_equal(mig__command_wait(session, send_command(session, "APPEND", NULL), &result, &error), 0);
    assert_true(result.throttled);
    mig__command_result_clear(&result);
    assert_int_equal(mig__command_simple(session, "APPEND", NULL, NULL, &error), -1);
    assert_int_equal(error.code, MIG_E_EXISTS);
    assert_string_equal(error.server, "[ALREADYEXISTS] there it is");
    mig__session_close(&session);
    wire_end(&server);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_in_order),
        cmocka_unit_test(test_out_of_order),
        cmocka_unit_test(test_fetch_of_the_mailbox_before),
        cmocka_unit_test(test_answers_by_their_kind),
        cmocka_unit_test(test_literal_behind_other_commands),
        cmocka_unit_test(test_answers_nobody_asked_for),
        cmocka_unit_test(test_answers_before_a_failure),
        cmocka_unit_test(test_handler_that_gives_up),
        cmocka_unit_test(test_abandoned_commands),
        cmocka_unit_test(test_results),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
