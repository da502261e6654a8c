/*
 * migrate/certificate.h - may the old server be switched off? What the state files and the looks at the domains prove
 *
 * A proof is what the state of one account records: its last copy, the verification after it, when, where and by whom.
 * A domain record is what the last `mailmigrate domain --phase after` found. From both the certificate says either that
 * the old server may be switched off, or what is missing; nothing that was not done counts as done.
 */
#ifndef MIGRATE_CERTIFICATE_H
#define MIGRATE_CERTIFICATE_H

#include <migrate/error.h>
#include <migrate/report.h>
#include <migrate/selection.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A run that is on record. */
typedef struct mig_proof_run {
    char verb[16];   /* "copy", "verify", ... */
    char status[16]; /* "complete", ...; "" while it runs, or when it was killed */
    char version[32], host[128];
    int64_t uid;             /* the operating system's user behind it */
    int64_t begun, ended;    /* seconds since 1970-01-01 UTC; 0: not */
    uint64_t copied, failed; /* failed: messages that could not be copied, or findings of a verification */
    uint64_t mended;         /* of `copied`: sent again since a verification missed them or found them altered */
    char selection[256];     /* what it was told to leave out or take in besides, cut; "": everything */
    char root[65];           /* Merkle root of the account, of a verification that read every message; "" else */
} mig_proof_run;

#define MIG_PROOF_RUNS 12 /* the newest ones are kept */

/* What a state file proves of an account. */
typedef struct mig_proof {
    char *source, *target;              /* "user@host", as the state has them, else as in the plan */
    char *path;                         /* of the state file */
    char selection[256];                /* what the plan means of the account, as in a run */
    mig_error error;                    /* code MIG_OK: it was read; MIG_E_MISSING: there is none */
    uint64_t folders, messages, octets; /* on the target by the record: copied, and found there before */
    uint64_t failed, in_flight, vanished;
    uint64_t mended_missing, mended_altered; /* of `messages`: sent again by copy --mend, each counted once */
    int64_t mended_at;                       /* when the newest of them was taken, as `begun`; 0: never */
    mig_proof_run runs[MIG_PROOF_RUNS];      /* the newest first */
    size_t run_count;
    uint64_t withheld; /* not on the target by decision: a virus scanner found something in them */
} mig_proof;

/*
 * Read what `path` proves of its account; `source` and `target` name it when the file does not, `selection` is what the
 * plan means of it. The proof is the
 * caller's, to be released with mig_proof_free; problems of the file stand in its error. NULL: MIG_E_NOMEM.
 */
mig_proof *mig_proof_read(const char *path, const char *source, const char *target, const mig_selection *selection,
                          mig_error *err);
void mig_proof_free(mig_proof **proof);

/*
 * Was every message that the plan means read back without a difference since the last one was sent again? Looks at the
 * newest verification alone.
 */
bool mig_proof_read_back(const mig_proof *proof);

/* What the last look at a domain after the switch found. */
typedef struct mig_domain_record {
    char *name;
    bool there;            /* false: no such look is on record */
    bool settled;          /* the MX are new everywhere, nothing fails, and the old server takes no more mail */
    int64_t at;            /* when, seconds since 1970-01-01 UTC */
    int64_t settled_since; /* since when each look found it so; 0: the last one did not */
    char *resolver, *mx;   /* who was asked; the MX as seen, lines */
    char *open;            /* what is in the way, lines; "" for nothing */
} mig_domain_record;

/* Why the old server must stay on: one thing, in words. */
typedef struct mig_certificate_missing {
    char *subject; /* the account or domain */
    char *text;    /* what is missing, and what to do */
} mig_certificate_missing;

typedef struct mig_certificate {
    mig_proof **proofs; /* borrowed, as given */
    size_t proof_count;
    const mig_domain_record *domains; /* borrowed, as given */
    size_t domain_count;
    mig_certificate_missing *missing;
    size_t missing_count; /* 0: the old server may be switched off */
    int64_t made;         /* seconds since 1970-01-01 UTC */
} mig_certificate;

/*
 * Judge: a pure function over proofs and records. An account is done when its last copy was complete, found nothing new
 * and began after every domain had settled, and when a verification of every message, with its Merkle root, found no
 * difference afterwards, also after the last message that was sent again by copy --mend. Without a domain nothing is
 * ever done: then mail may still arrive at the old server. NULL: MIG_E_NOMEM. Release with mig_certificate_free; proofs
 * and records must outlive it.
 */
mig_certificate *mig_certificate_judge(mig_proof **proofs, size_t proof_count, const mig_domain_record *domains,
                                       size_t domain_count, int64_t now, mig_error *err);
void mig_certificate_free(mig_certificate **certificate);

/*
 * Records of domains, as JSON files below `directory`. Reading one that is not there gives a record with `there` false;
 * one that makes no sense is MIG_E_STATE. 0, or -1 with MIG_E_NOMEM, MIG_E_IO, MIG_E_STATE.
 */
int mig_domain_record_read(const char *directory, const char *name, mig_domain_record *out, mig_error *err);
void mig_domain_record_clear(mig_domain_record *record);

/* The certificate for people, machines (docs/schemas/certificate-1.json) and the file; see migrate/report.h. */
int mig_report_certificate_text(const mig_certificate *certificate, mig_sink_fn *sink, void *context, mig_error *err);
int mig_report_certificate_json(const mig_certificate *certificate, mig_sink_fn *sink, void *context, mig_error *err);
int mig_report_certificate_html(const mig_certificate *certificate, mig_sink_fn *sink, void *context, mig_error *err);

#ifdef __cplusplus
}
#endif
#endif
