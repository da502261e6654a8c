#include "archive/members.h"
#include <stdlib.h>
#include <string.h>

/* Never 0, the lowest bit clear. */
static int key_of(const char *path, uint64_t *key, mig_error *err)
{
    uint8_t digest[MIG__DIGEST_SIZE];
    if (mig__digest(path, strlen(path), digest, err) != 0) {
        return -1;
    }
    memcpy(key, digest, sizeof *key);
    *key &= ~(uint64_t)1;
    *key += *key == 0 ? 2 : 0;
    return 0;
}

static int content_of(uint64_t key, uint64_t size, const uint8_t digest[MIG__DIGEST_SIZE], uint8_t out[16],
                      mig_error *err)
{
    uint8_t all[16 + MIG__DIGEST_SIZE], sum[MIG__DIGEST_SIZE];
    memcpy(all, &key, 8);
    memcpy(all + 8, &size, 8);
    memcpy(all + 16, digest, MIG__DIGEST_SIZE);
    int failed = mig__digest(all, sizeof all, sum, err);
    memcpy(out, sum, 16);
    return failed;
}

/* The slot with that key, or the free one where it would be. */
static mig__member *slot_of(const mig__members *members, uint64_t key)
{
    size_t at = (size_t)(key >> 1) % members->capacity;
    while (members->slots[at].key != 0 && (members->slots[at].key & ~(uint64_t)1) != key) {
        at = (at + 1) % members->capacity;
    }
    return &members->slots[at];
}

static int grow(mig__members *members, mig_error *err)
{
    if (members->count < members->capacity / 4 * 3) {
        return 0;
    }
    mig__members bigger = *members;
    bigger.capacity = members->capacity == 0 ? 256 : members->capacity * 2;
    if ((bigger.slots = calloc(bigger.capacity, sizeof *bigger.slots)) == NULL) {
        return mig_error_set(err, MIG_E_NOMEM, "out of memory");
    }
    for (size_t i = 0; i < members->capacity; i++) {
        if (members->slots[i].key != 0) {
            *slot_of(&bigger, members->slots[i].key & ~(uint64_t)1) = members->slots[i];
        }
    }
    free(members->slots);
    *members = bigger;
    return 0;
}

int mig__members_add(mig__members *members, const char *path, uint64_t size, const uint8_t digest[MIG__DIGEST_SIZE],
                     mig_error *err)
{
    uint64_t key;
    if (grow(members, err) != 0 || key_of(path, &key, err) != 0) {
        return -1;
    }
    mig__member *slot = slot_of(members, key);
    if (slot->key != 0) {
        return 0;
    }
    if (content_of(key, size, digest, slot->content, err) != 0) {
        return -1;
    }
    slot->key = key;
    members->count++;
    return 1;
}

int mig__members_claim(mig__members *members, const char *path, uint64_t size, const uint8_t digest[MIG__DIGEST_SIZE],
                       mig__claim *out, mig_error *err)
{
    uint64_t key;
    uint8_t content[16];
    *out = MIG__CLAIM_ABSENT;
    if (key_of(path, &key, err) != 0 || content_of(key, size, digest, content, err) != 0) {
        return -1;
    }
    mig__member *slot = members->capacity == 0 ? NULL : slot_of(members, key);
    if (slot == NULL || slot->key == 0) {
        return 0;
    }
    if (slot->key & 1) {
        *out = MIG__CLAIM_TWICE;
        return 0;
    }
    slot->key |= 1;
    members->claimed++;
    *out = memcmp(content, slot->content, sizeof content) == 0 ? MIG__CLAIM_FITS : MIG__CLAIM_CHANGED;
    return 0;
}

int mig__members_unclaimed(const mig__members *members, const char *path, bool *out, mig_error *err)
{
    uint64_t key;
    if (key_of(path, &key, err) != 0) {
        return -1;
    }
    const mig__member *slot = members->capacity == 0 ? NULL : slot_of(members, key);
    *out = slot != NULL && slot->key != 0 && (slot->key & 1) == 0;
    return 0;
}

void mig__members_free(mig__members *members)
{
    free(members->slots);
    *members = (mig__members)MIG__MEMBERS_INIT;
}
