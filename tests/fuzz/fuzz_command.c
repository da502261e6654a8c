/*
 * fuzz_command.c - the encoder: whatever the arguments, one command goes out, with exactly these arguments in it
 *
 * The input chooses arguments and their octets. The other end reads what was sent with a parser of its own, which knows
 * RFC 3501 section 9 and nothing of ours. What must hold: one tag, one line end, literals as long as they say, the
 * strings that were given; and nothing at all of a command that was refused.
 */
#include "fuzz.h"
#include "imap/append.h"
#include "imap/command.h"
#include <sys/socket.h>
#include <unistd.h>

enum { ARGUMENTS_MOST = 8, TEXT_MOST = 2000 };

typedef struct sent {
    const char *at, *end;
} sent;

/* ASTRING-CHAR: an astring may hold a "]". */
static bool is_atom(unsigned char c)
{
    return c > ' ' && c < 0x7f && strchr("(){%*\"\\", c) == NULL;
}

static void take(sent *s, const char *octets)
{
    size_t length = strlen(octets);
    INSIST((size_t)(s->end - s->at) >= length && memcmp(s->at, octets, length) == 0);
    s->at += length;
}

/* A literal, quoted string or atom, which must be `value`. */
static void take_string(sent *s, const char *value, size_t length)
{
    const char *from = value;
    INSIST(s->at < s->end);
    if (*s->at == '{') {
        char *behind;
        unsigned long size = strtoul(s->at + 1, &behind, 10);
        s->at = behind;
        take(s, "+}\r\n");
        INSIST(size == length && (size_t)(s->end - s->at) >= size && memcmp(s->at, value, size) == 0);
        s->at += size;
        return;
    }
    if (*s->at == '"') {
        for (s->at++; s->at < s->end && *s->at != '"'; s->at++) {
            s->at += *s->at == '\\';
            INSIST(s->at < s->end && from < value + length && *s->at == *from && *from != '\r' && *from != '\n');
            from++;
        }
        take(s, "\"");
    } else {
        for (; s->at < s->end && is_atom((unsigned char)*s->at); s->at++) {
            INSIST(from < value + length && *s->at == *from);
            from++;
        }
    }
    INSIST(from == value + length);
}

static mig__session *open_session(int fd, int peer, const mig_endpoint *endpoint)
{
    static const char hello[] = "* PREAUTH hi\r\n* CAPABILITY IMAP4rev1 LITERAL+ MULTIAPPEND UIDPLUS\r\n1 OK\r\n";
    mig_error err = MIG_ERROR_INIT;
    const mig__session_options options = {.endpoint = endpoint, .account = "fuzz"};
    INSIST(write(peer, hello, sizeof hello - 1) == (ssize_t)(sizeof hello - 1));
    mig__stream *stream = mig__stream_from_fd(fd, endpoint, NULL, &err);
    mig__session *session = stream != NULL ? mig__session_open_stream(stream, &options, &err) : NULL;
    INSIST(session != NULL);
    char asked[64];
    INSIST(mig__session_flush(session, &err) == 0);
    INSIST(read(peer, asked, sizeof asked) == 14 && memcmp(asked, "1 CAPABILITY\r\n", 14) == 0);
    return session;
}

static size_t receive(int peer, char *out, size_t size)
{
    size_t length = 0;
    for (ssize_t got; length < size && (got = recv(peer, out + length, size - length, MSG_DONTWAIT)) > 0;) {
        length += (size_t)got;
    }
    return length;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char user[] = "u", host[] = "127.0.0.1", tunnel[] = "true", out[1 << 17];
    mig_endpoint endpoint = MIG_ENDPOINT_INIT;
    endpoint.user = user;
    endpoint.host = host;
    endpoint.tunnel = tunnel; /* so that PREAUTH is believed */
    endpoint.tls = MIG_TLS_NONE;
    endpoint.timeout_ms = 1000;

    struct {
        unsigned kind;
        char *text;
        mig__uidset uids;
    } arguments[ARGUMENTS_MOST];
    int pair[2];
    INSIST(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
    mig__session *session = open_session(pair[0], pair[1], &endpoint);
    mig_error err = MIG_ERROR_INIT;
    fuzz_input in = {data, size > TEXT_MOST ? TEXT_MOST : size};
    size_t count = 0;
    mig__command *command = mig__command_begin(session, "XFUZZ", NULL, NULL, &err);
    INSIST(command != NULL);
    bool literal_failed = false;
    for (; count < ARGUMENTS_MOST && in.size > 0; count++) {
        unsigned kind = fuzz_octet(&in) % 6;
        char *text = fuzz_text(&in);
        arguments[count].kind = kind;
        arguments[count].text = text;
        arguments[count].uids = (mig__uidset)MIG__UIDSET_INIT;
        const char *flags[] = {text, NULL};
        uint32_t first = 1 + (uint32_t)strlen(text), last = first + (uint8_t)text[0];
        switch (kind) {
        case 0:
            mig__command_astring(command, text);
            break;
        case 1:
            mig__command_mailbox(command, text);
            break;
        case 2:
            mig__command_raw(command, text);
            break;
        case 3:
            mig__command_flags(command, flags);
            break;
        case 4:
            INSIST(mig__uidset_add(&arguments[count].uids, first, last, &err) == 0);
            mig__command_uids(command, &arguments[count].uids);
            break;
        default:
            literal_failed = mig__command_literal(command, strlen(text), &err) != 0 ||
                             mig__command_literal_data(command, text, strlen(text), &err) != 0;
            break;
        }
        if (literal_failed) {
            count++;
            break;
        }
    }
    bool ended = !literal_failed && mig__command_end(command, &err) == 0;
    if (ended) {
        INSIST(mig__session_flush(session, &err) == 0);
    }
    sent s = {out, out + receive(pair[1], out, sizeof out)};
    if (ended) {
        take(&s, "2 XFUZZ");
        for (size_t i = 0; i < count; i++) {
            const char *text = arguments[i].text;
            take(&s, " ");
            if (arguments[i].kind == 2) {
                INSIST(strpbrk(text, "\r\n") == NULL);
                take(&s, text);
            } else if (arguments[i].kind == 3) {
                take(&s, "(");
                if (*s.at != ')') {
                    take(&s, text);
                }
                take(&s, ")");
            } else if (arguments[i].kind == 4) {
                mig__buffer set = MIG__BUFFER_INIT;
                mig__uidset_format(&arguments[i].uids, &set);
                take(&s, set.data);
                mig__buffer_free(&set);
            } else {
                take_string(&s, text, strlen(text));
            }
        }
        take(&s, "\r\n");
    } else if (s.at < s.end) {
        /* Begun, and then refused: nobody may go on in the middle of it. */
        INSIST(mig__command_begin(session, "NOOP", NULL, NULL, &err) == NULL);
        s.at = s.end;
    }
    INSIST(s.at == s.end);
    for (size_t i = 0; i < count; i++) {
        free(arguments[i].text);
        mig__uidset_free(&arguments[i].uids);
    }
    shutdown(pair[1], SHUT_WR);
    mig__session_close(&session);
    close(pair[1]);
    return 0;
}
