/* cli/help.h - --help: what most people need, on one screen; --help=all: everything */
#ifndef CLI_HELP_H
#define CLI_HELP_H

#include <migrate/error.h>
#include <popt.h>

/* The row for a table of popt: -h, --help, --help=all; `value` is what poptGetNextOpt returns for it. */
#define CLI_HELP_ROW(value)                                                                                            \
    {                                                                                                                  \
        "help", 'h', POPT_ARG_STRING | POPT_ARGFLAG_OPTIONAL, NULL, value, "this text; --help=all: every option", NULL \
    }

/* What `--help` says of a program: its name ("mailmigrate-copy"), and what follows it. */
typedef struct cli_help_of {
    const char *name, *synopsis;
    const struct poptOption *table;
} cli_help_of;

/*
 * Answer --help on standard output. `which` is the value that was given with it: NULL for none, and then at most 24
 * lines of 80 columns are written. Errors: MIG_E_USAGE (a value other than "all"), MIG_E_IO.
 */
int cli_help(poptContext context, const cli_help_of *of, const char *which, mig_error *err);

#endif
