/* report/run_dry.h - a dry run over one account or many: what would be done (within report/) */
#ifndef MIG_REPORT_RUN_DRY_H
#define MIG_REPORT_RUN_DRY_H

#include "report/verify_common.h"
#include <migrate/run_report.h>

/* Whether an account of it at least was a dry run. */
bool mig__run_is_dry(const mig_run_result *result);

/* The verdict, the accounts, what is in the way, and the next step. */
void mig__run_dry_text(mig__paper *paper, const mig_run_result *result);

#endif
