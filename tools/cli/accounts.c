/* cli/accounts.c - the accounts of a command line or of a plan, on their way into the library */
#include "cli/accounts.h"

#include "cli/state_directory.h"

static int parse_plan(cli_accounts *accounts, const cli_options *options, mig_error *err)
{
    mig_plan *plan = mig_plan_load(options->plan_path, err);
    if (plan != NULL) {
        accounts->roster = mig_roster_new(&plan, options->settings->verb, options->settings, err);
    }
    mig_plan_free(&plan);
    return accounts->roster != NULL ? 0 : -1;
}

int cli_accounts_parse(cli_accounts *accounts, const cli_tool *tool, int argc, const char **argv, mig_error *err)
{
    cli_options options;
    *accounts = (cli_accounts){.action = CLI_RUN};
    int failed = cli_options_parse(&options, tool, argc, argv, err);
    accounts->action = options.action;
    if (failed == 0 && options.action == CLI_RUN && options.plan_path != NULL) {
        failed = parse_plan(accounts, &options, err);
    } else if (failed == 0 && options.action == CLI_RUN) {
        accounts->roster = mig_roster_single(&options.settings, err);
        failed = accounts->roster != NULL ? 0 : -1;
    }
    cli_options_clear(&options);
    return failed;
}

/* The directory is looked for only where nothing else says the place. */
int cli_accounts_place(mig_settings *settings, mig_error *err)
{
    char usual[4096];
    settings->copy.lock_dir = cli_lock_directory();
    if (settings->copy.state_path != NULL || settings->copy.target == NULL) {
        return mig_settings_place(settings, NULL, err);
    }
    return cli_state_directory(usual, sizeof usual, err) == 0 ? mig_settings_place(settings, usual, err) : -1;
}

int cli_accounts_prepare(cli_accounts *accounts, const cli_secrets *secrets, mig_error *err)
{
    mig_helper helper;
    char usual[4096];
    bool wanted = false; /* looked for only where nothing else says the place */
    for (size_t i = 0; i < accounts->roster->count; i++) {
        mig_copy_options *copy = &accounts->roster->settings[i]->copy;
        copy->lock_dir = cli_lock_directory();
        wanted = wanted || (copy->state_path == NULL && copy->target != NULL);
    }
    if (wanted && cli_state_directory(usual, sizeof usual, err) != 0) {
        return -1;
    }
    cli_secrets_helper(secrets, &helper);
    return mig_roster_prepare(accounts->roster, wanted ? usual : NULL, &helper, err);
}

void cli_accounts_clear(cli_accounts *accounts)
{
    mig_roster_free(&accounts->roster);
}
