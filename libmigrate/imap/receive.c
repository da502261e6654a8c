/*
 * imap/receive.c - what the server says, handed to whom it concerns
 *
 * A tagged response belongs to the command with that tag, in whatever order the answers come (RFC 3501 section 5.5). An
 * untagged one belongs to the oldest command in flight that somebody waits for; "+" to the one command that stopped for
 * it.
 */
#include "base/clock.h"
#include "imap/failure.h"
#include "imap/session_private.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define INBOUND_SIZE 65536

/* How much of a response the log shows. */
#define TRACE_SHOWN 1000

/* After so many times the time that a server may be silent (--timeout), talk has to come to the point. */
#define TALK_TIMEOUTS 4

/* Messages that a FETCH of an open range may bring, when the server claims to have more. */
#define RANGE_MOST 20000000u

/* A response as the log shows it: the guard has rewritten or swallowed some of it, so it is put together again. */
static void trace_frame(const mig__session *session, const mig__frame *frame)
{
    if (!mig__session_logs(session, MIG_LOG_TRACE)) {
        return;
    }
    mig__buffer line = MIG__BUFFER_INIT;
    bool status = frame->code[0] != '\0' || frame->words[0] != '\0';
    if (frame->kind == MIG__FRAME_CONTINUE) {
        mig__buffer_addf(&line, "+ %s", frame->words);
    } else if (frame->text != NULL && !status) {
        mig__buffer_add(&line, frame->text, strcspn(frame->text, "\r\n"));
    } else {
        if (frame->kind == MIG__FRAME_TAGGED) {
            mig__buffer_addf(&line, "%u %s", frame->tag, frame->keyword);
        } else if (frame->number > 0) {
            mig__buffer_addf(&line, "* %u %s", frame->number, frame->keyword);
        } else {
            mig__buffer_addf(&line, "* %s", frame->keyword);
        }
        if (frame->code[0] != '\0') {
            mig__buffer_addf(&line, " [%s]", frame->code);
        }
        mig__buffer_addf(&line, " %s", frame->extra.raw != NULL ? frame->extra.raw : frame->words);
        if (frame->extra.uids != NULL) {
            mig__buffer_addf(&line, " <%llu numbers>", (unsigned long long)mig__uidset_size(frame->extra.uids));
        }
    }
    mig__session_log(session, MIG_LOG_TRACE, "S: %.*s%s", TRACE_SHOWN, line.data != NULL ? line.data : "",
                     line.length > TRACE_SHOWN ? " ..." : "");
    mig__buffer_free(&line);
}

/* ---- a server that talks without end ---- */

/*
 * How long it may go on without an answer. Some work long at a command, and say "* OK Still here" meanwhile; nobody has
 * to before the login is over.
 */
static int64_t longest_talk(const mig__session *session)
{
    int64_t timeout = mig__stream_timeout(session->stream);
    return session->state == MIG__SESSION_READY ? TALK_TIMEOUTS * timeout : timeout;
}

static bool bodies_asked(const mig__session *session)
{
    for (const mig__command *command = session->first; command != NULL; command = command->next) {
        if (command->bodies && command->sent && !command->answered) {
            return true;
        }
    }
    return false;
}

/*
 * Octets went through the guard. Those of a body may have been asked for: it is known when its response ends. How
 * slowly they may come is the stream's to judge.
 */
static void note_octets(mig__session *session, size_t octets)
{
    uint64_t drops = mig__guard_dropped(session->guard, NULL);
    if (drops == session->guard_drops && mig__guard_in_body(session->guard) && bodies_asked(session)) {
        session->body += octets;
        session->talk.since_ms = mig__now_ms();
        return;
    }
    mig__talk_add(&session->talk, drops - session->guard_drops, octets, mig__now_ms());
    session->guard_drops = drops;
}

/* What was asked for resets the account of the talk; what was not is put on it. */
static void note_response(mig__session *session, bool asked_for)
{
    if (asked_for) {
        mig__talk_progress(&session->talk);
    } else {
        mig__talk_add(&session->talk, 1, session->body, mig__now_ms());
    }
    session->body = 0;
}

/* Looked at before each read, so that neither a stop nor a bound has to wait for a server that falls silent. */
static int may_listen(mig__session *session)
{
    if (mig_stop_level(session->stop) >= 2) {
        return mig_error_set(&session->failure, MIG_E_INTERRUPTED, "stopped while listening to the server");
    }
    return mig__talk_check(&session->talk, session->exists, mig__now_ms(), longest_talk(session), &session->failure);
}

/* Let the guard have what was read, and read more as long as no response is complete. */
static int next_frame(mig__session *session, mig__frame *frame)
{
    for (;;) {
        if (session->inbound_from < session->inbound_to) {
            size_t used = 0;
            int complete =
                mig__guard_push(session->guard, session->inbound + session->inbound_from,
                                session->inbound_to - session->inbound_from, &used, frame, &session->failure);
            session->inbound_from += used;
            note_octets(session, used);
            if (complete < 0) {
                break;
            }
            if (complete > 0) {
                return 0;
            }
            continue;
        }
        if (session->inbound == NULL && (session->inbound = malloc(INBOUND_SIZE)) == NULL) {
            mig_error_set(&session->failure, MIG_E_NOMEM, "out of memory");
            break;
        }
        if (may_listen(session) != 0) {
            break;
        }
        int64_t got = mig__stream_read(session->stream, session->inbound, INBOUND_SIZE, &session->failure);
        if (got < 0) {
            break;
        }
        session->inbound_from = 0;
        session->inbound_to = (size_t)got;
    }
    mig__session_fail(session);
    return -1;
}

int mig__session_receive(mig__session *session, mig__response *out)
{
    if (session->state == MIG__SESSION_FAILED) {
        return -1;
    }
    mig__frame frame;
    if (next_frame(session, &frame) != 0) {
        return -1;
    }
    trace_frame(session, &frame);
    if (mig__decoder_parse(session->decoder, &frame, out, &session->failure) != 0) {
        return mig__session_fail(session);
    }
    return 0;
}

void mig__response_words(const mig__response *response, char *out, size_t size)
{
    bool has_code = response->code_text != NULL && response->code_text[0] != '\0';
    snprintf(out, size, "%s%s%s%s", has_code ? "[" : "", has_code ? response->code_text : "", has_code ? "] " : "",
             response->text != NULL ? response->text : "");
}

static int keep_text(char **to, const char *text, mig_error *err)
{
    if (text == NULL) {
        return 0;
    }
    *to = strdup(text);
    return *to != NULL ? 0 : mig_error_set(err, MIG_E_NOMEM, "out of memory");
}

static int fill_result(mig__command *command, const mig__response *response, mig_error *err)
{
    mig__command_result *result = &command->result;
    result->condition = response->condition;
    result->code = response->code;
    if (response->code == MIG__CODE_APPENDUID || response->code == MIG__CODE_COPYUID) {
        result->uidvalidity = response->number;
        if (keep_text(&result->uid_text, response->uid_text, err) != 0 ||
            keep_text(&result->from_uid_text, response->from_uid_text, err) != 0) {
            return -1;
        }
    }
    if (response->code == MIG__CODE_MESSAGELIMIT &&
        sscanf(response->code_text, "%*s %*u %10u", &result->limit_uid) != 1) {
        result->limit_uid = 0;
    }
    if (response->mailbox_id != NULL) {
        snprintf(result->mailbox_id, sizeof result->mailbox_id, "%s", response->mailbox_id);
    }
    char words[MIG_ERROR_SERVER];
    mig__response_words(response, words, sizeof words);
    if (response->condition == MIG__OK) {
        /* Gmail appends it to the text of an OK. */
        result->throttled = response->code == MIG__CODE_THROTTLED || strstr(words, "[THROTTLED]") != NULL;
        return 0;
    }
    mig__failure_classify(response->condition, response->code, words, &result->error);
    mig_error_context(&result->error, "%s", command->words);
    return 0;
}

/* What comes before its answer is about another mailbox than what comes after it. */
static bool opens_mailbox(const mig__command *command)
{
    return strcmp(command->words, "EXAMINE") == 0 || strcmp(command->words, "SELECT") == 0;
}

static bool leaves_mailbox(const mig__command *command)
{
    return strcmp(command->words, "UNSELECT") == 0 || strcmp(command->words, "CLOSE") == 0;
}

/* Is it the form of the command that is refused, as far as the words tell? */
static bool refuses_form(const mig__command_result *result)
{
    return result->error.code == MIG_E_BAD || result->error.code == MIG_E_NO || result->code == MIG__CODE_SERVERBUG;
}

/*
 * An extension that the server announces and whose form it refuses is left out for the rest of the session, if the
 * plain form of that command is taken. Without an open mailbox everything is refused, in whatever form.
 */
static void judge_form(mig__session *session, mig__command *command)
{
    mig__command_result *result = &command->result;
    bool opens = opens_mailbox(command);
    bool closed = !opens && session->closed && strncmp(command->words, "UID ", 4) == 0;
    session->closed = opens ? result->condition != MIG__OK : session->closed;
    session->in_mailbox = opens || (session->in_mailbox && !(result->condition == MIG__OK && leaves_mailbox(command)));
    if (closed || (result->condition != MIG__OK && !refuses_form(result))) {
        return;
    }
    const bool same = strcmp(session->doubted_words, command->words) == 0;
    if (result->condition != MIG__OK && command->needs != 0) {
        mig__session_log(session, MIG_LOG_INFO, "%s is refused in the form of an extension: asked in the plain one",
                         command->words);
        session->doubted = (same ? session->doubted : 0) | (command->needs & ~session->left_out);
        session->left_out |= command->needs;
        snprintf(session->doubted_words, sizeof session->doubted_words, "%s", command->words);
        session->doubted_left = command->plain > 1 ? command->plain : 1;
        result->error.retry = command->plain > 1 ? result->error.retry : MIG_RETRY_NOW;
    } else if (command->needs == 0 && session->doubted != 0 && same) {
        bool taken = result->condition == MIG__OK;
        session->left_out &= taken ? ~0u : ~session->doubted;
        session->doubted_left = taken ? session->doubted_left - 1 : 0;
        session->doubted = session->doubted_left > 0 ? session->doubted : 0;
    }
}

static int take_answer(mig__session *session, const mig__response *response)
{
    mig__command *command = session->first;
    while (command != NULL && (command->tag != response->tag || command->answered)) {
        command = command->next;
    }
    if (command == NULL || !command->sent) {
        mig_error_set(&session->failure, MIG_E_PROTOCOL, "the server answers a command that was not sent (tag %u)",
                      response->tag);
        return mig__session_fail(session);
    }
    if (!command->ended && (session->awaiting != command || response->condition == MIG__OK)) {
        mig_error_set(&session->failure, MIG_E_PROTOCOL, "the server answers a %s that was not finished",
                      command->words);
        return mig__session_fail(session);
    }
    if (fill_result(command, response, &session->failure) != 0) {
        return mig__session_fail(session);
    }
    command->answered = true;
    judge_form(session, command);
    note_response(session, true);
    if (session->awaiting == command) {
        session->awaiting = NULL;
    }
    if (command->detached) {
        if (command->result.condition != MIG__OK) {
            mig__session_log(session, MIG_LOG_DEBUG, "%s is refused, which does no harm", command->words);
        }
        mig__command_unlink(command);
    }
    return 0;
}

static int take_continuation(mig__session *session, const mig__response *response)
{
    mig__command *command = session->awaiting;
    if (command == NULL) {
        mig_error_set(&session->failure, MIG_E_PROTOCOL, "the server asks for more where nothing is due");
        return mig__session_fail(session);
    }
    session->awaiting = NULL;
    command->continued = true;
    note_response(session, true);
    mig__buffer_clear(&command->challenge);
    mig__buffer_add_text(&command->challenge, response->words_text != NULL ? response->words_text : "");
    if (mig__buffer_ok(&command->challenge, &session->failure) != 0) {
        return mig__session_fail(session);
    }
    return 0;
}

static int take_bye(mig__session *session, const mig__response *response)
{
    if (session->unsolicited != NULL) {
        session->unsolicited(response, session->unsolicited_context);
    }
    char words[MIG_ERROR_SERVER];
    mig__response_words(response, words, sizeof words);
    mig__failure_classify_bye(response->code, words, &session->failure);
    return mig__session_fail(session);
}

/* The command that an answer of this kind can belong to, when several are in flight; NULL: any. */
static const char *asked_by(mig__response_kind kind)
{
    switch (kind) {
    case MIG__RESPONSE_FETCH:
        return "FETCH";
    case MIG__RESPONSE_SEARCH:
        return "SEARCH";
    case MIG__RESPONSE_LIST:
        return "LIST";
    case MIG__RESPONSE_LSUB:
        return "LSUB";
    default:
        return NULL;
    }
}

/*
 * A server may work on several commands at once where their answers can be told apart (RFC 3501 section 5.5); Dovecot
 * does so with FETCH. So an answer goes to the oldest command that can have asked for it, else to the oldest of all. A
 * FETCH response that comes while a mailbox is being opened was not asked for by the commands behind.
 */
static const mig__command *asked(const mig__session *session, const mig__response *response)
{
    const mig__command *oldest = NULL;
    const char *words = asked_by(response->kind);
    for (const mig__command *command = session->first; command != NULL; command = command->next) {
        if (command->answered || command->detached || !command->sent) {
            continue;
        }
        if (response->kind == MIG__RESPONSE_SEARCH && response->search_tag != 0
                ? response->search_tag == command->tag
                : words == NULL || strstr(command->words, words) != NULL) {
            return command;
        }
        oldest = oldest == NULL ? command : oldest;
        if (response->kind == MIG__RESPONSE_FETCH && opens_mailbox(command)) {
            return oldest;
        }
    }
    return oldest;
}

/* Whether a response of this kind is what the command was sent for. */
static bool asks_for(const mig__command *command, const mig__response *response)
{
    switch (response->kind) {
    case MIG__RESPONSE_FETCH:
        if (command->bodies && response->fetch.body == MIG__BODY_NONE && !response->fetch.has_header) {
            return false;
        }
        return strstr(command->words, "FETCH") != NULL || opens_mailbox(command); /* QRESYNC */
    case MIG__RESPONSE_ODD:
        return strstr(command->words, "FETCH") != NULL;
    case MIG__RESPONSE_STATUS:
        return strcmp(command->words, "STATUS") == 0 || strcmp(command->words, "LIST") == 0;
    default: {
        const char *words = asked_by(response->kind);
        return words != NULL && strstr(command->words, words) != NULL;
    }
    }
}

/*
 * Whether it is a response that some command was sent for, and not one more than that can have asked for. One that asks
 * for an open range asks for as many as there are; twice, since other clients change flags meanwhile.
 */
static bool take_expected(const mig__session *session, const mig__response *response)
{
    uint64_t most = 2 * (uint64_t)session->exists + 1000;
    most = most < RANGE_MOST ? most : RANGE_MOST;
    for (mig__command *command = session->first; command != NULL; command = command->next) {
        if (command->answered || !command->sent || command->expected == 0 || !asks_for(command, response)) {
            continue;
        }
        if (command->expected >= MIG__EXPECT_ALL && command->expected > most) {
            command->expected = most;
        }
        command->expected--;
        return true;
    }
    return false;
}

static int take_untagged(mig__session *session, const mig__response *response)
{
    const mig__command *command = asked(session, response);
    if (response->kind == MIG__RESPONSE_EXISTS) {
        session->exists = response->number;
    }
    note_response(session, take_expected(session, response));
    if (command != NULL && command->handler != NULL) {
        if (command->handler(response, command->context, &session->failure) != 0) {
            return mig__session_fail(session);
        }
    } else if (session->unsolicited != NULL) {
        session->unsolicited(response, session->unsolicited_context);
    }
    return 0;
}

/* Capabilities come as a response and as a code of OK; what they say holds from then on. */
static int note_capabilities(mig__session *session, const mig__response *response)
{
    bool told = response->kind == MIG__RESPONSE_CAPABILITY;
    if (response->kind == MIG__RESPONSE_OK || response->kind == MIG__RESPONSE_TAGGED) {
        told = response->code == MIG__CODE_CAPABILITY;
    }
    if (told && mig__capabilities_set(&session->capabilities, response->words, &session->failure) != 0) {
        return mig__session_fail(session);
    }
    return 0;
}

int mig__session_step(mig__session *session)
{
    mig__response response;
    if (mig__session_receive(session, &response) != 0 || note_capabilities(session, &response) != 0) {
        return -1;
    }
    if (response.code == MIG__CODE_ALERT && response.kind != MIG__RESPONSE_CONTINUE) {
        /* RFC 3501 section 7.1: the human-readable text of an ALERT must be shown. */
        mig__session_log(session, MIG_LOG_WARNING, "the server says: %s", response.text);
    }
    switch (response.kind) {
    case MIG__RESPONSE_TAGGED:
        return take_answer(session, &response);
    case MIG__RESPONSE_CONTINUE:
        return take_continuation(session, &response);
    case MIG__RESPONSE_BYE:
        return take_bye(session, &response);
    case MIG__RESPONSE_PREAUTH:
        mig_error_set(&session->failure, MIG_E_PROTOCOL, "the server sends a second greeting");
        return mig__session_fail(session);
    default:
        return take_untagged(session, &response);
    }
}
