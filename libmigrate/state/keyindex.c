/* state/keyindex.c - open addressing with linear probing; nothing is ever taken out */
#include "state/keyindex.h"
#include <stdlib.h>

typedef struct mig__key_slot {
    uint64_t key;
    int64_t id; /* 0: free */
} mig__key_slot;

uint64_t mig__key(const void *data, size_t length)
{
    const unsigned char *octets = data;
    uint64_t key = 0xcbf29ce484222325u;
    for (size_t i = 0; i < length; i++) {
        key = (key ^ octets[i]) * 0x100000001b3u;
    }
    key ^= key >> 32; /* the low bits choose the slot: let the high ones take part */
    key *= 0x9e3779b97f4a7c15u;
    return key ^ (key >> 29);
}

mig__keyindex *mig__keyindex_get(mig__keyindex **list, int64_t account, mig__key_kind kind, mig_error *err)
{
    for (mig__keyindex *index = *list; index; index = index->next) {
        if (index->account == account && index->kind == kind) {
            return index;
        }
    }
    mig__keyindex *index = calloc(1, sizeof *index);
    if (!index) {
        mig_error_set(err, MIG_E_NOMEM, "out of memory for looking up messages by content");
        return NULL;
    }
    index->account = account;
    index->kind = kind;
    index->next = *list;
    *list = index;
    return index;
}

static void place(mig__key_slot *slots, size_t capacity, uint64_t key, int64_t id)
{
    size_t i = (size_t)key & (capacity - 1);
    while (slots[i].id) {
        i = (i + 1) & (capacity - 1);
    }
    slots[i].key = key;
    slots[i].id = id;
}

int mig__keyindex_add(mig__keyindex *index, uint64_t key, int64_t id, mig_error *err)
{
    if (index->used + index->used / 3 >= index->capacity) {
        size_t capacity = index->capacity ? index->capacity * 2 : 256;
        mig__key_slot *slots = calloc(capacity, sizeof *slots);
        if (!slots) {
            return mig_error_set(err, MIG_E_NOMEM, "out of memory for looking up messages by content");
        }
        for (size_t i = 0; i < index->capacity; i++) {
            if (index->slots[i].id) {
                place(slots, capacity, index->slots[i].key, index->slots[i].id);
            }
        }
        free(index->slots);
        index->slots = slots;
        index->capacity = capacity;
    }
    place(index->slots, index->capacity, key, id);
    index->used++;
    return 0;
}

int64_t mig__keyindex_next(const mig__keyindex *index, uint64_t key, size_t *at)
{
    while (index->capacity) {
        const mig__key_slot *slot = &index->slots[((size_t)key + *at) & (index->capacity - 1)];
        if (!slot->id) {
            return 0;
        }
        ++*at;
        if (slot->key == key) {
            return slot->id;
        }
    }
    return 0;
}

void mig__keyindex_free(mig__keyindex **list)
{
    while (*list) {
        mig__keyindex *index = *list;
        *list = index->next;
        free(index->slots);
        free(index);
    }
}
