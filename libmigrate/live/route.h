/*
 * live/route.h - what a request may be: its path, its Host, its token; where the page may be served. Pure
 */
#ifndef MIG_LIVE_ROUTE_H
#define MIG_LIVE_ROUTE_H

#include <migrate/error.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

typedef enum mig__route {
    MIG__ROUTE_NONE,
    MIG__ROUTE_PAGE,    /* / */
    MIG__ROUTE_ACCOUNT, /* /account?id=... */
    MIG__ROUTE_EVENTS,  /* /events */
    MIG__ROUTE_METRICS, /* /metrics */
    MIG__ROUTE_STYLE,   /* /live.css */
    MIG__ROUTE_SCRIPT   /* /live.js */
} mig__route;

/* These paths, octet by octet, and no other. */
mig__route mig__route_of(const char *path);

#define MIG__LIVE_PORT 8417

typedef struct mig__live_place {
    char host[256]; /* as given, without brackets; "127.0.0.1" by default */
    uint16_t port;  /* 0: any that is free */
    bool loopback;  /* nothing but this machine reaches it */
    struct sockaddr_storage address;
    socklen_t length;
} mig__live_place;

/*
 * "ADDRESS:PORT", "ADDRESS", ":PORT" or NULL; an address is numeric (an IPv6 one in brackets) or "localhost".
 * 0, or -1 with MIG_E_USAGE.
 */
int mig__live_place_parse(const char *text, mig__live_place *out, mig_error *err);

/* The name in a Host header, without brackets and port, in lower case; false: it is none. */
bool mig__host_name(const char *header, char *out, size_t size);

/* Is it a name that means this machine to every browser: localhost, 127.x.y.z, ::1? */
bool mig__host_is_loopback(const char *name);

/* Equal, in a time that does not depend on where they differ. NULL is equal to nothing. */
bool mig__token_equal(const char *given, const char *token);

#endif
