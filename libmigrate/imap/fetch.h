/*
 * imap/fetch.h - UID FETCH and UID SEARCH, always by PEEK, never changing anything
 */
#ifndef MIG_IMAP_FETCH_H
#define MIG_IMAP_FETCH_H

#include "imap/command.h"

enum { /* what to ask for, beside the UID */
       MIG__FETCH_FLAGS = 1 << 0,
       MIG__FETCH_DATE = 1 << 1,
       MIG__FETCH_SIZE = 1 << 2,
       MIG__FETCH_BODY = 1 << 3,    /* BODY.PEEK[]: the octets go to the session's sink */
       MIG__FETCH_HEADER = 1 << 4,  /* BODY.PEEK[HEADER] instead of the body, to the same sink */
       MIG__FETCH_EMAILID = 1 << 5, /* only where OBJECTID or X-GM-EXT-1 is announced */
       MIG__FETCH_LABELS = 1 << 6   /* only where X-GM-EXT-1 is announced */
};

/*
 * Begin and end a UID FETCH of `uids` (not empty). `changed_since` > 0 adds (CHANGEDSINCE n) (RFC 7162 section
 * 3.1.4.1). The command is in flight; wait for it with mig__command_wait. NULL when the session failed.
 */
mig__command *mig__fetch(mig__session *session, const mig__uidset *uids, unsigned items, uint64_t changed_since,
                         mig__command_handler *handler, void *context, mig_error *err);

/*
 * UID SEARCH; `criteria` are our own words ("ALL", "SINCE 1-Jan-2020"). Uses RETURN (ALL) where ESEARCH is announced,
 * since ranges are shorter than lists. The answers come as MIG__RESPONSE_SEARCH.
 */
mig__command *mig__search(mig__session *session, const char *criteria, mig__command_handler *handler, void *context,
                          mig_error *err);

/* Which of `uids` (not empty) are there. The answers come in the same way, perhaps in several. */
mig__command *mig__search_uids(mig__session *session, const mig__uidset *uids, mig__command_handler *handler,
                               void *context, mig_error *err);

/*
 * A server that searches so many messages at a time (RFC 9738) answers with the newest and MIG__CODE_MESSAGELIMIT: ask
 * below the lowest UID of `found`, to which `handler` adds, until nothing more comes. The mailbox is selected. 0; 1
 * refused (`err`), -1 the session failed.
 */
int mig__search_rest(mig__session *session, const char *criteria, const mig__uidset *found,
                     mig__command_handler *handler, void *context, mig_error *err);

/* What EXAMINE or SELECT told. */
typedef struct mig__selected {
    uint32_t exists, uidvalidity, uidnext; /* 0: not told */
    uint64_t modseq;                       /* 0: not told, or NOMODSEQ */
    bool has_permanent_flags;              /* RFC 3501 section 7.1: without PERMANENTFLAGS all flags can be stored */
    bool any_keyword;                      /* "\*" among them */
    char **permanent_flags;                /* NULL-terminated, NULL for none */
    char **flags;                          /* of FLAGS: those defined in the mailbox. The same */
    char mailbox_id[128];
} mig__selected;

/* A handler that fills a mig__selected (its context) from the untagged answers. */
int mig__selected_handler(const mig__response *response, void *context, mig_error *err);
void mig__selected_free(mig__selected *selected);

/* Begin and end EXAMINE (read only) or, for the target, SELECT. CONDSTORE is asked for where announced. */
mig__command *mig__select(mig__session *session, const char *mailbox, bool read_only, mig__selected *out,
                          mig_error *err);

/*
 * The same as EXAMINE with (QRESYNC (uidvalidity modseq)) (RFC 7162 section 3.2.5): what vanished and what changed
 * since then comes among the answers, as MIG__RESPONSE_VANISHED and MIG__RESPONSE_FETCH. `handler` has to call
 * mig__selected_handler for the others. QRESYNC must have been enabled.
 */
mig__command *mig__examine_since(mig__session *session, const char *mailbox, uint32_t uidvalidity, uint64_t modseq,
                                 mig__command_handler *handler, void *context, mig_error *err);

#endif
