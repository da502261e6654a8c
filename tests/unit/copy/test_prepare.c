/* The mailbox that was made ready is left before messages are appended to it, whatever the server knows. */
#include "imap/wire_server.h"
#include "copy/prepare.h"

static void leave(const wire_step *script)
{
    wire_server server;
    mig_endpoint endpoint = wire_endpoint();
    mig_error error = MIG_ERROR_INIT;
    wire_begin(&server, script);
    mig__session *session = wire_session(&server, &endpoint);
    assert_int_equal(mig__prepare_leave(session, &error), 0);
    mig__session_close(&session);
    wire_end(&server);
}

static void test_leaving(void **state)
{
    (void)state;
    static const wire_step known[] = {LOGGED_IN("IMAP4rev1 UNSELECT"), EXPECT("2 UNSELECT\r\n"), SEND("2 OK\r\n"),
                                      EXPECT("3 LOGOUT\r\n"), END};
    static const wire_step unknown[] = {LOGGED_IN("IMAP4rev1"),
                                        EXPECT("2 EXAMINE INBOX\r\n"),
                                        SEND("2 OK\r\n"),
                                        EXPECT("3 CLOSE\r\n"),
                                        SEND("3 OK\r\n"),
                                        EXPECT("4 LOGOUT\r\n"),
                                        END};
    static const wire_step announced[] = {LOGGED_IN("IMAP4rev1 UNSELECT"),
                                          EXPECT("2 UNSELECT\r\n"),
                                          SEND("2 BAD what\r\n"),
                                          EXPECT("3 EXAMINE INBOX\r\n"),
                                          SEND("3 OK\r\n"),
                                          EXPECT("4 CLOSE\r\n"),
                                          SEND("4 OK\r\n"),
                                          EXPECT("5 LOGOUT\r\n"),
                                          END};
    static const wire_step nothing[] = {LOGGED_IN("IMAP4rev1"), EXPECT("2 EXAMINE INBOX\r\n"), SEND("2 NO no\r\n"),
                                        EXPECT("3 LOGOUT\r\n"), END};
    leave(known);
    leave(unknown);
    leave(announced);
    leave(nothing);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_leaving),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
