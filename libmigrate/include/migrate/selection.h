/*
 * migrate/selection.h - which folders and messages of an account are meant
 *
 * The same for taking stock, copying, verifying and exporting, so that all of them mean the same messages. Whatever has
 * a selection says so by an options structure that holds one; a further criterion has its place here alone.
 */
#ifndef MIGRATE_SELECTION_H
#define MIGRATE_SELECTION_H

#include <migrate/folder.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum mig_junk {                  /* mail in a folder for junk, and what has the keyword $Junk */
                        MIG_JUNK_COPY,   /* is mail like any other */
                        MIG_JUNK_SKIP,   /* is left out */
                        MIG_JUNK_LAST,   /* comes after everything else; of a copy, else as MIG_JUNK_COPY */
                        MIG_JUNK_MAX_AGE /* is left out where INTERNALDATE is more than `days` before today (UTC) */
} mig_junk;

typedef struct mig_junk_rule {
    mig_junk what;
    unsigned days;
} mig_junk_rule;

/* All of it borrowed until the work returns. Each array ends with a NULL. */
typedef struct mig_selection {
    const char *const *folders;  /* globs over UTF-8 source names; NULL: all */
    const char *const *excludes; /* globs; NULL: none */
    const char *const *maps;     /* "FROM=TO"; NULL: none */
    mig_labels labels;           /* of a source whose folders are labels */
    bool shared;                 /* also folders that are shared or of other users (RFC 2342) */
    const char *since;           /* "YYYY-MM-DD": INTERNALDATE on or after; NULL: no bound */
    const char *before;          /* "YYYY-MM-DD": INTERNALDATE before; NULL: no bound */
    uint64_t max_size;           /* octets; larger messages are left out and listed; 0: no bound */
    mig_junk_rule junk;
    void *spare[3]; /* NULL; room for later members */
} mig_selection;

#define MIG_SELECTION_INIT                                                                                             \
    {                                                                                                                  \
        NULL, NULL, NULL, MIG_LABELS_ALL, false, NULL, NULL, 0, {MIG_JUNK_COPY, 0},                                    \
        {                                                                                                              \
            NULL, NULL, NULL                                                                                           \
        }                                                                                                              \
    }

#ifdef __cplusplus
}
#endif
#endif
