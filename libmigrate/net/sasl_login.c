/*
 * net/sasl_login.c - one login: how often a secret leaves, what a refusal means, and what a server has to prove
 */
#include "base/memory.h"
#include "net/sasl_private.h"
#include <stdio.h>
#include <string.h>

static bool is_token(mig__sasl_mechanism mechanism)
{
    return mechanism == MIG__SASL_XOAUTH2 || mechanism == MIG__SASL_OAUTHBEARER;
}

static bool plain_offered(const mig__sasl_offer *offer)
{
    return offer->offers(offer->context, "PLAIN") || offer->offers(offer->context, "LOGIN") || offer->login_command;
}

static int hint_at(const mig__sasl *ex, const mig_error *told, mig_error *err)
{
    bool token = is_token(ex->mechanism);
    if (mig__sasl_is_plus(ex->mechanism) && told->code != MIG_E_NOPERM) {
        return mig_error_hint(err, "check user name and password; if they are right, the server's channel binding may "
                                   "not know TLS 1.3: auth plain does without");
    }
    if (told->hint[0] != '\0' && told->code != MIG_E_NO && !token) {
        return mig_error_hint(err, "%s", told->hint);
    }
    if (mig__sasl_is_scram(ex->mechanism) && ex->endpoint->auth == MIG_AUTH_AUTO && plain_offered(ex->offer)) {
        /* not tried by ourselves: a wrong password is sent once, before the account is locked */
        return mig_error_hint(err,
                              "check user name and password; if they are right, the server may be unable to do %s for "
                              "this user: try --source-auth plain or --target-auth plain",
                              mig__sasl_name(ex->mechanism));
    }
    return token ? mig_error_hint(err, "check the token's user, scope and tenant, and that the mailbox allows %s",
                                  ex->protocol->name)
                 : mig_error_hint(err, "check user name and password; many providers want an app password or OAuth 2 "
                                       "instead");
}

/* A NO to a login means the login, unless the server has a better reason. */
static int refused(const mig__sasl *ex, const mig_error *told, mig_error *err)
{
    if (told->code == MIG_E_NO || told->code == MIG_E_BAD || told->code == MIG_E_AUTH || told->code == MIG_E_NOPERM) {
        mig_error_set(err, MIG_E_AUTH, "the server refuses the login of %s (%s)", ex->endpoint->user,
                      mig__sasl_name(ex->mechanism));
        hint_at(ex, told, err);
    } else if (err != NULL) {
        *err = *told;
        mig_error_context(err, "login");
    }
    if (ex->challenge[0] != '\0') {
        char words[2 * MIG_ERROR_SERVER];
        snprintf(words, sizeof words, "%s %s", told->server, ex->challenge);
        return mig_error_server(err, words, strlen(words));
    }
    return mig_error_server(err, told->server, strlen(told->server));
}

static int attempt(mig__sasl *ex, mig_error *err)
{
    mig_error told = MIG_ERROR_INIT;
    ex->step = 0;
    ex->challenge[0] = '\0';
    int status = ex->protocol->attempt(ex, ex->protocol->context, &told, err);
    if (status > 0) {
        return refused(ex, &told, err);
    }
    if (status == 0 && mig__sasl_is_scram(ex->mechanism) && !ex->proven) {
        mig_error_set(err, MIG_E_AUTH, "the server accepts the login without showing that it knows the password");
        return mig_error_hint(err, "somebody may be pretending to be the server: check host name and certificate");
    }
    return status;
}

/* A token may have run out; a fresh one, when there is one, is worth a second attempt. A password never is. */
static int attempt_token(mig__sasl *ex, mig_error *err)
{
    mig_error refusal = MIG_ERROR_INIT;
    int status = mig__sasl_fetch(ex, err) != 0 ? -1 : attempt(ex, &refusal);
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
    if (mig__sasl_fetch(ex, err) != 0) {
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

int mig__sasl_login(const mig_endpoint *endpoint, mig__stream *stream, const mig__sasl_offer *offer,
                    mig__sasl_mechanism mechanism, const mig__sasl_protocol *protocol, mig_error *err)
{
    mig__sasl ex = {.endpoint = endpoint, .offer = offer, .protocol = protocol, .mechanism = mechanism};
    int status = -1;
    if (mig__stream_channel_binding(stream, &ex.binding_type, ex.binding, &ex.binding_length, err) != 0) {
        return -1;
    }
    ex.secret = mig__locked_new(MIG__SASL_SECRET);
    ex.previous = mig__locked_new(MIG__SASL_SECRET);
    if (ex.secret == NULL || ex.previous == NULL) {
        mig_error_set(err, MIG_E_NOMEM, "out of memory");
    } else {
        status = is_token(mechanism) ? attempt_token(&ex, err) : attempt(&ex, err);
    }
    mig__sasl_stop(&ex);
    mig__locked_free(ex.secret, MIG__SASL_SECRET);
    mig__locked_free(ex.previous, MIG__SASL_SECRET);
    return status;
}
