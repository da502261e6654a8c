/* cli/filters_export.h - the files of an export of filters */
#ifndef CLI_FILTERS_EXPORT_H
#define CLI_FILTERS_EXPORT_H

#include <migrate/filters.h>

/*
 * Write the scripts that were read below a directory, which is made when it is not there: NAME.sieve each, and the
 * rules in words: rules.html, rules.csv, and for Gmail gmail.xml. A file of such a name with other content stays:
 * MIG_E_EXISTS. Errors: MIG_E_IO, MIG_E_DISK_FULL, MIG_E_EXISTS, MIG_E_NOMEM.
 */
int cli_filters_export(const mig_filters_result *result, const char *directory, mig_error *err);

#endif
