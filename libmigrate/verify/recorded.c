/* verify/recorded.c - a table over digests, which are as good as hashes get */
#include "verify/recorded.h"
#include <string.h>

static const mig__message_digest *find(const mig__recorded_set *set, const uint8_t raw[MIG__DIGEST_SIZE], uint64_t *key)
{
    const mig__message_digest *const *found;
    size_t at = 0;
    memcpy(key, raw, sizeof *key);
    while ((found = mig__table_next(&set->digests, *key, &at)) != NULL) {
        if (memcmp((*found)->raw, raw, MIG__DIGEST_SIZE) == 0) {
            return *found;
        }
    }
    return NULL;
}

static int add(mig__recorded_set *set, const mig__message_digest *digest, mig_error *err)
{
    uint64_t key;
    if (find(set, digest->raw, &key) != NULL) {
        return 0;
    }
    set->digests.payload = sizeof(mig__message_digest *);
    const mig__message_digest **slot = mig__table_add(&set->digests, key, err);
    if (slot == NULL) {
        return -1;
    }
    *slot = digest;
    return 0;
}

int mig__recorded_set_fill(mig__recorded_set *set, const mig__verify_job *jobs, size_t count, mig_error *err)
{
    for (size_t i = 0; i < count; i++) {
        for (size_t k = 0; k < jobs[i].recorded_count; k++) {
            if (jobs[i].recorded[k].has_digest && add(set, &jobs[i].recorded[k].digest, err) != 0) {
                return -1;
            }
        }
    }
    return 0;
}

bool mig__recorded_set_canonical(const uint8_t raw[MIG__DIGEST_SIZE], uint8_t canonical[MIG__DIGEST_SIZE],
                                 void *context)
{
    uint64_t key;
    const mig__message_digest *found = find(context, raw, &key);
    if (found != NULL) {
        memcpy(canonical, found->canonical, MIG__DIGEST_SIZE);
    }
    return found != NULL;
}

void mig__recorded_set_free(mig__recorded_set *set)
{
    mig__table_free(&set->digests);
}
