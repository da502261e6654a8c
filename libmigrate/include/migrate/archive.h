/*
 * migrate/archive.h - a mailbox as one file: export from a server, and check what such a file holds
 *
 * mig_archive_export streams an account into FILE.tar.zst (or .tar, .tar.gz, .tar.xz, .zip): Maildir++ with the flags
 * in the names and INTERNALDATE as the time, and behind it a manifest with a SHA-256 of every message, which can be
 * signed. The account is opened with EXAMINE and read with BODY.PEEK. mig_archive_check reads a file and says what of
 * it is not as the manifest says. docs/archive.md describes the format for whoever reads it without this library.
 * Back to a server the way is mig_copy_run, with an endpoint that was parsed from "archive:FILE".
 */
#ifndef MIGRATE_ARCHIVE_H
#define MIGRATE_ARCHIVE_H

#include <migrate/effort.h>
#include <migrate/endpoint.h>
#include <migrate/error.h>
#include <migrate/folder.h>
#include <migrate/observer.h>
#include <migrate/problem.h>
#include <migrate/scan.h>
#include <migrate/selection.h>
#include <migrate/sign.h>
#include <migrate/status.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- export ---- */

typedef struct mig_archive_options {
    size_t size;                /* of this structure; set by the INIT */
    const mig_endpoint *source; /* required */
    const char *path;           /* required; its ending says the format */
    bool incremental;           /* where `path` is there, add a further file beside it with what is new since */
    bool replace;               /* where `path` is there, put the new archive in its place */
    mig_secret_fn *secret;      /* password of the archive: a .zip is encrypted with it; NULL: none */
    void *secret_context;
    mig_signer *signer; /* signs the manifest; NULL: unsigned */

    mig_selection selection; /* nothing is mapped here, and labels are folders: both are refused */
    mig_effort effort;
    mig_observer observer;
    mig_scan scan; /* each message is shown to a virus scanner; what it finds is listed, and exported all the same */
} mig_archive_options;

#define MIG_ARCHIVE_OPTIONS_INIT                                                                                       \
    {                                                                                                                  \
        sizeof(mig_archive_options), NULL, NULL, false, false, NULL, NULL, NULL, MIG_SELECTION_INIT, MIG_EFFORT_INIT,  \
            MIG_OBSERVER_INIT, MIG_SCAN_INIT                                                                           \
    }

typedef struct mig_archive_folder {
    char *name; /* UTF-8 */
    char *path; /* inside of the archive; "" for one that holds no messages */
    mig_role role;
    uint64_t messages; /* put into this file */
    uint64_t bytes;    /* their octets */
    uint64_t already;  /* in an earlier file of the chain */
    uint64_t flags_changed, gone; /* since the file before */
    uint64_t skipped;  /* left out by max_size */
    uint64_t failed;   /* the server has them and did not give them */
    char root[65];     /* Merkle root over this file's messages, hexadecimal */
    mig_error *error;  /* the folder could not be read to its end; NULL: it was */
} mig_archive_folder;

typedef struct mig_archive_result {
    mig_status status; /* FAILED and INTERRUPTED: there is no archive */
    int exit_status;   /* as in docs/mailmigrate.1 */
    mig_error error;
    char *source; /* "user@host" */
    char *file;   /* the file written; of a chain its newest; "" when nothing was new */
    unsigned part;
    char root[65]; /* over the folders' roots */
    bool is_signed, encrypted;
    mig_archive_folder *folders;
    size_t folder_count;
    mig_problem *problems;
    size_t problem_count;
    uint64_t messages, bytes, already, flags_changed, gone, skipped, failed;
    bool shown; /* to a virus scanner */
    uint64_t scanned, infected, not_scanned;
    mig_scan_finding *scans; /* what it found, and what it did not look at */
    size_t scan_count;
    uint64_t file_bytes; /* of the file */
    double seconds;
    uint64_t round_trips, bytes_in, bytes_out, peak_rss;
} mig_archive_result;

/*
 * Export one account. Returns the result, which the caller releases with mig_archive_result_free, also when it failed:
 * then its status and error say so, and there is no file under the final name. Returns NULL with `err` filled only for
 * MIG_E_USAGE and MIG_E_NOMEM.
 */
mig_archive_result *mig_archive_export(const mig_archive_options *options, mig_error *err);
void mig_archive_result_free(mig_archive_result **result);

/* ---- check ---- */

typedef enum mig_archive_found {
    MIG_ARCHIVE_DAMAGED,   /* a member is not as the manifest says */
    MIG_ARCHIVE_MISSING,   /* the manifest has it, the archive has not */
    MIG_ARCHIVE_EXTRA,     /* the archive has it, the manifest has not */
    MIG_ARCHIVE_REFUSED,   /* a member that could do harm */
    MIG_ARCHIVE_CUT,       /* the archive ends before its manifest, or cannot be read any further */
    MIG_ARCHIVE_MANIFEST,  /* the manifest is malformed, or contradicts itself */
    MIG_ARCHIVE_ROOT,      /* manifest.root does not fit the manifest */
    MIG_ARCHIVE_SIGNATURE, /* the signature is missing, or does not fit */
    MIG_ARCHIVE_CHAIN,     /* a file does not follow the one before it */
    MIG_ARCHIVE_LOST,      /* a message that the server did not give when the archive was made; no damage */
    MIG_ARCHIVE_FOUND_COUNT
} mig_archive_found;

/* "damaged", "missing", ...: stable names, used in JSON. Static storage. */
const char *mig_archive_found_name(mig_archive_found kind);

typedef struct mig_archive_finding {
    mig_archive_found kind;
    size_t file;  /* index into the files */
    char *path;   /* of the member; "" when it is the file as a whole */
    char *folder; /* UTF-8; "" unless it is a message */
    uint32_t uid; /* 0: none */
    char *detail; /* one line */
} mig_archive_finding;

typedef enum mig_archive_signature {
    MIG_ARCHIVE_UNSIGNED,
    MIG_ARCHIVE_UNCHECKED, /* there is one, and no key was given */
    MIG_ARCHIVE_FITS,
    MIG_ARCHIVE_DOES_NOT_FIT
} mig_archive_signature;

typedef struct mig_archive_file {
    char *path;
    uint64_t messages, bytes; /* that are there and whole */
    char root[65];            /* as the manifest says; "" when it could not be read */
    mig_archive_signature signature;
    bool encrypted;
} mig_archive_file;

typedef struct mig_archive_check_options {
    size_t size;            /* of this structure; set by the INIT */
    const char *path;       /* the file, or the first one of a chain: those after it are found beside it */
    const char *public_key; /* PEM; NULL: the signature is not checked */
    mig_secret_fn *secret;  /* password of an encrypted archive; NULL: none */
    void *secret_context;
    mig_observer observer; /* its log hears nothing */
} mig_archive_check_options;

#define MIG_ARCHIVE_CHECK_OPTIONS_INIT                                                                                 \
    {                                                                                                                  \
        sizeof(mig_archive_check_options), NULL, NULL, NULL, NULL, MIG_OBSERVER_INIT                                   \
    }

typedef struct mig_archive_check_result {
    mig_status status; /* COMPLETE: all was looked at, whatever was found */
    int exit_status;   /* 0: all is as it was written; 1: it is not; else as in docs/mailmigrate.1 */
    mig_error error;
    char *source; /* "user@host" that the archive says it is of; "" unknown */
    mig_archive_file *files;
    size_t file_count;
    mig_archive_finding *findings; /* at most 10,000 are named; `counts` has all */
    size_t finding_count;
    uint64_t counts[MIG_ARCHIVE_FOUND_COUNT];
    uint64_t messages; /* in the mailbox as the last file of the chain has it, and whole */
    uint64_t folders, bytes;
    double seconds;
    uint64_t peak_rss;
} mig_archive_check_result;

/* As mig_archive_export. What is wrong with the archive is no error but a finding. */
mig_archive_check_result *mig_archive_check(const mig_archive_check_options *options, mig_error *err);
void mig_archive_check_result_free(mig_archive_check_result **result);

#ifdef __cplusplus
}
#endif
#endif
