/* The opening and closing of a session: greeting, capabilities, login, ID, ENABLE, BYE. */
#include "imap/wire_server.h"
#include "imap/append.h"

static void assert_fails(const wire_step *script, const mig_endpoint *endpoint, mig_code code, const char *words)
{
    wire_server server;
    mig_error error = MIG_ERROR_INIT;
    wire_begin(&server, script);
    assert_null(wire_open(&server, endpoint, &error));
    assert_int_equal(error.code, code);
    assert_non_null(strstr(error.text, words));
    assert_non_null(strstr(error.text, "user@127.0.0.1"));
    wire_end(&server);
}

static void test_one_round_trip(void **state)
{
    (void)state;
    static const wire_step script[] = {LOGGED_IN("IMAP4rev1 UIDPLUS"), EXPECT("2 LOGOUT\r\n"), END};
    wire_server server;
    mig_endpoint endpoint = wire_endpoint();
    wire_begin(&server, script);
    mig__session *session = wire_session(&server, &endpoint);
    mig__stream_stats stats;
    mig__session_stats_get(session, &stats);
    assert_int_equal(stats.octets_out, strlen("1 LOGIN user secret\r\n"));
    assert_true(mig__session_can(session, MIG__CAP_UIDPLUS));
    assert_false(mig__session_can(session, MIG__CAP_UIDPLUS | MIG__CAP_CONDSTORE));
    mig__session_close(&session);
    assert_null(session);
    wire_end(&server);
}

static void be_late(wire_server *server)
{
    (void)server;
    poll(NULL, 0, 60);
}

/* Not the greeting, which comes without a question: half the way only. */
static void test_line(void **state)
{
    (void)state;
    static const wire_step script[] = {
        SEND("* OK hi\r\n"),
        EXPECT("1 CAPABILITY\r\n"),
        CALL(be_late),
        SEND("* CAPABILITY IMAP4rev1\r\n1 OK done\r\n"),
        EXPECT("2 LOGIN user secret\r\n"),
        CALL(be_late),
        CALL(be_late),
        SEND("2 OK [CAPABILITY IMAP4rev1] in\r\n"),
        EXPECT("3 NOOP\r\n"),
        SEND("3 OK at once\r\n"),
        EXPECT("4 LOGOUT\r\n"),
        END,
    };
    wire_server server;
    mig_endpoint endpoint = wire_endpoint();
    wire_begin(&server, script);
    mig__session *session = wire_session(&server, &endpoint);
    assert_in_range(mig__session_line_ms(session), 50, WIRE_WAIT_MS);
    assert_int_equal(mig__command_simple(session, "NOOP", NULL, NULL, NULL), 0);
    assert_in_range(mig__session_line_ms(session), 50, WIRE_WAIT_MS); /* others may be under way from here on */
    mig__session_close(&session);
    wire_end(&server);
}

static void test_capabilities_asked_for(void **state)
{
    (void)state;
    static const wire_step script[] = {
        SEND("* OK hi\r\n"),
        EXPECT("1 CAPABILITY\r\n"),
        SEND("* CAPABILITY IMAP4rev1 SASL-IR AUTH=PLAIN STARTTLS\r\n1 OK done\r\n"),
        EXPECT("2 AUTHENTICATE PLAIN AHVzZXIAc2VjcmV0\r\n"),
        SEND("2 OK in\r\n"),
        EXPECT("3 CAPABILITY\r\n"),
        SEND("* CAPABILITY IMAP4rev1 CONDSTORE APPENDLIMIT=35651584 MESSAGELIMIT=1000\r\n3 OK done\r\n"),
        EXPECT("4 LOGOUT\r\n"),
        END,
    };
    wire_server server;
    mig_endpoint endpoint = wire_endpoint();
    wire_begin(&server, script);
    mig__session *session = wire_session(&server, &endpoint);
    assert_true(mig__session_can(session, MIG__CAP_CONDSTORE | MIG__CAP_APPENDLIMIT | MIG__CAP_MESSAGELIMIT));
    assert_false(mig__session_can(session, MIG__CAP_STARTTLS));
    assert_false(mig__session_auth_offered(session, "PLAIN"));
    assert_int_equal(mig__session_append_limit(session), 35651584);
    mig__buffer words = MIG__BUFFER_INIT;
    mig__session_capabilities(session, &words);
    assert_string_equal(words.data, "IMAP4REV1 CONDSTORE APPENDLIMIT=35651584 MESSAGELIMIT=1000");
    mig__buffer_free(&words);
    mig__session_close(&session);
    wire_end(&server);
}

static void test_capabilities_untagged_at_login(void **state)
{
    (void)state;
    static const wire_step script[] = {
        SEND("* OK [CAPABILITY IMAP4rev1] hi\r\n"),
        EXPECT("1 LOGIN user secret\r\n"),
        SEND("* CAPABILITY IMAP4rev1 MULTIAPPEND\r\n1 OK in\r\n"),
        EXPECT("2 LOGOUT\r\n"),
        END,
    };
    wire_server server;
    mig_endpoint endpoint = wire_endpoint();
    wire_begin(&server, script);
    mig__session *session = wire_session(&server, &endpoint);
    assert_true(mig__session_can(session, MIG__CAP_MULTIAPPEND));
    mig__session_close(&session);
    wire_end(&server);
}

static void test_implied_capabilities(void **state)
{
    (void)state;
    static const wire_step rev2[] = {LOGGED_IN("IMAP4rev2"), EXPECT("2 LOGOUT\r\n"), END};
    static const wire_step both[] = {LOGGED_IN("IMAP4rev2 IMAP4rev1 QRESYNC"), EXPECT("2 LOGOUT\r\n"), END};
    wire_server server;
    mig_endpoint endpoint = wire_endpoint();
    wire_begin(&server, rev2);
    mig__session *session = wire_session(&server, &endpoint);
    assert_true(mig__session_can(session, MIG__CAP_LIST_STATUS | MIG__CAP_UIDPLUS | MIG__CAP_LITERAL_MINUS));
    assert_true(mig__session_utf8_names(session));
    mig__session_close(&session);
    wire_end(&server);

    wire_begin(&server, both);
    session = wire_session(&server, &endpoint);
    assert_true(mig__session_can(session, MIG__CAP_QRESYNC | MIG__CAP_CONDSTORE | MIG__CAP_ENABLE));
    assert_false(mig__session_can(session, MIG__CAP_LIST_STATUS));
    assert_false(mig__session_utf8_names(session));
    mig__session_close(&session);
    wire_end(&server);
}

/* RFC 9755: names are UTF-8 once UTF8=ACCEPT is enabled, and APPEND has another form besides. */
static void test_utf8_only(void **state)
{
    (void)state;
    static const wire_step refused[] = {
        LOGGED_IN("IMAP4rev1 UTF8=ONLY"),
        EXPECT("2 ENABLE UTF8=ACCEPT\r\n"),
        SEND("2 BAD what?\r\n"),
        EXPECT("3 LOGOUT\r\n"),
        END,
    };
    wire_server server;
    mig_endpoint endpoint = wire_endpoint();
    static const wire_step appended[] = {
        LOGGED_IN("IMAP4rev1 UTF8=ONLY LITERAL+"),
        EXPECT("2 ENABLE UTF8=ACCEPT\r\n"),
        SEND("* ENABLED UTF8=ACCEPT\r\n2 OK\r\n"),
        EXPECT("3 APPEND {3+}\r\n\xc3\xa4& (\\Seen) UTF8 (~{4+}\r\nA\xc3\xa4:)\r\n"),
        SEND("3 OK [APPENDUID 1 2]\r\n"),
        EXPECT("4 LOGOUT\r\n"),
        END,
    };
    static const char *const seen[] = {"\\Seen", NULL};
    mig_error error = MIG_ERROR_INIT;
    mig__command_result result;
    wire_begin(&server, appended);
    mig__session *session = wire_session(&server, &endpoint);
    assert_true(mig__session_utf8_names(session));
    assert_true(mig__session_utf8_enabled(session));
    mig__command *append = mig__append_begin(session, "\xc3\xa4&", NULL, NULL, &error);
    assert_int_equal(mig__append_message(append, seen, NULL, 4, true, &error), 0);
    assert_int_equal(mig__command_literal_data(append, "A\xc3\xa4:", 4, &error), 0);
    mig__append_message_end(append, true);
    assert_int_equal(mig__command_end(append, &error), 0);
    assert_int_equal(mig__command_wait(session, append, &result, &error), 0);
    assert_int_equal(result.error.code, MIG_OK);
    mig__command_result_clear(&result);
    mig__session_close(&session);
    wire_end(&server);

    wire_begin(&server, refused);
    session = wire_session(&server, &endpoint);
    assert_false(mig__session_utf8_names(session));
    assert_false(mig__session_utf8_enabled(session));
    mig__session_close(&session);
    wire_end(&server);
}

static void test_id_and_enable_ride_along(void **state)
{
    (void)state;
    static const wire_step script[] = {
        LOGGED_IN("IMAP4rev1 ID ENABLE CONDSTORE QRESYNC"),
        QUIET,
        EXPECT("2 ID (\"name\" \"mailmigrate\" \"version\" \"" MIG_VERSION "\")\r\n"
               "3 ENABLE CONDSTORE QRESYNC\r\n"
               "4 NOOP\r\n"),
        SEND("* ID (\"name\" \"x\")\r\n2 BAD never heard of it\r\n* ENABLED QRESYNC\r\n3 OK\r\n4 OK\r\n"),
        EXPECT("5 LOGOUT\r\n"),
        END,
    };
    wire_server server;
    mig_endpoint endpoint = wire_endpoint();
    mig_error error = MIG_ERROR_INIT;
    wire_begin(&server, script);
    mig__session *session = wire_session(&server, &endpoint);
    usleep(2 * WIRE_QUIET_MS * 1000);
    assert_int_equal(mig__session_enable(session, MIG__CAP_CONDSTORE | MIG__CAP_QRESYNC | MIG__CAP_UIDONLY, &error), 0);
    assert_int_equal(mig__command_in_flight(session), 0);
    assert_int_equal(mig__command_simple(session, "NOOP", NULL, NULL, &error), 0);
    mig__session_close(&session);
    wire_end(&server);
}

static void test_enable_only_what_is_announced(void **state)
{
    (void)state;
    static const wire_step script[] = {LOGGED_IN("IMAP4rev1 ENABLE"), EXPECT("2 LOGOUT\r\n"), END};
    wire_server server;
    mig_endpoint endpoint = wire_endpoint();
    mig_error error = MIG_ERROR_INIT;
    wire_begin(&server, script);
    mig__session *session = wire_session(&server, &endpoint);
    assert_int_equal(mig__session_enable(session, MIG__CAP_CONDSTORE | MIG__CAP_IMAP4REV2, &error), 0);
    mig__session_close(&session);
    wire_end(&server);
}

static void test_greeting_bye(void **state)
{
    (void)state;
    static const wire_step script[] = {SEND("* BYE Too many connections from your address\r\n"), END};
    mig_endpoint endpoint = wire_endpoint();
    assert_fails(script, &endpoint, MIG_E_UNAVAILABLE, "too many connections");
    static const wire_step other[] = {SEND("* BYE gone fishing\r\n"), END};
    assert_fails(other, &endpoint, MIG_E_UNAVAILABLE, "ended the connection");
}

static void test_greeting_of_another_protocol(void **state)
{
    (void)state;
    static const wire_step script[] = {SEND("* LIST () \"/\" INBOX\r\n"), END};
    mig_endpoint endpoint = wire_endpoint();
    assert_fails(script, &endpoint, MIG_E_PROTOCOL, "does not greet");
    static const wire_step gone[] = {HANG_UP};
    assert_fails(gone, &endpoint, MIG_E_CLOSED, "");
}

static void test_preauth(void **state)
{
    (void)state;
    static const wire_step refused[] = {SEND("* PREAUTH [CAPABILITY IMAP4rev1] hello root\r\n"), END};
    mig_endpoint endpoint = wire_endpoint();
    assert_fails(refused, &endpoint, MIG_E_CLEARTEXT, "logged in already");
    endpoint.tls = MIG_TLS_IMPLICIT;
    assert_fails(refused, &endpoint, MIG_E_PROTOCOL, "logged in already");

    static const wire_step script[] = {SEND("* PREAUTH [CAPABILITY IMAP4rev1] hello\r\n"), EXPECT("1 CAPABILITY\r\n"),
                                       SEND("* CAPABILITY IMAP4rev1 UIDPLUS\r\n1 OK\r\n"), EXPECT("2 LOGOUT\r\n"), END};
    static char tunnel[] = "ssh host imapd";
    wire_server server;
    endpoint = wire_endpoint();
    endpoint.tunnel = tunnel;
    endpoint.secret = NULL;
    wire_begin(&server, script);
    mig__session *session = wire_session(&server, &endpoint);
    mig__session_close(&session);
    wire_end(&server);
}

static void test_second_greeting(void **state)
{
    (void)state;
    static const wire_step script[] = {SEND("* OK hi\r\n"), EXPECT("1 CAPABILITY\r\n"),
                                       SEND("* PREAUTH [CAPABILITY IMAP4rev1] you are in\r\n"), END};
    mig_endpoint endpoint = wire_endpoint();
    assert_fails(script, &endpoint, MIG_E_PROTOCOL, "second greeting");
}

static void test_no_capabilities_at_all(void **state)
{
    (void)state;
    static const wire_step script[] = {SEND("* OK hi\r\n"), EXPECT("1 CAPABILITY\r\n"), SEND("1 OK that was it\r\n"),
                                       END};
    mig_endpoint endpoint = wire_endpoint();
    assert_fails(script, &endpoint, MIG_E_PROTOCOL, "capabilities");
}

static void test_plain_stream_where_tls_was_asked_for(void **state)
{
    (void)state;
    static const wire_step script[] = {SEND("* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN AUTH=SCRAM-SHA-256] hi\r\n"), END};
    static char far[] = "mail.example";
    wire_server server;
    mig_error error = MIG_ERROR_INIT;
    mig_endpoint endpoint = wire_endpoint();
    endpoint.tls = MIG_TLS_IMPLICIT;
    assert_fails(script, &endpoint, MIG_E_CLEARTEXT, "not encrypted");
    endpoint.tls = MIG_TLS_NONE;
    endpoint.host = far;
    wire_begin(&server, script);
    assert_null(wire_open(&server, &endpoint, &error));
    assert_int_equal(error.code, MIG_E_CLEARTEXT);
    wire_end(&server);
}

typedef struct heard {
    unsigned exists, byes;
    char last[128];
} heard;

static void hear(const mig__response *response, void *context)
{
    heard *told = context;
    told->exists = response->kind == MIG__RESPONSE_EXISTS ? response->number : told->exists;
    told->byes += response->kind == MIG__RESPONSE_BYE;
    snprintf(told->last, sizeof told->last, "%s", response->text);
}

static void test_bye_in_mid_command(void **state)
{
    (void)state;
    static const wire_step script[] = {
        LOGGED_IN("IMAP4rev1"), EXPECT("2 NOOP\r\n"),
        SEND("* 7 EXISTS\r\n* BYE Request is throttled. Suggested Backoff Time: 15000 milliseconds\r\n"), END};
    wire_server server;
    heard told = {0};
    mig_endpoint endpoint = wire_endpoint();
    mig_error error = MIG_ERROR_INIT;
    wire_begin(&server, script);
    mig__session *session = wire_session(&server, &endpoint);
    mig__session_set_unsolicited(session, hear, &told);
    assert_int_equal(mig__command_simple(session, "NOOP", NULL, NULL, &error), -1);
    assert_int_equal(error.code, MIG_E_UNAVAILABLE);
    assert_int_equal(error.retry, MIG_RETRY_LATER);
    assert_int_equal(error.retry_after_ms, 15000);
    assert_non_null(strstr(error.server, "Request is throttled"));
    assert_int_equal(told.exists, 7);
    assert_int_equal(told.byes, 1);
    /* The failure stays. */
    mig_error again = MIG_ERROR_INIT;
    assert_null(mig__command_begin(session, "NOOP", NULL, NULL, &again));
    assert_int_equal(again.code, MIG_E_UNAVAILABLE);
    mig__session_close(&session); /* and nothing more is sent */
    wire_end(&server);
}

static void test_cut_in_mid_command(void **state)
{
    (void)state;
    static const wire_step script[] = {LOGGED_IN("IMAP4rev1"), EXPECT("2 NOOP\r\n"), SEND("* OK [ALE"), HANG_UP};
    wire_server server;
    mig_endpoint endpoint = wire_endpoint();
    mig_error error = MIG_ERROR_INIT;
    wire_begin(&server, script);
    mig__session *session = wire_session(&server, &endpoint);
    assert_int_equal(mig__command_simple(session, "NOOP", NULL, NULL, &error), -1);
    assert_int_equal(error.code, MIG_E_CLOSED);
    mig__session_close(&session);
    wire_end(&server);
}

/* As many octets of the literal as come, and nothing else. */
static void count_xs(wire_server *server)
{
    char got[17000];
    size_t count = wire_read(server, got, sizeof got);
    if (count == 0 || memchr(got, 'L', count) != NULL) {
        wire_problem(server, "instead of a part of the literal the client sends", got, count, NULL, 0);
    }
}

/* What was gathered and not sent is not sent any more: the literal would never end, and LOGOUT would be in it. */
static void test_close_with_unfinished_commands(void **state)
{
    (void)state;
    static const wire_step script[] = {LOGGED_IN("IMAP4rev1 LITERAL+"), END};
    wire_server server;
    mig_endpoint endpoint = wire_endpoint();
    mig_error error = MIG_ERROR_INIT;
    wire_begin(&server, script);
    mig__session *session = wire_session(&server, &endpoint);
    mig__command *noop = mig__command_begin(session, "NOOP", NULL, NULL, &error);
    assert_int_equal(mig__command_end(noop, &error), 0);
    assert_int_equal(mig__command_in_flight(session), 1);
    mig__command *append = mig__command_begin(session, "APPEND", NULL, NULL, &error);
    mig__command_mailbox(append, "INBOX");
    assert_int_equal(mig__command_literal(append, 10, &error), 0);
    assert_int_equal(mig__command_literal_data(append, "abc", 3, &error), 0);
    assert_int_equal(mig__command_in_flight(session), 1);
    mig__session_close(&session);
    wire_end(&server);
}

/* The same when a part of the literal is on its way already. */
static void test_close_inside_of_a_literal(void **state)
{
    (void)state;
    static const wire_step script[] = {LOGGED_IN("IMAP4rev1"), EXPECT("2 APPEND INBOX {20000}\r\n"), SEND("+ go\r\n"),
                                       CALL(count_xs), END};
    wire_server server;
    mig_endpoint endpoint = wire_endpoint();
    mig_error error = MIG_ERROR_INIT;
    char octets[17000];
    memset(octets, 'x', sizeof octets);
    wire_begin(&server, script);
    mig__session *session = wire_session(&server, &endpoint);
    mig__command *append = mig__command_begin(session, "APPEND", NULL, NULL, &error);
    mig__command_mailbox(append, "INBOX");
    assert_int_equal(mig__command_literal(append, 20000, &error), 0);
    assert_int_equal(mig__command_literal_data(append, octets, sizeof octets, &error), 0);
    mig__session_close(&session);
    wire_end(&server);
}

typedef struct memory_log {
    mig__buffer lines;
} memory_log;

static void remember(const mig_log_event *event, void *context)
{
    memory_log *log = context;
    assert_string_equal(event->account, "user@127.0.0.1");
    mig__buffer_addf(&log->lines, "%d %s\n", event->level, event->text);
}

static void test_trace(void **state)
{
    (void)state;
    static const wire_step script[] = {
        LOGGED_IN("IMAP4rev1 LITERAL+"),
        EXPECT("2 APPEND a {13+}\r\nsecret letter\r\n"),
        SEND("* OK [ALERT] disk\x1b[31m is nearly full\r\n* 4 EXISTS\r\n2 NO [TOOBIG] no\r\n"),
        EXPECT("3 LOGOUT\r\n"),
        END,
    };
    wire_server server;
    memory_log lines = {MIG__BUFFER_INIT};
    const mig_log log = {.write = remember, .context = &lines, .level = MIG_LOG_TRACE};
    mig_endpoint endpoint = wire_endpoint();
    mig_error error = MIG_ERROR_INIT;
    wire_begin(&server, script);
    mig__session *session = wire_open_logged(&server, &endpoint, &log, &error);
    assert_non_null(session);
    mig__command *append = mig__command_begin(session, "APPEND", NULL, NULL, &error);
    mig__command_mailbox(append, "a");
    assert_int_equal(mig__command_literal(append, 13, &error), 0);
    assert_int_equal(mig__command_literal_data(append, "secret ", 7, &error), 0);
    assert_int_equal(mig__command_literal_data(append, "letter", 6, &error), 0);
    assert_int_equal(mig__command_end(append, &error), 0);
    mig__command_result result;
    assert_int_equal(mig__command_wait(session, append, &result, &error), 0);
    assert_int_equal(result.error.code, MIG_E_TOO_BIG);
    mig__session_close(&session);
    wire_end(&server);
    assert_string_equal(lines.lines.data, "4 S: * OK [CAPABILITY IMAP4rev1 LITERAL+] hi\n"
                                          "3 session: connected -> greeted\n"
                                          "3 login with LOGIN\n"
                                          "4 C: 1 LOGIN user ***\n"
                                          "4 S: 1 OK [CAPABILITY IMAP4rev1 LITERAL+] in\n"
                                          "3 session: greeted -> ready\n"
                                          "4 C: 2 APPEND a {13+}\n"
                                          "4 C: <13 octets>\n"
                                          "4 S: * OK [ALERT] disk?[31m is nearly full\n"
                                          "1 the server says: disk?[31m is nearly full\n"
                                          "4 S: * 4 EXISTS \n"
                                          "4 S: 2 NO [TOOBIG] no\n"
                                          "4 C: 3 LOGOUT\n"
                                          "3 session: ready -> closed\n");
    mig__buffer_free(&lines.lines);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_round_trip),
        cmocka_unit_test(test_line),
        cmocka_unit_test(test_capabilities_asked_for),
        cmocka_unit_test(test_capabilities_untagged_at_login),
        cmocka_unit_test(test_implied_capabilities),
        cmocka_unit_test(test_utf8_only),
        cmocka_unit_test(test_id_and_enable_ride_along),
        cmocka_unit_test(test_enable_only_what_is_announced),
        cmocka_unit_test(test_greeting_bye),
        cmocka_unit_test(test_greeting_of_another_protocol),
        cmocka_unit_test(test_preauth),
        cmocka_unit_test(test_second_greeting),
        cmocka_unit_test(test_no_capabilities_at_all),
        cmocka_unit_test(test_plain_stream_where_tls_was_asked_for),
        cmocka_unit_test(test_bye_in_mid_command),
        cmocka_unit_test(test_cut_in_mid_command),
        cmocka_unit_test(test_close_with_unfinished_commands),
        cmocka_unit_test(test_close_inside_of_a_literal),
        cmocka_unit_test(test_trace),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
