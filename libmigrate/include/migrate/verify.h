/*
 * migrate/verify.h - compare what is on the target with what was copied, by content
 *
 * A verification reads the target back and holds each message against the digests that the copy recorded (or, with
 * MIG_AGAINST_SOURCE, against the source itself). Its result says of every message what became of it, names each that
 * is not exactly as it was, and has a Merkle root (RFC 9162) for every folder and account, so that it is evidence.
 * Neither side is changed: mailboxes are opened with EXAMINE and read with BODY.PEEK.
 */
#ifndef MIGRATE_VERIFY_H
#define MIGRATE_VERIFY_H

#include <migrate/effort.h>
#include <migrate/endpoint.h>
#include <migrate/error.h>
#include <migrate/folder.h>
#include <migrate/observer.h>
#include <migrate/problem.h>
#include <migrate/rule.h>
#include <migrate/selection.h>
#include <migrate/side.h>
#include <migrate/status.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum mig_depth {
    MIG_DEPTH_FULL, /* the octets of every message, or of a sample of them */
    MIG_DEPTH_QUICK /* counts, sizes, flags, dates and the UID map; no content is read */
} mig_depth;

typedef enum mig_against {
    MIG_AGAINST_RECORD, /* what the copy recorded in its state; the source may be gone */
    MIG_AGAINST_SOURCE  /* the source is read as well; needs no state */
} mig_against;

/*
 * What became of a message, or what was found. A message has exactly one of the kinds up to MIG_FOUND_NOT_COPIED;
 * MIG_FOUND_FLAGS_DIFFER, MIG_FOUND_FLAGS_ADDED, MIG_FOUND_DATES_DIFFER and MIG_FOUND_INFECTED come on top of it.
 */
typedef enum mig_found {
    MIG_FOUND_IDENTICAL,          /* every octet is as on the source */
    MIG_FOUND_STORED_DIFFERENTLY, /* the canonical form is: the target's server rewrote it, by the rules named */
    MIG_FOUND_PRESENT,            /* there, with the right size; its content was not to be read (quick, sample) */
    MIG_FOUND_UNPROVEN,     /* there, with the right size; it was read, but there is no digest to hold it against */
    MIG_FOUND_SIZE_DIFFERS, /* there, with another size; its content was not read */
    MIG_FOUND_ALTERED,      /* there, with another content */
    MIG_FOUND_MISSING,      /* not there */
    MIG_FOUND_WRONG_PLACE,  /* not there, but in another folder */
    MIG_FOUND_EXTRA,        /* on the target, not from the copy: was there before, or put there by somebody else */
    MIG_FOUND_ARRIVED,      /* on the target, came after the copy: new mail */
    MIG_FOUND_DUPLICATED,   /* on the target once more than it was copied */
    MIG_FOUND_UNREADABLE,   /* on the target, but the server did not give its content */
    MIG_FOUND_WITHHELD,     /* not there by decision: a virus scanner found something in it, which detail names */
    MIG_FOUND_NOT_COPIED,   /* the copy did not carry it over: detail says why */
    MIG_FOUND_FLAGS_DIFFER,
    MIG_FOUND_FLAGS_ADDED,    /* it has keywords besides those that it was copied with: servers give some themselves */
    MIG_FOUND_DATES_DIFFER,   /* INTERNALDATE is another moment */
    MIG_FOUND_INFECTED,       /* it was copied although a virus scanner found something in it, which detail names */
    MIG_FOUND_FOLDER_MISSING, /* of a folder: the target has none of that name */
    MIG_FOUND_COUNT
} mig_found;

/* What is known of a message that is not where it was put. */
typedef enum mig_known {
    MIG_KNOWN_NOTHING,
    MIG_KNOWN_TRASH,       /* it is in the target's Trash: somebody deleted it there */
    MIG_KNOWN_ELSEWHERE,   /* it is in another folder of the target: somebody moved it, or a rule did */
    MIG_KNOWN_FOLDER_GONE, /* the target has no such folder any more */
    MIG_KNOWN_SEEN_GONE,   /* a copy saw it gone, on a date that the detail names */
    MIG_KNOWN_AFTER_COPY   /* the last copy saw as many messages as it had recorded: it went afterwards */
} mig_known;

/* "", "trash", "elsewhere", "folder_gone", "seen_gone", "after_copy". Static storage. */
const char *mig_known_name(mig_known known);

/* How bad it is. */
typedef enum mig_grade {
    MIG_GRADE_GOOD,       /* as it should be */
    MIG_GRADE_NOTE,       /* nothing was lost or changed, but worth knowing */
    MIG_GRADE_DIFFERENCE, /* somebody should look at it; makes the exit status 1 */
    MIG_GRADE_UNPROVEN    /* neither shown to be right nor to be wrong; makes the exit status 1, too */
} mig_grade;

/* "identical", "stored_differently", ...: stable names, used in JSON and CSV. Static storage. */
const char *mig_found_name(mig_found kind);
/* "stored differently", ...: for people. Static storage. */
const char *mig_found_words(mig_found kind);
mig_grade mig_found_grade(mig_found kind);

/* One matter that is listed by name. Identical and merely present messages are not. */
typedef struct mig_finding {
    mig_found kind;
    size_t folder;       /* index into the account's folders */
    uint64_t messages;   /* that it is about: 1, or more where nothing is known of each */
    uint32_t source_uid; /* 0: unknown or none */
    uint32_t target_uid; /* 0: unknown or none */
    bool after_copy;     /* on the target since the copy ended */
    mig_known known;     /* MISSING, WRONG_PLACE: what became of it */
    unsigned rules;      /* STORED_DIFFERENTLY: MIG_RULE_* that explain it */
    bool rules_certain;  /* they were proven; else they are what remains possible */
    bool has_date;
    int64_t date;     /* INTERNALDATE as recorded, else as found; seconds since 1970-01-01 UTC */
    uint64_t octets;  /* as recorded, else as found */
    char *message_id; /* NULL: unknown */
    char *subject;    /* UTF-8, decoded; NULL: unknown */
    char *detail;     /* one line: what differs, where it was found, ...; NULL: the kind says it all */
} mig_finding;

typedef struct mig_verify_folder {
    char *source; /* UTF-8; "" when only the target has it */
    char *target; /* UTF-8 */
    mig_role role;
    uint64_t messages;                /* that should be there */
    uint64_t found;                   /* on the target */
    uint64_t read;                    /* whose octets were read and digested */
    uint64_t bytes;                   /* these octets */
    uint64_t counts[MIG_FOUND_COUNT]; /* of messages by kind */
    char root[65];   /* Merkle root over the digests of the messages found, hexadecimal; "" unless all were read */
    mig_error *error; /* the folder could not be verified to its end; NULL: it was */
} mig_verify_folder;

typedef struct mig_verify_account {
    char *source; /* "user@host" */
    char *target;
    mig_status status;
    mig_error error;
    mig_verify_folder *folders;
    size_t folder_count;
    mig_finding *findings; /* by folder, then by UID */
    size_t finding_count;
    mig_problem *problems; /* of the account as a whole; `failed`: something was not looked at */
    size_t problem_count;
    char root[65];  /* over the folders' roots; "" unless all have one */
    int64_t run_id; /* of this verification in the state; 0: none */
    int64_t copied; /* when the last copy ended, seconds since 1970-01-01 UTC; 0: unknown */
} mig_verify_account;

typedef struct mig_verify_totals {
    uint64_t messages, found, read, bytes;
    uint64_t counts[MIG_FOUND_COUNT];
    double seconds;
    uint64_t round_trips, bytes_in, bytes_out, peak_rss;
} mig_verify_totals;

typedef struct mig_verify_result {
    mig_status status; /* COMPLETE: all was looked at, whatever was found */
    int exit_status;   /* as in docs/mailmigrate.1 */
    mig_verify_account *accounts;
    size_t account_count;
    mig_verify_totals totals;
    mig_depth depth;
    mig_against against;
    double sample;             /* percent of the messages whose content was read; 100: all */
    uint64_t seed;             /* of the sample */
    int canonical_version;     /* of the form that stored_differently relies on */
    int64_t started, finished; /* seconds since 1970-01-01 UTC */
    char *version;             /* of libmigrate */
    char *host;                /* where it ran; "" unknown */
} mig_verify_result;

/* How to verify one account. */
typedef struct mig_verify_options {
    size_t size; /* of this structure; set by the INIT */
    const mig_endpoint
        *source; /* names the account in the state; logged in to with MIG_AGAINST_SOURCE only. Required */
    const mig_endpoint *target; /* required */
    const char *state_path;     /* the copy's state; NULL only with MIG_AGAINST_SOURCE */

    /* As the copy's: with MIG_AGAINST_SOURCE what it left out need not be there. The record knows what was copied, so
     * that with MIG_AGAINST_RECORD the folders alone count. */
    mig_selection selection;
    const char *providers[2]; /* as in mig_copy_options */
    mig_effort effort;
    mig_observer observer;

    mig_depth depth;
    mig_against against;
    double sample; /* read the content of so many percent of the messages, above 0 and below 100; 0: of all */
    uint64_t seed; /* the same seed chooses the same messages */
} mig_verify_options;

#define MIG_VERIFY_OPTIONS_INIT                                                                                        \
    {                                                                                                                  \
        sizeof(mig_verify_options), NULL, NULL, NULL, MIG_SELECTION_INIT, {NULL, NULL}, MIG_EFFORT_INIT,               \
            MIG_OBSERVER_INIT, MIG_DEPTH_FULL, MIG_AGAINST_RECORD, 0, 0                                                \
    }

/*
 * Verify one account. Returns the result, which the caller releases with mig_verify_result_free, also when the account
 * failed: then its status and error say so. Returns NULL with `err` filled only for MIG_E_USAGE and MIG_E_NOMEM.
 */
mig_verify_result *mig_verify_run(const mig_verify_options *options, mig_error *err);

/*
 * Move the accounts of `from` to the end of `into`, add up the totals, and keep the worse status and exit status: for a
 * report over many accounts. `from` is released. 0, or -1 with MIG_E_NOMEM (then both are as they were).
 */
int mig_verify_result_join(mig_verify_result *into, mig_verify_result **from, mig_error *err);

/* Release a result and all it holds, set *result to NULL. NULL in it is fine. */
void mig_verify_result_free(mig_verify_result **result);

/*
 * With `read` messages read at random and none of them bad: with 95 percent confidence no more than this share of all
 * messages is bad (the solution p of (1 - p)^read = 0.05; about 3 / read). 1 when none was read.
 */
double mig_sample_bound(uint64_t read);

#ifdef __cplusplus
}
#endif
#endif
