/* verify/judge.h - what the parts of the judgement share (within verify/) */
#ifndef MIG_VERIFY_JUDGE_H
#define MIG_VERIFY_JUDGE_H

#include "verify/look.h"

typedef struct mig__judge {
    mig__verify_run *run;
    mig_verify_account *account;
    mig__look look;
    const mig__message_digest **digests; /* of each finding of the account what is sought or offered elsewhere; NULL */
    size_t explained;                    /* second looks, in the folder in hand */
    struct mig__scanned *scanned;        /* what a virus scanner found in what was copied, by digest */
    size_t scanned_count;
} mig__judge;

/* What an outcome makes worth listing, named as far as the record can. 0, or -1 with MIG_E_NOMEM. */
int mig__list_outcome(mig__judge *judge, size_t folder, const mig__outcome *outcome, const mig__recorded *recorded,
                      mig_error *err);
/* So many messages of a folder that the copy knows of and has no record of. `why` NULL: it was killed, or still runs.
 */
int mig__list_not_copied(mig__judge *judge, size_t folder, uint64_t messages, const char *why, mig_error *err);
int mig__list_missing_folder(mig__judge *judge, size_t folder, mig_error *err);

/* A message that was copied although a scanner found something in it; `detail` (may be NULL) becomes the finding's. */
int mig__list_infected(mig__judge *judge, size_t folder, const mig__recorded *recorded, char *detail, mig_error *err);

/* ---- scanned.c ---- */

/* What a virus scanner said when the messages were copied, from the state. 0, or -1. */
int mig__scanned_load(mig__judge *judge, mig_error *err);
void mig__scanned_free(mig__judge *judge);
/*
 * Compared with the source itself, what the copy withheld by decision is not missing: the record knows which it was.
 * 0, or -1.
 */
int mig__scanned_withhold(mig__verify_run *run, mig_error *err);
/* List the message when something was found in it and it was copied all the same. 0, or -1. */
int mig__scanned_list(mig__judge *judge, size_t folder, const mig__recorded *recorded, mig_error *err);

/* Name the findings from number `first` on, all of one folder, by the headers of the messages. 0, or -1. */
int mig__name_findings(mig__judge *judge, size_t folder, size_t first, mig_error *err);

/* Look for what is missing in other folders, at last in those that only the target has. 0, or -1. */
int mig__find_strays(mig__judge *judge, mig_error *err);

#endif
