#include <migrate/stop.h>
#include <stddef.h>

void mig_stop_request(mig_stop *stop)
{
    if (atomic_fetch_add(&stop->level, 1) >= 2) {
        atomic_store(&stop->level, 2);
    }
}

int mig_stop_level(const mig_stop *stop)
{
    return stop == NULL ? 0 : atomic_load(&stop->level);
}
