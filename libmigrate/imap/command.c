/*
 * imap/command.c - the life of a command: RFC 3501 section 2.2 (tags, lines), RFC 7888 (literals that need no waiting)
 *
 * A command's line is gathered in memory and handed to the stream up to each literal and at its end, so that one with
 * an argument that cannot be sent leaves no trace on the line.
 */
#include "base/clock.h"
#include "imap/session_private.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    LITERAL_MINUS_LIMIT = 4096, /* RFC 7888 section 5 */
    PARTS_IN_FLIGHT = 8         /* commands of one long set that are not answered yet */
};

static void queue(mig__session *session, mig__command *command)
{
    if (session->last != NULL) {
        session->last->next = command;
    } else {
        session->first = command;
    }
    session->last = command;
}

void mig__command_unlink(mig__command *command)
{
    mig__session *session = command->session;
    mig__command *before = NULL;
    for (mig__command *at = session->first; at != command; at = at->next) {
        before = at;
    }
    if (before != NULL) {
        before->next = command->next;
    } else {
        session->first = command->next;
    }
    if (session->last == command) {
        session->last = before;
    }
    session->open = session->open == command ? NULL : session->open;
    session->awaiting = session->awaiting == command ? NULL : session->awaiting;
    mig__buffer_wipe(&command->line);
    mig__buffer_free(&command->trace);
    mig__buffer_wipe(&command->challenge);
    mig__command_result_clear(&command->result);
    free(command);
}

void mig__command_result_clear(mig__command_result *result)
{
    free(result->uid_text);
    free(result->from_uid_text);
    *result = (mig__command_result){.condition = MIG__OK};
}

/* How many responses a command asks for at most; FETCH and QRESYNC say so themselves (mig__command_expect). */
static uint64_t responses_of(const char *words)
{
    static const struct {
        const char *words;
        uint64_t most;
    } known[] = {{"LIST", 4 * MIG__MAILBOXES_MOST}, {"LSUB", MIG__MAILBOXES_MOST}, {"STATUS", 1}, {"UID SEARCH", 16}};
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (strcmp(words, known[i].words) == 0) {
            return known[i].most;
        }
    }
    return 0;
}

void mig__command_expect(mig__command *command, uint64_t responses, bool bodies)
{
    command->expected = responses;
    command->bodies = bodies;
}

mig__command *mig__command_begin(mig__session *session, const char *words, mig__command_handler *handler, void *context,
                                 mig_error *err)
{
    if (session->state == MIG__SESSION_FAILED) {
        mig__session_failure(session, err);
        return NULL;
    }
    if (session->open != NULL) {
        mig_error_set(err, MIG_E_INTERNAL, "%s begun inside of %s", words, session->open->words);
        return NULL;
    }
    mig__command *command = calloc(1, sizeof *command);
    if (command == NULL) {
        mig_error_set(err, MIG_E_NOMEM, "out of memory");
        return NULL;
    }
    command->session = session;
    command->tag = session->next_tag++;
    command->handler = handler;
    command->context = context;
    command->expected = responses_of(words);
    snprintf(command->words, sizeof command->words, "%s", words);
    mig__buffer_addf(&command->line, "%u %s", command->tag, words);
    if (mig__session_logs(session, MIG_LOG_TRACE)) {
        mig__buffer_addf(&command->trace, "%u %s", command->tag, words);
    }
    queue(session, command);
    session->open = command;
    return command;
}

/* Hand the gathered line to the stream and show it in the log. */
static int send_line(mig__command *command)
{
    mig__session *session = command->session;
    if (mig__buffer_ok(&command->line, &session->failure) != 0) {
        return command->sent ? mig__session_fail(session)
                             : mig_error_set(&command->result.error, MIG_E_NOMEM, "out of memory");
    }
    if (mig__session_logs(session, MIG_LOG_TRACE)) {
        mig__session_log(session, MIG_LOG_TRACE, "C: %s", command->trace.data != NULL ? command->trace.data : "");
        mig__buffer_clear(&command->trace);
    }
    int status = mig__stream_write(session->stream, command->line.data, command->line.length, &session->failure);
    command->sent = true;
    mig__talk_progress(&session->talk); /* it begins to answer now */
    if (command->secret) {
        mig__buffer_wipe(&command->line);
        command->secret = false;
    } else {
        mig__buffer_clear(&command->line);
    }
    return status == 0 ? 0 : mig__session_fail(session);
}

/* Until the command is answered or "+" comes for it. Those of the login go one by one and tell how long the line is. */
static int await(mig__session *session, mig__command *command, mig_error *err)
{
    bool alone = session->state != MIG__SESSION_READY && !command->answered;
    int64_t begun = mig__now_ms();
    while (!command->answered && !command->continued) {
        if (session->state == MIG__SESSION_FAILED || mig__session_step(session) != 0) {
            return mig__session_failure(session, err);
        }
    }
    int64_t ms = mig__now_ms() - begun;
    if (alone && (session->line_ms < 0 || ms < session->line_ms)) {
        session->line_ms = ms;
    }
    return 0;
}

int mig__command_announce(mig__command *command, const char *before, uint64_t size)
{
    mig__session *session = command->session;
    bool plus = mig__session_can(session, MIG__CAP_LITERAL_PLUS) ||
                (mig__session_can(session, MIG__CAP_LITERAL_MINUS) && size <= LITERAL_MINUS_LIMIT);
    char header[32];
    snprintf(header, sizeof header, "%s{%llu%s}", before, (unsigned long long)size, plus ? "+" : "");
    mig__command_add(command, header, strlen(header));
    mig__buffer_add(&command->line, "\r\n", 2);
    if (send_line(command) != 0) {
        return -1;
    }
    command->literal_size = command->literal_left = size;
    if (plus) {
        return 0;
    }
    command->continued = false;
    session->awaiting = command;
    if (mig__stream_flush(session->stream, &session->failure) != 0) {
        return mig__session_fail(session);
    }
    if (await(session, command, NULL) != 0) {
        return -1;
    }
    if (command->answered) {
        session->open = NULL; /* the line ended with the announcement */
        return 1;
    }
    return 0;
}

/*
 * The command cannot go on. When nothing of it was sent, it is dropped and the session goes on without it; else the
 * server waits for the rest of a line that will not come, and the session is lost.
 */
static int give_up(mig__command *command, mig_error *err)
{
    mig__session *session = command->session;
    if (session->state == MIG__SESSION_FAILED) {
        return mig__session_failure(session, err);
    }
    if (err != NULL) {
        *err = command->result.error;
    }
    if (!command->sent) {
        mig__command_unlink(command);
        return -1;
    }
    session->failure = command->result.error;
    return mig__session_fail(session);
}

static int begin_literal(mig__command *command, const char *before, uint64_t size, mig_error *err)
{
    if (command->answered) {
        return 1;
    }
    if (!mig__command_broken(command) && size > UINT32_MAX) {
        mig_error_set(&command->result.error, MIG_E_TOO_BIG, "%llu octets are more than IMAP can carry",
                      (unsigned long long)size);
    }
    if (mig__command_broken(command)) {
        return give_up(command, err);
    }
    int status = mig__command_announce(command, before, size);
    return status < 0 ? give_up(command, err) : status;
}

int mig__command_literal(mig__command *command, uint64_t size, mig_error *err)
{
    return begin_literal(command, " ", size, err);
}

int mig__command_literal8(mig__command *command, uint64_t size, mig_error *err)
{
    return begin_literal(command, " (~", size, err);
}

int mig__command_literal_data(mig__command *command, const void *octets, size_t length, mig_error *err)
{
    mig__session *session = command->session;
    if (session->state == MIG__SESSION_FAILED) {
        return mig__session_failure(session, err);
    }
    if (length > command->literal_left) {
        mig_error_set(&command->result.error, MIG_E_INTERNAL, "more octets than announced for a literal of %s",
                      command->words);
        return give_up(command, err);
    }
    command->literal_left -= length;
    if (mig__stream_write(session->stream, octets, length, &session->failure) != 0) {
        mig__session_fail(session);
        return mig__session_failure(session, err);
    }
    if (command->literal_left == 0 && mig__session_logs(session, MIG_LOG_TRACE)) {
        mig__buffer_addf(&command->trace, "<%llu octets>", (unsigned long long)command->literal_size);
    }
    return 0;
}

int mig__command_end(mig__command *command, mig_error *err)
{
    mig__session *session = command->session;
    if (command->answered) {
        return 0;
    }
    if (!mig__command_broken(command) && command->literal_left > 0) {
        mig_error_set(&command->result.error, MIG_E_INTERNAL, "%llu octets of a literal of %s are missing",
                      (unsigned long long)command->literal_left, command->words);
    }
    if (mig__command_broken(command)) {
        return give_up(command, err);
    }
    mig__buffer_add(&command->line, "\r\n", 2);
    if (send_line(command) != 0) {
        return give_up(command, err);
    }
    command->ended = true;
    session->open = NULL;
    return 0;
}

/* Of several that are one: what the earliest refusal says, and that any of them was answered in part. */
static void join_results(mig__command_result *result, mig__command_result *earlier)
{
    bool partial = result->code == MIG__CODE_MESSAGELIMIT && earlier->code != MIG__CODE_MESSAGELIMIT;
    if (earlier->error.code != MIG_OK || (result->error.code == MIG_OK && !partial)) {
        mig__command_result kept = *earlier;
        *earlier = *result;
        *result = kept;
    }
    mig__command_result_clear(earlier);
}

int mig__command_wait(mig__session *session, mig__command *command, mig__command_result *result, mig_error *err)
{
    *result = (mig__command_result){.condition = MIG__OK};
    if (!command->ended && !command->answered) {
        return mig_error_set(err, MIG_E_INTERNAL, "waiting for a %s that was not sent", command->words);
    }
    command->continued = false; /* by a literal of its own, before */
    for (mig__command *part = command; part != NULL; part = part->part) {
        if (await(session, part, err) != 0) {
            return -1;
        }
    }
    for (mig__command *part = command, *before; part != NULL; part = before) {
        mig__command_result answer = part->result;
        part->result = (mig__command_result){.condition = MIG__OK};
        before = part->part;
        mig__command_unlink(part);
        join_results(result, &answer);
    }
    return 0;
}

mig__command *mig__command_on_uids(mig__session *session, const mig__uid_command *what, mig__command_handler *handler,
                                   void *context, mig_error *err)
{
    mig__command *parts[PARTS_IN_FLIGHT] = {NULL}, *last = NULL;
    size_t sent = 0;
    for (size_t at = 0, count; at < what->uids->count || sent == 0; at += count) {
        count = mig__uidset_fit(what->uids, at, MIG__UIDS_OCTETS);
        const mig__uidset piece = {what->uids->ranges + at, count, 0};
        mig__command **slot = &parts[sent++ % PARTS_IN_FLIGHT];
        if (*slot != NULL && await(session, *slot, err) != 0) {
            return NULL;
        }
        if ((*slot = mig__command_begin(session, what->words, handler, context, err)) == NULL) {
            return NULL;
        }
        if (what->lead != NULL) {
            mig__command_raw(*slot, what->lead);
        }
        mig__command_uids(*slot, &piece);
        if (what->mailbox != NULL) {
            mig__command_mailbox(*slot, what->mailbox);
        }
        if (what->more != NULL) {
            mig__command_raw(*slot, what->more);
        }
        mig__command_needs(*slot, what->needs);
        if (what->expects) {
            mig__command_expect(*slot, mig__uidset_size(&piece), what->bodies);
        }
        (*slot)->part = last;
        last = *slot;
        if (mig__command_end(*slot, err) != 0) {
            return NULL;
        }
    }
    return last;
}

int mig__command_settle(mig__session *session, mig__command *command, mig_error *why, mig_error *err)
{
    mig__command_result result = {.error = MIG_ERROR_INIT};
    int failed = command == NULL ? -1 : mig__command_wait(session, command, &result, err);
    *why = result.error;
    mig__command_result_clear(&result);
    return failed;
}

int mig__command_outcome(mig__session *session, mig__command *command, mig_error *err)
{
    mig_error why = MIG_ERROR_INIT;
    if (mig__command_settle(session, command, &why, err) != 0) {
        return -1;
    }
    if (why.code == MIG_OK) {
        return 0;
    }
    if (err != NULL) {
        *err = why;
    }
    return 1;
}

int mig__command_challenge(mig__command *command, mig_error *err)
{
    mig__session *session = command->session;
    command->continued = false;
    session->awaiting = command;
    return await(session, command, err) != 0 ? -1 : command->answered ? 1 : 0;
}

int mig__command_respond(mig__command *command, const char *line, mig_error *err)
{
    mig__session *session = command->session;
    if (session->state != MIG__SESSION_FAILED) {
        mig__session_log(session, MIG_LOG_TRACE, "C: ***");
        if (mig__stream_write(session->stream, line, strlen(line), &session->failure) == 0 &&
            mig__stream_write(session->stream, "\r\n", 2, &session->failure) == 0) {
            return 0;
        }
        mig__session_fail(session);
    }
    return mig__session_failure(session, err);
}

unsigned mig__command_in_flight(const mig__session *session)
{
    unsigned count = 0;
    for (const mig__command *command = session->first; command != NULL; command = command->next) {
        count += command->ended && !command->answered && !command->detached;
    }
    return count;
}

bool mig__command_answered(const mig__command *command)
{
    while (command != NULL && command->answered) {
        command = command->part;
    }
    return command == NULL;
}

void mig__command_needs(mig__command *command, unsigned capabilities)
{
    command->needs |= capabilities;
}

void mig__command_stands_for(mig__command *command, unsigned capabilities, uint64_t commands)
{
    command->needs |= capabilities;
    command->plain = commands;
}

void mig__command_detach(mig__command *command)
{
    command->detached = true;
}

void mig__command_abandon(mig__session *session)
{
    mig__command *next = NULL;
    for (mig__command *command = session->first; command != NULL; command = next) {
        next = command->next;
        command->detached = true;
        if (command->answered) {
            mig__command_unlink(command);
        }
    }
}

int mig__command_simple(mig__session *session, const char *words, mig__command_handler *handler, void *context,
                        mig_error *err)
{
    mig__command *command = mig__command_begin(session, words, handler, context, err);
    mig__command_result result = {.condition = MIG__OK};
    if (command == NULL || mig__command_end(command, err) != 0 ||
        mig__command_wait(session, command, &result, err) != 0) {
        return -1;
    }
    int status = 0;
    if (result.condition != MIG__OK) {
        if (err != NULL) {
            *err = result.error;
        }
        status = -1;
    }
    mig__command_result_clear(&result);
    return status;
}
