/*
 * dedup/judge.h - which messages of a mailbox are there once too often: pure functions over what was read and what is
 * on record
 */
#ifndef MIG_DEDUP_JUDGE_H
#define MIG_DEDUP_JUDGE_H

#include "mail/digest.h"
#include "mail/uidset.h"
#include <stdbool.h>
#include <stddef.h>

#define MIG__NO_ROW ((size_t)-1)

typedef struct mig__dup_item { /* a message of the mailbox */
    uint32_t uid;
    uint64_t size; /* as the server says */
    bool has_digest;
    mig__message_digest digest;
    char *flags;   /* joined, without \Recent and \Deleted; malloc'd */
    size_t row;    /* out: of the record, by the UID; MIG__NO_ROW: none */
    uint32_t kept; /* out: it is a double, and this one stays; 0: it stays itself */
} mig__dup_item;

typedef struct mig__dup_row { /* of the record: a message that belongs into the mailbox */
    int64_t id;
    uint32_t uid; /* there; 0: not known */
    bool has_digest;
    mig__message_digest digest; /* octets also without */
    uint32_t moved_to;          /* out: the message that stands for it from now on; 0: the same as before */
} mig__dup_row;

/* Give each item its row. Items by ascending UID. */
void mig__dup_assign(mig__dup_item *items, size_t count, const mig__dup_row *rows, size_t row_count);

/*
 * What has to be read: whatever has the size of another one; everything, where the server rewrote a message that is on
 * record, so that its size is another one. 0, -1 (MIG_E_NOMEM).
 */
int mig__dup_candidates(const mig__dup_item *items, size_t count, const mig__dup_row *rows, mig__uidset *out,
                        mig_error *err);

/* Does the server rewrite? A message on record has other octets there, and the same canonical form. */
bool mig__dup_rewrites(const mig__dup_item *items, size_t count, const mig__dup_row *rows);

/*
 * Mark the doubles: of messages with the same octets (`canonical`: the same canonical form) as many stay as the record
 * has of them, one at least, those with the lowest UIDs. Each double names the lowest. Rows whose message is a double
 * get one that stays, and has no row of its own (moved_to). 0, -1 (MIG_E_NOMEM).
 */
int mig__dup_judge(mig__dup_item *items, size_t count, mig__dup_row *rows, size_t row_count, bool canonical,
                   mig_error *err);

#endif
