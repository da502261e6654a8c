/* A server that talks without end: what ends it, and what a busy mailbox may say all the same. */
#include "base/clock.h"
#include "imap/fetch.h"
#include "imap/talk.h"
#include "imap/wire_server.h"
#include <signal.h>

/* ---- the bookkeeping ---- */

static void test_bounds(void **state)
{
    (void)state;
    mig_error error = MIG_ERROR_INIT;
    mig__talk talk = {0};
    assert_int_equal(mig__talk_check(&talk, 0, 1 << 30, 1, &error), 0);
    mig__talk_add(&talk, 10000, 1000, 5);
    assert_int_equal(mig__talk_check(&talk, 0, 6, 10, &error), 0);
    mig__talk_add(&talk, 1, 10, 7);
    assert_int_equal(mig__talk_check(&talk, 0, 7, 10, &error), -1);
    assert_int_equal(error.code, MIG_E_BOUNDS);
    assert_int_equal(error.retry, MIG_RETRY_NEVER);
    assert_int_equal(error.scope, MIG_SCOPE_ACCOUNT);
    assert_int_equal(mig__talk_check(&talk, 1000, 7, 10, &error), 0); /* each of them may have been changed */
    mig__talk_add(&talk, 0, 100u << 20, 8);
    assert_int_equal(mig__talk_check(&talk, 1000, 8, 10, &error), -1);
    assert_int_equal(mig__talk_check(&talk, 1000000, 8, 10, &error), 0);
    mig__talk_add(&talk, 3000000, 0, 9);
    assert_int_equal(mig__talk_check(&talk, UINT32_MAX, 9, 10, &error), -1); /* whatever it claims to have */
    mig__talk_progress(&talk);
    assert_int_equal(mig__talk_check(&talk, 0, 1 << 30, 1, &error), 0);
}

static void test_time(void **state)
{
    (void)state;
    mig_error error = MIG_ERROR_INIT;
    mig__talk talk = {0};
    mig__talk_add(&talk, 1, 10, 1000);
    mig__talk_add(&talk, 1, 10, 3000); /* what comes later does not begin anew */
    assert_int_equal(mig__talk_check(&talk, 0, 3000, 2000, &error), 0);
    assert_int_equal(mig__talk_check(&talk, 0, 3001, 2000, &error), -1);
    assert_int_equal(error.code, MIG_E_TIMEOUT);
    assert_int_equal(error.retry, MIG_RETRY_LATER);
    mig__talk_progress(&talk);
    mig__talk_add(&talk, 1, 10, 9000);
    assert_int_equal(mig__talk_check(&talk, 0, 9001, 2000, &error), 0);
}

/* ---- on the line ---- */

typedef struct flood {
    const char *line;
    unsigned lines; /* 0: without end */
    int pause_ms;   /* between them */
} flood;

static void say(wire_server *server)
{
    const flood *f = server->context;
    size_t length = strlen(f->line);
    static char block[1 << 16];
    size_t count = f->pause_ms > 0 ? 1 : sizeof block / length;
    for (unsigned said = 0; f->lines == 0 || said < f->lines; said += (unsigned)count) {
        count = f->lines > 0 && f->lines - said < count ? f->lines - said : count;
        for (size_t i = 0; i < count; i++) {
            memcpy(block + i * length, f->line, length);
        }
        if (server->write(server, block, count * length) <= 0) {
            return;
        }
        mig__sleep_ms(f->pause_ms);
    }
}

static const wire_step flooded[] = {LOGGED_IN("IMAP4rev1"),
                                    EXPECT("2 UID FETCH 1:2 (UID FLAGS)\r\n"),
                                    CALL(say),
                                    SEND("2 OK done\r\n"),
                                    EXPECT("3 LOGOUT\r\n"),
                                    END};
static const wire_step flooded_for_good[] = {LOGGED_IN("IMAP4rev1"), EXPECT("2 UID FETCH 1:2 (UID FLAGS)\r\n"),
                                             CALL(say), HANG_UP};

static int count_them(const mig__response *response, void *context, mig_error *err)
{
    (void)response;
    (void)err;
    *(unsigned *)context += 1;
    return 0;
}

/* Ask for two messages and be told something else. Returns the session's error, MIG_OK when the answer came. */
static mig_error listen_to(flood f, const mig_stop *stop, int64_t timeout_ms)
{
    wire_server server;
    mig_endpoint endpoint = wire_endpoint();
    mig_error error = MIG_ERROR_INIT;
    mig__command_result result;
    mig__uidset uids = MIG__UIDSET_INIT;
    unsigned told = 0;
    if (timeout_ms > 0) {
        endpoint.timeout_ms = (int)timeout_ms;
    }
    wire_begin_with(&server, f.lines > 0 ? flooded : flooded_for_good, &f);
    const mig__session_options options = {.endpoint = &endpoint, .account = "user@127.0.0.1", .stop = stop};
    mig__stream *stream = mig__stream_from_fd(server.client, &endpoint, stop, &error);
    mig__session *session = mig__session_open_stream(stream, &options, &error);
    assert_non_null(session);
    assert_int_equal(mig__uidset_add(&uids, 1, 2, &error), 0);
    mig__command *command = mig__fetch(session, &uids, MIG__FETCH_FLAGS, 0, count_them, &told, &error);
    assert_non_null(command);
    error.code = MIG_OK;
    if (mig__command_wait(session, command, &result, &error) == 0) {
        mig__command_result_clear(&result);
    }
    mig__uidset_free(&uids);
    mig__session_close(&session);
    wire_end(&server);
    return error;
}

static const char *const floods[] = {
    "* OK Still here\r\n",
    "\r\n",
    "* FOO bar\r\n",
    "* 3 EXISTS\r\n",
    "* 1 FETCH (FLAGS (\\Seen))\r\n",
    "* 9 FETCH (UID 9 FLAGS ())\r\n",
    "* 1 FETCH (UID 1 BODY[] {5}\r\nhello)\r\n",
    "* SEARCH 1 2 3\r\n",
    "* LIST () \"/\" a\r\n",
    "* STATUS a (MESSAGES 1)\r\n",
};

static void test_floods(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof floods / sizeof floods[0]; i++) {
        mig_error error = listen_to((flood){floods[i], 0, 0}, NULL, 0);
        if (error.code != MIG_E_BOUNDS) {
            print_error("%s: %s: %s\n", floods[i], mig_code_name(error.code), error.text);
        }
        assert_int_equal(error.code, MIG_E_BOUNDS);
        assert_int_equal(error.retry, MIG_RETRY_NEVER);
    }
}

/* One whole line now and then restarts the wait for octets, and not the wait for an answer. */
static void test_drips(void **state)
{
    (void)state;
    mig_error error = listen_to((flood){"* OK Still here\r\n", 0, 20}, NULL, 60);
    assert_int_equal(error.code, MIG_E_TIMEOUT);
    assert_non_null(strstr(error.text, "keeps talking"));
}

/* A mailbox in use: another client changes every message's flags. */
static void test_what_a_busy_mailbox_says(void **state)
{
    (void)state;
    assert_int_equal(listen_to((flood){"* OK Still here\r\n", 5000, 0}, NULL, 0).code, MIG_OK);
    assert_int_equal(listen_to((flood){"* 1 FETCH (FLAGS (\\Seen))\r\n", 9000, 0}, NULL, 0).code, MIG_OK);
}

static void *stop_soon(void *stop)
{
    mig__sleep_ms(50);
    mig_stop_request(stop);
    mig_stop_request(stop);
    return NULL;
}

/* A second request ends it at once, though there is always something to read. Slow lines and fast ones. */
static void test_stopped_while_it_talks(void **state)
{
    (void)state;
    static const flood cases[] = {{"* OK Still here\r\n", 0, 30}, {"* 1 FETCH (FLAGS ())\r\n", 0, 1}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        mig_stop stop = MIG_STOP_INIT;
        pthread_t thread;
        assert_int_equal(pthread_create(&thread, NULL, stop_soon, &stop), 0);
        assert_int_equal(listen_to(cases[i], &stop, 0).code, MIG_E_INTERRUPTED);
        pthread_join(thread, NULL);
    }
}

/* What was asked for is no flood, however much it is: 30,000 messages of an open range. */
static void say_all(wire_server *server)
{
    char line[64];
    wire_send(server, "* 30000 EXISTS\r\n", 16);
    for (unsigned i = 1; i <= 30000; i++) {
        int length = snprintf(line, sizeof line, "* %u FETCH (UID %u FLAGS (\\Seen))\r\n", i, i);
        wire_send(server, line, (size_t)length);
    }
}

static void test_what_was_asked_for(void **state)
{
    (void)state;
    static const wire_step script[] = {LOGGED_IN("IMAP4rev1"), EXPECT("2 UID FETCH 1:4294967295 (UID FLAGS)\r\n"),
                                       CALL(say_all),          SEND("2 OK done\r\n"),
                                       EXPECT("3 LOGOUT\r\n"), END};
    wire_server server;
    mig_endpoint endpoint = wire_endpoint();
    mig_error error = MIG_ERROR_INIT;
    mig__uidset uids = MIG__UIDSET_INIT;
    unsigned told = 0;
    wire_begin(&server, script);
    mig__session *session = wire_session(&server, &endpoint);
    assert_int_equal(mig__uidset_add(&uids, 1, UINT32_MAX, &error), 0);
    mig__command *command = mig__fetch(session, &uids, MIG__FETCH_FLAGS, 0, count_them, &told, &error);
    assert_non_null(command);
    assert_int_equal(mig__command_outcome(session, command, &error), 0);
    assert_int_equal(told, 30001);
    mig__uidset_free(&uids);
    mig__session_close(&session);
    wire_end(&server);
}

int main(void)
{
    signal(SIGPIPE, SIG_IGN);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bounds),
        cmocka_unit_test(test_time),
        cmocka_unit_test(test_floods),
        cmocka_unit_test(test_drips),
        cmocka_unit_test(test_what_a_busy_mailbox_says),
        cmocka_unit_test(test_stopped_while_it_talks),
        cmocka_unit_test(test_what_was_asked_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
