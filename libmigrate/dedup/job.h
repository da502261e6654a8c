/* dedup/job.h - what the parts of a search for doubles share */
#ifndef MIG_DEDUP_JOB_H
#define MIG_DEDUP_JOB_H

#include "account/account.h"
#include "dedup/judge.h"
#include "state/surplus.h"
#include <migrate/dedup.h>

typedef struct mig__dup_folder { /* a mailbox of the target that has mail on record */
    char *wire;
    size_t index; /* of its result */
    mig__dup_row *rows;
    size_t row_count;
    uint32_t uidvalidity; /* as recorded */
    bool fit;             /* its record is complete */
    mig__dup_item *items; /* as read; by UID */
    size_t item_count;
} mig__dup_folder;

typedef struct mig__dup_run {
    const mig_dedup_options *options;
    mig_dedup_result *result;
    mig__account target;
    mig__session *session;
    mig__state *state;
    int64_t account;
    int64_t record; /* of this run in the audit trail; 0: none */
    mig__dup_folder *folders;
    size_t folder_count;
    char *place;           /* wire name of the folder for doubles */
    mig__surplus *entries; /* all there are, of earlier runs */
    size_t entry_count;
} mig__dup_run;

/* Moves between the same two mailboxes that belong together: a dialogue is about these. */
typedef struct mig__dup_moves {
    mig__dup_run *run;
    mig__surplus **entries; /* id 0: not begun; settled ones are in state MOVED, RETURNED, GONE */
    size_t count;
    bool returning;                /* they bring back: what is settled is RETURNED */
    const mig__dup_folder *folder; /* whose flags and rows are carried over; NULL: none */
} mig__dup_moves;

/* ---- record.c ---- */

/* Open the state, find the account and the journal. -1: MIG_E_STATE (no state, no such account), or it failed. */
int mig__dup_open_state(mig__dup_run *run, mig_error *err);
/* Into the audit trail, when anything may change. */
int mig__dup_begin_record(mig__dup_run *run, mig_error *err);
int mig__dup_end_record(const mig__dup_run *run, mig_error *err);
/* The folders of the target that have mail on record and are meant, with what belongs into each. */
int mig__dup_load_folders(mig__dup_run *run, mig_error *err);

/* ---- survey.c ---- */

/* A dialogue (context: a mig__dup_survey): read the mailbox as far as it takes, and find its doubles. */
typedef struct mig__dup_survey {
    mig__dup_run *run;
    mig__dup_folder *folder;
} mig__dup_survey;
int mig__dup_survey_folder(mig__session *session, void *context, mig_error *err);
void mig__dup_items_clear(mig__dup_folder *folder);

/* ---- find_out.c ---- */

/*
 * A dialogue (context: a mig__dup_moves): what became of moves that were begun? Those that came through are settled, of
 * a COPY the double is removed, and what was not moved is as if it had never been begun (id 0). Durable. Entries that
 * were not begun are left alone.
 */
int mig__dup_find_out(mig__session *session, void *context, mig_error *err);

/* A dialogue (the same): fill from_uid of entries where it is 0, by their content in `from`. */
int mig__dup_locate(mig__session *session, void *context, mig_error *err);

/* Remove messages of the mailbox that is selected: \Deleted, UID EXPUNGE. 0; 1 refused (`err`), -1. */
int mig__dup_expunge(mig__session *session, const mig__uidset *uids, mig_error *err);

/* Settle an entry, on record and in memory. */
int mig__dup_settle(mig__dup_run *run, mig__surplus *entry, mig__surplus_state now, uint32_t to_uid, mig_error *err);

/* ---- move.c ---- */

/* A dialogue (the same): begin and make the moves that are not made yet. */
int mig__dup_move(mig__session *session, void *context, mig_error *err);

#endif
