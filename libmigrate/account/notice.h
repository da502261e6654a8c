/*
 * account/notice.h - what a person should know of an account's lists of mailboxes before anything is done with them
 *
 * The same for everything that works on accounts (copy, verify, inventory, archive): a mailbox that cannot be read from
 * the server's LIST, a --folder that matches none, and mailboxes that are left out because they are not the account's
 * own. Silence about any of these would be a report that says more than was looked at.
 */
#ifndef MIG_ACCOUNT_NOTICE_H
#define MIG_ACCOUNT_NOTICE_H

#include "folders/map.h"
#include "imap/list.h"

/* `failed`: something was not looked at, or not done. 0, or -1 with `err` filled to end it. */
typedef int mig__notice_fn(const mig_error *what, bool failed, void *context, mig_error *err);

/*
 * What there is to say of the source's list under `rules`, and of the target's (NULL: none was asked for). Errors: what
 * `tell` says.
 */
int mig__notice_lists(const mig__mailbox_list *source, const mig__mailbox_list *target, const mig__map_rules *rules,
                      mig__notice_fn *tell, void *context, mig_error *err);

/* Each pattern of `folders` (ends with NULL; NULL: none) that matches none of `names`: failed. Errors: what `tell`
 * says. */
int mig__notice_unmatched(const char *const *folders, const char *const *names, size_t count, mig__notice_fn *tell,
                          void *context, mig_error *err);

/* True when the mailbox is left out for the one reason that it is shared or another user's. */
bool mig__notice_foreign(const mig__mailbox *mailbox, const mig__map_rules *rules);

#endif
