/*
 * account/check.h - what can only be a mistake: source and target are one account, or look swapped
 */
#ifndef MIG_ACCOUNT_CHECK_H
#define MIG_ACCOUNT_CHECK_H

#include "imap/list.h"
#include <migrate/endpoint.h>

/* By host and login alone, before connecting. 0, or -1 with MIG_E_SAME. */
int mig__sides_check_endpoints(const mig_endpoint *source, const mig_endpoint *target, mig_error *err);

/* One side as it was found: its list, with STATUS, and the session that listed it. */
typedef struct mig__side_found {
    const mig__mailbox_list *list;
    mig__session *session;
} mig__side_found;

/*
 * By any name: every mailbox is there on the other side, with the numbers that servers choose for themselves, and the
 * newest messages of one mailbox have the same UIDs, dates, IDs and headers. Numbers alone do not tell: two servers
 * that are new count alike. The messages are looked at only when all numbers agree; an account without mail is never
 * taken for another one. The sessions end up with a mailbox opened (EXAMINE). 0, or -1 with MIG_E_SAME or what ended a
 * session.
 */
int mig__sides_check_lists(const mig__side_found *source, const mig__side_found *target, mig_error *err);

/* True when the source is empty and the target is not: swapped, unless something was copied before. */
bool mig__sides_look_swapped(const mig__mailbox_list *source, const mig__mailbox_list *target);

/* Always -1, with MIG_E_SWAPPED. */
int mig__sides_refuse_swapped(const mig__mailbox_list *target, mig_error *err);

/* Messages in all mailboxes. */
uint64_t mig__sides_messages(const mig__mailbox_list *list);

#endif
