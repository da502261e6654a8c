/*
 * net/login_listen.c - the redirection of the browser to this machine (RFC 8252 section 7.3), or its URL as a line
 *
 * Any page in the browser, and any program here, can connect to the port: what has not our state is turned away, and
 * waiting goes on.
 */
#include "base/clock.h"
#include "net/login_private.h"
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { LONGEST = 8192, REQUEST_MS = 5000 };

static int open_socket(int family, uint16_t port)
{
    struct sockaddr_in four = {.sin_family = AF_INET, .sin_port = htons(port)};
    struct sockaddr_in6 six = {.sin6_family = AF_INET6, .sin6_port = htons(port), .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    four.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const struct sockaddr *address = family == AF_INET ? (const struct sockaddr *)&four : (const struct sockaddr *)&six;
    const socklen_t length = family == AF_INET ? sizeof four : sizeof six;
    const int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd >= 0 && (bind(fd, address, length) != 0 || listen(fd, 8) != 0)) {
        close(fd);
        return -1;
    }
    return fd;
}

int mig__listener_open(mig__listener *listener, mig_error *err)
{
    struct sockaddr_in own;
    socklen_t length = sizeof own;
    *listener = (mig__listener){.fds = {open_socket(AF_INET, 0), -1}};
    if (listener->fds[0] < 0 || getsockname(listener->fds[0], (struct sockaddr *)&own, &length) != 0) {
        mig__listener_close(listener);
        return mig_error_errno(err, MIG_E_IO, errno, "no port of this machine can be listened at");
    }
    listener->port = ntohs(own.sin_port);
    listener->fds[1] = open_socket(AF_INET6, listener->port); /* "localhost" may be either */
    return 0;
}

void mig__listener_close(mig__listener *listener)
{
    for (int i = 0; i < 2; i++) {
        if (listener->fds[i] >= 0) {
            close(listener->fds[i]);
        }
        listener->fds[i] = -1;
    }
}

/* The head of a request; its length, 0: none came in time. */
static size_t read_head(int fd, char *out, size_t size)
{
    const int64_t until = mig__now_ms() + REQUEST_MS;
    size_t used = 0;
    while (used + 1 < size) {
        struct pollfd ready = {.fd = fd, .events = POLLIN};
        const int64_t left = until - mig__now_ms();
        if (left <= 0 || poll(&ready, 1, (int)left) <= 0) {
            return 0;
        }
        const ssize_t got = recv(fd, out + used, size - 1 - used, 0);
        if (got <= 0) {
            return 0;
        }
        used += (size_t)got;
        out[used] = '\0';
        if (strstr(out, "\r\n\r\n") != NULL) {
            return used;
        }
    }
    return 0;
}

static void reply(int fd, const char *status, const char *words)
{
    char body[512], head[512];
    const int length = snprintf(body, sizeof body,
                                "<!DOCTYPE html><html lang=\"en\"><meta charset=\"utf-8\"><title>mailmigrate</title>"
                                "<p>%s</p></html>\n",
                                words);
    const int head_length = snprintf(head, sizeof head,
                                     "HTTP/1.1 %s\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: %d\r\n"
                                     "Cache-Control: no-store\r\nReferrer-Policy: no-referrer\r\n"
                                     "Content-Security-Policy: default-src 'none'\r\nConnection: close\r\n\r\n",
                                     status, length);
    if (send(fd, head, (size_t)head_length, MSG_NOSIGNAL) == head_length) {
        (void)!send(fd, body, (size_t)length, MSG_NOSIGNAL);
    }
}

/* True: it has the answer. */
static bool serve(int fd, const char *state, mig__login_answer *out)
{
    char head[LONGEST];
    bool ours = false;
    const size_t length = read_head(fd, head, sizeof head);
    const char *target = length > 4 && strncmp(head, "GET ", 4) == 0 ? head + 4 : NULL;
    const size_t width = target != NULL ? strcspn(target, " \r\n") : 0;
    if (target == NULL) {
        reply(fd, "400 Bad Request", "This is no request that mailmigrate waits for.");
    } else if (strncmp(target, "/?", 2) != 0) {
        reply(fd, "404 Not Found", "There is nothing here.");
    } else if (!mig__login_parse(target, width, out) || !mig__login_is_ours(out, state)) {
        reply(fd, "400 Bad Request", "This is not the answer that mailmigrate waits for.");
    } else {
        ours = true;
        reply(fd, "200 OK", "mailmigrate has the answer. The terminal says how it went on; this window can be closed.");
    }
    explicit_bzero(head, sizeof head);
    return ours;
}

/* A line that a person pastes: the URL that the browser could not open. */
static bool take_line(int *paste, const char *state, mig__login_answer *out)
{
    char line[LONGEST];
    const ssize_t got = read(*paste, line, sizeof line - 1);
    if (got <= 0) {
        *paste = -1;
        return false;
    }
    line[got] = '\0';
    const bool ours = mig__login_parse(line, strcspn(line, " \r\n"), out) && mig__login_is_ours(out, state);
    explicit_bzero(line, sizeof line);
    return ours;
}

int mig__listener_wait(const mig__listener *listener, int paste, const char *state, int64_t until, const mig_stop *stop,
                       mig__login_answer *out, mig_error *err)
{
    while (mig_stop_level(stop) == 0 && mig__now_ms() < until) {
        struct pollfd ready[3] = {{.fd = listener->fds[0], .events = POLLIN},
                                  {.fd = listener->fds[1], .events = POLLIN},
                                  {.fd = paste, .events = POLLIN}};
        if (poll(ready, 3, 200) <= 0) {
            continue;
        }
        for (int i = 0; i < 2; i++) {
            const int fd = (ready[i].revents & POLLIN) != 0 ? accept(listener->fds[i], NULL, NULL) : -1;
            const bool done = fd >= 0 && serve(fd, state, out);
            if (fd >= 0) {
                close(fd);
            }
            if (done) {
                return 0;
            }
        }
        if (ready[2].revents != 0 && take_line(&paste, state, out)) {
            return 0;
        }
    }
    explicit_bzero(out, sizeof *out);
    return mig_stop_level(stop) > 0 ? mig_error_set(err, MIG_E_INTERRUPTED, "stopped while waiting for the sign-in")
                                    : mig_error_set(err, MIG_E_TIMEOUT, "nobody signed in in time");
}
