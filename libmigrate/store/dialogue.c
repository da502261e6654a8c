/* store/dialogue.c - the words of a connection, read and written (RFC 3501 section 9) */
#include "imap/failure.h"
#include "store/responder.h"
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum { OUT_MOST = 16 * 1024 };

int mig__dialogue_break(mig__dialogue *talk)
{
    talk->broken = true;
    return -1;
}

/* ---- writing ---- */

int mig__dialogue_flush(mig__dialogue *talk)
{
    const char *data = talk->out.data;
    size_t left = talk->out.length;
    if (talk->out.failed) {
        return mig__dialogue_break(talk);
    }
    while (left > 0 && !talk->broken) {
        ssize_t sent = send(talk->fd, data, left, MSG_NOSIGNAL);
        if (sent < 0 && errno != EINTR) {
            return mig__dialogue_break(talk);
        }
        if (sent > 0) {
            data += sent;
            left -= (size_t)sent;
        }
    }
    mig__buffer_clear(&talk->out);
    return talk->broken ? -1 : 0;
}

void mig__dialogue_say_octets(mig__dialogue *talk, const char *octets, size_t length)
{
    mig__buffer_add(&talk->out, octets, length);
    if (talk->out.length >= OUT_MOST) {
        (void)mig__dialogue_flush(talk);
    }
}

void mig__dialogue_say(mig__dialogue *talk, const char *format, ...)
{
    char text[2048];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (length >= 0) {
        mig__dialogue_say_octets(talk, text, (size_t)length < sizeof text ? (size_t)length : sizeof text - 1);
    }
}

void mig__dialogue_say_string(mig__dialogue *talk, const char *text)
{
    bool plain = true;
    for (const char *c = text; *c != '\0'; c++) {
        plain = plain && *c >= ' ' && *c < 0x7f && *c != '"' && *c != '\\';
    }
    if (plain) {
        mig__dialogue_say(talk, "\"");
        mig__dialogue_say_octets(talk, text, strlen(text));
        mig__dialogue_say(talk, "\"");
    } else {
        mig__dialogue_say(talk, "{%zu}\r\n", strlen(text));
        mig__dialogue_say_octets(talk, text, strlen(text));
    }
}

void mig__dialogue_say_delimiter(mig__dialogue *talk)
{
    char delimiter = talk->store->delimiter;
    mig__dialogue_say(talk, " \"%s%c\"", delimiter == '"' || delimiter == '\\' ? "\\" : "", delimiter);
}

int mig__dialogue_ok(mig__dialogue *talk, const char *text)
{
    mig__dialogue_say(talk, "%s OK %s\r\n", talk->tag, text);
    return 0;
}

/* RFC 5530: what the other side makes of the words depends on the code (imap/failure.c). */
static const char *code_of(const mig_error *error)
{
    switch (error->code) {
    case MIG_E_EXISTS:
        return "[ALREADYEXISTS] ";
    case MIG_E_MISSING:
        return "[NONEXISTENT] ";
    case MIG_E_CANNOT:
        return "[CANNOT] ";
    case MIG_E_DISK_FULL:
        return "[OVERQUOTA] ";
    case MIG_E_FLAG:
        return "[LIMIT] ";
    case MIG_E_UNAVAILABLE:
        return "[UNAVAILABLE] ";
    default:
        return "";
    }
}

int mig__dialogue_no(mig__dialogue *talk, const mig_error *error)
{
    bool ours = error->code == MIG_E_LIMIT || error->code == MIG_E_NOMEM;
    mig__dialogue_say(talk, "%s NO %s%s%s%s%s\r\n", talk->tag, code_of(error), ours ? MIG__FAILURE_OWN_LIMIT : "",
                      error->text, error->hint[0] != '\0' ? "; " : "", error->hint);
    return 0;
}

/* ---- reading ---- */

static int fill(mig__dialogue *talk)
{
    if (mig__dialogue_flush(talk) != 0) {
        return -1;
    }
    for (;;) {
        ssize_t got = recv(talk->fd, talk->in, MIG__INPUT, 0);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got <= 0) {
            return mig__dialogue_break(talk);
        }
        talk->in_from = 0;
        talk->in_to = (size_t)got;
        return 0;
    }
}

int mig__dialogue_peek(mig__dialogue *talk)
{
    if (talk->broken || (talk->in_from == talk->in_to && fill(talk) != 0)) {
        return -1;
    }
    return (unsigned char)talk->in[talk->in_from];
}

int64_t mig__dialogue_take(mig__dialogue *talk, const char **octets, uint64_t most)
{
    if (mig__dialogue_peek(talk) < 0) {
        return -1;
    }
    size_t here = talk->in_to - talk->in_from;
    size_t length = most < here ? (size_t)most : here;
    *octets = talk->in + talk->in_from;
    talk->in_from += length;
    return (int64_t)length;
}

int mig__dialogue_expect(mig__dialogue *talk, char c)
{
    if (mig__dialogue_peek(talk) != (unsigned char)c) {
        return mig__dialogue_break(talk);
    }
    talk->in_from++;
    return 0;
}

int mig__dialogue_line_end(mig__dialogue *talk)
{
    return mig__dialogue_expect(talk, '\r') != 0 ? -1 : mig__dialogue_expect(talk, '\n');
}

static bool atom_char(int c)
{
    return c > ' ' && c < 0x7f && strchr("(){\"\\", c) == NULL;
}

int mig__dialogue_atom(mig__dialogue *talk, char *out, size_t size)
{
    size_t length = 0;
    int c;
    while ((c = mig__dialogue_peek(talk)) >= 0 && atom_char(c)) {
        if (length + 1 >= size) {
            return mig__dialogue_break(talk);
        }
        out[length++] = (char)c;
        talk->in_from++;
    }
    out[length] = '\0';
    return length > 0 && c >= 0 ? 0 : mig__dialogue_break(talk);
}

static int quoted(mig__dialogue *talk, mig__buffer *out)
{
    talk->in_from++;
    for (;;) {
        int c = mig__dialogue_peek(talk);
        if (c == '\\') {
            talk->in_from++;
            c = mig__dialogue_peek(talk);
        } else if (c == '"') {
            talk->in_from++;
            return 0;
        }
        if (c <= 0 || c == '\r' || c == '\n' || out->length >= MIG__STRING_MOST) {
            return mig__dialogue_break(talk);
        }
        mig__buffer_add_char(out, (char)c);
        talk->in_from++;
    }
}

int mig__dialogue_literal(mig__dialogue *talk, uint64_t *size)
{
    bool at_once = false;
    *size = 0;
    if (mig__dialogue_expect(talk, '{') != 0) {
        return -1;
    }
    int c;
    while ((c = mig__dialogue_peek(talk)) >= '0' && c <= '9') {
        if (*size > UINT64_MAX / 20) {
            return mig__dialogue_break(talk);
        }
        *size = *size * 10 + (uint64_t)(c - '0');
        talk->in_from++;
    }
    if (c == '+') {
        at_once = true;
        talk->in_from++;
    }
    if (mig__dialogue_expect(talk, '}') != 0 || mig__dialogue_line_end(talk) != 0) {
        return -1;
    }
    if (!at_once) {
        mig__dialogue_say(talk, "+ go on\r\n");
    }
    return 0;
}

static int literal_string(mig__dialogue *talk, mig__buffer *out)
{
    uint64_t size;
    if (mig__dialogue_literal(talk, &size) != 0 || size > MIG__STRING_MOST) {
        return mig__dialogue_break(talk);
    }
    while (size > 0) {
        const char *octets;
        int64_t got = mig__dialogue_take(talk, &octets, size);
        if (got < 0 || memchr(octets, '\0', (size_t)got) != NULL) {
            return mig__dialogue_break(talk);
        }
        mig__buffer_add(out, octets, (size_t)got);
        size -= (uint64_t)got;
    }
    return 0;
}

int mig__dialogue_string(mig__dialogue *talk, mig__buffer *out)
{
    int c = mig__dialogue_peek(talk);
    mig__buffer_clear(out);
    mig__buffer_reserve(out, 1); /* "" is a string as well */
    if (c == '"' || c == '{') {
        int failed = c == '"' ? quoted(talk, out) : literal_string(talk, out);
        if (failed != 0) {
            return -1;
        }
    } else {
        while ((c = mig__dialogue_peek(talk)) >= 0 && atom_char(c)) {
            if (out->length >= MIG__STRING_MOST) {
                return mig__dialogue_break(talk);
            }
            mig__buffer_add_char(out, (char)c);
            talk->in_from++;
        }
        if (out->length == 0) {
            return mig__dialogue_break(talk);
        }
    }
    mig__buffer_add_char(out, '\0'); /* `data` is text from here on, whatever its length */
    out->length -= out->length > 0;
    return out->failed ? mig__dialogue_break(talk) : 0;
}

int mig__dialogue_set(mig__dialogue *talk, mig__uidset *out)
{
    mig__buffer text = MIG__BUFFER_INIT;
    int failed = mig__dialogue_string(talk, &text);
    if (failed == 0 && mig__uidset_parse(out, text.data, text.length, NULL) != 0) {
        failed = mig__dialogue_break(talk);
    }
    mig__buffer_free(&text);
    return failed;
}

int mig__dialogue_list(mig__dialogue *talk, mig__buffer *out)
{
    mig__buffer_clear(out);
    if (mig__dialogue_expect(talk, '(') != 0) {
        return -1;
    }
    int c;
    while ((c = mig__dialogue_peek(talk)) != ')') {
        if (c < ' ' || c == '(' || c == '"' || out->length >= MIG__STRING_MOST) {
            return mig__dialogue_break(talk);
        }
        mig__buffer_add_char(out, (char)c);
        talk->in_from++;
    }
    talk->in_from++;
    mig__buffer_add_char(out, '\0');
    out->length -= out->length > 0;
    return out->failed ? mig__dialogue_break(talk) : 0;
}

int mig__dialogue_rest(mig__dialogue *talk, mig__buffer *out)
{
    mig__buffer_clear(out);
    int c;
    while ((c = mig__dialogue_peek(talk)) != '\r') {
        if (c < ' ' || out->length >= MIG__STRING_MOST) {
            return mig__dialogue_break(talk);
        }
        mig__buffer_add_char(out, (char)c);
        talk->in_from++;
    }
    mig__buffer_add_char(out, '\0');
    out->length -= out->length > 0;
    return out->failed ? mig__dialogue_break(talk) : mig__dialogue_line_end(talk);
}
