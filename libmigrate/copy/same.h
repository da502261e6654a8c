/*
 * copy/same.h - before a message on the target is changed, moved or removed: is it the one that the record says?
 *
 * A server may have told a wrong UID, or a mailbox may have been put back from a backup under its old UIDVALIDITY. So
 * size and date are held against the record first, and where these differ, or the message is to be removed, the
 * content. A target that rewrites messages is met by the digest of the canonical form.
 */
#ifndef MIG_COPY_SAME_H
#define MIG_COPY_SAME_H

#include "imap/session.h"
#include "state/state.h"

typedef struct mig__expected { /* a message of the record */
    uint32_t uid;              /* on the target */
    mig__message_digest digest;
    bool has_digest; /* false: adopted by its size, date and header; digest.octets is its size */
    mig__datetime date;
    bool same; /* out: it is there, and it is that message */
    bool there;
    bool dated; /* out: its date is as recorded */
} mig__expected;

/* Keep what the record knows of a message. */
mig__expected mig__same_expect(const mig__message *message);

/* Pure: size and date are as recorded, as far as both are known. */
bool mig__same_looks(const mig__expected *expected, uint32_t size, const mig__datetime *date);

/*
 * Fill `there` and `same` of messages of the mailbox that is selected on the target. `by_content`: size and date are
 * not enough. 0; 1 when the server does not let them be read now (`err`), -1 when the session failed.
 */
int mig__same_check(mig__session *session, mig__expected *expected, size_t count, bool by_content, mig_error *err);

/* Remove messages of the selected mailbox by UID EXPUNGE. `why` has a refusal. -1: the session failed. */
int mig__same_expunge(mig__session *session, const uint32_t *uids, size_t count, mig_error *why, mig_error *err);

#endif
