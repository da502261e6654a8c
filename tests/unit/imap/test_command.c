/* The octets of commands: arguments by their kind, literals by what the server takes. */
#include "imap/wire_server.h"

/* One command of one mailbox name against one expectation, on a session with `capabilities`. */
#define NAME_TEST(function, capabilities, name, ...)                                                                   \
    static void function(void **state)                                                                                 \
    {                                                                                                                  \
        (void)state;                                                                                                   \
        static const wire_step script[] = {LOGGED_IN(capabilities), __VA_ARGS__, SEND("2 OK done\r\n"),                \
                                           EXPECT("3 LOGOUT\r\n"), END};                                               \
        create(script, name);                                                                                          \
    }

static void create(const wire_step *script, const char *name)
{
    wire_server server;
    mig_endpoint endpoint = wire_endpoint();
    mig_error error = MIG_ERROR_INIT;
    mig__command_result result;
    wire_begin(&server, script);
    mig__session *session = wire_session(&server, &endpoint);
    mig__command *command = mig__command_begin(session, "CREATE", NULL, NULL, &error);
    assert_non_null(command);
    mig__command_mailbox(command, name);
    assert_int_equal(mig__command_end(command, &error), 0);
    assert_int_equal(mig__command_wait(session, command, &result, &error), 0);
    assert_int_equal(result.error.code, MIG_OK);
    mig__session_close(&session);
    wire_end(&server);
}

NAME_TEST(name_atom, "IMAP4rev1", "INBOX.Sent-2024+a/b]&AOQ-", EXPECT("2 CREATE INBOX.Sent-2024+a/b]&AOQ-\r\n"))
NAME_TEST(name_blank, "IMAP4rev1", "Sent Items", EXPECT("2 CREATE \"Sent Items\"\r\n"))
NAME_TEST(name_quote, "IMAP4rev1", "a\"b", EXPECT("2 CREATE \"a\\\"b\"\r\n"))
NAME_TEST(name_backslash, "IMAP4rev1", "a\\b", EXPECT("2 CREATE \"a\\\\b\"\r\n"))
NAME_TEST(name_percent, "IMAP4rev1", "100%", EXPECT("2 CREATE \"100%\"\r\n"))
NAME_TEST(name_star, "IMAP4rev1", "*", EXPECT("2 CREATE \"*\"\r\n"))
NAME_TEST(name_braces, "IMAP4rev1", "a{3}", EXPECT("2 CREATE \"a{3}\"\r\n"))
NAME_TEST(name_parentheses, "IMAP4rev1", "(x)", EXPECT("2 CREATE \"(x)\"\r\n"))
NAME_TEST(name_empty, "IMAP4rev1", "", EXPECT("2 CREATE \"\"\r\n"))
NAME_TEST(name_nil, "IMAP4rev1", "nil", EXPECT("2 CREATE \"nil\"\r\n"))
NAME_TEST(name_control, "IMAP4rev1", "a\tb\x7f", EXPECT("2 CREATE \"a\tb\x7f\"\r\n"))
/* A name that would be a command of its own is octets of a literal (H2). */
NAME_TEST(name_crlf, "IMAP4rev1", "a\r\n3 DELETE INBOX", EXPECT("2 CREATE {17}\r\n"), QUIET, SEND("+ go\r\n"),
          EXPECT("a\r\n3 DELETE INBOX\r\n"))
NAME_TEST(name_crlf_plus, "IMAP4rev1 LITERAL+", "a\r\n3 DELETE INBOX",
          EXPECT("2 CREATE {17+}\r\na\r\n3 DELETE INBOX\r\n"))
NAME_TEST(name_8_bit, "IMAP4rev1", "\xc3\xa4", EXPECT("2 CREATE {2}\r\n"), QUIET, SEND("+ \r\n"),
          EXPECT("\xc3\xa4\r\n"))
NAME_TEST(name_8_bit_minus, "IMAP4rev1 LITERAL-", "\xe4", EXPECT("2 CREATE {1+}\r\n\xe4\r\n"))

static void test_long_names(void **state)
{
    (void)state;
    enum { LENGTH = 4096 };
    static char name[LENGTH + 1], line[LENGTH + 32];
    memset(name, 'n', LENGTH);
    name[100] = ' ';
    snprintf(line, sizeof line, "2 CREATE \"%s\"\r\n", name);
    const wire_step script[] = {
        LOGGED_IN("IMAP4rev1"), {WIRE_EXPECT, line, strlen(line), NULL}, SEND("2 OK\r\n"), EXPECT("3 LOGOUT\r\n"), END};
    create(script, name);
}

static void test_flags(void **state)
{
    (void)state;
    static const wire_step script[] = {
        LOGGED_IN("IMAP4rev1"),
        EXPECT("2 UID STORE 1:3,7 +FLAGS.SILENT (\\Seen \\flagged $Forwarded x:y)\r\n3 UID STORE 9 FLAGS ()\r\n"),
        SEND("2 OK\r\n3 OK\r\n"),
        EXPECT("4 LOGOUT\r\n"),
        END,
    };
    static const char *const flags[] = {"\\Seen", "\\Recent", "\\*", "\\flagged", "$Forwarded", "",    "a b", "a(b",
                                        "a\r\nb", "a]",       "x:y", "\\Junk",    "\xe4",       "a\"", NULL};
    wire_server server;
    mig_endpoint endpoint = wire_endpoint();
    mig_error error = MIG_ERROR_INIT;
    mig__command_result result;
    mig__uidset set = MIG__UIDSET_INIT;
    wire_begin(&server, script);
    mig__session *session = wire_session(&server, &endpoint);
    assert_int_equal(mig__uidset_add(&set, 1, 3, &error), 0);
    assert_int_equal(mig__uidset_add(&set, 7, 7, &error), 0);
    mig__command *first = mig__command_begin(session, "UID STORE", NULL, NULL, &error);
    mig__command_uids(first, &set);
    mig__command_raw(first, "+FLAGS.SILENT");
    mig__command_flags(first, flags);
    assert_int_equal(mig__command_end(first, &error), 0);
    mig__uidset_clear(&set);
    assert_int_equal(mig__uidset_add(&set, 9, 9, &error), 0);
    mig__command *second = mig__command_begin(session, "UID STORE", NULL, NULL, &error);
    mig__command_uids(second, &set);
    mig__command_raw(second, "FLAGS");
    mig__command_flags(second, NULL);
    assert_int_equal(mig__command_end(second, &error), 0);
    assert_int_equal(mig__command_wait(session, first, &result, &error), 0);
    assert_int_equal(mig__command_wait(session, second, &result, &error), 0);
    mig__uidset_free(&set);
    mig__session_close(&session);
    wire_end(&server);
}

static void test_arguments_that_can_not_be_sent(void **state)
{
    (void)state;
    static const wire_step script[] = {LOGGED_IN("IMAP4rev1"), EXPECT("5 NOOP\r\n"), SEND("5 OK\r\n"),
                                       EXPECT("6 LOGOUT\r\n"), END};
    wire_server server;
    mig_endpoint endpoint = wire_endpoint();
    mig_error error = MIG_ERROR_INIT;
    const mig__uidset nothing = MIG__UIDSET_INIT;
    wire_begin(&server, script);
    mig__session *session = wire_session(&server, &endpoint);
    mig__command *command = mig__command_begin(session, "UID FETCH", NULL, NULL, &error);
    mig__command_uids(command, &nothing);
    mig__command_raw(command, "(FLAGS)");
    assert_int_equal(mig__command_end(command, &error), -1);
    assert_int_equal(error.code, MIG_E_INTERNAL);
    command = mig__command_begin(session, "SEARCH", NULL, NULL, &error);
    mig__command_raw(command, "ALL\r\n9 DELETE INBOX");
    assert_int_equal(mig__command_end(command, &error), -1);
    assert_int_equal(error.code, MIG_E_INTERNAL);
    command = mig__command_begin(session, "APPEND", NULL, NULL, &error);
    assert_int_equal(mig__command_literal(command, (uint64_t)UINT32_MAX + 1, &error), -1);
    assert_int_equal(error.code, MIG_E_TOO_BIG);
    /* Nothing of the three was sent: the session goes on. */
    assert_int_equal(mig__command_simple(session, "NOOP", NULL, NULL, &error), 0);
    mig__session_close(&session);
    wire_end(&server);
}

static void test_one_line_at_a_time(void **state)
{
    (void)state;
    static const wire_step script[] = {LOGGED_IN("IMAP4rev1"), EXPECT("2 CREATE a\r\n"), SEND("2 OK\r\n"),
                                       EXPECT("3 LOGOUT\r\n"), END};
    wire_server server;
    mig_endpoint endpoint = wire_endpoint();
    mig_error error = MIG_ERROR_INIT;
    mig__command_result result;
    wire_begin(&server, script);
    mig__session *session = wire_session(&server, &endpoint);
    mig__command *command = mig__command_begin(session, "CREATE", NULL, NULL, &error);
    assert_null(mig__command_begin(session, "NOOP", NULL, NULL, &error));
    assert_int_equal(error.code, MIG_E_INTERNAL);
    assert_int_equal(mig__command_wait(session, command, &result, &error), -1);
    mig__command_mailbox(command, "a");
    assert_int_equal(mig__command_end(command, &error), 0);
    assert_int_equal(mig__command_wait(session, command, &result, &error), 0);
    mig__session_close(&session);
    wire_end(&server);
}

static void append(mig__session *session, const char *octets, size_t announced, int expected)
{
    mig_error error = MIG_ERROR_INIT;
    mig__command_result result;
    mig__command *command = mig__command_begin(session, "APPEND", NULL, NULL, &error);
    mig__command_mailbox(command, "INBOX");
    int status = mig__command_literal(command, announced, &error);
    assert_int_equal(status, expected);
    if (status == 0) {
        assert_int_equal(mig__command_literal_data(command, octets, strlen(octets), &error), 0);
    }
    assert_int_equal(mig__command_end(command, &error), 0);
    assert_int_equal(mig__command_wait(session, command, &result, &error), 0);
    assert_int_equal(result.error.code, expected == 1 ? MIG_E_TOO_BIG : MIG_OK);
    if (expected == 0) {
        assert_int_equal(result.uidvalidity, 5);
        assert_string_equal(result.uid_text, "17");
    }
    mig__command_result_clear(&result);
}

static void test_synchronizing_literal(void **state)
{
    (void)state;
    static const wire_step script[] = {
        LOGGED_IN("IMAP4rev1"),
        EXPECT("2 APPEND INBOX {5}\r\n"),
        QUIET,
        SEND("* 3 EXISTS\r\n+ go on\r\n"),
        EXPECT("hello\r\n"),
        SEND("2 OK [APPENDUID 5 17] done\r\n"),
        EXPECT("3 APPEND INBOX {99999999}\r\n"),
        SEND("3 NO [TOOBIG] not here\r\n"),
        EXPECT("4 APPEND INBOX {99999999}\r\n"),
        SEND("4 BAD [TOOBIG] Message too large.\r\n"), /* Gmail */
        EXPECT("5 APPEND INBOX {2}\r\n"),
        SEND("+ \r\n"),
        EXPECT("hi\r\n"),
        SEND("5 OK [APPENDUID 5 17] done\r\n"),
        EXPECT("6 LOGOUT\r\n"),
        END,
    };
    wire_server server;
    mig_endpoint endpoint = wire_endpoint();
    wire_begin(&server, script);
    mig__session *session = wire_session(&server, &endpoint);
    append(session, "hello", 5, 0);
    append(session, "", 99999999, 1);
    append(session, "", 99999999, 1);
    append(session, "hi", 2, 0);
    mig__session_close(&session);
    wire_end(&server);
}

/* LITERAL- takes up to 4,096 octets without asking (RFC 7888 section 5). */
static void test_literal_minus(void **state)
{
    (void)state;
    static char small[4097], large[4098];
    memset(small, 's', 4096);
    memset(large, 'l', 4097);
    const wire_step script[] = {
        LOGGED_IN("IMAP4rev1 LITERAL-"),
        EXPECT("2 APPEND INBOX {4096+}\r\n"),
        {WIRE_EXPECT, small, 4096, NULL},
        EXPECT("\r\n"),
        SEND("2 OK [APPENDUID 5 17] done\r\n"),
        EXPECT("3 APPEND INBOX {4097}\r\n"),
        QUIET,
        SEND("+ go\r\n"),
        {WIRE_EXPECT, large, 4097, NULL},
        EXPECT("\r\n"),
        SEND("3 OK [APPENDUID 5 17] done\r\n"),
        EXPECT("4 LOGOUT\r\n"),
        END,
    };
    wire_server server;
    mig_endpoint endpoint = wire_endpoint();
    wire_begin(&server, script);
    mig__session *session = wire_session(&server, &endpoint);
    append(session, small, 4096, 0);
    append(session, large, 4097, 0);
    mig__session_close(&session);
    wire_end(&server);
}

static void test_literal_plus_of_any_size(void **state)
{
    (void)state;
    enum { LENGTH = 300000 };
    static char octets[LENGTH + 1];
    memset(octets, 'o', LENGTH);
    const wire_step script[] = {LOGGED_IN("IMAP4rev1 LITERAL+"),
                                EXPECT("2 APPEND INBOX {300000+}\r\n"),
                                {WIRE_EXPECT, octets, LENGTH, NULL},
                                EXPECT("\r\n"),
                                SEND("2 OK [APPENDUID 5 17] done\r\n"),
                                EXPECT("3 APPEND INBOX {0+}\r\n\r\n"),
                                SEND("3 OK [APPENDUID 5 17] done\r\n"),
                                EXPECT("4 LOGOUT\r\n"),
                                END};
    wire_server server;
    mig_endpoint endpoint = wire_endpoint();
    wire_begin(&server, script);
    mig__session *session = wire_session(&server, &endpoint);
    append(session, octets, LENGTH, 0);
    append(session, "", 0, 0);
    mig__session_close(&session);
    wire_end(&server);
}

/* A name that needs a literal and a message in one command, and a server that refuses the name. */
static void test_refused_name_literal(void **state)
{
    (void)state;
    static const wire_step script[] = {
        LOGGED_IN("IMAP4rev1"),
        EXPECT("2 APPEND {1}\r\n"),
        SEND("2 NO [CANNOT] not such names\r\n"),
        EXPECT("3 LOGOUT\r\n"),
        END,
    };
    wire_server server;
    mig_endpoint endpoint = wire_endpoint();
    mig_error error = MIG_ERROR_INIT;
    mig__command_result result;
    wire_begin(&server, script);
    mig__session *session = wire_session(&server, &endpoint);
    mig__command *command = mig__command_begin(session, "APPEND", NULL, NULL, &error);
    mig__command_mailbox(command, "\xe4");
    mig__command_raw(command, "(\\Seen)");
    assert_int_equal(mig__command_literal(command, 5, &error), 1);
    assert_int_equal(mig__command_end(command, &error), 0);
    assert_true(mig__command_answered(command));
    assert_int_equal(mig__command_wait(session, command, &result, &error), 0);
    assert_int_equal(result.error.code, MIG_E_CANNOT);
    assert_non_null(strstr(result.error.text, "APPEND"));
    mig__session_close(&session);
    wire_end(&server);
}

static void fail_at_literal(const wire_step *script, size_t length, mig_code code)
{
    wire_server server;
    mig_endpoint endpoint = wire_endpoint();
    mig_error error = MIG_ERROR_INIT;
    wire_begin(&server, script);
    mig__session *session = wire_session(&server, &endpoint);
    mig__command *command = mig__command_begin(session, "APPEND", NULL, NULL, &error);
    mig__command_mailbox(command, "a");
    int status = mig__command_literal(command, 3, &error);
    if (status == 0) {
        status = mig__command_literal_data(command, "abcdef", length, &error);
    }
    if (status == 0) {
        status = mig__command_end(command, &error);
    }
    assert_int_equal(status, -1);
    assert_int_equal(error.code, code);
    assert_null(mig__command_begin(session, "NOOP", NULL, NULL, &error));
    mig__session_close(&session);
    wire_end(&server);
}

static void test_unfinished_literals_end_the_session(void **state)
{
    (void)state;
    static const wire_step missing[] = {LOGGED_IN("IMAP4rev1 LITERAL+"), END};
    fail_at_literal(missing, 2, MIG_E_INTERNAL);
    static const wire_step more[] = {LOGGED_IN("IMAP4rev1 LITERAL+"), END};
    fail_at_literal(more, 4, MIG_E_INTERNAL);
    static const wire_step ok[] = {LOGGED_IN("IMAP4rev1"), EXPECT("2 APPEND a {3}\r\n"), SEND("2 OK done\r\n"), END};
    fail_at_literal(ok, 3, MIG_E_PROTOCOL);
    static const wire_step bye[] = {LOGGED_IN("IMAP4rev1"), EXPECT("2 APPEND a {3}\r\n"), SEND("* BYE no\r\n"), END};
    fail_at_literal(bye, 3, MIG_E_CLOSED);
    static const wire_step gone[] = {LOGGED_IN("IMAP4rev1"), EXPECT("2 APPEND a {3}\r\n"), HANG_UP};
    fail_at_literal(gone, 3, MIG_E_CLOSED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(name_atom),
        cmocka_unit_test(name_blank),
        cmocka_unit_test(name_quote),
        cmocka_unit_test(name_backslash),
        cmocka_unit_test(name_percent),
        cmocka_unit_test(name_star),
        cmocka_unit_test(name_braces),
        cmocka_unit_test(name_parentheses),
        cmocka_unit_test(name_empty),
        cmocka_unit_test(name_nil),
        cmocka_unit_test(name_control),
        cmocka_unit_test(name_crlf),
        cmocka_unit_test(name_crlf_plus),
        cmocka_unit_test(name_8_bit),
        cmocka_unit_test(name_8_bit_minus),
        cmocka_unit_test(test_long_names),
        cmocka_unit_test(test_flags),
        cmocka_unit_test(test_arguments_that_can_not_be_sent),
        cmocka_unit_test(test_one_line_at_a_time),
        cmocka_unit_test(test_synchronizing_literal),
        cmocka_unit_test(test_literal_minus),
        cmocka_unit_test(test_literal_plus_of_any_size),
        cmocka_unit_test(test_refused_name_literal),
        cmocka_unit_test(test_unfinished_literals_end_the_session),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
