/*
 * migrate/provider.h - what is known of hosting providers and server programs before asking them
 *
 * A profile is a starting point: what a server says at run time (capabilities, limits, response codes) wins. The table
 * is static and read only; everything returned is borrowed from it.
 */
#ifndef MIGRATE_PROVIDER_H
#define MIGRATE_PROVIDER_H

#include <migrate/endpoint.h>
#include <migrate/side.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct mig_copy_options; /* migrate/copy.h */

typedef struct mig_provider {
    const char *name;  /* "gmail": stable, used in plans and JSON */
    const char *title; /* "Gmail, Google Workspace" */
    const char *host;  /* the usual IMAP host; NULL: each has its own */
    uint16_t port;
    mig_tls_mode tls;
    mig_auth auth;                /* MIG_AUTH_AUTO: whatever is offered */
    const char *const *hosts;     /* host names that tell it, '*' standing for any text; ends with NULL */
    const char *const *domains;   /* mail domains of its own: "gmail.com"; NULL: none */
    int connections;              /* most connections an account; 0: no known bound */
    uint64_t daily_up;            /* octets a day towards it by IMAP; 0: no known bound */
    uint64_t daily_down;          /* octets a day from it by IMAP; 0: no known bound */
    uint64_t message_size;        /* octets of a message; 0: not known; an announced APPENDLIMIT wins */
    size_t line_length;           /* octets of a line that it takes; 0: no known bound */
    bool refuses_nul;             /* messages with NUL are refused or altered */
    bool refuses_bare_newline;    /* lines that end in LF alone are refused or altered */
    bool case_insensitive;        /* folder names that differ in case alone are the same */
    bool inbox_no_children;       /* INBOX takes no children */
    const char *forbidden;        /* characters that its folder names must not hold; NULL: none known */
    bool tidy_blanks;             /* no blank at either end of a folder name, nor two in a row */
    size_t name_length;           /* octets of a folder name at one level; 0: no known bound */
    const char *const *reserved;  /* top-level names that are no folders for mail, in any case; NULL: none */
    const char *const *leave_out; /* folders that show the mail of others again, as globs; NULL: none */
    const char *login;            /* how to log in, for people: "app password or OAuth 2"; NULL: nothing special */
    const char *note;             /* one line that a person should know; NULL: none */
} mig_provider;

/* All profiles, in the order in which they are looked at; `count` gets their number. */
const mig_provider *mig_providers(size_t *count);

/* The profile of that name, or NULL. */
const mig_provider *mig_provider_find(const char *name);

/* The profile that a host name tells (case does not matter), or NULL. */
const mig_provider *mig_provider_by_host(const char *host);

/* The profile of that name, or of the endpoint's host when `name` is NULL; NULL: none. */
const mig_provider *mig_provider_of(const char *name, const mig_endpoint *endpoint);

/*
 * Bound what the options leave open (connections and daily_limit are 0) by what is known of both sides; either may be
 * NULL.
 */
void mig_provider_bound(struct mig_copy_options *options, const mig_provider *source, const mig_provider *target);

#ifdef __cplusplus
}
#endif
#endif
