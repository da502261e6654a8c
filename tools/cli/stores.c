#include "cli/stores.h"

#include <migrate/secret.h>
#include <string.h>
#include <strings.h>

/* The first option of a login that was given, or NULL. An archive can have a password all the same. */
static const char *login_option(const cli_side *side)
{
    const bool archive = strncasecmp(side->url, "archive:", 8) == 0;
    const cli_login *login = &side->login;
    const struct {
        const char *name;
        bool given;
    } all[] = {
        {"tls", side->tls != NULL},
        {"auth", side->endpoint.auth != MIG_AUTH_AUTO},
        {"authzid", side->authzid != NULL},
        {"password-file", side->password_file && !archive},
        {"password-command", side->password_command && !archive},
        {"pin", side->pin != NULL},
        {"ca-file", side->ca_file != NULL},
        {"provider", side->provider != NULL},
        {"token-command", login->token_command != NULL},
        {"oauth", login->grant != NULL},
        {"cert", login->cert != NULL},
        {"key", login->key != NULL},
        {"proxy", login->proxy != NULL},
        {"tunnel", login->tunnel != NULL},
    };
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        if (all[i].given)
            return all[i].name;
    return NULL;
}

int cli_store_take(cli_side *side, mig_side which, mig_error *err)
{
    const char *name = which == MIG_SOURCE ? "source" : "target";
    if (!mig_store_is_url(side->url))
        return 1;
    const char *option = login_option(side);
    if (option) {
        mig_error_set(err, MIG_E_USAGE, "--%s-%s: nobody logs in to files", name, option);
        return mig_error_hint(err, "leave it out, or give --%s imaps://user@host", name);
    }
    side->store = mig_store_new(side->url, which, &side->endpoint, err);
    return side->store ? 0 : mig_error_context(err, "--%s", name);
}

int cli_store_prepare(const cli_options *options, cli_side *side, mig_secret **secret, mig_error *err)
{
    const char *state = options->copy.state_path ? options->copy.state_path : options->verify.state_path;
    /* Only a run that holds the state may say what a UID stands for from now on. */
    const bool keep = (options->verb == CLI_COPY || options->verb == CLI_ONE_SHOT) && !options->copy.dry_run;
    mig_store_as_self(side->store, options->files_as_self);
    if (mig_store_place(side->store, state, keep, err) != 0)
        return -1;
    if (!side->password_file && !side->password_command)
        return 0;
    *secret = side->password_file ? mig_secret_from_file(side->password_file, err)
                                  : mig_secret_from_command(side->password_command, err);
    if (!*secret)
        return mig_error_context(err, "the password of the archive");
    mig_store_secret(side->store, mig_secret_give, *secret);
    return 0;
}
