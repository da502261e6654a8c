/* cli/secrets.c - passwords from the environment, else a question on the terminal */
#include "cli/secrets.h"

#include "cli/find.h"
#include "cli/prompt.h"

#include <migrate/format.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const side_names[] = {"source", "target"};
static const char *const variables[] = {"MAILMIGRATE_SOURCE_PASSWORD", "MAILMIGRATE_TARGET_PASSWORD"};

int cli_secrets_take(cli_secrets *secrets, cli_terminal *terminal, const mig_stop *stop, mig_error *err)
{
    int failed = 0;
    *secrets = (cli_secrets){.terminal = terminal, .stop = stop};
    for (int side = 0; side < 2; side++) {
        char *value = getenv(variables[side]);
        if (value == NULL) {
            continue;
        }
        if (failed == 0 && (secrets->given[side] = mig_secret_from_value(value, err)) == NULL) {
            failed = mig_error_context(err, "%s", variables[side]);
        }
        explicit_bzero(value, strlen(value)); /* /proc/PID/environ shows this very memory */
        unsetenv(variables[side]);
    }
    return failed;
}

static mig_secret *from_terminal(mig_side side, const mig_endpoint *endpoint, mig_error *err)
{
    char label[256], inert[256], question[320], password[MIG_SECRET_MAX];
    const char *name = side_names[side];
    mig_secret *secret = NULL;
    mig_endpoint_label(endpoint, label, sizeof label);
    snprintf(question, sizeof question, "Password of the %s, %s: ", name, mig_format_text(label, inert, sizeof inert));
    if (cli_prompt_password(question, password, sizeof password, err) == 0) {
        secret = mig_secret_from_value(password, err);
    } else if (err->code == MIG_E_SECRET) {
        mig_error_hint(err, "give --%s-password-file FILE, --%s-password-command COMMAND or the variable %s", name,
                       name, variables[side]);
    }
    explicit_bzero(password, sizeof password);
    return secret;
}

/* Each account has a secret of its own. */
static mig_secret *same_again(mig_secret *given, mig_error *err)
{
    char password[MIG_SECRET_MAX];
    mig_secret *secret = NULL;
    if (mig_secret_give(password, sizeof password, false, given, err) == 0) {
        secret = mig_secret_from_value(password, err);
    }
    explicit_bzero(password, sizeof password);
    return secret;
}

static mig_secret *ask(mig_side side, const mig_endpoint *endpoint, bool needed, void *context, mig_error *err)
{
    const cli_secrets *secrets = context;
    if (secrets->given[side] != NULL) {
        return same_again(secrets->given[side], err);
    }
    return needed ? from_terminal(side, endpoint, err) : NULL;
}

static void warn(const char *line, void *context)
{
    const cli_secrets *secrets = context;
    cli_terminal_message(secrets->terminal, line);
}

static void tell_to_sign_in(const mig_oauth2_code *code, void *context)
{
    const cli_secrets *secrets = context;
    char line[768];
    snprintf(line, sizeof line, "To sign in, open %s in a browser and enter the code %s (good for %d minutes).",
             code->url, code->code, code->seconds / 60);
    cli_terminal_message(secrets->terminal, line);
}

void cli_secrets_helper(const cli_secrets *secrets, mig_helper *helper)
{
    *helper = (mig_helper){.ask = ask,
                           .warn = warn,
                           .show = tell_to_sign_in,
                           .find = cli_find,
                           .context = (void *)(uintptr_t)secrets, /* nothing of it is changed */
                           .stop = secrets->stop};
}

void cli_secrets_clear(cli_secrets *secrets)
{
    mig_secret_free(&secrets->given[MIG_SOURCE]);
    mig_secret_free(&secrets->given[MIG_TARGET]);
    cli_found_clear(&secrets->found);
}
