/* sieve/work.h - what the files of a run over the filters of an account share */
#ifndef MIG_SIEVE_WORK_H
#define MIG_SIEVE_WORK_H

#include "account/pair.h"
#include "sieve/judge.h"
#include "sieve/records.h"
#include "sieve/session.h"
#include "state/state.h"

typedef struct mig__sieve_content { /* of one script, beside its mig_filter */
    mig__buffer source;             /* as it was read */
    mig__buffer wanted;             /* as it is to be on the target */
    mig__sieve_judgement judgement;
    bool read, parsed;
} mig__sieve_content;

/* What the result keeps for mig_filters_text and mig_filters_write. */
typedef struct mig__sieve_kept {
    mig_filters_result shown;  /* first: the caller's pointer is to it */
    mig__sieve_content *texts; /* as many as filters */
} mig__sieve_kept;

typedef struct mig__sieve_work {
    mig_filters_options options;
    mig__sieve_kept *kept;
    mig_filters_result *result; /* of `kept` */
    mig_endpoint endpoints[2];  /* of ManageSieve; borrowed strings but for `hosts` */
    char *hosts[2];
    char labels[2][320];
    mig__sieve_session *sessions[2];
    mig__sieve_listing listings[2];

    mig__account accounts[2];
    mig__session *imap[2];
    mig__map map;
    mig__sieve_folder *folders;
    size_t folder_count;
    const char *own[5];

    mig__state *state;
    int64_t account, run;
    mig__sieve_records records;
    bool may_activate; /* asked for, and nothing is in the way */
    bool attention;    /* something of the account as a whole has to be looked at */
    bool imap_open;
} mig__sieve_work;

/* files.c: the scripts of a directory as a listing; their octets. */
int mig__sieve_files_list(const char *directory, mig__sieve_listing *out, mig_error *err);
int mig__sieve_files_get(const char *directory, const char *name, mig__buffer *out, mig_error *err);

/* server.c: the endpoint of ManageSieve for a side. 0, or -1: MIG_E_USAGE, MIG_E_CANNOT (there is none), MIG_E_NOMEM.
 */
int mig__sieve_server(mig__sieve_work *work, mig_side side, mig_error *err);
/* Whether a host that DNS names may get the password: only DNS vouches for it. Pure. */
bool mig__sieve_trusted_host(const char *host, const char *imap_host, const char *domain);

/* folders.c: what both sides' folders are called. Never fails for the servers' sake: folders_why says why not. */
int mig__sieve_folders(mig__sieve_work *work, mig_error *err);
void mig__sieve_folders_clear(mig__sieve_work *work);

/* mx.c: whether mail goes to the old server still. Pure: `mail` has a line for each host, "HOST ADDRESS...". */
mig_filters_mx mig__sieve_mx(const char *mail, const char *old_host, const char *old_addresses, const char *new_host,
                             const char *new_addresses);
/* Ask, and say in activation_why what is in the way; sets may_activate. */
int mig__sieve_may_activate(mig__sieve_work *work, mig_error *err);

/* put.c: each script onto the target, and what is active there; the same without changing anything. */
int mig__sieve_put_all(mig__sieve_work *work, mig_error *err);
/* compare.c */
int mig__sieve_compare_all(mig__sieve_work *work, mig_error *err);

/* run.c */
bool mig__sieve_dry(const mig__sieve_work *work);
bool mig__sieve_stopping(const mig__sieve_work *work, mig_error *err);
bool mig__sieve_on_target(const mig__sieve_work *work, const char *name);
int mig__sieve_digest(const mig__buffer *octets, char out[65], mig_error *err);
int mig__sieve_set(char **out, const char *text, mig_error *err);

#endif
