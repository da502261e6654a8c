/*
 * migrate/dedup.h - doubles on the target: the same octets in the same folder more often than the record has them
 *
 * Other tools, or a state that was restored from a backup, leave them. A message that the record has twice (the source
 * had it twice) may be there twice. What is too much is moved to the folder "Duplicates", nothing is deleted: the copy
 * with the lowest UID stays, with the flags of all of them. Each move is on record before it is made, so that a kill
 * at any moment loses nothing: the next run finds out how far it came. What was moved can be brought back.
 */
#ifndef MIGRATE_DEDUP_H
#define MIGRATE_DEDUP_H

#include <migrate/effort.h>
#include <migrate/endpoint.h>
#include <migrate/error.h>
#include <migrate/observer.h>
#include <migrate/report.h>
#include <migrate/selection.h>
#include <migrate/status.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum mig_dedup_mode {
    MIG_DEDUP_LOOK,  /* say what there is, change nothing */
    MIG_DEDUP_APPLY, /* move the doubles away */
    MIG_DEDUP_UNDO   /* bring back what was moved */
} mig_dedup_mode;

/* "look", "apply", "undo". Static storage. */
const char *mig_dedup_mode_name(mig_dedup_mode mode);

/* Options structures know their size (migrate/version.h). */
typedef struct mig_dedup_options {
    size_t size;                /* of this structure; set by the INIT */
    const mig_endpoint *source; /* names the account in the state; nobody logs in to it. Required */
    const mig_endpoint *target; /* required */
    const char *state_path;     /* the copy's state; required */
    mig_selection selection;    /* the folders of it alone; names are the target's */
    const char *provider;       /* of the target, as in mig_copy_options; NULL: recognise it */
    mig_effort effort;
    mig_observer observer;
    mig_dedup_mode mode;
} mig_dedup_options;

#define MIG_DEDUP_OPTIONS_INIT                                                                                         \
    {                                                                                                                  \
        sizeof(mig_dedup_options), NULL, NULL, NULL, MIG_SELECTION_INIT, NULL, MIG_EFFORT_INIT, MIG_OBSERVER_INIT,     \
            MIG_DEDUP_LOOK                                                                                             \
    }

/* A folder of the target that has mail on record. */
typedef struct mig_dedup_folder {
    char *name;               /* UTF-8 */
    uint64_t messages, read;  /* in it; whose content was read, since another one has the same size */
    uint64_t unread;          /* of these: the server did not give them, so that they are not judged */
    uint64_t doubles, octets; /* found: messages that are there once too often, and their size */
    uint64_t moved;           /* of them */
    mig_error *error;         /* it was not looked at, or not done to its end; NULL: it was */
} mig_dedup_folder;

/* One message that is, or was, there once too often. */
typedef struct mig_dedup_message {
    size_t folder; /* index into the folders; SIZE_MAX: one of an earlier run */
    char *name;    /* of that folder, UTF-8 */
    uint32_t uid;  /* there */
    uint32_t kept; /* UID of the one that stays; 0: none, it is brought back */
    uint32_t now;  /* UID in the folder that it was moved to; 0: not moved, or not told */
    uint64_t octets;
    char digest[65]; /* SHA-256, hexadecimal */
} mig_dedup_message;

typedef struct mig_dedup_result {
    mig_status status; /* COMPLETE: all was looked at and done, whatever was found */
    int exit_status;   /* as in docs/mailmigrate.1 */
    mig_dedup_mode mode;
    char *source, *target; /* "user@host" */
    char *place;           /* the folder for doubles, UTF-8 */
    mig_error error;       /* what ended the run; code MIG_OK: nothing */
    mig_dedup_folder *folders;
    size_t folder_count;
    mig_dedup_message *messages;
    size_t message_count;
    uint64_t doubles, octets;  /* found */
    uint64_t moved, returned;  /* by this run */
    uint64_t resumed;          /* moves of an earlier run that was cut off, found out and brought to their end */
    uint64_t gone;             /* of those that were moved, or were to be: they are in neither folder any more */
    uint64_t open;             /* moves of an earlier run that was cut off, still to be found out (MIG_DEDUP_LOOK) */
    uint64_t away;             /* moved by all runs, and not brought back */
    int64_t started, finished; /* seconds since 1970-01-01 UTC */
} mig_dedup_result;

/*
 * Look for doubles in the folders of the target that have mail on record, and move them, or bring back what was moved.
 * A folder whose record is not complete is passed over, and named: copy first. Returns the result, which the caller
 * releases with mig_dedup_result_free, also when the run failed. NULL with `err` filled only for MIG_E_USAGE and
 * MIG_E_NOMEM.
 */
mig_dedup_result *mig_dedup_run(const mig_dedup_options *options, mig_error *err);
void mig_dedup_result_free(mig_dedup_result **result);

/* For the terminal, and schema mailmigrate.dedup/1 (docs/schemas/dedup-1.json); see migrate/report.h. */
int mig_report_dedup_text(const mig_dedup_result *result, mig_sink_fn *sink, void *context, mig_error *err);
int mig_report_dedup_json(const mig_dedup_result *result, mig_sink_fn *sink, void *context, mig_error *err);

#ifdef __cplusplus
}
#endif
#endif
