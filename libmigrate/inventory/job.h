/*
 * inventory/job.h - what the parts of a stock-taking share
 *
 * A run reads as a story (inventory/run.c): log in to both sides, list, map, ask for the quota, look at each folder's
 * messages (survey.c), say what will not fit (fit.c) and how long it takes (forecast.c).
 */
#ifndef MIG_INVENTORY_JOB_H
#define MIG_INVENTORY_JOB_H

#include "account/labels.h"
#include "account/pair.h"
#include "account/sides.h"
#include "imap/fetch.h"
#include "imap/list.h"
#include "inventory/stock.h"
#include "state/state.h"

/* Of a folder, from the state of the copy; of the messages that are selected. */
typedef struct mig__inventory_copied {
    uint64_t messages, octets;
    uint64_t withheld, withheld_octets; /* not there by decision, and not to be sent */
} mig__inventory_copied;

typedef struct mig__inventory {
    const mig_inventory_options *options;
    mig_inventory_result *result;
    mig_inventory_account *account;
    mig__account sides[2]; /* by side: a pair (account/pair.h); the target's may be none */
    mig__session *sessions[2];
    mig__map map;
    mig__labels labels;            /* of the folders to be copied, with MIG_LABELS_FIRST */
    mig__label_choice *choices;    /* which messages of folder i are meant, where folders are labels */
    size_t *order;                 /* folder i of the result is lists[MIG_SOURCE].items[order[i]] */
    char *junk_criteria;           /* the same of junk folders */
    char *criteria;                /* of the SEARCH for what is selected: "ALL", or dates; */
    bool narrowed;                 /* ...then this is true */
    mig__inventory_copied *copied; /* of folder i, what is on the target already */
    size_t *existing;              /* of folder i, its mailbox in lists[MIG_TARGET], or MIG__NO_FOLDER */
    mig__state *state;             /* of the copy, opened for reading; NULL: there is none */
    mig__state_folder *known;      /* what it knows of the folders... */
    size_t known_count;            /* ...so many */
    uint64_t speed_octets;         /* of earlier copies, from the state, in... */
    double speed_seconds;          /* ...so many seconds */
    uint64_t speed_messages;
    bool overlooked;    /* something that was asked for, or that the server has, could not be looked at */
    bool copied_before; /* the state knows folders of this account */
    const char *phase, *folder;
    double started;
} mig__inventory;

bool mig__inventory_stopping(const mig__inventory *run, mig_error *err);
void mig__inventory_progress(mig__inventory *run);
/* The size over which a message will not be copied: the least of what the target, its profile and the user say. */
uint64_t mig__inventory_limit(const mig__inventory *run);
int mig__inventory_obstacle(mig__inventory *run, const char *folder, mig_code code, bool blocks, const char *format,
                            ...) MIG_PRINTF(5, 6);

/*
 * Size, date and flags of every selected message of the folders that are not left out; content too when that was asked
 * for.
 */
int mig__inventory_survey(mig__inventory *run, mig_error *err);
/* What the state knows of the account: its folders, and how fast earlier copies were. */
int mig__inventory_recall(mig__inventory *run, mig_error *err);
/* How much of each folder it has as copied, whatever the dates; mig__inventory_known_among takes these into account. */
int mig__inventory_recall_copied(mig__inventory *run, mig_error *err);
/*
 * Count a folder's messages from the state alone. 1: done, nothing has changed since they were all copied; 0: they must
 * be asked for (and the stock begun again); -1: error.
 */
int mig__inventory_known_whole(mig__inventory *run, mig__stock *stock, const mig__mailbox *mailbox, mig_error *err);
/* What the state knows of a mailbox, or NULL. */
const mig__state_folder *mig__inventory_known(const mig__inventory *run, const char *wire);
/* Which of `uids`, the selected messages of folder `index`, are copied already. 0, or -1. */
int mig__inventory_known_among(mig__inventory *run, size_t index, const mig__mailbox *mailbox, uint32_t uidvalidity,
                               mig__uidset *uids, mig_error *err);
/* Count those of `uids` that the state knows, and take them out. 0, or -1. */
int mig__inventory_known_some(mig__inventory *run, mig__stock *stock, const mig__mailbox *mailbox, uint32_t uidvalidity,
                              mig__uidset *uids, mig_error *err);
/* Which keywords will be lost, for the folders that have any. */
int mig__inventory_keywords(mig__inventory *run, mig_error *err);
/* `all` without `part`, and not less than 0. */
static inline uint64_t mig__inventory_less(uint64_t all, uint64_t part)
{
    return all > part ? all - part : 0;
}

/* What the copy has yet to send: neither what is copied nor what is too large for it. */
uint64_t mig__inventory_left_messages(const mig__inventory *run);
uint64_t mig__inventory_left_bytes(const mig__inventory *run);
/* Whether all of the source is more than the target has room for, as far as both sides tell it by themselves. */
bool mig__inventory_tight(const mig__inventory *run);
/* Compare the source with the target's limits: fills obstacles and `fits`. */
int mig__inventory_fit(mig__inventory *run, mig_error *err);
void mig__inventory_forecast(mig__inventory *run);

#endif
