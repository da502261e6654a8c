/*
 * sieve/session.c - from a connection to a login, and what is asked and put after it (RFC 5804 section 2)
 */
#include "sieve/session_private.h"
#include "base/clock.h"
#include "base/memory.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* ---- capabilities ---- */

static void forget(mig__sieve_capability *capability)
{
    free(capability->implementation);
    free(capability->sieve);
    free(capability->sasl);
    free(capability->notify);
    free(capability->version);
    free(capability->owner);
    *capability = (mig__sieve_capability){.known = false};
}

/* The first value counts; a NUL would cut it, and is no text. */
static int keep(const mig__sieve_answer *answer, char **out, mig_error *err)
{
    const char *value = mig__sieve_text(answer, 1);
    char *copy = NULL;
    if (*out != NULL) {
        return 0;
    }
    const size_t size = strlen(value) + 1;
    copy = malloc(size);
    if (copy == NULL) {
        return mig_error_set(err, MIG_E_NOMEM, "out of memory");
    }
    mig__inert(value, size - 1, copy, size);
    *out = copy;
    return 0;
}

static int take_capability(const mig__sieve_answer *answer, void *context, mig_error *err)
{
    mig__sieve_capability *capability = context;
    const struct {
        const char *name;
        char **place;
    } known[] = {{"IMPLEMENTATION", &capability->implementation},
                 {"SIEVE", &capability->sieve},
                 {"SASL", &capability->sasl},
                 {"NOTIFY", &capability->notify},
                 {"VERSION", &capability->version},
                 {"OWNER", &capability->owner}};
    if (!mig__sieve_is_string(answer, 0)) {
        mig_error_set(err, MIG_E_PROTOCOL, "the server does not greet as a ManageSieve server does");
        return mig_error_hint(err, "check host and port");
    }
    const char *name = mig__sieve_text(answer, 0);
    capability->starttls = capability->starttls || strcasecmp(name, "STARTTLS") == 0;
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (strcasecmp(name, known[i].name) == 0) {
            return keep(answer, known[i].place, err);
        }
    }
    return 0;
}

/* The greeting, what follows TLS, and the answer to CAPABILITY have one form. */
static int learn(mig__sieve_session *session, const char *what, mig_error *err)
{
    forget(&session->capability);
    if (mig__sieve_finish(session, what, take_capability, &session->capability, err) != 0) {
        return -1;
    }
    session->capability.known = true;
    return 0;
}

static int simple(mig__sieve_session *session, const char *word, mig_error *err)
{
    mig__sieve_command command;
    mig__sieve_begin(&command, word);
    return mig__sieve_send(session, &command, err);
}

/* ---- opening ---- */

/* Nothing that arrived in plain text counts after this, and octets beyond the OK end it. */
static int start_tls(mig__sieve_session *session, mig_error *err)
{
    if (!session->capability.starttls) {
        mig_error_set(err, MIG_E_CLEARTEXT, "the server does not offer STARTTLS; nothing was sent in clear text");
        return mig_error_hint(err, "when the server is known to have STARTTLS, somebody may be in between");
    }
    if (simple(session, "STARTTLS", err) != 0) {
        return -1;
    }
    if (mig__sieve_finish(session, "STARTTLS", NULL, NULL, err) != 0) {
        if (!session->failed && err != NULL) {
            char words[MIG_ERROR_SERVER];
            snprintf(words, sizeof words, "%s", err->server);
            mig_error_set(err, MIG_E_CLEARTEXT, "the server refuses STARTTLS; nothing was sent in clear text");
            mig_error_server(err, words, strlen(words));
        }
        return -1;
    }
    if (session->from != session->to || !mig__sieve_reader_at_start(&session->reader)) {
        mig_error_set(err, MIG_E_TLS, "plain text was slipped in behind the answer to STARTTLS");
        return mig_error_hint(err, "somebody may be between us and the server");
    }
    if (mig__stream_start_tls(session->stream, err) != 0) {
        return -1;
    }
    return learn(session, "what the server can after STARTTLS", err);
}

/*
 * A command that speaks ManageSieve has logged in by itself when it offers no way to. Only a tunnel can know that.
 */
static bool is_logged_in(const mig__sieve_session *session)
{
    return session->options.endpoint->tunnel != NULL &&
           (session->capability.owner != NULL || session->capability.sasl == NULL);
}

static int open_up(mig__sieve_session *session, mig_error *err)
{
    const mig_endpoint *endpoint = session->options.endpoint;
    mig__stream_read_until(session->stream, mig__now_ms() + mig__connect_timeout(endpoint));
    if (learn(session, "the server's greeting", err) != 0) {
        return -1;
    }
    mig__stream_read_until(session->stream, 0);
    if (endpoint->tls == MIG_TLS_STARTTLS && !mig__stream_is_tls(session->stream) && start_tls(session, err) != 0) {
        return -1;
    }
    if (is_logged_in(session)) {
        return 0;
    }
    if (mig__sieve_login(session, err) != 0) {
        return -1;
    }
    /* What it can may differ for whom it knows. */
    return simple(session, "CAPABILITY", err) != 0 ? -1 : learn(session, "CAPABILITY", err);
}

static mig__sieve_session *session_open(mig__stream *stream, bool vouched, const mig__sieve_options *options,
                                        mig_error *err)
{
    char label[320];
    mig__sieve_session *session = calloc(1, sizeof *session);
    if (session == NULL) {
        mig__stream_close(&stream);
        mig_error_set(err, MIG_E_NOMEM, "out of memory");
        return NULL;
    }
    session->stream = stream;
    session->options = *options;
    session->vouched = vouched;
    mig__sieve_reader_init(&session->reader);
    if (open_up(session, err) != 0) {
        session->failed = true;
        mig__sieve_close(&session);
        mig_error_context(err, "%s, ManageSieve", mig_endpoint_label(options->endpoint, label, sizeof label));
        if (err != NULL && err->scope < MIG_SCOPE_ACCOUNT) {
            err->scope = MIG_SCOPE_ACCOUNT;
        }
        return NULL;
    }
    const char *who = session->capability.implementation;
    mig__sieve_log(session, MIG_LOG_DEBUG, "ManageSieve: logged in; the server is %s", who != NULL ? who : "unnamed");
    return session;
}

mig__sieve_session *mig__sieve_open_stream(mig__stream *stream, const mig__sieve_options *options, mig_error *err)
{
    return session_open(stream, false, options, err);
}

mig__sieve_session *mig__sieve_open(const mig__sieve_options *options, mig_error *err)
{
    char label[320];
    mig__stream *stream = mig__stream_open(options->endpoint, options->stop, err);
    if (stream == NULL) {
        mig_error_context(err, "%s, ManageSieve", mig_endpoint_label(options->endpoint, label, sizeof label));
        return NULL;
    }
    return session_open(stream, true, options, err);
}

void mig__sieve_close(mig__sieve_session **session)
{
    if (*session == NULL) {
        return;
    }
    if (!(*session)->failed) {
        mig_error ignored = MIG_ERROR_INIT;
        if (simple(*session, "LOGOUT", &ignored) == 0) {
            mig__stream_flush((*session)->stream, &ignored);
        }
    }
    mig__stream_close(&(*session)->stream);
    mig__sieve_reader_free(&(*session)->reader);
    forget(&(*session)->capability);
    free(*session);
    *session = NULL;
}

const mig__sieve_capability *mig__sieve_capabilities(const mig__sieve_session *session)
{
    return &session->capability;
}

bool mig__sieve_lost(const mig__sieve_session *session)
{
    return session->failed;
}

/* ---- scripts ---- */

void mig__sieve_listing_clear(mig__sieve_listing *listing)
{
    for (size_t i = 0; i < listing->count; i++) {
        free(listing->names[i]);
    }
    free(listing->names);
    *listing = (mig__sieve_listing)MIG__SIEVE_LISTING_INIT;
}

/* RFC 5804 section 1.6: no control characters. What is shown and asked for must be one and the same name. */
static bool is_name(const char *name, size_t length)
{
    char shown[4 * 256 + 8];
    return length > 0 && length < sizeof shown && strcmp(mig__inert(name, length, shown, sizeof shown), name) == 0 &&
           strlen(name) == length;
}

static int take_name(const mig__sieve_answer *answer, void *context, mig_error *err)
{
    mig__sieve_listing *listing = context;
    if (!mig__sieve_is_string(answer, 0) || answer->count > 2 ||
        !is_name(mig__sieve_text(answer, 0), answer->tokens[0].length)) {
        return mig_error_set(err, MIG_E_PROTOCOL, "the server's list of scripts has a name that is none");
    }
    if (listing->count == MIG__SIEVE_SCRIPTS) {
        return mig_error_set(err, MIG_E_BOUNDS, "the server lists more than %d scripts", MIG__SIEVE_SCRIPTS);
    }
    for (size_t i = 0; i < listing->count; i++) {
        if (strcmp(listing->names[i], mig__sieve_text(answer, 0)) == 0) {
            return mig_error_set(err, MIG_E_PROTOCOL, "the server lists the script \"%s\" twice", listing->names[i]);
        }
    }
    char **names = mig__grow(listing->names, listing->count, sizeof *names, err);
    if (names == NULL) {
        return -1;
    }
    listing->names = names;
    names[listing->count] = strdup(mig__sieve_text(answer, 0));
    if (names[listing->count] == NULL) {
        return mig_error_set(err, MIG_E_NOMEM, "out of memory");
    }
    if (mig__sieve_is_atom(answer, 1, "ACTIVE")) {
        if (listing->active != (size_t)-1) {
            listing->count++;
            return mig_error_set(err, MIG_E_PROTOCOL, "the server says of two scripts that they are active");
        }
        listing->active = listing->count;
    }
    listing->count++;
    return 0;
}

int mig__sieve_list(mig__sieve_session *session, mig__sieve_listing *out, mig_error *err)
{
    *out = (mig__sieve_listing)MIG__SIEVE_LISTING_INIT;
    if (simple(session, "LISTSCRIPTS", err) == 0 &&
        mig__sieve_finish(session, "listing the scripts", take_name, out, err) == 0) {
        return 0;
    }
    mig__sieve_listing_clear(out);
    return -1;
}

typedef struct script_in {
    mig__buffer *out;
    bool seen;
} script_in;

static int take_script(const mig__sieve_answer *answer, void *context, mig_error *err)
{
    script_in *in = context;
    if (in->seen || answer->count != 1 || !mig__sieve_is_string(answer, 0)) {
        return mig_error_set(err, MIG_E_PROTOCOL, "the server gives something else than one script");
    }
    in->seen = true;
    mig__buffer_add(in->out, mig__sieve_text(answer, 0), answer->tokens[0].length);
    return mig__buffer_ok(in->out, err);
}

int mig__sieve_get(mig__sieve_session *session, const char *name, mig__buffer *out, mig_error *err)
{
    char what[400];
    script_in in = {.out = out};
    mig__sieve_command command;
    snprintf(what, sizeof what, "reading the script \"%.300s\"", name);
    mig__sieve_begin(&command, "GETSCRIPT");
    mig__sieve_add_string(&command, name, strlen(name));
    if (mig__sieve_send(session, &command, err) != 0 || mig__sieve_finish(session, what, take_script, &in, err) != 0) {
        return -1;
    }
    if (!in.seen) {
        mig_error_set(err, MIG_E_PROTOCOL, "%s: the server says OK and gives none", what);
        return mig__sieve_fail(session, err);
    }
    return 0;
}

int mig__sieve_have_space(mig__sieve_session *session, const char *name, size_t size, mig_error *err)
{
    mig__sieve_command command;
    mig__sieve_begin(&command, "HAVESPACE");
    mig__sieve_add_string(&command, name, strlen(name));
    mig__sieve_add_number(&command, size);
    return mig__sieve_send(session, &command, err) != 0
               ? -1
               : mig__sieve_finish(session, "asking for room for a script", NULL, NULL, err);
}

static int warned(mig__sieve_session *session, int status, char *warning, size_t size)
{
    warning[0] = '\0';
    if (status == 0 && mig__sieve_code_is(&session->reader.answer, "WARNINGS")) {
        mig__sieve_words(&session->reader.answer, warning, size);
    }
    return status;
}

int mig__sieve_check(mig__sieve_session *session, const char *script, size_t length, char *warning, size_t size,
                     mig_error *err)
{
    mig__sieve_command command;
    mig__sieve_begin(&command, "CHECKSCRIPT");
    mig__sieve_add_string(&command, script, length);
    int status = mig__sieve_send(session, &command, err);
    status = status != 0 ? -1 : mig__sieve_finish(session, "checking a script", NULL, NULL, err);
    return warned(session, status, warning, size);
}

int mig__sieve_put(mig__sieve_session *session, const char *name, const char *script, size_t length, char *warning,
                   size_t size, mig_error *err)
{
    mig__sieve_command command;
    mig__sieve_begin(&command, "PUTSCRIPT");
    mig__sieve_add_string(&command, name, strlen(name));
    mig__sieve_add_string(&command, script, length);
    int status = mig__sieve_send(session, &command, err);
    status = status != 0 ? -1 : mig__sieve_finish(session, "storing a script", NULL, NULL, err);
    return warned(session, status, warning, size);
}

int mig__sieve_activate(mig__sieve_session *session, const char *name, mig_error *err)
{
    mig__sieve_command command;
    mig__sieve_begin(&command, "SETACTIVE");
    mig__sieve_add_string(&command, name, strlen(name));
    return mig__sieve_send(session, &command, err) != 0
               ? -1
               : mig__sieve_finish(session, "making a script active", NULL, NULL, err);
}
