/*
 * state/state.h - what was copied and what is in flight, in one SQLite file (state/schema.sql)
 *
 * One process at a time has the file open for writing. All functions may be called from any thread; they take turns.
 * Writes are gathered: an intent returns when it is on disk (WAL, synchronous=FULL), and everything that was queued
 * before it is on disk with it, so that a batch costs one commit. After the first failure (disk full, I/O) every call
 * fails with the same error: the run must stop before it sends anything more.
 */
#ifndef MIG_STATE_STATE_H
#define MIG_STATE_STATE_H

#include "base/clock.h"
#include "base/digest.h"
#include "base/uidset.h"
#include <migrate/error.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct mig__state mig__state;

/*
 * Open or create. The directory is created (mode 0700), the file has mode 0600. MIG_E_STATE: unreadable, not ours,
 * corrupt, of a newer version (an older one is migrated, in one transaction). MIG_E_STATE_LOCKED: in use; the text
 * names process id, host and start time of the other one. `read_only` takes no lock and works beside a writer.
 */
mig__state *mig__state_open(const char *path, bool read_only, mig_error *err);
/* A state in memory: for --dry-run without a file. */
mig__state *mig__state_open_memory(mig_error *err);
/* Write out what is queued and close. Sets *state to NULL. 0 or -1 (then something queued may be missing). */
int mig__state_close(mig__state **state, mig_error *err);

/* The account's id, made when it is new. Labels are "user@host:port" (or with authzid), without secrets. 0: error. */
int64_t mig__state_account(mig__state *state, const char *source, const char *target, mig_error *err);

/* ---- folders ---- */

typedef struct mig__state_folder {
    int64_t id;         /* 0: not stored yet */
    char *source;       /* wire name */
    char *target;       /* wire name */
    char *source_mailbox_id, *target_mailbox_id; /* OBJECTID; NULL: unknown */
    uint32_t source_uidvalidity, source_uidnext, source_messages; /* as of the last complete pass; 0: never complete */
    uint64_t source_modseq;
    uint32_t target_uidvalidity, target_uidnext, target_messages;
    uint64_t target_modseq;
    bool created;       /* this tool made the target mailbox */
} mig__state_folder;

/* All folders of an account in order of `source`. The caller frees with mig__state_folders_free. */
int mig__state_folders(mig__state *state, int64_t account, mig__state_folder **out, size_t *count, mig_error *err);
void mig__state_folders_free(mig__state_folder **folders, size_t count);
/* Insert (id 0: sets it) or update all columns. Queued; durable with the next intent or flush. */
int mig__state_folder_put(mig__state *state, int64_t account, mig__state_folder *folder, mig_error *err);
/* A UIDVALIDITY of the source changed: the folder's messages lose their source UIDs and wait to be matched by content. */
int mig__state_folder_reset_source(mig__state *state, int64_t folder, mig_error *err);
/* The same for the target side: target UIDs are forgotten. */
int mig__state_folder_reset_target(mig__state *state, int64_t folder, mig_error *err);

/* ---- messages ---- */

typedef enum mig__message_state {
    MIG__MESSAGE_INTENT = 0,  /* a batch holds it; whether it is on the target is not known */
    MIG__MESSAGE_COPIED = 1,
    MIG__MESSAGE_ADOPTED = 2, /* was there already, found by content */
    MIG__MESSAGE_FAILED = 3,  /* refused for good; code says why */
    MIG__MESSAGE_VANISHED = 4,/* gone on the source since it was copied; kept on the target */
    MIG__MESSAGE_DELETED = 5  /* gone on the source, and flagged or expunged on the target */
} mig__message_state;

typedef struct mig__message {
    int64_t id;          /* row id; 0 in new ones */
    uint32_t source_uid; /* 0: lost by a reset */
    uint32_t target_uid; /* 0: unknown */
    mig__message_state state;
    bool has_digest;     /* false: adopted without reading the octets */
    mig__message_digest digest; /* digest.octets is the size */
    mig__datetime internaldate;
    const char *flags;   /* as last carried over: sorted, joined by blanks, without \Recent; "" for none */
    const char *email_id; /* "" when unknown */
    mig_code code;       /* FAILED only */
    const char *text;    /* FAILED only: the reason; "" else */
} mig__message;

/* Call `each` for every message of a folder by ascending source_uid. It must not call back into the state. Strings are
 * borrowed for the call. A return of non-zero ends the walk and is returned. */
int mig__state_messages(mig__state *state, int64_t folder, int (*each)(const mig__message *message, void *context),
                        void *context, mig_error *err);
/* One message by digest among those of the account with a known target UID; for moves. Returns 1 found (fills out's
 * numbers and *folder; strings are ""), 0 not found, -1 error. */
int mig__state_find_digest(mig__state *state, int64_t account, const uint8_t raw[MIG__DIGEST_SIZE], int64_t *folder,
                           mig__message *out, mig_error *err);
/* Queued single updates. */
int mig__state_message_failed(mig__state *state, int64_t folder, const mig__message *message, mig_error *err);
int mig__state_message_adopt(mig__state *state, int64_t folder, const mig__message *message, mig_error *err); /* insert or update as ADOPTED */
int mig__state_message_flags(mig__state *state, int64_t folder, uint32_t source_uid, const char *flags, mig_error *err);
int mig__state_message_gone(mig__state *state, int64_t folder, uint32_t source_uid, mig__message_state state_now, mig_error *err);
/* The message moved on both sides: it now belongs to another folder with new UIDs. */
int mig__state_message_move(mig__state *state, int64_t from_folder, uint32_t from_source_uid, int64_t to_folder,
                            uint32_t to_source_uid, uint32_t to_target_uid, mig_error *err);

typedef struct mig__state_counts {
    uint64_t copied, adopted, failed, vanished, deleted, intent, octets;
} mig__state_counts;
int mig__state_count(mig__state *state, int64_t folder, mig__state_counts *out, mig_error *err);

/* ---- the journal ---- */

typedef struct mig__intent { /* what is about to be sent to one target folder in one go */
    int64_t folder;
    uint32_t target_uidvalidity; /* 0: unknown */
    uint32_t target_uidnext;     /* every UID that the batch gets is at least this; 0: unknown */
    const mig__message *messages; /* source_uid, digest, internaldate, flags, email_id are used */
    size_t count;
} mig__intent;

/* Record the intent and everything queued before it; returns when it is durable. The batch's id (> 0), or -1. */
int64_t mig__state_intent(mig__state *state, const mig__intent *intent, mig_error *err);
/* The target took the batch: target_uids[i] belongs to messages[i] (0: unknown, to be matched later). Queued. */
int mig__state_outcome(mig__state *state, int64_t batch, const uint32_t *target_uids, size_t count, mig_error *err);
/* The target took nothing of the batch, for certain (a tagged NO or BAD): its messages are as before. Queued. */
int mig__state_withdraw(mig__state *state, int64_t batch, mig_error *err);

/* An intent without outcome, found after a kill or a cut. */
typedef struct mig__open_batch {
    int64_t id;
    int64_t folder;
    uint32_t target_uidvalidity, target_uidnext;
    mig__message *messages; /* flags and email_id are owned by the batch */
    size_t count;
} mig__open_batch;
int mig__state_open_batches(mig__state *state, int64_t account, mig__open_batch **out, size_t *count, mig_error *err);
void mig__state_open_batches_free(mig__open_batch **batches, size_t count);
/* Reconciled: target_uids[i] > 0 was found on the target (becomes COPIED), 0 was not (its row goes). Queued. */
int mig__state_reconcile(mig__state *state, int64_t batch, const uint32_t *target_uids, size_t count, mig_error *err);

/* Make everything queued durable. */
int mig__state_flush(mig__state *state, mig_error *err);

/* ---- records of runs, for evidence and status ---- */

/* A run begins: verb ("copy"), version of the tool, both logins; returns its id or -1. */
int64_t mig__state_run_begin(mig__state *state, int64_t account, const char *verb, const char *version, mig_error *err);
int mig__state_run_end(mig__state *state, int64_t run, const char *status, uint64_t copied, uint64_t failed,
                       uint64_t octets, mig_error *err);
/* Octets sent to the target on a UTC day (days since 1970-01-01). */
int mig__state_sent_add(mig__state *state, int64_t account, int64_t day, uint64_t octets, mig_error *err);
int mig__state_sent_get(mig__state *state, int64_t account, int64_t day, uint64_t *octets, mig_error *err);

#endif
