/*
 * migrate/observer.h - who watches the work and may end it: log, progress, stop
 */
#ifndef MIGRATE_OBSERVER_H
#define MIGRATE_OBSERVER_H

#include <migrate/log.h>
#include <migrate/progress.h>
#include <migrate/stop.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* All of it borrowed until the work returns. */
typedef struct mig_observer {
    mig_log log;
    mig_stop *stop;            /* NULL: cannot be asked to stop */
    mig_progress_fn *progress; /* NULL: nobody is shown any */
    void *context;             /* given to `progress` */
    void *spare[4];            /* NULL; room for later members */
} mig_observer;

#define MIG_OBSERVER_INIT                                                                                              \
    {                                                                                                                  \
        MIG_LOG_INIT, NULL, NULL, NULL,                                                                                \
        {                                                                                                              \
            NULL, NULL, NULL, NULL                                                                                     \
        }                                                                                                              \
    }

#ifdef __cplusplus
}
#endif
#endif
