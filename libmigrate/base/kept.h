/*
 * base/kept.h - errors that are kept where most have none
 *
 * A mig_error holds its texts and is large; of 100,000 mailboxes hardly any has one. So a mailbox has a pointer: NULL
 * while nothing is wrong.
 */
#ifndef MIG_BASE_KEPT_H
#define MIG_BASE_KEPT_H

#include <migrate/error.h>

/*
 * Keep a copy of `error` in the place of what was kept. Without memory for it a static one that says so is kept: that
 * something is wrong is never lost.
 */
void mig__error_keep(mig_error **kept, const mig_error *error);

/* Release; *kept becomes NULL. NULL in it is fine. */
void mig__error_forget(mig_error **kept);

#endif
