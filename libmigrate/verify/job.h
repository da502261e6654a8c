/*
 * verify/job.h - what the parts of a verification share
 *
 * A run reads as a story (verify/run.c): open the state, log in, list, find out which mailbox holds what (plan.c), read
 * (read.c), judge (judge.c). The readers (reading/pool.h) share the jobs' arrays under one lock; everything else
 * happens in one thread.
 */
#ifndef MIG_VERIFY_JOB_H
#define MIG_VERIFY_JOB_H

#include "account/labels.h"
#include "account/pair.h"
#include "account/spare.h"
#include "imap/fetch.h"
#include "imap/list.h"
#include "reading/pool.h"
#include "state/state.h"
#include "verify/compare.h"
#include <pthread.h>

/* Each distinct string once: there are few combinations of flags, and many messages. */
typedef struct mig__flag_pool {
    char **items; /* sorted */
    size_t count;
} mig__flag_pool;

typedef struct mig__verify_job { /* one folder */
    char *source_name;           /* UTF-8; "" when only the target has it */
    char *target_name;           /* UTF-8 */
    char *source;                /* wire; NULL: unknown */
    char *target;                /* wire */
    mig_role role;
    size_t leader;  /* index of the first job with the same target: that one reads it. Its own index: itself */
    int64_t folder; /* of the state; 0: none */
    uint32_t record_uidvalidity, record_uidnext; /* the target's, as recorded; behind all that was copied */
    uint32_t record_messages;                    /* that the target held when a copy looked last; 0: none did */
    const mig__mailbox *there;                   /* on the target; NULL: missing */
    mig__selected target_now, source_now;
    mig__reading reads[2];     /* by side: what is to be read */
    mig__uidset unreadable[2]; /* [lock] of that, what the server gives no content for */
    mig_error *untold; /* [lock] a message of the source of which nothing is told; owned, NULL: none */
    mig__label_choice choice;  /* which of the source's messages are meant, where folders are labels */
    mig__recorded *recorded;
    size_t recorded_count;
    uint64_t not_copied; /* messages that the copy wanted on the target and has no record of */
    char *trouble;       /* why it did not get through the folder; NULL: not told */
    mig__found *found;
    size_t found_count;
    uint64_t read, octets;
    mig_error *error;
} mig__verify_job;

/* What is read at a time. */
typedef struct mig__verify_pass {
    mig__verify_job *jobs;
    size_t count;
    double percent;      /* of the target's messages whose content is read; 0: none, on neither side */
    mig__spares *spares; /* connections to the target that may be open already; NULL: none */
} mig__verify_pass;

typedef struct mig__verify_run {
    const mig_verify_options *options;
    mig_verify_result *result;
    mig_verify_account *account;
    mig__account sides[2]; /* by side: a pair (account/pair.h) */
    mig__state *state;     /* NULL: none */
    int64_t state_account;
    mig__labels labels; /* of the folders that were copied, with MIG_LABELS_FIRST */
    mig__verify_job *jobs;
    size_t job_count;
    mig__verify_job *others; /* folders of the target alone, where missing messages are looked for */
    size_t other_count;
    double started;

    pthread_mutex_t lock; /* guards the jobs' sets and arrays, and what follows */
    pthread_cond_t changed;
    mig__flag_pool flags;
    mig_error fatal;
    mig__verify_pass pass;
    uint64_t messages_total, messages_done, octets_done;
    const mig__verify_job *current;
} mig__verify_run;

/* ---- shared helpers (verify/session.c) ---- */

/* The pooled copy of joined flags; NULL: no memory. The caller holds the lock. */
const char *mig__flag_pool_take(mig__flag_pool *pool, const char *flags);
void mig__flag_pool_free(mig__flag_pool *pool);

/* Open a mailbox read only. 0; 1 the server refuses (`err`), -1 the session failed. */
int mig__verify_open(mig__session *session, const char *mailbox, mig__selected *selected, mig_error *err);
bool mig__verify_stopping(mig__verify_run *run);
void mig__verify_fail(mig__verify_run *run, const mig_error *error);

/* ---- the steps ---- */

/* Which folders, from the state or from both lists. */
int mig__verify_plan(mig__verify_run *run, mig_error *err);
/* The target's folders that nobody planned for, into run->others; views of other folders are left out. */
int mig__verify_plan_others(mig__verify_run *run, mig_error *err);
/* EXAMINE and SEARCH of folders on a side: the UIDs to be read. Of the source only what the options choose. */
int mig__verify_scan(mig__verify_run *run, mig__session **session, mig__verify_job *jobs, size_t count, mig_side side,
                     mig_error *err);
/* Read what was scanned, or chosen of it since; takes over the sessions (NULL: this side is not read). */
void mig__verify_read(mig__verify_run *run, const mig__verify_pass *pass, mig__session *source, mig__session *target);
/* Compare, explain, name: fills the account of the result. A fresh session to each side is opened where needed. */
int mig__verify_judge(mig__verify_run *run, mig_error *err);

void mig__verify_jobs_free(mig__verify_job **jobs, size_t count);

#endif
