/* inventory/total.h - mail by years, added up */
#ifndef MIG_INVENTORY_TOTAL_H
#define MIG_INVENTORY_TOTAL_H

#include <migrate/inventory.h>

/* Add a year's numbers to those of the same year in a growing array, ascending. 0, or -1: no memory. */
int mig__years_add(mig_inventory_year **years, size_t *count, const mig_inventory_year *more);

#endif
