/*
 * scanner/scanner.h - a virus scanner for all threads of a run: connections to clamd, patience, verdicts
 *
 * What it says is what clamd said of this very message, or that there is no such word. It never guesses: an answer that
 * does not come, or makes no sense, is asked for again, and in the end the message is "not scanned".
 */
#ifndef MIG_SCANNER_SCANNER_H
#define MIG_SCANNER_SCANNER_H

#include <migrate/scan.h>
#include <migrate/stop.h>
#include <stddef.h>

typedef struct mig__scanner_result {
    mig_scan_verdict verdict;
    char name[MIG_SCAN_NAME]; /* INFECTED: of the signature; NOT_SCANNED: why; inert ASCII */
    int64_t database;         /* date of the signatures, seconds since 1970-01-01 UTC; 0: clamd does not tell */
    bool away;                /* NOT_SCANNED since the scanner could not be reached (only with `optional`) */
} mig__scanner_result;

typedef struct mig__scanner_item { /* a message to be scanned; all but the last four are set by the caller */
    const char *octets;            /* NULL: it is in the file */
    int fd;
    uint64_t size;
    mig__scanner_result result;
    bool done;          /* the result is there */
    bool by_descriptor; /* the rest is the scanner's own */
    unsigned breaks;
} mig__scanner_item;

typedef struct mig__scanner mig__scanner;

typedef struct mig__scanner_options {
    const mig_scan *scan;            /* borrowed, as all of it; ->scanner is not NULL */
    int64_t patience_ms;             /* how long it is waited for a scanner that is away or silent; 0: three minutes */
    const mig_stop *stop;            /* NULL allowed */
    bool (*stopping)(void *context); /* NULL: only `stop` ends a wait */
    void (*waiting)(const mig_error *error, void *context); /* it is away: told once each time; NULL allowed */
    void *context;
} mig__scanner_options;

/* Nothing is connected to yet. NULL: MIG_E_USAGE or MIG_E_NOMEM. */
mig__scanner *mig__scanner_new(const mig__scanner_options *options, mig_error *err);

/*
 * Scan messages; from any thread. It returns when each has its result. -1: MIG_E_SCANNER (it could not be reached
 * within the patience, or is none), MIG_E_CLEARTEXT, MIG_E_INTERRUPTED, MIG_E_LIMIT, MIG_E_NOMEM, MIG_E_IO (a file of
 * ours cannot be read); some may have a result then. With scan->optional there is no MIG_E_SCANNER.
 */
int mig__scanner_look(mig__scanner *scanner, mig__scanner_item *items, size_t count, mig_error *err);

/* Closes its connections; nobody looks any more. NULL in it is fine. */
void mig__scanner_free(mig__scanner **scanner);

#endif
