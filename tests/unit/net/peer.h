/*
 * unit/net/peer.h - a server for one connection, in a thread: each test gives it a script
 *
 * It listens on 127.0.0.1 only. `octets` counts what arrived of the application protocol: on a plain connection all of
 * it, on a TLS connection what came out of TLS.
 */
#ifndef UNIT_NET_PEER_H
#define UNIT_NET_PEER_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "base/clock.h"
#include "net/stream.h"
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define PEER_WAIT_MS 20000 /* a script that waits longer has failed */

typedef struct test_peer test_peer;
typedef void peer_script(test_peer *peer);

struct test_peer {
    pthread_t thread;
    int listener;
    uint16_t port;
    int fd;           /* of the connection, -1 before and after */
    SSL_CTX *context; /* for peer_start_tls; borrowed */
    SSL *ssl;         /* NULL: plain */
    peer_script *script;
    uint64_t octets; /* of the application protocol */
    char line[256];  /* the last one of peer_line */
    uint64_t amount; /* for the script */
    int gate[2];     /* closed by peer_join: what peer_hold waits for */
};

/* A listening socket on 127.0.0.1 at a free port. */
static inline int peer_listen(uint16_t *port, int backlog)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_true(fd >= 0);
    assert_return_code(bind(fd, (struct sockaddr *)&address, size), errno);
    assert_return_code(listen(fd, backlog), errno);
    assert_return_code(getsockname(fd, (struct sockaddr *)&address, &size), errno);
    *port = ntohs(address.sin_port);
    return fd;
}

/* Blocking read; 0 at the end and for every failure. */
static inline size_t peer_read(test_peer *peer, void *out, size_t size)
{
    struct pollfd entry = {.fd = peer->fd, .events = POLLIN};
    ssize_t n;

    if (peer->ssl) {
        n = SSL_read(peer->ssl, out, (int)size);
    } else {
        if (poll(&entry, 1, PEER_WAIT_MS) <= 0) {
            return 0;
        }
        n = recv(peer->fd, out, size, 0);
    }
    if (n <= 0) {
        return 0;
    }
    peer->octets += (uint64_t)n;
    return (size_t)n;
}

static inline bool peer_write(test_peer *peer, const void *data, size_t length)
{
    const char *rest = data;

    while (length) {
        ssize_t n = peer->ssl ? SSL_write(peer->ssl, rest, (int)(length < 16384 ? length : 16384))
                              : send(peer->fd, rest, length, MSG_NOSIGNAL);

        if (n <= 0) {
            return false;
        }
        rest += n;
        length -= (size_t)n;
    }
    return true;
}

static inline bool peer_say(test_peer *peer, const char *text)
{
    return peer_write(peer, text, strlen(text));
}

/* Read a line, without its CRLF, into peer->line. */
static inline bool peer_line(test_peer *peer)
{
    size_t length = 0;

    while (length + 1 < sizeof peer->line && peer_read(peer, peer->line + length, 1) == 1) {
        if (peer->line[length++] == '\n') {
            peer->line[length - 1 - (length > 1 && peer->line[length - 2] == '\r')] = '\0';
            return true;
        }
    }
    peer->line[length] = '\0';
    return false;
}

/* Read and count until the connection ends. */
static inline void peer_drain(test_peer *peer)
{
    char buffer[65536];

    while (peer_read(peer, buffer, sizeof buffer)) {
        ;
    }
}

static inline bool peer_start_tls(test_peer *peer)
{
    peer->ssl = SSL_new(peer->context);
    SSL_set_fd(peer->ssl, peer->fd);
    return SSL_accept(peer->ssl) == 1;
}

/* TLS, then the line "hello", echoed back, then all that comes. */
static inline void peer_tls_echo(test_peer *peer)
{
    if (!peer_start_tls(peer)) {
        return;
    }
    if (peer_line(peer)) {
        peer_say(peer, peer->line);
        peer_say(peer, "\r\n");
    }
    peer_drain(peer);
    SSL_shutdown(peer->ssl);
}

/* Keep the connection open, reading nothing, until the test calls peer_join. */
static inline void peer_hold(test_peer *peer)
{
    struct pollfd entry = {.fd = peer->gate[0], .events = POLLIN};

    poll(&entry, 1, PEER_WAIT_MS);
}

/* End with a reset instead of FIN. */
static inline void peer_reset(test_peer *peer)
{
    const struct linger now = {.l_onoff = 1, .l_linger = 0};

    setsockopt(peer->fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
}

static inline void *peer_run(void *argument)
{
    test_peer *peer = argument;
    struct pollfd entry = {.fd = peer->listener, .events = POLLIN};
    sigset_t pipe_signal;
    const struct timeval patience = {.tv_sec = PEER_WAIT_MS / 1000, .tv_usec = 0};

    /* Here alone, where OpenSSL's own socket code writes; for the library's thread it stays deadly. */
    sigemptyset(&pipe_signal);
    sigaddset(&pipe_signal, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &pipe_signal, NULL);
    if (poll(&entry, 1, PEER_WAIT_MS) <= 0) {
        return NULL;
    }
    peer->fd = accept(peer->listener, NULL, NULL);
    if (peer->fd < 0) {
        return NULL;
    }
    setsockopt(peer->fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    setsockopt(peer->fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    peer->script(peer);
    SSL_free(peer->ssl);
    peer->ssl = NULL;
    close(peer->fd);
    peer->fd = -1;
    return NULL;
}

/* Everything but the thread, so that the test can set more before peer_go. */
static inline void peer_prepare(test_peer *peer, peer_script *script, SSL_CTX *context)
{
    memset(peer, 0, sizeof *peer);
    peer->fd = -1;
    peer->script = script;
    peer->context = context;
    peer->listener = peer_listen(&peer->port, 4);
    assert_return_code(pipe(peer->gate), errno);
}

static inline void peer_go(test_peer *peer)
{
    assert_int_equal(pthread_create(&peer->thread, NULL, peer_run, peer), 0);
}

static inline void peer_start(test_peer *peer, peer_script *script, SSL_CTX *context)
{
    peer_prepare(peer, script, context);
    peer_go(peer);
}

/* Returns the octets of the application protocol that the server got. */
static inline uint64_t peer_join(test_peer *peer)
{
    close(peer->gate[1]);
    assert_int_equal(pthread_join(peer->thread, NULL), 0);
    close(peer->gate[0]);
    close(peer->listener);
    return peer->octets;
}

/* An endpoint towards the peer with short deadlines. Borrows everything. */
static inline mig_endpoint peer_endpoint(const test_peer *peer, const char *host, mig_tls_mode tls)
{
    mig_endpoint endpoint = MIG_ENDPOINT_INIT;

    endpoint.user = (char *)(uintptr_t) "user";
    endpoint.host = (char *)(uintptr_t)host;
    endpoint.port = peer->port;
    endpoint.tls = tls;
    endpoint.connect_timeout_ms = 10000;
    endpoint.timeout_ms = 10000;
    return endpoint;
}

/* Read exactly `length` octets. */
static inline int read_exactly(mig__stream *stream, void *out, size_t length, mig_error *err)
{
    char *rest = out;

    while (length) {
        int64_t n = mig__stream_read(stream, rest, length, err);

        if (n < 0) {
            return -1;
        }
        rest += n;
        length -= (size_t)n;
    }
    return 0;
}

/* Octets that depend on their place, so that lost, doubled and moved ones show. */
static inline void fill_pattern(unsigned char *out, size_t length, uint64_t offset)
{
    for (size_t i = 0; i < length; i++) {
        uint64_t place = offset + i;

        out[i] = (unsigned char)(place ^ (place >> 8) * 31 ^ (place >> 16) * 17);
    }
}

#endif
