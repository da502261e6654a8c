/*
 * cli/single.h - the tools that work on one account, from their first line to the exit status
 *
 * With a plan in the place of the account they become a run over many (cli/campaign.h).
 */
#ifndef CLI_SINGLE_H
#define CLI_SINGLE_H

#include "cli/frame.h"
#include "cli/reports.h"

typedef struct cli_single {
    cli_tool tool;
    unsigned steps; /* of the run over a plan: MIG_STEP_*; 0: there is none */

    /* An action that needs no server, CLI_CHECK_REPORT. As cli_check_report; NULL: there is none. */
    int (*answer)(const mig_settings *options, mig_error *err);

    /*
     * The work: everything is open, passwords are there. Returns the exit status, or -1 with `err` filled. What is
     * written to `reports` is committed by it.
     */
    int (*work)(mig_settings *options, cli_frame *frame, cli_reports *reports, mig_error *err);
} cli_single;

/* `stop` must live as long as the process. Returns the exit status. */
int cli_single_main(const cli_single *single, mig_stop *stop, int argc, char **argv);

#endif
