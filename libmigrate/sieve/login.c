/*
 * sieve/login.c - AUTHENTICATE (RFC 5804 section 2.1): how ManageSieve carries what net/sasl.c says
 */
#include "net/sasl.h"
#include "sieve/session_private.h"
#include <string.h>
#include <strings.h>

/* The server's list is words parted by blanks, in any case. */
static bool offers(const void *context, const char *mechanism)
{
    const mig__sieve_session *session = context;
    const char *at = session->capability.sasl;
    const size_t length = strlen(mechanism);
    while (at != NULL && *at != '\0') {
        const size_t word = strcspn(at, " ");
        if (word == length && strncasecmp(at, mechanism, length) == 0) {
            return true;
        }
        at += word + strspn(at + word, " ");
    }
    return false;
}

static int answer_challenge(mig__sieve_session *session, mig__sasl *sasl, const char *challenge, mig_error *err)
{
    mig__buffer answer = MIG__BUFFER_INIT;
    mig__sieve_command command = {.line = MIG__BUFFER_INIT};
    int status = mig__sasl_answer(sasl, challenge, &answer, err);
    if (status == 0) {
        mig__sieve_add_string(&command, answer.data != NULL ? answer.data : "", answer.length);
        status = mig__sieve_send(session, &command, err);
    } else { /* RFC 5804 section 2.1: "*" gives up */
        mig_error dropped = MIG_ERROR_INIT;
        mig__sieve_add_string(&command, "*", 1);
        if (mig__sieve_send(session, &command, &dropped) == 0) {
            mig__stream_flush(session->stream, &dropped);
        }
        mig__sieve_fail(session, err);
    }
    mig__buffer_wipe(&answer);
    return status;
}

/* OK may carry what a mechanism's last challenge would have. */
static int last_word(mig__sasl *sasl, const mig__sieve_answer *answer, mig_error *err)
{
    if (!mig__sieve_code_is(answer, "SASL") || !mig__sieve_is_string(answer, 3)) {
        return 0;
    }
    mig__buffer rest = MIG__BUFFER_INIT;
    int status = mig__sasl_answer(sasl, mig__sieve_text(answer, 3), &rest, err);
    mig__buffer_wipe(&rest);
    return status;
}

static int attempt(mig__sasl *sasl, void *context, mig_error *told, mig_error *err)
{
    mig__sieve_session *session = context;
    const mig__sasl_mechanism mechanism = mig__sasl_mechanism_of(sasl);
    const char *name = mig__sasl_name(mechanism);
    mig__buffer first = MIG__BUFFER_INIT;
    mig__sieve_command command;
    mig__sieve_log(session, MIG_LOG_DEBUG, "ManageSieve: login with %s", name);
    if (mig__sasl_speaks_first(mechanism) && mig__sasl_answer(sasl, "", &first, err) != 0) {
        return -1;
    }
    mig__sieve_begin(&command, "AUTHENTICATE");
    mig__sieve_add_string(&command, name, strlen(name));
    if (mig__sasl_speaks_first(mechanism)) {
        mig__sieve_add_string(&command, first.data != NULL ? first.data : "", first.length);
    }
    mig__buffer_wipe(&first);
    int status = mig__sieve_send(session, &command, err);
    while (status == 0) {
        const mig__sieve_answer *answer = mig__sieve_receive(session, err);
        if (answer == NULL) {
            return -1;
        }
        switch (mig__sieve_condition_of(answer)) {
        case MIG__SIEVE_OK:
            return last_word(sasl, answer, err);
        case MIG__SIEVE_NO:
            mig__sieve_refused(answer, "login", told);
            return 1;
        default:
            if (answer->count != 1 || !mig__sieve_is_string(answer, 0)) {
                mig_error_set(err, MIG_E_PROTOCOL, "the server does not keep to %s", name);
                return mig__sieve_fail(session, err);
            }
            status = answer_challenge(session, sasl, mig__sieve_text(answer, 0), err);
        }
    }
    return -1;
}

int mig__sieve_login(mig__sieve_session *session, mig_error *err)
{
    const mig_endpoint *endpoint = session->options.endpoint;
    const char *binding = NULL;
    unsigned char octets[64];
    size_t length = 0;
    mig__sasl_mechanism mechanism;
    if (!mig__sasl_may_log_in(session->stream, endpoint, session->vouched, err)) {
        return mig_error_hint(err, "ManageSieve is secured by STARTTLS; tls none is for this machine alone");
    }
    if (mig__stream_channel_binding(session->stream, &binding, octets, &length, err) != 0) {
        return -1;
    }
    const mig__sasl_offer offer = {.offers = offers,
                                   .context = session,
                                   .initial_response = true,
                                   .confidential = mig__stream_is_tls(session->stream) || endpoint->tunnel != NULL,
                                   .bound = binding != NULL,
                                   .words = session->capability.sasl != NULL ? session->capability.sasl : ""};
    const mig__sasl_protocol protocol = {
        .name = "ManageSieve", .attempt = attempt, .context = session, .stop = session->options.stop};
    return mig__sasl_choose(&offer, endpoint, &mechanism, err) != 0
               ? -1
               : mig__sasl_login(endpoint, session->stream, &offer, mechanism, &protocol, err);
}
