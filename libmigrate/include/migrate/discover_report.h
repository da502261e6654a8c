/*
 * migrate/discover_report.h - what was found of an address's server, as text and JSON
 *
 * As in migrate/report.h. Names come from outside: they are made inert.
 */
#ifndef MIGRATE_DISCOVER_REPORT_H
#define MIGRATE_DISCOVER_REPORT_H

#include <migrate/discover.h>
#include <migrate/report.h>

#ifdef __cplusplus
extern "C" {
#endif

/* For people: what is to be taken, why, and what else was found; with `all` every question and its answer, too. */
int mig_report_discover_text(const mig_discover_result *result, bool all, mig_sink_fn *sink, void *context,
                             mig_error *err);

/* Schema mailmigrate.discover/1, see docs/schemas/discover-1.json. One JSON object and a line end. */
int mig_report_discover_json(const mig_discover_result *result, mig_sink_fn *sink, void *context, mig_error *err);

#ifdef __cplusplus
}
#endif
#endif
