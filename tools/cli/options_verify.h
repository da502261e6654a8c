/* cli/options_verify.h - the options of mailmigrate-verify alone, and what the readers of options share */
#ifndef CLI_OPTIONS_VERIFY_H
#define CLI_OPTIONS_VERIFY_H

#include "cli/options.h"

/* One option from OPT_DEPTH to OPT_PUBLIC_KEY. */
int cli_verify_apply(cli_options *options, int option, const char *value, mig_error *err);

/* What only all options together tell. The endpoints and lists of `options->copy` are complete, but with check_path. */
int cli_verify_finish(cli_options *options, mig_error *err);

/* Two reports in one place, or a signature without a place. MIG_E_USAGE. */
int cli_check_outputs(const cli_options *options, mig_error *err);

/* --OPTION: "VALUE" is not WANTED. Returns -1. */
int cli_bad_value(int option, const char *value, const char *wanted, mig_error *err);

/* The index of `value` in `choices`, which ends with NULL. */
int cli_take_choice(int option, const char *value, const char *const *choices, int *out, mig_error *err);

#endif
