/*
 * imap/list.h - all mailboxes of an account with what STATUS says, in as few round trips as the server allows
 */
#ifndef MIG_IMAP_LIST_H
#define MIG_IMAP_LIST_H

#include "imap/session.h"
#include <migrate/folder.h>

typedef enum mig__owner { /* whose namespace a mailbox is in (RFC 2342) */
                          MIG__OWNER_SELF,
                          MIG__OWNER_OTHER_USER,
                          MIG__OWNER_SHARED
} mig__owner;

typedef struct mig__mailbox {
    char *wire;      /* the name as the server wrote it */
    char *name;      /* decoded to UTF-8, or made valid (mig__name_repair) when it is not valid mUTF-7 */
    char *key;       /* `name` in NFC; NULL where it is ASCII */
    bool name_valid; /* false: `wire` is not valid mUTF-7 */
    char delimiter;  /* '\0': flat */
    unsigned attributes;
    mig__owner owner;
    mig_role role;                                   /* as announced by SPECIAL-USE; INBOX for INBOX */
    bool has_status;                                 /* the numbers below are known */
    uint32_t messages, uidnext, uidvalidity, unseen; /* 0: not told */
    uint64_t modseq;                                 /* HIGHESTMODSEQ; 0: not told */
    uint64_t size;                                   /* octets, where STATUS=SIZE is there; 0: not told */
    char *mailbox_id;                                /* NULL: not told */
    bool not_asked;                                  /* nobody wanted its numbers */
    bool closes;                                     /* it breaks connections: best left alone; problem has the words */
    bool status_failed;                              /* STATUS was refused; problem has the words */
    char *problem;
} mig__mailbox;

typedef struct mig__mailbox_list {
    mig__mailbox *items; /* in byte order of `wire`, INBOX in any spelling as "INBOX" */
    size_t count;
    mig__mailbox **by_name;    /* those with names beyond ASCII, by their keys */
    size_t named;              /* how many these are */
    char *prefix;              /* personal namespace prefix, wire form: "INBOX." or "" */
    char delimiter;            /* of the personal namespace; '\0' flat */
    bool utf8;                 /* names travel as UTF-8 (mig__session_utf8_names) */
    char *no_subscriptions;    /* why subscriptions are not known; NULL: they are */
    uint64_t unreadable;       /* LIST responses that make no sense: mailboxes that nobody knows */
    char unreadable_line[128]; /* how the last one of these begins, inert */
} mig__mailbox_list;

/* How the list is asked for; zeroed: names alone, in one round trip where the server can. */
typedef struct mig__list_options {
    bool status;                                                /* their numbers as well */
    unsigned plainer;                                           /* 1: STATUS by itself, 2: LIST without any extension */
    bool whatever;                                              /* what the server puts off is refused */
    bool (*wanted)(const mig__mailbox *mailbox, void *context); /* whose numbers, where each is asked; NULL: of all */
    void *context;
    char *const *avoid; /* wire names that are not asked for their numbers */
    const char *const *reasons;
    size_t avoid_count;
    char *suspect; /* out: the session broke over the STATUS of this one; malloc'd, NULL: over something else */
} mig__list_options;

/*
 * List everything (LIST "" "*"), subscriptions, special uses and NAMESPACE. With LIST-STATUS it is one round trip, else
 * one for the list and one for all STATUS commands, pipelined. \Noselect ones are not asked. A server that refuses
 * STATUS of one mailbox leaves that one without numbers. 0; 1 refused or put off (`err`), -1 the session failed, or
 * MIG_E_BOUNDS (more than 100,000 mailboxes). `out` is the caller's, to be released with mig__mailbox_list_free; empty
 * after an error. account/listing.h has the same with patience.
 */
int mig__list_all(mig__session *session, mig__list_options *options, mig__mailbox_list *out, mig_error *err);

/* The mailbox of that wire name, or NULL. INBOX in any spelling is INBOX. Borrowed from the list. */
mig__mailbox *mig__mailbox_find(const mig__mailbox_list *list, const char *wire);
/*
 * The same; when none has these octets, one whose name is the same under NFC: a server that normalises names lists
 * another form than it was asked to make. For mailboxes of the target; on the source a name in another form is new.
 */
mig__mailbox *mig__mailbox_alike(const mig__mailbox_list *list, const char *wire);

/*
 * A mailbox that the list does not have, without numbers; the caller fills in what it knows. Pointers into the list are
 * void afterwards. NULL: out of memory.
 */
mig__mailbox *mig__mailbox_list_add(mig__mailbox_list *list, const char *wire, mig_error *err);
void mig__mailbox_list_free(mig__mailbox_list *list);

#endif
