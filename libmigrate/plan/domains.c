/* plan/domains.c - the domains of a plan, whose names move with the mail (mailmigrate-domain(1)) */
#include "base/memory.h"
#include "plan/plan_private.h"
#include <stdlib.h>
#include <string.h>

/*
 * The options of mailmigrate-domain that are said of one domain, and those of the look as a whole, which are the same
 * for all and are said once. The first ones take one value; the others can be given again.
 */
static const char *const keys[] = {
    "name",        "provider",    "client-host", "trust-anchor", "ca-file",   "dns-port", "smtp-port",
    "https-port",  "timeout",     "alias",       "new-mx",       "old-host",  "selector", "old-selector",
    "spf-include", "new-address", "old-address", "resolver",     "authority", "dnsbl",    NULL};
#define SINGLE 9 /* so many of them take one value */

static bool is_path(const char *key)
{
    return strncmp(key, "trust-anchor", 12) == 0 || strncmp(key, "ca-file", 7) == 0;
}

int mig__plan_domain_key(const char *name)
{
    for (int i = 0; keys[i] != NULL; i++) {
        if (strcmp(keys[i], name) == 0) {
            return i < SINGLE ? 1 : 2;
        }
    }
    return 0;
}

int mig__plan_domain_unknown(mig_plan *plan, unsigned line, const char *name)
{
    const char *near = mig_option_nearest(name, keys, sizeof keys / sizeof keys[0] - 1);
    return near != NULL ? mig__plan_problem(plan, plan->path, line,
                                            "there is no option of a domain \"%s\"; did you mean \"%s\"?", name, near)
                        : mig__plan_problem(plan, plan->path, line, "there is no option of a domain \"%s\"", name);
}

static mig_plan_domain *add(mig_plan *plan, unsigned line)
{
    mig_plan_domain *grown = mig__grow(plan->domains, plan->domain_count, sizeof *grown, NULL);
    if (grown == NULL) {
        return NULL;
    }
    plan->domains = grown;
    grown += plan->domain_count++;
    *grown = (mig_plan_domain){.from = {MIG_LEVEL_PLAN, plan->path, line}};
    return grown;
}

static int add_option(mig_plan *plan, mig_plan_domain *domain, const char *key, const mig__line *line)
{
    mig_plan_option *grown = mig__grow(domain->options, domain->option_count, sizeof *grown, NULL);
    if (grown == NULL) {
        return -1;
    }
    domain->options = grown;
    mig_plan_option *option = &grown[domain->option_count++];
    *option =
        (mig_plan_option){.name = strndup(key, strcspn(key, ".")),
                          .value = is_path(key) && strcmp(line->value, "none") != 0 ? mig__plan_path(plan, line->value)
                                                                                    : mig__strdup(line->value),
                          .from = {MIG_LEVEL_PLAN, plan->path, line->line}};
    return option->name != NULL && option->value != NULL ? 0 : -1;
}

static int take(mig_plan *plan, const mig__line *line)
{
    const char *rest = line->path + strlen("domains."), *dot = strchr(rest, '.');
    mig_plan_domain *domain = NULL;
    if (dot == NULL) {
        domain = add(plan, line->line);
        return domain != NULL && (line->value == NULL || (domain->name = mig__strdup(line->value)) != NULL) ? 0 : -1;
    }
    if (plan->domain_count == 0 || line->value == NULL) {
        return 0;
    }
    domain = &plan->domains[plan->domain_count - 1];
    if (strcmp(dot + 1, "name") == 0) {
        free(domain->name);
        return (domain->name = mig__strdup(line->value)) != NULL ? 0 : -1;
    }
    return add_option(plan, domain, dot + 1, line);
}

int mig__plan_domains(mig_plan *plan, const mig__lines *lines, mig_error *err)
{
    for (size_t i = 0; i < lines->count && plan->problem_count == 0; i++) {
        if (strncmp(lines->items[i].path, "domains.", 8) == 0 && take(plan, &lines->items[i]) != 0) {
            return mig_error_set(err, MIG_E_NOMEM, "out of memory");
        }
    }
    for (size_t i = 0; i < plan->domain_count; i++) {
        if (plan->domains[i].name == NULL || plan->domains[i].name[0] == '\0') {
            mig__plan_problem(plan, plan->path, plan->domains[i].from.line, "a domain needs its name");
        }
    }
    return 0;
}

void mig__plan_domains_free(mig_plan *plan)
{
    for (size_t i = 0; i < plan->domain_count; i++) {
        for (size_t k = 0; k < plan->domains[i].option_count; k++) {
            free(plan->domains[i].options[k].name);
            free(plan->domains[i].options[k].value);
        }
        free(plan->domains[i].options);
        free(plan->domains[i].name);
    }
    free(plan->domains);
}
