/*
 * account/labels.h - which messages of a mailbox are meant, where mailboxes are labels (Gmail)
 *
 * Such a server shows a message in each mailbox whose label it has, and in \All. X-GM-LABELS tells them, but for that
 * of the mailbox which is open. All questions are answered from it alone: nothing has to be remembered from run to run.
 */
#ifndef MIG_ACCOUNT_LABELS_H
#define MIG_ACCOUNT_LABELS_H

#include "folders/map.h"
#include "imap/list.h"
#include "mail/uidset.h"

typedef struct mig__label { /* of a mailbox that is copied */
    char *text;             /* as X-GM-LABELS has it */
    size_t place;           /* in the order of the map */
} mig__label;

typedef struct mig__labels {
    mig__label *items; /* by text */
    size_t count;
} mig__labels;

/* Which messages of one mailbox. */
typedef struct mig__label_choice {
    const mig__labels *before; /* only those without a label whose place is before `place`; NULL: no such condition */
    size_t place;
    bool rest; /* only those without any label, but for \Starred and the like, which are no places */
} mig__label_choice;

/*
 * The labels of the entries that are copied; the place of an entry is its index in the map. For MIG_LABELS_FIRST.
 * Errors: MIG_E_NOMEM.
 */
int mig__labels_make(mig__labels *out, const mig__map *map, const mig__mailbox_list *source, mig_error *err);
void mig__labels_free(mig__labels *labels);

/* True when every message is meant. */
bool mig__labels_everything(const mig__label_choice *choice);

/*
 * Take out of `uids` what is not meant; the mailbox is opened (EXAMINE) for it. 0; 1 the server refuses (`err` says
 * why, `uids` is as it was); -1 the session failed.
 */
int mig__labels_choose(mig__session *session, const char *mailbox, const mig__label_choice *choice, mig__uidset *uids,
                       mig_error *err);

/* Whether a message with these labels (X-GM-LABELS, a list with parentheses) is meant. */
bool mig__labels_meant(const mig__label_choice *choice, const char *list);

#endif
