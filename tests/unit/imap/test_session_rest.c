/* A session that one puts down and another takes up: what is sent meanwhile, what is not handed on */
#include "wire_server.h"

static mig__session *greeted(wire_server *server, mig_endpoint *endpoint, const wire_step *script)
{
    *endpoint = wire_endpoint();
    wire_begin(server, script);
    return wire_session(server, endpoint);
}

static void examine(mig__session *session)
{
    assert_int_equal(mig__command_simple(session, "EXAMINE", NULL, NULL, NULL), 0);
}

/* The mailbox is left without waiting, and what was counted before is not counted again. */
static void test_leaves_the_mailbox(void **state)
{
    (void)state;
    static const wire_step script[] = {LOGGED_IN("IMAP4rev1 UNSELECT"),
                                       EXPECT("2 EXAMINE\r\n"),
                                       SEND("* 7 EXISTS\r\n* FLAGS nonsense\r\n2 OK\r\n"),
                                       EXPECT("3 UNSELECT\r\n4 NOOP\r\n"),
                                       SEND("3 OK\r\n4 OK\r\n"),
                                       EXPECT("5 LOGOUT\r\n"),
                                       END};
    wire_server server;
    mig_endpoint endpoint;
    mig__session *session = greeted(&server, &endpoint, script);
    mig__stream_stats stats;
    const char *last;
    examine(session);
    mig__session_stats_get(session, &stats);
    assert_true(stats.octets_in > 12);
    assert_int_equal(mig__session_dropped(session, &last), 1);
    assert_true(mig__session_rest(session));
    const mig__session_options next = {.endpoint = &endpoint, .account = "next"};
    mig__session_wake(session, &next);
    mig__session_stats_get(session, &stats);
    assert_int_equal(stats.octets_in, 0);
    assert_int_equal(stats.waits, 0);
    assert_int_equal(mig__session_dropped(session, &last), 0);
    assert_int_equal(mig__command_simple(session, "NOOP", NULL, NULL, NULL), 0);
    mig__session_stats_get(session, &stats);
    assert_int_equal(stats.octets_in, 12);
    mig__session_close(&session);
    wire_end(&server);
}

static void test_nothing_to_leave(void **state)
{
    (void)state;
    static const wire_step script[] = {LOGGED_IN("IMAP4rev1"), EXPECT("2 LOGOUT\r\n"), END};
    wire_server server;
    mig_endpoint endpoint;
    mig__session *session = greeted(&server, &endpoint, script);
    assert_true(mig__session_rest(session));
    mig__session_close(&session);
    wire_end(&server);
}

/* Without UNSELECT an open mailbox stays open, unless CLOSE was sent by who had it. */
static void test_mailbox_that_stays_open(void **state)
{
    (void)state;
    static const wire_step script[] = {LOGGED_IN("IMAP4rev1"),   EXPECT("2 EXAMINE\r\n"), SEND("2 OK\r\n"),
                                       EXPECT("3 CLOSE\r\n"),    SEND("3 OK\r\n"),        EXPECT("4 EXAMINE\r\n"),
                                       SEND("4 NO no such\r\n"), EXPECT("5 LOGOUT\r\n"),  END};
    wire_server server;
    mig_endpoint endpoint;
    mig__session *session = greeted(&server, &endpoint, script);
    examine(session);
    assert_false(mig__session_rest(session));
    assert_int_equal(mig__command_simple(session, "CLOSE", NULL, NULL, NULL), 0);
    assert_true(mig__session_rest(session));
    mig_error error;
    assert_int_not_equal(mig__command_simple(session, "EXAMINE", NULL, NULL, &error), 0);
    assert_false(mig__session_rest(session)); /* a refusal leaves the one before open at some servers */
    mig__session_close(&session);
    wire_end(&server);
}

/* Whoever takes it up would be told VANISHED, which it did not ask for. */
static void test_enabled_qresync(void **state)
{
    (void)state;
    static const wire_step script[] = {LOGGED_IN("IMAP4rev1 ENABLE QRESYNC CONDSTORE UNSELECT"),
                                       EXPECT("2 ENABLE QRESYNC\r\n3 NOOP\r\n"),
                                       SEND("* ENABLED QRESYNC\r\n2 OK\r\n3 OK\r\n"), EXPECT("4 LOGOUT\r\n"), END};
    wire_server server;
    mig_endpoint endpoint;
    mig__session *session = greeted(&server, &endpoint, script);
    assert_int_equal(mig__session_enable(session, MIG__CAP_QRESYNC, NULL), 0);
    assert_int_equal(mig__command_simple(session, "NOOP", NULL, NULL, NULL), 0);
    assert_false(mig__session_rest(session));
    mig__session_close(&session);
    wire_end(&server);
}

/* An answer that is still to come would go to the next one. */
static void test_command_under_way(void **state)
{
    (void)state;
    static const wire_step script[] = {LOGGED_IN("IMAP4rev1 UNSELECT"), EXPECT("2 NOOP\r\n"), END};
    wire_server server;
    mig_endpoint endpoint;
    mig__session *session = greeted(&server, &endpoint, script);
    mig__command *command = mig__command_begin(session, "NOOP", NULL, NULL, NULL);
    assert_int_equal(mig__command_end(command, NULL), 0);
    assert_int_equal(mig__session_flush(session, NULL), 0);
    assert_false(mig__session_rest(session));
    mig__session_close(&session);
    wire_end(&server);
}

static void test_lost(void **state)
{
    (void)state;
    static const wire_step script[] = {LOGGED_IN("IMAP4rev1"), {WIRE_CLOSE, NULL, 0, NULL}, END};
    wire_server server;
    mig_endpoint endpoint;
    mig__session *session = greeted(&server, &endpoint, script);
    assert_int_not_equal(mig__command_simple(session, "NOOP", NULL, NULL, NULL), 0);
    assert_false(mig__session_rest(session));
    mig__session_close(&session);
    wire_end(&server);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_leaves_the_mailbox),      cmocka_unit_test(test_nothing_to_leave),
        cmocka_unit_test(test_mailbox_that_stays_open), cmocka_unit_test(test_enabled_qresync),
        cmocka_unit_test(test_command_under_way),       cmocka_unit_test(test_lost),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
