/*
 * migrate/run.h - many accounts in one go: check, take stock, copy, verify
 *
 * mig_run first checks every account (both logins, quota, the two sides not swapped and not the same) and begins to
 * write only when all are fit, unless told to keep going. Then it works on several accounts at once, the largest first,
 * with the connections to each host bounded over all of them. What happens to one account never stops another one. A
 * further run does what is left.
 */
#ifndef MIGRATE_RUN_H
#define MIGRATE_RUN_H

#include <migrate/copy.h>
#include <migrate/error.h>
#include <migrate/filters.h>
#include <migrate/inventory.h>
#include <migrate/observer.h>
#include <migrate/verify.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { /* bits of what is done, in this order */
       MIG_STEP_CHECK = 1 << 0,
       MIG_STEP_INVENTORY = 1 << 1,
       MIG_STEP_COPY = 1 << 2,
       MIG_STEP_VERIFY = 1 << 3,
       MIG_STEP_MEND = 1 << 4, /* what verification finds is sent again, and verified again */
       MIG_STEP_FILTERS = 1 << 5,
       MIG_STEP_DOMAIN = 1 << 8 /* of names, not of accounts: whoever calls mig_run does it (migrate/domain.h) */
};

/* "check", "inventory", "copy", "verify", "mend", "filters", "domain" for one bit, "" for anything else. Static
 * storage. */
const char *mig_step_name(unsigned step);

/* One account. Endpoints, lists and paths are borrowed until the run returns. */
typedef struct mig_run_account {
    size_t size;                      /* of this structure, the same in all accounts; set by the INIT */
    const mig_copy_options *copy;     /* required; who watches comes from the run */
    const mig_verify_options *verify; /* depth, against, sample, seed; all else comes from `copy`; NULL: as its INIT */
    bool replace;                     /* mending removes altered messages once the right ones are there */
    mig_inventory_depth depth;        /* of the inventory; everything else comes from `copy` */
    const mig_filters_options *filters; /* of the step filters, which copies; log, stop and names come from the run */
    const mig_error *unfit; /* known beforehand to be in its way, as a password that can not be read; NULL: nothing */
    mig_mend_wish mend;     /* wanted: the copy itself puts this right, as mig_mend_run; of its report, borrowed */
} mig_run_account;

#define MIG_RUN_ACCOUNT_INIT                                                                                           \
    {                                                                                                                  \
        sizeof(mig_run_account), NULL, NULL, false, MIG_INVENTORY_FULL, NULL, NULL,                                    \
        {                                                                                                              \
            false, 0, NULL, false                                                                                      \
        }                                                                                                              \
    }

typedef enum mig_run_state {
    MIG_RUN_WAITING,
    MIG_RUN_RUNNING,
    MIG_RUN_DONE,   /* every step came to its end, whatever was found */
    MIG_RUN_FAILED, /* a step failed: error says why */
    MIG_RUN_SKIPPED /* nothing was written: another account failed the check, or the run was stopped before it */
} mig_run_state;

/* "waiting", "running", "done", "failed", "skipped". Static storage. */
const char *mig_run_state_name(mig_run_state state);

struct mig_run_account_result;

/* How an account stands, for showing progress. Borrowed strings, valid during the callback. */
typedef struct mig_run_account_progress {
    const char *account; /* "user@host" of the source */
    mig_run_state state;
    unsigned step;     /* MIG_STEP_*; 0: none yet */
    const char *phase; /* as in mig_progress */
    const char *folder;
    uint64_t messages_total, messages_done, bytes_done, failed; /* of the step */
    double seconds;                                             /* since the account began; 0: it did not */
    const char *reason;                                         /* why it failed; "" else */
    const char *state_path;                                     /* the file that remembers it; NULL: none */
    const struct mig_run_account_result *so_far;                /* what the steps that ended came to */
} mig_run_account_progress;

typedef struct mig_run_progress {
    const mig_run_account_progress *accounts; /* in the order given */
    size_t count, waiting, running, done, failed;
    size_t uncounted;        /* of those that wait: how many messages they have is not known */
    unsigned step;           /* MIG_STEP_CHECK while all are checked, else the last one asked for */
    uint64_t messages_total; /* to copy, as far as known */
    uint64_t messages_done;
    uint64_t bytes_done; /* copied */
    double seconds;      /* since the start of the run */
} mig_run_progress;

typedef struct mig_run_options {
    size_t size; /* of this structure; set by the INIT */
    const mig_run_account *accounts;
    size_t account_count;
    unsigned steps;        /* MIG_STEP_*; 0: check, copy and verify */
    int final_passes;      /* copy again until the source was quiet, at most so often in all; 0: once */
    bool keep_going;       /* go on with the accounts that passed the check */
    int jobs;              /* accounts at once; 0: as many as bring more, 32 at most */
    int host_connections;  /* to one host, over all accounts; 0: 64 */
    mig_observer observer; /* log and stop; its progress would be that of one account and is not called */
    void (*progress)(const mig_run_progress *progress, void *context); /* some times a second, one thread; NULL: none */
    void *progress_context;
    const mig_filters_names *names; /* for the step filters; NULL: nothing can be looked up */
} mig_run_options;

#define MIG_RUN_OPTIONS_INIT                                                                                           \
    {                                                                                                                  \
        sizeof(mig_run_options), NULL, 0, 0, 0, false, 0, 0, MIG_OBSERVER_INIT, NULL, NULL, NULL                       \
    }

typedef struct mig_run_account_result {
    char *source; /* "user@host" */
    char *target;
    mig_run_state state;
    int exit_status;
    unsigned step;   /* the last one begun, MIG_STEP_*; 0: none */
    mig_error error; /* code MIG_OK: none */
    double seconds;
    uint64_t messages, bytes;                           /* on the source, as far as known */
    uint64_t copied, already, copied_bytes, failed;     /* by the copy; already: with adopted ones */
    uint64_t mended;                                    /* sent again since verification missed them */
    uint64_t verified, differences, stored_differently; /* messages found as they should be; not so; rewritten */
    bool dry_run;                                       /* nothing was changed: what follows would be done */
    uint64_t to_copy, to_copy_bytes, folders_to_make;
    uint64_t unproven;           /* there, with nothing to hold them against (MIG_FOUND_UNPROVEN) */
    mig_filters_result *filters; /* NULL: the step was not asked for, or it did not come to it */
    mig_strain strain;           /* of all its copies, also while they go on */
} mig_run_account_result;

/* The results of each step over all accounts that came to it, for the reports of that step. */
typedef struct mig_run_result {
    mig_status status;
    int exit_status; /* the worst of all accounts, as in docs/mailmigrate.1 */
    unsigned steps;
    mig_run_account_result *accounts; /* in the order given */
    size_t account_count;
    mig_inventory_result *inventory; /* NULL: the step was not asked for, or nothing came to it */
    mig_copy_result *copy;
    mig_verify_result *verify;
    int64_t started, finished; /* seconds since 1970-01-01 UTC */
    double seconds;
    const char *domain_json; /* what the step `domain` of whoever called found, mailmigrate.domain/1, borrowed; NULL */
} mig_run_result;

/*
 * Work on all accounts. Returns the result, which the caller releases with mig_run_result_free, also when accounts
 * failed. Returns NULL with `err` filled only for MIG_E_USAGE and MIG_E_NOMEM.
 */
mig_run_result *mig_run(const mig_run_options *options, mig_error *err);

/*
 * Copy one account and put right what the verification of the wish finds, or finds in its report (migrate/mend.h): as
 * mig_copy_run. NULL with `err` filled also when the report is not fit, or the verification failed.
 */
mig_copy_result *mig_mend_run(const mig_copy_options *options, const mig_mend_wish *wish, mig_error *err);

void mig_run_result_free(mig_run_result **result);

#ifdef __cplusplus
}
#endif
#endif
