/*
 * imap/auth_choose.c - which mechanism to log in with
 */
#include "imap/auth.h"
#include <string.h>

static const struct {
    const char *name; /* as in AUTH=... */
    bool authzid;     /* carries an authorization identity */
} mechanisms[] = {
    [MIG__MECHANISM_LOGIN_COMMAND] = {"LOGIN", false},
    [MIG__MECHANISM_LOGIN] = {"LOGIN", false},
    [MIG__MECHANISM_PLAIN] = {"PLAIN", true},
    [MIG__MECHANISM_CRAM_MD5] = {"CRAM-MD5", false},
    [MIG__MECHANISM_SCRAM_SHA_1] = {"SCRAM-SHA-1", true},
    [MIG__MECHANISM_SCRAM_SHA_256] = {"SCRAM-SHA-256", true},
    [MIG__MECHANISM_SCRAM_SHA_1_PLUS] = {"SCRAM-SHA-1-PLUS", true},
    [MIG__MECHANISM_SCRAM_SHA_256_PLUS] = {"SCRAM-SHA-256-PLUS", true},
    [MIG__MECHANISM_XOAUTH2] = {"XOAUTH2", true},
    [MIG__MECHANISM_OAUTHBEARER] = {"OAUTHBEARER", true},
    [MIG__MECHANISM_EXTERNAL] = {"EXTERNAL", true},
};

const char *mig__mechanism_name(mig__mechanism mechanism)
{
    return mechanisms[mechanism].name;
}

static bool offered(const mig__session *session, mig__mechanism mechanism)
{
    if (mechanism == MIG__MECHANISM_LOGIN_COMMAND) {
        return !mig__session_can(session, MIG__CAP_LOGINDISABLED);
    }
    return mig__session_auth_offered(session, mechanisms[mechanism].name);
}

/* Everything that the server says about logging in, for the error. */
static int none_fits(const mig__session *session, const char *asked, mig_error *err)
{
    mig__buffer words = MIG__BUFFER_INIT;
    mig__buffer shown = MIG__BUFFER_INIT;
    mig__session_capabilities(session, &words);
    char *rest = words.data;
    for (char *word = rest != NULL ? strtok_r(rest, " ", &rest) : NULL; word != NULL;
         word = strtok_r(NULL, " ", &rest)) {
        if (strncmp(word, "AUTH=", 5) == 0 || strcmp(word, "LOGINDISABLED") == 0) {
            mig__buffer_add_text(&shown, shown.length > 0 ? ", " : "");
            mig__buffer_add_text(&shown, strncmp(word, "AUTH=", 5) == 0 ? word + 5 : word);
        }
    }
    mig_error_set(err, MIG_E_AUTH, "the server does not offer %s", asked);
    mig_error_server(err, shown.data != NULL ? shown.data : "", shown.length);
    if (mig__session_auth_offered(session, "XOAUTH2") || mig__session_auth_offered(session, "OAUTHBEARER")) {
        mig_error_hint(err, "with an OAuth 2 access token: auth xoauth2 or oauthbearer");
    } else {
        mig_error_hint(err, "choose another way to log in, or auto");
    }
    mig__buffer_free(&shown);
    mig__buffer_free(&words);
    return -1;
}

static int choose_auto(const mig__session *session, const mig_endpoint *endpoint, bool confidential, bool bound,
                       mig__mechanism *out, mig_error *err)
{
    bool acts_as = endpoint->authzid != NULL;
    bool plain_waits = !mig__session_can(session, MIG__CAP_SASL_IR);
    const struct {
        mig__mechanism mechanism;
        bool fits;
    } order[] = {
        {MIG__MECHANISM_EXTERNAL, endpoint->client_cert != NULL && endpoint->secret == NULL},
        {MIG__MECHANISM_SCRAM_SHA_256_PLUS, bound},
        {MIG__MECHANISM_SCRAM_SHA_1_PLUS, bound},
        {MIG__MECHANISM_SCRAM_SHA_256, true},
        {MIG__MECHANISM_SCRAM_SHA_1, true},
        {MIG__MECHANISM_CRAM_MD5, !confidential && !acts_as},
        {MIG__MECHANISM_LOGIN_COMMAND, plain_waits && !acts_as},
        {MIG__MECHANISM_PLAIN, true},
        {MIG__MECHANISM_LOGIN_COMMAND, !acts_as},
        {MIG__MECHANISM_LOGIN, !acts_as},
        {MIG__MECHANISM_CRAM_MD5, !acts_as},
    };
    for (size_t i = 0; i < sizeof order / sizeof order[0]; i++) {
        if (order[i].fits && offered(session, order[i].mechanism)) {
            *out = order[i].mechanism;
            return 0;
        }
    }
    return none_fits(
        session, acts_as ? "a way to log in with an authorization identity" : "a way to log in with a password", err);
}

static mig__mechanism bound_if_offered(const mig__session *session, bool bound, mig__mechanism plus,
                                       mig__mechanism without)
{
    return bound && offered(session, plus) ? plus : without;
}

static mig__mechanism asked_for(const mig__session *session, mig_auth auth, bool bound)
{
    switch (auth) {
    case MIG_AUTH_LOGIN:
        return mig__session_can(session, MIG__CAP_LOGINDISABLED) ? MIG__MECHANISM_LOGIN : MIG__MECHANISM_LOGIN_COMMAND;
    case MIG_AUTH_CRAM_MD5:
        return MIG__MECHANISM_CRAM_MD5;
    case MIG_AUTH_SCRAM_SHA_1:
        return bound_if_offered(session, bound, MIG__MECHANISM_SCRAM_SHA_1_PLUS, MIG__MECHANISM_SCRAM_SHA_1);
    case MIG_AUTH_SCRAM_SHA_256:
        return bound_if_offered(session, bound, MIG__MECHANISM_SCRAM_SHA_256_PLUS, MIG__MECHANISM_SCRAM_SHA_256);
    case MIG_AUTH_TOKEN: /* the one that Google and Microsoft document first */
        return mig__session_auth_offered(session, "XOAUTH2") || !mig__session_auth_offered(session, "OAUTHBEARER")
                   ? MIG__MECHANISM_XOAUTH2
                   : MIG__MECHANISM_OAUTHBEARER;
    case MIG_AUTH_XOAUTH2:
        return MIG__MECHANISM_XOAUTH2;
    case MIG_AUTH_OAUTHBEARER:
        return MIG__MECHANISM_OAUTHBEARER;
    case MIG_AUTH_EXTERNAL:
        return MIG__MECHANISM_EXTERNAL;
    default:
        return MIG__MECHANISM_PLAIN;
    }
}

int mig__auth_choose(const mig__session *session, const mig_endpoint *endpoint, bool confidential, bool bound,
                     mig__mechanism *out, mig_error *err)
{
    if (endpoint->auth == MIG_AUTH_AUTO) {
        return choose_auto(session, endpoint, confidential, bound, out, err);
    }
    *out = asked_for(session, endpoint->auth, bound);
    if (endpoint->authzid != NULL && !mechanisms[*out].authzid) {
        mig_error_set(err, MIG_E_USAGE, "%s cannot log in as one user and act as another", mechanisms[*out].name);
        if (err != NULL) {
            err->scope = MIG_SCOPE_ACCOUNT;
        }
        return mig_error_hint(err, "use auth plain, or leave the authorization identity out");
    }
    return offered(session, *out) ? 0 : none_fits(session, mechanisms[*out].name, err);
}
