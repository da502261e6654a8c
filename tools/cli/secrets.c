#include "cli/secrets.h"

#include "cli/prompt.h"
#include "cli/stores.h"

#include <migrate/format.h>
#include <stdlib.h>
#include <string.h>

static const char *const side_names[] = {"source", "target"};
static const char *const variables[] = {"MAILMIGRATE_SOURCE_PASSWORD", "MAILMIGRATE_TARGET_PASSWORD"};

static mig_secret *from_terminal(const cli_side *side, const char *name, mig_error *err)
{
    char label[256], inert[256], question[320], password[MIG_SECRET_MAX];
    mig_endpoint_label(&side->endpoint, label, sizeof label);
    snprintf(question, sizeof question, "Password of the %s, %s: ", name, mig_format_text(label, inert, sizeof inert));
    mig_secret *secret = NULL;
    if (cli_prompt_password(question, password, sizeof password, err) == 0)
        secret = mig_secret_from_value(password, err);
    else if (err->code == MIG_E_SECRET)
        mig_error_hint(err, "give --%s-password-file FILE, --%s-password-command COMMAND or the variable %s", name,
                       name, variables[strcmp(name, side_names[MIG_SOURCE]) == 0 ? MIG_SOURCE : MIG_TARGET]);
    explicit_bzero(password, sizeof password);
    return secret;
}

/* `value` is the variable's, or NULL. A side that needs no secret gets none: NULL and MIG_OK. */
static mig_secret *secret_of(const cli_side *side, const char *name, const char *value, mig_error *err)
{
    if (side->login.token_command)
        return mig_secret_from_command(side->login.token_command, err);
    if (side->password_file)
        return mig_secret_from_file(side->password_file, err);
    if (side->password_command)
        return mig_secret_from_command(side->password_command, err);
    if (value)
        return mig_secret_from_value(value, err);
    return cli_login_needs_none(&side->login) ? NULL : from_terminal(side, name, err);
}

static void warn_if_exposed(const mig_secret *secret, const char *path, cli_terminal *terminal)
{
    char inert[512], line[640];
    if (!mig_secret_exposed(secret))
        return;
    snprintf(line, sizeof line, "warning: other users can read the password file %s: chmod 600 it",
             mig_format_text(path, inert, sizeof inert));
    cli_terminal_message(terminal, line);
}

static void tell_to_sign_in(const mig_oauth2_code *code, void *context)
{
    char line[768];
    snprintf(line, sizeof line, "To sign in, open %s in a browser and enter the code %s (good for %d minutes).",
             code->url, code->code, code->seconds / 60);
    cli_terminal_message(context, line);
}

/* Tokens of a person who signed in are kept beside the state: "STATE.source.token". */
static char *token_path(const cli_options *options, const char *name)
{
    const char *state = options->copy.state_path ? options->copy.state_path : options->verify.state_path;
    const size_t size = (state ? strlen(state) : 0) + strlen(name) + sizeof "..token";
    char *path = state ? malloc(size) : NULL;
    if (path)
        snprintf(path, size, "%s.%s.token", state, name);
    return path;
}

static int prepare_oauth2(cli_secrets *secrets, const cli_options *options, cli_side *side, int i,
                          cli_terminal *terminal, mig_error *err)
{
    char *cache = token_path(options, side_names[i]);
    char *token = malloc(MIG_OAUTH2_TOKEN_MAX);
    int result = -1;
    if (!token) {
        mig_error_set(err, MIG_E_NOMEM, "out of memory");
        goto cleanup;
    }
    side->login.oauth2.cache_file = cache;
    side->login.oauth2.stop = secrets->stop;
    side->login.oauth2.show = tell_to_sign_in;
    side->login.oauth2.show_context = terminal;
    side->login.oauth2.proxy_secret = side->endpoint.proxy_secret;
    side->login.oauth2.proxy_secret_context = side->endpoint.proxy_secret_context;
    secrets->oauth2[i] = mig_oauth2_new(&side->login.oauth2, err);
    side->login.oauth2.cache_file = NULL;
    if (!secrets->oauth2[i])
        goto cleanup;
    side->endpoint.secret = mig_oauth2_give;
    side->endpoint.secret_context = secrets->oauth2[i];
    result = mig_oauth2_give(token, MIG_OAUTH2_TOKEN_MAX, false, secrets->oauth2[i], err);
    explicit_bzero(token, MIG_OAUTH2_TOKEN_MAX);

cleanup:
    free(token);
    free(cache);
    return result == 0 ? 0 : mig_error_context(err, "the access token for the %s", side_names[i]);
}

static int prepare_side(cli_secrets *secrets, const cli_options *options, cli_side *side, int i, const char *value,
                        cli_terminal *terminal, mig_error *err)
{
    mig_error error = MIG_ERROR_INIT;
    if (side->store) /* nobody logs in */
        return cli_store_prepare(options, side, &secrets->sides[i], err);
    if (secrets->proxy && side->endpoint.proxy) {
        side->endpoint.proxy_secret = mig_secret_give;
        side->endpoint.proxy_secret_context = secrets->proxy;
    }
    if (side->login.grant)
        return prepare_oauth2(secrets, options, side, i, terminal, err);
    secrets->sides[i] = secret_of(side, side_names[i], value, &error);
    if (secrets->sides[i]) {
        side->endpoint.secret = mig_secret_give;
        side->endpoint.secret_context = secrets->sides[i];
        warn_if_exposed(secrets->sides[i], side->password_file, terminal);
    } else if (error.code != MIG_OK) {
        *err = error;
        return mig_error_context(err, "the password of the %s", side_names[i]);
    }
    return 0;
}

static int prepare_proxy(cli_secrets *secrets, const cli_options *options, cli_terminal *terminal, mig_error *err)
{
    if (!options->proxy_password_file)
        return 0;
    secrets->proxy = mig_secret_from_file(options->proxy_password_file, err);
    if (!secrets->proxy)
        return mig_error_context(err, "the password of the proxy");
    warn_if_exposed(secrets->proxy, options->proxy_password_file, terminal);
    return 0;
}

int cli_secrets_prepare(cli_secrets *secrets, cli_options *options, cli_terminal *terminal, mig_error *err)
{
    int result = prepare_proxy(secrets, options, terminal, err);
    for (int i = 0; i < 2; i++) {
        cli_side *side = &options->sides[i];
        char *value = getenv(variables[i]);
        if (result == 0 && !side->only_named)
            result = prepare_side(secrets, options, side, i, value, terminal, err);
        if (value) {
            explicit_bzero(value, strlen(value)); /* /proc/PID/environ shows this very memory */
            unsetenv(variables[i]);
        }
    }
    return result;
}

void cli_secrets_clear(cli_secrets *secrets)
{
    mig_secret_free(&secrets->sides[MIG_SOURCE]);
    mig_secret_free(&secrets->sides[MIG_TARGET]);
    mig_oauth2_free(&secrets->oauth2[MIG_SOURCE]);
    mig_oauth2_free(&secrets->oauth2[MIG_TARGET]);
    mig_secret_free(&secrets->proxy);
}
