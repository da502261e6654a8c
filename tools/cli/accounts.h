/* cli/accounts.h - the accounts that a tool works on: the one of the command line, or those of a plan */
#ifndef CLI_ACCOUNTS_H
#define CLI_ACCOUNTS_H

#include "cli/options.h"
#include "cli/secrets.h"

#include <migrate/plan.h>

typedef struct cli_accounts {
    cli_action action;
    mig_roster *roster; /* NULL: --help or --version was answered */
} cli_accounts;

/*
 * Read the command line, and the plan that it names. With `--help` or `--version` `action` says so and there are no
 * accounts. Errors: MIG_E_USAGE, MIG_E_PLAN (with the line), MIG_E_NOMEM. Release with cli_accounts_clear in any case.
 */
int cli_accounts_parse(cli_accounts *accounts, const cli_tool *tool, int argc, const char **argv, mig_error *err);

/* State files and secrets of all accounts. Errors: those of mig_roster_prepare, MIG_E_IO (no home directory). */
int cli_accounts_prepare(cli_accounts *accounts, const cli_secrets *secrets, mig_error *err);

/* Say where the state of an account is kept, as mig_settings_place, by default in the user's own directory, and where
 * its lock is. */
int cli_accounts_place(mig_settings *settings, mig_error *err);

void cli_accounts_clear(cli_accounts *accounts);

#endif
