/*
 * imap/list.h - all mailboxes of an account with what STATUS says, in as few round trips as the server allows
 */
#ifndef MIG_IMAP_LIST_H
#define MIG_IMAP_LIST_H

#include "imap/session.h"
#include <migrate/folder.h>

typedef struct mig__mailbox {
    char *wire;      /* the name as the server wrote it */
    char *name;      /* decoded to UTF-8, or fit to show when it is not valid mUTF-7 */
    bool name_valid; /* false: `wire` is not valid mUTF-7 */
    char delimiter;  /* '\0': flat */
    unsigned attributes;
    mig_role role;                                   /* as announced by SPECIAL-USE; INBOX for INBOX */
    bool has_status;                                 /* the numbers below are known */
    uint32_t messages, uidnext, uidvalidity, unseen; /* 0: not told */
    uint64_t modseq;                                 /* HIGHESTMODSEQ; 0: not told */
    uint64_t size;                                   /* octets, where STATUS=SIZE is there; 0: not told */
    char *mailbox_id;                                /* NULL: not told */
    bool status_failed;                              /* STATUS answered NO; problem has the words */
    char *problem;
} mig__mailbox;

typedef struct mig__mailbox_list {
    mig__mailbox *items; /* in byte order of `wire`, INBOX in any spelling as "INBOX" */
    size_t count;
    char *prefix;   /* personal namespace prefix, wire form: "INBOX." or "" */
    char delimiter; /* of the personal namespace; '\0' flat */
} mig__mailbox_list;

/*
 * List everything (LIST "" "*"), subscriptions, special uses and NAMESPACE. With LIST-STATUS it is one round trip, else
 * one for the list and one for all STATUS commands, pipelined. `want_status` false leaves STATUS out. \Noselect ones
 * are not asked. A server that refuses STATUS of one mailbox leaves that one without numbers. Errors: MIG_E_UNAVAILABLE
 * (the server throttles), MIG_E_BOUNDS (more than 100,000 mailboxes), a refused LIST, and what ends a session. `out` is
 * the caller's, to be released with mig__mailbox_list_free; empty after an error.
 */
int mig__list_all(mig__session *session, bool want_status, mig__mailbox_list *out, mig_error *err);

/* The mailbox of that name, or NULL. INBOX in any spelling is INBOX. Borrowed from the list. */
mig__mailbox *mig__mailbox_find(const mig__mailbox_list *list, const char *wire);
void mig__mailbox_list_free(mig__mailbox_list *list);

#endif
