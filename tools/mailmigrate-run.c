/* mailmigrate-run - check, copy and verify in one go; the manual is docs/mailmigrate-run.1 */
#include "cli/campaign.h"

#include <migrate/run.h>

static mig_stop stop = MIG_STOP_INIT; /* a signal can come as long as the process lives */

int main(int argc, char **argv)
{
    static const cli_campaign run = {
        .tool = {"mailmigrate-run", "PLAN | --source URL --target URL [OPTION...]", MIG_VERB_RUN},
        .steps = MIG_STEP_CHECK | MIG_STEP_COPY | MIG_STEP_VERIFY,
    };
    return cli_campaign_main(&run, &stop, argc, (const char **)argv);
}
