#include "cli/accounts.h"

#include "cli/state_path.h"

#include <stdlib.h>
#include <string.h>

static int make_room(cli_accounts *accounts, size_t count, mig_error *err)
{
    accounts->items = calloc(count > 0 ? count : 1, sizeof *accounts->items);
    accounts->runs = calloc(count > 0 ? count : 1, sizeof *accounts->runs);
    return accounts->items && accounts->runs ? 0 : mig_error_set(err, MIG_E_NOMEM, "out of memory");
}

int cli_accounts_parse(cli_accounts *accounts, const cli_tool *tool, int argc, const char **argv, mig_error *err)
{
    *accounts = (cli_accounts){.count = 0};
    if (cli_options_parse(&accounts->common, tool, argc, argv, err) != 0)
        return -1;
    if (accounts->common.action != CLI_RUN)
        return 0;
    if (make_room(accounts, 1, err) != 0)
        return -1;
    accounts->count = 1;
    return cli_options_parse(&accounts->items[0].options, tool, argc, argv, err);
}

static void fill_run(cli_account *account, mig_run_account *out)
{
    const cli_options *options = &account->options;
    out->copy = options->copy;
    out->verify = options->verify;
    out->depth = options->stock_depth;
    out->providers[MIG_SOURCE] = options->sides[MIG_SOURCE].provider;
    out->providers[MIG_TARGET] = options->sides[MIG_TARGET].provider;
}

static int prepare(cli_account *account, cli_terminal *terminal, mig_stop *stop, mig_error *err)
{
    mig_copy_options *copy = &account->options.copy;
    account->secrets = (cli_secrets)CLI_SECRETS_INIT;
    account->secrets.stop = stop;
    if (!copy->state_path && copy->target) {
        copy->state_path = account->state_path = cli_state_path(copy->source, copy->target, err);
        if (!copy->state_path)
            return -1;
    }
    account->options.verify.state_path = copy->state_path;
    return cli_secrets_prepare(&account->secrets, &account->options, terminal, err);
}

int cli_accounts_prepare(cli_accounts *accounts, cli_terminal *terminal, mig_stop *stop, mig_error *err)
{
    for (size_t i = 0; i < accounts->count; i++) {
        if (prepare(&accounts->items[i], terminal, stop, err) != 0)
            return -1;
        fill_run(&accounts->items[i], &accounts->runs[i]);
    }
    return 0;
}

void cli_accounts_clear(cli_accounts *accounts)
{
    for (size_t i = 0; i < accounts->count; i++) {
        cli_secrets_clear(&accounts->items[i].secrets);
        cli_options_clear(&accounts->items[i].options);
        free(accounts->items[i].state_path);
    }
    free(accounts->items);
    free(accounts->runs);
    cli_options_clear(&accounts->common);
    *accounts = (cli_accounts){.count = 0};
}
