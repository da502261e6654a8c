/*
 * net/sasl_choose.c - which mechanism to log in with, and whether at all
 */
#include "net/sasl.h"
#include <string.h>

static const struct {
    const char *name; /* as in AUTH=... */
    bool authzid;     /* carries an authorization identity */
} mechanisms[] = {
    [MIG__SASL_LOGIN_COMMAND] = {"LOGIN", false},
    [MIG__SASL_LOGIN] = {"LOGIN", false},
    [MIG__SASL_PLAIN] = {"PLAIN", true},
    [MIG__SASL_CRAM_MD5] = {"CRAM-MD5", false},
    [MIG__SASL_SCRAM_SHA_1] = {"SCRAM-SHA-1", true},
    [MIG__SASL_SCRAM_SHA_256] = {"SCRAM-SHA-256", true},
    [MIG__SASL_SCRAM_SHA_1_PLUS] = {"SCRAM-SHA-1-PLUS", true},
    [MIG__SASL_SCRAM_SHA_256_PLUS] = {"SCRAM-SHA-256-PLUS", true},
    [MIG__SASL_XOAUTH2] = {"XOAUTH2", true},
    [MIG__SASL_OAUTHBEARER] = {"OAUTHBEARER", true},
    [MIG__SASL_EXTERNAL] = {"EXTERNAL", true},
};

const char *mig__sasl_name(mig__sasl_mechanism mechanism)
{
    return mechanisms[mechanism].name;
}

static bool offered(const mig__sasl_offer *offer, mig__sasl_mechanism mechanism)
{
    return mechanism == MIG__SASL_LOGIN_COMMAND ? offer->login_command
                                                : offer->offers(offer->context, mechanisms[mechanism].name);
}

static int none_fits(const mig__sasl_offer *offer, const char *asked, mig_error *err)
{
    mig_error_set(err, MIG_E_AUTH, "the server does not offer %s", asked);
    mig_error_server(err, offer->words, strlen(offer->words));
    if (offered(offer, MIG__SASL_XOAUTH2) || offered(offer, MIG__SASL_OAUTHBEARER)) {
        return mig_error_hint(err, "with an OAuth 2 access token: auth xoauth2 or oauthbearer");
    }
    return mig_error_hint(err, "choose another way to log in, or auto");
}

static int choose_auto(const mig__sasl_offer *offer, const mig_endpoint *endpoint, mig__sasl_mechanism *out,
                       mig_error *err)
{
    bool acts_as = endpoint->authzid != NULL;
    bool plain_waits = !offer->initial_response;
    const struct {
        mig__sasl_mechanism mechanism;
        bool fits;
    } order[] = {
        {MIG__SASL_EXTERNAL, endpoint->client_cert != NULL && endpoint->secret == NULL},
        {MIG__SASL_SCRAM_SHA_256_PLUS, offer->bound},
        {MIG__SASL_SCRAM_SHA_1_PLUS, offer->bound},
        {MIG__SASL_SCRAM_SHA_256, true},
        {MIG__SASL_SCRAM_SHA_1, true},
        {MIG__SASL_CRAM_MD5, !offer->confidential && !acts_as},
        {MIG__SASL_LOGIN_COMMAND, plain_waits && !acts_as},
        {MIG__SASL_PLAIN, true},
        {MIG__SASL_LOGIN_COMMAND, !acts_as},
        {MIG__SASL_LOGIN, !acts_as},
        {MIG__SASL_CRAM_MD5, !acts_as},
    };
    for (size_t i = 0; i < sizeof order / sizeof order[0]; i++) {
        if (order[i].fits && offered(offer, order[i].mechanism)) {
            *out = order[i].mechanism;
            return 0;
        }
    }
    return none_fits(
        offer, acts_as ? "a way to log in with an authorization identity" : "a way to log in with a password", err);
}

static mig__sasl_mechanism bound_if_offered(const mig__sasl_offer *offer, mig__sasl_mechanism plus,
                                            mig__sasl_mechanism without)
{
    return offer->bound && offered(offer, plus) ? plus : without;
}

static mig__sasl_mechanism asked_for(const mig__sasl_offer *offer, mig_auth auth)
{
    switch (auth) {
    case MIG_AUTH_LOGIN:
        return offer->login_command ? MIG__SASL_LOGIN_COMMAND : MIG__SASL_LOGIN;
    case MIG_AUTH_CRAM_MD5:
        return MIG__SASL_CRAM_MD5;
    case MIG_AUTH_SCRAM_SHA_1:
        return bound_if_offered(offer, MIG__SASL_SCRAM_SHA_1_PLUS, MIG__SASL_SCRAM_SHA_1);
    case MIG_AUTH_SCRAM_SHA_256:
        return bound_if_offered(offer, MIG__SASL_SCRAM_SHA_256_PLUS, MIG__SASL_SCRAM_SHA_256);
    case MIG_AUTH_TOKEN: /* the one that Google and Microsoft document first */
        return offered(offer, MIG__SASL_XOAUTH2) || !offered(offer, MIG__SASL_OAUTHBEARER) ? MIG__SASL_XOAUTH2
                                                                                           : MIG__SASL_OAUTHBEARER;
    case MIG_AUTH_XOAUTH2:
        return MIG__SASL_XOAUTH2;
    case MIG_AUTH_OAUTHBEARER:
        return MIG__SASL_OAUTHBEARER;
    case MIG_AUTH_EXTERNAL:
        return MIG__SASL_EXTERNAL;
    default:
        return MIG__SASL_PLAIN;
    }
}

int mig__sasl_choose(const mig__sasl_offer *offer, const mig_endpoint *endpoint, mig__sasl_mechanism *out,
                     mig_error *err)
{
    if (endpoint->auth == MIG_AUTH_AUTO) {
        return choose_auto(offer, endpoint, out, err);
    }
    *out = asked_for(offer, endpoint->auth);
    if (endpoint->authzid != NULL && !mechanisms[*out].authzid) {
        mig_error_set(err, MIG_E_USAGE, "%s cannot log in as one user and act as another", mechanisms[*out].name);
        if (err != NULL) {
            err->scope = MIG_SCOPE_ACCOUNT;
        }
        return mig_error_hint(err, "use auth plain, or leave the authorization identity out");
    }
    return offered(offer, *out) ? 0 : none_fits(offer, mechanisms[*out].name, err);
}

static bool on_this_machine(const char *host)
{
    return strcmp(host, "localhost") == 0 || strcmp(host, "::1") == 0 ||
           (strncmp(host, "127.", 4) == 0 && strspn(host, "0123456789.") == strlen(host));
}

bool mig__sasl_may_log_in(const mig__stream *stream, const mig_endpoint *endpoint, bool vouched, mig_error *err)
{
    if (mig__stream_is_tls(stream) || endpoint->tunnel != NULL ||
        (endpoint->tls == MIG_TLS_NONE && (vouched || endpoint->allow_cleartext || on_this_machine(endpoint->host)))) {
        return true;
    }
    mig_error_set(err, MIG_E_CLEARTEXT, "refused to log in over a connection that is not encrypted");
    mig_error_hint(err, "use imaps://, or imap:// with STARTTLS");
    return false;
}

bool mig__sasl_speaks_first(mig__sasl_mechanism mechanism)
{
    return mechanism != MIG__SASL_LOGIN && mechanism != MIG__SASL_CRAM_MD5;
}
