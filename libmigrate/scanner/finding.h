/* scanner/finding.h - what a scanner said of a message, for reports: in a list, and in words */
#ifndef MIG_SCANNER_FINDING_H
#define MIG_SCANNER_FINDING_H

#include "scanner/scanner.h"

/* Put a copy of `one` at the end of a list. 0, or -1 with MIG_E_NOMEM: the list is as it was. */
int mig__scanner_list(mig_scan_finding **list, size_t *count, const mig_scan_finding *one, mig_error *err);

/* Release what stands in the list from number `from` on, up to `count`; the list itself stays. */
void mig__scanner_unlist(mig_scan_finding *list, size_t from, size_t count);

/* What to do about a message that was not scanned. */
const char *mig__scanner_advice(const mig__scanner_result *result);

#endif
