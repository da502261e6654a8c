/*
 * scanner/clamd.h - one connection to clamd: an IDSESSION, in which several messages are under way
 *
 * A connection belongs to one thread at a time. After a failure it is of no use any more.
 */
#ifndef MIG_SCANNER_CLAMD_H
#define MIG_SCANNER_CLAMD_H

#include "scanner/address.h"
#include "scanner/scanner.h"

typedef struct mig__clamd mig__clamd;

typedef struct mig__clamd_options {
    const mig__scanner_address *address;
    bool cleartext;       /* by TCP also to another machine */
    int64_t silence_ms;   /* how long it may neither take octets nor answer */
    const mig_stop *stop; /* borrowed; NULL allowed */
} mig__clamd_options;

/*
 * Connect, begin a session, ask for the version. NULL: MIG_E_CONNECT, MIG_E_DNS, MIG_E_TIMEOUT, MIG_E_CLOSED (not
 * there, or not now), MIG_E_PROTOCOL, MIG_E_BOUNDS (what answers is no clamd), MIG_E_NOPERM (this user may not use the
 * socket), MIG_E_CLEARTEXT, MIG_E_INTERRUPTED, MIG_E_LIMIT, MIG_E_NOMEM.
 */
mig__clamd *mig__clamd_open(const mig__clamd_options *options, mig_error *err);

/*
 * Show it messages, and gather what it says: items[i]->done with its result. A message in a file goes as a descriptor
 * (FILDES) where item->by_descriptor says so, else its octets do (INSTREAM). 0: all are done. -1: the connection broke,
 * was silent, or made no sense, and some are not; `err` as above, or MIG_E_IO: a file cannot be read.
 */
int mig__clamd_exchange(mig__clamd *clamd, mig__scanner_item *const *items, size_t count, mig_error *err);

/* When it was last used (mig__now_ms): clamd ends a session that is idle. */
int64_t mig__clamd_used(const mig__clamd *clamd);
bool mig__clamd_is_local(const mig__clamd *clamd);

void mig__clamd_close(mig__clamd **clamd); /* NULL in it is fine */

#endif
