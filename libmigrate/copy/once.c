/* copy/once.c - what counts for the limit of a day at a target that stores each message once */
#include "copy/once.h"
#include "state/keyindex.h"

/* Whose content it was first, in this run: the message itself when it comes again after a refusal. */
static int first_of(mig__run *run, const mig__folder_job *job, const mig__transit *message, bool *first, mig_error *err)
{
    uint64_t key = mig__key(message->digest.raw, MIG__DIGEST_SIZE);
    int64_t self = (int64_t)(job - run->jobs + 1) << 32 | message->uid;
    size_t at = 0;
    int failed = 0;
    pthread_mutex_lock(&run->lock);
    mig__keyindex *index = mig__keyindex_get(&run->once, 0, MIG__KEY_DIGEST, err);
    int64_t owner = index == NULL ? 0 : mig__keyindex_next(index, key, &at);
    if (index == NULL || (owner == 0 && mig__keyindex_add(index, key, self, err) != 0)) {
        failed = -1;
    }
    pthread_mutex_unlock(&run->lock);
    *first = owner == 0 || owner == self;
    return failed;
}

int mig__once_octets(mig__run *run, const mig__batch *batch, uint64_t *octets, mig_error *err)
{
    *octets = batch->octets;
    for (size_t i = 0; run->sides[MIG_TARGET].profile.labels && i < batch->count; i++) {
        const mig__transit *message = batch->messages[i];
        mig__message known;
        int64_t folder;
        bool first;
        if (first_of(run, batch->job, message, &first, err) != 0) {
            return -1;
        }
        int recorded =
            !first ? 0
                   : mig__state_find_digest(run->state, run->state_account, message->digest.raw, &folder, &known, err);
        if (recorded < 0) {
            return -1;
        }
        *octets -= !first || recorded > 0 ? message->size : 0;
    }
    return 0;
}

uint64_t mig__once_room(mig__run *run, uint64_t octets)
{
    pthread_mutex_lock(&run->lock);
    uint64_t left = mig__pace_left(&run->pace);
    pthread_mutex_unlock(&run->lock);
    return left < octets ? left : octets;
}

bool mig__once_count(mig__run *run, uint64_t counted)
{
    if (mig__run_stopping(run)) {
        return false;
    }
    pthread_mutex_lock(&run->lock);
    bool fits = mig__pace_day(&run->pace, counted);
    pthread_mutex_unlock(&run->lock);
    if (!fits) {
        mig__run_stopping(run); /* it has a reason to by now */
    }
    return fits;
}
