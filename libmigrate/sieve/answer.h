/*
 * sieve/answer.h - what a ManageSieve server says, framed: RFC 5804 section 1.2 and 4 (strings, literals, lines)
 *
 * A push parser: octets in any pieces, one answer at a time. An answer is one line, with the literals in it. All that
 * can be large has a bound, and what exceeds one ends the connection.
 */
#ifndef MIG_SIEVE_ANSWER_H
#define MIG_SIEVE_ANSWER_H

#include "base/buffer.h"
#include <migrate/error.h>
#include <stdint.h>

#define MIG__SIEVE_TOKENS  64                   /* of one answer */
#define MIG__SIEVE_WORD    16384                /* octets of an atom or a quoted string */
#define MIG__SIEVE_LITERAL (4u * 1024u * 1024u) /* octets of all literals of an answer: the largest script */

typedef enum mig__sieve_kind {
    MIG__SIEVE_ATOM,   /* OK, NO, BYE, ACTIVE, QUOTA/MAXSIZE, a number */
    MIG__SIEVE_STRING, /* quoted or literal */
    MIG__SIEVE_OPEN,   /* ( */
    MIG__SIEVE_CLOSE   /* ) */
} mig__sieve_kind;

typedef struct mig__sieve_token {
    mig__sieve_kind kind;
    size_t at, length; /* in the octets of the answer; each token is followed by a NUL there */
} mig__sieve_token;

typedef struct mig__sieve_answer {
    mig__buffer octets;
    mig__sieve_token tokens[MIG__SIEVE_TOKENS];
    size_t count;
} mig__sieve_answer;

typedef struct mig__sieve_reader {
    mig__sieve_answer answer; /* complete when a push said so, until the next push */
    int state;
    bool done, slash; /* an answer is complete; a backslash came in a quoted string */
    uint64_t left;    /* octets of the literal */
    uint64_t literals;
    bool digits, plus;
} mig__sieve_reader;

void mig__sieve_reader_init(mig__sieve_reader *reader);
void mig__sieve_reader_free(mig__sieve_reader *reader);

/*
 * Take octets; *used says how many. 1: reader->answer is complete; 0: more is needed, all was used; -1 with
 * MIG_E_PROTOCOL, MIG_E_BOUNDS or MIG_E_NOMEM, final.
 */
int mig__sieve_reader_push(mig__sieve_reader *reader, const char *data, size_t length, size_t *used, mig_error *err);

/* True between answers: nothing of a further one came. */
bool mig__sieve_reader_at_start(const mig__sieve_reader *reader);

/* The octets of a token, NUL-terminated; "" when there are not so many. */
const char *mig__sieve_text(const mig__sieve_answer *answer, size_t token);

/* True when the token is there and is this atom, in any case. */
bool mig__sieve_is_atom(const mig__sieve_answer *answer, size_t token, const char *word);
bool mig__sieve_is_string(const mig__sieve_answer *answer, size_t token);

#endif
