/*
 * cli/campaign_report.h - what a run over many accounts leaves behind: summary, JSON, HTML, CSV, a command, a webhook,
 * a mail
 */
#ifndef CLI_CAMPAIGN_REPORT_H
#define CLI_CAMPAIGN_REPORT_H

#include "cli/reports.h"

#include <migrate/run.h>

/*
 * Write all that was asked for, and the summary on standard output unless that is taken or --quiet leaves it out.
 * `tool` begins the lines on standard error.
 */
int cli_campaign_report(cli_reports *reports, const mig_settings *options, const char *tool,
                        const mig_run_result *result, mig_error *err);

/* Can what is to be told at the end be told, by what is written? Before anything begins. 0, or -1 with MIG_E_USAGE. */
int cli_campaign_notify_check(const mig_settings *options, mig_error *err);

/*
 * Tell the command of --on-finish and the webhook, and send the mail. What fails there is told on standard error.
 * Returns 0, or the exit status of the failure.
 */
int cli_campaign_notify(const mig_settings *options, const char *tool, const mig_run_result *result);

#endif
