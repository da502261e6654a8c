/* cli/small_options.h - the command line of tools with a few options of their own, as data */
#ifndef CLI_SMALL_OPTIONS_H
#define CLI_SMALL_OPTIONS_H

#include "cli/plan_domains.h"

#include <migrate/error.h>
#include <stdbool.h>

#define CLI_SMALL_MOST 40

/* Where the value goes: exactly one of text, number and flag. */
typedef struct cli_small_option {
    const char *name;
    char letter; /* '\0': none */
    char **text; /* malloc'd; the last one counts */
    int *number, least, most;
    bool *flag;
    const char *help, *argument;
} cli_small_option;

typedef struct cli_small {
    const char *tool;                         /* "mailmigrate-discover" */
    const char *synopsis;                     /* what follows the name */
    const char *more;     /* lines of `--help` below few options; NULL: none */
    cli_small_option options[CLI_SMALL_MOST]; /* ends with name NULL */
} cli_small;

/*
 * Read the arguments; of more options than fit on a screen `--help` shows some, and `--help=all` all of them; what is
 * no option goes to `arguments` (release with cli_names_clear). *answered: --help or
 * --version was written. Errors: MIG_E_USAGE, MIG_E_IO, MIG_E_NOMEM.
 */
int cli_small_parse(const cli_small *small, int argc, const char **argv, cli_names *arguments, bool *answered,
                    mig_error *err);

#endif
