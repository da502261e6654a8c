/*
 * imap/command.h - the one place that writes commands
 *
 * A command is begun, given its arguments one by one, and ended; each argument is encoded by its kind, so that no
 * octet of a name or value can ever end the line (RFC 3501 section 9). Several commands can be in flight; they are
 * answered oldest first.
 *
 *     mig__command *c = mig__command_begin(session, "EXAMINE", handler, context, err);
 *     mig__command_mailbox(c, name);
 *     mig__command_end(c, err);
 *     ...
 *     mig__command_wait(session, c, &result, err);
 */
#ifndef MIG_IMAP_COMMAND_H
#define MIG_IMAP_COMMAND_H

#include "imap/session.h"

typedef struct mig__command mig__command;

/*
 * An untagged response while the command is the oldest in flight. 0, or -1 with `err` filled: ends the session. It must
 * not use the session. `context` must live until the command was waited for or the session is closed.
 */
typedef int mig__command_handler(const mig__response *response, void *context, mig_error *err);

/* How a command ended. `err` describes NO and BAD in full: code, scope, retry, the server's words. */
typedef struct mig__command_result {
    mig__condition condition;
    mig__code code;
    uint32_t uidvalidity; /* APPENDUID, COPYUID */
    char *uid_text;       /* APPENDUID, COPYUID: destination UIDs in message order; NULL else. Freed by ..._clear */
    char *from_uid_text;  /* COPYUID */
    bool throttled;       /* [THROTTLED] in an OK */
    uint32_t limit_uid;   /* MESSAGELIMIT: the lowest UID that was looked at (RFC 9738 section 3.1), 0: not told */
    char mailbox_id[128]; /* MAILBOXID of CREATE; "" else */
    mig_error error;      /* code MIG_OK when the command succeeded */
} mig__command_result;

void mig__command_result_clear(mig__command_result *result);

/*
 * Begin a command: writes the tag and the words (which hold no user data: "UID FETCH"). The one before must have been
 * ended. NULL when the session failed or memory is short.
 */
mig__command *mig__command_begin(mig__session *session, const char *words, mig__command_handler *handler, void *context,
                                 mig_error *err);

/*
 * How many responses the command asks for (a server that sends more comes nearer to the bounds of imap/talk.h), and
 * whether they have bodies.
 */
#define MIG__EXPECT_ALL (UINT32_MAX / 2) /* so many and more: as many as there are messages */
void mig__command_expect(mig__command *command, uint64_t responses, bool bodies);

/* Arguments. Each writes a blank and the argument; errors stick to the command and come out of mig__command_end. */
void mig__command_raw(mig__command *command, const char *text);      /* our own words, checked to hold no CR, LF, NUL */
void mig__command_glue(mig__command *command, const char *text);     /* the same without the blank */
void mig__command_astring(mig__command *command, const char *value); /* quoted, or a literal where it must be */
void mig__command_mailbox(mig__command *command, const char *wire_name);  /* a name as on the wire (mUTF-7) */
void mig__command_uids(mig__command *command, const mig__uidset *set);    /* short ones: see mig__command_on_uids */
void mig__command_flags(mig__command *command, const char *const *flags); /* "(\\Seen x)"; valid ones alone */

/*
 * The form of the command is one of extensions that the server announces (MIG__CAP_*): CONDSTORE behind EXAMINE, RETURN
 * in SEARCH. A server that refuses it is asked in the plain form: the refusal has MIG_RETRY_NOW, and until the session
 * ends mig__session_can denies the extension, unless the plain form is refused as well.
 */
void mig__command_needs(mig__command *command, unsigned capabilities);
/*
 * The same for one command that does the work of several (MULTIAPPEND): which of these was refused nobody can tell. So
 * the refusal stays what it is, and the extension comes back when one of the `commands` is refused in the plain form.
 */
void mig__command_stands_for(mig__command *command, unsigned capabilities, uint64_t commands);

/*
 * A command about many messages, begun and ended. A server need not take a line of more than 8,000 octets, and a client
 * should keep to about 1,000 (RFC 2683 section 3.2.1.5): a longer set goes out as several commands, one behind the
 * other, that are waited for as one. Their result is that of the first one that was refused.
 */
typedef struct mig__uid_command {
    const char *words;       /* "UID FETCH", "UID SEARCH" */
    const char *lead;        /* what comes before the set; NULL: nothing */
    const mig__uidset *uids; /* not empty */
    const char *mailbox;     /* behind the set; NULL: none */
    const char *more;        /* behind that; NULL: nothing */
    unsigned needs;          /* as mig__command_needs */
    bool expects;            /* a response for each of the UIDs (mig__command_expect) */
    bool bodies;             /* with a body */
} mig__uid_command;

/* NULL when the session failed: what was sent of it is the session's then. */
mig__command *mig__command_on_uids(mig__session *session, const mig__uid_command *what, mig__command_handler *handler,
                                   void *context, mig_error *err);

/*
 * Announce and send message octets as a literal; `octets` in one or more pieces that follow with
 * mig__command_literal_data. Non-synchronizing where the server takes it (LITERAL+; LITERAL- up to 4,096 octets), else
 * waits for the continuation: answers of earlier commands are handled meanwhile. When the server answers the command
 * instead (NO [TOOBIG]), returns 1: nothing of the literal was sent, and the command is over; mig__command_wait has it.
 */
int mig__command_literal(mig__command *command, uint64_t size, mig_error *err);
/* The same as " (~{n}": the literal8 that begins a list (RFC 6855 section 4). The parenthesis stays open. */
int mig__command_literal8(mig__command *command, uint64_t size, mig_error *err);
int mig__command_literal_data(mig__command *command, const void *octets, size_t length, mig_error *err);

/*
 * End the line. The command is now in flight (not necessarily flushed). 0 or -1. After -1 from here or from
 * ..._literal(_data) the command is gone; the session goes on when nothing of the command was sent, else it has failed.
 */
int mig__command_end(mig__command *command, mig_error *err);

/*
 * Handle responses until `command` has its tagged answer, fill `result` and release the command. Answers of earlier
 * commands are kept for their own waits. 0 when there is an answer, be it OK, NO or BAD; -1 when the session failed:
 * the command then stays with the session, and `result` is empty. Answers that came before the failure are still given.
 */
int mig__command_wait(mig__session *session, mig__command *command, mig__command_result *result, mig_error *err);

/*
 * The same for a command of which nothing but its success is wanted: `why` gets what NO or BAD mean, code MIG_OK else.
 * A command that could not be sent (NULL, with `err` filled) is a session that failed.
 */
int mig__command_settle(mig__session *session, mig__command *command, mig_error *why, mig_error *err);

/* The same with one error for both. 0; 1: refused, `err` says how; -1: the session failed. */
int mig__command_outcome(mig__session *session, mig__command *command, mig_error *err);

/* How many commands are in flight (ended, not answered), and whether this one is answered already. */
unsigned mig__command_in_flight(const mig__session *session);
bool mig__command_answered(const mig__command *command);

/*
 * Nobody waits for the commands in flight any more: their handlers are not called again, their answers are read and
 * dropped. For the way out after an error, when the handlers' context goes away before the session.
 */
void mig__command_abandon(mig__session *session);

/* begin, end, wait for a command without arguments beyond `words`; NO and BAD come back as an error as well. */
int mig__command_simple(mig__session *session, const char *words, mig__command_handler *handler, void *context,
                        mig_error *err);

/* True for a flag that may be sent: a system flag other than \Recent, or an atom (RFC 3501 section 9 "flag"). */
bool mig__flag_valid(const char *flag);

#endif
