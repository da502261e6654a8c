/*
 * inventory/stock.h - what is counted over the messages of a folder, in bounded memory
 */
#ifndef MIG_INVENTORY_STOCK_H
#define MIG_INVENTORY_STOCK_H

#include <migrate/inventory.h>

enum {
    MIG__STOCK_MOST_KEYS = 1 << 20, /* messages of a folder among which duplicates are looked for: 8 MiB */
    MIG__STOCK_MOST_KEYWORDS = 1000 /* names that are kept; a folder with more has something else to solve */
};

/* One message as FETCH tells it. */
typedef struct mig__stock_item {
    uint64_t size;
    bool has_date;
    int64_t date;
    const char *const *flags; /* NULL-terminated; NULL: not told */
    bool copied;              /* it is on the target already, whatever its size */
} mig__stock_item;

typedef struct mig__stock {
    mig_inventory_folder *folder; /* is filled; borrowed */
    mig_inventory_year *years;    /* of the folder, ascending */
    size_t year_count;
    uint64_t *keys; /* of size and date of each message */
    size_t key_count, key_capacity;
    bool keys_full;
    uint64_t limit; /* octets; larger messages are too big; 0: none */
    bool failed;    /* out of memory */
} mig__stock;

/* Begin a folder, also once more after a failure: what was counted of it is forgotten. */
void mig__stock_begin(mig__stock *stock, mig_inventory_folder *folder, uint64_t limit);
void mig__stock_add(mig__stock *stock, const mig__stock_item *item);
/* Count the duplicates, and add the folder's years to the account's. 0, or -1 with MIG_E_NOMEM. */
int mig__stock_end(mig__stock *stock, mig_inventory_account *account, mig_error *err);
void mig__stock_free(mig__stock *stock);

#endif
