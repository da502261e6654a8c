#include "cli/options_run.h"

#include "cli/option_table.h"
#include "cli/options_verify.h"
#include "cli/suggest.h"
#include "cli/values.h"

#include <migrate/provider.h>
#include <migrate/run.h>
#include <string.h>

static const char *const depth_names[] = {"quick", "full", NULL};

bool cli_parse_steps(const char *text, unsigned *out)
{
    static const unsigned all[] = {MIG_STEP_CHECK, MIG_STEP_INVENTORY, MIG_STEP_COPY, MIG_STEP_VERIFY};
    *out = 0;
    while (true) {
        const size_t length = strcspn(text, ",");
        unsigned step = 0;
        for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
            if (strlen(mig_step_name(all[i])) == length && strncmp(mig_step_name(all[i]), text, length) == 0)
                step = all[i];
        if (step == 0)
            return false;
        *out |= step;
        if (text[length] == '\0')
            return true;
        text += length + 1;
    }
}

int cli_run_check_provider(int option, const char *value, mig_error *err)
{
    size_t count = 0;
    const char *names[64];
    const mig_provider *all = mig_providers(&count);
    if (mig_provider_find(value))
        return 0;
    count = count < sizeof names / sizeof names[0] ? count : sizeof names / sizeof names[0];
    for (size_t i = 0; i < count; i++)
        names[i] = all[i].name;
    mig_error_set(err, MIG_E_USAGE, "--%s: nothing is known of a provider \"%s\"", cli_option_name(option), value);
    const char *near = cli_suggest(value, names, count);
    return near ? mig_error_hint(err, "did you mean %s?", near)
                : mig_error_hint(err, "leave it out: the host name tells most; the manual lists the names");
}

static int take_count(int option, const char *value, int most, int *out, mig_error *err)
{
    char wanted[64];
    snprintf(wanted, sizeof wanted, "a number from 1 to %d", most);
    return cli_parse_number(value, 1, most, out) ? 0 : cli_bad_value(option, value, wanted, err);
}

int cli_run_apply(cli_options *options, int option, const char *value, mig_error *err)
{
    int choice = 0;
    switch (option) {
    case OPT_STEPS:
        return cli_parse_steps(value, &options->steps)
                   ? 0
                   : cli_bad_value(option, value, "a list of check, inventory, copy and verify, joined by commas", err);
    case OPT_KEEP_GOING:
        options->keep_going = true;
        return 0;
    case OPT_JOBS:
        return take_count(option, value, 256, &options->jobs, err);
    case OPT_HOST_CONNECTIONS:
        return take_count(option, value, 10000, &options->host_connections, err);
    case OPT_ON_FINISH:
        options->on_finish = value;
        return 0;
    case OPT_WEBHOOK:
        options->webhook = value;
        return strncmp(value, "https://", 8) == 0 ? 0 : cli_bad_value(option, value, "a URL with https://", err);
    case OPT_STOCK_DEPTH:
        if (cli_take_choice(option, value, depth_names, &choice, err) != 0)
            return -1;
        options->stock_depth = choice == 0 ? MIG_INVENTORY_QUICK : MIG_INVENTORY_FULL;
        return 0;
    default:
        options->stock_depth = MIG_INVENTORY_CONTENT;
        return 0;
    }
}

int cli_run_check_plan(const cli_options *options, mig_error *err)
{
    if (!options->sides[MIG_SOURCE].url && !options->sides[MIG_TARGET].url)
        return 0;
    mig_error_set(err, MIG_E_USAGE, "the accounts are in the plan %s: --source and --target have no place beside it",
                  options->plan_path);
    return mig_error_hint(err, "leave out either the plan or the two URLs");
}
