/* cli/options_archive.h - what mailmigrate-archive takes besides what all tools take */
#ifndef CLI_OPTIONS_ARCHIVE_H
#define CLI_OPTIONS_ARCHIVE_H

#include "cli/options.h"

/* An option from OPT_PASSWORD_FILE to OPT_INCREMENTAL. */
int cli_archive_apply(cli_options *options, int option, const char *value, mig_error *err);

/* "export" or "check", then the file. `argument` lives as long as the options. */
int cli_archive_take_argument(cli_options *options, const char *argument, mig_error *err);

/* Before the sides are completed: what does not belong together. Only an export has a source. */
int cli_archive_check(const cli_options *options, mig_error *err);
bool cli_archive_exports(const cli_options *options);

#endif
