/* Plain streams: buffering, waiting, deadlines, and every way in which a connection can end. */
#include "net/peer.h"
#include <fcntl.h>
#include <sys/resource.h>

static mig__stream *open_plain(const mig_endpoint *endpoint, const mig_stop *stop)
{
    mig_error err = MIG_ERROR_INIT;
    mig__stream *stream = mig__stream_open(endpoint, stop, &err);

    if (!stream) {
        fail_msg("%s", err.text);
    }
    return stream;
}

static void send_text(mig__stream *stream, const char *text)
{
    mig_error err = MIG_ERROR_INIT;

    if (mig__stream_write(stream, text, strlen(text), &err)) {
        fail_msg("%s", err.text);
    }
}

/* After a failure everything fails with the same error, and nothing is sent. */
static void assert_sticky(mig__stream *stream, const mig_error *first)
{
    mig_error err = MIG_ERROR_INIT;
    char octet;

    assert_int_equal(mig__stream_write(stream, "x", 1, &err), -1);
    assert_int_equal(err.code, first->code);
    assert_string_equal(err.text, first->text);
    err = (mig_error)MIG_ERROR_INIT;
    assert_int_equal(mig__stream_flush(stream, &err), -1);
    assert_string_equal(err.text, first->text);
    err = (mig_error)MIG_ERROR_INIT;
    assert_int_equal(mig__stream_read(stream, &octet, 1, &err), -1);
    assert_string_equal(err.text, first->text);
    assert_int_equal(mig__stream_start_tls(stream, &err), -1);
    assert_string_equal(err.text, first->text);
    assert_int_equal(mig__stream_read(stream, &octet, 1, NULL), -1);
    assert_true(mig__stream_readable(stream));
}

static void echo_lines(test_peer *peer)
{
    peer_say(peer, "* OK hello\r\n");
    while (peer_line(peer)) {
        peer_say(peer, peer->line);
        peer_say(peer, "\r\n");
    }
}

static void test_dialogue_and_counters(void **state)
{
    test_peer peer;
    mig_endpoint endpoint;
    mig__stream *stream;
    mig__stream_stats stats;
    char text[64] = "";

    (void)state;
    peer_start(&peer, echo_lines, NULL);
    endpoint = peer_endpoint(&peer, "127.0.0.1", MIG_TLS_NONE);
    stream = open_plain(&endpoint, NULL);
    assert_false(mig__stream_is_tls(stream));
    assert_int_equal(read_exactly(stream, text, 12, NULL), 0);
    assert_string_equal(text, "* OK hello\r\n");
    mig__stream_stats_get(stream, &stats);
    assert_int_equal(stats.waits, 0); /* nothing was asked yet */
    assert_int_equal(stats.octets_in, 12);

    send_text(stream, "one\r\n");
    send_text(stream, "two\r\n"); /* both in one round trip; the read flushes */
    assert_int_equal(read_exactly(stream, text, 10, NULL), 0);
    assert_memory_equal(text, "one\r\ntwo\r\n", 10);
    mig__stream_stats_get(stream, &stats);
    assert_in_range(stats.waits, 0, 1); /* none when the answer was faster */
    assert_int_equal(stats.octets_out, 10);
    assert_int_equal(stats.octets_in, 22);

    mig__stream_close(&stream);
    assert_null(stream);
    mig__stream_close(&stream);
    assert_int_equal(peer_join(&peer), 10);
}

static void wait_then_answer(test_peer *peer)
{
    peer_line(peer);
    mig__sleep_ms(100);
    peer_say(peer, "answer");
    peer_drain(peer);
}

static void test_readable(void **state)
{
    test_peer peer;
    mig_endpoint endpoint;
    mig__stream *stream;
    char text[6];

    (void)state;
    peer_start(&peer, wait_then_answer, NULL);
    endpoint = peer_endpoint(&peer, "127.0.0.1", MIG_TLS_NONE);
    stream = open_plain(&endpoint, NULL);
    assert_false(mig__stream_readable(stream));
    send_text(stream, "ask\r\n");
    assert_int_equal(mig__stream_flush(stream, NULL), 0);
    for (int i = 0; i < 2000 && !mig__stream_readable(stream); i++) {
        mig__sleep_ms(5);
    }
    assert_true(mig__stream_readable(stream));
    assert_int_equal(mig__stream_read(stream, text, 3, NULL), 3);
    assert_true(mig__stream_readable(stream));
    assert_int_equal(mig__stream_read(stream, text + 3, 3, NULL), 3);
    assert_memory_equal(text, "answer", 6);
    assert_false(mig__stream_readable(stream));
    mig__stream_close(&stream);
    peer_join(&peer);
}

#define BULK (24u << 20)

/* Checks the pattern that comes in, then sends as much back. */
static void check_bulk(test_peer *peer)
{
    unsigned char *got = malloc(65536), *expected = malloc(65536);
    uint64_t place = 0;
    size_t n;

    while (place < BULK && (n = peer_read(peer, got, 65536)) > 0) {
        fill_pattern(expected, n, place);
        if (memcmp(got, expected, n)) {
            break;
        }
        place += n;
    }
    peer->amount = place;
    for (place = 0; place < BULK; place += 65536) {
        fill_pattern(expected, 65536, place);
        peer_write(peer, expected, 65536);
    }
    free(got);
    free(expected);
    peer_drain(peer);
}

/* Pieces of every kind of size, in both directions. */
static void test_bulk(void **state)
{
    static const size_t sizes[] = {1, 7, 16383, 16384, 16385, 100, 40000, 200000, 3, 32768, 65537};
    unsigned char *data = malloc(200000), *got = malloc(200000);
    test_peer peer;
    mig_endpoint endpoint;
    mig__stream *stream;
    mig__stream_stats stats;
    size_t turn = 0;

    (void)state;
    peer_start(&peer, check_bulk, NULL);
    endpoint = peer_endpoint(&peer, "127.0.0.1", MIG_TLS_NONE);
    stream = open_plain(&endpoint, NULL);
    for (uint64_t place = 0; place < BULK;) {
        size_t size = sizes[turn++ % (sizeof sizes / sizeof *sizes)];

        if (size > BULK - place) {
            size = (size_t)(BULK - place);
        }
        fill_pattern(data, size, place);
        assert_int_equal(mig__stream_write(stream, data, size, NULL), 0);
        place += size;
    }
    for (uint64_t place = 0; place < BULK;) {
        size_t size = sizes[turn++ % (sizeof sizes / sizeof *sizes)];
        int64_t n = mig__stream_read(stream, got, size, NULL);

        assert_in_range(n, 1, size);
        fill_pattern(data, (size_t)n, place);
        assert_memory_equal(got, data, (size_t)n);
        place += (uint64_t)n;
    }
    mig__stream_stats_get(stream, &stats);
    assert_int_equal(stats.octets_in, BULK);
    assert_int_equal(stats.octets_out, BULK);
    mig__stream_close(&stream);
    peer_join(&peer);
    assert_int_equal(peer.amount, BULK);
    free(data);
    free(got);
}

#define BOTH (900u << 10) /* more than a local socket buffers, less than what the stream takes in */

static void *talk_first(void *argument)
{
    test_peer *peer = argument;
    unsigned char *data = malloc(BOTH);

    fill_pattern(data, BOTH, 0);
    peer_write(peer, data, BOTH); /* blocks until the other side has taken it */
    while (peer->octets < BOTH && peer_read(peer, data, BOTH)) {
        ;
    }
    free(data);
    return NULL;
}

static void test_two_full_directions(void **state)
{
    unsigned char *data = malloc(BOTH), *got = malloc(BOTH);
    mig_endpoint endpoint = MIG_ENDPOINT_INIT;
    mig__stream *stream;
    mig_error err = MIG_ERROR_INIT;
    test_peer peer = {0};
    int pair[2];

    (void)state;
    endpoint.timeout_ms = 10000;
    endpoint.tls = MIG_TLS_NONE;
    assert_return_code(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), errno);
    peer.fd = pair[1];
    stream = mig__stream_from_fd(pair[0], &endpoint, NULL, &err);
    assert_non_null(stream);
    assert_int_equal(pthread_create(&peer.thread, NULL, talk_first, &peer), 0);
    fill_pattern(data, BOTH, 0);
    if (mig__stream_write(stream, data, BOTH, &err) || mig__stream_flush(stream, &err)) {
        fail_msg("%s", err.text);
    }
    assert_int_equal(read_exactly(stream, got, BOTH, &err), 0);
    assert_memory_equal(got, data, BOTH);
    assert_int_equal(pthread_join(peer.thread, NULL), 0);
    assert_int_equal(peer.octets, BOTH);
    close(pair[1]);
    mig__stream_close(&stream);
    free(data);
    free(got);
}

static void say_and_close(test_peer *peer)
{
    peer_say(peer, "* OK hal");
}

static void say_and_reset(test_peer *peer)
{
    peer_say(peer, "* OK hal");
    peer_line(peer);
    peer_reset(peer);
}

static void test_closed(void **state)
{
    mig_error err = MIG_ERROR_INIT;
    test_peer peer;
    mig_endpoint endpoint;
    mig__stream *stream;
    char text[65536];

    (void)state;
    peer_start(&peer, say_and_close, NULL);
    endpoint = peer_endpoint(&peer, "127.0.0.1", MIG_TLS_NONE);
    stream = open_plain(&endpoint, NULL);
    assert_int_equal(read_exactly(stream, text, 8, &err), 0);
    assert_int_equal(mig__stream_read(stream, text, sizeof text, &err), -1);
    assert_int_equal(err.code, MIG_E_CLOSED);
    assert_string_equal(err.text, "127.0.0.1: the server closed the connection");
    assert_sticky(stream, &err);
    mig__stream_close(&stream);
    peer_join(&peer);
}

static void test_reset(void **state)
{
    mig_error err = MIG_ERROR_INIT;
    test_peer peer;
    mig_endpoint endpoint;
    mig__stream *stream;
    char text[65536];

    (void)state;
    peer_start(&peer, say_and_reset, NULL);
    endpoint = peer_endpoint(&peer, "127.0.0.1", MIG_TLS_NONE);
    stream = open_plain(&endpoint, NULL);
    assert_int_equal(read_exactly(stream, text, 8, &err), 0);
    send_text(stream, "go\r\n");
    assert_int_equal(mig__stream_read(stream, text, 1, &err), -1);
    assert_int_equal(err.code, MIG_E_CLOSED);
    assert_non_null(strstr(err.text, "reset"));
    assert_sticky(stream, &err);
    mig__stream_close(&stream);
    peer_join(&peer);
}

static void say_bye_and_reset(test_peer *peer)
{
    peer_line(peer);
    peer_say(peer, "7 OK done\r\n* BYE Too many \033connections\r\n");
    mig__sleep_ms(50);
}

/* The server hangs up while we send: no SIGPIPE, and its last words are kept. */
static void test_hung_up_while_writing(void **state)
{
    mig_error err = MIG_ERROR_INIT;
    test_peer peer;
    mig_endpoint endpoint;
    mig__stream *stream;
    char *data = calloc(1, 1 << 20);
    int result = 0;

    (void)state;
    peer_start(&peer, say_bye_and_reset, NULL);
    endpoint = peer_endpoint(&peer, "127.0.0.1", MIG_TLS_NONE);
    stream = open_plain(&endpoint, NULL);
    send_text(stream, "go\r\n");
    for (int i = 0; i < 200 && !result; i++) {
        result = mig__stream_write(stream, data, 1 << 20, &err);
    }
    assert_int_equal(result, -1);
    assert_int_equal(err.code, MIG_E_CLOSED);
    assert_string_equal(err.server, "Too many ?connections");
    assert_sticky(stream, &err);
    mig__stream_close(&stream);
    peer_join(&peer);
    free(data);
}

static void test_stall_reading(void **state)
{
    mig_error err = MIG_ERROR_INIT;
    test_peer peer;
    mig_endpoint endpoint;
    mig__stream *stream;
    mig__stream_stats stats;
    char octet;

    (void)state;
    peer_start(&peer, peer_drain, NULL);
    endpoint = peer_endpoint(&peer, "127.0.0.1", MIG_TLS_NONE);
    endpoint.timeout_ms = 150;
    stream = open_plain(&endpoint, NULL);
    send_text(stream, "ask\r\n");
    assert_int_equal(mig__stream_read(stream, &octet, 1, &err), -1);
    assert_int_equal(err.code, MIG_E_TIMEOUT);
    assert_non_null(strstr(err.text, "0.15 seconds"));
    mig__stream_stats_get(stream, &stats);
    assert_int_equal(stats.waits, 1);
    assert_sticky(stream, &err);
    mig__stream_close(&stream);
    peer_join(&peer);
}

static void test_stall_writing(void **state)
{
    mig_error err = MIG_ERROR_INIT;
    test_peer peer;
    mig_endpoint endpoint;
    mig__stream *stream;
    char *data = calloc(1, 1 << 20);
    int result = 0;

    (void)state;
    peer_start(&peer, peer_hold, NULL);
    endpoint = peer_endpoint(&peer, "127.0.0.1", MIG_TLS_NONE);
    endpoint.timeout_ms = 150;
    stream = open_plain(&endpoint, NULL);
    for (int i = 0; i < 200 && !result; i++) {
        result = mig__stream_write(stream, data, 1 << 20, &err);
    }
    assert_int_equal(result, -1);
    assert_int_equal(err.code, MIG_E_TIMEOUT);
    assert_sticky(stream, &err);
    mig__stream_close(&stream);
    peer_join(&peer);
    free(data);
}

/* Never silent for as long as the deadline, and yet never getting anywhere. */
static void drip(test_peer *peer)
{
    for (int i = 0; i < 200 && peer_say(peer, "x"); i++) {
        mig__sleep_ms(300);
    }
}

static void test_drip(void **state)
{
    mig_error err = MIG_ERROR_INIT;
    test_peer peer;
    mig_endpoint endpoint;
    mig__stream *stream;
    int64_t n = 1, start = mig__now_ms();
    char text[64];

    (void)state;
    peer_start(&peer, drip, NULL);
    endpoint = peer_endpoint(&peer, "127.0.0.1", MIG_TLS_NONE);
    endpoint.timeout_ms = 1500;
    stream = open_plain(&endpoint, NULL);
    while (n > 0 && mig__now_ms() - start < 30000) {
        n = mig__stream_read(stream, text, sizeof text, &err);
    }
    assert_int_equal(n, -1);
    assert_int_equal(err.code, MIG_E_TIMEOUT);
    assert_non_null(strstr(err.text, "single octets"));
    mig__stream_close(&stream);
    peer_join(&peer);
}

/* Whole lines, far apart: what servers send to keep a client waiting. */
static void still_here(test_peer *peer)
{
    for (int i = 0; i < 14; i++) {
        peer_say(peer, "* OK Still here\r\n");
        mig__sleep_ms(200);
    }
}

static void test_patient_server_is_no_drip(void **state)
{
    mig_error err = MIG_ERROR_INIT;
    test_peer peer;
    mig_endpoint endpoint;
    mig__stream *stream;
    int64_t n = 0, total = 0;
    char text[64];

    (void)state;
    peer_start(&peer, still_here, NULL);
    endpoint = peer_endpoint(&peer, "127.0.0.1", MIG_TLS_NONE);
    endpoint.timeout_ms = 1500;
    stream = open_plain(&endpoint, NULL);
    while ((n = mig__stream_read(stream, text, sizeof text, &err)) > 0) {
        total += n;
    }
    assert_int_equal(err.code, MIG_E_CLOSED);
    assert_int_equal(total, 14 * 17);
    mig__stream_close(&stream);
    peer_join(&peer);
}

static void *stop_soon(void *argument)
{
    mig_stop *stop = argument;

    mig__sleep_ms(100);
    mig_stop_request(stop);
    mig__sleep_ms(100);
    mig_stop_request(stop);
    return NULL;
}

static void test_stop(void **state)
{
    mig_error err = MIG_ERROR_INIT;
    mig_stop stop = MIG_STOP_INIT;
    test_peer peer;
    pthread_t thread;
    mig_endpoint endpoint;
    mig__stream *stream;
    int64_t start;
    char octet;

    (void)state;
    peer_start(&peer, peer_drain, NULL);
    endpoint = peer_endpoint(&peer, "127.0.0.1", MIG_TLS_NONE);
    endpoint.timeout_ms = 60000;
    stream = open_plain(&endpoint, &stop);
    start = mig__now_ms();
    assert_int_equal(pthread_create(&thread, NULL, stop_soon, &stop), 0);
    assert_int_equal(mig__stream_read(stream, &octet, 1, &err), -1);
    assert_int_equal(err.code, MIG_E_INTERRUPTED);
    assert_in_range(mig__now_ms() - start, 150, 10000); /* not at the first request; long before the deadline */
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_sticky(stream, &err);
    mig__stream_close(&stream);
    peer_join(&peer);
}

static void test_descriptor_above_1024(void **state)
{
    mig_endpoint endpoint = MIG_ENDPOINT_INIT;
    struct rlimit limit;
    mig__stream *stream;
    int pair[2], high;
    char text[6] = "";

    (void)state;
    assert_return_code(getrlimit(RLIMIT_NOFILE, &limit), errno);
    if (limit.rlim_max < 3000) {
        skip();
    }
    limit.rlim_cur = 3000;
    assert_return_code(setrlimit(RLIMIT_NOFILE, &limit), errno);
    endpoint.tls = MIG_TLS_NONE;
    endpoint.timeout_ms = 200;
    assert_return_code(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), errno);
    high = fcntl(pair[0], F_DUPFD_CLOEXEC, 2000);
    assert_true(high >= 2000);
    close(pair[0]);
    stream = mig__stream_from_fd(high, &endpoint, NULL, NULL);
    assert_non_null(stream);
    send_text(stream, "hello");
    assert_int_equal(mig__stream_flush(stream, NULL), 0);
    assert_int_equal(read(pair[1], text, 5), 5);
    assert_string_equal(text, "hello");
    assert_int_equal(write(pair[1], "there", 5), 5);
    assert_int_equal(read_exactly(stream, text, 5, NULL), 0);
    assert_string_equal(text, "there");
    assert_int_equal(mig__stream_read(stream, text, 5, NULL), -1); /* waits in poll, with 2000 */
    mig__stream_close(&stream);
    close(pair[1]);
}

static void greet_and_drain(test_peer *peer)
{
    peer_say(peer, "* OK hello\r\n");
    peer_line(peer);
    peer_say(peer, "1 OK begin\r\n* OK injected\r\n");
    peer_drain(peer);
}

/* What came in before TLS must not be taken for what came through it. */
static void test_injection_before_tls(void **state)
{
    mig_error err = MIG_ERROR_INIT;
    test_peer peer;
    mig_endpoint endpoint;
    mig__stream *stream;
    char text[64];

    (void)state;
    for (int buffered = 0; buffered < 2; buffered++) {
        peer_start(&peer, greet_and_drain, NULL);
        endpoint = peer_endpoint(&peer, "localhost", MIG_TLS_STARTTLS);
        stream = open_plain(&endpoint, NULL);
        assert_int_equal(read_exactly(stream, text, 12, &err), 0);
        send_text(stream, "1 STARTTLS\r\n");
        assert_int_equal(read_exactly(stream, text, 12, &err), 0);
        if (buffered) {
            for (int i = 0; i < 2000 && !mig__stream_readable(stream); i++) {
                mig__sleep_ms(5);
            }
        }
        assert_int_equal(mig__stream_start_tls(stream, &err), -1);
        assert_int_equal(err.code, MIG_E_TLS);
        assert_non_null(strstr(err.text, "between"));
        assert_sticky(stream, &err);
        mig__stream_close(&stream);
        assert_int_equal(peer_join(&peer), 12); /* the command, and not one octet after it */
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_dialogue_and_counters),
        cmocka_unit_test(test_readable),
        cmocka_unit_test(test_bulk),
        cmocka_unit_test(test_two_full_directions),
        cmocka_unit_test(test_closed),
        cmocka_unit_test(test_reset),
        cmocka_unit_test(test_hung_up_while_writing),
        cmocka_unit_test(test_stall_reading),
        cmocka_unit_test(test_stall_writing),
        cmocka_unit_test(test_drip),
        cmocka_unit_test(test_patient_server_is_no_drip),
        cmocka_unit_test(test_stop),
        cmocka_unit_test(test_descriptor_above_1024),
        cmocka_unit_test(test_injection_before_tls),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
