/*
 * migrate/provider_login.h - where people sign in at their providers (OAuth 2), and what for
 *
 * Facts of the providers' own pages and of mail programs. Static and read only.
 */
#ifndef MIGRATE_PROVIDER_LOGIN_H
#define MIGRATE_PROVIDER_LOGIN_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct mig_provider_login {
    const char *name;     /* "google" */
    const char *title;    /* "Google" */
    const char *auth_url; /* %s stands for the tenant, as in the other URLs */
    const char *token_url;
    const char *device_url; /* NULL: no device flow, or none with a scope for mail: see `note` */
    const char *scope;
    const char *issuer;   /* of RFC 9207; with '/' at its end what it begins with; NULL: not known */
    const char *extra;    /* further parameters of the authorization request; NULL: none */
    const char *redirect; /* "127.0.0.1" or "localhost" */
    const char *note;     /* what to know; NULL: nothing special */
} mig_provider_login;

const mig_provider_login *mig_provider_logins(size_t *count);

/* By its name, or that of its IMAP profile (migrate/provider.h); NULL: none is known. */
const mig_provider_login *mig_provider_login_find(const char *name);

#ifdef __cplusplus
}
#endif
#endif
