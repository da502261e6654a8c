/* report/domain_common.h - what the reports of a look at domains share (within report/) */
#ifndef MIG_REPORT_DOMAIN_COMMON_H
#define MIG_REPORT_DOMAIN_COMMON_H

#include "base/buffer.h"
#include <migrate/domain_report.h>

/* "example.org: 2 fail, 1 warns, 3 are not known, 20 pass", without the name. */
void mig__domain_add_counts(mig__buffer *out, const size_t counts[4]);

/* One sentence over all: "nothing is in the way of the switch". */
void mig__domain_add_verdict(mig__buffer *out, const mig_domain_result *result);

/* When the switch is safe, in a sentence; nothing when it is not known. */
void mig__domain_add_earliest(mig__buffer *out, const mig_domain_result *result, const mig_domain_report *report);

#endif
