/* base/crashpoint.c - see crashpoint.h; empty but in test builds */
#include "base/crashpoint.h"
#include <signal.h>

#ifdef MIG_TEST_HOOKS
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

static pthread_once_t once = PTHREAD_ONCE_INIT;
static char wanted[64];
static atomic_long left; /* passes until the end; 0: never */

static void read_environment(void)
{
    const char *text = getenv("MIG_CRASH_AT");
    const char *colon = text ? strrchr(text, ':') : NULL;
    if (!colon || (size_t)(colon - text) >= sizeof wanted) {
        return;
    }
    memcpy(wanted, text, (size_t)(colon - text));
    atomic_store(&left, strtol(colon + 1, NULL, 10));
}

void mig__crash_point(const char *name)
{
    pthread_once(&once, read_environment);
    if (!wanted[0] || strcmp(name, wanted) != 0) {
        return;
    }
    if (atomic_fetch_sub(&left, 1) == 1) {
        raise(SIGKILL);
    }
}
#endif
