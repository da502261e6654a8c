/*
 * migrate/overview.h - how a migration stands as a whole: one model behind the live page and the metrics
 *
 * An overview is made of the progress of a run (migrate/run.h) or of the state files (migrate/standing.h). A board
 * keeps the newest one between the threads that know and those that show it, so that who looks never holds up who
 * works. What is not known is absent or 0 as each member says, never guessed.
 */
#ifndef MIGRATE_OVERVIEW_H
#define MIGRATE_OVERVIEW_H

#include <migrate/error.h>
#include <migrate/log.h>
#include <migrate/run.h>
#include <migrate/standing.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum mig_overview_state {
    MIG_OVERVIEW_RUNNING,
    MIG_OVERVIEW_FAILED,      /* ended by an error */
    MIG_OVERVIEW_KILLED,      /* the process is gone; the next run goes on */
    MIG_OVERVIEW_INTERRUPTED, /* stopped as asked; the next run goes on */
    MIG_OVERVIEW_PARTIAL,     /* came to its end, with problems or differences */
    MIG_OVERVIEW_SKIPPED,     /* this run does nothing for it */
    MIG_OVERVIEW_WAITING,     /* not begun */
    MIG_OVERVIEW_COMPLETE,
    MIG_OVERVIEW_STATES
} mig_overview_state;

/* "running", "failed", "killed", "interrupted", "partial", "skipped", "waiting", "complete". Static storage. */
const char *mig_overview_state_name(mig_overview_state state);

/* What a speed is measured from. */
typedef struct mig_overview_mark {
    double seconds;
    uint64_t done, bytes;
    bool measured; /* there is a speed from before it */
} mig_overview_mark;

/* Strings are the overview's, UTF-8 of foreign origin as it came: who shows it makes it inert. */
typedef struct mig_overview_account {
    char *source, *target; /* "user@host" */
    char *path;            /* of its state file; NULL: none */
    mig_overview_state state;
    char step[16];        /* what it does, or did last: "check", "copy", "verify", ...; "" for nothing yet */
    char phase[32];       /* within the step; "" unless it runs, and where only the state is known */
    char folder[256];     /* likewise */
    char reason[1024];     /* why it failed or was left out, and what to do; "" else */
    uint64_t to_do, done; /* messages of the step that runs, and how many of them are dealt with; 0, 0: not known yet */
    uint64_t carried;     /* messages on the target: by record, or as this run saw by now */
    uint64_t bytes;       /* octets: by record on the target, or copied by this run */
    uint64_t failed;      /* messages that could not be copied */
    uint64_t differences; /* of the last verification of this run; 0 also when there was none */
    char verified[16];    /* how the last verification ended: "complete", "different", ...; "" for none */
    bool paced;           /* the two speeds are known */
    double messages_per_second, bytes_per_second;
    double seconds_left; /* below 0: not known */
    mig_overview_mark mark;
    int64_t begun, ended; /* seconds since 1970-01-01 UTC; 0: not, or not known */
} mig_overview_account;

#define MIG_OVERVIEW_CURVE 180

/* The speed over the whole time, in at most MIG_OVERVIEW_CURVE points of equal length. */
typedef struct mig_overview_curve {
    double interval; /* seconds of a point; grows as the run gets longer */
    size_t count;
    struct {
        double at;              /* seconds since the beginning, of its end */
        double messages, bytes; /* a second */
    } points[MIG_OVERVIEW_CURVE];
    double last_at;
    uint64_t last_messages, last_bytes;
    bool begun;
} mig_overview_curve;

/* Add what was reached at a moment: sums that grow. Pure. */
void mig_overview_curve_add(mig_overview_curve *curve, double at, uint64_t messages, uint64_t bytes);

typedef struct mig_overview {
    uint64_t version;               /* grows with each change; 0: nothing is known yet */
    bool of_run;                    /* made of a run's progress, else of state files */
    bool ended;                     /* of a run: nothing more will come */
    int64_t at;                     /* when it was made: seconds since 1970-01-01 UTC */
    double seconds;                 /* since the run began; of states: since they were first looked at */
    mig_overview_account *accounts; /* in the order given */
    size_t count;
    size_t states[MIG_OVERVIEW_STATES];
    size_t verified, different; /* accounts whose last verification found nothing, or differences */
    size_t unreadable;          /* state files that could not be read */
    uint64_t to_do, done;       /* messages, of a run over all accounts as far as known, of states of those at work */
    size_t uncounted;           /* accounts that wait and whose messages are not in `to_do` */
    uint64_t carried, bytes, failed, differences; /* sums over the accounts */
    bool paced;
    double messages_per_second, bytes_per_second;
    double seconds_left;               /* below 0: not known */
    uint64_t problems[MIG_CODE_COUNT]; /* by mig_code: of a run what it listed by now, of states failed messages */
    bool strained;                     /* `strain` is known: of a run */
    mig_strain strain;
    mig_overview_curve curve;
} mig_overview;

/* ---- the board: the newest overview, for several threads ---- */

typedef struct mig_board mig_board;

/* NULL: MIG_E_NOMEM. Release with mig_board_free when no other thread uses it. */
mig_board *mig_board_new(mig_error *err);
void mig_board_free(mig_board **board);

/*
 * Take over how a run stands; at most once a second, and never waiting: when somebody reads just now, or memory is
 * short, the next call does it.
 */
void mig_board_take_run(mig_board *board, const mig_run_progress *progress);

/* The run has ended like this: waits for readers. */
void mig_board_take_result(mig_board *board, const mig_run_result *result);

/* Count a problem that a run lists. Any thread; does not wait for readers. */
void mig_board_take_event(mig_board *board, const mig_log_event *event);

/*
 * Take over how accounts stand, by their states, of which `unreadable` could not be read. 0, or -1 with MIG_E_NOMEM:
 * then the board is as it was.
 */
int mig_board_take_states(mig_board *board, const mig_standing_account *accounts, size_t count, size_t unreadable,
                          int64_t now, mig_error *err);

/* Call `look` with the newest overview, which is valid and does not change during the call. Returns what it returns. */
int mig_board_read(mig_board *board, int (*look)(const mig_overview *overview, void *context), void *context);

/* Wait up to `ms` for another version than `seen`, or until somebody wakes all who wait. The version now. */
uint64_t mig_board_wait(mig_board *board, uint64_t seen, int ms);

/* Wake all who wait. */
void mig_board_wake(mig_board *board);

/* ---- one account in detail, from its state ---- */

typedef struct mig_overview_folder {
    char *source, *target;                 /* UTF-8 */
    char *trouble;                         /* why the last pass did not get through it; NULL: it did, or is at it */
    uint64_t carried, bytes, failed, gone; /* gone: of `carried`, not on the target any more */
} mig_overview_folder;

typedef struct mig_overview_problem {
    char *folder;
    uint32_t uid;
    mig_code code;
    char *text, *subject; /* subject "": not known */
} mig_overview_problem;

typedef struct mig_overview_run {
    char verb[16], status[16], version[32], host[128];
    int64_t begun, ended;
    uint64_t copied, failed, bytes;
} mig_overview_run;

#define MIG_OVERVIEW_RUNS 20

typedef struct mig_overview_detail {
    mig_overview_folder *folders;
    size_t folder_count;
    mig_overview_problem *problems;
    size_t problem_count;
    uint64_t problems_in_all;                 /* more than `problem_count` when there were too many */
    mig_overview_run runs[MIG_OVERVIEW_RUNS]; /* the newest first */
    size_t run_count;
} mig_overview_detail;

/*
 * Read the account of these labels ("user@host") from its state, at most `most` problems. It is opened for reading,
 * beside a run. NULL with MIG_E_STATE (also when it is not in there), MIG_E_IO, MIG_E_NOMEM.
 */
mig_overview_detail *mig_overview_detail_read(const char *path, const char *source, const char *target, size_t most,
                                              mig_error *err);
void mig_overview_detail_free(mig_overview_detail **detail);

#ifdef __cplusplus
}
#endif
#endif
