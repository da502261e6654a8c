/*
 * imap/auth.c - logging in (auth.h has the RFCs); the only home of libgsasl, for the mechanisms with a challenge
 *
 * A secret lives from the moment the protocol needs it to the moment its line was given to the stream, and is then
 * overwritten; buffers that hold one are made large enough at once, so that no copy stays behind when they grow.
 */
#include "imap/auth.h"
#include "base/memory.h"
#include "imap/session_private.h"
#include "net/scram.h"
#include <gsasl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SECRET_SIZE 16384 /* access tokens of some providers have several thousand octets */

typedef struct exchange {
    mig__session *session;
    const mig_endpoint *endpoint;
    mig__mechanism mechanism;
    unsigned step;            /* answers given so far */
    bool fresh;               /* ask for a new token */
    char *secret;             /* SECRET_SIZE octets; "" while none is held */
    char *previous;           /* the token that was refused, to tell whether the fresh one differs */
    const char *binding_type; /* of the channel binding; NULL: none */
    unsigned char binding[64];
    size_t binding_length;
    Gsasl *gsasl;
    Gsasl_session *sasl;
    bool proven;                      /* the server has shown that it knows the password (SCRAM) */
    char challenge[MIG_ERROR_SERVER]; /* what the server says about a refused token (RFC 7628 section 3.2.2) */
} exchange;

static int protocol_error(mig_error *err, const char *mechanism)
{
    return mig_error_set(err, MIG_E_PROTOCOL, "the server does not keep to %s", mechanism);
}

static int fetch_secret(exchange *ex, mig_error *err)
{
    const mig_endpoint *endpoint = ex->endpoint;
    if (endpoint->secret == NULL) {
        mig_error_set(err, MIG_E_SECRET, "no password for %s", endpoint->user);
        return mig_error_hint(err, "give a password file, a command, or a terminal to ask on");
    }
    mig_error error = MIG_ERROR_INIT;
    if (endpoint->secret(ex->secret, SECRET_SIZE, ex->fresh, endpoint->secret_context, &error) != 0 ||
        ex->secret[0] == '\0') {
        explicit_bzero(ex->secret, SECRET_SIZE);
        if (error.code == MIG_OK) {
            mig_error_set(&error, MIG_E_SECRET, "the password for %s is empty", endpoint->user);
        }
        if (err != NULL) {
            *err = error;
        }
        return -1;
    }
    mig__locked_hold(ex->secret, strlen(ex->secret) + 1);
    return 0;
}

static void drop_secret(exchange *ex)
{
    explicit_bzero(ex->secret, SECRET_SIZE);
}

/* Base64 of `plain`, which is wiped. */
static int encode(mig__buffer *plain, mig__buffer *out, mig_error *err)
{
    char *text = NULL;
    size_t length = 0;
    int status = mig__buffer_ok(plain, err);
    if (status == 0 && plain->length > 0 && gsasl_base64_to(plain->data, plain->length, &text, &length) != GSASL_OK) {
        status = mig_error_set(err, MIG_E_NOMEM, "out of memory");
    }
    if (text != NULL) {
        mig__buffer_reserve(out, length);
        mig__buffer_add(out, text, length);
        explicit_bzero(text, length);
        gsasl_free(text);
    }
    mig__buffer_wipe(plain);
    return status == 0 ? mig__buffer_ok(out, err) : -1;
}

/* RFC 4616: authorization identity, NUL, user, NUL, password. */
static int answer_plain(exchange *ex, mig__buffer *out, mig_error *err)
{
    if (fetch_secret(ex, err) != 0) {
        return -1;
    }
    mig__buffer plain = MIG__BUFFER_INIT;
    const char *acts_as = ex->endpoint->authzid != NULL ? ex->endpoint->authzid : "";
    mig__buffer_reserve(&plain, strlen(acts_as) + strlen(ex->endpoint->user) + strlen(ex->secret) + 2);
    mig__buffer_add_text(&plain, acts_as);
    mig__buffer_add_char(&plain, '\0');
    mig__buffer_add_text(&plain, ex->endpoint->user);
    mig__buffer_add_char(&plain, '\0');
    mig__buffer_add_text(&plain, ex->secret);
    drop_secret(ex);
    return encode(&plain, out, err);
}

/* The user's name, then the password, each after a prompt whose words mean nothing. */
static int answer_login(exchange *ex, mig__buffer *out, mig_error *err)
{
    mig__buffer plain = MIG__BUFFER_INIT;
    if (ex->step == 0) {
        mig__buffer_add_text(&plain, ex->endpoint->user);
        return encode(&plain, out, err);
    }
    if (fetch_secret(ex, err) != 0) {
        return -1;
    }
    mig__buffer_reserve(&plain, strlen(ex->secret));
    mig__buffer_add_text(&plain, ex->secret);
    drop_secret(ex);
    return encode(&plain, out, err);
}

/* What the server says when it refuses a token: JSON in base64. */
static void keep_refusal(exchange *ex, const char *challenge)
{
    char *text = NULL;
    size_t length = 0;
    if (gsasl_base64_from(challenge, strlen(challenge), &text, &length) == GSASL_OK) {
        mig__inert(text, length, ex->challenge, sizeof ex->challenge);
        gsasl_free(text);
    }
}

/* The account that a token opens. */
static const char *token_user(const exchange *ex)
{
    return ex->endpoint->authzid != NULL ? ex->endpoint->authzid : ex->endpoint->user;
}

/* RFC 5801 section 4 "saslname": commas and equals signs are escaped. */
static void add_saslname(mig__buffer *out, const char *name)
{
    for (const char *c = name; *c != '\0'; c++) {
        if (*c == ',' || *c == '=') {
            mig__buffer_add_text(out, *c == ',' ? "=2C" : "=3D");
        } else {
            mig__buffer_add_char(out, *c);
        }
    }
}

static int answer_token(exchange *ex, const char *challenge, mig__buffer *out, mig_error *err)
{
    mig__buffer plain = MIG__BUFFER_INIT;
    if (ex->step > 0) {
        /* The refusal is acknowledged: by ^A (RFC 7628 section 3.2.3), or by nothing (XOAUTH2). */
        keep_refusal(ex, challenge);
        if (ex->mechanism == MIG__MECHANISM_OAUTHBEARER) {
            mig__buffer_add_char(&plain, '\x01');
        }
        return encode(&plain, out, err);
    }
    if (ex->secret[0] == '\0' && fetch_secret(ex, err) != 0) {
        return -1;
    }
    mig__buffer_reserve(&plain, 3 * strlen(token_user(ex)) + strlen(ex->endpoint->host) + strlen(ex->secret) + 128);
    if (ex->mechanism == MIG__MECHANISM_OAUTHBEARER) {
        mig__buffer_add_text(&plain, "n,a=");
        add_saslname(&plain, token_user(ex));
        mig__buffer_addf(&plain,
                         ",\x01host=%s\x01port=%u\x01"
                         "auth=Bearer ",
                         ex->endpoint->host, ex->endpoint->port);
    } else {
        mig__buffer_addf(&plain,
                         "user=%s\x01"
                         "auth=Bearer ",
                         token_user(ex));
    }
    mig__buffer_add_text(&plain, ex->secret);
    mig__buffer_add_text(&plain, "\x01\x01");
    return encode(&plain, out, err);
}

static int answer_external(exchange *ex, mig__buffer *out, mig_error *err)
{
    mig__buffer plain = MIG__BUFFER_INIT;
    mig__buffer_add_text(&plain, ex->endpoint->authzid != NULL ? ex->endpoint->authzid : "");
    return encode(&plain, out, err);
}

static bool is_plus(mig__mechanism mechanism)
{
    return mechanism == MIG__MECHANISM_SCRAM_SHA_1_PLUS || mechanism == MIG__MECHANISM_SCRAM_SHA_256_PLUS;
}

static bool is_scram(mig__mechanism mechanism)
{
    return mechanism == MIG__MECHANISM_SCRAM_SHA_1 || mechanism == MIG__MECHANISM_SCRAM_SHA_256 || is_plus(mechanism);
}

/*
 * For -PLUS alone. RFC 5802 section 6 wants "y" in a first message without it, by which a server notices that somebody
 * took -PLUS out of what it announces; libgsasl 2.2.0 fails instead when it is given a binding there.
 */
static int give_binding(exchange *ex, mig_error *err)
{
    if (!is_plus(ex->mechanism)) {
        return 0;
    }
    char *text = NULL;
    int status = gsasl_base64_to((const char *)ex->binding, ex->binding_length, &text, NULL);
    if (status == GSASL_OK) {
        status = gsasl_property_set(ex->sasl, GSASL_CB_TLS_EXPORTER, text);
    }
    gsasl_free(text);
    return status == GSASL_OK ? 0 : mig_error_set(err, MIG_E_NOMEM, "out of memory");
}

static int start_sasl(exchange *ex, mig_error *err)
{
    if (gsasl_init(&ex->gsasl) != GSASL_OK) {
        return mig_error_set(err, MIG_E_NOMEM, "out of memory");
    }
    int status = gsasl_client_start(ex->gsasl, mig__mechanism_name(ex->mechanism), &ex->sasl);
    if (status != GSASL_OK) {
        return mig_error_set(err, MIG_E_INTERNAL, "libgsasl: %s", gsasl_strerror(status));
    }
    if (gsasl_property_set(ex->sasl, GSASL_AUTHID, ex->endpoint->user) != GSASL_OK ||
        (ex->endpoint->authzid != NULL &&
         gsasl_property_set(ex->sasl, GSASL_AUTHZID, ex->endpoint->authzid) != GSASL_OK)) {
        return mig_error_set(err, MIG_E_NOMEM, "out of memory");
    }
    return give_binding(ex, err);
}

/* libgsasl keeps its own copy of the password: overwrite it before it goes back to the heap. */
static void stop_sasl(exchange *ex)
{
    static const Gsasl_property secrets[] = {GSASL_PASSWORD, GSASL_SCRAM_SALTED_PASSWORD};
    for (size_t i = 0; ex->sasl != NULL && i < sizeof secrets / sizeof secrets[0]; i++) {
        char *copy = (char *)(uintptr_t)gsasl_property_fast(ex->sasl, secrets[i]);
        if (copy != NULL) {
            explicit_bzero(copy, strlen(copy));
        }
    }
    if (ex->sasl != NULL) {
        gsasl_finish(ex->sasl);
    }
    if (ex->gsasl != NULL) {
        gsasl_done(ex->gsasl);
    }
    ex->sasl = NULL;
    ex->gsasl = NULL;
}

static int give_plain_password(exchange *ex, mig_error *err)
{
    if (fetch_secret(ex, err) != 0) {
        return -1;
    }
    int status = gsasl_property_set(ex->sasl, GSASL_PASSWORD, ex->secret);
    drop_secret(ex);
    return status == GSASL_OK ? 0 : mig_error_set(err, MIG_E_NOMEM, "out of memory");
}

static int read_offer(const char *challenge, mig__scram_offer *offer, mig_error *err)
{
    char *text = NULL;
    size_t length = 0;
    if (gsasl_base64_from(challenge, strlen(challenge), &text, &length) != GSASL_OK) {
        return mig_error_set(err, MIG_E_PROTOCOL, "the server's first message is not base64");
    }
    int status = mig__scram_read(text, length, offer, err);
    gsasl_free(text);
    return status;
}

/*
 * libgsasl is given the result of the iterations, never the password: so it can not begin to count to what the server
 * says. The number is looked at before the password is asked for.
 */
static int give_salted_password(exchange *ex, const char *challenge, mig_error *err)
{
    const char *hash = ex->mechanism == MIG__MECHANISM_SCRAM_SHA_1 || ex->mechanism == MIG__MECHANISM_SCRAM_SHA_1_PLUS
                           ? "SHA-1"
                           : "SHA-256";
    char salted[2 * MIG__SCRAM_HASH + 1] = "";
    mig__scram_offer offer;
    char *prepared = NULL;
    if (read_offer(challenge, &offer, err) != 0) {
        mig_error_context(err, "%s with this server does not work", mig__mechanism_name(ex->mechanism));
        return err == NULL || err->hint[0] != '\0' ? -1 : mig_error_hint(err, "auth plain may do instead");
    }
    if (fetch_secret(ex, err) != 0) {
        return -1;
    }
    int status = gsasl_saslprep(ex->secret, GSASL_ALLOW_UNASSIGNED, &prepared, NULL);
    drop_secret(ex);
    if (status != GSASL_OK) {
        mig_error_set(err, MIG_E_AUTH, "the password cannot be used with SCRAM: %s", gsasl_strerror(status));
        return mig_error_hint(err, "auth plain may do instead");
    }
    int failed = mig__scram_salted(hash, prepared, &offer, ex->session->stop, salted, err);
    explicit_bzero(prepared, strlen(prepared));
    gsasl_free(prepared);
    if (failed == 0 && gsasl_property_set(ex->sasl, GSASL_SCRAM_SALTED_PASSWORD, salted) != GSASL_OK) {
        failed = mig_error_set(err, MIG_E_NOMEM, "out of memory");
    }
    explicit_bzero(salted, sizeof salted);
    return failed;
}

/* SCRAM's first message needs no password; CRAM-MD5's only one does. */
static int give_password(exchange *ex, const char *challenge, mig_error *err)
{
    if (ex->mechanism == MIG__MECHANISM_CRAM_MD5) {
        return ex->step == 0 ? give_plain_password(ex, err) : 0;
    }
    return ex->step == 1 ? give_salted_password(ex, challenge, err) : 0;
}

static int answer_sasl(exchange *ex, const char *challenge, mig__buffer *out, mig_error *err)
{
    const char *name = mig__mechanism_name(ex->mechanism);
    if ((ex->sasl == NULL && start_sasl(ex, err) != 0) || give_password(ex, challenge, err) != 0) {
        return -1;
    }
    char *answer = NULL;
    int status = gsasl_step64(ex->sasl, challenge, &answer);
    if (status != GSASL_OK && status != GSASL_NEEDS_MORE) {
        gsasl_free(answer);
        if (ex->step > 1) {
            mig_error_set(err, MIG_E_AUTH, "the server does not know the password itself (%s)", gsasl_strerror(status));
            return mig_error_hint(err, "somebody may be pretending to be the server: check host name and certificate");
        }
        mig_error_set(err, MIG_E_PROTOCOL, "%s with this server does not work: %s", name, gsasl_strerror(status));
        return mig_error_hint(err, "auth plain may do instead");
    }
    ex->proven = status == GSASL_OK;
    if (answer != NULL) {
        mig__buffer_reserve(out, strlen(answer));
        mig__buffer_add_text(out, answer);
        explicit_bzero(answer, strlen(answer));
        gsasl_free(answer);
    }
    return mig__buffer_ok(out, err);
}

/* The answer (base64) to a challenge (base64; "" for the initial response). */
static int answer_challenge(exchange *ex, const char *challenge, mig__buffer *out, mig_error *err)
{
    static const unsigned most[] = {
        [MIG__MECHANISM_LOGIN] = 2,
        [MIG__MECHANISM_PLAIN] = 1,
        [MIG__MECHANISM_CRAM_MD5] = 1,
        [MIG__MECHANISM_SCRAM_SHA_1] = 3,
        [MIG__MECHANISM_SCRAM_SHA_256] = 3,
        [MIG__MECHANISM_XOAUTH2] = 2,
        [MIG__MECHANISM_OAUTHBEARER] = 2,
        [MIG__MECHANISM_EXTERNAL] = 1,
        [MIG__MECHANISM_SCRAM_SHA_1_PLUS] = 3,
        [MIG__MECHANISM_SCRAM_SHA_256_PLUS] = 3,
    };
    if (ex->step >= most[ex->mechanism]) {
        return protocol_error(err, mig__mechanism_name(ex->mechanism));
    }
    int status = -1;
    switch (ex->mechanism) {
    case MIG__MECHANISM_PLAIN:
        status = answer_plain(ex, out, err);
        break;
    case MIG__MECHANISM_LOGIN:
        status = answer_login(ex, out, err);
        break;
    case MIG__MECHANISM_XOAUTH2:
    case MIG__MECHANISM_OAUTHBEARER:
        status = answer_token(ex, challenge, out, err);
        break;
    case MIG__MECHANISM_EXTERNAL:
        status = answer_external(ex, out, err);
        break;
    default:
        status = answer_sasl(ex, challenge, out, err);
        break;
    }
    ex->step++;
    return status;
}

static bool speaks_first(mig__mechanism mechanism)
{
    return mechanism != MIG__MECHANISM_LOGIN && mechanism != MIG__MECHANISM_CRAM_MD5;
}

/* AUTHENTICATE with its challenges, up to the tagged answer. 0 with `result` filled, or -1. */
static int authenticate(exchange *ex, mig__command_result *result, mig_error *err)
{
    mig__session *session = ex->session;
    mig__buffer line = MIG__BUFFER_INIT;
    int status = -1;
    mig__command *command = mig__command_begin(session, "AUTHENTICATE", NULL, NULL, err);
    if (command == NULL) {
        return -1;
    }
    mig__command_raw(command, mig__mechanism_name(ex->mechanism));
    if (mig__session_can(session, MIG__CAP_SASL_IR) && speaks_first(ex->mechanism)) {
        if (answer_challenge(ex, "", &line, err) != 0) {
            goto cleanup;
        }
        /* RFC 4959 section 3: "=" is an empty initial response. */
        mig__command_secret_raw(command, line.length > 0 ? line.data : "=");
    }
    if (mig__command_end(command, err) != 0) {
        goto cleanup;
    }
    for (;;) {
        int answered = mig__command_challenge(command, err);
        if (answered < 0) {
            goto cleanup;
        }
        if (answered > 0) {
            break;
        }
        mig__buffer_wipe(&line);
        if (answer_challenge(ex, command->challenge.data != NULL ? command->challenge.data : "", &line, err) != 0 ||
            mig__command_respond(command, line.data != NULL ? line.data : "", err) != 0) {
            goto cleanup;
        }
    }
    status = mig__command_wait(session, command, result, err);
cleanup:
    mig__buffer_wipe(&line);
    return status;
}

static int login_command(exchange *ex, mig__command_result *result, mig_error *err)
{
    if (fetch_secret(ex, err) != 0) {
        return -1;
    }
    mig__command *command = mig__command_begin(ex->session, "LOGIN", NULL, NULL, err);
    if (command == NULL) {
        drop_secret(ex);
        return -1;
    }
    mig__command_astring(command, ex->endpoint->user);
    mig__command_secret(command, ex->secret);
    drop_secret(ex);
    return mig__command_end(command, err) != 0 ? -1 : mig__command_wait(ex->session, command, result, err);
}

static bool plain_offered(const mig__session *session)
{
    return mig__session_auth_offered(session, "PLAIN") || mig__session_auth_offered(session, "LOGIN") ||
           !mig__session_can(session, MIG__CAP_LOGINDISABLED);
}

/* A NO to a login means the login, unless the server has a better reason. */
static int refused(const exchange *ex, const mig__command_result *result, mig_error *err)
{
    mig_error told = result->error;
    if (told.code == MIG_E_NO || told.code == MIG_E_BAD || told.code == MIG_E_AUTH || told.code == MIG_E_NOPERM) {
        bool token = ex->mechanism == MIG__MECHANISM_XOAUTH2 || ex->mechanism == MIG__MECHANISM_OAUTHBEARER;
        mig_error_set(err, MIG_E_AUTH, "the server refuses the login of %s (%s)", ex->endpoint->user,
                      mig__mechanism_name(ex->mechanism));
        if (is_plus(ex->mechanism) && told.code != MIG_E_NOPERM) {
            mig_error_hint(err, "check user name and password; if they are right, the server's channel binding may not "
                                "know TLS 1.3: auth plain does without");
        } else if (told.hint[0] != '\0' && told.code != MIG_E_NO && !token) {
            mig_error_hint(err, "%s", told.hint);
        } else if (is_scram(ex->mechanism) && ex->endpoint->auth == MIG_AUTH_AUTO && plain_offered(ex->session)) {
            /* not tried by ourselves: a wrong password is sent once, before the account is locked */
            mig_error_hint(err,
                           "check user name and password; if they are right, the server may be unable to do %s for "
                           "this user: try --source-auth plain or --target-auth plain",
                           mig__mechanism_name(ex->mechanism));
        } else {
            mig_error_hint(err, "%s",
                           token ? "check the token's user, scope and tenant, and that the mailbox allows IMAP"
                                 : "check user name and password; many providers want an app password or "
                                   "OAuth 2 instead");
        }
    } else if (err != NULL) {
        *err = told;
        mig_error_context(err, "login");
    }
    if (ex->challenge[0] != '\0') {
        char words[2 * MIG_ERROR_SERVER];
        snprintf(words, sizeof words, "%s %s", told.server, ex->challenge);
        return mig_error_server(err, words, strlen(words));
    }
    return mig_error_server(err, told.server, strlen(told.server));
}

static int attempt(exchange *ex, mig_error *err)
{
    mig__command_result result = {.condition = MIG__OK};
    ex->step = 0;
    ex->challenge[0] = '\0';
    mig__session_log(ex->session, MIG_LOG_DEBUG, "login with %s", mig__mechanism_name(ex->mechanism));
    int status = ex->mechanism == MIG__MECHANISM_LOGIN_COMMAND ? login_command(ex, &result, err)
                                                               : authenticate(ex, &result, err);
    if (status != 0) {
        return -1;
    }
    if (result.condition != MIG__OK) {
        status = refused(ex, &result, err);
    } else if (is_scram(ex->mechanism) && !ex->proven) {
        mig_error_set(err, MIG_E_AUTH, "the server accepts the login without showing that it knows the password");
        status = mig_error_hint(err, "somebody may be pretending to be the server: check host name and certificate");
    }
    mig__command_result_clear(&result);
    return status;
}

/* A token may have run out; a fresh one, when there is one, is worth a second attempt. A password never is. */
static int attempt_token(exchange *ex, mig_error *err)
{
    mig_error refusal = MIG_ERROR_INIT;
    int status = fetch_secret(ex, err) != 0 ? -1 : attempt(ex, &refusal);
    if (status == 0 || ex->secret[0] == '\0') {
        return status;
    }
    if (err != NULL) {
        *err = refusal;
    }
    if (refusal.code != MIG_E_AUTH) {
        return -1;
    }
    char *used = ex->secret;
    ex->secret = ex->previous;
    ex->previous = used;
    ex->fresh = true;
    if (fetch_secret(ex, err) != 0) {
        return -1;
    }
    if (strcmp(ex->secret, ex->previous) == 0) {
        if (err != NULL) {
            *err = refusal;
        }
        return -1;
    }
    return attempt(ex, err);
}

static bool on_this_machine(const char *host)
{
    return strcmp(host, "localhost") == 0 || strcmp(host, "::1") == 0 ||
           (strncmp(host, "127.", 4) == 0 && strspn(host, "0123456789.") == strlen(host));
}

/* Whether a login may travel on this connection at all. */
static bool may_log_in(const mig__session *session)
{
    const mig_endpoint *endpoint = session->endpoint;
    if (mig__stream_is_tls(session->stream) || endpoint->tunnel != NULL) {
        return true;
    }
    return endpoint->tls == MIG_TLS_NONE &&
           (session->vouched || endpoint->allow_cleartext || on_this_machine(endpoint->host));
}

int mig__auth_login(mig__session *session, mig_error *err)
{
    if (!may_log_in(session)) {
        mig_error_set(err, MIG_E_CLEARTEXT, "refused to log in over a connection that is not encrypted");
        return mig_error_hint(err, "use imaps://, or imap:// with STARTTLS");
    }
    exchange ex = {.session = session, .endpoint = session->endpoint};
    bool confidential = mig__stream_is_tls(session->stream) || session->endpoint->tunnel != NULL;
    if (mig__stream_channel_binding(session->stream, &ex.binding_type, ex.binding, &ex.binding_length, err) != 0 ||
        mig__auth_choose(session, session->endpoint, confidential, ex.binding_type != NULL, &ex.mechanism, err) != 0) {
        return -1;
    }
    int status = -1;
    ex.secret = mig__locked_new(SECRET_SIZE);
    ex.previous = mig__locked_new(SECRET_SIZE);
    if (ex.secret == NULL || ex.previous == NULL) {
        mig_error_set(err, MIG_E_NOMEM, "out of memory");
        goto cleanup;
    }
    bool token = ex.mechanism == MIG__MECHANISM_XOAUTH2 || ex.mechanism == MIG__MECHANISM_OAUTHBEARER;
    status = token ? attempt_token(&ex, err) : attempt(&ex, err);
cleanup:
    stop_sasl(&ex);
    mig__locked_free(ex.secret, SECRET_SIZE);
    mig__locked_free(ex.previous, SECRET_SIZE);
    return status;
}
