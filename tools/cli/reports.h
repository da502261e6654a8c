/* cli/reports.h - the files that a result is reported in, and their signatures */
#ifndef CLI_REPORTS_H
#define CLI_REPORTS_H

#include "cli/options.h"
#include "cli/output.h"

#include <migrate/report.h>
#include <migrate/sign.h>

enum { CLI_REPORT_JSON, CLI_REPORT_HTML, CLI_REPORT_CSV, CLI_REPORT_COUNT };

/* Writes a result in one form: one of the library's reports. */
typedef int cli_report_fn(const void *result, mig_sink_fn *sink, void *context, mig_error *err);

typedef struct cli_reports {
    cli_output outputs[CLI_REPORT_COUNT];
    const char *paths[CLI_REPORT_COUNT]; /* NULL: not asked for */
    mig_signer *signer;                  /* NULL: unsigned */
} cli_reports;

#define CLI_REPORTS_INIT                                                                                               \
    {                                                                                                                  \
        {CLI_OUTPUT_INIT, CLI_OUTPUT_INIT, CLI_OUTPUT_INIT}, {NULL, NULL, NULL}, NULL                                  \
    }

/* Where reports go: paths, NULL: nowhere; and the private key that signs them, NULL: none. */
typedef struct cli_report_paths {
    const char *json, *html, *csv, *sign;
} cli_report_paths;

/* As the settings say. */
cli_report_paths cli_report_paths_of(const mig_settings *settings);

/* Before the work: the key and the files, so that what cannot be written is told at once. */
int cli_reports_open(cli_reports *reports, const cli_report_paths *paths, mig_error *err);

/* Write those that were asked for, each with its signature in FILE.sig. A form that no option asks for may be NULL. */
int cli_reports_write(cli_reports *reports, cli_report_fn *const writers[CLI_REPORT_COUNT], const void *result,
                      mig_error *err);

/* True when one of them goes to standard output: then nothing else does. */
bool cli_reports_on_output(const cli_reports *reports);

/* Say on standard output where they are: of a page nobody should have to search. */
void cli_reports_tell(const cli_reports *reports);

/* Write to standard output. */
int cli_reports_print(cli_report_fn *writer, const void *result, mig_error *err);

/* Give up what is not written, forget the key. */
void cli_reports_close(cli_reports *reports);

/* FILE.sig; the caller frees it. NULL: no memory. */
char *cli_signature_path(const char *path);

#endif
