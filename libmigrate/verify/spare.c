#include "verify/spare.h"

static void *open_spare(void *argument)
{
    mig__verify_spare *spare = argument;
    mig_error error;
    spare->session = mig__gate_open(&spare->run->gates[MIG_TARGET], MIG__PATIENCE_NONE, &error);
    return NULL;
}

void mig__verify_spares_begin(mig__verify_spares *spares, mig__verify_run *run, size_t count)
{
    for (size_t i = 0; i < count && i < MIG__VERIFY_SPARES_MOST; i++) {
        spares->items[i] = (mig__verify_spare){.run = run};
        if (pthread_create(&spares->items[i].thread, NULL, open_spare, &spares->items[i]) != 0) {
            return;
        }
        spares->count++;
    }
}

static mig__verify_spare *next_spare(mig__verify_spares *spares, mig__verify_run *run)
{
    pthread_mutex_lock(&run->lock);
    mig__verify_spare *spare = spares->taken < spares->count ? &spares->items[spares->taken++] : NULL;
    pthread_mutex_unlock(&run->lock);
    return spare;
}

mig__session *mig__verify_spares_take(mig__verify_spares *spares, mig__verify_run *run)
{
    mig__verify_spare *spare = next_spare(spares, run);
    if (spare == NULL) {
        return NULL;
    }
    pthread_join(spare->thread, NULL);
    return spare->session;
}

void mig__verify_spares_end(mig__verify_spares *spares, mig__verify_run *run)
{
    for (mig__verify_spare *spare; (spare = next_spare(spares, run)) != NULL;) {
        pthread_join(spare->thread, NULL);
        mig__gate_close(&run->gates[MIG_TARGET], &spare->session);
    }
}
