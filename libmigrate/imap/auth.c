/*
 * imap/auth.c - logging in by LOGIN or AUTHENTICATE: how IMAP carries what net/sasl.c says
 */
#include "imap/auth.h"
#include "imap/session_private.h"
#include "net/sasl.h"
#include <string.h>

/* AUTHENTICATE with its challenges, up to the tagged answer. 0 with `result` filled, or -1. */
static int authenticate(mig__session *session, mig__sasl *sasl, mig__command_result *result, mig_error *err)
{
    const mig__sasl_mechanism mechanism = mig__sasl_mechanism_of(sasl);
    mig__buffer line = MIG__BUFFER_INIT;
    int status = -1;
    mig__command *command = mig__command_begin(session, "AUTHENTICATE", NULL, NULL, err);
    if (command == NULL) {
        return -1;
    }
    mig__command_raw(command, mig__sasl_name(mechanism));
    if (mig__session_can(session, MIG__CAP_SASL_IR) && mig__sasl_speaks_first(mechanism)) {
        if (mig__sasl_answer(sasl, "", &line, err) != 0) {
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
        if (mig__sasl_answer(sasl, command->challenge.data != NULL ? command->challenge.data : "", &line, err) != 0 ||
            mig__command_respond(command, line.data != NULL ? line.data : "", err) != 0) {
            goto cleanup;
        }
    }
    status = mig__command_wait(session, command, result, err);
cleanup:
    mig__buffer_wipe(&line);
    return status;
}

static int login_command(mig__session *session, mig__sasl *sasl, mig__command_result *result, mig_error *err)
{
    const char *password = mig__sasl_password(sasl, err);
    if (password == NULL) {
        return -1;
    }
    mig__command *command = mig__command_begin(session, "LOGIN", NULL, NULL, err);
    if (command == NULL) {
        mig__sasl_drop(sasl);
        return -1;
    }
    mig__command_astring(command, session->endpoint->user);
    mig__command_secret(command, password);
    mig__sasl_drop(sasl);
    return mig__command_end(command, err) != 0 ? -1 : mig__command_wait(session, command, result, err);
}

static int attempt(mig__sasl *sasl, void *context, mig_error *told, mig_error *err)
{
    mig__session *session = context;
    const mig__sasl_mechanism mechanism = mig__sasl_mechanism_of(sasl);
    mig__command_result result = {.condition = MIG__OK};
    mig__session_log(session, MIG_LOG_DEBUG, "login with %s", mig__sasl_name(mechanism));
    int status = mechanism == MIG__SASL_LOGIN_COMMAND ? login_command(session, sasl, &result, err)
                                                      : authenticate(session, sasl, &result, err);
    if (status == 0 && result.condition != MIG__OK) {
        *told = result.error;
        status = 1;
    }
    if (status >= 0) {
        mig__command_result_clear(&result);
    }
    return status;
}

/* Everything that the server says about logging in, for the error. */
static void shown_words(const mig__session *session, mig__buffer *shown)
{
    mig__buffer words = MIG__BUFFER_INIT;
    mig__session_capabilities(session, &words);
    char *rest = words.data;
    for (char *word = rest != NULL ? strtok_r(rest, " ", &rest) : NULL; word != NULL;
         word = strtok_r(NULL, " ", &rest)) {
        if (strncmp(word, "AUTH=", 5) == 0 || strcmp(word, "LOGINDISABLED") == 0) {
            mig__buffer_add_text(shown, shown->length > 0 ? ", " : "");
            mig__buffer_add_text(shown, strncmp(word, "AUTH=", 5) == 0 ? word + 5 : word);
        }
    }
    mig__buffer_free(&words);
}

static bool offers(const void *context, const char *mechanism)
{
    return mig__session_auth_offered(context, mechanism);
}

int mig__auth_login(mig__session *session, mig_error *err)
{
    if (!mig__sasl_may_log_in(session->stream, session->endpoint, session->vouched, err)) {
        return -1;
    }
    const char *binding = NULL;
    unsigned char octets[64];
    size_t length = 0;
    mig__sasl_mechanism mechanism;
    mig__buffer shown = MIG__BUFFER_INIT;
    if (mig__stream_channel_binding(session->stream, &binding, octets, &length, err) != 0) {
        return -1;
    }
    shown_words(session, &shown);
    const mig__sasl_offer offer = {.offers = offers,
                                   .context = session,
                                   .login_command = !mig__session_can(session, MIG__CAP_LOGINDISABLED),
                                   .initial_response = mig__session_can(session, MIG__CAP_SASL_IR),
                                   .confidential =
                                       mig__stream_is_tls(session->stream) || session->endpoint->tunnel != NULL,
                                   .bound = binding != NULL,
                                   .words = shown.data != NULL ? shown.data : ""};
    const mig__sasl_protocol protocol = {.name = "IMAP", .attempt = attempt, .context = session, .stop = session->stop};
    int status = mig__sasl_choose(&offer, session->endpoint, &mechanism, err);
    if (status == 0) {
        status = mig__sasl_login(session->endpoint, session->stream, &offer, mechanism, &protocol, err);
    }
    mig__buffer_free(&shown);
    return status;
}
