/* verify/recorded.c - a hash table over digests, which are as good as hashes get */
#include "verify/recorded.h"
#include <stdlib.h>
#include <string.h>

static size_t start(const mig__recorded_set *set, const uint8_t raw[MIG__DIGEST_SIZE])
{
    size_t hash;
    memcpy(&hash, raw, sizeof hash);
    return hash & set->mask;
}

static void add(mig__recorded_set *set, const mig__message_digest *digest)
{
    size_t at = start(set, digest->raw);
    while (set->slots[at] != NULL) {
        if (memcmp(set->slots[at]->raw, digest->raw, MIG__DIGEST_SIZE) == 0) {
            return;
        }
        at = (at + 1) & set->mask;
    }
    set->slots[at] = digest;
}

int mig__recorded_set_fill(mig__recorded_set *set, const mig__verify_job *jobs, size_t count, mig_error *err)
{
    size_t messages = 0, size = 16;
    for (size_t i = 0; i < count; i++) {
        messages += jobs[i].recorded_count;
    }
    while (size < 2 * messages) {
        size *= 2;
    }
    if ((set->slots = calloc(size, sizeof *set->slots)) == NULL) {
        return mig_error_set(err, MIG_E_NOMEM, "out of memory");
    }
    set->mask = size - 1;
    for (size_t i = 0; i < count; i++) {
        for (size_t k = 0; k < jobs[i].recorded_count; k++) {
            if (jobs[i].recorded[k].has_digest) {
                add(set, &jobs[i].recorded[k].digest);
            }
        }
    }
    return 0;
}

bool mig__recorded_set_canonical(const uint8_t raw[MIG__DIGEST_SIZE], uint8_t canonical[MIG__DIGEST_SIZE],
                                 void *context)
{
    const mig__recorded_set *set = context;
    for (size_t at = start(set, raw); set->slots[at] != NULL; at = (at + 1) & set->mask) {
        if (memcmp(set->slots[at]->raw, raw, MIG__DIGEST_SIZE) == 0) {
            memcpy(canonical, set->slots[at]->canonical, MIG__DIGEST_SIZE);
            return true;
        }
    }
    return false;
}

void mig__recorded_set_free(mig__recorded_set *set)
{
    free(set->slots);
    *set = (mig__recorded_set)MIG__RECORDED_SET_INIT;
}
