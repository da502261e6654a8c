/* cli/secrets.h - passwords that no option tells: from the environment, or from a person at the terminal */
#ifndef CLI_SECRETS_H
#define CLI_SECRETS_H

#include "cli/terminal.h"

#include <migrate/options.h>

typedef struct cli_secrets {
    mig_secret *given[2]; /* MAILMIGRATE_SOURCE_PASSWORD and MAILMIGRATE_TARGET_PASSWORD; NULL: not set */
    cli_terminal *terminal;
    const mig_stop *stop;    /* ends waiting for a person or a token endpoint */
    struct cli_found *found; /* servers that were found for addresses, and taken */
} cli_secrets;

#define CLI_SECRETS_INIT                                                                                               \
    {                                                                                                                  \
        {NULL, NULL}, NULL, NULL, NULL                                                                                 \
    }

/*
 * Take the two variables out of the environment, so that no child process inherits them and no reader of /proc sees
 * them; they hold for every account that names no password. MIG_E_SECRET (empty or too long), MIG_E_NOMEM. Release with
 * cli_secrets_clear in any case.
 */
int cli_secrets_take(cli_secrets *secrets, cli_terminal *terminal, const mig_stop *stop, mig_error *err);

/* What the library may ask of the person at the terminal; borrows `secrets`. */
void cli_secrets_helper(const cli_secrets *secrets, mig_helper *helper);

/* Wipe and release. */
void cli_secrets_clear(cli_secrets *secrets);

#endif
