#include "cli/accounts.h"

#include "cli/plan_arguments.h"
#include "cli/state_path.h"

#include <stdlib.h>
#include <string.h>

static int make_room(cli_accounts *accounts, size_t count, mig_error *err)
{
    accounts->items = calloc(count > 0 ? count : 1, sizeof *accounts->items);
    accounts->runs = calloc(count > 0 ? count : 1, sizeof *accounts->runs);
    return accounts->items && accounts->runs ? 0 : mig_error_set(err, MIG_E_NOMEM, "out of memory");
}

/* The option of that name, as far as the plan has it and it was not refused yet. */
static const mig_plan_option *option_named(const mig_plan *plan, const mig_plan_account *account,
                                           const cli_refused *refused, const char *name, size_t length)
{
    const mig_plan_option *levels[] = {account ? account->options : NULL, plan->options};
    const size_t counts[] = {account ? account->option_count : 0, plan->option_count};
    for (size_t level = 0; level < 2; level++)
        for (size_t i = 0; i < counts[level]; i++) {
            const mig_plan_option *option = &levels[level][i];
            bool known = strlen(option->name) == length && strncmp(option->name, name, length) == 0;
            for (size_t k = 0; known && k < refused->count; k++)
                known = refused->items[k] != option;
            if (known)
                return option;
        }
    return NULL;
}

/* The first option of the plan that a message of cli_options_parse names, as --NAME. */
static const mig_plan_option *culprit(const mig_plan *plan, const mig_plan_account *account, const cli_refused *refused,
                                      const char *text)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789-";
    const mig_plan_option *found = NULL;
    for (const char *at = strstr(text, "--"); at && !found; at = strstr(at + 2, "--"))
        found = option_named(plan, account, refused, at + 2, strspn(at + 2, letters));
    return found;
}

/* In a plan an option has no dashes before its name. */
static void take_dashes_away(char *text)
{
    char *out = text;
    for (const char *at = text; *at != '\0'; at++) {
        const bool begins = at == text || at[-1] == ' ';
        if (begins && at[0] == '-' && at[1] == '-' && at[2] >= 'a' && at[2] <= 'z')
            at += 2;
        *out++ = *at;
    }
    *out = '\0';
}

/* What an option does not take is a problem of the plan, at its line, or at the account's. */
static int note_problem(mig_plan *plan, const mig_plan_account *account, const mig_plan_option *option,
                        const mig_error *problem, mig_error *err)
{
    char text[MIG_ERROR_TEXT + MIG_ERROR_HINT + 8];
    snprintf(text, sizeof text, "%s%s%s", problem->text, problem->hint[0] != '\0' ? "; " : "", problem->hint);
    take_dashes_away(text);
    if (option)
        return mig_plan_add_problem(plan, option->file, option->line, text, err);
    return account ? mig_plan_add_problem(plan, account->file, account->line, text, err)
                   : mig_plan_add_problem(plan, plan->path, 0, text, err);
}

static int refuse(cli_refused *refused, const mig_plan_option *option, mig_error *err)
{
    const mig_plan_option **grown = realloc(refused->items, (refused->count + 1) * sizeof *grown);
    if (!grown)
        return mig_error_set(err, MIG_E_NOMEM, "out of memory");
    refused->items = grown;
    refused->items[refused->count++] = option;
    return 0;
}

static bool has(const cli_arguments *arguments, const char *start)
{
    for (size_t i = 1; i < arguments->count; i++)
        if (strncmp(arguments->items[i], start, strlen(start)) == 0)
            return true;
    return false;
}

/* An account whose URL is wrong (that was told) is looked at as if it had one. */
static int parse_arguments(cli_options *options, const cli_tool *tool, const cli_arguments *arguments, mig_error *err)
{
    const char **items = calloc(arguments->count + 3, sizeof *items);
    size_t count = arguments->count;
    if (!items)
        return mig_error_set(err, MIG_E_NOMEM, "out of memory");
    memcpy(items, arguments->items, count * sizeof *items);
    if (tool->part == CLI_PART_ACCOUNT && !has(arguments, "--source="))
        items[count++] = "--source=imaps://user@source.invalid";
    if (tool->part == CLI_PART_ACCOUNT && !has(arguments, "--target=") && tool->verb != CLI_INVENTORY)
        items[count++] = "--target=imaps://user@target.invalid";
    const int result = cli_options_parse(options, tool, (int)count, items, err);
    free(items);
    return result;
}

/*
 * The parser stops at the first thing that is wrong. To tell them all it is asked again without the option that was at
 * fault, until nothing is left to say.
 */
static int parse_part(cli_options *options, const cli_tool *tool, cli_part part, mig_plan *plan,
                      const mig_plan_account *account, int argc, const char **argv, mig_error *err)
{
    cli_tool as_part = *tool;
    cli_refused refused = {.count = 0};
    const mig_plan_option *option = NULL;
    int result = 0;
    as_part.part = part;
    do {
        cli_arguments arguments;
        mig_error problem = MIG_ERROR_INIT;
        option = NULL;
        cli_options_clear(options);
        result = cli_plan_arguments(&arguments, tool->verb, plan, account, &refused, argc, argv, err);
        if (result == 0 && parse_arguments(options, &as_part, &arguments, &problem) != 0) {
            *err = problem;
            option = culprit(plan, account, &refused, problem.text);
            result = problem.code == MIG_E_USAGE ? note_problem(plan, account, option, &problem, err) : -1;
        }
        cli_arguments_free(&arguments);
        if (result == 0 && option)
            result = refuse(&refused, option, err);
    } while (result == 0 && option);
    free(refused.items);
    return result;
}

/* Only taking stock needs no target. */
static int refuse_without_target(mig_plan *plan, const mig_plan_account *account, mig_error *err)
{
    for (size_t i = 0; i < account->option_count; i++)
        if (strcmp(account->options[i].name, "target") == 0)
            return 0;
    return plan->problem_count > 0
               ? 0
               : mig_plan_add_problem(plan, plan->path, 0, "there is no target: give it a host, or a provider", err);
}

int cli_accounts_take(cli_accounts *accounts, const cli_tool *tool, mig_plan *plan, int argc, const char **argv,
                      mig_error *err)
{
    *accounts = (cli_accounts){.of_plan = true};
    if (make_room(accounts, plan->account_count, err) != 0 ||
        parse_part(&accounts->common, tool, CLI_PART_RUN, plan, NULL, argc, argv, err) != 0)
        return -1;
    for (size_t i = 0; i < plan->account_count; i++) {
        cli_options *options = &accounts->items[accounts->count++].options;
        if (tool->verb != CLI_INVENTORY && refuse_without_target(plan, &plan->accounts[i], err) != 0)
            return -1;
        if (parse_part(options, tool, CLI_PART_ACCOUNT, plan, &plan->accounts[i], argc, argv, err) != 0)
            return -1;
    }
    return 0;
}

static int parse_plan(cli_accounts *accounts, const cli_tool *tool, int argc, const char **argv, mig_error *err)
{
    mig_plan *plan = mig_plan_load(accounts->common.plan_path, err);
    if (!plan)
        return -1;
    cli_options_clear(&accounts->common);
    int result = 0;
    if (plan->problem_count == 0)
        result = cli_accounts_take(accounts, tool, plan, argc, argv, err);
    if (result == 0 && plan->problem_count > 0)
        result = mig_plan_refuse(plan, err);
    mig_plan_free(&plan);
    return result;
}

int cli_accounts_parse(cli_accounts *accounts, const cli_tool *tool, int argc, const char **argv, mig_error *err)
{
    *accounts = (cli_accounts){.count = 0};
    if (cli_options_parse(&accounts->common, tool, argc, argv, err) != 0)
        return -1;
    if (accounts->common.action != CLI_RUN)
        return 0;
    if (accounts->common.plan_path)
        return parse_plan(accounts, tool, argc, argv, err);
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
    out->unfit = account->unfit.code != MIG_OK ? &account->unfit : NULL;
}

/* With a plan, --state is a directory: each account has a file in it. */
static int place_state(cli_account *account, bool of_plan, mig_error *err)
{
    mig_copy_options *copy = &account->options.copy;
    if (!copy->target)
        return 0;
    if (!copy->state_path)
        account->state_path = cli_state_path(copy->source, copy->target, err);
    else if (of_plan)
        account->state_path = cli_state_path_in(copy->state_path, copy->source, copy->target, err);
    else
        return 0;
    copy->state_path = account->state_path;
    return copy->state_path ? 0 : -1;
}

char *cli_accounts_state(cli_accounts *accounts, size_t index, mig_error *err)
{
    cli_account *account = &accounts->items[index];
    if (place_state(account, accounts->of_plan, err) != 0)
        return NULL;
    char *path = strdup(account->options.copy.state_path);
    if (!path)
        mig_error_set(err, MIG_E_NOMEM, "out of memory");
    return path;
}

static int prepare(cli_account *account, bool of_plan, cli_terminal *terminal, mig_stop *stop, mig_error *err)
{
    account->secrets = (cli_secrets)CLI_SECRETS_INIT;
    account->secrets.stop = stop;
    if (place_state(account, of_plan, err) != 0)
        return -1;
    account->options.verify.state_path = account->options.copy.state_path;
    account->options.copy.lock_dir = cli_lock_directory();
    return cli_secrets_prepare(&account->secrets, &account->options, terminal, err);
}

static const char *const variables[] = {"MAILMIGRATE_SOURCE_PASSWORD", "MAILMIGRATE_TARGET_PASSWORD"};

/* cli_secrets_prepare takes the variables out of the environment; each account is to find them. */
static int prepare_all(cli_accounts *accounts, char kept[2][MIG_SECRET_MAX], cli_terminal *terminal, mig_stop *stop,
                       mig_error *err)
{
    for (size_t i = 0; i < accounts->count; i++) {
        for (int side = 0; side < 2; side++)
            if (kept[side][0] != '\0' && setenv(variables[side], kept[side], 1) != 0)
                return mig_error_set(err, MIG_E_NOMEM, "out of memory");
        if (prepare(&accounts->items[i], accounts->of_plan, terminal, stop, err) != 0) {
            if (!accounts->of_plan || err->code == MIG_E_INTERRUPTED || err->code == MIG_E_NOMEM)
                return -1;
            accounts->items[i].unfit = *err;
        }
        fill_run(&accounts->items[i], &accounts->runs[i]);
    }
    return 0;
}

int cli_accounts_prepare(cli_accounts *accounts, cli_terminal *terminal, mig_stop *stop, mig_error *err)
{
    char kept[2][MIG_SECRET_MAX];
    for (int side = 0; side < 2; side++) {
        const char *value = getenv(variables[side]);
        snprintf(kept[side], sizeof kept[side], "%s", value ? value : "");
    }
    const int result = prepare_all(accounts, kept, terminal, stop, err);
    explicit_bzero(kept, sizeof kept);
    return result;
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
