/* sieve/lexer.h - the words of a Sieve script (RFC 5228 section 8.1) */
#ifndef MIG_SIEVE_LEXER_H
#define MIG_SIEVE_LEXER_H

#include "base/buffer.h"
#include <migrate/error.h>
#include <stdint.h>

typedef enum mig__sieve_word_kind {
    MIG__SIEVE_WORD_END,
    MIG__SIEVE_WORD_NAME,
    MIG__SIEVE_WORD_TAG,
    MIG__SIEVE_WORD_NUMBER,
    MIG__SIEVE_WORD_STRING,
    MIG__SIEVE_WORD_SIGN /* one of ; , ( ) [ ] { } */
} mig__sieve_word_kind;

typedef struct mig__sieve_lexer {
    const char *octets;
    size_t length, at;
    unsigned line; /* from 1 */
    /* The word that was read last: */
    mig__sieve_word_kind kind;
    char sign;
    uint64_t number;
    unsigned word_line;
    size_t from, to;   /* its octets */
    mig__buffer value; /* of a name or tag (in lower case), or a string (decoded) */
} mig__sieve_lexer;

void mig__sieve_lexer_init(mig__sieve_lexer *lexer, const char *octets, size_t length);
void mig__sieve_lexer_free(mig__sieve_lexer *lexer);

/* Read the next word. 0, or -1 with MIG_E_PROTOCOL ("line 7: ...") or MIG_E_NOMEM. */
int mig__sieve_lexer_next(mig__sieve_lexer *lexer, mig_error *err);

#endif
