/* report/scans.h - what a virus scanner said of messages, for all reports (within report/) */
#ifndef MIG_REPORT_SCANS_H
#define MIG_REPORT_SCANS_H

#include "base/buffer.h"
#include "report/json.h"
#include <migrate/scan.h>

/* An object of docs/schemas/copy-1.json, "scan"; NULL: no memory. */
json_t *mig__scan_object(const mig_scan_finding *scan);

/* "UID 17, "subject": Eicar-Test-Signature (signatures of 2024-10-01)", without anything that acts on a terminal. */
void mig__scan_words(mig__buffer *out, const mig_scan_finding *scan);

/* "The virus scanner looked at 20 messages and found something in 1; 2 were not scanned." and a line end. */
void mig__scan_sum(mig__buffer *out, uint64_t scanned, uint64_t infected, uint64_t not_scanned);

#endif
