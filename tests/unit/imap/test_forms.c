/* In which form commands go out: long sets of UIDs in several lines, extensions that are refused in the plain form. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "imap/fetch.h"
#include "imap/wire_server.h"

enum { MESSAGES = 3000, LINE_MOST = 1000 }; /* RFC 2683 section 3.2.1.5 */

typedef struct played { /* by a server that answers each FETCH about the UIDs that it names */
    unsigned commands;
    size_t longest;
    unsigned refuse; /* number of the command that is refused; 0: none */
} played;

static void answer(wire_server *server, char *line)
{
    char out[96];
    char *rest = NULL;
    const char *tag = strtok_r(line, " ", &rest);
    char *set = strstr(rest, "FETCH ") + 6;
    *strchr(set, ' ') = '\0';
    for (char *uid = strtok_r(set, ",", &rest); uid != NULL; uid = strtok_r(NULL, ",", &rest)) {
        int size = snprintf(out, sizeof out, "* 1 FETCH (UID %s FLAGS ())\r\n", uid);
        wire_send(server, out, (size_t)size);
    }
    const played *p = server->context;
    const char *words = p->commands == p->refuse ? "NO [INUSE] not now" : "OK";
    int size = snprintf(out, sizeof out, "%s %s\r\n", tag, words);
    wire_send(server, out, (size_t)size);
}

static void play(wire_server *server)
{
    static char line[64 << 10];
    played *p = server->context;
    for (;;) {
        wire_line(server, line, sizeof line);
        if (strstr(line, "FETCH") == NULL) {
            break; /* LOGOUT */
        }
        p->commands++;
        p->longest = strlen(line) > p->longest ? strlen(line) : p->longest;
        answer(server, line);
    }
}

static int count(const mig__response *response, void *context, mig_error *err)
{
    (void)err;
    *(unsigned *)context += response->kind == MIG__RESPONSE_FETCH;
    return 0;
}

static void fetch_many(unsigned refuse, mig_code expected)
{
    static const wire_step script[] = {LOGGED_IN("IMAP4rev1"), CALL(play), END};
    wire_server server;
    played p = {.refuse = refuse};
    mig_endpoint endpoint = wire_endpoint();
    mig_error error = MIG_ERROR_INIT;
    mig__uidset set = MIG__UIDSET_INIT;
    unsigned answered = 0;
    mig__command_result result;
    for (uint32_t i = 0; i < MESSAGES; i++) {
        assert_int_equal(mig__uidset_add(&set, 1000000 + 2 * i, 1000000 + 2 * i, &error), 0);
    }
    wire_begin_with(&server, script, &p);
    mig__session *session = wire_session(&server, &endpoint);
    mig__command *command = mig__fetch(session, &set, MIG__FETCH_FLAGS, 0, count, &answered, &error);
    assert_non_null(command);
    assert_int_equal(mig__command_wait(session, command, &result, &error), 0);
    assert_int_equal(result.error.code, expected);
    assert_int_equal(answered, MESSAGES);
    mig__uidset_free(&set);
    mig__session_close(&session);
    wire_end(&server);
    assert_true(p.commands >= 20 && p.longest <= LINE_MOST);
}

static void test_a_long_set_goes_out_in_lines_that_servers_take(void **state)
{
    (void)state;
    fetch_many(0, MIG_OK);
}

/* Whichever of the lines it is: the whole of it was not done. */
static void test_one_refused_line_is_a_refusal(void **state)
{
    (void)state;
    fetch_many(1, MIG_E_UNAVAILABLE);
    fetch_many(7, MIG_E_UNAVAILABLE);
    fetch_many(20, MIG_E_UNAVAILABLE);
}

/* 0, 1 refused; *retry as the refusal has it. */
static int examine(mig__session *session, mig_retry *retry)
{
    mig__selected selected = {0};
    mig_error error = MIG_ERROR_INIT;
    int outcome = mig__command_outcome(session, mig__select(session, "a", true, &selected, &error), &error);
    *retry = error.retry;
    mig__selected_free(&selected);
    return outcome;
}

static int search(mig__session *session)
{
    mig_error error = MIG_ERROR_INIT;
    return mig__command_outcome(session, mig__search(session, "ALL", NULL, NULL, &error), &error);
}

static void test_a_form_that_is_refused_is_left_out(void **state)
{
    (void)state;
    static const wire_step script[] = {LOGGED_IN("IMAP4rev1 CONDSTORE ESEARCH"),
                                       EXPECT("2 EXAMINE a (CONDSTORE)\r\n"),
                                       SEND("2 BAD Illegal arguments.\r\n"),
                                       EXPECT("3 EXAMINE a\r\n"),
                                       SEND("3 OK\r\n"),
                                       EXPECT("4 UID SEARCH RETURN (ALL) ALL\r\n"),
                                       SEND("4 NO [SERVERBUG] Internal error\r\n"),
                                       EXPECT("5 UID SEARCH ALL\r\n"),
                                       SEND("5 OK\r\n"),
                                       EXPECT("6 EXAMINE a\r\n"),
                                       SEND("6 OK\r\n"),
                                       EXPECT("7 LOGOUT\r\n"),
                                       END};
    wire_server server;
    mig_endpoint endpoint = wire_endpoint();
    mig_retry retry;
    wire_begin(&server, script);
    mig__session *session = wire_session(&server, &endpoint);
    assert_int_equal(examine(session, &retry), 1);
    assert_int_equal(retry, MIG_RETRY_NOW);
    assert_int_equal(examine(session, &retry), 0);
    assert_int_equal(search(session), 1);
    assert_int_equal(search(session), 0);
    assert_int_equal(examine(session, &retry), 0);
    mig__session_close(&session);
    wire_end(&server);
}

/* What is refused in the plain form as well was not refused for its form; nor what the server puts off or does not
 * have. */
static void test_a_refusal_of_another_kind_leaves_the_form(void **state)
{
    (void)state;
    static const wire_step script[] = {LOGGED_IN("IMAP4rev1 CONDSTORE ESEARCH"),
                                       EXPECT("2 EXAMINE a (CONDSTORE)\r\n"),
                                       SEND("2 NO it is broken\r\n"),
                                       EXPECT("3 UID SEARCH RETURN (ALL) ALL\r\n"),
                                       SEND("3 BAD no mailbox is selected\r\n"),
                                       EXPECT("4 EXAMINE a\r\n"),
                                       SEND("4 NO it is broken\r\n"),
                                       EXPECT("5 EXAMINE a (CONDSTORE)\r\n"),
                                       SEND("5 NO [UNAVAILABLE] later\r\n"),
                                       EXPECT("6 EXAMINE a (CONDSTORE)\r\n"),
                                       SEND("6 NO [NONEXISTENT] no\r\n"),
                                       EXPECT("7 EXAMINE a (CONDSTORE)\r\n"),
                                       SEND("7 OK\r\n"),
                                       EXPECT("8 UID SEARCH RETURN (ALL) ALL\r\n"),
                                       SEND("8 OK\r\n"),
                                       EXPECT("9 LOGOUT\r\n"),
                                       END};
    wire_server server;
    mig_endpoint endpoint = wire_endpoint();
    mig_retry retry;
    wire_begin(&server, script);
    mig__session *session = wire_session(&server, &endpoint);
    assert_int_equal(examine(session, &retry), 1);
    assert_int_equal(search(session), 1);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(examine(session, &retry), 1);
    }
    assert_int_equal(retry, MIG_RETRY_NEVER);
    assert_int_equal(examine(session, &retry), 0);
    assert_int_equal(search(session), 0);
    mig__session_close(&session);
    wire_end(&server);
}

/* As one command or in the plain form, each message by itself; whether the extension is there afterwards. */
static bool append(mig__session *session, unsigned messages, mig_code expected)
{
    mig_error error = MIG_ERROR_INIT;
    bool together = messages > 1;
    for (unsigned i = 0; i < (together ? 1 : messages); i++) {
        mig__command *command = mig__command_begin(session, "APPEND", NULL, NULL, &error);
        assert_non_null(command);
        if (together) {
            mig__command_stands_for(command, MIG__CAP_MULTIAPPEND, messages);
        }
        assert_int_equal(mig__command_end(command, &error), 0);
        assert_int_equal(mig__command_outcome(session, command, &error), expected == MIG_OK ? 0 : 1);
        assert_true(expected == MIG_OK || (error.code == expected && error.retry == MIG_RETRY_NEVER));
    }
    return mig__session_can(session, MIG__CAP_MULTIAPPEND);
}

/* Refused once is left out when each of its messages is taken by itself, and comes back when one of them is not. */
static void test_several_in_one_that_are_refused(void **state)
{
    (void)state;
    static const wire_step script[] = {LOGGED_IN("IMAP4rev1 MULTIAPPEND"),
                                       EXPECT("2 APPEND\r\n"),
                                       SEND("2 BAD one at a time\r\n"),
                                       EXPECT("3 APPEND\r\n"),
                                       SEND("3 OK\r\n"),
                                       EXPECT("4 APPEND\r\n"),
                                       SEND("4 NO I do not like this one\r\n"),
                                       EXPECT("5 APPEND\r\n"),
                                       SEND("5 NO nor these\r\n"),
                                       EXPECT("6 APPEND\r\n"),
                                       SEND("6 OK\r\n"),
                                       EXPECT("7 APPEND\r\n"),
                                       SEND("7 OK\r\n"),
                                       EXPECT("8 APPEND\r\n"),
                                       SEND("8 NO that one for itself\r\n"),
                                       EXPECT("9 LOGOUT\r\n"),
                                       END};
    wire_server server;
    mig_endpoint endpoint = wire_endpoint();
    wire_begin(&server, script);
    mig__session *session = wire_session(&server, &endpoint);
    assert_false(append(session, 3, MIG_E_BAD));
    assert_false(append(session, 1, MIG_OK));
    assert_true(append(session, 1, MIG_E_NO));
    assert_false(append(session, 2, MIG_E_NO));
    assert_false(append(session, 1, MIG_OK));
    assert_false(append(session, 1, MIG_OK));
    assert_false(append(session, 1, MIG_E_NO)); /* all of the two were taken: it was the form */
    mig__session_close(&session);
    wire_end(&server);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_long_set_goes_out_in_lines_that_servers_take),
        cmocka_unit_test(test_one_refused_line_is_a_refusal),
        cmocka_unit_test(test_a_form_that_is_refused_is_left_out),
        cmocka_unit_test(test_a_refusal_of_another_kind_leaves_the_form),
        cmocka_unit_test(test_several_in_one_that_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
