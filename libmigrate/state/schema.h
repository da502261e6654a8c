/* state/schema.h - the version of a state file: making, recognising and migrating it */
#ifndef MIG_STATE_SCHEMA_H
#define MIG_STATE_SCHEMA_H

#include <migrate/error.h>
#include <sqlite3.h>
#include <stdbool.h>

#define MIG__STATE_APPLICATION_ID 0x4d4d6967 /* "MMig", PRAGMA application_id: file(1) can tell it by that */

/* What a program knows of the schema. */
typedef struct mig__schema {
    int version;              /* PRAGMA user_version */
    const char *create;       /* SQL that makes it from nothing */
    const char *const *steps; /* steps[n]: SQL from version n + 1 to n + 2; version - 1 of them */
} mig__schema;

extern const mig__schema mig__schema_current;
extern const char mig__schema_sql[]; /* schema.sql, embedded by the build */

/*
 * Look at an open database, and unless it is of the current version: make the schema in an empty one, migrate an older
 * one, each in one transaction (with `read_only`: refuse). 0, or -1: MIG_E_STATE for a file that is not ours, of a
 * newer version or not a database; else what SQLite said.
 */
int mig__schema_prepare(sqlite3 *db, const mig__schema *schema, bool read_only, mig_error *err);

#endif
