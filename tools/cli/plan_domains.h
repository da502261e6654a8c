/* cli/plan_domains.h - the domains of a plan: those that it names, else those of its accounts */
#ifndef CLI_PLAN_DOMAINS_H
#define CLI_PLAN_DOMAINS_H

#include <migrate/plan.h>

typedef struct cli_names {
    char **items; /* ends with NULL; NULL: none were given */
    size_t count;
} cli_names;

/* Add a name, which the list takes over, also on failure. MIG_E_NOMEM. */
int cli_names_add(cli_names *names, char *text, mig_error *err);
void cli_names_clear(cli_names *names);

/*
 * All domains whose names move: those under `domains` with their aliases; without that key the domains of the accounts'
 * addresses on the target, each once. Without any of both the list is empty. MIG_E_NOMEM.
 */
int cli_plan_domains(const mig_plan *plan, cli_names *out, mig_error *err);

/* The directory of records of looks: `given`, else "domains" below that of states. Errors: MIG_E_IO. */
int cli_records_directory(const char *given, char *out, size_t size, mig_error *err);

#endif
