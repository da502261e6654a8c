/* imap/digests.h - reading bodies or headers only to know their digests: nothing is kept in memory */
#ifndef MIG_IMAP_DIGESTS_H
#define MIG_IMAP_DIGESTS_H

#include "imap/fetch.h"
#include "mail/digest.h"

/*
 * Called once for each message that the server gave a body for, in the server's order. `item` as in imap/response.h.
 * 0, or -1 with `err` filled: ends the session.
 */
typedef int mig__digest_handler(const mig__fetch_item *item, const mig__message_digest *digest, void *context,
                                mig_error *err);

/*
 * UID FETCH (UID FLAGS INTERNALDATE and `what`: MIG__FETCH_BODY or MIG__FETCH_HEADER) of the selected mailbox's `uids`,
 * in bounded pieces with several in flight, digests taken as the octets pass. The session's sink is replaced. A message
 * that the server does not have, or refuses while it gives others, is left out. 0; 1 when it puts the answer off, or
 * refuses all of them (`err`); -1 when the session failed.
 */
int mig__fetch_digests(mig__session *session, const mig__uidset *uids, unsigned what, mig__digest_handler *handler,
                       void *context, mig_error *err);

/* The same with a digester of the caller's, which may know some messages already (mig__digester_ask). */
int mig__fetch_digests_with(mig__session *session, const mig__uidset *uids, unsigned what, mig__digester *digester,
                            mig__digest_handler *handler, void *context, mig_error *err);

#endif
