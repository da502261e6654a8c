/* inventory/shown.h - messages are shown to a virus scanner as they are read: several at a time, and then forgotten */
#ifndef MIG_INVENTORY_SHOWN_H
#define MIG_INVENTORY_SHOWN_H

#include "inventory/job.h"
#include "scanner/scanner.h"

typedef struct mig__shown mig__shown;

/* For a run whose options name a scanner. NULL: MIG_E_USAGE, MIG_E_NOMEM. */
mig__shown *mig__shown_new(mig__inventory *run, mig_error *err);

/* A message of `size` octets arrives, of the folder that mig__shown_end will name; then its octets. 0, or -1. */
int mig__shown_begin(mig__shown *shown, uint64_t size, mig_error *err);
int mig__shown_add(mig__shown *shown, const char *octets, size_t length, mig_error *err);
/* It was that message, complete. When there are enough of them they are scanned. 0, or -1: as mig__scanner_look. */
int mig__shown_end(mig__shown *shown, mig_inventory_folder *folder, uint32_t uid, mig_error *err);

/* Scan what is left of the folder. */
int mig__shown_finish(mig__shown *shown, mig_inventory_folder *folder, mig_error *err);
/* The folder is begun again, or given up: what was gathered of it is forgotten, with what was counted. */
void mig__shown_forget(mig__shown *shown, mig_inventory_folder *folder);

void mig__shown_free(mig__shown **shown); /* NULL in it is fine */

#endif
