/*
 * migrate/mend.h - which messages are to be put right on the target: what a verification found
 *
 * A list comes from a verification that was just made, or from its report (`mailmigrate verify --json`), edited or not.
 * It only says where to look: whether a message is missing or altered is seen again before anything is sent.
 */
#ifndef MIGRATE_MEND_H
#define MIGRATE_MEND_H

#include <migrate/verify.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { MIG_MEND_MISSING = 1, MIG_MEND_ALTERED = 2, MIG_MEND_ALL = 3 }; /* what of it */

typedef struct mig_mend_item {
    bool altered;        /* there with another content; else missing */
    char *folder;        /* of the source, UTF-8 */
    uint32_t source_uid; /* as recorded */
} mig_mend_item;

typedef struct mig_mend {
    mig_mend_item *items;
    size_t count;
    bool replace; /* an altered message is removed once the right one was read back; else both stay */
} mig_mend;

/* What a person asks for. */
typedef struct mig_mend_wish {
    bool wanted;
    unsigned what;      /* MIG_MEND_*; 0: all */
    const char *report; /* NULL: the accounts are verified first */
    bool replace;
} mig_mend_wish;

#define MIG_MEND_INIT {NULL, 0, false}

/* Add the findings of an account that are of `what`. 0, or -1 with MIG_E_NOMEM. */
int mig_mend_take(mig_mend *mend, const mig_verify_account *account, unsigned what, mig_error *err);

/*
 * Add them from a report. `source` and `target` are the accounts as mig_endpoint_label writes them: another's report is
 * refused. 0, or -1: MIG_E_IO, MIG_E_USAGE (no report of a verification, not of this account, a finding that makes no
 * sense), MIG_E_NOMEM.
 */
int mig_mend_read(mig_mend *mend, const char *path, const char *source, const char *target, unsigned what,
                  mig_error *err);

/* Release the items; the list is empty then. */
void mig_mend_clear(mig_mend *mend);

#ifdef __cplusplus
}
#endif
#endif
