/*
 * sieve/dialogue.c - commands out, answers in: the one place that encodes arguments, and what OK, NO and BYE mean
 * (RFC 5804 section 1.3)
 */
#include "sieve/session_private.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define QUOTED_MOST 1024 /* RFC 5804 section 4: octets of a quoted string */
#define CHATTER     1000000u

void mig__sieve_log(const mig__sieve_session *session, mig_log_level level, const char *format, ...)
{
    const mig_log *log = session->options.log;
    if (log == NULL || log->write == NULL || level > log->level) {
        return;
    }
    char raw[1200], text[1200];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(raw, sizeof raw, format, arguments);
    va_end(arguments);
    const mig_log_event event = {
        .level = level, .account = session->options.account, .text = mig__inert(raw, strlen(raw), text, sizeof text)};
    log->write(&event, log->context);
}

int mig__sieve_fail(mig__sieve_session *session, mig_error *err)
{
    session->failed = true;
    if (err != NULL) {
        session->failure = *err;
    } else {
        mig_error_set(&session->failure, MIG_E_CLOSED, "the ManageSieve session has ended");
    }
    return -1;
}

/* ---- commands ---- */

void mig__sieve_begin(mig__sieve_command *command, const char *word)
{
    *command = (mig__sieve_command){.line = MIG__BUFFER_INIT};
    mig__buffer_add_text(&command->line, word);
}

static bool may_be_quoted(const char *octets, size_t length)
{
    if (length > QUOTED_MOST || !mig__utf8_valid(octets, length)) {
        return false;
    }
    for (size_t i = 0; i < length; i++) {
        if (octets[i] == '\0' || octets[i] == '\r' || octets[i] == '\n') {
            return false;
        }
    }
    return true;
}

void mig__sieve_add_string(mig__sieve_command *command, const char *octets, size_t length)
{
    mig__buffer *line = &command->line;
    if (line->length > 0) {
        mig__buffer_add_char(line, ' ');
    }
    mig__buffer_reserve(line, 2 * (length < QUOTED_MOST ? length : QUOTED_MOST) + length + 32);
    if (!may_be_quoted(octets, length)) {
        mig__buffer_addf(line, "{%zu+}\r\n", length);
        mig__buffer_add(line, octets, length);
        return;
    }
    mig__buffer_add_char(line, '"');
    for (size_t i = 0; i < length; i++) {
        if (octets[i] == '"' || octets[i] == '\\') {
            mig__buffer_add_char(line, '\\');
        }
        mig__buffer_add_char(line, octets[i]);
    }
    mig__buffer_add_char(line, '"');
}

void mig__sieve_add_number(mig__sieve_command *command, uint64_t number)
{
    mig__buffer_addf(&command->line, " %llu", (unsigned long long)number);
}

int mig__sieve_send(mig__sieve_session *session, mig__sieve_command *command, mig_error *err)
{
    mig__buffer *line = &command->line;
    int status = -1;
    mig__buffer_reserve(line, 2);
    mig__buffer_add_text(line, "\r\n");
    if (session->failed) {
        if (err != NULL) {
            *err = session->failure;
        }
    } else if (mig__buffer_ok(line, err) == 0) {
        status = mig__stream_write(session->stream, line->data, line->length, err);
        if (status != 0) {
            mig__sieve_fail(session, err);
        }
    }
    mig__buffer_wipe(line);
    return status;
}

/* ---- answers ---- */

mig__sieve_condition mig__sieve_condition_of(const mig__sieve_answer *answer)
{
    if (mig__sieve_is_atom(answer, 0, "OK")) {
        return MIG__SIEVE_OK;
    }
    return mig__sieve_is_atom(answer, 0, "NO") ? MIG__SIEVE_NO : MIG__SIEVE_DATA;
}

static bool has_code(const mig__sieve_answer *answer)
{
    return answer->count > 2 && answer->tokens[1].kind == MIG__SIEVE_OPEN && answer->tokens[2].kind == MIG__SIEVE_ATOM;
}

bool mig__sieve_code_is(const mig__sieve_answer *answer, const char *code)
{
    return has_code(answer) && strcasecmp(mig__sieve_text(answer, 2), code) == 0;
}

/* The text is the last word, when that is a string outside of the code. */
char *mig__sieve_words(const mig__sieve_answer *answer, char *out, size_t size)
{
    out[0] = '\0';
    const size_t last = answer->count - 1;
    if (answer->count > 1 && mig__sieve_is_string(answer, last)) {
        char line[MIG_ERROR_SERVER * 2];
        const mig__sieve_token *token = &answer->tokens[last];
        size_t length = token->length < sizeof line ? token->length : sizeof line;
        memcpy(line, mig__sieve_text(answer, last), length);
        for (size_t i = 0; i < length; i++) { /* errors of a script have several lines */
            line[i] = line[i] == '\r' || line[i] == '\n' ? ' ' : line[i];
        }
        mig__inert(line, length, out, size);
    }
    return out;
}

typedef struct meaning {
    const char *code;
    mig_code error;
    const char *text, *hint;
} meaning;

static const meaning meanings[] = {
    {"QUOTA", MIG_E_OVERQUOTA, "there is no room for the script", "the server's administrator can raise the quota"},
    {"NONEXISTENT", MIG_E_MISSING, "there is no such script", "list the scripts again: it may have been removed"},
    {"ALREADYEXISTS", MIG_E_EXISTS, "a script of that name exists already", "another program may be at work there"},
    {"ACTIVE", MIG_E_CANNOT, "the script is active", "make another one active first"},
    {"TRYLATER", MIG_E_UNAVAILABLE, "the server cannot do it at the moment", "try again later"},
    {"ENCRYPT-NEEDED", MIG_E_CLEARTEXT, "the server wants an encrypted connection", "leave out tls none"},
    {"AUTH-TOO-WEAK", MIG_E_AUTH, "the way to log in is too weak for the server", "choose another one"},
    {"TRANSITION-NEEDED", MIG_E_AUTH, "the server wants a login in clear text once", "use auth plain over TLS"},
};

int mig__sieve_refused(const mig__sieve_answer *answer, const char *what, mig_error *err)
{
    char words[MIG_ERROR_SERVER];
    mig__sieve_words(answer, words, sizeof words);
    const char *code = has_code(answer) ? mig__sieve_text(answer, 2) : "";
    if (strcasecmp(code, "REFERRAL") == 0) {
        char where[256];
        const char *url = mig__sieve_text(answer, 3);
        mig__inert(url, strlen(url), where, sizeof where);
        mig_error_set(err, MIG_E_CANNOT, "%s: the server sends us to %s", what, where);
        mig_error_hint(err, "it is not followed, since the password would go there: if it is right, name it as "
                            "--source-sieve or --target-sieve");
        return mig_error_server(err, words, strlen(words));
    }
    if (strcasecmp(code, "QUOTA/MAXSIZE") == 0) {
        mig_error_set(err, MIG_E_TOO_BIG, "%s: the script is larger than the server takes", what);
        return mig_error_server(err, words, strlen(words));
    }
    for (size_t i = 0; i < sizeof meanings / sizeof meanings[0]; i++) {
        const size_t length = strlen(meanings[i].code);
        if (strncasecmp(code, meanings[i].code, length) == 0 && (code[length] == '\0' || code[length] == '/')) {
            mig_error_set(err, meanings[i].error, "%s: %s", what, meanings[i].text);
            mig_error_hint(err, "%s", meanings[i].hint);
            return mig_error_server(err, words, strlen(words));
        }
    }
    mig_error_set(err, MIG_E_NO, "%s: the server refuses", what);
    return mig_error_server(err, words, strlen(words));
}

static int said_bye(mig__sieve_session *session, const mig__sieve_answer *answer, mig_error *err)
{
    char words[MIG_ERROR_SERVER];
    if (has_code(answer)) {
        mig__sieve_refused(answer, "the server ends the session", err);
    } else {
        mig_error_set(err, MIG_E_CLOSED, "the server ends the session");
        mig__sieve_words(answer, words, sizeof words);
        mig_error_server(err, words, strlen(words));
    }
    return mig__sieve_fail(session, err);
}

const mig__sieve_answer *mig__sieve_receive(mig__sieve_session *session, mig_error *err)
{
    mig_error error = MIG_ERROR_INIT;
    int complete = 0;
    if (session->failed) {
        error = session->failure;
        complete = -1;
    }
    while (complete == 0) {
        if (session->from == session->to) {
            int64_t got = mig__stream_read(session->stream, session->inbound, sizeof session->inbound, &error);
            if (got < 0) {
                complete = mig__sieve_fail(session, &error);
                break;
            }
            session->from = 0;
            session->to = (size_t)got;
        }
        size_t used = 0;
        complete = mig__sieve_reader_push(&session->reader, session->inbound + session->from,
                                          session->to - session->from, &used, &error);
        session->from += used;
        if (complete < 0) {
            mig__sieve_fail(session, &error);
        }
    }
    if (complete > 0 && mig__sieve_is_atom(&session->reader.answer, 0, "BYE")) {
        complete = said_bye(session, &session->reader.answer, &error);
    }
    if (complete < 0) {
        if (err != NULL) {
            *err = error;
        }
        return NULL;
    }
    return &session->reader.answer;
}

static int unexpected(mig__sieve_session *session, const char *what, mig_error *err)
{
    mig_error_set(err, MIG_E_PROTOCOL, "%s: the server answers what was not asked for", what);
    return mig__sieve_fail(session, err);
}

int mig__sieve_finish(mig__sieve_session *session, const char *what,
                      int (*each)(const mig__sieve_answer *answer, void *context, mig_error *err), void *context,
                      mig_error *err)
{
    for (unsigned answers = 0; answers < CHATTER; answers++) {
        const mig__sieve_answer *answer = mig__sieve_receive(session, err);
        if (answer == NULL) {
            return -1;
        }
        switch (mig__sieve_condition_of(answer)) {
        case MIG__SIEVE_OK:
            return 0;
        case MIG__SIEVE_NO:
            return mig__sieve_refused(answer, what, err);
        default:
            if (each == NULL || answer->count == 0) {
                return unexpected(session, what, err);
            }
            if (each(answer, context, err) != 0) {
                return mig__sieve_fail(session, err);
            }
        }
    }
    return unexpected(session, what, err);
}
