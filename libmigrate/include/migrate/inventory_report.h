/*
 * migrate/inventory_report.h - a stock-taking as text, JSON, CSV and HTML
 *
 * As in migrate/report.h: each writer takes a finished result and a sink, which receives UTF-8 in pieces and returns 0,
 * or -1 to give up (the writer then fails with MIG_E_IO). Names and server words are made inert for each format. Other
 * errors: MIG_E_NOMEM.
 */
#ifndef MIGRATE_INVENTORY_REPORT_H
#define MIGRATE_INVENTORY_REPORT_H

#include <migrate/error.h>
#include <migrate/inventory.h>
#include <migrate/report.h>

#ifdef __cplusplus
extern "C" {
#endif

/* For the terminal: each account, its folders, what will not fit, the forecast. */
int mig_report_inventory_text(const mig_inventory_result *result, mig_sink_fn *sink, void *context, mig_error *err);

/* Schema mailmigrate.inventory/1, see docs/schemas/inventory-1.json. One JSON object and a line end. */
int mig_report_inventory_json(const mig_inventory_result *result, mig_sink_fn *sink, void *context, mig_error *err);

/* The folders as a table (RFC 4180), with the same care for spreadsheets as the verification's. */
int mig_report_inventory_csv(const mig_inventory_result *result, mig_sink_fn *sink, void *context, mig_error *err);

/* One file for the browser and for paper, without any outside resource; see mig_report_verify_html. */
int mig_report_inventory_html(const mig_inventory_result *result, mig_sink_fn *sink, void *context, mig_error *err);

#ifdef __cplusplus
}
#endif
#endif
