/*
 * What the servers themselves can do, a client's share taken out (RFC 3501, 3502, 7888):
 *
 *   bench_canned fetch HOST PORT USER MAILBOX...          EXAMINE and UID FETCH of all mailboxes sent at once, drained
 *   bench_canned append|multi HOST PORT USER CONNECTIONS  pipelined APPENDs, or MULTIAPPENDs of 100 messages, LITERAL+
 *
 * The password is in CANNED_PASSWORD. The messages to append come on standard input, each as a line
 * `MAILBOX FLAGS DATE SIZE` (FLAGS and DATE as APPEND takes them) followed by SIZE octets; they are made into streams
 * before the clock starts, and each connection gets an equal run of them. Prints one line of JSON: seconds, octets.
 */
#define _GNU_SOURCE /* memmem */
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define TAG "zqbench" /* begins no line of real mail */

enum { BATCH = 100, MOST_CONNECTIONS = 64, PIECE = 256 * 1024 };

typedef struct buffer {
    char *data;
    size_t length, room;
} buffer;

typedef struct message {
    char *mailbox;
    char *attributes; /* flags and date */
    char *octets;
    size_t size;
} message;

typedef struct connection {
    int fd;
    buffer out;
    size_t sent;
    size_t commands, answered;
    char line[64]; /* the beginning of the line that is arriving */
    size_t line_length;
} connection;

static _Noreturn void die(const char *what)
{
    fprintf(stderr, "bench_canned: %s%s%s\n", what, errno != 0 ? ": " : "", errno != 0 ? strerror(errno) : "");
    exit(1);
}

static void *allocate(void *old, size_t size)
{
    void *data = realloc(old, size);
    if (data == NULL) {
        die("out of memory");
    }
    return data;
}

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void add(buffer *b, const char *data, size_t length)
{
    if (b->length + length > b->room) {
        b->room = (b->length + length) * 2;
        b->data = allocate(b->data, b->room);
    }
    memcpy(b->data + b->length, data, length);
    b->length += length;
}

__attribute__((format(printf, 2, 3))) static void add_text(buffer *b, const char *format, ...)
{
    char text[2048];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (length < 0 || (size_t)length >= sizeof text) {
        die("a line is too long");
    }
    add(b, text, (size_t)length);
}

/* ---- connecting ---- */

static int connect_to(const char *host, const char *port)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *found = NULL;
    if (getaddrinfo(host, port, &hints, &found) != 0) {
        die("no such host");
    }
    int fd = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || connect(fd, found->ai_addr, found->ai_addrlen) != 0) {
        die("cannot connect");
    }
    freeaddrinfo(found);
    int one = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    return fd;
}

/* Read until a whole line begins with `tag`; only while few octets are expected. */
static void expect(int fd, const char *tag)
{
    char text[16384];
    size_t length = 0;
    while (length < sizeof text - 1) {
        ssize_t got = read(fd, text + length, sizeof text - 1 - length);
        if (got <= 0) {
            die("the server ended the connection");
        }
        length += (size_t)got;
        text[length] = 0;
        const char *line = strncmp(text, tag, strlen(tag)) == 0 ? text : strstr(text, tag);
        if (line != NULL && text[length - 1] == '\n') {
            if (strncmp(line + strlen(tag), " OK", 3) != 0) {
                errno = 0;
                die(line);
            }
            return;
        }
    }
    die("unexpected words of the server");
}

static int log_in(const char *host, const char *port, const char *user)
{
    const char *password = getenv("CANNED_PASSWORD");
    buffer b = {0};
    int fd = connect_to(host, port);
    add_text(&b, TAG " LOGIN \"%s\" \"%s\"\r\n", user, password != NULL ? password : "");
    if (write(fd, b.data, b.length) != (ssize_t)b.length) {
        die("cannot write");
    }
    free(b.data);
    expect(fd, TAG);
    return fd;
}

/* ---- FETCH ---- */

static void run_fetch(int fd, char **mailboxes)
{
    static char piece[PIECE + 64];
    const char *end = "\r\n" TAG "end ";
    const size_t end_length = strlen(end);
    buffer b = {0};
    for (size_t i = 0; mailboxes[i] != NULL; i++) {
        add_text(&b, TAG " EXAMINE \"%s\"\r\n%s UID FETCH 1:* (UID FLAGS INTERNALDATE BODY.PEEK[])\r\n", mailboxes[i],
                 mailboxes[i + 1] == NULL ? TAG "end" : TAG);
    }
    double start = now();
    if (write(fd, b.data, b.length) != (ssize_t)b.length) {
        die("cannot write");
    }
    unsigned long long octets = 0;
    size_t kept = 0;
    const char *found;
    for (;;) {
        ssize_t got = read(fd, piece + kept, PIECE);
        if (got <= 0) {
            die("the server ended the connection");
        }
        octets += (unsigned long long)got;
        size_t length = kept + (size_t)got;
        found = memmem(piece, length, end, end_length);
        if (found != NULL && length - (size_t)(found - piece) >= end_length + 2) {
            break;
        }
        /* The tag, or what may be its beginning, stays for the next look. */
        kept = found != NULL ? length - (size_t)(found - piece) : length < end_length ? length : end_length;
        memmove(piece, piece + length - kept, kept);
    }
    double seconds = now() - start;
    if (strncmp(found + end_length, "OK", 2) != 0) {
        errno = 0;
        die("the last FETCH was refused");
    }
    printf("{\"seconds\": %.6f, \"octets\": %llu}\n", seconds, octets);
    free(b.data);
}

/* ---- APPEND ---- */

static message *read_messages(size_t *count)
{
    message *list = NULL;
    char *line = NULL;
    size_t room = 0;
    ssize_t length;
    while ((length = getline(&line, &room, stdin)) > 0) {
        char *first = strchr(line, ' '), *last = strrchr(line, ' ');
        if (first == NULL || first == last) {
            errno = 0;
            die("a message without its line");
        }
        *first = *last = 0;
        list = allocate(list, (*count + 1) * sizeof *list);
        message *m = &list[(*count)++];
        m->size = strtoul(last + 1, NULL, 10);
        m->mailbox = strdup(line);
        m->attributes = strdup(first + 1);
        m->octets = allocate(NULL, m->size + 1);
        if (m->mailbox == NULL || m->attributes == NULL || fread(m->octets, 1, m->size, stdin) != m->size) {
            die("a message is cut short");
        }
    }
    free(line);
    return list;
}

static void make_stream(connection *c, const message *list, size_t count, bool multi)
{
    const char *mailbox = NULL;
    size_t in_batch = 0;
    for (size_t i = 0; i < count; i++) {
        const message *m = &list[i];
        if (multi && mailbox != NULL && in_batch < BATCH && strcmp(mailbox, m->mailbox) == 0) {
            add_text(&c->out, " %s {%zu+}\r\n", m->attributes, m->size);
            in_batch++;
        } else {
            add_text(&c->out, "%s" TAG " APPEND \"%s\" %s {%zu+}\r\n", mailbox != NULL ? "\r\n" : "", m->mailbox,
                     m->attributes, m->size);
            c->commands++;
            in_batch = 1;
        }
        add(&c->out, m->octets, m->size);
        mailbox = m->mailbox;
    }
    add_text(&c->out, "\r\n");
}

static void take_answers(connection *c, const char *data, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if (data[i] != '\n') {
            if (c->line_length < sizeof c->line - 1) {
                c->line[c->line_length++] = data[i];
            }
            continue;
        }
        c->line[c->line_length] = 0;
        c->line_length = 0;
        if (strncmp(c->line, TAG " ", strlen(TAG) + 1) == 0) {
            if (strncmp(c->line + strlen(TAG), " OK", 3) != 0) {
                errno = 0;
                die(c->line);
            }
            c->answered++;
        }
    }
}

static void move(connection *c, short events)
{
    static char piece[PIECE];
    if ((events & POLLOUT) && c->sent < c->out.length) {
        ssize_t sent = send(c->fd, c->out.data + c->sent, c->out.length - c->sent, MSG_NOSIGNAL);
        if (sent < 0 && errno != EAGAIN) {
            die("cannot write");
        }
        c->sent += sent > 0 ? (size_t)sent : 0;
    }
    if (events & (POLLIN | POLLHUP | POLLERR)) {
        ssize_t got = read(c->fd, piece, sizeof piece);
        if (got == 0 || (got < 0 && errno != EAGAIN)) {
            die("the server ended the connection");
        }
        take_answers(c, piece, got > 0 ? (size_t)got : 0);
    }
}

static void feed(connection *connections, size_t count)
{
    struct pollfd polls[MOST_CONNECTIONS];
    for (;;) {
        nfds_t waiting = 0;
        connection *which[MOST_CONNECTIONS];
        for (size_t i = 0; i < count; i++) {
            connection *c = &connections[i];
            if (c->answered < c->commands) {
                which[waiting] = c;
                polls[waiting++] =
                    (struct pollfd){.fd = c->fd, .events = (short)(POLLIN | (c->sent < c->out.length ? POLLOUT : 0))};
            }
        }
        if (waiting == 0) {
            return;
        }
        if (poll(polls, waiting, -1) < 0 && errno != EINTR) {
            die("poll");
        }
        for (nfds_t i = 0; i < waiting; i++) {
            move(which[i], polls[i].revents);
        }
    }
}

static void run_append(const char *host, const char *port, const char *user, size_t count, bool multi)
{
    static connection connections[MOST_CONNECTIONS];
    size_t messages = 0;
    message *list = read_messages(&messages);
    unsigned long long octets = 0;
    for (size_t i = 0; i < count; i++) {
        size_t from = messages * i / count, to = messages * (i + 1) / count;
        make_stream(&connections[i], list + from, to - from, multi);
        octets += connections[i].out.length;
        connections[i].fd = log_in(host, port, user);
        if (fcntl(connections[i].fd, F_SETFL, O_NONBLOCK) != 0) {
            die("fcntl");
        }
    }
    double start = now();
    feed(connections, count);
    printf("{\"seconds\": %.6f, \"octets\": %llu}\n", now() - start, octets);
    for (size_t i = 0; i < count; i++) {
        close(connections[i].fd);
        free(connections[i].out.data);
    }
    for (size_t i = 0; i < messages; i++) {
        free(list[i].mailbox);
        free(list[i].attributes);
        free(list[i].octets);
    }
    free(list);
}

int main(int argc, char **argv)
{
    if (argc < 6) {
        fprintf(stderr, "usage: bench_canned fetch HOST PORT USER MAILBOX...\n"
                        "       bench_canned append|multi HOST PORT USER CONNECTIONS <MESSAGES\n");
        return 2;
    }
    errno = 0;
    if (strcmp(argv[1], "fetch") == 0) {
        int fd = log_in(argv[2], argv[3], argv[4]);
        run_fetch(fd, argv + 5);
        close(fd);
        return 0;
    }
    unsigned long count = strtoul(argv[5], NULL, 10);
    if (count < 1 || count > MOST_CONNECTIONS) {
        die("1 to 64 connections");
    }
    run_append(argv[2], argv[3], argv[4], count, strcmp(argv[1], "multi") == 0);
    return 0;
}
