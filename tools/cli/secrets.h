/*
 * cli/secrets.h - where the passwords and tokens come from: file, command, environment, OAuth 2, or a person at the
 * terminal
 */
#ifndef CLI_SECRETS_H
#define CLI_SECRETS_H

#include "cli/options.h"

#include <migrate/secret.h>

typedef struct cli_secrets {
    mig_secret *sides[2];  /* MIG_SOURCE, MIG_TARGET; NULL: none is needed, or `oauth2` has it */
    mig_oauth2 *oauth2[2]; /* NULL: the side has none */
    mig_secret *proxy;     /* NULL: none */
    const mig_stop *stop;  /* ends waiting for a person or a token endpoint */
} cli_secrets;

#define CLI_SECRETS_INIT                                                                                               \
    {                                                                                                                  \
        {NULL, NULL}, {NULL, NULL}, NULL, NULL                                                                         \
    }

/*
 * Give both endpoints of `options` their secret: OAuth 2, --*-token-command, --*-password-file, --*-password-command,
 * MAILMIGRATE_SOURCE_PASSWORD or MAILMIGRATE_TARGET_PASSWORD, else a question on the terminal; a side that is only
 * named gets none, nor does one that logs in with a certificate or through a tunnel and names no password. The first
 * access token is asked for here, where a person can still be told to sign in; the state's path has to be known,
 * because some tokens are kept beside it. The two variables are taken out of the environment in any case, so that no
 * child process inherits them. A password file that others can read is warned of. Errors: MIG_E_SECRET,
 * MIG_E_INTERRUPTED, MIG_E_NOMEM, MIG_E_IO, and those of mig_oauth2_new and mig_oauth2_give.
 */
int cli_secrets_prepare(cli_secrets *secrets, cli_options *options, cli_terminal *terminal, mig_error *err);

/* Wipe and release. The endpoints must not be used any more. */
void cli_secrets_clear(cli_secrets *secrets);

#endif
