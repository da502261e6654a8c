/* net/login_private.h - the parts of a sign-in: what comes back from the browser, and the file that is kept */
#ifndef MIG_NET_LOGIN_PRIVATE_H
#define MIG_NET_LOGIN_PRIVATE_H

#include "net/oauth2_private.h"
#include <migrate/login.h>

/* ---- the redirection (login_answer.c): pure ---- */

#define MIG__LOGIN_CODE_MAX 4096

typedef struct mig__login_answer { /* "": not there */
    char code[MIG__LOGIN_CODE_MAX];
    char state[128];
    char issuer[512];
    char error[64], description[256]; /* made inert */
} mig__login_answer;

/*
 * Read the query of a redirection: of "/?code=...", of a whole URL, or the query alone. False: it is none, a parameter
 * is there twice, too long, or not well-formed.
 */
bool mig__login_parse(const char *text, size_t length, mig__login_answer *out);

/* True when the state is the one that was sent: else it is not an answer to our question. Takes the same time. */
bool mig__login_is_ours(const mig__login_answer *answer, const char *state);

/* 0 when there is a code from the right issuer; else -1 with MIG_E_AUTH. */
int mig__login_judge(const mig__login_answer *answer, const char *issuer, bool required, mig_error *err);

/* 43 characters of base64url from 32 random octets (RFC 7636 section 4.1). MIG_E_IO. */
int mig__login_random(char out[44], mig_error *err);

/* S256 of a verifier (RFC 7636 section 4.2). */
int mig__login_challenge(const char *verifier, char out[44], mig_error *err);

/* ---- waiting for it (login_listen.c) ---- */

typedef struct mig__listener {
    int fds[2]; /* IPv4 and IPv6 loopback; -1: none */
    uint16_t port;
} mig__listener;

/* On a free port of 127.0.0.1 and, where it can be had as well, of ::1. MIG_E_IO. */
int mig__listener_open(mig__listener *listener, mig_error *err);
void mig__listener_close(mig__listener *listener);

/*
 * Wait for the answer with that state, by HTTP or as a line from `paste`; whatever else comes is turned away. 0, or -1
 * with MIG_E_TIMEOUT, MIG_E_INTERRUPTED.
 */
int mig__listener_wait(const mig__listener *listener, int paste, const char *state, int64_t until, const mig_stop *stop,
                       mig__login_answer *out, mig_error *err);

/* ---- the file (login_file.c) ---- */

typedef struct mig__login_file {
    mig_login_info info;
    char scope[1024], secret_file[1024]; /* "": none */
    mig__oauth2_token token;
} mig__login_file;

/* 0; 1: it is there and not such a file; -1 with MIG_E_SECRET: it is one that cannot be used. Wipe it afterwards. */
int mig__login_file_read(const char *path, mig__login_file *out, mig_error *err);
int mig__login_file_write(const char *path, const mig__login_file *file, mig_error *err);

/* Its tokens alone, and their replacement; the lock is held. `ends` is wall clock. 0, or -1. */
int mig__login_file_tokens(const char *path, mig__oauth2_token *out, int64_t *ends, mig_error *err);
int mig__login_file_update(const char *path, const mig__oauth2_token *token, int64_t ends, mig_error *err);

/* One process at a time refreshes what is in the file. The descriptor, to be closed; -1 with MIG_E_IO, MIG_E_TIMEOUT,
 * MIG_E_INTERRUPTED. */
int mig__login_file_lock(const char *path, const mig_stop *stop, mig_error *err);

struct mig_login {
    mig__login_file file;
};

#endif
