/*
 * net/sasl.c - the answers of each mechanism (sasl.h has the RFCs); the only home of libgsasl, for those with a
 * challenge
 *
 * A secret lives from the moment the protocol needs it to the moment its line was given to the stream, and is then
 * overwritten; buffers that hold one are made large enough at once, so that no copy stays behind when they grow.
 */
#include "net/sasl_private.h"
#include "base/memory.h"
#include "net/scram.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int protocol_error(mig_error *err, const char *mechanism)
{
    return mig_error_set(err, MIG_E_PROTOCOL, "the server does not keep to %s", mechanism);
}

int mig__sasl_fetch(mig__sasl *ex, mig_error *err)
{
    const mig_endpoint *endpoint = ex->endpoint;
    if (endpoint->secret == NULL) {
        mig_error_set(err, MIG_E_SECRET, "no password for %s", endpoint->user);
        return mig_error_hint(err, "give a password file, a command, or a terminal to ask on");
    }
    mig_error error = MIG_ERROR_INIT;
    if (endpoint->secret(ex->secret, MIG__SASL_SECRET, ex->fresh, endpoint->secret_context, &error) != 0 ||
        ex->secret[0] == '\0') {
        explicit_bzero(ex->secret, MIG__SASL_SECRET);
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

static void drop_secret(mig__sasl *ex)
{
    explicit_bzero(ex->secret, MIG__SASL_SECRET);
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
static int answer_plain(mig__sasl *ex, mig__buffer *out, mig_error *err)
{
    if (mig__sasl_fetch(ex, err) != 0) {
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
static int answer_login(mig__sasl *ex, mig__buffer *out, mig_error *err)
{
    mig__buffer plain = MIG__BUFFER_INIT;
    if (ex->step == 0) {
        mig__buffer_add_text(&plain, ex->endpoint->user);
        return encode(&plain, out, err);
    }
    if (mig__sasl_fetch(ex, err) != 0) {
        return -1;
    }
    mig__buffer_reserve(&plain, strlen(ex->secret));
    mig__buffer_add_text(&plain, ex->secret);
    drop_secret(ex);
    return encode(&plain, out, err);
}

/* What the server says when it refuses a token: JSON in base64. */
static void keep_refusal(mig__sasl *ex, const char *challenge)
{
    char *text = NULL;
    size_t length = 0;
    if (gsasl_base64_from(challenge, strlen(challenge), &text, &length) == GSASL_OK) {
        mig__inert(text, length, ex->challenge, sizeof ex->challenge);
        gsasl_free(text);
    }
}

/* The account that a token opens. */
static const char *token_user(const mig__sasl *ex)
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

static int answer_token(mig__sasl *ex, const char *challenge, mig__buffer *out, mig_error *err)
{
    mig__buffer plain = MIG__BUFFER_INIT;
    if (ex->step > 0) {
        /* The refusal is acknowledged: by ^A (RFC 7628 section 3.2.3), or by nothing (XOAUTH2). */
        keep_refusal(ex, challenge);
        if (ex->mechanism == MIG__SASL_OAUTHBEARER) {
            mig__buffer_add_char(&plain, '\x01');
        }
        return encode(&plain, out, err);
    }
    if (ex->secret[0] == '\0' && mig__sasl_fetch(ex, err) != 0) {
        return -1;
    }
    mig__buffer_reserve(&plain, 3 * strlen(token_user(ex)) + strlen(ex->endpoint->host) + strlen(ex->secret) + 128);
    if (ex->mechanism == MIG__SASL_OAUTHBEARER) {
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

static int answer_external(mig__sasl *ex, mig__buffer *out, mig_error *err)
{
    mig__buffer plain = MIG__BUFFER_INIT;
    mig__buffer_add_text(&plain, ex->endpoint->authzid != NULL ? ex->endpoint->authzid : "");
    return encode(&plain, out, err);
}

bool mig__sasl_is_plus(mig__sasl_mechanism mechanism)
{
    return mechanism == MIG__SASL_SCRAM_SHA_1_PLUS || mechanism == MIG__SASL_SCRAM_SHA_256_PLUS;
}

bool mig__sasl_is_scram(mig__sasl_mechanism mechanism)
{
    return mechanism == MIG__SASL_SCRAM_SHA_1 || mechanism == MIG__SASL_SCRAM_SHA_256 || mig__sasl_is_plus(mechanism);
}

/*
 * For -PLUS alone. RFC 5802 section 6 wants "y" in a first message without it, by which a server notices that somebody
 * took -PLUS out of what it announces; libgsasl 2.2.0 fails instead when it is given a binding there.
 */
static int give_binding(mig__sasl *ex, mig_error *err)
{
    if (!mig__sasl_is_plus(ex->mechanism)) {
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

static int start_sasl(mig__sasl *ex, mig_error *err)
{
    if (gsasl_init(&ex->gsasl) != GSASL_OK) {
        return mig_error_set(err, MIG_E_NOMEM, "out of memory");
    }
    int status = gsasl_client_start(ex->gsasl, mig__sasl_name(ex->mechanism), &ex->sasl);
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
void mig__sasl_stop(mig__sasl *ex)
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

static int give_plain_password(mig__sasl *ex, mig_error *err)
{
    if (mig__sasl_fetch(ex, err) != 0) {
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
static int give_salted_password(mig__sasl *ex, const char *challenge, mig_error *err)
{
    const char *hash =
        ex->mechanism == MIG__SASL_SCRAM_SHA_1 || ex->mechanism == MIG__SASL_SCRAM_SHA_1_PLUS ? "SHA-1" : "SHA-256";
    char salted[2 * MIG__SCRAM_HASH + 1] = "";
    mig__scram_offer offer;
    char *prepared = NULL;
    if (read_offer(challenge, &offer, err) != 0) {
        mig_error_context(err, "%s with this server does not work", mig__sasl_name(ex->mechanism));
        return err == NULL || err->hint[0] != '\0' ? -1 : mig_error_hint(err, "auth plain may do instead");
    }
    if (mig__sasl_fetch(ex, err) != 0) {
        return -1;
    }
    int status = gsasl_saslprep(ex->secret, GSASL_ALLOW_UNASSIGNED, &prepared, NULL);
    drop_secret(ex);
    if (status != GSASL_OK) {
        mig_error_set(err, MIG_E_AUTH, "the password cannot be used with SCRAM: %s", gsasl_strerror(status));
        return mig_error_hint(err, "auth plain may do instead");
    }
    int failed = mig__scram_salted(hash, prepared, &offer, ex->protocol->stop, salted, err);
    explicit_bzero(prepared, strlen(prepared));
    gsasl_free(prepared);
    if (failed == 0 && gsasl_property_set(ex->sasl, GSASL_SCRAM_SALTED_PASSWORD, salted) != GSASL_OK) {
        failed = mig_error_set(err, MIG_E_NOMEM, "out of memory");
    }
    explicit_bzero(salted, sizeof salted);
    return failed;
}

/* SCRAM's first message needs no password; CRAM-MD5's only one does. */
static int give_password(mig__sasl *ex, const char *challenge, mig_error *err)
{
    if (ex->mechanism == MIG__SASL_CRAM_MD5) {
        return ex->step == 0 ? give_plain_password(ex, err) : 0;
    }
    return ex->step == 1 ? give_salted_password(ex, challenge, err) : 0;
}

static int answer_sasl(mig__sasl *ex, const char *challenge, mig__buffer *out, mig_error *err)
{
    const char *name = mig__sasl_name(ex->mechanism);
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

int mig__sasl_answer(mig__sasl *ex, const char *challenge, mig__buffer *out, mig_error *err)
{
    static const unsigned most[] = {
        [MIG__SASL_LOGIN] = 2,
        [MIG__SASL_PLAIN] = 1,
        [MIG__SASL_CRAM_MD5] = 1,
        [MIG__SASL_SCRAM_SHA_1] = 3,
        [MIG__SASL_SCRAM_SHA_256] = 3,
        [MIG__SASL_XOAUTH2] = 2,
        [MIG__SASL_OAUTHBEARER] = 2,
        [MIG__SASL_EXTERNAL] = 1,
        [MIG__SASL_SCRAM_SHA_1_PLUS] = 3,
        [MIG__SASL_SCRAM_SHA_256_PLUS] = 3,
    };
    if (ex->step >= most[ex->mechanism]) {
        return protocol_error(err, mig__sasl_name(ex->mechanism));
    }
    int status = -1;
    switch (ex->mechanism) {
    case MIG__SASL_PLAIN:
        status = answer_plain(ex, out, err);
        break;
    case MIG__SASL_LOGIN:
        status = answer_login(ex, out, err);
        break;
    case MIG__SASL_XOAUTH2:
    case MIG__SASL_OAUTHBEARER:
        status = answer_token(ex, challenge, out, err);
        break;
    case MIG__SASL_EXTERNAL:
        status = answer_external(ex, out, err);
        break;
    default:
        status = answer_sasl(ex, challenge, out, err);
        break;
    }
    ex->step++;
    return status;
}

mig__sasl_mechanism mig__sasl_mechanism_of(const mig__sasl *sasl)
{
    return sasl->mechanism;
}

const char *mig__sasl_password(mig__sasl *sasl, mig_error *err)
{
    return mig__sasl_fetch(sasl, err) == 0 ? sasl->secret : NULL;
}

void mig__sasl_drop(mig__sasl *sasl)
{
    drop_secret(sasl);
}
