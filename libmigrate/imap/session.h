/*
 * imap/session.h - one authenticated connection to an IMAP server, with commands in flight
 *
 * A session belongs to one thread at a time. Commands are queued with imap/command.h and answered in the order in
 * which they were sent; what the server says while a command is the oldest one in flight goes to that command's
 * handler. An error of stream, guard or protocol is final for the session: close it and open another.
 */
#ifndef MIG_IMAP_SESSION_H
#define MIG_IMAP_SESSION_H

#include "imap/response.h"
#include "net/stream.h"
#include <migrate/endpoint.h>
#include <migrate/error.h>
#include <migrate/log.h>
#include <migrate/stop.h>
#include <stdbool.h>

/* Bits of what a server announced (CAPABILITY) and we use. */
enum {
    MIG__CAP_IMAP4REV1 = 1u << 0,
    MIG__CAP_LITERAL_PLUS = 1u << 1,  /* RFC 7888 */
    MIG__CAP_LITERAL_MINUS = 1u << 2, /* RFC 7888: up to 4,096 octets */
    MIG__CAP_MULTIAPPEND = 1u << 3,   /* RFC 3502 */
    MIG__CAP_UIDPLUS = 1u << 4,       /* RFC 4315 */
    MIG__CAP_CONDSTORE = 1u << 5,     /* RFC 7162 */
    MIG__CAP_QRESYNC = 1u << 6,
    MIG__CAP_LIST_EXTENDED = 1u << 7, /* RFC 5258 */
    MIG__CAP_LIST_STATUS = 1u << 8,   /* RFC 5819 */
    MIG__CAP_SPECIAL_USE = 1u << 9,   /* RFC 6154 */
    MIG__CAP_CREATE_SPECIAL_USE = 1u << 10,
    MIG__CAP_MOVE = 1u << 11,      /* RFC 6851 */
    MIG__CAP_ESEARCH = 1u << 12,   /* RFC 4731 */
    MIG__CAP_NAMESPACE = 1u << 13, /* RFC 2342 */
    MIG__CAP_ID = 1u << 14,        /* RFC 2971 */
    MIG__CAP_ENABLE = 1u << 15,    /* RFC 5161 */
    MIG__CAP_SASL_IR = 1u << 16,   /* RFC 4959 */
    MIG__CAP_STARTTLS = 1u << 17,
    MIG__CAP_LOGINDISABLED = 1u << 18,
    MIG__CAP_STATUS_SIZE = 1u << 19, /* RFC 8438 */
    MIG__CAP_OBJECTID = 1u << 20,    /* RFC 8474 */
    MIG__CAP_COMPRESS = 1u << 21,    /* RFC 4978, DEFLATE */
    MIG__CAP_QUOTA = 1u << 22,       /* RFC 9208 */
    MIG__CAP_UNSELECT = 1u << 23,    /* RFC 3691 */
    MIG__CAP_GMAIL = 1u << 24,       /* X-GM-EXT-1 */
    MIG__CAP_IMAP4REV2 = 1u << 25,
    MIG__CAP_BINARY = 1u << 26,       /* RFC 3516 */
    MIG__CAP_UIDONLY = 1u << 27,      /* RFC 9586 */
    MIG__CAP_APPENDLIMIT = 1u << 28,  /* RFC 7889 */
    MIG__CAP_MESSAGELIMIT = 1u << 29, /* RFC 9738 */
    MIG__CAP_UTF8_ACCEPT = 1u << 30   /* RFC 9755, before that RFC 6855 */
#define MIG__CAP_METADATA (1u << 31)  /* RFC 5464, of the server at least; an enumerator is an int */
};

enum { MIG__MAILBOXES_MOST = 100000 }; /* of an account */

typedef struct mig__session mig__session;

typedef struct mig__session_options {
    const mig_endpoint *endpoint; /* borrowed, must outlive the session */
    const mig_stop *stop;         /* borrowed; NULL allowed */
    const mig_log *log;           /* borrowed; NULL allowed */
    const char *account;          /* label for log events, borrowed */
    bool labels_as_keywords;      /* at Gmail each message's labels stand among its flags, as keywords */
    mig__tls_context *tls; /* shared by the sessions of one endpoint, borrowed; NULL: the session makes its own */
} mig__session_options;

/*
 * Connect, TLS or STARTTLS, greeting, login, capabilities; all of it, or an error: those of mig__stream_open, and
 * MIG_E_AUTH (wrong password, no mechanism), MIG_E_SECRET, MIG_E_CLEARTEXT (STARTTLS not offered), MIG_E_PROTOCOL,
 * MIG_E_BOUNDS, MIG_E_UNAVAILABLE (too many connections, BYE).
 */
mig__session *mig__session_open(const mig__session_options *options, mig_error *err);

/* The same from a connected stream, which the session takes over (also on failure): for tests and tunnels. */
mig__session *mig__session_open_stream(mig__stream *stream, const mig__session_options *options, mig_error *err);

bool mig__session_can(const mig__session *session, unsigned capability);            /* all bits of it */
bool mig__session_auth_offered(const mig__session *session, const char *mechanism); /* AUTH=mechanism */
uint64_t mig__session_append_limit(const mig__session *session); /* APPENDLIMIT=n; 0 when none was announced */
void mig__session_capabilities(const mig__session *session, mig__buffer *out); /* words joined by blanks */

/*
 * ENABLE those of CONDSTORE, QRESYNC, UIDONLY, UTF8_ACCEPT and IMAP4REV2 that are asked for and announced; without
 * ENABLE or any of them nothing is sent. It goes out together with the next command, and its answer is not waited for:
 * some servers never say ENABLED. 0, or -1 when the session failed.
 */
int mig__session_enable(mig__session *session, unsigned capabilities, mig_error *err);

/*
 * True for Exchange, by its greeting: other programs do not see \Flagged on a message that was appended with it, only
 * when it is stored afterwards.
 */
bool mig__session_loses_flagged(const mig__session *session);

/* True when that was asked for and the server has labels (X-GM-EXT-1). */
bool mig__session_labels_as_keywords(const mig__session *session);

/*
 * True when mailbox names travel as UTF-8, not mUTF-7: with a server that knows IMAP4rev2 only (RFC 9051 section 5.1),
 * and with one that announces UTF8=ONLY, where UTF8=ACCEPT is enabled right after the login (RFC 9755 section 3).
 */
bool mig__session_utf8_names(const mig__session *session);

/* True when UTF8=ACCEPT is enabled: APPEND has the form of RFC 6855 section 4 as well. */
bool mig__session_utf8_enabled(const mig__session *session);

/*
 * COMPRESS=DEFLATE (RFC 4978) from now on, where it is announced and not on yet; no command may be in flight. With a
 * server that refuses it goes on without. 0, or -1 when the session failed. mig__session_open does it when
 * endpoint->compress is 1.
 */
int mig__session_compress(mig__session *session, mig_error *err);
bool mig__session_compressed(const mig__session *session);

/* Where bodies of FETCH go. */
void mig__session_set_sink(mig__session *session, const mig__body_sink *sink);

/*
 * Called for untagged responses while no command is in flight, or the oldest one has no handler, and for BYE; NULL:
 * none. Borrowed context. It must not use the session.
 */
void mig__session_set_unsolicited(mig__session *session, void (*handler)(const mig__response *response, void *context),
                                  void *context);

/*
 * How long this line takes for a question and its answer, in milliseconds: the shortest exchange of the login, during
 * which nothing else was under way. -1 when there was none (PREAUTH).
 */
int64_t mig__session_line_ms(const mig__session *session);

/* Hand everything written so far to the network: before waiting for something other than this session's answers. */
int mig__session_flush(mig__session *session, mig_error *err);

/* How many responses made no sense and were dropped so far; `last`: how the last of them began, inert, borrowed. */
uint64_t mig__session_dropped(const mig__session *session, const char **last);

void mig__session_stats_get(const mig__session *session, mig__stream_stats *out);

/*
 * For another one to take up later: nothing of who had it is kept, no mailbox is open, what it cost and dropped counts
 * from zero. False when it cannot be: it failed, commands are under way, it is somebody in this process, or what was
 * enabled or cannot be undone would be noticed; then only mig__session_close is left.
 */
bool mig__session_rest(mig__session *session);

/* Take up what rested: `options` of the same endpoint. */
void mig__session_wake(mig__session *session, const mig__session_options *options);

/*
 * Send LOGOUT and close, without waiting for the answer. When commands are unfinished just close. Commands that were
 * not waited for are released. NULL is fine.
 */
void mig__session_close(mig__session **session);

#endif
