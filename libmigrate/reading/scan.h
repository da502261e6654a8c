/*
 * reading/scan.h - which messages a mailbox holds: EXAMINE and UID SEARCH, and what to do when they tell too little
 *
 * In two halves, so that many mailboxes can be asked about at once (account/each.h). Taking stock, copying, verifying
 * and exporting have the same one, so that what one of them sees the others see as well.
 */
#ifndef MIG_READING_SCAN_H
#define MIG_READING_SCAN_H

#include "imap/fetch.h"

typedef struct mig__scan {
    const char *mailbox;  /* wire */
    const char *criteria; /* "ALL": as many messages must be named as there are */
    bool opened;          /* another scan, sent just before, opens the mailbox */
    mig__selected *now;   /* out; of that other scan */
    mig__uidset *found;   /* out */

    mig__command *select, *search; /* the rest is scan.c's */
    bool answered;                 /* a SEARCH was among the answers: an OK alone does not mean "none" */
    bool partial;                  /* the server searched a part of the mailbox only (RFC 9738) */
} mig__scan;

/* Send the commands; `now` and `found` are as if nothing had been. 0, -1. */
int mig__scan_send(mig__session *session, mig__scan *scan, mig_error *err);
/* Wait for their answers. 0; 1 refused, or it makes no sense (`err`); -1 the session failed. */
int mig__scan_wait(mig__session *session, mig__scan *scan, mig_error *err);
/*
 * Ask for what is missing: the older messages, of a server that searches so many at a time, and when without conditions
 * fewer are named than EXISTS says, the UIDs one by one. Opens the mailbox anew where it has to. 0; 1 refused, -1.
 */
int mig__scan_complete(mig__session *session, mig__scan *scan, mig_error *err);
/* How many messages there are in the end that the server does not name. */
uint64_t mig__scan_hidden(const mig__scan *scan);
/* What to say of it: MIG_E_PROTOCOL. `place` is "'Work' on the source". */
void mig__scan_hidden_error(const mig__scan *scan, const char *place, mig_error *err);

#endif
