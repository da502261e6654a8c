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
/* Digests of whole messages of the target, into job->content. */
int mig__adopt_ask_bodies(mig__adopting *a, const mig__uidset *uids, mig_error *err);

int mig__adopt_compare_uids(const void *a, const void *b);
void mig__adopt_side_clear(mig__adopt_side *side);

#endif
