/*
 * copy/screen.h - messages are shown to the virus scanner between being read and being sent
 *
 * A writer shows a whole batch at once, before its intent is written. What is not to be sent leaves the batch, and the
 * run, with its decision on record; what is put into quarantine is on disk there before that.
 */
#ifndef MIG_COPY_SCREEN_H
#define MIG_COPY_SCREEN_H

#include "copy/job.h"
#include "scanner/scanner.h"

/* Pure: what becomes of a message. */
typedef enum mig__screened {
    MIG__SCREEN_PASS,       /* it is sent */
    MIG__SCREEN_QUARANTINE, /* it is kept aside, and not sent */
    MIG__SCREEN_SKIP,       /* it is not sent */
    MIG__SCREEN_FAIL        /* it is not sent, and tried again by the next run: nobody looked at it */
} mig__screened;

mig__screened mig__screen_decide(const mig_scan *scan, mig_scan_verdict verdict);

/* What was withheld by an earlier run is looked at anew: this one copies what is found, and lists it. */
bool mig__screen_releases(const mig_scan *scan);

/* Set run->screen, where options->scan names a scanner. 0, or -1 with MIG_E_USAGE or MIG_E_NOMEM. */
int mig__screen_begin(mig__run *run, mig_error *err);
void mig__screen_end(mig__run *run); /* fine without a beginning */

/*
 * Show the messages of a batch that were not shown yet, and take out of it what is not to be sent. 0; -1: the scanner
 * cannot be reached, the quarantine cannot be written, or the state failed: the run was told, unless it is asked to
 * stop; the batch is still the caller's.
 */
int mig__screen_batch(mig__run *run, mig__batch *batch, mig_error *err);

#endif
