/*
 * migrate/verify_report.h - what a verification found, as text, JSON, CSV and HTML
 *
 * As in migrate/report.h: each writer takes a finished result and a sink, which receives UTF-8 in pieces and returns 0,
 * or -1 to give up (the writer then fails with MIG_E_IO). All of them are made from the one result and say the same.
 * Names, subjects and server words are made inert for each format. Other errors: MIG_E_NOMEM.
 */
#ifndef MIGRATE_VERIFY_REPORT_H
#define MIGRATE_VERIFY_REPORT_H

#include <migrate/error.h>
#include <migrate/report.h>
#include <migrate/verify.h>

#ifdef __cplusplus
extern "C" {
#endif

/* For the terminal: the verdict first, then the folders that are not identical, then the first findings. */
/* What the words of it and the Merkle roots mean: for who asks. */
int mig_report_verify_terms_text(const mig_verify_result *result, mig_sink_fn *sink, void *context, mig_error *err);

/* The verdict, the folders, the first findings, how it was checked, and the next step. */
int mig_report_verify_text(const mig_verify_result *result, mig_sink_fn *sink, void *context, mig_error *err);

/* Schema mailmigrate.verify/1, see docs/schemas/verify-1.json. One JSON object and a line end. */
int mig_report_verify_json(const mig_verify_result *result, mig_sink_fn *sink, void *context, mig_error *err);

/*
 * The findings as a table (RFC 4180, UTF-8, with a header line). A cell that a spreadsheet could take for a formula (it
 * begins with = + - @ or their full-width forms) has an apostrophe in front.
 */
int mig_report_verify_csv(const mig_verify_result *result, mig_sink_fn *sink, void *context, mig_error *err);

/*
 * One file for the browser and for paper, without any outside resource. Its content security policy allows nothing but
 * its own style and script, by their digests.
 */
int mig_report_verify_html(const mig_verify_result *result, mig_sink_fn *sink, void *context, mig_error *err);

/* What a report file says of itself. */
typedef enum mig_report_state {
    MIG_REPORT_CONSISTENT,    /* numbers, findings, Merkle roots and exit status agree with each other */
    MIG_REPORT_CONTRADICTORY, /* they do not, or the file is no whole report: it was changed after it was written */
    MIG_REPORT_OTHER          /* no JSON, or without a verification: nothing can be told from its content */
} mig_report_state;

/*
 * Hold a report in JSON, or the verification in the report of a run, against itself. Each contradiction is one line to
 * the sink. This finds damage and clumsy changes; that a report is as its author wrote it is proven by a signature only
 * (migrate/sign.h). Errors: MIG_E_IO, MIG_E_NOMEM.
 */
int mig_report_verify_check(const char *path, mig_report_state *state, mig_sink_fn *sink, void *context,
                            mig_error *err);

#ifdef __cplusplus
}
#endif
#endif
