/*
 * cli/campaign_report.h - what a run over many accounts leaves behind: summary, JSON, HTML, CSV, a command, a webhook
 */
#ifndef CLI_CAMPAIGN_REPORT_H
#define CLI_CAMPAIGN_REPORT_H

#include "cli/options.h"
#include "cli/output.h"

#include <migrate/run.h>

typedef struct cli_campaign_reports {
    cli_output json, html, csv;
} cli_campaign_reports;

#define CLI_CAMPAIGN_REPORTS_INIT                                                                                      \
    {                                                                                                                  \
        CLI_OUTPUT_INIT, CLI_OUTPUT_INIT, CLI_OUTPUT_INIT                                                              \
    }

/* Before the work, so that a path that can not be written is told at once. */
int cli_campaign_reports_open(cli_campaign_reports *reports, const cli_options *options, mig_error *err);

/*
 * Write all that was asked for, and the summary on standard output unless that is taken or --quiet leaves it out.
 * `tool` begins the lines on standard error.
 */
int cli_campaign_reports_write(cli_campaign_reports *reports, const cli_options *options, const char *tool,
                               const mig_run_result *result, mig_error *err);

/*
 * Tell the command of --on-finish and the webhook. What fails there is told on standard error. Returns 0, or the exit
 * status of the failure.
 */
int cli_campaign_notify(const cli_options *options, const char *tool, const mig_run_result *result);

void cli_campaign_reports_close(cli_campaign_reports *reports);

#endif
