/*
 * imap/session.c - from a connection to a login: RFC 3501 and RFC 9051 (section 3, states), RFC 8314 (TLS),
 * RFC 2595 and RFC 3501 section 6.2.1 (STARTTLS), RFC 2971 (ID), RFC 5161 (ENABLE)
 *
 * States: connected -> greeted -> [secured] -> ready; from each of them to failed and closed (mig__session_enter).
 */
#include "base/clock.h"
#include "imap/auth.h"
#include "imap/failure.h"
#include "imap/session_private.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SILENCE_MS 4000 /* without a greeting, before the server is asked whether it waits for TLS */

bool mig__session_logs(const mig__session *session, mig_log_level level)
{
    return session->log != NULL && session->log->write != NULL && level <= session->log->level;
}

void mig__session_log(const mig__session *session, mig_log_level level, const char *format, ...)
{
    if (!mig__session_logs(session, level)) {
        return;
    }
    char raw[1200];
    char text[1200];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(raw, sizeof raw, format, arguments);
    va_end(arguments);
    const mig_log_event event = {
        .level = level, .account = session->account, .text = mig__inert(raw, strlen(raw), text, sizeof text)};
    session->log->write(&event, session->log->context);
}

char *mig__session_label(const mig__session *session, char *out, size_t size)
{
    return mig_endpoint_label(session->endpoint, out, size);
}

void mig__session_enter(mig__session *session, mig__session_state state)
{
    static const char *const names[] = {"connected", "greeted", "secured", "ready", "failed", "closed"};
    mig__session_log(session, MIG_LOG_DEBUG, "session: %s -> %s", names[session->state], names[state]);
    session->state = state;
}

int mig__session_fail(mig__session *session)
{
    if (session->failure.code == MIG_E_CLOSED && session->failure.server[0] != '\0' &&
        session->endpoint->tunnel == NULL) {
        /*
         * The connection went away while we were sending; the stream has found a BYE that says why. (Of a tunnel the
         * words are the command's.)
         */
        char words[MIG_ERROR_SERVER];
        snprintf(words, sizeof words, "%s", session->failure.server);
        mig__failure_classify_bye(MIG__CODE_NONE, words, &session->failure);
        if (session->failure.code == MIG_E_CLOSED && session->state < MIG__SESSION_READY) {
            /* Who is sent away at the door has to come later. */
            mig_error_set(&session->failure, MIG_E_UNAVAILABLE, "the server ended the connection");
            mig_error_server(&session->failure, words, strlen(words));
        }
    }
    if (session->state != MIG__SESSION_FAILED) {
        mig__session_enter(session, MIG__SESSION_FAILED);
    }
    return -1;
}

int mig__session_failure(const mig__session *session, mig_error *err)
{
    if (err != NULL) {
        *err = session->failure;
    }
    return -1;
}

/* The failure that a step of opening has set becomes the session's. */
static int refuse(mig__session *session, mig_code code, const char *text, const char *hint)
{
    mig_error_set(&session->failure, code, "%s", text);
    mig_error_hint(&session->failure, "%s", hint);
    return mig__session_fail(session);
}

/*
 * A server on a port for TLS waits for us to begin, and we wait for it to greet: so after a while of silence it is
 * asked whether it is one. Somebody in this process greets at once; a tunnel may have to ask a person first.
 */
static int await_greeting(mig__session *session)
{
    const mig_endpoint *endpoint = session->endpoint;
    int64_t limit = mig__connect_timeout(endpoint), now = mig__now_ms();
    if (endpoint->dial != NULL) {
        return 0;
    }
    if (endpoint->tunnel != NULL && endpoint->connect_timeout_ms <= 0) {
        limit = mig__stream_timeout(session->stream);
    }
    mig__stream_read_until(session->stream, now + limit);
    if (endpoint->tls == MIG_TLS_IMPLICIT || endpoint->tunnel != NULL || !session->vouched) {
        return 0;
    }
    int64_t silence = limit / 2 < SILENCE_MS ? limit / 2 : SILENCE_MS;
    int greeted = mig__stream_await(session->stream, now + silence, &session->failure);
    if (greeted < 0) {
        return mig__session_fail(session);
    }
    int64_t until = now + limit < now + 2 * silence ? now + limit : now + 2 * silence;
    if (greeted == 0 && mig__speaks_tls(endpoint, session->stop, until)) {
        mig_error_set(&session->failure, MIG_E_TLS, "port %u is one for TLS: the server waits for TLS to begin",
                      endpoint->port);
        mig_error_hint(&session->failure, "write imaps:// for this port; imap:// is for STARTTLS, usually on port 143");
        return mig__session_fail(session);
    }
    return 0;
}

/*
 * RFC 3501 section 7.1. PREAUTH means: somebody else has decided who we are. Only a tunnel can know that, or this
 * process itself, when it is the one that answers; before TLS it would also keep us from STARTTLS (section 6.2.1 allows
 * it in the not authenticated state alone).
 */
static int greet(mig__session *session)
{
    mig__response response;
    if (await_greeting(session) != 0 || mig__session_receive(session, &response) != 0) {
        return -1;
    }
    mig__stream_read_until(session->stream, 0);
    char words[MIG_ERROR_SERVER];
    mig__response_words(&response, words, sizeof words);
    session->exchange = strstr(words, "Microsoft Exchange") != NULL;
    switch (response.kind) {
    case MIG__RESPONSE_OK:
        if (response.code == MIG__CODE_CAPABILITY &&
            mig__capabilities_set(&session->capabilities, response.words, &session->failure) != 0) {
            return mig__session_fail(session);
        }
        mig__session_enter(session, MIG__SESSION_GREETED);
        return 0;
    case MIG__RESPONSE_PREAUTH:
        if (session->endpoint->tunnel == NULL && session->endpoint->dial == NULL) {
            refuse(session, session->endpoint->tls == MIG_TLS_IMPLICIT ? MIG_E_PROTOCOL : MIG_E_CLEARTEXT,
                   "the server says that we are logged in already, before any login",
                   "something may sit between us and the server; PREAUTH is accepted through a tunnel only");
            return mig_error_server(&session->failure, words, strlen(words));
        }
        mig__session_enter(session, MIG__SESSION_READY);
        return 0;
    case MIG__RESPONSE_BYE:
        mig__failure_classify_bye(response.code, words, &session->failure);
        return mig__session_fail(session);
    default:
        refuse(session, MIG_E_PROTOCOL, "the server does not greet as an IMAP server does", "check host and port");
        return mig_error_server(&session->failure, words, strlen(words));
    }
}

static int simple(mig__session *session, const char *words)
{
    mig_error error = MIG_ERROR_INIT;
    if (mig__command_simple(session, words, NULL, NULL, &error) == 0) {
        return 0;
    }
    session->failure = error;
    return mig__session_fail(session);
}

static int learn_capabilities(mig__session *session)
{
    if (session->capabilities.known) {
        return 0;
    }
    if (simple(session, "CAPABILITY") != 0) {
        return -1;
    }
    return session->capabilities.known
               ? 0
               : refuse(session, MIG_E_PROTOCOL, "the server does not tell its capabilities", "check host and port");
}

/* Nothing that arrived in plain text counts after this, and octets beyond the tagged OK end it (CVE-2011-0411's kind).
 */
static int start_tls(mig__session *session)
{
    if (learn_capabilities(session) != 0) {
        return -1;
    }
    if (!mig__session_can(session, MIG__CAP_STARTTLS)) {
        return refuse(session, MIG_E_CLEARTEXT, "the server does not offer STARTTLS; nothing was sent in clear text",
                      "use imaps:// (port 993); when the server is known to have STARTTLS, somebody may be in between");
    }
    if (simple(session, "STARTTLS") != 0) {
        mig_error told = session->failure;
        if (told.code == MIG_E_NO || told.code == MIG_E_BAD) {
            refuse(session, MIG_E_CLEARTEXT, "the server refuses STARTTLS; nothing was sent in clear text",
                   "use imaps:// (port 993)");
            mig_error_server(&session->failure, told.server, strlen(told.server));
        }
        return -1;
    }
    if (session->inbound_from != session->inbound_to || !mig__guard_at_start(session->guard)) {
        return refuse(session, MIG_E_TLS, "plain text was slipped in behind the answer to STARTTLS",
                      "somebody may be between us and the server; use imaps:// (port 993)");
    }
    if (mig__stream_start_tls(session->stream, &session->failure) != 0) {
        return mig__session_fail(session);
    }
    mig__capabilities_forget(&session->capabilities);
    mig__session_enter(session, MIG__SESSION_SECURED);
    return 0;
}

static int log_in(mig__session *session)
{
    if (learn_capabilities(session) != 0) {
        return -1;
    }
    mig_error error = MIG_ERROR_INIT;
    session->capabilities.known = false; /* they may differ after the login, but hold until then */
    if (mig__auth_login(session, &error) != 0) {
        if (session->state != MIG__SESSION_FAILED) {
            session->failure = error;
        }
        return mig__session_fail(session);
    }
    mig__session_enter(session, MIG__SESSION_READY);
    return learn_capabilities(session);
}

int mig__session_send_aside(mig__session *session, const char *words, const char *arguments, mig_error *err)
{
    mig__command *command = mig__command_begin(session, words, NULL, NULL, err);
    if (command == NULL) {
        return -1;
    }
    if (arguments != NULL) {
        mig__command_raw(command, arguments);
    }
    mig__command_detach(command);
    return mig__command_end(command, err);
}

static int say_who_we_are(mig__session *session)
{
    if (!mig__session_can(session, MIG__CAP_ID)) {
        return 0;
    }
    mig_error error = MIG_ERROR_INIT;
    if (mig__session_send_aside(session, "ID", "(\"name\" \"mailmigrate\" \"version\" \"" MIG_VERSION "\")", &error) ==
        0) {
        return 0;
    }
    if (session->state != MIG__SESSION_FAILED) {
        session->failure = error;
    }
    return mig__session_fail(session);
}

/* RFC 9586: a server that shows a part of a large mailbox only (RFC 9738) shows all of it to those who need no numbers.
 */
static int ask_for_all_messages(mig__session *session)
{
    if (!mig__session_can(session, MIG__CAP_UIDONLY | MIG__CAP_MESSAGELIMIT)) {
        return 0;
    }
    mig_error error = MIG_ERROR_INIT;
    if (mig__session_enable(session, MIG__CAP_UIDONLY, &error) == 0) {
        return 0;
    }
    if (session->state != MIG__SESSION_FAILED) {
        session->failure = error;
    }
    return mig__session_fail(session);
}

/*
 * RFC 9755 section 3: a server that says UTF8=ONLY wants this before all else, and from then on names are UTF-8. Where
 * it only accepts UTF-8 names stay as they are, so that those on record do. Its answer decides what a name is: it is
 * waited for.
 */
static int enable_utf8(mig__session *session)
{
    if (!session->capabilities.utf8_only) {
        return 0;
    }
    mig_error error = MIG_ERROR_INIT;
    if (mig__command_simple(session, "ENABLE UTF8=ACCEPT", NULL, NULL, &error) != 0) {
        mig__session_log(session, MIG_LOG_WARNING, "the server wants UTF8=ACCEPT enabled and refuses it: %s",
                         error.text);
        return session->state == MIG__SESSION_FAILED ? -1 : 0;
    }
    session->utf8 = true;
    return 0;
}

/* What goes out behind the login, without waiting but for UTF8=ONLY. */
static int settle_in(mig__session *session)
{
    return enable_utf8(session) != 0 || say_who_we_are(session) != 0 ? -1 : ask_for_all_messages(session);
}

static int compress(mig__session *session)
{
    if (session->compressed || !mig__session_can(session, MIG__CAP_COMPRESS)) {
        return 0;
    }
    mig_error error = MIG_ERROR_INIT;
    if (mig__command_simple(session, "COMPRESS DEFLATE", NULL, NULL, &error) != 0) {
        mig__session_log(session, MIG_LOG_DEBUG, "no compression: %s", error.text);
        return session->state == MIG__SESSION_FAILED ? -1 : 0;
    }
    if (session->inbound_from != session->inbound_to || !mig__guard_at_start(session->guard)) {
        return refuse(session, MIG_E_PROTOCOL, "the server sends plain octets behind its answer to COMPRESS",
                      "try again with --compress off");
    }
    if (mig__stream_start_deflate(session->stream, &session->failure) != 0) {
        return mig__session_fail(session);
    }
    session->compressed = true;
    mig__session_log(session, MIG_LOG_DEBUG, "compressing from here on");
    return 0;
}

int mig__session_compress(mig__session *session, mig_error *err)
{
    if (mig__command_in_flight(session) > 0) {
        return mig_error_set(err, MIG_E_INTERNAL, "compression cannot begin while commands are in flight");
    }
    return compress(session) == 0 ? 0 : mig__session_failure(session, err);
}

int64_t mig__session_line_ms(const mig__session *session)
{
    return session->line_ms;
}

bool mig__session_compressed(const mig__session *session)
{
    return session->compressed;
}

static int open_up(mig__session *session)
{
    if (greet(session) != 0) {
        return -1;
    }
    if (session->state == MIG__SESSION_READY) { /* PREAUTH */
        return learn_capabilities(session) != 0 ? -1 : settle_in(session);
    }
    if (session->endpoint->tls == MIG_TLS_STARTTLS && !mig__stream_is_tls(session->stream) && start_tls(session) != 0) {
        return -1;
    }
    if (log_in(session) != 0 || (session->endpoint->compress > 0 && compress(session) != 0)) {
        return -1;
    }
    return settle_in(session);
}

static void session_free(mig__session *session)
{
    mig__stream_close(&session->stream);
    while (session->first != NULL) {
        mig__command_unlink(session->first);
    }
    mig__capabilities_forget(&session->capabilities);
    mig__guard_free(&session->guard);
    mig__decoder_free(&session->decoder);
    free(session->inbound);
    free(session);
}

static mig__session *session_open(mig__stream *stream, bool vouched, const mig__session_options *options,
                                  mig_error *err)
{
    mig__session *session = calloc(1, sizeof *session);
    if (session == NULL) {
        mig__stream_close(&stream);
        mig_error_set(err, MIG_E_NOMEM, "out of memory");
        return NULL;
    }
    const mig__guard_limits limits = MIG__GUARD_LIMITS_INIT;
    session->stream = stream;
    session->endpoint = options->endpoint;
    session->stop = options->stop;
    session->log = options->log;
    session->account = options->account;
    session->vouched = vouched;
    session->next_tag = 1;
    session->line_ms = -1;
    session->guard = mig__guard_new(&limits, &session->failure);
    session->decoder = session->guard != NULL ? mig__decoder_new(&session->failure) : NULL;
    if (session->decoder == NULL || open_up(session) != 0) {
        char label[256];
        mig_error_context(&session->failure, "%s", mig__session_label(session, label, sizeof label));
        mig__session_failure(session, err);
        session_free(session);
        return NULL;
    }
    session->labels = options->labels_as_keywords && mig__session_can(session, MIG__CAP_GMAIL);
    mig__guard_labels_as_keywords(session->guard, session->labels);
    return session;
}

/* Somebody in this process answers. */
static mig__stream *dial(const mig__session_options *options, mig_error *err)
{
    const mig_endpoint *endpoint = options->endpoint;
    int fd = endpoint->dial(endpoint->dial_context, options->stop, options->log, err);
    return fd >= 0 ? mig__stream_from_fd(fd, endpoint, options->stop, err) : NULL;
}

mig__session *mig__session_open(const mig__session_options *options, mig_error *err)
{
    mig__stream *stream = options->endpoint->dial != NULL ? dial(options, err)
                          : options->tls != NULL
                              ? mig__stream_open_shared(options->endpoint, options->tls, options->stop, err)
                              : mig__stream_open(options->endpoint, options->stop, err);
    if (stream == NULL && options->endpoint->dial == NULL) {
        char label[256];
        mig_error_context(err, "%s", mig_endpoint_label(options->endpoint, label, sizeof label));
    }
    return stream != NULL ? session_open(stream, true, options, err) : NULL;
}

mig__session *mig__session_open_stream(mig__stream *stream, const mig__session_options *options, mig_error *err)
{
    return session_open(stream, false, options, err);
}

int mig__session_enable(mig__session *session, unsigned capabilities, mig_error *err)
{
    static const struct {
        unsigned bit;
        const char *word;
    } known[] = {
        {MIG__CAP_CONDSTORE, "CONDSTORE"},     {MIG__CAP_QRESYNC, "QRESYNC"},     {MIG__CAP_UIDONLY, "UIDONLY"},
        {MIG__CAP_UTF8_ACCEPT, "UTF8=ACCEPT"}, {MIG__CAP_IMAP4REV2, "IMAP4rev2"},
    };
    if (!mig__session_can(session, MIG__CAP_ENABLE)) {
        return 0;
    }
    char words[96] = "";
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if ((capabilities & known[i].bit & ~session->enabled) != 0 && mig__session_can(session, known[i].bit)) {
            size_t length = strlen(words);
            snprintf(words + length, sizeof words - length, "%s%s", length > 0 ? " " : "", known[i].word);
        }
    }
    session->enabled |= capabilities;
    return words[0] != '\0' ? mig__session_send_aside(session, "ENABLE", words, err) : 0;
}

bool mig__session_loses_flagged(const mig__session *session)
{
    return session->exchange;
}

bool mig__session_labels_as_keywords(const mig__session *session)
{
    return session->labels;
}

bool mig__session_utf8_names(const mig__session *session)
{
    return session->utf8 ||
           (session->capabilities.bits & (MIG__CAP_IMAP4REV1 | MIG__CAP_IMAP4REV2)) == MIG__CAP_IMAP4REV2;
}

bool mig__session_utf8_enabled(const mig__session *session)
{
    return session->utf8;
}

void mig__session_set_sink(mig__session *session, const mig__body_sink *sink)
{
    mig__guard_set_sink(session->guard, sink);
}

void mig__session_set_unsolicited(mig__session *session, void (*handler)(const mig__response *response, void *context),
                                  void *context)
{
    session->unsolicited = handler;
    session->unsolicited_context = context;
}

int mig__session_flush(mig__session *session, mig_error *err)
{
    if (session->state == MIG__SESSION_FAILED) {
        return mig__session_failure(session, err);
    }
    if (mig__stream_flush(session->stream, &session->failure) != 0) {
        mig__session_fail(session);
        return mig__session_failure(session, err);
    }
    return 0;
}

uint64_t mig__session_dropped(const mig__session *session, const char **last)
{
    return mig__guard_dropped(session->guard, last) - session->dropped_before;
}

void mig__session_stats_get(const mig__session *session, mig__stream_stats *out)
{
    mig__stream_stats_get(session->stream, out);
    out->octets_in -= session->counted.octets_in;
    out->octets_out -= session->counted.octets_out;
    out->octets_wire_in -= session->counted.octets_wire_in;
    out->octets_wire_out -= session->counted.octets_wire_out;
    out->waits -= session->counted.waits;
}

/* LOGOUT into a literal would become part of a message: it is sent only where a command may begin. */
void mig__session_close(mig__session **session)
{
    mig__session *closing = *session;
    if (closing == NULL) {
        return;
    }
    bool at_rest = closing->state == MIG__SESSION_READY && closing->open == NULL;
    if (at_rest && mig__command_in_flight(closing) == 0) {
        mig__command *logout = mig__command_begin(closing, "LOGOUT", NULL, NULL, NULL);
        if (logout != NULL && mig__command_end(logout, NULL) == 0) {
            mig__stream_flush(closing->stream, &closing->failure);
        }
    }
    mig__session_enter(closing, MIG__SESSION_CLOSED);
    session_free(closing);
    *session = NULL;
}
