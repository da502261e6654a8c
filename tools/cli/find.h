/* cli/find.h - the server of an address in the place of a URL: looked for, shown, and asked about */
#ifndef CLI_FIND_H
#define CLI_FIND_H

#include <migrate/options.h>

struct cli_found; /* what was found and taken, by domain: nobody is asked twice */

/*
 * As `find` of mig_helper; `context` is a cli_secrets *. What was found is shown on standard error. It is taken when a
 * person at the terminal says so, or with --yes when something vouches for the host. Errors: MIG_E_DNS (none was
 * found), MIG_E_REFUSED (nobody to ask, nothing that vouches for it, or a no), MIG_E_INTERRUPTED, those of
 * mig_discover.
 */
char *cli_find(const mig_settings *settings, mig_side side, const char *address, void *context, mig_error *err);

void cli_found_clear(struct cli_found **found);

#endif
