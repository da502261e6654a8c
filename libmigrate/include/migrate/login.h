/*
 * migrate/login.h - a person signs in once, with a browser or on another device, and the refresh token is kept
 *
 * OAuth 2 for programs of one's own machine: authorization code with PKCE (RFC 7636), a redirection to this machine
 * (RFC 8252 section 7.3), state and issuer checked (RFC 9207); or the device flow (RFC 8628). What comes out goes into
 * a file of mode 0600, which mig_oauth2 takes as its refresh_file and keeps up to date, several processes at once; or
 * into the standard input of a command, as of a secret service.
 */
#ifndef MIGRATE_LOGIN_H
#define MIGRATE_LOGIN_H

#include <migrate/error.h>
#include <migrate/oauth2.h>
#include <migrate/stop.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Strings are UTF-8 and borrowed for the call. */
typedef struct mig_login_options {
    size_t size;             /* of this structure; set by the INIT */
    const char *provider;    /* its name, for the file */
    const char *user;        /* whose mailbox */
    const char *auth_url;    /* https://...; NULL: there is no way by browser */
    const char *token_url;   /* https://... */
    const char *device_url;  /* https://...; NULL: there is no device flow */
    const char *scope;       /* separated by blanks */
    const char *issuer;      /* what `iss` of the redirection has to be; with '/' at its end: begin with; NULL: any */
    bool issuer_required;    /* a redirection without `iss` is refused */
    const char *extra;       /* further parameters of the authorization request, encoded: "prompt=consent"; NULL */
    const char *redirect;    /* "127.0.0.1" or "localhost", as the provider wants it; NULL: 127.0.0.1 */
    const char *client_id;   /* of the application */
    const char *secret_file; /* its secret is the first line; NULL: it has none */
    const char *ca_file;     /* PEM bundle to trust instead of the system's */
    int wait_ms;             /* for the person; 0: 10 minutes */
    int paste;               /* a descriptor from which the redirection's URL can come as a line; -1: none */
    const mig_stop *stop;    /* NULL: none */
    void (*open)(const char *url, void *context);             /* the URL that the person has to open */
    void (*show)(const mig_oauth2_code *code, void *context); /* device flow: as in mig_oauth2_options */
    void *context;
} mig_login_options;

#define MIG_LOGIN_OPTIONS_INIT                                                                                         \
    {                                                                                                                  \
        sizeof(mig_login_options), NULL, NULL, NULL, NULL, NULL, NULL, NULL, false, NULL, NULL, NULL, NULL, NULL, 0,   \
            -1, NULL, NULL, NULL, NULL                                                                                 \
    }

typedef struct mig_login mig_login; /* tokens, in memory that stays out of swap */

/*
 * Sign in with a browser: `open` is called with the URL, and a redirection to this machine, or a line from `paste`, is
 * waited for. NULL: MIG_E_USAGE, MIG_E_AUTH (refused, by the person or the provider; an issuer that is not the one; no
 * refresh token), MIG_E_TIMEOUT (nobody came), MIG_E_INTERRUPTED, MIG_E_IO, and those of mig_oauth2_give.
 */
mig_login *mig_login_browser(const mig_login_options *options, mig_error *err);

/* Sign in on another device. The same errors. */
mig_login *mig_login_device(const mig_login_options *options, mig_error *err);

/* Write the file, of mode 0600; an older one is replaced. 0, or -1 with MIG_E_IO, MIG_E_DISK_FULL, MIG_E_NOMEM. */
int mig_login_save(const mig_login *login, const char *path, mig_error *err);

/* Give the refresh token, and a line end, to a command's standard input. 0, or -1 with MIG_E_IO, MIG_E_SECRET. */
int mig_login_hand_over(const mig_login *login, const char *command, mig_error *err);

void mig_login_free(mig_login **login); /* overwrites; NULL is fine */

/* What such a file says, without its tokens. */
typedef struct mig_login_info {
    char provider[64], user[320], client_id[320], token_url[512];
    int64_t made, ends; /* seconds since 1970-01-01 UTC: of the sign-in; of the access token, 0: there is none */
} mig_login_info;

/* 0, or -1 with MIG_E_SECRET (it cannot be read, others can read it, or it is no such file). */
int mig_login_read(const char *path, mig_login_info *out, mig_error *err);

#ifdef __cplusplus
}
#endif
#endif
