/* cli/option_table.h - the options of a tool (migrate/options.h) in groups, as popt takes them */
#ifndef CLI_OPTION_TABLE_H
#define CLI_OPTION_TABLE_H

#include <migrate/options.h>
#include <popt.h>

typedef struct cli_option_table cli_option_table;

/* What poptGetNextOpt returns beyond the options of the library's table. */
enum { CLI_OPT_HELP = 1, CLI_OPT_VERSION, CLI_OPT_FIRST };

/* NULL: no memory. */
cli_option_table *cli_option_table_new(mig_verb verb);
void cli_option_table_free(cli_option_table **table);

/* For poptGetContext, as long as the table lives. */
const struct poptOption *cli_option_table_popt(const cli_option_table *table);

/* The whole name of what poptGetNextOpt returned, which is CLI_OPT_FIRST or more. */
const char *cli_option_table_name(const cli_option_table *table, int value);

#endif
