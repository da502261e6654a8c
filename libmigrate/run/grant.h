/*
 * run/grant.h - how many connections an account gets, with those to each host bounded over all accounts; pure
 */
#ifndef MIG_RUN_GRANT_H
#define MIG_RUN_GRANT_H

#include <migrate/endpoint.h>
#include <stdbool.h>
#include <stddef.h>

typedef struct mig__host {
    char *key; /* host and port, or the tunnel */
    int limit;
    int in_use;  /* by accounts that are worked on, and idle ones */
    int resting; /* of these, by accounts that wait for their turn */
} mig__host;

/* "host:port" in lower case, or the tunnel's command; malloc'd, NULL: no memory. */
char *mig__host_key(const mig_endpoint *endpoint);

/*
 * Take up to `wanted` connections on each of both hosts (which can be one and the same, or `to` NULL) for one of
 * `accounts` that share them now. Returns how many on each, 0 when there is no room for one: wait until another account
 * gives back. A host that is not used at all always has room.
 */
int mig__grant_take(mig__host *from, mig__host *to, int wanted, size_t accounts);
/*
 * May an account that has one connection on each of both keep them idle, for what comes next? Only half of what a host
 * takes may be idle, so that the others always get on.
 */
bool mig__grant_may_rest(const mig__host *from, const mig__host *to);
/* So many of what it has on each are idle from now on; less than 0: no longer. */
void mig__grant_rest(mig__host *from, mig__host *to, int count);
void mig__grant_give(mig__host *from, mig__host *to, int granted);

#endif
