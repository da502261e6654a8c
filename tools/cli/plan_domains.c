/* cli/plan_domains.c - the domains of a plan: those that it names, else those of its accounts */
#include "cli/plan_domains.h"

#include "cli/state_directory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

int cli_names_add(cli_names *names, char *text, mig_error *err)
{
    char **grown = text ? realloc(names->items, (names->count + 2) * sizeof *grown) : NULL;
    if (!grown) {
        free(text);
        return mig_error_set(err, MIG_E_NOMEM, "out of memory");
    }
    names->items = grown;
    names->items[names->count++] = text;
    names->items[names->count] = NULL;
    return 0;
}

void cli_names_clear(cli_names *names)
{
    for (size_t i = 0; i < names->count; i++) {
        free(names->items[i]);
    }
    free(names->items);
    *names = (cli_names){.items = NULL};
}

/* In lower case, as records are named; once each. */
static int add_once(cli_names *out, const char *name, mig_error *err)
{
    for (size_t i = 0; i < out->count; i++) {
        if (strcasecmp(out->items[i], name) == 0) {
            return 0;
        }
    }
    char *copy = strdup(name);
    for (char *c = copy; c && *c != '\0'; c++) {
        if (*c >= 'A' && *c <= 'Z') {
            *c = (char)(*c + ('a' - 'A'));
        }
    }
    return cli_names_add(out, copy, err);
}

static int add_named(const mig_plan_domain *domain, cli_names *out, mig_error *err)
{
    int result = add_once(out, domain->name, err);
    for (size_t i = 0; result == 0 && i < domain->option_count; i++) {
        if (strcmp(domain->options[i].name, "alias") == 0) {
            result = add_once(out, domain->options[i].value, err);
        }
    }
    return result;
}

int cli_plan_domains(const mig_plan *plan, cli_names *out, mig_error *err)
{
    int result = 0;
    for (size_t i = 0; result == 0 && i < plan->domain_count; i++) {
        result = add_named(&plan->domains[i], out, err);
    }
    for (size_t i = 0; result == 0 && plan->domain_count == 0 && i < plan->account_count; i++) {
        const char *at = strrchr(plan->accounts[i].target, '@');
        if (at && at[1] != '\0') {
            result = add_once(out, at + 1, err);
        }
    }
    return result;
}

int cli_records_directory(const char *given, char *out, size_t size, mig_error *err)
{
    char states[4096];
    if (given) {
        snprintf(out, size, "%s", given);
        return 0;
    }
    if (cli_state_directory(states, sizeof states, err) != 0) {
        return -1;
    }
    snprintf(out, size, "%s/domains", states);
    return 0;
}
