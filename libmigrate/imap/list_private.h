/*
 * imap/list_private.h - what list.c and list_gather.c share
 */
#ifndef MIG_IMAP_LIST_PRIVATE_H
#define MIG_IMAP_LIST_PRIVATE_H

#include "base/buffer.h"
#include "imap/list.h"

/* What has arrived, in whatever order the server likes. All zero is empty. */
typedef struct mig__gathered {
    mig__mailbox *listed;
    size_t listed_count, listed_room;
    mig__mailbox *status; /* `wire` and the numbers, the identity, or both */
    size_t status_count, status_room;
    char **subscribed;
    size_t subscribed_count, subscribed_room;
    size_t octets; /* of all names */
    char *namespaces;
} mig__gathered;

/* The handler of LIST, LSUB, STATUS and NAMESPACE; context is the mig__gathered. */
int mig__gather(const mig__response *response, void *context, mig_error *err);
/* The same for a LIST that repeats what is listed already: takes STATUS alone. */
int mig__gather_status(const mig__response *response, void *context, mig_error *err);
void mig__gathered_clear(mig__gathered *all);

/* Sort and join what LIST and LSUB said, moving the mailboxes to `out`. `utf8`: names travel as UTF-8. */
int mig__gathered_join(mig__gathered *all, bool utf8, mig__mailbox_list *out, mig_error *err);

/* Hand numbers and identities over to the mailboxes they belong to; the last answer about each counts. */
void mig__gathered_apply_status(mig__gathered *all, mig__mailbox_list *out);

/*
 * Each namespace of what follows "NAMESPACE" (RFC 2342 section 6), "((\"INBOX.\" \".\")) NIL NIL", the personal ones
 * first; `take` returns false to end it. False when the text makes no sense.
 */
typedef bool mig__namespace_fn(mig__owner owner, const char *prefix, char delimiter, void *context);
bool mig__namespaces(const char *text, mig__namespace_fn *take, void *context);

/* The first personal one. False when there is none. */
bool mig__namespace_personal(const char *text, mig__buffer *prefix, char *delimiter);

/*
 * Whose each mailbox of the list is: the longest prefix that its name begins with decides, of equal ones the personal;
 * without any it is one's own. 0, or -1 with MIG_E_NOMEM.
 */
int mig__namespace_mark(const char *text, mig__mailbox_list *list, mig_error *err);

#endif
