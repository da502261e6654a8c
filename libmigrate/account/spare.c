/* account/spare.c - connections that are opened while a run still finds out what there is to do */
#include "account/spare.h"
#include "base/thread.h"

static void *open_spare(void *argument)
{
    mig__spare *spare = argument;
    mig_error error;
    spare->session = mig__gate_open(spare->gate, MIG__PATIENCE_NONE, &error);
    return NULL;
}

void mig__spares_begin(mig__spares *spares, mig__gate *gate, size_t count)
{
    spares->gate = gate;
    spares->count = spares->taken = 0;
    pthread_mutex_init(&spares->lock, NULL);
    for (size_t i = 0; i < count && i < MIG__SPARES_MOST; i++) {
        spares->items[i] = (mig__spare){.gate = gate};
        if (mig__thread_start(&spares->items[i].thread, open_spare, &spares->items[i], NULL) != 0) {
            return;
        }
        spares->count++;
    }
}

bool mig__spares_take(mig__spares *spares, mig__session **session)
{
    pthread_mutex_lock(&spares->lock);
    mig__spare *spare = spares->taken < spares->count ? &spares->items[spares->taken++] : NULL;
    pthread_mutex_unlock(&spares->lock);
    if (spare == NULL) {
        return false;
    }
    pthread_join(spare->thread, NULL);
    *session = spare->session;
    return true;
}

void mig__spares_end(mig__spares *spares)
{
    mig__session *session;
    while (mig__spares_take(spares, &session)) {
        mig__gate_close(spares->gate, &session);
    }
    pthread_mutex_destroy(&spares->lock);
}
