/* cli/options_run.h - the options for many accounts, for taking stock, and for a plan */
#ifndef CLI_OPTIONS_RUN_H
#define CLI_OPTIONS_RUN_H

#include "cli/options.h"

/* One option from OPT_STEPS to OPT_SCAN_CONTENT. */
int cli_run_apply(cli_options *options, int option, const char *value, mig_error *err);

/* The name of a profile of a provider, or MIG_E_USAGE. */
int cli_run_check_provider(int option, const char *value, mig_error *err);

/* With a plan there is no place for what names one account. */
int cli_run_check_plan(const cli_options *options, mig_error *err);

/* "check,copy" as MIG_STEP_*; false for anything else. */
bool cli_parse_steps(const char *text, unsigned *out);

#endif
