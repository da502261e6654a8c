/*
 * migrate/report.h - results as text and JSON
 *
 * Every writer takes a finished result and a sink. The sink receives UTF-8 in pieces and returns 0, or -1 to give up
 * (the writer then fails with MIG_E_IO). Names and server words are made inert for the format.
 */
#ifndef MIGRATE_REPORT_H
#define MIGRATE_REPORT_H

#include <migrate/copy.h>
#include <migrate/error.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef int mig_sink_fn(const char *text, size_t length, void *context);

/* Schema mailmigrate.copy/1, see docs/schemas/copy-1.json. One JSON object and a line end. */
int mig_report_copy_json(const mig_copy_result *result, mig_sink_fn *sink, void *context, mig_error *err);

/* The summary for people: the verdict first, a table of folders, then every problem. */
int mig_report_copy_text(const mig_copy_result *result, mig_sink_fn *sink, void *context, mig_error *err);

#ifdef __cplusplus
}
#endif
#endif
