/*
 * migrate/metrics_report.h - an overview as metrics, in the text format of Prometheus
 */
#ifndef MIGRATE_METRICS_REPORT_H
#define MIGRATE_METRICS_REPORT_H

#include <migrate/overview.h>
#include <migrate/report.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Every metric with its HELP and TYPE lines; docs/live.md lists the names, which are stable. What is not known is left
 * out. As in migrate/report.h: 0, or -1 with MIG_E_IO (the sink refused) or MIG_E_NOMEM.
 */
int mig_report_metrics(const mig_overview *overview, mig_sink_fn *sink, void *context, mig_error *err);

#ifdef __cplusplus
}
#endif
#endif
