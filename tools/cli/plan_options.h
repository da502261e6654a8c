/* cli/plan_options.h - the arguments of mailmigrate-plan */
#ifndef CLI_PLAN_OPTIONS_H
#define CLI_PLAN_OPTIONS_H

#include <migrate/plan.h>
#include <stdbool.h>

typedef enum cli_plan_verb {
    CLI_PLAN_NONE,
    CLI_PLAN_INIT,
    CLI_PLAN_CHECK,
    CLI_PLAN_IMPORT,
    CLI_PLAN_EXPORT
} cli_plan_verb;

typedef struct cli_plan_options {
    cli_plan_verb verb; /* NONE: --help or --version was answered */
    char *path;         /* the file; "-" with init: standard output; NULL: import has `imapsync` */
    char *directory;    /* import: where the plan goes */
    char *from;         /* import: what kind of list it is; NULL: imapsync's */
    mig_plan_from kind; /* the same */
    char *aliases, *source_host, *target_host;
    char *imapsync; /* import: a command line of imapsync instead of a file */
    char *provider; /* export: for whom */
    char *output;   /* export: the file; NULL: standard output */
    bool passwords; /* export: with passwords */
} cli_plan_options;

/* Errors: MIG_E_USAGE, MIG_E_NOMEM, MIG_E_IO. Release with cli_plan_options_clear in any case. */
int cli_plan_options_parse(cli_plan_options *options, int argc, const char **argv, mig_error *err);
void cli_plan_options_clear(cli_plan_options *options);

/* MIG_E_REFUSED when something of that name is there; "-" is nothing. */
int cli_plan_refuse_existing(const char *path, mig_error *err);

#endif
