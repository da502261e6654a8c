/*
 * cli/secrets.h - where the passwords come from: file, command, environment, or a person at the terminal
 */
#ifndef CLI_SECRETS_H
#define CLI_SECRETS_H

#include "cli/options.h"

#include <migrate/secret.h>

typedef struct cli_secrets {
    mig_secret *sides[2]; /* MIG_SOURCE, MIG_TARGET */
} cli_secrets;

#define CLI_SECRETS_INIT                                                                                               \
    {                                                                                                                  \
        {                                                                                                              \
            NULL, NULL                                                                                                 \
        }                                                                                                              \
    }

/*
 * Give both endpoints of `options` their secret: --*-password-file, --*-password-command, MAILMIGRATE_SOURCE_PASSWORD
 * or MAILMIGRATE_TARGET_PASSWORD, else a question on the terminal; a side that is only named gets none. The two
 * variables are taken out of the environment in any case, so that no child process inherits them. A password file that
 * others can read is warned of. Errors: MIG_E_SECRET, MIG_E_INTERRUPTED, MIG_E_NOMEM, MIG_E_IO.
 */
int cli_secrets_prepare(cli_secrets *secrets, cli_options *options, cli_terminal *terminal, mig_error *err);

/* Wipe and release. The endpoints must not be used any more. */
void cli_secrets_clear(cli_secrets *secrets);

#endif
