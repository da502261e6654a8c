/* cli/check_report.h - mailmigrate-verify --check-report: was a report changed since it was written? */
#ifndef CLI_CHECK_REPORT_H
#define CLI_CHECK_REPORT_H

#include "cli/options.h"

/*
 * Tell it on standard output. 0: it was not changed, as far as that can be told from what was given; 1: it was; -1 with
 * an error: a file cannot be read, or nothing can be told.
 */
int cli_check_report(const mig_settings *options, mig_error *err);

#endif
