/*
 * state/state.h - what was copied and what is in flight, in one SQLite file (state/schema.sql)
 *
 * One process at a time has the file open for writing. All functions may be called from any thread; they take turns.
 * Writes are gathered: an intent returns when it is on disk (WAL, synchronous=FULL), and everything that was queued
 * before it is on disk with it, so that a batch costs at most one commit; intents of several threads share one. After
 * the first failure of the database (disk full, I/O, corruption) every call fails with the same error: the run must
 * stop before it sends anything more.
 *
 * Reads see what was queued. Except where said otherwise, functions return 0, or -1 with `err` filled: MIG_E_DISK_FULL,
 * MIG_E_IO, MIG_E_STATE (corrupt), MIG_E_STATE_LOCKED (another program holds a lock in the file), MIG_E_NOMEM, or
 * MIG_E_INTERNAL for arguments that make no sense (what can be seen at once, as an unknown batch, does not end the
 * state's use; an account or folder that does not exist does).
 */
#ifndef MIG_STATE_STATE_H
#define MIG_STATE_STATE_H

#include "base/clock.h"
#include "mail/digest.h"
#include "mail/uidset.h"
#include <migrate/error.h>
#include <migrate/scan.h>
#include <migrate/stop.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct mig__state mig__state;

/*
 * Open or create. The directory is created (mode 0700), the file has mode 0600. MIG_E_STATE: unreadable, not ours,
 * corrupt, of a newer version (an older one is migrated, in one transaction). MIG_E_STATE_LOCKED: in use; the text
 * names process id, host and start time of the other one. `read_only` takes no lock, works beside a writer, makes
 * nothing, and refuses every write with MIG_E_INTERNAL. `stop` (borrowed, NULL allowed) ends the waiting for another
 * program's lock in the file, which else takes two seconds at most.
 */
mig__state *mig__state_open(const char *path, bool read_only, const mig_stop *stop, mig_error *err);
/* A state in memory: for --dry-run without a file. */
mig__state *mig__state_open_memory(mig_error *err);
/* Write out what is queued and close. Sets *state to NULL. 0 or -1 (then something queued may be missing). */
int mig__state_close(mig__state **state, mig_error *err);

/* ---- accounts ---- */

/*
 * The account's id, made when it is new. Labels are "user@host:port" (or with authzid), without secrets. 0: error; for
 * a state opened for reading also when the account is not in it (MIG_E_STATE).
 */
int64_t mig__state_account(mig__state *state, const char *source, const char *target, mig_error *err);

/* Call `each` for every account by ascending id, under the same rules as mig__state_messages. */
int mig__state_accounts(mig__state *state,
                        int (*each)(int64_t id, const char *source, const char *target, void *context), void *context,
                        mig_error *err);

/*
 * Take the account for `owner` (any unique text) for `seconds` from now, or extend one's own lease. Returns 1: taken,
 * durable; 0: another owner has it, and its time is not over; -1: error. Only of use once several workers share a
 * state.
 */
int mig__state_account_lease(mig__state *state, int64_t account, const char *owner, int64_t seconds, mig_error *err);
/* Give it back; nothing happens when it is not the owner's. Queued. */
int mig__state_account_release(mig__state *state, int64_t account, const char *owner, mig_error *err);

/* ---- folders ---- */

typedef struct mig__state_folder {
    int64_t id;                                                   /* 0: not stored yet */
    char *source;                                                 /* wire name */
    char *target;                                                 /* wire name */
    char *source_mailbox_id, *target_mailbox_id;                  /* OBJECTID; NULL: unknown */
    uint32_t source_uidvalidity, source_uidnext, source_messages; /* as of the last complete pass; 0: never complete */
    uint64_t source_modseq;                                       /* at most 2^63-1 (RFC 7162 section 3.1.2.2) */
    uint32_t target_uidvalidity, target_uidnext, target_messages;
    uint64_t target_modseq;
    bool created;    /* this tool made the target mailbox */
    uint64_t wanted; /* messages that the last pass wanted on the target: what has no row (INTENT, COPIED, ADOPTED,
                        FAILED) of these was not copied; 0: unknown, or none */
    char *trouble;   /* why the last pass did not get through the folder; NULL: it did, or it was killed */
} mig__state_folder;

/* All folders of an account in order of `source` (by octets). The caller frees with mig__state_folders_free. */
int mig__state_folders(mig__state *state, int64_t account, mig__state_folder **out, size_t *count, mig_error *err);
void mig__state_folders_free(mig__state_folder **folders, size_t count);
/*
 * Insert (id 0: sets it; when the account has a folder of that source name already, that one is updated) or update all
 * columns. Queued; durable with the next intent or flush. For renames: if another folder has the new source name, that
 * one is taken to be renamed as well, and is called "\001ID" until it is put itself.
 */
int mig__state_folder_put(mig__state *state, int64_t account, mig__state_folder *folder, mig_error *err);
/*
 * A UIDVALIDITY of the source changed: the folder's messages lose their source UIDs and wait to be matched by content
 * (mig__state_orphans, mig__state_message_repair); FAILED ones, which nothing can match, go; what is recorded of the
 * source side of the folder is 0 again. Open batches of the folder must be reconciled before. Queued.
 */
int mig__state_folder_reset_source(mig__state *state, int64_t folder, mig_error *err);
/* The same for the target side: target UIDs are forgotten. Queued. */
int mig__state_folder_reset_target(mig__state *state, int64_t folder, mig_error *err);

/* ---- messages ---- */

typedef enum mig__message_state {
    MIG__MESSAGE_INTENT = 0, /* a batch holds it; whether it is on the target is not known */
    MIG__MESSAGE_COPIED = 1,
    MIG__MESSAGE_ADOPTED = 2,  /* was there already, found by content */
    MIG__MESSAGE_FAILED = 3,   /* refused for good; code says why */
    MIG__MESSAGE_VANISHED = 4, /* gone on the source since it was copied; kept on the target */
    MIG__MESSAGE_DELETED = 5,  /* gone on the source, and flagged or expunged on the target */
    MIG__MESSAGE_WITHHELD = 6  /* not sent by decision: a virus scanner found something in it; text says what */
} mig__message_state;

typedef struct mig__message {
    int64_t id;          /* row id; 0 in new ones */
    uint32_t source_uid; /* 0: lost by a reset */
    uint32_t target_uid; /* 0: unknown */
    mig__message_state state;
    bool has_digest;            /* false: adopted without reading the octets */
    mig__message_digest digest; /* digest.octets is the size, also without has_digest; 0: unknown */
    int canonical_version;      /* read only: the rules behind digest.canonical; writes record MIG__CANONICAL_VERSION */
    mig__datetime internaldate;
    const char *flags;      /* as last carried over: sorted, joined by blanks, without \Recent; "" for none */
    const char *email_id;   /* "" when unknown */
    mig_code code;          /* FAILED and WITHHELD only */
    const char *text;       /* FAILED and WITHHELD only: the reason; "" else */
    const char *message_id; /* header fields that name the message in a report when the source is off; "": unknown */
    const char *subject;
    const char *owed;   /* flags of the source that the target did not take; "" for none */
    int64_t gone_since; /* read only: when it was seen to be gone from the target; 0: not gone */
} mig__message;
/* In what is given to the state, NULL strings are allowed: unknown. What the state gives has "" instead. */

/*
 * Call `each` for every message of a folder by ascending source_uid (those without one first). It must not call back
 * into the state. Strings are borrowed for the call. A return of non-zero ends the walk and is returned.
 */
int mig__state_messages(mig__state *state, int64_t folder, int (*each)(const mig__message *message, void *context),
                        void *context, mig_error *err);
/* The same for the messages that a reset left without source UID; not FAILED, INTENT. */
int mig__state_orphans(mig__state *state, int64_t folder, int (*each)(const mig__message *message, void *context),
                       void *context, mig_error *err);
/* The same for COPIED, ADOPTED and VANISHED messages whose target UID is not known: after a reset of the target, or
 * where a target without UIDPLUS did not tell. */
int mig__state_unplaced(mig__state *state, int64_t folder, int (*each)(const mig__message *message, void *context),
                        void *context, mig_error *err);
/* The same for FAILED messages. */
int mig__state_failed(mig__state *state, int64_t folder, int (*each)(const mig__message *message, void *context),
                      void *context, mig_error *err);

/* Source UIDs of ADOPTED messages without a digest by the rules of today. What the set held before stays. */
int mig__state_unproven(mig__state *state, int64_t folder, mig__uidset *out, mig_error *err);

/* One message by its source UID. 1: found, `out` filled, the caller releases its strings with mig__message_clear;
 * 0: not found; -1: error. */
int mig__state_message_by_uid(mig__state *state, int64_t folder, uint32_t source_uid, mig__message *out,
                              mig_error *err);
void mig__message_clear(mig__message *message);
/* One message by digest among those of the account with a known target UID (COPIED, ADOPTED, VANISHED); for moves,
 * therefore VANISHED ones first. Returns 1 found (fills out's numbers and *folder; strings are ""), 0 not found, -1
 * error. The first call for an account reads all its digests (21 to 43 octets of memory a message from then on). */
int mig__state_find_digest(mig__state *state, int64_t account, const uint8_t raw[MIG__DIGEST_SIZE], int64_t *folder,
                           mig__message *out, mig_error *err);
/* The same by EMAILID. */
int mig__state_find_email_id(mig__state *state, int64_t account, const char *email_id, int64_t *folder,
                             mig__message *out, mig_error *err);

/* Source UIDs that need no copying (COPIED, ADOPTED, VANISHED) and those that failed for good. Either may be NULL.
 * What the sets held before stays. INTENT is in neither: reconcile first. */
int mig__state_source_uids(mig__state *state, int64_t folder, mig__uidset *done, mig__uidset *failed, mig_error *err);
/* Source UIDs that the source is expected to have still (COPIED, ADOPTED): less those it has are the vanished ones. */
int mig__state_source_present(mig__state *state, int64_t folder, mig__uidset *out, mig_error *err);
/*
 * Known target UIDs (COPIED, ADOPTED, VANISHED, but not those that are known to be gone): what on the target is not in
 * it is not ours, or not recorded.
 */
int mig__state_target_uids(mig__state *state, int64_t folder, mig__uidset *out, mig_error *err);
/* The same of a mailbox of the target (wire name), over all folders of the account that go there. */
int mig__state_ours_in(mig__state *state, int64_t account, const char *target, mig__uidset *out, mig_error *err);

/* Queued single updates. A row is found by folder and source UID (not 0). A UID without a row: nothing happens. */
int mig__state_message_failed(mig__state *state, int64_t folder, const mig__message *message,
                              mig_error *err); /* insert or replace as FAILED */
int mig__state_message_adopt(mig__state *state, int64_t folder, const mig__message *message,
                             mig_error *err); /* insert or replace as ADOPTED */
/* `flags` as carried over now; `owed` (NULL, "": none) those of the source that the target does not take. */
int mig__state_message_flags(mig__state *state, int64_t folder, uint32_t source_uid, const char *flags,
                             const char *owed, mig_error *err);
/* Also back to COPIED, when a message that had vanished is there again. Not for INTENT and FAILED rows: they stay. */
int mig__state_message_gone(mig__state *state, int64_t folder, uint32_t source_uid, mig__message_state state_now,
                            mig_error *err);
/*
 * The message moved on both sides: it now belongs to another folder with new UIDs (target UID 0: unknown), and is
 * COPIED if it was VANISHED. A row that stood for the same source UID there is replaced. Where a kill between the
 * target's move and this call would matter, journal the move as a batch in the new folder instead (mig__state_intent,
 * UID MOVE, mig__state_outcome), then mig__state_message_forget the old row.
 */
int mig__state_message_move(mig__state *state, int64_t from_folder, uint32_t from_source_uid, int64_t to_folder,
                            uint32_t to_source_uid, uint32_t to_target_uid, mig_error *err);
/* After a reset: the row with this id is that message; a UID of 0 leaves the column as it is. Another row that stood
 * for the same source UID goes. */
int mig__state_message_repair(mig__state *state, int64_t id, uint32_t source_uid, uint32_t target_uid, mig_error *err);
/* The row with this id: since when its message is known to be gone from the target; 0: it is there. */
int mig__state_message_gone_since(mig__state *state, int64_t id, int64_t since, mig_error *err);
/* The row with this id: which UID it has on the target is not known (any more). */
int mig__state_message_unplace(mig__state *state, int64_t id, mig_error *err);
typedef enum mig__mending_kind {
    MIG__MENDING_NOT = 0,
    MIG__MENDING_MISSING = 1,
    MIG__MENDING_ALTERED = 2
} mig__mending_kind;
/* The row with this id is to be sent again, and why. When a batch with it is taken the row says that it was mended, and
 * when; until then, and when the target takes nothing, it stays to be mended. */
int mig__state_message_mending(mig__state *state, int64_t id, mig__mending_kind kind, mig_error *err);
/* The same afterwards, of a row that had gone and came anew. */
int mig__state_message_mended(mig__state *state, int64_t id, mig__mending_kind kind, mig_error *err);
/* The row with this id goes: its message is new if the source has it. */
int mig__state_message_forget(mig__state *state, int64_t id, mig_error *err);

typedef struct mig__state_counts {
    uint64_t copied, adopted, failed, vanished, deleted, intent, octets; /* octets: of copied and adopted */
    uint64_t gone;     /* of copied and adopted: known to be gone from the target */
    uint64_t owed;     /* of copied and adopted: flags are missing on the target */
    uint64_t held;     /* copied, adopted, vanished: that the target should hold */
    uint64_t unplaced; /* of `held`: without a UID on the target */
    uint64_t withheld, withheld_octets;
} mig__state_counts;
int mig__state_count(mig__state *state, int64_t folder, mig__state_counts *out, mig_error *err);
typedef struct mig__state_mended { /* of the messages that the target should hold: sent again, each counted once */
    uint64_t missing, altered;     /* what they had been the last time */
    int64_t last;                  /* when the newest was taken, seconds since 1970-01-01 UTC; 0: never */
} mig__state_mended;
int mig__state_count_mended(mig__state *state, int64_t account, mig__state_mended *out, mig_error *err);
/* Which flags are owed in the folder: each set of them with how many messages miss it, and the first of these by its
 * source UID. Same rules as mig__state_messages. */
int mig__state_owed(mig__state *state, int64_t folder,
                    int (*each)(const char *flags, uint64_t messages, uint32_t first, void *context), void *context,
                    mig_error *err);
/*
 * How far a run is, for those who look at the state meanwhile: the newest message row now (-1: error), and what became
 * of the rows of an account that are newer than that.
 */
int64_t mig__state_last_message(mig__state *state, mig_error *err);
int mig__state_count_since(mig__state *state, int64_t account, int64_t last, mig__state_counts *out, mig_error *err);

/* ---- what a virus scanner said ---- */

/* A message is not sent by decision: code and text say why, the digest is known. Queued. */
int mig__state_message_withheld(mig__state *state, int64_t folder, const mig__message *message, mig_error *err);
/* Add the source UIDs of a folder's WITHHELD messages to `out`. */
int mig__state_withheld(mig__state *state, int64_t folder, mig__uidset *out, mig_error *err);

typedef struct mig__state_scanned { /* strings are borrowed */
    const uint8_t *raw;             /* MIG__DIGEST_SIZE octets: of the content */
    mig_scan_verdict verdict;       /* not CLEAN */
    mig_scan_decision decision;
    const char *name;
    int64_t signatures; /* their date, seconds since 1970-01-01 UTC; 0: unknown */
    int64_t at;
    const char *kept; /* the archive that it is in; "" for none (NULL is allowed in what is given) */
} mig__state_scanned;

/* Keep it, in the place of what was kept of the same content. Durable with the next intent or flush. */
int mig__state_scanned_put(mig__state *state, int64_t account, const mig__state_scanned *scanned, mig_error *err);
/* Each of an account, under the same rules as mig__state_messages. */
int mig__state_scanned_each(mig__state *state, int64_t account,
                            int (*each)(const mig__state_scanned *scanned, void *context), void *context,
                            mig_error *err);

/* ---- the journal ---- */

typedef struct mig__intent { /* what is about to be sent to one target folder in one go */
    int64_t folder;
    uint32_t target_uidvalidity;  /* 0: unknown */
    uint32_t target_uidnext;      /* every UID that the batch gets is at least this; 0: unknown */
    const mig__message *messages; /* all but id, target_uid, state, code, text is used */
    size_t count;
    int64_t day;     /* UTC, days since 1970-01-01: on which the octets are counted (mig__state_sent) */
    uint64_t octets; /* that will be sent; 0: none */
} mig__intent;

/*
 * Record the intent and everything queued before it; returns when it is durable. The batch's id (> 0), or -1: then
 * nothing must be sent. A source UID that has a row already (FAILED, or COPIED where the target lost it) is taken over;
 * when the target takes nothing, the row is as before. A source UID must not be in two open batches.
 */
int64_t mig__state_intent(mig__state *state, const mig__intent *intent, mig_error *err);
#define MIG__UID_REFUSED UINT32_MAX /* no message has it: RFC 9051 section 2.3.1.1 leaves UIDNEXT no room above */
/*
 * The target took the batch: target_uids[i] belongs to messages[i] (0: unknown, to be matched later;
 * MIG__UID_REFUSED: it took the others but certainly not this one, which is as before the intent). Queued.
 */
int mig__state_outcome(mig__state *state, int64_t batch, const uint32_t *target_uids, size_t count, mig_error *err);
/* The target took nothing of the batch, for certain (a tagged NO or BAD): its messages are as before. Queued. */
int mig__state_withdraw(mig__state *state, int64_t batch, mig_error *err);

/* An intent without outcome, found after a kill or a cut. */
typedef struct mig__open_batch {
    int64_t id;
    int64_t folder;
    int64_t first_message; /* row id of messages[0] */
    uint32_t target_uidvalidity, target_uidnext;
    mig__message *messages; /* strings are owned by the batch; all 0 where the row is gone (forgotten, moved) */
    size_t count;
} mig__open_batch;
/* In the order in which they were begun; also those of this process. */
int mig__state_open_batches(mig__state *state, int64_t account, mig__open_batch **out, size_t *count, mig_error *err);
void mig__state_open_batches_free(mig__open_batch **batches, size_t count);
/* Reconciled: target_uids[i] > 0 was found on the target (becomes COPIED), 0 was not: it is as before the intent, but
 * FAILED when it had been on the target, since the intent was to send it again. Queued.
 */
int mig__state_reconcile(mig__state *state, int64_t batch, const uint32_t *target_uids, size_t count, mig_error *err);

/* Make everything queued durable. */
int mig__state_flush(mig__state *state, mig_error *err);

/* How often this process committed so far, and the seconds that it took. Waits for no disk. */
void mig__state_commits(mig__state *state, uint64_t *count, double *seconds);

/* ---- records of runs, for evidence and status ---- */

typedef struct mig__state_run { /* borrowed strings */
    int64_t id, account;
    const char *verb, *version, *host, *status; /* status "": still running, or killed */
    int64_t pid, uid;                           /* process, and the operating system's user behind it */
    int64_t begun, ended;                       /* seconds since 1970-01-01 UTC; ended 0: not */
    uint64_t copied, failed, octets;
} mig__state_run;

/* A run begins: verb ("copy"), version of the tool; returns its id or -1. Queued, as all of these. */
int64_t mig__state_run_begin(mig__state *state, int64_t account, const char *verb, const char *version, mig_error *err);
int mig__state_run_end(mig__state *state, int64_t run, const char *status, uint64_t copied, uint64_t failed,
                       uint64_t octets, mig_error *err);
/* Something in it worth keeping: kind is one word ("folder-created", "merkle-root"), folder 0 for the account. */
int mig__state_event(mig__state *state, int64_t run, const char *kind, int64_t folder, const char *text,
                     mig_error *err);
/* Runs of an account, the newest first; events of a run, the oldest first; same rules as mig__state_messages. */
int mig__state_runs(mig__state *state, int64_t account, int (*each)(const mig__state_run *run, void *context),
                    void *context, mig_error *err);
int mig__state_events(mig__state *state, int64_t run,
                      int (*each)(int64_t at, const char *kind, int64_t folder, const char *text, void *context),
                      void *context, mig_error *err);
/*
 * Octets sent to the target on a UTC day (days since 1970-01-01): of all intents of that day, so that what a run sent
 * before it was killed counts, too, and what was sent twice counts twice.
 */
int mig__state_sent(mig__state *state, int64_t account, int64_t day, uint64_t *octets, mig_error *err);

#endif
