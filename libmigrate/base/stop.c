/*
 * base/stop.c - a request to end, which a signal handler may make
 *
 * The compiler's atomics (gcc and clang) on plain ints: the header stays usable from C++, and an int is lock-free, so
 * a signal handler may call this; clock_gettime is safe there too (POSIX, 2.4.3). The time is written before the level
 * is raised, so that whoever sees the level sees the time; of two first requests at once either time will do.
 */
#include <migrate/stop.h>
#include <stddef.h>
#include <time.h>

static unsigned now_ms(void)
{
    struct timespec now = {0};
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (unsigned)now.tv_sec * 1000u + (unsigned)(now.tv_nsec / 1000000);
}

void mig_stop_request(mig_stop *stop)
{
    int level = __atomic_load_n(&stop->level, __ATOMIC_SEQ_CST);
    if (level == 0) {
        __atomic_store_n(&stop->asked_ms, now_ms(), __ATOMIC_SEQ_CST);
    }
    while (level < 2 &&
           !__atomic_compare_exchange_n(&stop->level, &level, level + 1, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)) {
    }
}

int mig_stop_level(const mig_stop *stop)
{
    int level = stop == NULL ? 0 : __atomic_load_n(&stop->level, __ATOMIC_SEQ_CST);
    if (level == 1 && now_ms() - __atomic_load_n(&stop->asked_ms, __ATOMIC_SEQ_CST) >= MIG_STOP_GRACE_MS) {
        return 2;
    }
    return level;
}
