/*
 * net/connect.c - happy eyeballs (RFC 8305 section 5) with non-blocking connects and one poll
 *
 * The answer of getaddrinfo comes in the order of RFC 6724, which puts the family first that works best from here; the
 * families then take turns, so that a dead one costs 250 ms and not the whole deadline.
 */
#include "net/connect.h"
#include "base/clock.h"
#include "net/wait.h"
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define ATTEMPT_DELAY_MS 250 /* RFC 8305 section 8, "Connection Attempt Delay" */
#define ATTEMPTS_MAX     32

struct attempt {
    const struct addrinfo *address;
    int fd; /* -1: not started, or over */
    int errnum;
};

struct race {
    struct attempt attempts[ATTEMPTS_MAX];
    size_t count;
    size_t started;
    size_t running;
    int64_t next_start; /* when the next attempt begins even though others are running */
};

/* Families in turn, beginning with that of the first address (RFC 8305 section 4). */
static void line_up(const struct addrinfo *addresses, struct race *race)
{
    const struct addrinfo *lists[2] = {addresses, addresses};
    int first = addresses != NULL ? addresses->ai_family : AF_UNSPEC;
    int side = 0;

    memset(race, 0, sizeof *race);
    while (race->count < ATTEMPTS_MAX && (lists[0] != NULL || lists[1] != NULL)) {
        const struct addrinfo *next = lists[side];

        while (next != NULL && (next->ai_family == first) != (side == 0)) {
            next = next->ai_next;
        }
        if (next != NULL) {
            race->attempts[race->count].address = next;
            race->attempts[race->count].fd = -1;
            race->count++;
        }
        lists[side] = next != NULL ? next->ai_next : NULL;
        side = !side;
    }
}

/*
 * TCP_NODELAY because we gather pieces ourselves; keep-alive so that a peer that vanished is noticed within about three
 * minutes also while we only wait.
 */
static void set_options(int fd)
{
    const int on = 1, idle = 60, interval = 30, probes = 4;

    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    (void)setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
    (void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle, sizeof idle);
    (void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &interval, sizeof interval);
    (void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &probes, sizeof probes);
}

/* Returns the descriptor when the connection stands at once, -1 when it does not (yet). */
static int start(struct race *race)
{
    struct attempt *next = &race->attempts[race->started++];
    const struct addrinfo *to = next->address;

    race->next_start = mig__now_ms() + ATTEMPT_DELAY_MS;
    next->fd = socket(to->ai_family, to->ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC, to->ai_protocol);
    if (next->fd < 0) {
        next->errnum = errno;
        return -1;
    }
    set_options(next->fd);
    if (connect(next->fd, to->ai_addr, to->ai_addrlen) == 0) {
        return next->fd;
    }
    if (errno == EINPROGRESS || errno == EINTR) {
        race->running++;
        return -1;
    }
    next->errnum = errno;
    close(next->fd);
    next->fd = -1;
    return -1;
}

/* Returns a connected descriptor, or -1 when none of those that poll found ready is one. */
static int collect(struct race *race, const struct pollfd *ready, struct attempt *const *owners, nfds_t count)
{
    for (nfds_t i = 0; i < count; i++) {
        struct attempt *one = owners[i];
        int errnum = 0;
        socklen_t size = sizeof errnum;

        if (!ready[i].revents) {
            continue;
        }
        if (getsockopt(one->fd, SOL_SOCKET, SO_ERROR, &errnum, &size) != 0) {
            errnum = errno;
        }
        if (!errnum) {
            return one->fd;
        }
        one->errnum = errnum;
        close(one->fd);
        one->fd = -1;
        race->running--;
    }
    return -1;
}

/* How a race stands after a step. */
enum outcome {
    RUNNING,
    WON,        /* *winner is connected */
    LOST,       /* all attempts have failed, or the deadline has passed */
    INTERRUPTED /* waiting itself failed, `err` is filled */
};

static enum outcome step(struct race *race, const mig_stop *stop, int64_t deadline, int *winner, mig_error *err)
{
    struct pollfd entries[ATTEMPTS_MAX];
    struct attempt *owners[ATTEMPTS_MAX];
    nfds_t count = 0;
    int64_t until = deadline;
    int ready;

    while (race->started < race->count && (!race->running || mig__now_ms() >= race->next_start)) {
        *winner = start(race);
        if (*winner >= 0) {
            return WON;
        }
    }
    for (size_t i = 0; i < race->started; i++) {
        if (race->attempts[i].fd < 0) {
            continue;
        }
        entries[count] = (struct pollfd){.fd = race->attempts[i].fd, .events = POLLOUT};
        owners[count++] = &race->attempts[i];
    }
    if (!count) {
        return LOST;
    }
    if (race->started < race->count && race->next_start < until) {
        until = race->next_start;
    }
    ready = mig__wait(entries, count, until, stop, err);
    if (ready < 0) {
        return INTERRUPTED;
    }
    if (ready == 0) {
        return mig__now_ms() >= deadline ? LOST : RUNNING;
    }
    *winner = collect(race, entries, owners, count);
    return *winner >= 0 ? WON : RUNNING;
}

/* "192.0.2.1: Connection refused; 2001:db8::1: Network is unreachable" */
static void describe(const struct race *race, char *out, size_t size)
{
    size_t length = 0;

    out[0] = '\0';
    for (size_t i = 0; i < race->started; i++) {
        const struct attempt *one = &race->attempts[i];
        char address[INET6_ADDRSTRLEN + 20] = "?";
        char reason[128] = "no answer";
        int n;

        (void)getnameinfo(one->address->ai_addr, one->address->ai_addrlen, address, sizeof address, NULL, 0,
                          NI_NUMERICHOST);
        if (one->errnum && strerror_r(one->errnum, reason, sizeof reason) != 0) {
            (void)snprintf(reason, sizeof reason, "error %d", one->errnum);
        }
        n = snprintf(out + length, size - length, "%s%s: %s", length ? "; " : "", address, reason);
        if (n < 0 || (size_t)n >= size - length) {
            return;
        }
        length += (size_t)n;
    }
}

static int connect_error(const struct race *race, const char *host, uint16_t port, bool timeout, mig_error *err)
{
    char reasons[512];

    for (size_t i = 0; i < race->started; i++) {
        int errnum = race->attempts[i].errnum;
        if (errnum == EMFILE || errnum == ENFILE || errnum == ENOMEM ||
            errnum == ENOBUFS) { /* not the server's fault */
            return mig_error_errno(err, MIG_E_NOMEM, errnum, "connecting to %s port %u", host, (unsigned)port);
        }
    }
    describe(race, reasons, sizeof reasons);
    mig_error_set(err, timeout ? MIG_E_TIMEOUT : MIG_E_CONNECT, "cannot connect to %s port %u (%s)", host,
                  (unsigned)port, reasons);
    return mig_error_hint(err, timeout ? "check the host name and port, and whether a firewall drops the connection"
                                       : "check the host name and port, and that the IMAP server is running");
}

int mig__connect_addresses(const struct addrinfo *addresses, const char *host, uint16_t port, const mig_stop *stop,
                           int64_t deadline, mig_error *err)
{
    struct race race;
    enum outcome outcome = RUNNING;
    int fd = -1;

    line_up(addresses, &race);
    while (outcome == RUNNING) {
        outcome = step(&race, stop, deadline, &fd, err);
    }
    for (size_t i = 0; i < race.count; i++) {
        if (race.attempts[i].fd >= 0 && race.attempts[i].fd != fd) {
            close(race.attempts[i].fd);
        }
    }
    if (outcome == LOST) {
        return connect_error(&race, host, port, race.running > 0, err);
    }
    if (outcome == INTERRUPTED) {
        return mig_error_context(err, "connecting to %s port %u", host, (unsigned)port);
    }
    return fd;
}

static bool address_is_local(const struct sockaddr *address)
{
    if (address->sa_family == AF_UNIX) {
        return true;
    }
    if (address->sa_family == AF_INET) {
        struct sockaddr_in v4;
        memcpy(&v4, address, sizeof v4);
        return ntohl(v4.sin_addr.s_addr) >> 24 == 127;
    }
    if (address->sa_family == AF_INET6) {
        struct sockaddr_in6 v6;
        memcpy(&v6, address, sizeof v6);
        return IN6_IS_ADDR_LOOPBACK(&v6.sin6_addr) ||
               (IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr) && v6.sin6_addr.s6_addr[12] == 127);
    }
    return false;
}

int mig__connect(const char *host, uint16_t port, bool local_only, const mig_stop *stop, int64_t deadline,
                 mig_error *err)
{
    struct addrinfo *addresses;
    bool local = true;
    int fd;

    if (mig__resolve(host, port, stop, deadline, &addresses, err) != 0) {
        return -1;
    }
    for (const struct addrinfo *at = addresses; at != NULL; at = at->ai_next) {
        local = local && address_is_local(at->ai_addr);
    }
    fd = local || !local_only ? mig__connect_addresses(addresses, host, port, stop, deadline, err) : MIG__NOT_LOCAL;
    freeaddrinfo(addresses);
    return fd;
}

bool mig__peer_is_local(int fd)
{
    struct sockaddr_storage peer = {0};
    socklen_t size = sizeof peer;

    return getpeername(fd, (struct sockaddr *)&peer, &size) == 0 && address_is_local((struct sockaddr *)&peer);
}
