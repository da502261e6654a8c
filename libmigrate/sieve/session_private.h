/* sieve/session_private.h - what the files of a session share (session, dialogue, login) */
#ifndef MIG_SIEVE_SESSION_PRIVATE_H
#define MIG_SIEVE_SESSION_PRIVATE_H

#include "sieve/session.h"

struct mig__sieve_session {
    mig__stream *stream;
    mig__sieve_options options;
    mig__sieve_reader reader;
    char inbound[16384];
    size_t from, to; /* octets of it that were read and not taken */
    mig__sieve_capability capability;
    bool vouched; /* the stream layer connected, and has checked that plain text is allowed there */
    bool failed;
    mig_error failure;
};

/* A command is written piece by piece, then sent. */
typedef struct mig__sieve_command {
    mig__buffer line;
} mig__sieve_command;

void mig__sieve_begin(mig__sieve_command *command, const char *word);
/* A string of any octets: quoted where RFC 5804 allows that, else as a literal {n+}. */
void mig__sieve_add_string(mig__sieve_command *command, const char *octets, size_t length);
void mig__sieve_add_number(mig__sieve_command *command, uint64_t number);
/* Send it, and release it; what it held is overwritten. */
int mig__sieve_send(mig__sieve_session *session, mig__sieve_command *command, mig_error *err);

/* Read the next answer. NULL with `err`; BYE is such a failure. Good until the next one. */
const mig__sieve_answer *mig__sieve_receive(mig__sieve_session *session, mig_error *err);

/* What a finished command said. */
typedef enum mig__sieve_condition { MIG__SIEVE_OK, MIG__SIEVE_NO, MIG__SIEVE_DATA } mig__sieve_condition;
mig__sieve_condition mig__sieve_condition_of(const mig__sieve_answer *answer);

/*
 * Read up to the final OK or NO; each answer before it goes to `each` (NULL: there must be none). 0 with the answer in
 * session->reader.answer, or -1: NO with its code's meaning, or the session failed.
 */
int mig__sieve_finish(mig__sieve_session *session, const char *what,
                      int (*each)(const mig__sieve_answer *answer, void *context, mig_error *err), void *context,
                      mig_error *err);

/* The meaning of a NO (or BYE): code, the server's words, a hint. Returns -1. */
int mig__sieve_refused(const mig__sieve_answer *answer, const char *what, mig_error *err);
/* The words of an OK, NO or BYE, inert. Returns out. */
char *mig__sieve_words(const mig__sieve_answer *answer, char *out, size_t size);
/* Where the argument of the response code begins: the token behind "(", its code; 0: there is no code. */
bool mig__sieve_code_is(const mig__sieve_answer *answer, const char *code);

int mig__sieve_fail(mig__sieve_session *session, mig_error *err);
void mig__sieve_log(const mig__sieve_session *session, mig_log_level level, const char *format, ...) MIG_PRINTF(3, 4);

/* login.c */
int mig__sieve_login(mig__sieve_session *session, mig_error *err);

#endif
