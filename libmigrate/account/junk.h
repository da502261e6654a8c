/*
 * account/junk.h - which mail is junk, and what UID SEARCH is asked so that less of it comes along
 *
 * Junk is what lies in a folder with that role, announced (SPECIAL-USE) or by a known name, and what has the keyword
 * $Junk (IANA's registry of IMAP keywords) anywhere else.
 */
#ifndef MIG_ACCOUNT_JUNK_H
#define MIG_ACCOUNT_JUNK_H

#include "base/buffer.h"
#include "imap/list.h"
#include <migrate/selection.h>

#define MIG__JUNK_KEYWORD "$Junk"

bool mig__junk_folder(const mig__mailbox *mailbox);

/* True when the rule leaves some messages out: then what is selected is not all there is. */
bool mig__junk_narrows(const mig_selection *selection);

/*
 * What UID SEARCH is asked for the messages that the selection means, added to `out`: its dates, and its rule for junk,
 * of a junk folder or of another one. `now`: seconds since 1970-01-01 UTC, for the age. "ALL" for all. 0, or -1 with
 * MIG_E_USAGE or MIG_E_NOMEM.
 */
int mig__junk_criteria(const mig_selection *selection, bool junk_folder, int64_t now, mig__buffer *out, mig_error *err);

/* Both of them, of other folders [0] and of junk folders [1], as strings of the caller's. 0, or -1. */
int mig__junk_both(const mig_selection *selection, char *out[2], mig_error *err);

#endif
