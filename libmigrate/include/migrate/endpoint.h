/*
 * migrate/endpoint.h - one side of a migration: where the server is, how to get there, and as whom
 *
 * An endpoint is plain data, owned by the caller, and read only while a run uses it. Strings are UTF-8, NUL-terminated
 * and allocated with malloc when made by mig_endpoint_parse_url; mig_endpoint_clear releases them.
 */
#ifndef MIGRATE_ENDPOINT_H
#define MIGRATE_ENDPOINT_H

#include <migrate/error.h>
#include <migrate/log.h>
#include <migrate/stop.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum mig_tls_mode {
    MIG_TLS_IMPLICIT, /* imaps://: TLS from the first octet (RFC 8314) */
    MIG_TLS_STARTTLS, /* imap://: STARTTLS or nothing */
    MIG_TLS_NONE      /* plain text: towards loopback only, elsewhere needs allow_cleartext */
} mig_tls_mode;

typedef enum mig_auth {
    MIG_AUTH_AUTO,
    MIG_AUTH_PLAIN,
    MIG_AUTH_LOGIN,
    MIG_AUTH_CRAM_MD5,
    MIG_AUTH_SCRAM_SHA_1,
    MIG_AUTH_SCRAM_SHA_256,
    MIG_AUTH_XOAUTH2,
    MIG_AUTH_OAUTHBEARER,
    MIG_AUTH_EXTERNAL,
    MIG_AUTH_TOKEN /* the secret is an access token: XOAUTH2 or OAUTHBEARER, whichever is offered */
} mig_auth;

/*
 * Gives the password or access token when it is needed. Writes it NUL-terminated to `out` (at most `size` octets) and
 * returns 0; returns -1 with `err` filled (MIG_E_SECRET). Can be called from several threads, once a connection; the
 * caller wipes `out` after use. `fresh` asks for a new token because the last one was refused as expired.
 */
typedef int mig_secret_fn(char *out, size_t size, bool fresh, void *context, mig_error *err);

/*
 * Gives a connected socket, the caller's, to somebody in this process who speaks IMAP and greets with PREAUTH; -1 with
 * `err` filled. Called for each connection, from any thread. `stop` and `log` may be NULL; they are used for the call.
 */
typedef int mig_dial_fn(void *context, const mig_stop *stop, const mig_log *log, mig_error *err);

typedef struct mig_endpoint {
    char *user; /* login name, required */
    char *host; /* DNS name or IP address, without brackets */
    uint16_t port;
    mig_tls_mode tls;
    bool allow_cleartext; /* permits MIG_TLS_NONE away from loopback */
    mig_auth auth;
    char *authzid;     /* act as this user (SASL authorization identity); NULL: as `user` */
    char *ca_file;     /* PEM bundle instead of the system's trust store; NULL: the system's */
    char *pin;         /* "sha256//BASE64" of the SubjectPublicKeyInfo, as curl's --pinnedpubkey; NULL: none */
    char *client_cert; /* PEM, for EXTERNAL; NULL: none */
    char *client_key;  /* PEM; NULL: in client_cert */
    char *tunnel; /* shell command to speak IMAP with through its standard input and output, instead of TCP; it runs
                     in a process group of its own, cannot ask anything, and counts as this machine for
                     MIG_TLS_NONE; `tls` says what to do inside of it; NULL: connect by TCP */
    char *proxy;  /* "socks5://[user@]host[:1080]" or "http://[user@]host[:3128]" (CONNECT); NULL: none */
    int tls_min;  /* 12 (TLS 1.2) or 13 (TLS 1.3); 0 means 12 */
    int compress; /* COMPRESS=DEFLATE: -1 auto, 0 off, 1 on */
    int connect_timeout_ms; /* for connecting, and again for the greeting; 0: 30 s */
    int timeout_ms;         /* without any octet in either direction; four times that without an answer; 0: 5 min */
    mig_secret_fn *secret;
    void *secret_context;
    mig_secret_fn *proxy_secret; /* password of the user in `proxy`; NULL: none is sent */
    void *proxy_secret_context;
    mig_dial_fn *dial; /* instead of any network: mail in files (migrate/store.h); NULL: connect */
    void *dial_context;
} mig_endpoint;

#define MIG_ENDPOINT_INIT                                                                                              \
    {                                                                                                                  \
        NULL, NULL, 0, MIG_TLS_IMPLICIT, false, MIG_AUTH_AUTO, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 0, -1, 0, 0,  \
            NULL, NULL, NULL, NULL, NULL, NULL                                                                         \
    }

/*
 * Parse `imaps://user%40old.example@host[:993]` or `imap://user@host[:143]` (RFC 5092 section 3, without a path) into
 * user, host, port and tls of `endpoint`; other members stay as they are. The user name is percent-decoded; an IPv6
 * address stands in brackets. Errors: MIG_E_USAGE for anything else, also for a password in the URL (the text does
 * not repeat it), a NUL or control character, or a missing user.
 */
int mig_endpoint_parse_url(mig_endpoint *endpoint, const char *url, mig_error *err);

/*
 * "user@host" for messages, "user@host:port" when the port is not the scheme's own, "maildir:/path" and the like for
 * mail in files. Returns out.
 */
char *mig_endpoint_label(const mig_endpoint *endpoint, char *out, size_t size);

/* Release the strings and set everything back to MIG_ENDPOINT_INIT. */
void mig_endpoint_clear(mig_endpoint *endpoint);

#ifdef __cplusplus
}
#endif
#endif
