/*
 * migrate/copy.h - copy accounts from one server to another: incremental, resumable, exactly once
 *
 * mig_copy_run does the work of `mailmigrate copy` for one account: it lists both sides, maps the folders, creates what
 * is missing, and carries every message over with its octets, flags and INTERNALDATE. What was done is kept in a state
 * file, so that the next run goes on where this one ended. The source is opened read-only (EXAMINE, BODY.PEEK).
 */
#ifndef MIGRATE_COPY_H
#define MIGRATE_COPY_H

#include <migrate/effort.h>
#include <migrate/endpoint.h>
#include <migrate/error.h>
#include <migrate/folder.h>
#include <migrate/mend.h>
#include <migrate/observer.h>
#include <migrate/problem.h>
#include <migrate/scan.h>
#include <migrate/selection.h>
#include <migrate/side.h>
#include <migrate/status.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum mig_flags_mode {
    MIG_FLAGS_MERGE,  /* changes on the source since the last run are carried over; changes on the target stay */
    MIG_FLAGS_SOURCE, /* the target gets the source's flags */
    MIG_FLAGS_KEEP    /* flags are set when a message is copied and not touched again */
} mig_flags_mode;

typedef enum mig_deletions {
    MIG_DELETIONS_KEEP,   /* what vanishes on the source stays on the target */
    MIG_DELETIONS_FLAG,   /* it gets \Deleted on the target */
    MIG_DELETIONS_EXPUNGE /* it is removed on the target by UID EXPUNGE */
} mig_deletions;

typedef struct mig_copy_options {
    size_t size;                /* of this structure; set by the INIT */
    const mig_endpoint *source; /* required */
    const mig_endpoint *target; /* required */
    const char *state_path;     /* required: the SQLite state file, created when missing */
    const char *lock_dir;       /* where runs of the same two accounts keep each other away; NULL: they do not */
    const char *spool_dir;      /* for unlinked temporary files of large messages; NULL: the state file's directory */

    mig_selection selection;
    const char *providers[2]; /* by side, names of profiles (migrate/provider.h); NULL: by what the server shows */
    mig_effort effort;
    mig_observer observer;

    bool ordered;         /* keep each folder's messages in UID order on the target */
    uint64_t max_rate;    /* octets a second towards the target; 0: no bound */
    uint64_t daily_limit; /* octets towards the target in one day (UTC), over all runs; 0: no bound */
    const char *until;    /* "HH:MM" local time: stop cleanly then; NULL: no bound */

    mig_flags_mode flags;
    mig_deletions deletions;
    const mig_mend *mend; /* what a verification found is put right as well; NULL: nothing */
    bool retry_failed;    /* try nothing but messages that an earlier run could not copy */
    mig_code retry_code;  /* with it: only those that failed so; MIG_OK: all */
    /* Messages that were on the target before, and are recognised without their bodies, are read on the source, so that
     * their digests are evidence: those of the folders that the run looks at. */
    bool adopt_read;   /* also what earlier runs adopted in folders where nothing is new */
    bool adopt_unread; /* none of them: a verification against the record cannot prove them */
    bool force;        /* go on where a safety check would stop */
    bool dry_run;      /* send nothing that changes anything; the state is not written either */
    mig_scan scan;     /* messages are shown to a virus scanner before they are sent */
} mig_copy_options;

#define MIG_COPY_OPTIONS_INIT                                                                                          \
    {                                                                                                                  \
        sizeof(mig_copy_options), NULL, NULL, NULL, NULL, NULL, MIG_SELECTION_INIT, {NULL, NULL}, MIG_EFFORT_INIT,     \
            MIG_OBSERVER_INIT, false, 0, 0, NULL, MIG_FLAGS_MERGE, MIG_DELETIONS_KEEP, NULL, false, MIG_OK, false,     \
            false, false, false, MIG_SCAN_INIT                                                                         \
    }

typedef struct mig_folder_result {
    char *source; /* UTF-8 */
    char *target; /* UTF-8; "" when the folder is left out */
    mig_role role;
    uint64_t messages;     /* on the source, as far as selected by the options */
    uint64_t copied;       /* sent in this run */
    uint64_t adopted;      /* found on the target by content, recorded, not sent */
    uint64_t adopted_read; /* of adopted ones, also of an earlier run: read on the source to know their digests */
    uint64_t mended;       /* of `copied`: sent again since a verification missed it or found it altered */
    uint64_t already;      /* copied by an earlier run */
    uint64_t moved;        /* moved on the target as on the source, not sent */
    uint64_t deleted;      /* flagged or expunged on the target under --deletions */
    uint64_t skipped;      /* left out by --max-size */
    uint64_t gone;         /* copied by an earlier run and gone from the target since: not sent again */
    uint64_t flags_changed;
    uint64_t flags_owed; /* messages on the target without a flag that its mailbox does not take */
    uint64_t failed;
    uint64_t bytes;       /* octets of the copied messages */
    uint64_t scanned;     /* of this run: shown to the scanner, which said something of them */
    uint64_t infected;    /* of `scanned` */
    uint64_t withheld;    /* not copied by decision, since something was found; in this run or an earlier one */
    uint64_t not_scanned; /* of this run: copied without a word of the scanner */
    bool to_make;         /* in a dry run: the target has no such mailbox yet */
} mig_folder_result;

typedef enum mig_stopped { /* what ended a run that was interrupted */
                           MIG_STOPPED_NOT,
                           MIG_STOPPED_ASKED, /* a signal, or mig_stop_request */
                           MIG_STOPPED_TIME,  /* until */
                           MIG_STOPPED_DAILY  /* daily_limit: nothing more goes before the next day (UTC) */
} mig_stopped;

/* Was the source quiet from the beginning of the pass to its end? */
typedef enum mig_quiet {
    MIG_QUIET_UNKNOWN, /* the pass did not come to its end, or the source could not be asked */
    MIG_QUIET_YES,     /* nothing arrived, changed or vanished */
    MIG_QUIET_NO
} mig_quiet;

typedef struct mig_account_result {
    char *source; /* "user@host" */
    char *target;
    mig_status status;
    mig_error error;     /* code MIG_OK: none */
    mig_stopped stopped; /* with MIG_E_INTERRUPTED */
    mig_quiet quiet;
    int64_t as_of;    /* when the source was asked at the end, seconds since 1970-01-01 UTC; 0: it was not */
    uint64_t stirred; /* folders in which something happened meanwhile */
    mig_folder_result *folders;
    size_t folder_count;
    mig_problem *problems;
    size_t problem_count;
    mig_scan_finding *scans;
    size_t scan_count;
    bool scan_optional; /* what was not scanned is fine */
} mig_account_result;

typedef struct mig_totals {
    uint64_t messages, copied, adopted, adopted_read, already, moved, deleted, skipped, mended, gone, failed;
    uint64_t flags_changed, flags_owed, bytes;
    uint64_t scanned, infected, withheld, not_scanned;
    double seconds;
    uint64_t round_trips; /* how often the run had to wait for an answer */
    uint64_t bytes_in;    /* octets received from both servers, before TLS */
    uint64_t bytes_out;
    uint64_t peak_rss;      /* octets, of the whole process */
    uint64_t left_messages; /* not copied when the run ended early */
    uint64_t left_bytes;    /* estimate; 0 when unknown */
} mig_totals;

typedef struct mig_copy_result {
    mig_status status;
    bool dry_run;    /* nothing was changed: the numbers are of what is there, left_messages what would be copied */
    int exit_status; /* as in docs/mailmigrate.1 */
    mig_account_result *accounts;
    size_t account_count;
    mig_totals totals;
    int64_t ended; /* seconds since 1970-01-01 UTC */
} mig_copy_result;

/*
 * Copy one account. Returns the result, which the caller releases with mig_copy_result_free, also when the account
 * failed: then its status and error say so. Returns NULL with `err` filled only for MIG_E_USAGE and MIG_E_NOMEM.
 */
mig_copy_result *mig_copy_run(const mig_copy_options *options, mig_error *err);

/*
 * Move the accounts of `from` to the end of `into`, add up the totals (of the seconds the longest, since accounts are
 * worked on at once), and keep the worse status. `from` is released. 0, or -1 with MIG_E_NOMEM (then both are as they
 * were).
 */
int mig_copy_result_join(mig_copy_result *into, mig_copy_result **from, mig_error *err);

void mig_copy_result_free(mig_copy_result **result);

#ifdef __cplusplus
}
#endif
#endif
