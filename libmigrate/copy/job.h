/*
 * copy/job.h - what the parts of a copy share: the run and its folders
 *
 * A run reads as a story (copy/run.c): connect, list, map, prepare the target, scan the source, then readers, queue and
 * writers until everything is across, then the record of what is complete. One mutex guards everything below that is
 * marked [lock]; the rest is set up before the threads start and read only afterwards.
 */
#ifndef MIG_COPY_JOB_H
#define MIG_COPY_JOB_H

#include "account/labels.h"
#include "account/pair.h"
#include "copy/mark.h"
#include "copy/message.h"
#include "copy/notes.h"
#include "copy/pace.h"
#include "copy/queue.h"
#include "copy/same.h"
#include "copy/result.h"
#include "imap/fetch.h"
#include "imap/list.h"
#include "mail/uidset.h"
#include "reading/pool.h"
#include "state/lock.h"
#include "state/state.h"
#include <migrate/copy.h>
#include <pthread.h>
#include <stdbool.h>

/* How full a mailbox of the target is. */
typedef struct mig__holding {
    uint32_t uidnext; /* 0: not told */
    uint32_t messages;
} mig__holding;

struct mig__known_entry;
typedef struct mig__known { /* content that is on the target already (copy/known.h); zeroed: empty */
    struct mig__known_entry *entries;
    size_t count;
    struct mig__keyindex *keys; /* by raw and canonical digest and by EMAILID */
    bool identified;            /* some have an EMAILID */
    mig__state_folder *gone;    /* recorded folders that the source does not list any more */
    size_t gone_count;
} mig__known;

typedef struct mig__flag_change { /* flags of a known message as the source has them now */
    uint32_t uid;
    char *flags;  /* sorted, joined */
    size_t order; /* in which they were noted */
} mig__flag_change;

typedef struct mig__folder_job {
    const mig__mailbox *source;
    char *target;                 /* wire name */
    bool copy;                    /* selectable and not left out */
    bool shared;                  /* another source folder goes to the same target */
    struct mig__folder_job *lead; /* the first job that goes to the same target, often itself; NULL: not copied */
    mig_role role;                /* to be asked for when the mailbox is made */
    bool renamed;                 /* the target refused its name: `target` is another one */
    const mig__mailbox *existing; /* the target's mailbox as listed, or NULL */
    mig__state_folder record;
    mig_folder_result *result;

    mig__selected snapshot;   /* the source as scanned */
    mig__selected goal;       /* the target as selected before anything was written */
    bool scanned;             /* snapshot is there */
    bool unchanged;           /* as recorded: nothing to do */
    bool mending;             /* some of its messages are to be put right: looked at although nothing is new */
    bool filtered;            /* options select a part: never recorded as complete */
    mig__label_choice choice; /* which of its messages are meant, where folders are labels */

    mig__flag_change *flag_changes; /* by ascending uid; what the source said, not compared yet */
    size_t flag_change_count;
    mig__uidset vanished;     /* recorded source UIDs that are gone; [lock] once writers may move them */
    uint64_t known;           /* messages that were recorded and expected on the source */
    mig__known content;       /* [lock] orphans of the state, foreign mail on the target */
    mig__state_counts counts; /* of an unchanged folder's record */
    bool counted;             /* record.target_uidnext and target_messages are as of the end of this run */

    mig__reading reading; /* what is to be fetched of it; the pool's while that is at work */

    /* [lock] writing */
    uint32_t uidnext;    /* lower bound of every UID that the target gives from now on */
    mig__uidset given;   /* of a lead: UIDs on the target that messages of ours have */
    bool doubted;        /* of a lead: the target told UIDs that cannot be right */
    mig__uidset others;  /* of a lead: UIDs of messages that another put there since the run opened it */
    uint64_t under_way;  /* of a lead: messages that were sent and not answered */
    bool contested;      /* of a lead: another puts messages there, too; looked at before the next batch */
    bool owing;          /* of its flag changes all are flags that the target did not take before */
    bool broken;         /* nothing more is written to this folder; error says why */
    mig__notes notes;    /* what is told once for the folder; flags that the target refused */
    bool doubtful_flags; /* flags went there that PERMANENTFLAGS does not list: what stayed is looked at */
    unsigned held_up;    /* messages in a row that the target puts off each time */
    mig__uidset later;   /* junk, to be read when all else is across */
    bool wary;           /* an earlier run copied nothing of it: one small message first */
    unsigned refusals;   /* of these, while it is */
    mig_error *error;    /* kept; NULL: none */
} mig__folder_job;

typedef struct mig__mending { /* a message that is to be put right; beside options->mend->items */
    mig__folder_job *job;     /* NULL: the source does not list its folder */
    int64_t folder, row;      /* of the state */
    uint32_t source_uid;
    mig__expected expected; /* as recorded; its UID on the target before */
    bool altered;
    mig__message_state state;
    bool done;    /* nothing is to be sent: it is there, elsewhere, or nowhere to be had */
    bool sending; /* it is in its job's `todo` */
} mig__mending;

typedef struct mig__run_gate { /* what the gate of a side is given along */
    struct mig__run *run;
    mig_side side;
} mig__run_gate;

typedef struct mig__run {
    const mig_copy_options *options;
    mig_copy_result *result;
    mig_account_result *account;
    mig__account sides[2]; /* by side: a pair (account/pair.h) */
    mig__state *state;
    mig__lock pair; /* no other run of these two accounts on this machine */
    mig__mark mark; /* nor on another one, where the target has METADATA */
    int64_t state_account;
    int64_t state_run;
    int64_t first_row; /* rows of messages after this one are of this run */
    char *spool_dir;
    mig__labels labels; /* of the folders that are copied, with MIG_LABELS_FIRST */
    mig__folder_job *jobs;
    size_t job_count;
    mig__mending *mendings;
    size_t mending_count;
    bool mend_known; /* all of them were on record when the run began */
    mig__pace pace;
    struct mig__screen *screen; /* NULL: nothing is scanned */
    struct mig__keyindex *once; /* [lock] content that was sent, where the target stores each once (copy/once.h) */
    double started;
    mig__run_gate gates[2]; /* by side */

    pthread_mutex_t lock;
    pthread_cond_t changed;                 /* anything below or in a job changed */
    mig_stopped stopped;                    /* [lock] why it was interrupted */
    mig_error fatal;                        /* [lock] first error that ends the account; code MIG_OK: none */
    bool stopping;                          /* [lock] take nothing new */
    mig__pool pool;                         /* the readers */
    mig__reading **readings;                /* of the folders that they read */
    unsigned writers;                       /* [lock] threads at work */
    unsigned breaks;                        /* [lock] connections to the target that broke while at work */
    uint64_t source_breaks;                 /* [lock] the same of the source */
    uint64_t throttles;                     /* [lock] how often a server asked to wait */
    uint64_t commits;                       /* of the state, as seen when progress was told last... */
    double commit_seconds;                  /* ...and their time */
    uint64_t passed;                        /* [lock] messages that the target took */
    unsigned closed_folders;                /* [lock] given up since the target ends the connection at each message */
    mig_error closed;                       /* [lock] how the last of them was */
    bool lists_flags;                       /* [lock] the target wants a list of flags with each message */
    unsigned max_readers, max_writers;      /* [lock] shrinks when a server complains */
    uint64_t budget;                        /* octets in memory that are allowed */
    mig__queue *queue;                      /* has a lock of its own (queue.h) */
    uint64_t messages_total, messages_done; /* [lock] progress */
    uint64_t settled_before;                /* [lock] messages that were settled before there was any */
    int64_t shown_ms;                       /* when progress was told last */
    mig__known moved;                       /* [lock] messages gone from one folder that may turn up in another */
    size_t batch_messages;                  /* [lock] appetite of the writer that was answered last */
    uint64_t batch_octets;                  /* [lock] */
    int64_t slowest_answer_ms;              /* [lock] that the target took for an APPEND */
    uint64_t account_octets;                /* [lock] message octets that the target took in this run */
    const char *phase;                      /* [lock] */
    const mig__folder_job *current;         /* [lock] worked on last */
    int64_t last_progress_ms;               /* [lock] when a message was last done or received */
} mig__run;

/* End the account with this error (the first one wins) and wake everyone. */
void mig__run_fail(mig__run *run, const mig_error *error);
/* True when nothing new may be begun: fatal error, stop request, time is up. */
bool mig__run_stopping(mig__run *run);
/*
 * A server said "later" to a command, the `attempt`th time in a row: wait as long as it asks, else longer each time.
 * When nothing has got on for as long as the user's patience, the account ends with `error` instead.
 */
/* What was given up because of a stop is no failure, wherever it was: on the line, or before a lock in the state. */
bool mig__run_gave_up(const mig__run *run, const mig_error *error);
void mig__run_pause(mig__run *run, mig_side side, const mig_error *error, unsigned attempt);
/* The same, and when the patience is over false, without ending the account. */
bool mig__run_wait(mig__run *run, mig_side side, const mig_error *error, unsigned attempt);
/* Wait until a piece of `octets` may pass. 0, or -1 with MIG_E_INTERRUPTED when the run stops meanwhile. */
int mig__run_pass(mig__run *run, mig__bucket *bucket, uint64_t octets, mig_error *err);
/* Something got on: the user's patience begins anew. */
void mig__run_progress(mig__run *run);
/* Fill run->sides[side]; the run's lock is there already. Released with mig__account_clear. */
void mig__run_side_init(mig__run *run, mig_side side);
/* What the run does now, for progress. */
void mig__run_phase(mig__run *run, const char *phase);
/* List a problem of the account (job NULL), a folder (uid 0) or a message in the result, and log it. Locks. */
void mig__run_problem(mig__run *run, const mig__folder_job *job, uint32_t uid, bool failed, const mig_error *error);
/* A log event of the run. */
void mig__run_log(const mig__run *run, mig_log_level level, const mig__folder_job *job, uint32_t uid,
                  const mig_error *error, const char *format, ...) MIG_PRINTF(6, 7);

#endif
