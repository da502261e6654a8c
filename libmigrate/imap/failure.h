/*
 * imap/failure.h - what a NO or BAD means for a migration: one table of response codes and of the servers' own words
 */
#ifndef MIG_IMAP_FAILURE_H
#define MIG_IMAP_FAILURE_H

#include "imap/response.h"
#include <migrate/error.h>

/* What the text of a NO begins with when a store of this very process (store/) is short of files, threads or memory. */
#define MIG__FAILURE_OWN_LIMIT "mailmigrate's own limit: "

/*
 * Fill `err` for a command that ended with `condition` (NO or BAD) and response code `code`; `text` is what the server
 * said, code included ("[TOOBIG] Message too large"). Sets code, scope, retry, retry_after_ms (when the server named a
 * time), the server's words, and a hint where there is something to do. Never leaves MIG_OK.
 */
void mig__failure_classify(mig__condition condition, mig__code code, const char *text, mig_error *err);

/*
 * The same for BYE, which is always the account's. What has no better meaning is MIG_E_CLOSED, the same as a connection
 * that breaks without a word: another one may do at once.
 */
void mig__failure_classify_bye(mig__code code, const char *text, mig_error *err);

#endif
