/*
 * cli/accounts.h - the accounts of a run: the one of the command line, or those of a plan
 *
 * An account of a plan is read as if everything that the plan says of it stood on the command line, before what does
 * stand there: so each option means the same in both places, and the command line wins.
 */
#ifndef CLI_ACCOUNTS_H
#define CLI_ACCOUNTS_H

#include "cli/options.h"
#include "cli/secrets.h"

#include <migrate/plan.h>
#include <migrate/run.h>

typedef struct cli_account {
    cli_options options;
    cli_secrets secrets;
    char *state_path; /* NULL: as in the options */
    mig_error unfit;  /* its password, say, cannot be had; code MIG_OK: nothing is wrong */
} cli_account;

typedef struct cli_accounts {
    cli_options common; /* of the run as a whole: outputs, pace, what to do at the end */
    cli_account *items;
    mig_run_account *runs; /* the same for mig_run */
    size_t count;
    bool of_plan;
} cli_accounts;

/*
 * Read the command line, and the plan that it names. With `--help` or `--version` common.action says so and there are
 * no accounts. Errors: MIG_E_USAGE, MIG_E_PLAN (with the line), MIG_E_NOMEM. Release with cli_accounts_clear in any
 * case.
 */
int cli_accounts_parse(cli_accounts *accounts, const cli_tool *tool, int argc, const char **argv, mig_error *err);

/*
 * The same from a plan that is loaded: what its options do not take is added to its problems, all of it, each at its
 * line. With problems the accounts are of no use. `accounts` is new. Errors: MIG_E_NOMEM.
 */
int cli_accounts_take(cli_accounts *accounts, const cli_tool *tool, mig_plan *plan, int argc, const char **argv,
                      mig_error *err);

/*
 * State files and passwords of all accounts. The two variables for passwords hold for every account that has none of
 * its own. Of a plan, an account whose password cannot be had is unfit, and the others go on. Errors: those of
 * cli_state_path and cli_secrets_prepare.
 */
int cli_accounts_prepare(cli_accounts *accounts, cli_terminal *terminal, mig_stop *stop, mig_error *err);

/* Where an account's state is kept, without its passwords being asked for. The caller frees it. */
char *cli_accounts_state(cli_accounts *accounts, size_t index, mig_error *err);

void cli_accounts_clear(cli_accounts *accounts);

#endif
