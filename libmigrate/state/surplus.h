/*
 * state/surplus.h - the journal of dedup: messages that are on the target once too often, and where they were moved
 *
 * An entry is durable before its message is moved, and says from where, to where, and what it is, so that whoever finds
 * it later can tell by looking at both mailboxes how far it came.
 */
#ifndef MIG_STATE_SURPLUS_H
#define MIG_STATE_SURPLUS_H

#include "state/state.h"

typedef enum mig__surplus_state {
    MIG__SURPLUS_INTENT = 0,   /* a move was begun; whether it was done is not known */
    MIG__SURPLUS_MOVED = 1,    /* it is in `to` */
    MIG__SURPLUS_RETURNED = 2, /* it was brought back; of an entry that brings back: it is done */
    MIG__SURPLUS_GONE = 3      /* it was found in neither mailbox: somebody took it away */
} mig__surplus_state;

typedef struct mig__surplus {
    int64_t id;      /* 0 in new ones */
    char *from, *to; /* mailboxes of the target, wire names */
    uint32_t from_uidvalidity, from_uid;
    uint32_t to_uidvalidity, to_uidnext; /* of `to` before the move: what arrives has at least this UID */
    uint32_t to_uid;                     /* 0: not known */
    uint32_t kept_uid;                   /* the one that stays in `from`; 0: it is brought back */
    mig__message_digest digest;          /* raw, and how many octets */
    int64_t undoes;                      /* the entry that it takes back; 0: none */
    mig__surplus_state state;
    int64_t at; /* seconds since 1970-01-01 UTC: when it was begun */
} mig__surplus;

/* All entries of an account, the oldest first. Release with mig__state_surplus_free. */
int mig__state_surplus(mig__state *state, int64_t account, mig__surplus **out, size_t *count, mig_error *err);
void mig__state_surplus_free(mig__surplus **entries, size_t count);

/* Insert as INTENT; sets id and at. Durable with the next mig__state_flush. */
int mig__state_surplus_begin(mig__state *state, int64_t account, mig__surplus *entry, mig_error *err);
/* What became of it; to_uid 0: not known. An entry that undoes another settles that one, too. Durable as above. */
int mig__state_surplus_settle(mig__state *state, const mig__surplus *entry, mig__surplus_state now, uint32_t to_uid,
                              mig_error *err);
/* Nothing was moved. */
int mig__state_surplus_forget(mig__state *state, int64_t id, mig_error *err);

#endif
