#include "cli/login.h"

#include "cli/option_table.h"
#include "cli/options_verify.h"

#include <stdlib.h>
#include <string.h>

static const char *const grant_names[] = {"google", "microsoft", "refresh", "device", NULL};

int cli_login_apply(cli_login *login, int option, const char *value, mig_error *err)
{
    mig_oauth2_options *oauth2 = &login->oauth2;
    int choice = 0;
    const char **place = NULL;
    switch (option & ~OPT_SIDE_MASK) {
    case SIDE_TOKEN_COMMAND:
        place = &login->token_command;
        break;
    case SIDE_OAUTH:
        if (cli_take_choice(option, value, grant_names, &choice, err) != 0)
            return -1;
        oauth2->grant = (mig_oauth2_grant)choice;
        place = &login->grant;
        break;
    case SIDE_OAUTH_KEY:
        place = &oauth2->key_file;
        break;
    case SIDE_OAUTH_CERT:
        place = &oauth2->cert_file;
        break;
    case SIDE_OAUTH_CLIENT_ID:
        place = &oauth2->client_id;
        break;
    case SIDE_OAUTH_SECRET_FILE:
        place = &oauth2->secret_file;
        break;
    case SIDE_OAUTH_REFRESH_FILE:
        place = &oauth2->refresh_file;
        break;
    case SIDE_OAUTH_TENANT:
        place = &oauth2->tenant;
        break;
    case SIDE_OAUTH_SCOPE:
        place = &oauth2->scope;
        break;
    case SIDE_OAUTH_TOKEN_URL:
        place = &oauth2->token_url;
        break;
    case SIDE_OAUTH_DEVICE_URL:
        place = &oauth2->device_url;
        break;
    case SIDE_OAUTH_CA_FILE:
        place = &oauth2->ca_file;
        break;
    case SIDE_CERT:
        place = &login->cert;
        break;
    case SIDE_KEY:
        place = &login->key;
        break;
    case SIDE_PROXY:
        place = &login->proxy;
        break;
    default:
        place = &login->tunnel;
        break;
    }
    *place = value;
    return 0;
}

/* An option of OAuth 2 that was given, or NULL. */
static const char *any_of_oauth2(const mig_oauth2_options *oauth2)
{
    const struct {
        const char *name, *value;
    } all[] = {
        {"key", oauth2->key_file},
        {"cert", oauth2->cert_file},
        {"client-id", oauth2->client_id},
        {"secret-file", oauth2->secret_file},
        {"refresh-file", oauth2->refresh_file},
        {"tenant", oauth2->tenant},
        {"scope", oauth2->scope},
        {"token-url", oauth2->token_url},
        {"device-url", oauth2->device_url},
        {"ca-file", oauth2->ca_file},
    };
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        if (all[i].value)
            return all[i].name;
    return NULL;
}

static int check(const cli_login *login, const mig_endpoint *endpoint, const char *name, bool passwords, mig_error *err)
{
    const char *oauth2 = any_of_oauth2(&login->oauth2);
    const bool token = login->grant || login->token_command;
    const mig_auth auth = endpoint->auth;
    if (oauth2 && !login->grant)
        return mig_error_set(err, MIG_E_USAGE, "--%s-oauth-%s needs --%s-oauth: google, microsoft, refresh or device",
                             name, oauth2, name);
    if ((login->grant != NULL) + (login->token_command != NULL) + passwords > 1)
        return mig_error_set(err, MIG_E_USAGE,
                             "--%s-oauth, --%s-token-command and an option for the password exclude each other", name,
                             name);
    if (token && auth != MIG_AUTH_AUTO && auth != MIG_AUTH_XOAUTH2 && auth != MIG_AUTH_OAUTHBEARER)
        return mig_error_set(err, MIG_E_USAGE, "an access token goes with --%s-auth auto, xoauth2 or oauthbearer alone",
                             name);
    if (login->key && !login->cert)
        return mig_error_set(err, MIG_E_USAGE, "--%s-key needs --%s-cert", name, name);
    if (login->cert && endpoint->tls == MIG_TLS_NONE)
        return mig_error_set(err, MIG_E_USAGE, "--%s-cert needs TLS", name);
    if (auth == MIG_AUTH_EXTERNAL && !login->cert && !login->tunnel)
        return mig_error_set(err, MIG_E_USAGE, "--%s-auth external needs --%s-cert", name, name);
    if (login->tunnel && login->proxy)
        return mig_error_set(err, MIG_E_USAGE, "a tunnel does not go through a proxy: leave one of them out");
    return 0;
}

static int set_string(char **out, const char *value, mig_error *err)
{
    if (!value)
        return 0;
    *out = strdup(value);
    return *out ? 0 : mig_error_set(err, MIG_E_NOMEM, "out of memory");
}

int cli_login_finish(cli_login *login, mig_endpoint *endpoint, const char *name, bool passwords, mig_error *err)
{
    if (check(login, endpoint, name, passwords, err) != 0)
        return -1;
    if ((login->grant || login->token_command) && endpoint->auth == MIG_AUTH_AUTO)
        endpoint->auth = MIG_AUTH_TOKEN;
    login->oauth2.user = endpoint->authzid ? endpoint->authzid : endpoint->user;
    if (set_string(&endpoint->client_cert, login->cert, err) != 0 ||
        set_string(&endpoint->client_key, login->key, err) != 0 ||
        set_string(&endpoint->tunnel, login->tunnel, err) != 0)
        return -1;
    login->oauth2.proxy = login->proxy;
    return set_string(&endpoint->proxy, login->proxy, err);
}

bool cli_login_needs_none(const cli_login *login)
{
    return login->cert || login->tunnel;
}
