/* cli/bad_option.h - what popt cannot read, said as all the tools say it that have no table of the library's options */
#ifndef CLI_BAD_OPTION_H
#define CLI_BAD_OPTION_H

#include <migrate/error.h>
#include <popt.h>

/*
 * `code` as poptGetNextOpt returned it, below -1; `table` as the context was made of, without tables inside: the name
 * that is nearest to what was typed is suggested. Returns -1, `err` filled with MIG_E_USAGE.
 */
int cli_bad_option(poptContext context, const struct poptOption *table, int code, mig_error *err);

#endif
