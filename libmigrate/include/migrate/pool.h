/*
 * migrate/pool.h - connections that one call leaves open for the next one
 *
 * Logging in costs a few round trips and, at the server, more than reading a small mailbox does. Whoever takes stock
 * of, copies and verifies the same accounts one after the other gives a pool to all these calls (migrate/effort.h):
 * what the first one opened the next one uses.
 */
#ifndef MIGRATE_POOL_H
#define MIGRATE_POOL_H

#include <migrate/error.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct mig_pool mig_pool;

/*
 * A pool that keeps at most `most` idle connections to each endpoint. An endpoint is told from another one by its
 * address in memory: it has to stay where it is, and what it says has to stay as it is, as long as the pool lives.
 * For several threads at once. NULL: no memory.
 */
mig_pool *mig_pool_new(int most, mig_error *err);

/* How often one of its servers said that it is busy, throttles, or has too many connections. */
unsigned mig_pool_complaints(mig_pool *pool);

/* Log out of what is idle, and release. No call that was given it may be under way. NULL is fine. */
void mig_pool_free(mig_pool **pool);

#ifdef __cplusplus
}
#endif
#endif
