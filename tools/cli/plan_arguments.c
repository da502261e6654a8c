#include "cli/plan_arguments.h"

#include "cli/option_table.h"

#include <stdlib.h>
#include <string.h>

/* Options that exclude each other stand for each other: a later one takes away the earlier ones. */
static const char *group_of(const char *name, char *out, size_t size)
{
    static const char *const proofs[] = {"-password-file", "-password-command", "-token-command"};
    const bool side = strncmp(name, "source-", 7) == 0 || strncmp(name, "target-", 7) == 0;
    for (size_t i = 0; side && i < sizeof proofs / sizeof proofs[0]; i++)
        if (strcmp(name + 6, proofs[i]) == 0) {
            snprintf(out, size, "%.6s-proof", name);
            return out;
        }
    if (side && strncmp(name + 6, "-oauth", 6) == 0) {
        snprintf(out, size, "%.6s-proof", name);
        return out;
    }
    snprintf(out, size, "%s", name);
    return out;
}

static bool same_group(const char *a, const char *b)
{
    char x[64], y[64];
    return strcmp(group_of(a, x, sizeof x), group_of(b, y, sizeof y)) == 0;
}

/* Is an option of that group on the command line? */
static bool typed(const char *name, int argc, const char **argv)
{
    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
        char long_name[64];
        if (strncmp(argv[i], "--", 2) != 0)
            continue;
        snprintf(long_name, sizeof long_name, "%.*s", (int)strcspn(argv[i] + 2, "="), argv[i] + 2);
        if (same_group(name, long_name))
            return true;
    }
    return false;
}

static bool in_account(const char *name, const mig_plan_account *account)
{
    for (size_t i = 0; account && i < account->option_count; i++)
        if (same_group(name, account->options[i].name))
            return true;
    return false;
}

/* Takes over `made`, also when it fails; `argument` is that or somebody else's. */
static int push(cli_arguments *out, char *made, const char *argument, mig_error *err)
{
    const char **items = argument ? realloc(out->items, (out->count + 2) * sizeof *items) : NULL;
    if (!items) {
        free(made);
        return mig_error_set(err, MIG_E_NOMEM, "out of memory");
    }
    out->items = items;
    out->items[out->count++] = argument;
    out->items[out->count] = NULL;
    if (!made)
        return 0;
    char **kept = realloc(out->made, (out->made_count + 1) * sizeof *kept);
    if (!kept) {
        out->items[--out->count] = NULL;
        free(made);
        return mig_error_set(err, MIG_E_NOMEM, "out of memory");
    }
    out->made = kept;
    out->made[out->made_count++] = made;
    return 0;
}

static int push_made(cli_arguments *out, const char *name, const char *value, mig_error *err)
{
    const size_t size = strlen(name) + strlen(value ? value : "") + sizeof "--=";
    char *made = malloc(size);
    if (made)
        snprintf(made, size, value ? "--%s=%s" : "--%s", name, value);
    return push(out, made, made, err);
}

static int add_switch(cli_arguments *out, mig_plan *plan, const mig_plan_option *option, mig_error *err)
{
    char text[128];
    if (strcmp(option->value, "true") == 0 || strcmp(option->value, "yes") == 0 || strcmp(option->value, "on") == 0)
        return push_made(out, option->name, NULL, err);
    if (strcmp(option->value, "false") == 0 || strcmp(option->value, "no") == 0 || strcmp(option->value, "off") == 0)
        return 0;
    snprintf(text, sizeof text, "%s takes true or false", option->name);
    return mig_plan_add_problem(plan, option->file, option->line, text, err);
}

static bool is_refused(const cli_refused *refused, const mig_plan_option *option)
{
    for (size_t i = 0; refused && i < refused->count; i++)
        if (refused->items[i] == option)
            return true;
    return false;
}

typedef struct taking {
    cli_verb verb;
    mig_plan *plan;
    const cli_refused *refused;
    int argc;
    const char **argv;
} taking;

static int add_options(cli_arguments *out, const taking *t, const mig_plan_option *options, size_t count,
                       const mig_plan_account *below, mig_error *err)
{
    for (size_t i = 0; i < count; i++) {
        const mig_plan_option *option = &options[i];
        const cli_option_kind kind = cli_option_find(t->verb, option->name);
        if (kind == CLI_OPTION_UNKNOWN || in_account(option->name, below) || typed(option->name, t->argc, t->argv) ||
            is_refused(t->refused, option))
            continue;
        const int failed = kind == CLI_OPTION_SWITCH ? add_switch(out, t->plan, option, err)
                                                     : push_made(out, option->name, option->value, err);
        if (failed != 0)
            return -1;
    }
    return 0;
}

int cli_plan_arguments(cli_arguments *out, cli_verb verb, mig_plan *plan, const mig_plan_account *account,
                       const cli_refused *refused, int argc, const char **argv, mig_error *err)
{
    const taking t = {.verb = verb, .plan = plan, .refused = refused, .argc = argc, .argv = argv};
    *out = (cli_arguments){.items = NULL};
    if (push(out, NULL, argv[0], err) != 0 ||
        add_options(out, &t, plan->options, plan->option_count, account, err) != 0)
        return -1;
    if (account && add_options(out, &t, account->options, account->option_count, NULL, err) != 0)
        return -1;
    for (int i = 1; i < argc; i++)
        if (push(out, NULL, argv[i], err) != 0)
            return -1;
    return 0;
}

void cli_arguments_free(cli_arguments *arguments)
{
    for (size_t i = 0; i < arguments->made_count; i++)
        free(arguments->made[i]);
    free(arguments->made);
    free(arguments->items);
    *arguments = (cli_arguments){.items = NULL};
}
