/* cli/login.h - what mailmigrate-login does: sign in with a browser or on another device, or look at what there is */
#ifndef CLI_LOGIN_H
#define CLI_LOGIN_H

#include "cli/small_options.h"

#include <migrate/login.h>

typedef struct cli_login {
    cli_names arguments; /* PROVIDER USER */
    char *client_id, *secret_file, *file, *save_command, *tenant, *scope, *ca_file;
    char *auth_url, *token_url, *device_url, *issuer, *browser;
    char *file_made; /* where the tokens are kept when no option says it */
    int wait;
    bool device, no_browser, check, answered;
} cli_login;

/* MIG_E_USAGE, MIG_E_IO, MIG_E_NOMEM. Release with cli_login_clear in any case. */
int cli_login_parse(cli_login *login, int argc, const char **argv, mig_error *err);

/* Sign in, and keep or hand over the refresh token. */
int cli_login_run(cli_login *login, const mig_stop *stop, mig_error *err);

/* Say what the file holds, and whether the provider still gives tokens for it. */
int cli_login_check(cli_login *login, const mig_stop *stop, mig_error *err);

void cli_login_clear(cli_login *login);

#endif
