/* mailmigrate-inventory - what is there, does it fit, how long will it take; the manual is docs/mailmigrate-inventory.1
 */
#include "cli/campaign.h"

#include <migrate/run.h>

static mig_stop stop = MIG_STOP_INIT; /* a signal can come as long as the process lives */

int main(int argc, char **argv)
{
    static const cli_campaign inventory = {
        .tool = {"mailmigrate-inventory", "PLAN | --source URL [--target URL] [OPTION...]", MIG_VERB_INVENTORY},
        .steps = MIG_STEP_INVENTORY,
    };
    return cli_campaign_main(&inventory, &stop, argc, (const char **)argv);
}
