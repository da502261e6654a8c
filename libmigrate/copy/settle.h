/* copy/settle.h - what the target said about a batch, and what follows for its messages, the state and the report */
#ifndef MIG_COPY_SETTLE_H
#define MIG_COPY_SETTLE_H

#include "copy/job.h"

typedef enum mig__verdict {                       /* on a refusal */
                            MIG__VERDICT_MESSAGE, /* this message is listed, the rest goes on */
                            MIG__VERDICT_SPLIT,   /* several messages in one command: find the one */
                            MIG__VERDICT_UTF8,    /* once more in the form for headers in UTF-8 */
                            MIG__VERDICT_PLAIN,   /* once more without keywords */
                            MIG__VERDICT_AGAIN,   /* the same again after a pause */
                            MIG__VERDICT_FOLDER,  /* nothing more to this folder */
                            MIG__VERDICT_ACCOUNT  /* the account ends here */
} mig__verdict;

/* What the state keeps of a message: of the flags those that are stored. The strings are borrowed from it. */
mig__message mig__settle_record(const mig__transit *message);

/*
 * The intent for messages that are about to get into the job's mailbox on the target, with `octets` of them to be sent.
 * Its id when it is on disk, with the target's UIDNEXT of that moment in *uidnext; -1: the state failed. Locks.
 */
int64_t mig__settle_intent(mig__run *run, const mig__folder_job *job, const mig__message *messages, size_t count,
                           uint64_t octets, uint32_t *uidnext, mig_error *err);

/*
 * Pure: what a refusal of `count` messages means. `keywords`: whether the (first) message was sent with keywords;
 * `wrap`: it has a header beyond ASCII, and the target takes APPEND in another form, which was not tried.
 */
mig__verdict mig__verdict_of(const mig_error *error, size_t count, bool keywords, bool wrap);

/* The whole batch was taken: `uids` are its messages' new UIDs (0: not told). Ends the batch. -1: the state failed. */
int mig__settle_taken(mig__run *run, mig__batch *batch, const uint32_t *uids, mig_error *err);

/* The whole batch was refused for certain. Ends, splits or requeues it. -1: the state failed. */
int mig__settle_refused(mig__run *run, mig__batch *batch, const mig_error *why, mig_error *err);

/*
 * Each message had an answer of its own: taken[i] with uids[i], else refused[i] says why (NULL entries of taken ones).
 * Ends the batch, requeues what is to be tried again. -1: the state failed.
 */
int mig__settle_each(mig__run *run, mig__batch *batch, const uint32_t *uids, const bool *taken,
                     mig_error *const *refused, mig_error *err);

/* A message that will not be copied: report and state. Counts it; does not free it. */
void mig__settle_failed(mig__run *run, mig__folder_job *job, const mig__transit *message, const mig_error *why);

/*
 * Whether the target's mailbox stores the flag (RFC 3501 section 7.1, PERMANENTFLAGS), as far as is known. The caller
 * holds the run's lock, or the threads are over.
 */
bool mig__settle_takes_flag(const mig__folder_job *job, const char *flag);

/*
 * Choose message->stored, the flags that go to the target with the message, and message->owed, those that do not.
 * Locks. 0, or -1 with MIG_E_NOMEM.
 */
int mig__settle_flags(mig__run *run, mig__folder_job *job, mig__transit *message, mig_error *err);

/* The target has the message: note what is different of it, and what is still owed to it. Locks. 0, or -1. */
int mig__settle_note(mig__run *run, mig__folder_job *job, const mig__transit *message, mig_error *err);

/*
 * Joined flags in two: those that the target gets, and those that are left off since its mailbox does not take them, or
 * (`plain`) since it took the message only without its keywords. The caller frees both, and holds the lock as above.
 */
int mig__settle_split(const mig__folder_job *job, const char *flags, bool plain, char **stored, char **owed,
                      mig_error *err);

#endif
