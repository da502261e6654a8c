/*
 * cli/plan_arguments.h - what a plan says of an account, as arguments in front of those of the command line
 *
 * Of an option that is said in several places the last one counts: the plan, the account, the command line. Options
 * that can be given several times do not add up over places, and whatever tells how to log in replaces everything above
 * that tells it for the same side. Options that a tool does not have are left out.
 */
#ifndef CLI_PLAN_ARGUMENTS_H
#define CLI_PLAN_ARGUMENTS_H

#include "cli/options.h"

#include <migrate/plan.h>

typedef struct cli_arguments {
    const char **items; /* as for main(); ends with a NULL */
    char **made;        /* those that are ours */
    size_t count, made_count;
} cli_arguments;

/* Options of a plan that are passed over, because it is known what is wrong with them. */
typedef struct cli_refused {
    const mig_plan_option **items;
    size_t count;
} cli_refused;

/*
 * `account` NULL: what holds for the run as a whole. `argv` is the command line as it came. `refused` NULL: none. A
 * value that is neither true nor false for a switch becomes a problem of the plan. 0, or -1 with MIG_E_NOMEM.
 */
int cli_plan_arguments(cli_arguments *out, cli_verb verb, mig_plan *plan, const mig_plan_account *account,
                       const cli_refused *refused, int argc, const char **argv, mig_error *err);

void cli_arguments_free(cli_arguments *arguments);

#endif
