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
    int in_use;
} mig__host;

/* "host:port" in lower case, or the tunnel's command; malloc'd, NULL: no memory. */
char *mig__host_key(const mig_endpoint *endpoint);

/*
 * Take up to `wanted` connections on each of both hosts (which can be one and the same, or `to` NULL) for one of
 * `accounts` that share them now. Returns how many on each, 0 when there is no room for one: wait until another account
 * gives back. A host that is not used at all always has room.
 */
int mig__grant_take(mig__host *from, mig__host *to, int wanted, size_t accounts);
void mig__grant_give(mig__host *from, mig__host *to, int granted);

#endif
