/* copy/adopt_private.h - what the two halves of adoption share: adopt_ask.c (what the servers say) and adopt.c (what
 * follows from it) */
#ifndef MIG_COPY_ADOPT_PRIVATE_H
#define MIG_COPY_ADOPT_PRIVATE_H

#include "copy/job.h"

typedef struct mig__adopt_entry { /* a message of one side */
    uint32_t uid;
    uint32_t size; /* RFC822.SIZE, a hint that only ever leads to a closer look */
    int64_t utc;
    bool dated;
    bool has_header;
    bool settled;
    uint8_t header[MIG__DIGEST_SIZE];
    char *flags;
    char *message_id; /* NULL: not asked for, or it has none */
    uint64_t *fields; /* asked for together with it: a hash of each header field, in order of size; NULL: too many */
    size_t field_count;
    uint32_t twin; /* UID on the other side: the one with this date and Message-ID; 0: none, or not the only one */
} mig__adopt_entry;

typedef struct mig__adopt_side {
    mig__adopt_entry *items;
    size_t count;
    const mig__uidset *ours; /* UIDs to leave out; NULL: none */
    mig__uidset named;       /* those that the server told of, ours as well */
    uint32_t exists;         /* as the mailbox was opened */
} mig__adopt_side;

typedef struct mig__adopt_key { /* an entry's place in the order of size and date */
    uint32_t size;
    int64_t utc;
    size_t index;
} mig__adopt_key;

typedef struct mig__adopting { /* one folder */
    mig__run *run;
    mig__folder_job *job;
    mig__session **sessions[2]; /* by side */
    bool opened[2];             /* the folder's mailbox is open there */
    mig__adopt_side sides[2];
    mig__adopt_key *keys[2];
    mig__uidset ours;
} mig__adopting;

/* All of them: 0; 1 the server refuses, beyond patience (`err`); -1 nothing goes on. A refusal is no answer. */

/* Sizes, dates and flags of `uids` on that side, into a->sides. */
int mig__adopt_ask_summaries(mig__adopting *a, mig_side side, const mig__uidset *uids, mig_error *err);
/* Digests of headers, into the entries of that side, which are in the order of UIDs. An empty set is fine. */
int mig__adopt_ask_headers(mig__adopting *a, mig_side side, const mig__uidset *uids, mig_error *err);
/* Message-IDs and header fields, into the entries of that side, which are in the order of UIDs. `uids` may be empty. */
int mig__adopt_ask_ids(mig__adopting *a, mig_side side, const mig__uidset *uids, mig_error *err);
/* Pure. A hash of each field of a header, in order of size; *count of them, malloc'd. NULL: no memory. */
uint64_t *mig__adopt_fields(const char *header, size_t length, size_t *count);
/*
 * Pure. Pair what is not settled and has a date and a Message-ID that no other message of either side has together, if
 * the other side has one such as well, and the target's has all header fields of the source's: a field that differs was
 * changed by somebody, one more was added.
 */
void mig__adopt_twins(mig__adopt_side sides[2]);
/* Digests of whole messages of the target, into job->content. */
int mig__adopt_ask_bodies(mig__adopting *a, const mig__uidset *uids, mig_error *err);

/* Open the folder's mailbox on that side, unless it is. 0; 1 refused, or it is another one by now; -1. */
int mig__adopt_open(mig__session *session, mig__adopting *a, mig_side side, mig_error *err);
/* The entry with that UID, of a side in the order of UIDs; NULL: none. */
mig__adopt_entry *mig__adopt_entry_of(const mig__adopt_side *side, uint32_t uid);
int mig__adopt_compare_uids(const void *a, const void *b);
void mig__adopt_side_clear(mig__adopt_side *side);

#endif
