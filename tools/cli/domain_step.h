/* cli/domain_step.h - the step `domain` of a run: a look at the domains of its plan, as mailmigrate-domain makes it */
#ifndef CLI_DOMAIN_STEP_H
#define CLI_DOMAIN_STEP_H

#include <migrate/error.h>
#include <migrate/stop.h>
#include <stdbool.h>

/*
 * Look at the domains of the plan in the phase `after`, keep what was found on record, and print it unless it is not to
 * be. Returns the exit status of the look, or -1 with `err` filled.
 */
int cli_domain_step(const char *plan, bool print, const mig_stop *stop, mig_error *err);

#endif
