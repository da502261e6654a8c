/*
 * migrate/archive_report.h - what an export wrote and what a check found, as text and JSON
 *
 * As in migrate/report.h: each writer takes a finished result and a sink. Names and details are made inert for each
 * format. Errors: MIG_E_IO (the sink gave up), MIG_E_NOMEM.
 */
#ifndef MIGRATE_ARCHIVE_REPORT_H
#define MIGRATE_ARCHIVE_REPORT_H

#include <migrate/archive.h>
#include <migrate/error.h>
#include <migrate/report.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Schemas mailmigrate.archive-export/1 and mailmigrate.archive-check/1, see docs/schemas/. */
int mig_report_archive_json(const mig_archive_result *result, mig_sink_fn *sink, void *context, mig_error *err);
int mig_report_archive_check_json(const mig_archive_check_result *result, mig_sink_fn *sink, void *context,
                                  mig_error *err);

/* For people: the verdict first, then what needs attention, and what to do next. */
int mig_report_archive_text(const mig_archive_result *result, mig_sink_fn *sink, void *context, mig_error *err);
int mig_report_archive_check_text(const mig_archive_check_result *result, mig_sink_fn *sink, void *context,
                                  mig_error *err);

#ifdef __cplusplus
}
#endif
#endif
