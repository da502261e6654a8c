/*
 * migrate/report.h - results as text and JSON
 *
 * Every writer takes something finished and a sink. The sink receives UTF-8 in pieces and returns 0, or -1 to give up
 * (the writer then fails with MIG_E_IO); it fails with MIG_E_NOMEM when memory runs out. Names and server words are
 * made inert for the format.
 */
#ifndef MIGRATE_REPORT_H
#define MIGRATE_REPORT_H

#include <migrate/copy.h>
#include <migrate/error.h>
#include <migrate/log.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef int mig_sink_fn(const char *text, size_t length, void *context);

/* Schema mailmigrate.copy/1, see docs/schemas/copy-1.json. One JSON object and a line end. */
int mig_report_copy_json(const mig_copy_result *result, mig_sink_fn *sink, void *context, mig_error *err);

/* The summary for people: the verdict first, a table of folders, the first problems, totals, and the next step. */
int mig_report_copy_text(const mig_copy_result *result, mig_sink_fn *sink, void *context, mig_error *err);

/* Of it the tables of folders and the problems alone, for a summary that says the rest itself. */
int mig_report_copy_details_text(const mig_copy_result *result, mig_sink_fn *sink, void *context, mig_error *err);

/*
 * One line of a log in JSON: {"time": "2024-05-01T02:03:04.567Z", "level": "info", "account": ..., "folder": ...,
 * "uid": ..., "code": ..., "text": "..."} and a line end; members that the event does not have are left out. `time_ms`
 * counts from 1970-01-01 UTC. The sink is called once, with the whole line.
 */
int mig_report_event_json(const mig_log_event *event, int64_t time_ms, mig_sink_fn *sink, void *context,
                          mig_error *err);

#ifdef __cplusplus
}
#endif
#endif
