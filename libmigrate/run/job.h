/*
 * run/job.h - what the threads of a run share
 *
 * The caller's thread shows progress and waits; `jobs` workers take accounts from one queue, under one lock. A round
 * (all checks, then all the work) is over when the queue is empty and nobody works.
 */
#ifndef MIG_RUN_JOB_H
#define MIG_RUN_JOB_H

#include "run/grant.h"
#include "run/tempo.h"
#include <migrate/run.h>
#include <pthread.h>

typedef struct mig__run_job { /* one account */
    mig_run_account in;
    mig_run_account_result *out;
    mig_copy_options copy_options; /* bounded by what is known of the providers */
    mig_verify_options verify_options;
    mig__host *from, *to;
    mig_inventory_result *check, *inventory;
    mig_copy_result *copy;
    mig_verify_result *verify;
    uint64_t weight; /* the heavier begins first */
    double began;
    struct mig__crew *crew;
    mig_kept *kept;      /* what one step opened, for the next one; NULL: nothing */
    unsigned complaints; /* of its servers, as far as they are heard */
    bool resting;        /* one connection to each side is in it, while the account waits for its turn */

    mig_run_account_progress shown; /* its strings are those below; guarded by the lock */
    mig_strain before;              /* of the steps that ended; guarded by the lock */
    char phase[32], folder[256], reason[512];
    char label[320];
} mig__run_job;

typedef struct mig__crew {
    const mig_run_options *options;
    mig_run_result *result;
    mig__run_job *jobs;
    size_t job_count;
    mig__host *hosts;
    size_t host_count;
    double started;
    unsigned steps;

    pthread_mutex_t lock;
    pthread_cond_t changed;
    mig__run_job **queue; /* of this round */
    size_t queued, next, working;
    size_t workers; /* threads that have not left yet */
    mig__tempo tempo;
    unsigned round; /* MIG_STEP_CHECK, or the last step */
    mig_run_account_progress *snapshot;
} mig__crew;

/* Everything of this round for one account; in the worker's thread, without the lock. */
void mig__run_check(mig__run_job *job, int connections);
void mig__run_work(mig__run_job *job, int connections);

/* Note that a step begins. */
void mig__run_step(mig__run_job *job, unsigned step);
/* The account ends here, by this error. */
void mig__run_fail_job(mig__run_job *job, const mig_error *error, int exit_status);

#endif
