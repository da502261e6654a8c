/* domain/exchange.c - one question to one name server */
#include "domain/exchange.h"
#include "base/clock.h"
#include "domain/packet.h"
#include "net/wait.h"
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#define TRIES        3
#define MOST_MESSAGE 65535

typedef struct exchange {
    struct sockaddr_storage to;
    socklen_t to_length;
    unsigned char query[MIG__PACKET_QUERY];
    size_t query_length;
    int64_t deadline;
    unsigned char *message; /* MOST_MESSAGE octets */
    char why[96];           /* why nothing came */
} exchange;

int mig__server_parse(const char *text, uint16_t port, struct sockaddr_storage *out, socklen_t *length, mig_error *err)
{
    char address[64];
    const char *at = strchr(text, '@');
    const size_t size = at != NULL ? (size_t)(at - text) : strlen(text);
    char *end = NULL;
    const unsigned long given = at != NULL ? strtoul(at + 1, &end, 10) : port;
    struct sockaddr_in *four = (struct sockaddr_in *)out;
    struct sockaddr_in6 *six = (struct sockaddr_in6 *)out;
    memset(out, 0, sizeof *out);
    snprintf(address, sizeof address, "%.*s", (int)(size < 63 ? size : 63), text);
    if (size > 0 && size < 63 && given > 0 && given <= 65535 && (at == NULL || (at[1] != '\0' && *end == '\0'))) {
        if (inet_pton(AF_INET, address, &four->sin_addr) == 1) {
            four->sin_family = AF_INET;
            four->sin_port = htons((uint16_t)given);
            *length = sizeof *four;
            return 0;
        }
        if (inet_pton(AF_INET6, address, &six->sin6_addr) == 1) {
            six->sin6_family = AF_INET6;
            six->sin6_port = htons((uint16_t)given);
            *length = sizeof *six;
            return 0;
        }
    }
    mig_error_set(err, MIG_E_USAGE, "\"%s\" is not the address of a name server", text);
    return mig_error_hint(err, "an IP address, and perhaps @PORT: 192.0.2.53@5353");
}

/* ---- sockets ---- */

static int open_socket(exchange *x, int type)
{
    const int fd = socket(x->to.ss_family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd >= 0 && connect(fd, (const struct sockaddr *)&x->to, x->to_length) != 0 && errno != EINPROGRESS) {
        snprintf(x->why, sizeof x->why, "the server cannot be reached");
        close(fd);
        return -1;
    }
    return fd;
}

/* ---- UDP ---- */

/* The length of a fitting answer, 0: none came until then. What does not fit is passed over: anybody can send that. */
static size_t ask_udp(exchange *x, int64_t until)
{
    size_t result = 0;
    const int fd = open_socket(x, SOCK_DGRAM);
    if (fd < 0) {
        return 0;
    }
    if (send(fd, x->query, x->query_length, MSG_NOSIGNAL) == (ssize_t)x->query_length) {
        while (result == 0 && mig__wait_for(fd, POLLIN, until)) {
            const ssize_t got = recv(fd, x->message, MOST_MESSAGE, 0);
            if (got < 0 && errno != EAGAIN && errno != EINTR) {
                snprintf(x->why, sizeof x->why, "the server cannot be reached: its port is closed");
                break;
            }
            if (got > 0 && mig__packet_fits(x->query, x->query_length, x->message, (size_t)got)) {
                result = (size_t)got;
            }
        }
    }
    close(fd);
    return result;
}

/* ---- TCP (RFC 7766) ---- */

static bool move_octets(int fd, unsigned char *octets, size_t length, bool sends, int64_t until)
{
    while (length > 0) {
        const ssize_t moved = sends ? send(fd, octets, length, MSG_NOSIGNAL) : recv(fd, octets, length, 0);
        if (moved > 0) {
            octets += moved;
            length -= (size_t)moved;
        } else if (moved == 0 || (errno != EAGAIN && errno != EINTR && errno != ENOTCONN && errno != EINPROGRESS) ||
                   !mig__wait_for(fd, sends ? POLLOUT : POLLIN, until)) {
            return false;
        }
    }
    return true;
}

static size_t ask_tcp(exchange *x)
{
    unsigned char size[2] = {(unsigned char)(x->query_length >> 8), (unsigned char)x->query_length};
    size_t result = 0;
    const int fd = open_socket(x, SOCK_STREAM);
    if (fd < 0) {
        return 0;
    }
    if (mig__wait_for(fd, POLLOUT, x->deadline) && move_octets(fd, size, 2, true, x->deadline) &&
        move_octets(fd, x->query, x->query_length, true, x->deadline) && move_octets(fd, size, 2, false, x->deadline)) {
        const size_t length = (size_t)size[0] << 8 | size[1];
        if (move_octets(fd, x->message, length, false, x->deadline) &&
            mig__packet_fits(x->query, x->query_length, x->message, length)) {
            result = length;
        }
    }
    if (result == 0) {
        snprintf(x->why, sizeof x->why, "the answer was cut by UDP, and TCP gave none");
    }
    close(fd);
    return result;
}

/* ---- a question ---- */

static bool fresh_id(uint16_t *id)
{
    return getrandom(id, sizeof *id, 0) == (ssize_t)sizeof *id;
}

/* FORMERR, NOTIMP: perhaps a server that does not know EDNS. */
static bool dislikes_edns(const unsigned char *message, size_t length)
{
    return length >= 12 && ((message[3] & 0x0f) == 1 || (message[3] & 0x0f) == 4);
}

static size_t ask(exchange *x, const char *name, mig__rr type, bool recursive)
{
    uint16_t id;
    bool plain = false;
    const int64_t begun = mig__now_ms(), all = x->deadline - begun;
    for (int attempt = 1; attempt <= TRIES; attempt++) {
        if (!fresh_id(&id) || (x->query_length = mig__packet_query(name, type, id, recursive, plain, x->query)) == 0) {
            return 0;
        }
        size_t length = ask_udp(x, begun + all * attempt / TRIES);
        if (length > 0 && !plain && dislikes_edns(x->message, length)) {
            plain = true;
            continue;
        }
        if (length > 0 && (x->message[2] & 0x02) != 0) { /* TC */
            length = ask_tcp(x);
        }
        if (length > 0 || mig__now_ms() >= x->deadline) {
            return length;
        }
    }
    return 0;
}

void mig__exchange(const char *server, const char *name, mig__rr type, bool recursive, int timeout_ms, mig__answer *out)
{
    exchange x = {.deadline = mig__now_ms() + timeout_ms, .message = malloc(MOST_MESSAGE)};
    mig__answer_clear(out);
    out->status = MIG__DNS_TIMEOUT;
    if (x.message != NULL && mig__server_parse(server, 53, &x.to, &x.to_length, NULL) == 0) {
        const size_t length = ask(&x, name, type, recursive);
        if (length > 0 && !mig__packet_read(x.message, length, name, type, out)) {
            mig__answer_clear(out);
            out->status = MIG__DNS_SERVFAIL;
            snprintf(out->why, sizeof out->why, "out of memory");
        } else if (length == 0) {
            snprintf(out->why, sizeof out->why, "%s", x.why);
        }
    }
    snprintf(out->server, sizeof out->server, "%s", server);
    free(x.message);
}
