/*
 * migrate/effort.h - what the work on one account may cost: connections, time, memory
 */
#ifndef MIGRATE_EFFORT_H
#define MIGRATE_EFFORT_H

#include <migrate/kept.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { /* what 0 means, unless a provider's profile knows better */
       MIG_DEFAULT_CONNECTIONS = 4,
       MIG_MOST_CONNECTIONS = 32, /* more than these are never opened */
       MIG_DEFAULT_PATIENCE_MS = 120000
};

typedef struct mig_effort {
    int connections; /* most connections a side; 0: MIG_DEFAULT_CONNECTIONS */
    int patience_ms; /* how long to keep trying while a server cannot be reached; 0: MIG_DEFAULT_PATIENCE_MS */
    uint64_t memory; /* octets of messages held in memory; 0: 24 MiB for a copy, 8 MiB for an export. Taking stock and
                        verifying hold none */
    mig_kept *kept;  /* borrowed: connections that one call leaves open for the next one; NULL: each opens its own */
    void *spare[3];  /* NULL; room for later members */
} mig_effort;

#define MIG_EFFORT_INIT                                                                                                \
    {                                                                                                                  \
        0, 0, 0, NULL,                                                                                                 \
        {                                                                                                              \
            NULL, NULL, NULL                                                                                           \
        }                                                                                                              \
    }

#ifdef __cplusplus
}
#endif
#endif
