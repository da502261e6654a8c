/*
 * copy/known.h - content that is on the target already: matched instead of sent
 *
 * Four kinds of content are known. Messages whose source UID was lost when the source's UIDVALIDITY changed (orphans);
 * mail in the target's mailbox that is not recorded as ours (foreign: an earlier tool, a lost state file); messages
 * that are gone from one source folder and may turn up in another (moved); and messages whose target UID is not known
 * (unplaced: the target's UIDVALIDITY changed, or it has no UIDPLUS). Identity is the content, never a header: raw
 * digest first, canonical digest where the target stores mail in another form. Where that says nothing of foreign mail,
 * since the target changed it in a way that no rule knows, a date and Message-ID that are there once on both sides do;
 * each such message is counted as known by these alone.
 */
#ifndef MIG_COPY_KNOWN_H
#define MIG_COPY_KNOWN_H

#include "copy/job.h"
#include "copy/queue.h"

typedef enum mig__known_kind { MIG__KNOWN_ORPHAN, MIG__KNOWN_FOREIGN, MIG__KNOWN_MOVED } mig__known_kind;

typedef struct mig__known_entry {
    mig__message_digest digest;
    mig__known_kind kind;
    bool used;
    bool kept;             /* unplaced: stays recorded when it is not found */
    int64_t row;           /* ORPHAN, MOVED: of the state */
    uint32_t target_uid;   /* FOREIGN, MOVED */
    char *email_id;        /* MOVED: RFC 8474, or Gmail's message id; NULL: not known. Owned */
    char *flags;           /* ORPHAN, MOVED: as recorded; FOREIGN: of the target; NULL: none. Owned */
    uint32_t source_uid;   /* MOVED: in the folder it left; FOREIGN: the one with its date and Message-ID, 0: none */
    const char *target;    /* MOVED: mailbox that it is in; borrowed from the job, or owned by `gone` */
    int64_t folder;        /* MOVED: of the state */
    mig__folder_job *from; /* MOVED: the folder it left; NULL when that folder is gone from the source */
} mig__known_entry;

/* Takes entry->flags and entry->email_id over, also when it fails. */
int mig__known_add(mig__known *known, const mig__known_entry *entry, mig_error *err);
/* The first unused entry with that content, marked as used; NULL: none. The caller holds the run's lock. */
mig__known_entry *mig__known_take(mig__known *known, const mig__message_digest *digest);
/* The foreign one whose only counterpart by date and Message-ID is that message of the source. */
mig__known_entry *mig__known_take_twin(mig__known *known, uint32_t source_uid);
/* The same by EMAILID. */
mig__known_entry *mig__known_take_id(mig__known *known, const char *email_id);
void mig__known_free(mig__known *known);

/* Orphans of the job's folder. After a change of the source's UIDVALIDITY call mig__state_folder_reset_source first. */
int mig__known_load_orphans(mig__run *run, mig__folder_job *job, mig_error *err);

/* What is gone from some folder and may have moved to another, over all jobs; into run->moved. */
int mig__known_load_moved(mig__run *run, mig_error *err);

/*
 * Before the source is scanned: give target UIDs to recorded messages that have none, by looking into the target's
 * mailboxes, where the target changed its UIDVALIDITY, is gone, or did not tell the UIDs of what was stored before a
 * run was cut off. What is not there is forgotten, so that it is copied again. What comes later is in copy/held.h.
 */
int mig__known_place(mig__run *run, mig__session **session, mig_error *err);

/*
 * Before a batch gets its intent: take out of it what is known. Orphans and foreign mail are recorded, moved messages
 * are moved on the target. The batch may end up empty. -1: the session or the state failed.
 */
int mig__known_settle(mig__run *run, mig__session *session, mig__batch *batch, mig_error *err);

#endif
