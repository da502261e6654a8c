/* cli/domain_step.h - the step `domain` of a run: a look at the domains of its plan, as mailmigrate-domain makes it */
#ifndef CLI_DOMAIN_STEP_H
#define CLI_DOMAIN_STEP_H

#include <migrate/error.h>
#include <migrate/stop.h>

/* What was found, in both forms; the caller frees both. */
typedef struct cli_domain_seen {
    char *text, *json; /* for the terminal; mailmigrate.domain/1 */
} cli_domain_seen;

#define CLI_DOMAIN_SEEN_INIT                                                                                           \
    {                                                                                                                  \
        NULL, NULL                                                                                                     \
    }

/*
 * Look at the domains of the plan in the phase `after`, and keep what was found on record. Returns the exit status of
 * the look, or -1 with `err` filled.
 */
int cli_domain_step(const char *plan, const mig_stop *stop, cli_domain_seen *seen, mig_error *err);

#endif
