/*
 * sieve/session.h - a ManageSieve session (RFC 5804): connect, STARTTLS or nothing, log in, ask, put
 *
 * Every argument is encoded in one place (dialogue.c): no octet of a name or script can end a command. Failures of the
 * connection are final; a refusal (NO) leaves the session usable.
 */
#ifndef MIG_SIEVE_SESSION_H
#define MIG_SIEVE_SESSION_H

#include "net/stream.h"
#include "sieve/answer.h"
#include <migrate/endpoint.h>
#include <migrate/log.h>

typedef struct mig__sieve_session mig__sieve_session;

typedef struct mig__sieve_options {
    const mig_endpoint *endpoint; /* of the ManageSieve server; outlives the session */
    const mig_stop *stop;         /* NULL: none */
    const mig_log *log;           /* NULL: none */
    const char *account;          /* for the log */
} mig__sieve_options;

/* What the server told last (RFC 5804 section 1.7); a NULL string was not told. */
typedef struct mig__sieve_capability {
    char *implementation, *sieve, *sasl, *notify, *version, *owner;
    bool starttls;
    bool known;
} mig__sieve_capability;

/* Connect, secure the line, log in, read what the server can then. NULL with `err`, which names the account. */
mig__sieve_session *mig__sieve_open(const mig__sieve_options *options, mig_error *err);
/* The same on a connection that is there, which is the session's from now on, also on failure. */
mig__sieve_session *mig__sieve_open_stream(mig__stream *stream, const mig__sieve_options *options, mig_error *err);

/* Say LOGOUT and close, without waiting for the answer. NULL is fine. */
void mig__sieve_close(mig__sieve_session **session);

const mig__sieve_capability *mig__sieve_capabilities(const mig__sieve_session *session);

/* True when the session cannot be used any more. */
bool mig__sieve_lost(const mig__sieve_session *session);

#define MIG__SIEVE_SCRIPTS 10000 /* of an account */

typedef struct mig__sieve_listing {
    char **names;
    size_t count;
    size_t active; /* index; (size_t)-1: none is */
} mig__sieve_listing;

#define MIG__SIEVE_LISTING_INIT                                                                                        \
    {                                                                                                                  \
        NULL, 0, (size_t)-1                                                                                            \
    }

/* LISTSCRIPTS. Names are UTF-8 without control characters; one that is not is an error, MIG_E_PROTOCOL. */
int mig__sieve_list(mig__sieve_session *session, mig__sieve_listing *out, mig_error *err);
void mig__sieve_listing_clear(mig__sieve_listing *listing);

/* GETSCRIPT: the octets go to `out`. */
int mig__sieve_get(mig__sieve_session *session, const char *name, mig__buffer *out, mig_error *err);

/* HAVESPACE. 0: there is room; -1 with MIG_E_OVERQUOTA, MIG_E_TOO_BIG or another. */
int mig__sieve_have_space(mig__sieve_session *session, const char *name, size_t size, mig_error *err);

/* CHECKSCRIPT, PUTSCRIPT. What the server warns of goes to `warning` (inert, "" for nothing). */
int mig__sieve_check(mig__sieve_session *session, const char *script, size_t length, char *warning, size_t size,
                     mig_error *err);
int mig__sieve_put(mig__sieve_session *session, const char *name, const char *script, size_t length, char *warning,
                   size_t size, mig_error *err);

/* SETACTIVE; "" makes none active. */
int mig__sieve_activate(mig__sieve_session *session, const char *name, mig_error *err);

#endif
