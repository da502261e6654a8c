/* Finding and reaching a host: names, several addresses, deadlines, and who counts as this machine. */
#include "net/peer.h"
#include "net/connect.h"
#include <fcntl.h>

static struct addrinfo address_of(struct sockaddr_in *storage, const char *ip, uint16_t port)
{
    *storage = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(port)};
    assert_int_equal(inet_pton(AF_INET, ip, &storage->sin_addr), 1);
    return (struct addrinfo){.ai_family = AF_INET,
                             .ai_socktype = SOCK_STREAM,
                             .ai_addrlen = sizeof *storage,
                             .ai_addr = (struct sockaddr *)storage};
}

static uint16_t port_of_peer(int fd)
{
    struct sockaddr_in peer;
    socklen_t size = sizeof peer;

    assert_return_code(getpeername(fd, (struct sockaddr *)&peer, &size), errno);
    return ntohs(peer.sin_port);
}

/* A port on 127.0.0.1 where nobody listens. */
static uint16_t dead_port(void)
{
    uint16_t port;

    close(peer_listen(&port, 1));
    return port;
}

static void test_options_of_the_socket(void **state)
{
    mig_error err = MIG_ERROR_INIT;
    uint16_t port;
    int listener = peer_listen(&port, 4);
    int fd = mig__connect("127.0.0.1", port, false, NULL, mig__now_ms() + 10000, &err);
    int value = 0;
    socklen_t size = sizeof value;

    (void)state;
    if (fd < 0) {
        fail_msg("%s", err.text);
    }
    assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
    assert_true(fcntl(fd, F_GETFL) & O_NONBLOCK);
    assert_return_code(getsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &value, &size), errno);
    assert_true(value);
    close(fd);
    close(listener);
}

static void test_refused(void **state)
{
    mig_error err = MIG_ERROR_INIT;
    uint16_t port = dead_port();

    (void)state;
    assert_int_equal(mig__connect("127.0.0.1", port, false, NULL, mig__now_ms() + 10000, &err), -1);
    assert_int_equal(err.code, MIG_E_CONNECT);
    assert_non_null(strstr(err.text, "127.0.0.1: Connection refused"));
    assert_string_not_equal(err.hint, "");
}

static void test_refusing_address_is_passed_over(void **state)
{
    mig_error err = MIG_ERROR_INIT;
    struct sockaddr_in storage[3];
    struct addrinfo list[3];
    uint16_t port;
    int listener = peer_listen(&port, 4);
    int fd;

    (void)state;
    list[0] = address_of(&storage[0], "127.0.0.1", dead_port());
    list[1] = address_of(&storage[1], "127.0.0.1", dead_port());
    list[2] = address_of(&storage[2], "127.0.0.1", port);
    list[0].ai_next = &list[1];
    list[1].ai_next = &list[2];
    fd = mig__connect_addresses(list, "three", port, NULL, mig__now_ms() + 10000, &err);
    if (fd < 0) {
        fail_msg("%s", err.text);
    }
    assert_int_equal(port_of_peer(fd), port);
    close(fd);
    close(listener);
}

/* A listener whose queue is full drops what knocks, as a firewall would. */
static int silent_listener(uint16_t *port, int fillers[8])
{
    int listener = peer_listen(port, 0);
    struct sockaddr_in storage;
    struct addrinfo address = address_of(&storage, "127.0.0.1", *port);

    for (int i = 0; i < 8; i++) {
        fillers[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        assert_true(fillers[i] >= 0);
        (void)connect(fillers[i], address.ai_addr, address.ai_addrlen);
    }
    return listener;
}

static void test_silent_address_does_not_hold_up(void **state)
{
    mig_error err = MIG_ERROR_INIT;
    struct sockaddr_in storage[2];
    struct addrinfo list[2];
    uint16_t silent, port;
    int fillers[8];
    int quiet = silent_listener(&silent, fillers);
    int listener = peer_listen(&port, 4);
    int64_t start = mig__now_ms();
    int fd;

    (void)state;
    list[0] = address_of(&storage[0], "127.0.0.1", silent);
    list[1] = address_of(&storage[1], "127.0.0.1", port);
    list[0].ai_next = &list[1];
    fd = mig__connect_addresses(list, "two", port, NULL, start + 60000, &err);
    if (fd < 0) {
        fail_msg("%s", err.text);
    }
    assert_int_equal(port_of_peer(fd), port);
    assert_in_range(mig__now_ms() - start, 200, 30000); /* the head start, not the deadline */
    close(fd);

    start = mig__now_ms();
    list[0].ai_next = NULL;
    assert_int_equal(mig__connect_addresses(list, "one", silent, NULL, start + 300, &err), -1);
    assert_int_equal(err.code, MIG_E_TIMEOUT);
    assert_non_null(strstr(err.text, "127.0.0.1: no answer"));

    for (int i = 0; i < 8; i++) {
        close(fillers[i]);
    }
    close(quiet);
    close(listener);
}

static void test_stop_while_connecting(void **state)
{
    mig_error err = MIG_ERROR_INIT;
    mig_stop stop = MIG_STOP_INIT;
    uint16_t silent;
    int fillers[8];
    int quiet = silent_listener(&silent, fillers);

    (void)state;
    mig_stop_request(&stop);
    mig_stop_request(&stop);
    assert_int_equal(mig__connect("127.0.0.1", silent, false, &stop, mig__now_ms() + 60000, &err), -1);
    assert_int_equal(err.code, MIG_E_INTERRUPTED);
    for (int i = 0; i < 8; i++) {
        close(fillers[i]);
    }
    close(quiet);
}

static void test_unknown_host(void **state)
{
    mig_error err = MIG_ERROR_INIT;
    struct addrinfo *list;

    (void)state;
    assert_int_equal(mig__resolve("no-such-host.invalid", 993, NULL, mig__now_ms() + 60000, &list, &err), -1);
    assert_int_equal(err.code, MIG_E_DNS);
    assert_non_null(strstr(err.text, "no-such-host.invalid"));
    assert_string_not_equal(err.hint, "");
    assert_null(list);
}

/* The lookup goes on in its thread, which cleans up after itself. */
static void test_lookup_is_given_up(void **state)
{
    mig_error err = MIG_ERROR_INIT;
    mig_stop stop = MIG_STOP_INIT;
    struct addrinfo *list;

    (void)state;
    mig_stop_request(&stop);
    mig_stop_request(&stop);
    if (!mig__resolve("localhost", 993, &stop, mig__now_ms() + 60000, &list, &err)) {
        freeaddrinfo(list); /* the thread was faster than the first look at the flag */
    } else {
        assert_int_equal(err.code, MIG_E_INTERRUPTED);
    }
    mig__sleep_ms(300);
}

static void test_name_by_any_address(void **state)
{
    mig_error err = MIG_ERROR_INIT;
    uint16_t port;
    int listener = peer_listen(&port, 4); /* 127.0.0.1 alone, also where localhost is ::1 first */
    int fd = mig__connect("localhost", port, false, NULL, mig__now_ms() + 10000, &err);

    (void)state;
    if (fd < 0) {
        fail_msg("%s", err.text);
    }
    assert_int_equal(port_of_peer(fd), port);
    assert_true(mig__peer_is_local(fd));
    close(fd);
    close(listener);
}

/* A datagram socket has a peer without a single packet being sent. Returns -1 when there is no way to that address. */
static int aimed_at(const char *ip)
{
    struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(9)};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons(9)};
    bool is_v4 = inet_pton(AF_INET, ip, &v4.sin_addr) == 1;
    int fd = socket(is_v4 ? AF_INET : AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    if (!is_v4) {
        assert_int_equal(inet_pton(AF_INET6, ip, &v6.sin6_addr), 1);
    }
    if (fd >= 0 &&
        connect(fd, is_v4 ? (struct sockaddr *)&v4 : (struct sockaddr *)&v6, is_v4 ? sizeof v4 : sizeof v6)) {
        close(fd);
        fd = -1;
    }
    return fd;
}

static void local_is(const char *ip, bool local)
{
    int fd = aimed_at(ip);

    if (fd < 0) {
        return;
    }
    if (mig__peer_is_local(fd) != local) {
        fail_msg("%s", ip);
    }
    close(fd);
}

static void test_who_is_local(void **state)
{
    int fd = aimed_at("127.0.0.1");

    (void)state;
    assert_true(fd >= 0);
    close(fd);
    local_is("127.0.0.1", true);
    local_is("127.255.1.2", true);
    local_is("::1", true);
    local_is("::ffff:127.0.0.1", true);
    local_is("192.0.2.1", false);
    local_is("128.0.0.1", false);
    local_is("2001:db8::1", false);
    local_is("::ffff:192.0.2.1", false);
    assert_false(mig__peer_is_local(-1));
}

static void test_cleartext_is_refused(void **state)
{
    mig_endpoint endpoint = MIG_ENDPOINT_INIT;
    mig_error err = MIG_ERROR_INIT;
    mig__stream *stream;
    int fd = aimed_at("192.0.2.1");

    (void)state;
    if (fd < 0) {
        skip(); /* no network beyond this machine */
    }
    endpoint.host = (char *)(uintptr_t) "192.0.2.1";
    endpoint.tls = MIG_TLS_NONE;
    assert_null(mig__stream_from_fd(fd, &endpoint, NULL, &err));
    assert_int_equal(err.code, MIG_E_CLEARTEXT);
    assert_string_not_equal(err.hint, "");
    assert_int_equal(fcntl(fd, F_GETFD), -1); /* closed */

    endpoint.allow_cleartext = true;
    stream = mig__stream_from_fd(aimed_at("192.0.2.1"), &endpoint, NULL, &err);
    assert_non_null(stream);
    mig__stream_close(&stream);

    endpoint.allow_cleartext = false;
    endpoint.tls = MIG_TLS_STARTTLS; /* plain until the handshake, by design */
    stream = mig__stream_from_fd(aimed_at("192.0.2.1"), &endpoint, NULL, &err);
    assert_non_null(stream);
    mig__stream_close(&stream);
}

static void test_local_only(void **state)
{
    (void)state;
    mig_error error = MIG_ERROR_INIT;
    /* TEST-NET-1 (RFC 5737): not this machine, and nothing is sent to find that out. */
    assert_int_equal(mig__connect("192.0.2.1", 143, true, NULL, mig__now_ms() + 5000, &error), MIG__NOT_LOCAL);
    assert_int_equal(error.code, MIG_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_local_only),
        cmocka_unit_test(test_options_of_the_socket),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_refusing_address_is_passed_over),
        cmocka_unit_test(test_silent_address_does_not_hold_up),
        cmocka_unit_test(test_stop_while_connecting),
        cmocka_unit_test(test_unknown_host),
        cmocka_unit_test(test_lookup_is_given_up),
        cmocka_unit_test(test_name_by_any_address),
        cmocka_unit_test(test_who_is_local),
        cmocka_unit_test(test_cleartext_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
