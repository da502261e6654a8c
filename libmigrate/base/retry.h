/* base/retry.h - how long to wait before trying again: pure functions */
#ifndef MIG_BASE_RETRY_H
#define MIG_BASE_RETRY_H

#include <migrate/error.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * Milliseconds to wait before attempt number `attempt` (1: the first one after a failure), or -1 when trying again is
 * pointless. What the server asked for is honoured (and exceeded by up to a tenth); else exponential backoff from
 * 250 ms (RETRY_NOW) or 1 s (RETRY_LATER) to 60 s, with full jitter in its upper half. `random` is any 32-bit number.
 */
int64_t mig__retry_delay(const mig_error *error, unsigned attempt, uint32_t random);

/*
 * The one rule of what is tried again: the server said "later", a form of the command was not taken, the connection is
 * gone. A mailbox that was replaced stays so for this run. Whether the session is still there tells its user what to do
 * first: wait, or connect anew.
 */
bool mig__retry_wanted(const mig_error *error);

/*
 * True for a session's failure that another session would meet as well: something is wrong with this process, or the
 * server floods (imap/talk.h). Other failures may be one message's, and are looked into by leaving messages out.
 */
bool mig__retry_pointless(const mig_error *error);

/* True for an error that ends the account at once, whatever else works: login, certificate, quota, state file, ... */
bool mig__retry_fatal(const mig_error *error);

#endif
