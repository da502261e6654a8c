#include "cli/secrets.h"

#include "cli/prompt.h"

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

/* `value` is the variable's, or NULL. */
static mig_secret *secret_of(const cli_side *side, const char *name, const char *value, mig_error *err)
{
    if (side->password_file)
        return mig_secret_from_file(side->password_file, err);
    if (side->password_command)
        return mig_secret_from_command(side->password_command, err);
    if (value)
        return mig_secret_from_value(value, err);
    return from_terminal(side, name, err);
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

int cli_secrets_prepare(cli_secrets *secrets, cli_options *options, cli_terminal *terminal, mig_error *err)
{
    int result = 0;
    for (int i = 0; i < 2; i++) {
        cli_side *side = &options->sides[i];
        char *value = getenv(variables[i]);
        if (result == 0 && !side->only_named) {
            secrets->sides[i] = secret_of(side, side_names[i], value, err);
            if (secrets->sides[i]) {
                side->endpoint.secret = mig_secret_give;
                side->endpoint.secret_context = secrets->sides[i];
                warn_if_exposed(secrets->sides[i], side->password_file, terminal);
            } else {
                result = mig_error_context(err, "the password of the %s", side_names[i]);
            }
        }
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
}
