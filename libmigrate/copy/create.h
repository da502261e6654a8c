/*
 * copy/create.h - the target's mailboxes when they are not made, or not opened, as was asked for
 *
 * A refusal is answered at once: without the role, by a name without what the server refuses, by one level less. What
 * the server says to CREATE is not the last word on the name either: it may trim or normalise it, or need a moment.
 * When all are made the server is asked for its list once more, and what that says counts.
 */
#ifndef MIG_COPY_CREATE_H
#define MIG_COPY_CREATE_H

#include "copy/job.h"
#include "imap/command.h"

/* A command about a mailbox, `more` (NULL: nothing) behind its name; sent. NULL: the session failed. */
mig__command *mig__create_command(mig__session *session, const char *words, const char *mailbox, const char *more,
                                  mig_error *err);
/* CREATE of the job's target, with its role where the server takes one. */
mig__command *mig__create_send(mig__session *session, const mig__folder_job *job, mig_error *err);

/* SELECT the job's target into job->goal; a refusal goes to `why`. -1: the session failed. */
int mig__create_open(mig__session *session, mig__folder_job *job, mig_error *why, mig_error *err);

/*
 * CREATE was refused with `create`: try what there is. Afterwards `create` is MIG_OK when a CREATE was taken, by
 * whatever name job->target is now, or the mailbox was there all along; `select` tells whether it is open. -1: the
 * session failed.
 */
int mig__create_another_way(mig__run *run, mig__session *session, mig__folder_job *job, mig_error *create,
                            mig_error *select, mig_error *err);

typedef struct mig__made { /* a mailbox that was made in this run */
    mig__folder_job *job;
    mig_error *select; /* why it could not be opened; NULL: it is open */
} mig__made;

typedef struct mig__making { /* zeroed: nothing was made */
    mig__made *items;
    size_t count;
} mig__making;

/*
 * What came of one job. One that was refused is broken; one that was made and not opened may be opened later. 0 or -1.
 */
int mig__making_note(mig__making *making, mig__run *run, mig__folder_job *job, bool asked, const mig_error *create,
                     const mig_error *select, mig_error *err);

/*
 * Ask for the list once more when something was made, and open what is not open, by the name that the list has, after
 * some patience. What is not to be had is broken. -1: the session failed.
 */
int mig__making_finish(mig__making *making, mig__run *run, mig__session **session, mig_error *err);
void mig__making_free(mig__making *making);

#endif
