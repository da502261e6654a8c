/* base/table.c - open addressing with linear probing */
#include "base/table.h"
#include <stdlib.h>
#include <string.h>

enum { FIRST = 64 }; /* entries that there is room for at first */

uint64_t mig__hash(uint64_t seed, const void *data, size_t length)
{
    const unsigned char *octets = data;
    uint64_t value = seed != 0 ? seed : 0xcbf29ce484222325u;
    for (size_t i = 0; i < length; i++) {
        value = (value ^ octets[i]) * 0x100000001b3u;
    }
    return value;
}

/* The low bits choose the slot: let the high ones take part. */
static size_t start_of(uint64_t key)
{
    key ^= key >> 32;
    key *= 0x9e3779b97f4a7c15u;
    return (size_t)(key ^ (key >> 29));
}

/* A slot is its key, which is 0 when it is free, and the payload behind. */
static uint64_t stored(uint64_t key)
{
    return key != 0 ? key : 1;
}

static size_t words(const mig__table *table)
{
    return 1 + table->payload / sizeof(uint64_t);
}

static uint64_t *slot_at(const mig__table *table, size_t at)
{
    return table->slots + (at & (table->capacity - 1)) * words(table);
}

static uint64_t *free_slot(const mig__table *table, uint64_t key)
{
    size_t at = start_of(key);
    while (*slot_at(table, at) != 0) {
        at++;
    }
    return slot_at(table, at);
}

static int grow(mig__table *table, mig_error *err)
{
    mig__table bigger = *table;
    bigger.capacity = table->capacity == 0 ? FIRST : table->capacity * 2;
    bigger.slots = calloc(bigger.capacity, words(table) * sizeof *bigger.slots);
    if (bigger.slots == NULL) {
        return mig_error_set(err, MIG_E_NOMEM, "out of memory");
    }
    for (size_t i = 0; i < table->capacity; i++) {
        const uint64_t *slot = slot_at(table, i);
        if (*slot != 0) {
            memcpy(free_slot(&bigger, *slot), slot, words(table) * sizeof *slot);
        }
    }
    free(table->slots);
    *table = bigger;
    return 0;
}

void *mig__table_add(mig__table *table, uint64_t key, mig_error *err)
{
    if (table->payload == 0) {
        mig_error_set(err, MIG_E_INTERNAL, "a table without room for anything");
        return NULL;
    }
    if (table->used >= table->capacity / 4 * 3 && grow(table, err) != 0) {
        return NULL;
    }
    uint64_t *slot = free_slot(table, stored(key));
    *slot = stored(key);
    table->used++;
    return slot + 1;
}

void *mig__table_next(const mig__table *table, uint64_t key, size_t *at)
{
    uint64_t *slot;
    while (table->capacity > 0 && *(slot = slot_at(table, start_of(stored(key)) + *at)) != 0) {
        ++*at;
        if (*slot == stored(key)) {
            return slot + 1;
        }
    }
    return NULL;
}

void *mig__table_each(const mig__table *table, size_t *at)
{
    while (*at < table->capacity) {
        uint64_t *slot = slot_at(table, (*at)++);
        if (*slot != 0) {
            return slot + 1;
        }
    }
    return NULL;
}

void mig__table_free(mig__table *table)
{
    free(table->slots);
    table->slots = NULL;
    table->used = table->capacity = 0;
}
