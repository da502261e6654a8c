/* cli/reports.h - the files that a verification is reported in, and their signatures */
#ifndef CLI_REPORTS_H
#define CLI_REPORTS_H

#include "cli/options.h"
#include "cli/output.h"

#include <migrate/sign.h>
#include <migrate/verify.h>

enum { CLI_REPORT_JSON, CLI_REPORT_HTML, CLI_REPORT_CSV, CLI_REPORT_COUNT };

typedef struct cli_reports {
    cli_output outputs[CLI_REPORT_COUNT];
    const char *paths[CLI_REPORT_COUNT]; /* NULL: not asked for */
    mig_signer *signer;                  /* NULL: unsigned */
} cli_reports;

#define CLI_REPORTS_INIT                                                                                               \
    {                                                                                                                  \
        {CLI_OUTPUT_INIT, CLI_OUTPUT_INIT, CLI_OUTPUT_INIT}, {NULL, NULL, NULL}, NULL                                  \
    }

/* Before the work: the key and the files, so that what can not be written is told at once. */
int cli_reports_open(cli_reports *reports, const cli_options *options, mig_error *err);

/* Write them all, each with its signature in FILE.sig. */
int cli_reports_write(cli_reports *reports, const mig_verify_result *result, mig_error *err);

/* Give up what is not written, forget the key. */
void cli_reports_close(cli_reports *reports);

/* FILE.sig; the caller frees it. NULL: no memory. */
char *cli_signature_path(const char *path);

/*
 * --check-report: tell on standard output whether the report was changed. 0: it was not, as far as that can be told
 * from what was given; 1: it was; -1 with an error: a file can not be read, or nothing can be told.
 */
int cli_check_report(const cli_options *options, mig_error *err);

#endif
