/*
 * report/copy_words.h - what a summary of a copy says, as pure functions of its result
 *
 * Each sentence follows from counts in one place, so that none says what is not so; tests hold situations against
 * sentences (tests/unit/report/test_copy_words.c).
 */
#ifndef MIG_REPORT_COPY_WORDS_H
#define MIG_REPORT_COPY_WORDS_H

#include "base/buffer.h"
#include <migrate/copy.h>

/* What an account's folders add up to. */
mig_folder_result mig__copy_sum(const mig_account_result *account);
/* Of a folder or a sum: messages whose fate is known, and those that are on the target. */
uint64_t mig__copy_settled(const mig_folder_result *folder);
uint64_t mig__copy_there(const mig_folder_result *folder);

/* What became of the account, in one to three lines; in a dry run what would. Names are made inert. */
void mig__copy_verdict(mig__buffer *out, const mig_account_result *account, bool dry_run);

/* Under which heading a problem belongs. */
typedef enum mig__copy_heading {
    MIG__HEADING_NOT_COPIED,
    MIG__HEADING_LEFT_OUT,  /* by an option, as --max-size */
    MIG__HEADING_SCANNED,   /* what a virus scanner found, or did not look at */
    MIG__HEADING_DIFFERENT, /* on the target, but not quite as it was */
    MIG__HEADING_NOTICED,   /* nothing of it is on the target */
    MIG__HEADINGS
} mig__copy_heading;

mig__copy_heading mig__copy_heading_of(const mig_account_result *account, const mig_problem *problem);
const char *mig__copy_heading_words(mig__copy_heading heading);

/* "Next: ..." with a line end: what to do now. Nothing for a result without accounts. */
void mig__copy_next(mig__buffer *out, const mig_copy_result *result);

#endif
