/*
 * imap/argument.c - arguments as octets: RFC 3501 section 9 (atom, string, astring, flag, sequence-set)
 */
#include "imap/session_private.h"
#include <string.h>
#include <strings.h>

bool mig__command_broken(const mig__command *command)
{
    return command->result.error.code != MIG_OK || command->session->state == MIG__SESSION_FAILED;
}

/* Whether a further argument has any effect. */
static bool closed(const mig__command *command)
{
    return command->answered || mig__command_broken(command);
}

void mig__command_add(mig__command *command, const char *octets, size_t length)
{
    mig__buffer_add(&command->line, octets, length);
    if (mig__session_logs(command->session, MIG_LOG_TRACE)) {
        mig__buffer_add(&command->trace, octets, length);
    }
}

void mig__command_glue(mig__command *command, const char *text)
{
    if (closed(command)) {
        return;
    }
    if (strpbrk(text, "\r\n") != NULL) {
        mig_error_set(&command->result.error, MIG_E_INTERNAL, "a line break in the words of %s", command->words);
        return;
    }
    mig__command_add(command, text, strlen(text));
}

void mig__command_raw(mig__command *command, const char *text)
{
    if (!closed(command)) {
        mig__command_add(command, " ", 1);
        mig__command_glue(command, text);
    }
}

/* RFC 3501 section 9 "ASTRING-CHAR". */
static bool astring_char(char c)
{
    return c > ' ' && c < 0x7f && strchr("(){%*\"\\", c) == NULL;
}

typedef enum string_form { FORM_ATOM, FORM_QUOTED, FORM_LITERAL } string_form;

static string_form form_of(const char *value)
{
    /* NIL as an atom is something else to some servers. */
    string_form form = value[0] == '\0' || strcasecmp(value, "NIL") == 0 ? FORM_QUOTED : FORM_ATOM;
    for (const char *c = value; *c != '\0'; c++) {
        if (*c == '\r' || *c == '\n' || (unsigned char)*c >= 0x80) {
            return FORM_LITERAL; /* RFC 3501 section 9 "QUOTED-CHAR": 7-bit, and no line break */
        }
        form = astring_char(*c) ? form : FORM_QUOTED;
    }
    return form;
}

static void add_literal(mig__command *command, const char *value)
{
    size_t length = strlen(value);
    if (mig__command_announce(command, " ", length) != 0) {
        return;
    }
    command->literal_left = 0;
    mig__buffer_reserve(&command->line, length + 64);
    mig__buffer_add(&command->line, value, length);
    if (mig__session_logs(command->session, MIG_LOG_TRACE)) {
        mig__buffer_addf(&command->trace, "<%zu octets>", length);
    }
}

static void add_quoted(mig__buffer *out, const char *value)
{
    mig__buffer_add_char(out, '"');
    for (const char *c = value; *c != '\0'; c++) {
        if (*c == '"' || *c == '\\') {
            mig__buffer_add_char(out, '\\');
        }
        mig__buffer_add_char(out, *c);
    }
    mig__buffer_add_char(out, '"');
}

static void add_astring(mig__command *command, const char *value, bool secret)
{
    if (closed(command)) {
        return;
    }
    string_form form = form_of(value);
    if (form == FORM_LITERAL) {
        add_literal(command, value);
        command->secret = command->secret || secret;
        return;
    }
    /* In one piece from the start: growing would leave copies of a secret behind. */
    if (!mig__buffer_reserve(&command->line, 2 * strlen(value) + 64)) {
        return;
    }
    size_t before = command->line.length;
    mig__buffer_add_char(&command->line, ' ');
    if (form == FORM_ATOM) {
        mig__buffer_add_text(&command->line, value);
    } else {
        add_quoted(&command->line, value);
    }
    command->secret = command->secret || secret;
    if (mig__session_logs(command->session, MIG_LOG_TRACE)) {
        if (secret) {
            mig__buffer_add_text(&command->trace, " ***");
        } else {
            mig__buffer_add(&command->trace, command->line.data + before, command->line.length - before);
        }
    }
}

void mig__command_astring(mig__command *command, const char *value)
{
    add_astring(command, value, false);
}

void mig__command_mailbox(mig__command *command, const char *wire_name)
{
    add_astring(command, wire_name, false);
}

void mig__command_secret(mig__command *command, const char *value)
{
    add_astring(command, value, true);
}

void mig__command_secret_raw(mig__command *command, const char *text)
{
    if (closed(command) || !mig__buffer_reserve(&command->line, strlen(text) + 64)) {
        return;
    }
    mig__buffer_add_char(&command->line, ' ');
    mig__buffer_add_text(&command->line, text);
    command->secret = true;
    if (mig__session_logs(command->session, MIG_LOG_TRACE)) {
        mig__buffer_add_text(&command->trace, " ***");
    }
}

void mig__command_uids(mig__command *command, const mig__uidset *set)
{
    if (closed(command)) {
        return;
    }
    if (set->count == 0) {
        mig_error_set(&command->result.error, MIG_E_INTERNAL, "%s of no message", command->words);
        return;
    }
    if (mig__uidset_fit(set, 0, MIG__UIDS_OCTETS) < set->count) {
        mig_error_set(&command->result.error, MIG_E_INTERNAL, "%s of too many messages at once", command->words);
        return;
    }
    size_t before = command->line.length;
    mig__buffer_add_char(&command->line, ' ');
    mig__uidset_format(set, &command->line);
    if (mig__session_logs(command->session, MIG_LOG_TRACE)) {
        mig__buffer_add(&command->trace, command->line.data + before, command->line.length - before);
    }
}

bool mig__flag_valid(const char *flag)
{
    static const char *const system_flags[] = {"\\Answered", "\\Flagged", "\\Deleted", "\\Seen", "\\Draft"};
    for (size_t i = 0; i < sizeof system_flags / sizeof system_flags[0]; i++) {
        if (strcasecmp(flag, system_flags[i]) == 0) {
            return true;
        }
    }
    /* RFC 3501 section 9 "ATOM-CHAR": as in an astring, without "]". */
    for (const char *c = flag; *c != '\0'; c++) {
        if (!astring_char(*c) || *c == ']') {
            return false;
        }
    }
    return flag[0] != '\0';
}

void mig__command_flags(mig__command *command, const char *const *flags)
{
    mig__command_raw(command, "(");
    const char *blank = "";
    for (size_t i = 0; flags != NULL && flags[i] != NULL; i++) {
        if (mig__flag_valid(flags[i])) {
            mig__command_glue(command, blank);
            mig__command_glue(command, flags[i]);
            blank = " ";
        }
    }
    mig__command_glue(command, ")");
}
