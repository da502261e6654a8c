/*
 * base/table.h - the one hash table: from 64 bits of a key to a few octets that the caller keeps there
 *
 * It holds no key in full, so that a million entries cost little: a hit may be another key's, and the caller compares
 * it with what the payload stands for. A key can be there several times. Nothing is ever taken out.
 */
#ifndef MIG_BASE_TABLE_H
#define MIG_BASE_TABLE_H

#include <migrate/error.h>
#include <stddef.h>
#include <stdint.h>

typedef struct mig__table {
    size_t payload; /* octets of each entry beside its key: a multiple of 8 */
    uint64_t *slots;
    size_t used, capacity; /* capacity: 0 or a power of two */
} mig__table;

#define MIG__TABLE_INIT(payload)                                                                                       \
    {                                                                                                                  \
        (payload), NULL, 0, 0                                                                                          \
    }

/* FNV-1a of octets, going on from `seed` (0: from the beginning). */
uint64_t mig__hash(uint64_t seed, const void *data, size_t length);

/*
 * A further entry; its payload, all zero, to be filled, good until the next one is added. Any 64 bits are a key. NULL:
 * MIG_E_NOMEM, and the table is as it was.
 */
void *mig__table_add(mig__table *table, uint64_t key, mig_error *err);

/* The next entry with that key: *at starts at 0. NULL: there is none. Several threads may look at once. */
void *mig__table_next(const mig__table *table, uint64_t key, size_t *at);

/* Entry by entry, in no order: *at starts at 0. NULL: that was all. */
void *mig__table_each(const mig__table *table, size_t *at);

void mig__table_free(mig__table *table);

#endif
