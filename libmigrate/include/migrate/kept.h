/*
 * migrate/kept.h - connections that one call leaves open for the next one
 *
 * Logging in costs a few round trips and, at the server, more than reading a small mailbox does. Whoever takes stock
 * of, copies and verifies the same accounts one after the other gives one of these to all calls (migrate/effort.h):
 * what the first one opened the next one uses.
 */
#ifndef MIGRATE_KEPT_H
#define MIGRATE_KEPT_H

#include <migrate/error.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct mig_kept mig_kept;

/*
 * Keeps at most `most` idle connections to each endpoint. An endpoint is told from another one by its
 * address in memory: it has to stay where it is, and what it says has to stay as it is, as long as this lives.
 * For several threads at once. NULL: no memory.
 */
mig_kept *mig_kept_new(int most, mig_error *err);

/* How often one of its servers said that it is busy, throttles, or has too many connections. */
unsigned mig_kept_complaints(mig_kept *kept);

/* Log out of what is idle, and release. No call that was given it may be under way. NULL is fine. */
void mig_kept_free(mig_kept **kept);

#ifdef __cplusplus
}
#endif
#endif
