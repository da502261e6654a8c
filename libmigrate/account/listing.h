/*
 * account/listing.h - the list of an account's mailboxes, had out with the server
 *
 * What it puts off is asked again within the patience, what breaks the connection over another one: LIST without
 * STATUS, then without any extension. A mailbox whose STATUS breaks every connection is in the list, marked as one to
 * be left alone (mig__mailbox.closes), and the others have their numbers.
 */
#ifndef MIG_ACCOUNT_LISTING_H
#define MIG_ACCOUNT_LISTING_H

#include "account/gate.h"
#include "imap/list.h"
#include <migrate/selection.h>

/*
 * `status`: with what STATUS says; where each mailbox has to be asked, only of those that are meant (NULL: all).
 * *session, which may be NULL, is replaced when it breaks. 0, or -1 with `err`; `out` is empty then.
 */
int mig__listing(mig__gate *gate, mig__session **session, bool status, const mig_selection *meant,
                 mig__mailbox_list *out, mig_error *err);

#endif
