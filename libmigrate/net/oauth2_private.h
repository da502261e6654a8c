/* net/oauth2_private.h - what the parts of OAuth 2 share: requests, answers, assertions, the cache file */
#ifndef MIG_NET_OAUTH2_PRIVATE_H
#define MIG_NET_OAUTH2_PRIVATE_H

#include "base/buffer.h"
#include "base/sha256.h"
#include <migrate/oauth2.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <stdint.h>

#define MIG__OAUTH2_ANSWER_MAX (64 * 1024)
#define MIG__OAUTH2_FILE_MAX   (64 * 1024)
#define MIG__OAUTH2_CODE_MAX   64
#define MIG__OAUTH2_SECRET_MAX 1024
#define MIG__OAUTH2_BODY_MAX                                                                                           \
    (160 * 1024) /* a form at its longest, which must not move while it grows                                          \
                  */

/* ---- assertions (oauth2_jwt.c): RFC 7515, RFC 7518 sections 3.3 and 3.5 ---- */

typedef enum mig__jwt_algorithm { MIG__JWT_RS256, MIG__JWT_PS256 } mig__jwt_algorithm;

/* Base64url without padding (RFC 7515 section 2), appended. */
void mig__base64url(const void *data, size_t length, mig__buffer *out);

/* header "." claims "." signature, each in base64url, appended. `header` and `claims` are JSON texts. */
int mig__jwt_sign(EVP_PKEY *key, mig__jwt_algorithm algorithm, const char *header, const char *claims, mig__buffer *out,
                  mig_error *err);

/* An RSA private key in PEM form, not encrypted. NULL: MIG_E_SECRET; `what` names the file. */
EVP_PKEY *mig__jwt_key(const char *pem, size_t length, const char *what, mig_error *err);

/* "x5t#S256" of the first certificate of a PEM text, which has to belong to `key`. 0, or -1 with MIG_E_SECRET. */
int mig__jwt_thumbprint(const char *pem, size_t length, const EVP_PKEY *key, const char *what, mig__buffer *out,
                        mig_error *err);

typedef struct mig__oauth2_key { /* who signs assertions */
    EVP_PKEY *key;               /* NULL: nobody */
    char *id;                    /* Google: "kid"; Microsoft: "x5t#S256" */
    char *email;                 /* Google: the service account; NULL: none */
    char *token_url;             /* Google: where the key says that tokens are; NULL: none */
} mig__oauth2_key;

/* Google's JSON key file. MIG_E_SECRET; `what` names it. */
int mig__oauth2_parse_google(const char *data, size_t length, const char *what, mig__oauth2_key *out, mig_error *err);
void mig__oauth2_key_clear(mig__oauth2_key *key);

/*
 * The assertions themselves. `now` is wall clock. Google's is a grant (RFC 7523 section 2.1) that acts for `user`;
 * Microsoft's stands for the client's secret (section 2.2).
 */
int mig__oauth2_google_assertion(const mig__oauth2_key *key, const char *user, const char *scope, const char *url,
                                 int64_t now, mig__buffer *out, mig_error *err);
int mig__oauth2_client_assertion(const mig__oauth2_key *key, const char *client_id, const char *url, int64_t now,
                                 mig__buffer *out, mig_error *err);

/* ---- answers (oauth2_answer.c) ---- */

typedef struct mig__oauth2_token {
    char access[MIG_OAUTH2_TOKEN_MAX];
    char refresh[MIG_OAUTH2_TOKEN_MAX]; /* "": none */
    int64_t lifetime;                   /* seconds; 0: not told */
} mig__oauth2_token;

typedef struct mig__oauth2_device {
    char device_code[2048];
    char user_code[64]; /* this and the next made inert */
    char url[512];
    int64_t lifetime; /* seconds */
    int64_t interval;
} mig__oauth2_device;

/* RFC 6749 section 5.1, RFC 8628 section 3.2. `out` is filled on success alone. MIG_E_PROTOCOL, MIG_E_SECRET. */
int mig__oauth2_parse_token(const char *data, size_t length, mig__oauth2_token *out, mig_error *err);
int mig__oauth2_parse_device(const char *data, size_t length, mig__oauth2_device *out, mig_error *err);

/*
 * What an answer with an HTTP status other than 200 means (RFC 6749 section 5.2). `code` gets the endpoint's error
 * code,
 * "" when there is none. Returns -1 with MIG_E_AUTH, MIG_E_UNAVAILABLE or MIG_E_SECRET.
 */
int mig__oauth2_refusal(int status, const char *data, size_t length, const char *host, char code[MIG__OAUTH2_CODE_MAX],
                        mig_error *err);

/* What usually causes a refusal; NULL: not known (oauth2_hint.c). */
const char *mig__oauth2_hint(const char *code, const char *words);

/* ---- requests (oauth2_http.c) ---- */

typedef struct mig__oauth2_http {
    char *ca_file;
    char *proxy;
    mig_secret_fn *proxy_secret;
    void *proxy_secret_context;
    int timeout_ms;
    const mig_stop *stop;
} mig__oauth2_http;

typedef struct mig__oauth2_answer {
    int status;
    char *data; /* MIG__OAUTH2_ANSWER_MAX octets; may hold secrets */
    size_t length;
    int64_t retry_after_ms; /* 0: not told */
} mig__oauth2_answer;

/* https:// and a host, without user and password. */
bool mig__oauth2_url_valid(const char *url);
/* The host of a valid URL, for messages. */
char *mig__oauth2_host(const char *url, char *out, size_t size);

/* name=value, percent-encoded (application/x-www-form-urlencoded), with "&" in front unless it is the first. */
void mig__oauth2_field(mig__buffer *body, const char *name, const char *value);

/* POST a form. 0 with the answer, whatever its status; it is to be cleared in any case. */
int mig__oauth2_post(const mig__oauth2_http *http, const char *url, const mig__buffer *body, mig__oauth2_answer *answer,
                     mig_error *err);
void mig__oauth2_answer_clear(mig__oauth2_answer *answer); /* overwrites */

/* ---- files (oauth2_file.c) ---- */

/* The whole of a file of secrets, to be wiped. MIG_E_SECRET. */
int mig__oauth2_read(const char *path, const char *what, mig__buffer *out, mig_error *err);
/* Its first line into `out`. */
int mig__oauth2_read_line(const char *path, const char *what, char *out, size_t size, mig_error *err);

/* Put this in the place of a file, of mode 0600: a kill leaves the old one or the new one. MIG_E_IO, MIG_E_DISK_FULL.
 */
int mig__oauth2_replace(const char *path, const char *data, size_t length, mig_error *err);

/*
 * The cache: one account's tokens, named by `identity`, with the moment the access token ends (wall clock). A file that
 * is missing, of another account, not ours or open to others counts as none: 1.
 */
int mig__oauth2_cache_read(const char *path, const char *identity, mig__oauth2_token *out, int64_t *ends);
int mig__oauth2_cache_write(const char *path, const char *identity, const mig__oauth2_token *token, int64_t ends,
                            mig_error *err);

/* ---- the object (oauth2_new.c makes it, oauth2.c uses it) ---- */

struct mig_oauth2 {
    pthread_mutex_t lock;
    mig_oauth2_grant grant;
    char *user, *client_id, *scope, *token_url, *device_url, *cache_file; /* NULL where the grant has none */
    char *login_file; /* of `mailmigrate login`: tokens come from it and go back to it; NULL: none */
    mig__oauth2_http http;
    mig__oauth2_key key;
    bool ask_anew;
    void (*show)(const mig_oauth2_code *code, void *context);
    void *show_context;
    char identity[MIG__HEX_SIZE]; /* of account and application, for the cache */
    char host[256];               /* of the token endpoint, for messages */

    /* under `lock` */
    mig__oauth2_token token;             /* access "": none yet */
    char given[MIG_OAUTH2_TOKEN_MAX];    /* the refresh token from the file */
    char secret[MIG__OAUTH2_SECRET_MAX]; /* the client's; "": none */
    int64_t got_ms, renew_ms, ends_ms;   /* monotonic */
    bool cache_tried;
};

#endif
