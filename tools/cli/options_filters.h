/* cli/options_filters.h - which options go with which verb of mailmigrate-filters */
#ifndef CLI_OPTIONS_FILTERS_H
#define CLI_OPTIONS_FILTERS_H

#include "cli/options.h"

/* The verb, or the directory behind `export`. */
int cli_filters_take_argument(cli_options *options, const char *argument, mig_error *err);

/* All arguments are there: is it complete? */
int cli_filters_check(const cli_options *options, mig_error *err);

/* What the verb means. */
mig_filters_verb cli_filters_verb(const cli_options *options);

#endif
