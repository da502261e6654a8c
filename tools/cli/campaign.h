/*
 * cli/campaign.h - what the tools that work on many accounts do from their first line to the exit status
 *
 * The run itself is the library's (migrate/run.h); here are arguments, passwords, progress, reports and what happens at
 * the end.
 */
#ifndef CLI_CAMPAIGN_H
#define CLI_CAMPAIGN_H

#include "cli/accounts.h"

typedef struct cli_campaign {
    cli_tool tool;
    unsigned steps; /* unless --steps says otherwise */
} cli_campaign;

/* `stop` must live as long as the process. Returns the exit status. */
int cli_campaign_main(const cli_campaign *campaign, mig_stop *stop, int argc, const char **argv);

#endif
