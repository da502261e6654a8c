/* A command as the connection: its words, its end, and that nothing of it is left behind. */
#include "net/peer.h"
#include <signal.h>

static mig_endpoint through(const char *command)
{
    mig_endpoint endpoint = MIG_ENDPOINT_INIT;

    endpoint.user = (char *)(uintptr_t) "user";
    endpoint.tunnel = (char *)(uintptr_t)command;
    endpoint.tls = MIG_TLS_NONE;
    endpoint.timeout_ms = 10000;
    return endpoint;
}

static mig__stream *open_tunnel(const mig_endpoint *endpoint)
{
    mig_error err = MIG_ERROR_INIT;
    mig__stream *stream = mig__stream_open(endpoint, NULL, &err);

    if (!stream) {
        fail_msg("%s", err.text);
    }
    return stream;
}

static void test_echo(void **state)
{
    mig_endpoint endpoint = through("cat");
    mig__stream *stream = open_tunnel(&endpoint);
    unsigned char *data = malloc(1 << 20), *got = malloc(1 << 20);

    (void)state;
    fill_pattern(data, 1 << 20, 0);
    assert_int_equal(mig__stream_write(stream, data, 1 << 20, NULL), 0);
    assert_int_equal(read_exactly(stream, got, 1 << 20, NULL), 0);
    assert_memory_equal(got, data, 1 << 20);
    mig__stream_close(&stream);
    free(data);
    free(got);
}

/* What the command says goes to the caller, how it ends into the error. */
static void ends(const char *command, const char *words, const char *server)
{
    mig_endpoint endpoint = through(command);
    mig__stream *stream = open_tunnel(&endpoint);
    mig_error err = MIG_ERROR_INIT, again = MIG_ERROR_INIT;
    char text[64];

    while (mig__stream_read(stream, text, sizeof text, &err) > 0) {
        ;
    }
    if (err.code != MIG_E_CLOSED || !strstr(err.text, words) || !strstr(err.server, server)) {
        fail_msg("%s: \"%s\" \"%s\"", command, err.text, err.server);
    }
    assert_non_null(strstr(err.hint, "by hand"));
    assert_int_equal(mig__stream_read(stream, text, sizeof text, &again), -1);
    assert_string_equal(again.text, err.text);
    mig__stream_close(&stream);
}

static void test_ends(void **state)
{
    (void)state;
    ends("echo '* OK'; echo first >&2; echo 'Permission denied (publickey).' >&2; exit 255", "status 255",
         "Permission denied (publickey).");
    ends("/nonexistent/imap", "status 127", "not found");
    ends("kill -9 $$", "signal 9", "");
    ends("printf 'no newline\\033[1m' >&2; exit 1", "status 1", "no newline?[1m");
}

/* More complaints than a pipe holds do not hold up the connection, and the last ones are kept. */
static void test_chatty_command(void **state)
{
    mig_endpoint endpoint =
        through("i=0; while [ $i -lt 3000 ]; do echo 'debug1: a line that nobody wants to read, number' $i >&2; "
                "i=$((i+1)); done; echo '* OK'; read line; exit 7");
    mig__stream *stream = open_tunnel(&endpoint);
    mig_error err = MIG_ERROR_INIT;
    char text[6];

    (void)state;
    if (read_exactly(stream, text, 5, &err)) {
        fail_msg("%s", err.text);
    }
    assert_memory_equal(text, "* OK\n", 5);
    assert_int_equal(mig__stream_write(stream, "bye\n", 4, &err), 0);
    assert_int_equal(mig__stream_read(stream, text, 1, &err), -1);
    assert_non_null(strstr(err.text, "status 7"));
    assert_string_equal(err.server, "debug1: a line that nobody wants to read, number 2999");
    mig__stream_close(&stream);
}

static void test_silent_but_for_complaints(void **state)
{
    mig_endpoint endpoint = through("while :; do echo complaint >&2; done");
    mig__stream *stream;
    mig_error err = MIG_ERROR_INIT;
    char octet;

    (void)state;
    endpoint.timeout_ms = 300;
    stream = open_tunnel(&endpoint);
    assert_int_equal(mig__stream_read(stream, &octet, 1, &err), -1);
    assert_int_equal(err.code, MIG_E_TIMEOUT);
    mig__stream_close(&stream);
}

static void test_environment_and_signals(void **state)
{
    mig_endpoint endpoint = through("env | grep -c '^MAILMIGRATE_'; echo $TUNNEL_TEST; kill -PIPE $$; echo survived");
    mig_error err = MIG_ERROR_INIT;
    mig__stream *stream;
    char text[64];
    size_t length = 0;
    int64_t n;

    (void)state;
    setenv("MAILMIGRATE_SOURCE_PASSWORD", "s3cr3t", 1);
    setenv("TUNNEL_TEST", "handed on", 1);
    signal(SIGPIPE, SIG_IGN); /* ours, not the command's */
    stream = open_tunnel(&endpoint);
    while (length < sizeof text && (n = mig__stream_read(stream, text + length, sizeof text - length, &err)) > 0) {
        length += (size_t)n;
    }
    text[length] = '\0';
    assert_string_equal(text, "0\nhanded on\n");
    assert_non_null(strstr(err.text, "signal 13"));
    mig__stream_close(&stream);
    signal(SIGPIPE, SIG_DFL);
    unsetenv("MAILMIGRATE_SOURCE_PASSWORD");
    unsetenv("TUNNEL_TEST");
}

static void is_gone_after_close(const char *command)
{
    mig_endpoint endpoint = through(command);
    mig__stream *stream = open_tunnel(&endpoint);
    char text[32] = "";
    size_t length = 0;
    pid_t pid;

    while (length + 1 < sizeof text && !strchr(text, '\n')) {
        assert_int_equal(read_exactly(stream, text + length++, 1, NULL), 0);
    }
    pid = (pid_t)strtol(text, NULL, 10);
    assert_true(pid > 1);
    assert_int_equal(kill(pid, 0), 0);
    mig__stream_close(&stream);
    assert_int_equal(kill(pid, 0), -1);
    assert_int_equal(errno, ESRCH);
}

static void test_nothing_is_left(void **state)
{
    (void)state;
    is_gone_after_close("echo $$; exec cat");                                        /* ends by itself */
    is_gone_after_close("echo $$; exec sleep 60 <&- >&-");                           /* needs SIGTERM */
    is_gone_after_close("trap '' TERM; echo $$; while :; do sleep 1; done <&- >&-"); /* needs SIGKILL */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_echo),
        cmocka_unit_test(test_ends),
        cmocka_unit_test(test_chatty_command),
        cmocka_unit_test(test_silent_but_for_complaints),
        cmocka_unit_test(test_nothing_is_left),
        cmocka_unit_test(test_environment_and_signals),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
