/*
 * migrate/scan.h - messages are shown to a virus scanner, and what follows from what it says
 *
 * The scanner is clamd, by its socket. It says of a message that it is clean, or the name of a signature that it found;
 * what it did not look at (too big for it, an error) is "not scanned" and never clean.
 */
#ifndef MIGRATE_SCAN_H
#define MIGRATE_SCAN_H

#include <migrate/error.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum mig_infected {                          /* what becomes of a message in which something was found */
                            MIG_INFECTED_REPORT,     /* it is copied, and listed */
                            MIG_INFECTED_QUARANTINE, /* it is not copied, and kept in an archive beside the state */
                            MIG_INFECTED_SKIP        /* it is not copied */
} mig_infected;

/* All of it borrowed until the work returns. */
typedef struct mig_scan {
    const char *scanner;   /* "clamd:/PATH" or "clamd://HOST:PORT"; NULL: nothing is scanned */
    mig_infected infected; /* of a copy; taking stock and exporting only report */
    bool optional;         /* go on without the scanner when it cannot be reached: each message is "not scanned" then */
    bool cleartext;        /* a scanner by TCP need not be this machine: messages travel unencrypted */
    void *spare[2];        /* NULL; room for later members */
} mig_scan;

#define MIG_SCAN_INIT                                                                                                  \
    {                                                                                                                  \
        NULL, MIG_INFECTED_REPORT, false, false,                                                                       \
        {                                                                                                              \
            NULL, NULL                                                                                                 \
        }                                                                                                              \
    }

/* 0, or -1 with MIG_E_USAGE: this is no scanner that can be named. */
int mig_scan_check(const char *scanner, mig_error *err);

#define MIG_SCAN_NAME 128 /* octets of the longest name or reason that is kept, with its NUL */

typedef enum mig_scan_verdict { MIG_SCAN_CLEAN, MIG_SCAN_INFECTED, MIG_SCAN_NOT_SCANNED } mig_scan_verdict;

typedef enum mig_scan_decision {
    MIG_SCAN_COPIED,      /* also: it goes on as if nothing had been found */
    MIG_SCAN_QUARANTINED, /* not copied */
    MIG_SCAN_SKIPPED      /* not copied */
} mig_scan_decision;

/* "infected", "not-scanned"; "copied", "quarantined", "skipped": stable names. Static storage. */
const char *mig_scan_verdict_name(mig_scan_verdict verdict);
const char *mig_scan_decision_name(mig_scan_decision decision);

#define MIG_SCAN_DATE 48
/* " (signatures of 2024-10-01)", or "" for 0. Returns out. */
char *mig_scan_date(int64_t signatures, char out[MIG_SCAN_DATE]);

/* What the scanner said of a message, where it was not "clean". */
typedef struct mig_scan_finding {
    char *folder; /* of the source, UTF-8 */
    uint32_t uid;
    mig_scan_verdict verdict;
    mig_scan_decision decision;
    char *name;                 /* of the signature, or why it was not scanned; from outside, made inert */
    int64_t signatures;         /* their date, seconds since 1970-01-01 UTC; 0: the scanner does not tell */
    char *kept;                 /* the archive that it was put into; NULL: none */
    char *message_id, *subject; /* NULL: unknown */
} mig_scan_finding;

/* Release `count` of them, and the list; NULL is fine. */
void mig_scan_findings_free(mig_scan_finding *findings, size_t count);

#ifdef __cplusplus
}
#endif
#endif
