/*
 * A line for measurements: relays TCP connections and holds every octet for a set time in each direction, with no limit
 * on what is in flight but 64 MiB a direction, and a rate if one is given. One thread, no copy beyond one.
 *
 *   bench_relay HOST PORT DELAY_MS [RATE]     RATE: octets a second in each direction, of a connection
 *
 * Listens on a free port of 127.0.0.1, prints its number, and ends when standard input does. (tests/lib/relay.py is the
 * one with faults; it is too slow to be measured through.)
 */
#define _GNU_SOURCE /* ppoll */
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { MOST_CONNECTIONS = 128, PIECE = 256 * 1024, IN_FLIGHT = 64 << 20 };

typedef struct chunk {
    struct chunk *next;
    int64_t due; /* ns */
    size_t size, sent;
    char data[];
} chunk;

typedef struct direction {
    int from, to;
    chunk *head, *tail;
    size_t waiting;    /* octets */
    int64_t line_free; /* when the line has taken what is on it, with a rate */
    bool ended;        /* nothing more comes */
    bool passed_on;    /* and the other end knows */
} direction;

typedef struct pair {
    direction up, down; /* client to server, server to client */
} pair;

typedef struct relay {
    const char *host, *port;
    int64_t delay; /* ns */
    int64_t rate;
    int listener;
    pair pairs[MOST_CONNECTIONS];
    size_t count;
} relay;

static _Noreturn void die(const char *what)
{
    fprintf(stderr, "bench_relay: %s: %s\n", what, strerror(errno));
    exit(1);
}

static int64_t now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static void make_ready(int fd)
{
    int one = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if (fcntl(fd, F_SETFL, O_NONBLOCK) != 0) {
        die("fcntl");
    }
}

static int listen_on_loopback(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&address, length) != 0 || listen(fd, 64) != 0 ||
        getsockname(fd, (struct sockaddr *)&address, &length) != 0) {
        die("cannot listen");
    }
    printf("%d\n", ntohs(address.sin_port));
    fflush(stdout);
    return fd;
}

static int connect_on(const relay *r)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *found = NULL;
    if (getaddrinfo(r->host, r->port, &hints, &found) != 0) {
        return -1;
    }
    int fd = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && connect(fd, found->ai_addr, found->ai_addrlen) != 0) {
        close(fd);
        fd = -1;
    }
    freeaddrinfo(found);
    return fd;
}

static void accept_one(relay *r)
{
    int client = accept(r->listener, NULL, NULL);
    int server = client >= 0 && r->count < MOST_CONNECTIONS ? connect_on(r) : -1;
    if (server < 0) {
        if (client >= 0) {
            close(client);
        }
        return;
    }
    make_ready(client);
    make_ready(server);
    r->pairs[r->count++] = (pair){.up = {.from = client, .to = server}, .down = {.from = server, .to = client}};
}

/* False: the connection is broken. */
static bool take_in(const relay *r, direction *d)
{
    static char piece[PIECE];
    size_t most = r->rate > 0 && r->rate / 50 < PIECE ? (size_t)(r->rate / 50) + 1 : PIECE;
    ssize_t got = read(d->from, piece, most);
    if (got <= 0) {
        d->ended = got == 0;
        return got == 0 || errno == EAGAIN || errno == EINTR;
    }
    chunk *c = malloc(sizeof *c + (size_t)got);
    if (c == NULL) {
        die("malloc");
    }
    int64_t arrived = now();
    if (r->rate > 0) {
        d->line_free = (d->line_free > arrived ? d->line_free : arrived) + got * 1000000000LL / r->rate;
        arrived = d->line_free;
    }
    *c = (chunk){.due = arrived + r->delay, .size = (size_t)got};
    memcpy(c->data, piece, c->size);
    *(d->tail == NULL ? &d->head : &d->tail->next) = c;
    d->tail = c;
    d->waiting += c->size;
    return true;
}

/* Send what is due. False: the connection is broken. */
static bool give_out(direction *d, int64_t time)
{
    while (d->head != NULL && d->head->due <= time) {
        chunk *c = d->head;
        ssize_t sent = send(d->to, c->data + c->sent, c->size - c->sent, MSG_NOSIGNAL);
        if (sent < 0) {
            return errno == EAGAIN || errno == EINTR;
        }
        c->sent += (size_t)sent;
        d->waiting -= (size_t)sent;
        if (c->sent < c->size) {
            return true;
        }
        d->head = c->next;
        d->tail = d->head == NULL ? NULL : d->tail;
        free(c);
    }
    if (d->ended && d->head == NULL && !d->passed_on) {
        shutdown(d->to, SHUT_WR);
        d->passed_on = true;
    }
    return true;
}

static void drop(relay *r, size_t index)
{
    pair *p = &r->pairs[index];
    close(p->up.from);
    close(p->down.from);
    for (direction *d = &p->up; d <= &p->down; d++) {
        while (d->head != NULL) {
            chunk *c = d->head;
            d->head = c->next;
            free(c);
        }
    }
    *p = r->pairs[--r->count];
}

/* What to wait for on the end that `in` reads from and `out` writes to; *until: when the next octets are due. */
static struct pollfd wish(const direction *in, const direction *out, int64_t time, int64_t *until)
{
    struct pollfd p = {.fd = in->from};
    if (!in->ended && in->waiting < IN_FLIGHT) {
        p.events |= POLLIN;
    }
    if (out->head != NULL && out->head->due <= time) {
        p.events |= POLLOUT;
    } else if (out->head != NULL && out->head->due < *until) {
        *until = out->head->due;
    }
    if (p.events == 0) {
        p.fd = -1;
    }
    return p;
}

static bool serve_pair(const relay *r, pair *p, const struct pollfd *client, const struct pollfd *server)
{
    const short in = POLLIN | POLLHUP | POLLERR;
    if (((client->revents & in) && !p->up.ended && !take_in(r, &p->up)) ||
        ((server->revents & in) && !p->down.ended && !take_in(r, &p->down))) {
        return false;
    }
    int64_t time = now();
    return give_out(&p->up, time) && give_out(&p->down, time) && !(p->up.passed_on && p->down.passed_on);
}

static void serve(relay *r)
{
    struct pollfd polls[2 + 2 * MOST_CONNECTIONS];
    for (;;) {
        int64_t time = now(), until = INT64_MAX;
        polls[0] = (struct pollfd){.fd = STDIN_FILENO, .events = POLLIN};
        polls[1] = (struct pollfd){.fd = r->listener, .events = POLLIN};
        for (size_t i = 0; i < r->count; i++) {
            pair *p = &r->pairs[i];
            polls[2 + 2 * i] = wish(&p->up, &p->down, time, &until);
            polls[3 + 2 * i] = wish(&p->down, &p->up, time, &until);
        }
        int64_t pause = until > time ? until - time : 0;
        struct timespec timeout = {.tv_sec = pause / 1000000000, .tv_nsec = pause % 1000000000};
        if (ppoll(polls, 2 + 2 * r->count, until == INT64_MAX ? NULL : &timeout, NULL) < 0 && errno != EINTR) {
            die("poll");
        }
        if (polls[0].revents != 0) {
            return;
        }
        for (size_t i = r->count; i-- > 0;) {
            if (!serve_pair(r, &r->pairs[i], &polls[2 + 2 * i], &polls[3 + 2 * i])) {
                drop(r, i);
            }
        }
        if (polls[1].revents != 0) {
            accept_one(r);
        }
    }
}

int main(int argc, char **argv)
{
    static relay r;
    if (argc < 4) {
        fprintf(stderr, "usage: bench_relay HOST PORT DELAY_MS [RATE]\n");
        return 2;
    }
    signal(SIGPIPE, SIG_IGN);
    r.host = argv[1];
    r.port = argv[2];
    r.delay = strtol(argv[3], NULL, 10) * 1000000;
    r.rate = argc > 4 ? strtoll(argv[4], NULL, 10) : 0;
    r.listener = listen_on_loopback();
    serve(&r);
    return 0;
}
