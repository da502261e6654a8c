/*
 * migrate/side.h - the two sides of a migration
 */
#ifndef MIGRATE_SIDE_H
#define MIGRATE_SIDE_H

#ifdef __cplusplus
extern "C" {
#endif

typedef enum mig_side { MIG_SOURCE, MIG_TARGET } mig_side;

#ifdef __cplusplus
}
#endif
#endif
