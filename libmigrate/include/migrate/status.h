/*
 * migrate/status.h - how a run over an account, or over many, ended
 */
#ifndef MIGRATE_STATUS_H
#define MIGRATE_STATUS_H

#ifdef __cplusplus
extern "C" {
#endif

typedef enum mig_status { MIG_COMPLETE, MIG_PARTIAL, MIG_INTERRUPTED, MIG_FAILED } mig_status;

/* "complete", "partial", "interrupted", "failed". Static storage. */
const char *mig_status_name(mig_status status);

#ifdef __cplusplus
}
#endif
#endif
