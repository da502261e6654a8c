/*
 * account/sides.h - both sides' mailboxes as listed, brought together by the map of folders/
 *
 * folders/ knows no IMAP and imap/ knows no rules: this is the place where their types meet, for everything that works
 * on two accounts (copy, verify, inventory).
 */
#ifndef MIG_ACCOUNT_SIDES_H
#define MIG_ACCOUNT_SIDES_H

#include "account/profile.h"
#include "folders/map.h"
#include "imap/list.h"

/*
 * Map the source's list onto the target's, with what is known of both (NULL: nothing). Release with mig__map_free.
 * Errors as mig__map_make.
 */
int mig__sides_map(mig__map *out, const mig__mailbox_list *source, const mig__mailbox_list *target,
                   const mig__profile *source_profile, const mig__profile *target_profile, const mig__map_rules *rules,
                   mig_error *err);

/*
 * The name on the wire of a mapped target; `utf8` when that server's names are UTF-8. malloc'd. NULL: the name cannot
 * be written there, or no memory.
 */
char *mig__sides_wire(const mig__map_entry *entry, const mig__mailbox_list *target, bool utf8);

/*
 * What UID SEARCH is asked for messages received since and before these days ("YYYY-MM-DD", NULL: any), added to `out`:
 * "ALL" for neither. 0, or -1 with MIG_E_USAGE or MIG_E_NOMEM.
 */
int mig__sides_criteria(const char *since, const char *before, mig__buffer *out, mig_error *err);

/* Add a day as IMAP writes it (RFC 3501 section 9, date): "29-Feb-2024". `month` from 1. */
void mig__sides_add_day(mig__buffer *out, int year, int month, int day);

/* A name from the wire, decoded or fit to show. malloc'd; NULL: no memory. */
char *mig__sides_decoded(const char *wire);

/* True when the mailbox can be opened: neither \Noselect nor \NonExistent. NULL: false. */
bool mig__sides_selectable(const mig__mailbox *mailbox);

#endif
