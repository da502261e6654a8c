/* cli/options_archive.h - the arguments of mailmigrate-archive that other tools do not have */
#ifndef CLI_OPTIONS_ARCHIVE_H
#define CLI_OPTIONS_ARCHIVE_H

#include "cli/options.h"

/* The verb, then the file. MIG_E_USAGE, MIG_E_NOMEM. */
int cli_archive_take_argument(cli_options *options, const char *argument, mig_error *err);

/* Does everything that was said belong to the verb? MIG_E_USAGE. */
int cli_archive_check(const cli_options *options, mig_error *err);

#endif
