/*
 * cli/login.h - the options of a side beyond a password: OAuth 2, a client certificate, and the way to the server
 */
#ifndef CLI_LOGIN_H
#define CLI_LOGIN_H

#include <migrate/endpoint.h>
#include <migrate/error.h>
#include <migrate/oauth2.h>

typedef struct cli_login {
    const char *token_command;
    const char *grant;         /* how OAuth 2 is done: google, microsoft, refresh or device; NULL: not at all */
    mig_oauth2_options oauth2; /* what the options say; complete after cli_login_finish but for the cache file */
    const char *cert, *key;
    const char *tunnel;
    const char *proxy;
} cli_login;

/* Take an option of a side that is one of SIDE_TOKEN_COMMAND to SIDE_TUNNEL. MIG_E_USAGE. */
int cli_login_apply(cli_login *login, int option, const char *value, mig_error *err);

/*
 * Hold the options against each other and put them into the endpoint, whose URL and authorization identity are there
 * already. `name` is the side's, `passwords` tells that there is an option for a password. MIG_E_USAGE, MIG_E_NOMEM.
 */
int cli_login_finish(cli_login *login, mig_endpoint *endpoint, const char *name, bool passwords, mig_error *err);

/* True when the login can do without a password: a certificate, or a tunnel that is logged in. */
bool cli_login_needs_none(const cli_login *login);

#endif
