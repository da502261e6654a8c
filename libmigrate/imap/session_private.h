/*
 * imap/session_private.h - what the files of a session share (session, capability, receive, command, argument, auth)
 */
#ifndef MIG_IMAP_SESSION_PRIVATE_H
#define MIG_IMAP_SESSION_PRIVATE_H

#include "base/buffer.h"
#include "imap/command.h"
#include "imap/session.h"
#include "imap/talk.h"

/* How far a session has come. mig__session_enter alone changes it. */
typedef enum mig__session_state {
    MIG__SESSION_CONNECTED, /* nothing was read yet */
    MIG__SESSION_GREETED,   /* the greeting was OK; nobody is logged in */
    MIG__SESSION_SECURED,   /* STARTTLS is done; what was known before is forgotten */
    MIG__SESSION_READY,     /* logged in */
    MIG__SESSION_FAILED,    /* `failure` says why; nothing is read or sent any more */
    MIG__SESSION_CLOSED
} mig__session_state;

typedef struct mig__capabilities {
    unsigned bits; /* MIG__CAP_* */
    bool known;    /* the server told them in its present state (before TLS, after TLS, after login) */
    uint64_t append_limit;
    bool utf8_only; /* RFC 9755 section 6: nothing works without ENABLE UTF8=ACCEPT */
    char **words;   /* in upper case, as announced */
    size_t count;
} mig__capabilities;

struct mig__session {
    mig__stream *stream;
    mig__guard *guard;
    mig__decoder *decoder;
    const mig_endpoint *endpoint;
    const mig_stop *stop;
    const mig_log *log;
    const char *account;
    mig__session_state state;
    bool vouched; /* the stream layer connected, and has checked that plain text is allowed there */
    bool compressed;
    bool exchange;   /* Microsoft's server, by its greeting */
    bool utf8;       /* UTF8=ACCEPT is enabled */
    bool labels;     /* FLAGS are asked for together with X-GM-LABELS */
    int64_t line_ms; /* the shortest exchange before the login was over; -1: none was measured */
    mig_error failure;
    mig__capabilities capabilities;
    mig__command *first; /* in the order they were begun, answered ones included until they are waited for */
    mig__command *last;
    mig__command *open;     /* begun, and its line not ended yet */
    mig__command *awaiting; /* waits for "+" */
    unsigned next_tag;
    void (*unsolicited)(const mig__response *response, void *context);
    void *unsolicited_context;
    char *inbound; /* octets read and not yet taken by the guard */
    size_t inbound_from, inbound_to;
    unsigned left_out; /* extensions whose form the server refuses, although it announces them */
    unsigned doubted;  /* of these those whose plain form was not answered yet */
    char doubted_words[48];
    uint64_t doubted_left;     /* so many commands in the plain form have to be taken before the doubt is over */
    unsigned enabled;          /* ENABLE was sent for these */
    bool closed;               /* the last EXAMINE or SELECT was refused */
    bool in_mailbox;           /* one was asked for since the last UNSELECT or CLOSE */
    mig__stream_stats counted; /* by those who had the session before */
    uint64_t dropped_before;   /* the same of responses that made no sense */
    mig__talk talk;            /* what came without being asked for */
    uint64_t body;             /* octets of the body that is arriving, while it is not known whether it was asked for */
    uint64_t guard_drops;      /* mig__guard_dropped, as far as `talk` has it */
    uint32_t exists;           /* EXISTS, the last one */
};

struct mig__command {
    mig__session *session;
    mig__command *next;
    unsigned tag;
    char words[48]; /* "UID FETCH": for errors */
    mig__command_handler *handler;
    void *context;
    mig__buffer line;  /* encoded, not handed to the stream yet */
    mig__buffer trace; /* the same for the log: secrets masked, literals as their size; empty when nobody listens */
    uint64_t literal_size, literal_left;
    bool sent;      /* octets of it were handed to the stream */
    bool secret;    /* `line` holds a secret */
    bool ended;     /* its last CRLF was handed to the stream */
    bool detached;  /* nobody waits for it: released when it is answered */
    bool continued; /* "+" arrived, and `challenge` has its text */
    bool answered;
    bool bodies;       /* it asks for bodies */
    uint64_t expected; /* responses that it asks for, at most; of FETCH with bodies, those that have one */
    mig__buffer challenge;
    unsigned needs;             /* extensions that its form is of */
    uint64_t plain;             /* commands that it is in the plain form */
    mig__command *part;         /* the command before, of those that are one; NULL: none */
    mig__command_result result; /* its error also holds what was wrong with an argument */
};

/* session.c */
void mig__session_enter(mig__session *session, mig__session_state state);
void mig__session_log(const mig__session *session, mig_log_level level, const char *format, ...) MIG_PRINTF(3, 4);
bool mig__session_logs(const mig__session *session, mig_log_level level);
/* session->failure is filled: from now on every call fails with it. Returns -1. */
int mig__session_fail(mig__session *session);
/* Copy session->failure to `err`. Returns -1. */
int mig__session_failure(const mig__session *session, mig_error *err);
/* "user@host" for messages. Returns out. */
char *mig__session_label(const mig__session *session, char *out, size_t size);

/* Queue a command whose answer nobody needs: it goes out together with the next one and costs no round trip. */
int mig__session_send_aside(mig__session *session, const char *words, const char *arguments, mig_error *err);

/* capability.c */
int mig__capabilities_set(mig__capabilities *capabilities, const char *const *words, mig_error *err);
void mig__capabilities_forget(mig__capabilities *capabilities);

/* receive.c: read the next response; hand it to whom it concerns. 0, or -1 with session->failure filled. */
int mig__session_receive(mig__session *session, mig__response *out);
int mig__session_step(mig__session *session);
/* "[CODE] words" of a status response, as it is shown and as failures are classified. */
void mig__response_words(const mig__response *response, char *out, size_t size);

/* command.c */
/*
 * Write `before` and "{n}" or "{n+}" and, for the first, wait until the server wants the octets. 0, 1 when it answered
 * the command instead, or -1 with the command's error or the session's failure set.
 */
int mig__command_announce(mig__command *command, const char *before, uint64_t size);

/* argument.c */
/* An argument cannot be encoded: the command will not be sent, or the session is lost when part of it was. */
bool mig__command_broken(const mig__command *command);
void mig__command_add(mig__command *command, const char *octets, size_t length); /* to the line and to the trace */
enum { MIG__UIDS_OCTETS = 900 }; /* of one set; with the words around it a line has about 1,000 */
void mig__command_secret(mig__command *command, const char *value);    /* astring, masked in the trace */
void mig__command_secret_raw(mig__command *command, const char *text); /* a blank and text as it is, masked */

/* command.c, for SASL */
/* After mig__command_end: wait for "+" (0, `challenge` holds its text), the answer (1), or failure (-1). */
int mig__command_challenge(mig__command *command, mig_error *err);
/* Send a line in answer to the challenge: a secret, masked in the trace. */
int mig__command_respond(mig__command *command, const char *line, mig_error *err);
/* Nobody will wait for the ended command: its answer is read whenever it comes, and only logged. */
void mig__command_detach(mig__command *command);
void mig__command_unlink(mig__command *command); /* take it out of the session's queue and release it */

#endif
