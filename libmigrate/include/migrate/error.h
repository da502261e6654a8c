/*
 * migrate/error.h - what went wrong, whose fault it is, and when to try again
 *
 * Every fallible function of libmigrate takes a `mig_error *` as its last argument and returns 0 on success or -1 on
 * failure (or a pointer that is NULL on failure). The caller owns the structure, usually on its stack; it holds no
 * pointer, needs no release and can be copied by assignment. It is filled on failure only. A NULL `mig_error *` is
 * allowed wherever one is taken. Filling it allocates nothing, so that running out of memory can be reported as well.
 */
#ifndef MIGRATE_ERROR_H
#define MIGRATE_ERROR_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define MIG_PRINTF(format_index, first) __attribute__((format(printf, format_index, first)))
#else
#define MIG_PRINTF(format_index, first)
#endif

/* What happened. The names (mig_code_name) appear in the JSON output and are stable. */
typedef enum mig_code {
    MIG_OK = 0,
    MIG_E_USAGE,        /* an argument or option that makes no sense */
    MIG_E_PLAN,         /* the plan file or the accounts list */
    MIG_E_NOMEM,        /* out of memory */
    MIG_E_IO,           /* a local file: open, read, write, fsync */
    MIG_E_DISK_FULL,    /* the local disk is full */
    MIG_E_STATE,        /* the state file is unreadable, corrupt or of a newer version */
    MIG_E_STATE_LOCKED, /* another process uses the state file */
    MIG_E_PAIR_LOCKED,  /* another process copies between the same two accounts */
    MIG_E_DNS,          /* a host name that does not resolve */
    MIG_E_CONNECT,      /* connection refused or unreachable */
    MIG_E_TIMEOUT,      /* a deadline passed */
    MIG_E_CLOSED,       /* the peer closed or reset the connection */
    MIG_E_TLS,          /* the TLS handshake or record layer */
    MIG_E_CERTIFICATE,  /* the certificate is not acceptable */
    MIG_E_CLEARTEXT,    /* refused: credentials would travel unencrypted */
    MIG_E_PROTOCOL,     /* the server broke the protocol */
    MIG_E_BOUNDS,       /* the server exceeded a bound (line, nesting, number, response size) */
    MIG_E_AUTH,         /* the login was refused */
    MIG_E_SECRET,       /* no password to be had: file, command, prompt */
    MIG_E_NO,           /* tagged NO without a better code */
    MIG_E_BAD,          /* tagged BAD without a better code */
    MIG_E_UNAVAILABLE,  /* the server is busy, throttles, or has too many connections: later */
    MIG_E_TOO_BIG,      /* the message exceeds the target's limit */
    MIG_E_OVERQUOTA,    /* the target's quota is used up */
    MIG_E_MISSING,      /* the mailbox does not exist (any more) */
    MIG_E_EXISTS,       /* the mailbox exists already */
    MIG_E_CANNOT,       /* the server will never do this (bad name, reserved, read only) */
    MIG_E_NOPERM,       /* no permission on the server */
    MIG_E_NOT_SENT,     /* the source answers OK but gives no content for a message */
    MIG_E_FLAG,         /* a flag or keyword that the target does not take */
    MIG_E_NAME,         /* a mailbox name that is not valid or cannot be carried over as it is */
    MIG_E_LOST,         /* the target answered that a message is stored, and does not hold it */
    MIG_E_GONE,         /* gone from the target since it was copied, or not what was copied any more */
    MIG_E_UIDVALIDITY,  /* the mailbox was replaced while being read */
    MIG_E_SAME,         /* source and target are the same account */
    MIG_E_SWAPPED,      /* source and target look swapped */
    MIG_E_REFUSED,      /* refused for safety: needs an explicit option */
    MIG_E_INTERRUPTED,  /* asked to stop */
    MIG_E_DIFFERENT,    /* verification found a difference */
    MIG_E_INTERNAL,     /* a bug in libmigrate */
    MIG_E_LIMIT,        /* a limit of this process or machine: open files, threads */
    MIG_E_SCANNER,      /* the virus scanner cannot be reached, or is none */
    MIG_E_INFECTED,     /* the virus scanner found something in a message */
    MIG_E_UNSCANNED,    /* the virus scanner did not look at a message: too big for it, an error */
    MIG_CODE_COUNT
} mig_code;

/* Whose fault it is: what has to be given up while the rest goes on. */
typedef enum mig_scope {
    MIG_SCOPE_MESSAGE, /* one message: list it, go on with the next */
    MIG_SCOPE_FOLDER,  /* one mailbox */
    MIG_SCOPE_ACCOUNT, /* the connection or the account */
    MIG_SCOPE_RUN      /* everything: usage, state file, disk, memory */
} mig_scope;

/* When trying again makes sense. */
typedef enum mig_retry {
    MIG_RETRY_NEVER, /* not without a change by a person */
    MIG_RETRY_NOW,   /* at once, on a fresh connection */
    MIG_RETRY_LATER  /* after a pause: retry_after_ms when the server named one, else with backoff */
} mig_retry;

#define MIG_ERROR_TEXT 768
#define MIG_ERROR_SERVER 384
#define MIG_ERROR_HINT 384

typedef struct mig_error {
    mig_code code;
    mig_scope scope;
    mig_retry retry;
    int64_t retry_after_ms;           /* 0: the server named no time */
    char text[MIG_ERROR_TEXT];        /* what happened, outermost context first, UTF-8, no control characters */
    char server[MIG_ERROR_SERVER];    /* the server's own words, "" when there are none; no control characters */
    char hint[MIG_ERROR_HINT];        /* what to do next, "" when nothing is known */
} mig_error;

#define MIG_ERROR_INIT {MIG_OK, MIG_SCOPE_RUN, MIG_RETRY_NEVER, 0, "", "", ""}

/*
 * Set code and text; scope and retry take the defaults of the code (the one table in base/error.c), the server's words
 * and the hint are cleared. Control characters in the formatted text are replaced by '?'.
 * Returns -1, so that `return mig_error_set(...)` ends a function.
 */
int mig_error_set(mig_error *err, mig_code code, const char *format, ...) MIG_PRINTF(3, 4);

/*
 * Like mig_error_set with ": " and strerror(errnum) appended; ENOSPC and EDQUOT become MIG_E_DISK_FULL, ENOMEM
 * MIG_E_NOMEM, EMFILE and ENFILE MIG_E_LIMIT. The hint of the last is what helps, whatever was being done: later calls
 * of mig_error_hint leave it as it is.
 */
int mig_error_errno(mig_error *err, mig_code code, int errnum, const char *format, ...) MIG_PRINTF(4, 5);

/* Put "context: " in front of the text: what was being done. Returns -1. */
int mig_error_context(mig_error *err, const char *format, ...) MIG_PRINTF(2, 3);

/* Set what to do next. Returns -1. */
int mig_error_hint(mig_error *err, const char *format, ...) MIG_PRINTF(2, 3);

/* Keep the server's words, made inert (control characters become '?'). Returns -1. */
int mig_error_server(mig_error *err, const char *words, size_t length);

/* "too-big", "overquota", ...: the stable name of a code. Static storage. */
const char *mig_code_name(mig_code code);

/* The tools' exit status for a code (0, 1, 2, 3, 4, 5, 6 or 130; see docs/mailmigrate.1). */
int mig_code_exit_status(mig_code code);

/* The worse of two exit statuses, in the order 130 6 2 3 5 4 1 0. */
int mig_exit_status_worse(int a, int b);

/*
 * One line for people: text, the server's words in quotes, the hint. Written to `out` (at most `size` octets with the
 * NUL). Returns out.
 */
char *mig_error_line(const mig_error *err, char *out, size_t size);

#ifdef __cplusplus
}
#endif
#endif
