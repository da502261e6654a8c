/*
 * The compiler's atomics (gcc and clang) on a plain int: the header stays usable from C++, and an int is lock-free, so
 * a signal handler may call this.
 */
#include <migrate/stop.h>
#include <stddef.h>

void mig_stop_request(mig_stop *stop)
{
    int level = __atomic_load_n(&stop->level, __ATOMIC_SEQ_CST);
    while (level < 2 &&
           !__atomic_compare_exchange_n(&stop->level, &level, level + 1, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)) {
    }
}

int mig_stop_level(const mig_stop *stop)
{
    return stop == NULL ? 0 : __atomic_load_n(&stop->level, __ATOMIC_SEQ_CST);
}
