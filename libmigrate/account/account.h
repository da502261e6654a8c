/*
 * account/account.h - one mail account as the work finds it: the way in, its mailboxes, and what is known of its server
 *
 * Every engine begins like this: connect with patience, list, recognise the server. What is tried again then, and for
 * how long, is decided here and in the gate, and nowhere else.
 */
#ifndef MIG_ACCOUNT_ACCOUNT_H
#define MIG_ACCOUNT_ACCOUNT_H

#include "account/gate.h"
#include "account/profile.h"
#include "imap/list.h"
#include <migrate/observer.h>
#include <migrate/selection.h>

typedef struct mig__account_options {
    const mig_endpoint *endpoint; /* borrowed; NULL: there is no such side */
    const char *provider;         /* the profile that the user named; NULL: recognise it */
    const mig_log *log;           /* borrowed */
    const mig_stop *stop;         /* borrowed; NULL: none */
    const mig_selection *meant;   /* borrowed: mailboxes that are not need no STATUS of their own; NULL: all are */
    bool labels_as_keywords;      /* as mig__session_options */
    mig_kept *kept;               /* these as mig__gate_options */
    int64_t patience_ms;
    bool (*stopping)(void *context);
    uint64_t (*progress)(void *context);
    void (*waiting)(const mig_error *error, void *context);
    void *context;
} mig__account_options;

typedef struct mig__account {
    const mig_endpoint *endpoint; /* NULL: there is no such side */
    const char *provider;
    const mig_selection *meant;
    char label[320]; /* "user@host:port"; "" without an endpoint */
    mig__gate gate;
    mig__mailbox_list mailboxes; /* as listed last */
    mig__profile profile;        /* from here on: as found when it was opened */
    bool utf8;                   /* names are UTF-8 on the wire */
    bool wraps;                  /* APPEND in the form of RFC 6855 is taken as well */
    bool flagged_later;          /* \Flagged that comes with a message is lost: it has to be stored afterwards */
} mig__account;

/* It must stay where it is until it is cleared: gate and sessions point into it. */
void mig__account_init(mig__account *account, const mig__account_options *options);
void mig__account_clear(mig__account *account); /* after its last session was closed */

/*
 * Log in, list the mailboxes (with STATUS when `status`), recognise the server. What may pass is tried again
 * (account/listing.h). Of a list that was there before nothing is left. 0 with *session, or -1 with `err`, which names
 * the account.
 */
int mig__account_open(mig__account *account, mig__patience patience, bool status, mig__session **session,
                      mig_error *err);

#endif
