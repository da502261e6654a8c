/*
 * unit/imap/wire_server.h - a scripted server on one end of a socket pair, for wire tests
 *
 * A script holds what the server says and the exact octets that the client must send meanwhile, nothing more and
 * nothing less. The server runs in a thread; what it found wrong is asserted by wire_end in the test's own thread. All
 * that the client ever sent is kept in `received`.
 *
 *     static const wire_step script[] = {
 *         SEND("* OK hi\r\n"), EXPECT("1 CAPABILITY\r\n"), SEND("* CAPABILITY IMAP4rev1\r\n1 OK\r\n"), END};
 */
#ifndef UNIT_IMAP_WIRE_SERVER_H
#define UNIT_IMAP_WIRE_SERVER_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "imap/command.h"
#include "imap/session.h"
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define WIRE_WAIT_MS  10000 /* a client that says nothing for so long has failed */
#define WIRE_QUIET_MS 40    /* silence that counts as waiting */

typedef struct wire_server wire_server;

typedef enum wire_kind {
    WIRE_END,    /* read until the client closes: it must send no more */
    WIRE_SEND,   /* octets to the client */
    WIRE_EXPECT, /* these octets from the client, exactly */
    WIRE_QUIET,  /* the client must wait here */
    WIRE_CALL,   /* a function: challenges that depend on what was sent, TLS */
    WIRE_CLOSE   /* hang up */
} wire_kind;

typedef struct wire_step {
    wire_kind kind;
    const char *octets;
    size_t length;
    void (*call)(wire_server *server);
} wire_step;

#define SEND(text)                                                                                                     \
    {                                                                                                                  \
        WIRE_SEND, text, sizeof(text) - 1, NULL                                                                        \
    }
#define EXPECT(text)                                                                                                   \
    {                                                                                                                  \
        WIRE_EXPECT, text, sizeof(text) - 1, NULL                                                                      \
    }
#define QUIET                                                                                                          \
    {                                                                                                                  \
        WIRE_QUIET, NULL, 0, NULL                                                                                      \
    }
#define CALL(function)                                                                                                 \
    {                                                                                                                  \
        WIRE_CALL, NULL, 0, function                                                                                   \
    }
#define HANG_UP                                                                                                        \
    {                                                                                                                  \
        WIRE_CLOSE, NULL, 0, NULL                                                                                      \
    }
#define END                                                                                                            \
    {                                                                                                                  \
        WIRE_END, NULL, 0, NULL                                                                                        \
    }

struct wire_server {
    pthread_t thread;
    int fd;     /* the server's end */
    int client; /* the other one, until a stream takes it */
    const wire_step *script;
    mig__buffer received; /* everything, for tests that look for what must not be there */
    mig__buffer problem;  /* the first thing that was not as expected */
    void *context;        /* for WIRE_CALL, and for these when set: */
    ssize_t (*read)(wire_server *server, void *out, size_t size);
    ssize_t (*write)(wire_server *server, const void *data, size_t size);
};

static inline ssize_t wire_plain_read(wire_server *server, void *out, size_t size)
{
    return read(server->fd, out, size);
}

static inline ssize_t wire_plain_write(wire_server *server, const void *data, size_t size)
{
    return send(server->fd, data, size, MSG_NOSIGNAL);
}

static inline void wire_add_escaped(mig__buffer *out, const char *octets, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        unsigned char c = (unsigned char)octets[i];
        if (c >= 0x20 && c < 0x7f) {
            mig__buffer_add_char(out, (char)c);
        } else {
            mig__buffer_addf(out, c == '\r' ? "\\r" : c == '\n' ? "\\n" : "\\x%02x", c);
        }
    }
}

static inline void wire_problem(wire_server *server, const char *what, const char *octets, size_t length,
                                const char *expected, size_t expected_length)
{
    if (server->problem.length > 0) {
        return;
    }
    mig__buffer_addf(&server->problem, "%s: \"", what);
    wire_add_escaped(&server->problem, octets, length);
    mig__buffer_add_text(&server->problem, "\"");
    if (expected != NULL) {
        mig__buffer_add_text(&server->problem, " instead of \"");
        wire_add_escaped(&server->problem, expected, expected_length);
        mig__buffer_add_text(&server->problem, "\"");
    }
}

static inline void wire_send(wire_server *server, const char *octets, size_t length)
{
    while (length > 0) {
        ssize_t sent = server->write(server, octets, length);
        if (sent <= 0) {
            return; /* the client has hung up: what it got out of it, it must tell */
        }
        octets += sent;
        length -= (size_t)sent;
    }
}

/* Up to `length` octets of the client; fewer when it hangs up or takes too long. Returns how many. */
static inline size_t wire_read(wire_server *server, char *out, size_t length)
{
    size_t got = 0;
    while (got < length) {
        struct pollfd entry = {.fd = server->fd, .events = POLLIN};
        bool plain = server->read == wire_plain_read;
        if (plain && poll(&entry, 1, WIRE_WAIT_MS) <= 0) {
            break;
        }
        ssize_t more = server->read(server, out + got, length - got);
        if (more <= 0) {
            break;
        }
        got += (size_t)more;
    }
    mig__buffer_add(&server->received, out, got);
    return got;
}

static inline void wire_expect(wire_server *server, const char *octets, size_t length)
{
    char *got = malloc(length + 1);
    size_t count = got != NULL ? wire_read(server, got, length) : 0;
    if (count != length || memcmp(got, octets, length) != 0) {
        wire_problem(server, "the client sends", got, count, octets, length);
    }
    free(got);
}

/* A line of the client without its CRLF, for WIRE_CALL. */
static inline void wire_line(wire_server *server, char *out, size_t size)
{
    size_t length = 0;
    while (length + 1 < size && wire_read(server, out + length, 1) == 1) {
        length++;
        if (length >= 2 && out[length - 1] == '\n') {
            out[length - 2] = '\0';
            return;
        }
    }
    out[length] = '\0';
    wire_problem(server, "the client sends a line without end", out, length, NULL, 0);
}

static inline void wire_quiet(wire_server *server)
{
    struct pollfd entry = {.fd = server->fd, .events = POLLIN};
    if (poll(&entry, 1, WIRE_QUIET_MS) > 0) {
        char got[256];
        ssize_t count = server->read(server, got, sizeof got);
        wire_problem(server, "the client does not wait but sends", got, count > 0 ? (size_t)count : 0, NULL, 0);
    }
}

static inline void wire_rest(wire_server *server)
{
    char rest[4096];
    size_t count = wire_read(server, rest, sizeof rest);
    if (count > 0) {
        wire_problem(server, "the client sends more", rest, count, NULL, 0);
    }
}

static inline void *wire_run(void *argument)
{
    wire_server *server = argument;
    for (const wire_step *step = server->script; server->problem.length == 0; step++) {
        switch (step->kind) {
        case WIRE_SEND:
            wire_send(server, step->octets, step->length);
            break;
        case WIRE_EXPECT:
            wire_expect(server, step->octets, step->length);
            break;
        case WIRE_QUIET:
            wire_quiet(server);
            break;
        case WIRE_CALL:
            step->call(server);
            break;
        case WIRE_CLOSE:
            shutdown(server->fd, SHUT_RDWR);
            return NULL;
        case WIRE_END:
            wire_rest(server);
            shutdown(server->fd, SHUT_RDWR);
            return NULL;
        }
    }
    shutdown(server->fd, SHUT_RDWR);
    return NULL;
}

/* `context` is for the functions of WIRE_CALL; NULL: they need none. */
static inline void wire_begin_with(wire_server *server, const wire_step *script, void *context)
{
    int ends[2];
    *server = (wire_server){.script = script, .context = context, .read = wire_plain_read, .write = wire_plain_write};
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    server->fd = ends[0];
    server->client = ends[1];
    assert_int_equal(pthread_create(&server->thread, NULL, wire_run, server), 0);
}

static inline void wire_begin(wire_server *server, const wire_step *script)
{
    wire_begin_with(server, script, NULL);
}

/* Wait for the end of the script, which the client must have met to the last octet. */
static inline void wire_end(wire_server *server)
{
    pthread_join(server->thread, NULL);
    close(server->fd);
    if (server->problem.length > 0) {
        print_error("%s\n", server->problem.data);
    }
    bool met = server->problem.length == 0;
    mig__buffer_free(&server->problem);
    mig__buffer_free(&server->received);
    assert_true(met);
}

/* ---- the client's side ---- */

static inline int wire_secret(char *out, size_t size, bool fresh, void *context, mig_error *err)
{
    (void)err;
    (void)fresh;
    snprintf(out, size, "%s", context != NULL ? (const char *)context : "secret");
    return 0;
}

/* "user" with the password "secret" on this machine, plain. Strings are not allocated: nothing to clear. */
static inline mig_endpoint wire_endpoint(void)
{
    static char user[] = "user", host[] = "127.0.0.1";
    mig_endpoint endpoint = MIG_ENDPOINT_INIT;
    endpoint.user = user;
    endpoint.host = host;
    endpoint.port = 143;
    endpoint.tls = MIG_TLS_NONE;
    endpoint.timeout_ms = WIRE_WAIT_MS;
    endpoint.secret = wire_secret;
    return endpoint;
}

/* Open a session on the script's connection. `endpoint` must outlive it. */
static inline mig__session *wire_open_logged(wire_server *server, const mig_endpoint *endpoint, const mig_log *log,
                                             mig_error *err)
{
    const mig__session_options options = {.endpoint = endpoint, .log = log, .account = "user@127.0.0.1"};
    mig__stream *stream = mig__stream_from_fd(server->client, endpoint, NULL, err);
    assert_non_null(stream);
    return mig__session_open_stream(stream, &options, err);
}

static inline mig__session *wire_open(wire_server *server, const mig_endpoint *endpoint, mig_error *err)
{
    return wire_open_logged(server, endpoint, NULL, err);
}

/* What most scripts begin with: a greeting with capabilities, and a login that tells no new ones. */
#define LOGGED_IN(capabilities)                                                                                        \
    SEND("* OK [CAPABILITY " capabilities "] hi\r\n"), EXPECT("1 LOGIN user secret\r\n"),                              \
        SEND("1 OK [CAPABILITY " capabilities "] in\r\n")

/* A session that must open. */
static inline mig__session *wire_session(wire_server *server, const mig_endpoint *endpoint)
{
    mig_error error = MIG_ERROR_INIT;
    mig__session *session = wire_open(server, endpoint, &error);
    if (session == NULL) {
        print_error("%s\n", error.text);
    }
    assert_non_null(session);
    return session;
}

#endif
