/*
 * scanner/clamd.c - the dialogue with clamd (clamd(8), IDSESSION)
 *
 * Commands are numbered by their order, and answers say which one is meant, since clamd works on several at once. So
 * messages go out one behind the other, and what it says is read meanwhile. A message above its StreamMaxLength ends
 * the session, with an answer for that one message; what else was under way has none then.
 */
#include "scanner/clamd.h"
#include "base/clock.h"
#include "net/connect.h"
#include "net/wait.h"
#include "net/wire.h"
#include "scanner/answer.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum {
    WINDOW = 32,       /* messages under way: fewer than clamd queues (MaxQueue) */
    PIECE = 64 * 1024, /* of a file */
    HEAD = 14,         /* octets of "zINSTREAM", its NUL and a length */
    TAIL = 4           /* of the length 0 that ends a stream */
};

struct mig__clamd {
    mig__wire wire;
    const mig_stop *stop;
    int64_t silence_ms, used_ms;
    int64_t database;
    bool local;
    bool mute;        /* nothing can be sent any more: what it has said is still read */
    uint32_t next_id; /* of the next command */
    size_t gathered;  /* octets of the answer that is arriving */
    char answer[MIG__ANSWER_MOST];
    char *piece; /* PIECE octets of a file; NULL: not needed yet */
};

typedef struct exchange {
    mig__clamd *clamd;
    mig__scanner_item *const *items;
    size_t count, sent, answered; /* sent: whole items */
    uint64_t place;               /* octets of the next one that went out, with head and tail */
    uint32_t first_id;
} exchange;

/* ---- sending ---- */

static uint64_t octets_of(const mig__scanner_item *item)
{
    return item->size == 0 ? HEAD : HEAD + item->size + TAIL; /* a length 0 is the end */
}

static void make_head(const mig__scanner_item *item, char out[HEAD])
{
    uint32_t size = (uint32_t)item->size;
    memcpy(out, "zINSTREAM", 10);
    for (int i = 0; i < 4; i++) {
        out[10 + i] = (char)(size >> (24 - 8 * i));
    }
}

/* Octets of the message from `at` on: in memory, or read from its file. */
static int data_at(exchange *x, const mig__scanner_item *item, uint64_t at, struct iovec *out, mig_error *err)
{
    mig__clamd *c = x->clamd;
    uint64_t left = item->size - at;
    if (item->octets != NULL) {
        *out = (struct iovec){(char *)item->octets + at, (size_t)left};
        return 0;
    }
    if (c->piece == NULL && (c->piece = malloc(PIECE)) == NULL) {
        return mig_error_set(err, MIG_E_NOMEM, "out of memory");
    }
    ssize_t got;
    do {
        got = pread(item->fd, c->piece, left < PIECE ? (size_t)left : PIECE, (off_t)at);
    } while (got < 0 && errno == EINTR);
    if (got <= 0) {
        return mig_error_errno(err, MIG_E_IO, got < 0 ? errno : EIO, "cannot read a large message back to scan it");
    }
    *out = (struct iovec){c->piece, (size_t)got};
    return 0;
}

/* A step of sending the next message by its octets. */
static int send_stream(exchange *x, const mig__scanner_item *item, mig__io *io, mig_error *err)
{
    static char tail[TAIL];
    char head[HEAD];
    struct iovec pieces[3];
    int count = 0;
    size_t sent = 0;
    uint64_t at = x->place;
    if (at < HEAD) {
        make_head(item, head);
        pieces[count++] = (struct iovec){head + at, HEAD - (size_t)at};
        at = HEAD;
    }
    if (at < HEAD + item->size) {
        if (data_at(x, item, at - HEAD, &pieces[count], err) != 0) {
            return -1;
        }
        at += pieces[count++].iov_len;
    }
    if (item->size > 0 && at >= HEAD + item->size) {
        size_t done = (size_t)(at - HEAD - item->size);
        pieces[count++] = (struct iovec){tail + done, TAIL - done};
    }
    *io = mig__wire_send(&x->clamd->wire, pieces, count, &sent);
    x->place += sent;
    return 0;
}

/* The file itself: its descriptor goes along with one octet. */
static mig__io send_descriptor(exchange *x, const mig__scanner_item *item)
{
    static char command[] = "zFILDES";
    union {
        struct cmsghdr header;
        char room[CMSG_SPACE(sizeof(int))];
    } control = {.room = {0}};
    struct iovec one = {command + sizeof command - 1, 1};
    struct msghdr message = {
        .msg_iov = &one, .msg_iovlen = 1, .msg_control = control.room, .msg_controllen = sizeof control.room};
    size_t sent = 0;
    if (x->place < sizeof command) {
        const struct iovec rest = {command + x->place, sizeof command - (size_t)x->place};
        mig__io io = mig__wire_send(&x->clamd->wire, &rest, 1, &sent);
        x->place += sent;
        return io;
    }
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof(int));
    memcpy(CMSG_DATA(header), &item->fd, sizeof(int));
    ssize_t n;
    do {
        n = sendmsg(x->clamd->wire.fd, &message, MSG_NOSIGNAL);
    } while (n < 0 && errno == EINTR);
    x->place += n > 0 ? 1 : 0;
    return n > 0 ? MIG__IO_DONE : errno == EAGAIN || errno == EWOULDBLOCK ? MIG__IO_WANT_WRITE : MIG__IO_FAILED;
}

/* A descriptor travels alone, so that it cannot be taken for another message's. */
static bool may_send(const exchange *x)
{
    if (x->clamd->mute || x->sent == x->count || x->sent - x->answered >= WINDOW) {
        return false;
    }
    bool alone = x->items[x->sent]->by_descriptor || (x->sent > 0 && x->items[x->sent - 1]->by_descriptor);
    return !alone || x->place > 0 || x->answered == x->sent;
}

/* As much as the socket takes. 1: it is full; 0: there is nothing to send now; -1. */
static int send_some(exchange *x, mig_error *err)
{
    while (may_send(x)) {
        mig__scanner_item *item = x->items[x->sent];
        mig__io io = MIG__IO_DONE;
        uint64_t whole = item->by_descriptor ? sizeof "zFILDES" + 1 : octets_of(item);
        if (item->by_descriptor) {
            io = send_descriptor(x, item);
        } else if (send_stream(x, item, &io, err) != 0) {
            return -1;
        }
        if (io == MIG__IO_WANT_WRITE) {
            return 1;
        }
        x->clamd->mute = io == MIG__IO_FAILED;
        if (x->place == whole) {
            x->sent++;
            x->place = 0;
            x->clamd->next_id++;
        }
    }
    return 0;
}

/* ---- answers ---- */

static int nonsense(const char *text, size_t length, mig_error *err)
{
    mig_error_set(err, MIG_E_PROTOCOL, "invalid reply of the scanner");
    return mig_error_server(err, text, length < 120 ? length : 120);
}

static mig__scanner_result result_of(const mig__answer *answer, int64_t database)
{
    mig__scanner_result result = {.verdict = MIG_SCAN_NOT_SCANNED, .database = database};
    const char *before = "";
    if (answer->kind == MIG__ANSWER_CLEAN) {
        result.verdict = MIG_SCAN_CLEAN;
    } else if (answer->kind == MIG__ANSWER_FOUND) {
        result.verdict = MIG_SCAN_INFECTED;
    } else {
        before = answer->kind == MIG__ANSWER_TOO_BIG ? "too big: " : "error: ";
    }
    size_t used = strlen(before);
    memcpy(result.name, before, used);
    memcpy(result.name + used, answer->text, strnlen(answer->text, sizeof result.name - 1 - used));
    return result;
}

/* One that is arriving still may have an answer: that it is too big. */
static int take_answer(exchange *x, const mig__answer *answer, mig_error *err)
{
    size_t index = answer->id - x->first_id;
    bool asked =
        answer->id >= x->first_id && (index < x->sent || (index == x->sent && x->sent < x->count && x->place > 0));
    bool whole = index < x->sent || answer->kind == MIG__ANSWER_TOO_BIG || answer->kind == MIG__ANSWER_ERROR;
    if (!asked || !whole || answer->kind == MIG__ANSWER_VERSION || x->items[index]->done) {
        return mig_error_set(err, MIG_E_PROTOCOL, "invalid reply of the scanner: it answers what was not asked");
    }
    x->items[index]->result = result_of(answer, x->clamd->database);
    x->items[index]->done = true;
    if (index == x->sent) { /* the rest of it is not wanted, and the session is over */
        x->clamd->mute = true;
        x->sent++;
    }
    x->answered++;
    return 0;
}

/* Octets as they come; each answer ends with a NUL. `x` NULL: the version is what is waited for, in *version. */
static int feed(mig__clamd *c, exchange *x, const char *octets, size_t length, mig__answer *version, mig_error *err)
{
    for (size_t i = 0; i < length; i++) {
        if (octets[i] != '\0') {
            if (c->gathered == sizeof c->answer) {
                return mig_error_set(err, MIG_E_BOUNDS, "the scanner's reply is longer than %d octets",
                                     MIG__ANSWER_MOST);
            }
            c->answer[c->gathered++] = octets[i];
            continue;
        }
        mig__answer answer;
        mig__answer_read(c->answer, c->gathered, &answer);
        if (answer.kind == MIG__ANSWER_NONE || (x == NULL && (answer.kind != MIG__ANSWER_VERSION || answer.id != 1))) {
            return nonsense(c->answer, c->gathered, err);
        }
        c->gathered = 0;
        if (x != NULL) {
            if (take_answer(x, &answer, err) != 0) {
                return -1;
            }
        } else {
            *version = answer;
        }
    }
    return 0;
}

/* Wait for octets of its (or, with `write`, for room for ours), and take them. */
static int progress(mig__clamd *c, exchange *x, bool write, mig__answer *version, mig_error *err)
{
    char octets[2048];
    size_t got = 0;
    struct pollfd entry = {c->wire.fd, (short)(POLLIN | (write ? POLLOUT : 0)), 0};
    int ready = mig__wait(&entry, 1, mig__now_ms() + c->silence_ms, c->stop, err);
    if (ready <= 0) {
        return ready < 0 ? -1
                         : mig_error_set(err, MIG_E_TIMEOUT, "the scanner has been silent for %lld seconds",
                                         (long long)(c->silence_ms + 999) / 1000);
    }
    if ((entry.revents & ~POLLOUT) == 0) {
        return 0;
    }
    switch (mig__wire_receive(&c->wire, octets, sizeof octets, &got)) {
    case MIG__IO_DONE:
        return feed(c, x, octets, got, version, err);
    case MIG__IO_FAILED:
        return mig_error_set(err, MIG_E_CLOSED, "the scanner closed the connection");
    default:
        return 0;
    }
}

int mig__clamd_exchange(mig__clamd *clamd, mig__scanner_item *const *items, size_t count, mig_error *err)
{
    exchange x = {.clamd = clamd, .items = items, .count = count, .first_id = clamd->next_id};
    int failed = 0;
    while (failed == 0 && x.answered < count) {
        int full = send_some(&x, err);
        failed = full < 0 ? -1 : progress(clamd, &x, full > 0, NULL, err);
    }
    clamd->used_ms = mig__now_ms();
    return failed != 0 ? -1 : clamd->mute ? mig_error_set(err, MIG_E_CLOSED, "the scanner ended the session") : 0;
}

/* ---- connecting ---- */

static int connect_local(const char *path, mig_error *err)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    memcpy(address.sun_path, path, strlen(path) + 1);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return mig_error_errno(err, MIG_E_CONNECT, errno, "cannot make a socket");
    }
    /* It is complete, or refused: there is no waiting for a local socket but for a full queue (EAGAIN). */
    if (connect(fd, (const struct sockaddr *)&address, sizeof address) != 0) {
        mig_error_errno(err, errno == EACCES || errno == EPERM ? MIG_E_NOPERM : MIG_E_CONNECT, errno,
                        "cannot reach the scanner at %s", path);
        close(fd);
        return -1;
    }
    return fd;
}

static int connect_tcp(const mig__clamd_options *options, mig_error *err)
{
    const mig__scanner_address *address = options->address;
    int fd = mig__connect(address->host, address->port, !options->cleartext, options->stop,
                          mig__now_ms() + options->silence_ms, err);
    if (fd != MIG__NOT_LOCAL) {
        return fd;
    }
    mig_error_set(err, MIG_E_CLEARTEXT, "the scanner at %s is not this machine, and messages would travel unencrypted",
                  address->host);
    return mig_error_hint(err, "use clamd's local socket, a tunnel to it, or --allow-cleartext");
}

static int begin_session(mig__clamd *c, mig_error *err)
{
    static char words[] = "zIDSESSION\0zVERSION";
    mig__answer version = {.kind = MIG__ANSWER_NONE};
    for (size_t at = 0, sent = 0; at < sizeof words; at += sent) {
        const struct iovec rest = {words + at, sizeof words - at};
        sent = 0;
        mig__io io = mig__wire_send(&c->wire, &rest, 1, &sent);
        if (io == MIG__IO_FAILED) {
            return mig_error_set(err, MIG_E_CLOSED, "the scanner closed the connection");
        }
        if (io == MIG__IO_WANT_WRITE && progress(c, NULL, true, &version, err) != 0) {
            return -1;
        }
    }
    while (version.kind == MIG__ANSWER_NONE) {
        if (progress(c, NULL, false, &version, err) != 0) {
            return -1;
        }
    }
    c->database = version.database;
    c->next_id = 2;
    return 0;
}

mig__clamd *mig__clamd_open(const mig__clamd_options *options, mig_error *err)
{
    mig__clamd *c = calloc(1, sizeof *c);
    if (c == NULL) {
        mig_error_set(err, MIG_E_NOMEM, "out of memory");
        return NULL;
    }
    c->stop = options->stop;
    c->silence_ms = options->silence_ms;
    c->local = options->address->path[0] != '\0';
    c->wire.fd = c->local ? connect_local(options->address->path, err) : connect_tcp(options, err);
    if (c->wire.fd < 0 || begin_session(c, err) != 0) {
        mig__clamd_close(&c);
        return NULL;
    }
    c->used_ms = mig__now_ms();
    return c;
}

int64_t mig__clamd_used(const mig__clamd *clamd)
{
    return clamd->used_ms;
}

bool mig__clamd_is_local(const mig__clamd *clamd)
{
    return clamd->local;
}

void mig__clamd_close(mig__clamd **clamd)
{
    if (*clamd == NULL) {
        return;
    }
    if ((*clamd)->wire.fd >= 0) {
        close((*clamd)->wire.fd);
    }
    free((*clamd)->piece);
    free(*clamd);
    *clamd = NULL;
}
