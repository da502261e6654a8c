/*
 * migrate/measure_report.h - what was measured of a server, as text and JSON
 *
 * As in migrate/report.h. What a server says of itself is made inert.
 */
#ifndef MIGRATE_MEASURE_REPORT_H
#define MIGRATE_MEASURE_REPORT_H

#include <migrate/measure.h>
#include <migrate/report.h>

#ifdef __cplusplus
extern "C" {
#endif

int mig_report_measure_text(const mig_measure_result *result, mig_sink_fn *sink, void *context, mig_error *err);

/* Schema mailmigrate.probe/1, see docs/schemas/probe-1.json. One JSON object and a line end. */
int mig_report_measure_json(const mig_measure_result *result, mig_sink_fn *sink, void *context, mig_error *err);

#ifdef __cplusplus
}
#endif
#endif
