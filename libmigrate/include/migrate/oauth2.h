/*
 * migrate/oauth2.h - access tokens for XOAUTH2 and OAUTHBEARER, asked for when needed and renewed before they run out
 *
 * RFC 6749 (OAuth 2.0), RFC 7523 (JWT as a grant and as a client's credentials), RFC 8628 (device flow). The token
 * endpoint is reached over HTTPS only and no redirect is followed, since a request carries secrets; answers are bounded
 * in size and time. Tokens are kept in memory that stays out of swap and core dumps where the system allows it, and are
 * overwritten when released.
 *
 *     mig_oauth2_options options = MIG_OAUTH2_OPTIONS_INIT;
 *     options.grant = MIG_OAUTH2_MICROSOFT;
 *     options.tenant = "contoso.example";
 *     options.client_id = "...";
 *     options.secret_file = "/etc/mailmigrate/app-secret";
 *     mig_oauth2 *oauth2 = mig_oauth2_new(&options, &err);
 *     endpoint.auth = MIG_AUTH_TOKEN;
 *     endpoint.secret = mig_oauth2_give;
 *     endpoint.secret_context = oauth2;
 */
#ifndef MIGRATE_OAUTH2_H
#define MIGRATE_OAUTH2_H

#include <migrate/endpoint.h>
#include <migrate/error.h>
#include <migrate/stop.h>
#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

#define MIG_OAUTH2_TOKEN_MAX 16384 /* octets of a token with its NUL */

/* How a token is come by, and which members of the options that takes. */
typedef enum mig_oauth2_grant {
    /* A Google service account with domain-wide delegation: `key_file`, `user`. */
    MIG_OAUTH2_GOOGLE,
    /* A Microsoft Entra application by itself: `client_id`, `tenant`, and `secret_file` or `cert_file`. */
    MIG_OAUTH2_MICROSOFT,
    /* A refresh token from elsewhere: `client_id`, `refresh_file`, `tenant` or `token_url`, perhaps `secret_file`. */
    MIG_OAUTH2_REFRESH,
    /* A person who signs in on another device: `client_id`, `show`, perhaps `tenant` or both URLs, `secret_file`. */
    MIG_OAUTH2_DEVICE
} mig_oauth2_grant;

/* What a person has to do in the device flow. Valid during the call; made inert for terminals. */
typedef struct mig_oauth2_code {
    const char *url;  /* to open in a browser */
    const char *code; /* to type in there */
    int seconds;      /* how long the code is good for */
} mig_oauth2_code;

/* Strings are UTF-8 and copied; files are read once, by mig_oauth2_new. */
typedef struct mig_oauth2_options {
    size_t size; /* of this structure; set by the INIT */
    mig_oauth2_grant grant;
    const char *user;         /* the mailbox's user: whom a service account acts for ("sub") */
    const char *key_file;     /* Google's JSON key, or PEM key of `cert_file`; NULL: the key is in `cert_file` */
    const char *cert_file;    /* PEM certificate of the application (RSA), instead of a secret */
    const char *client_id;    /* of the application */
    const char *secret_file;  /* the application's secret is the first line */
    const char *refresh_file; /* the refresh token is the first line; or a file of migrate/login.h, with all else */
    const char *tenant;       /* Microsoft: the directory's domain or ID; device flow without one: "organizations" */
    const char *scope;        /* separated by blanks; NULL: what IMAP takes there */
    const char *token_url;    /* https://...; NULL: Google's (from the key) or Microsoft's for the tenant */
    const char *device_url;   /* https://...; NULL: Microsoft's for the tenant */
    const char *ca_file;      /* PEM bundle to trust instead of the system's; NULL: the system's */
    const char *proxy;        /* as in mig_endpoint; NULL: none */
    mig_secret_fn *proxy_secret;
    void *proxy_secret_context;
    /*
     * A file (made with mode 0600) that keeps tokens for the next run; NULL: none is kept. It is written only when
     * there is a refresh token in it that could not be had again: device flow, or a refresh token that was replaced.
     */
    const char *cache_file;
    int timeout_ms;       /* for one request; 0: 60 s */
    const mig_stop *stop; /* level 1 ends waiting for a person, level 2 everything; NULL: none; outlives the object */
    /* Device flow: tell the person. NULL: nobody is there, so that a login by device fails. */
    void (*show)(const mig_oauth2_code *code, void *context);
    void *show_context;
    bool ask_anew; /* also where a file of migrate/login.h has an access token that is good for some time yet */
} mig_oauth2_options;

#define MIG_OAUTH2_OPTIONS_INIT                                                                                        \
    {                                                                                                                  \
        sizeof(mig_oauth2_options), MIG_OAUTH2_GOOGLE, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,     \
            NULL, NULL, NULL, NULL, NULL, 0, NULL, NULL, NULL, false                                                   \
    }

/* Used by several threads at once. */
typedef struct mig_oauth2 mig_oauth2;

/*
 * Check the options and read their files; nothing is sent yet. NULL: MIG_E_USAGE (an option missing, or none of this
 * grant's; a URL that is not https), MIG_E_SECRET (a file that cannot be read or is not what it should be),
 * MIG_E_NOMEM.
 */
mig_oauth2 *mig_oauth2_new(const mig_oauth2_options *options, mig_error *err);

/*
 * A mig_secret_fn (migrate/endpoint.h); `oauth2` is a mig_oauth2 *. The token at hand while it is good for some time
 * yet, else a new one; `fresh` asks for a new one in any case, unless another thread got one a moment ago. While one
 * thread asks, the others wait. Errors: MIG_E_AUTH (the endpoint refuses, or the person did; in its own words, with
 * what usually causes that), MIG_E_SECRET (nobody to ask; a token that makes no sense or does not fit), MIG_E_DNS,
 * MIG_E_CONNECT, MIG_E_TIMEOUT, MIG_E_CLOSED, MIG_E_TLS, MIG_E_CERTIFICATE, MIG_E_UNAVAILABLE (busy), MIG_E_PROTOCOL,
 * MIG_E_BOUNDS, MIG_E_INTERRUPTED, MIG_E_NOMEM, and those of the cache file, MIG_E_IO and MIG_E_DISK_FULL.
 */
int mig_oauth2_give(char *out, size_t size, bool fresh, void *oauth2, mig_error *err);

/* Overwrite and release. Sets *oauth2 to NULL; NULL is fine. */
void mig_oauth2_free(mig_oauth2 **oauth2);

#ifdef __cplusplus
}
#endif
#endif
