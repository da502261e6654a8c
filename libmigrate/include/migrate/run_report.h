/*
 * migrate/run_report.h - a run over many accounts as text and JSON
 *
 * As in migrate/report.h: each writer takes a finished result and a sink. What the steps found in detail is written by
 * the reports of each step, from the results that the run holds.
 */
#ifndef MIGRATE_RUN_REPORT_H
#define MIGRATE_RUN_REPORT_H

#include <migrate/error.h>
#include <migrate/report.h>
#include <migrate/run.h>
#include <migrate/standing.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * For the terminal, on one screen: the verdict, the accounts that need attention with the reason of each, the totals,
 * the next step. Accounts in which all is well are counted, and listed when they are few.
 */
int mig_report_run_text(const mig_run_result *result, mig_sink_fn *sink, void *context, mig_error *err);

/*
 * Schema mailmigrate.run/1, see docs/schemas/run-1.json: the accounts, and the documents of the steps as they are by
 * themselves. One JSON object and a line end. `details` false leaves the steps' documents out: a summary to be sent.
 */
int mig_report_run_json(const mig_run_result *result, bool details, mig_sink_fn *sink, void *context, mig_error *err);

/* Schema mailmigrate.status/1, see docs/schemas/status-1.json: how accounts stand. One JSON object and a line end. */
int mig_report_standing_json(const mig_standing_account *accounts, size_t count, int64_t now, mig_sink_fn *sink,
                             void *context, mig_error *err);

#ifdef __cplusplus
}
#endif
#endif
