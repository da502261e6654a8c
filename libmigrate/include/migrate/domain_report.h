/*
 * migrate/domain_report.h - a look at domains, as text, JSON, CSV and HTML
 *
 * As in migrate/report.h. Names, records and greetings come from outside: they are made inert for each format. All four
 * are made from the one result and say the same.
 */
#ifndef MIGRATE_DOMAIN_REPORT_H
#define MIGRATE_DOMAIN_REPORT_H

#include <migrate/domain.h>
#include <migrate/report.h>

#ifdef __cplusplus
extern "C" {
#endif

/* For the terminal: of each domain the verdict, then what fails, warns or is not known; with `all` what passes, too. */
int mig_report_domain_text(const mig_domain_result *result, bool all, mig_sink_fn *sink, void *context, mig_error *err);

/* Schema mailmigrate.domain/1, see docs/schemas/domain-1.json. One JSON object and a line end. */
int mig_report_domain_json(const mig_domain_result *result, mig_sink_fn *sink, void *context, mig_error *err);

/* A line for each thing that was looked at (RFC 4180). */
int mig_report_domain_csv(const mig_domain_result *result, mig_sink_fn *sink, void *context, mig_error *err);

/*
 * Put what an `after` look found of each domain on record below `directory`, which is made, for the certificate
 * (migrate/certificate.h), beside since when each look found it settled. Where one is settled for the first time it
 * returns in a later second than the look ended in. 0, or -1 with MIG_E_IO, MIG_E_DISK_FULL, MIG_E_NOMEM.
 */
int mig_domain_record_write(const char *directory, const mig_domain_result *result, mig_error *err);

/* One file for the browser and for paper, without any outside resource or script. */
int mig_report_domain_html(const mig_domain_result *result, mig_sink_fn *sink, void *context, mig_error *err);

#ifdef __cplusplus
}
#endif
#endif
