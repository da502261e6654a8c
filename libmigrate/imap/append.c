/* imap/append.c - APPEND (RFC 3501 section 6.3.11) and MULTIAPPEND (RFC 3502) */
#include "imap/append.h"
#include "base/clock.h"
#include <errno.h>
#include <stdlib.h>

enum { LITERAL_MINUS_MOST = 4096 }; /* RFC 7888 section 5 */

mig__append_way mig__append_way_of(const mig__session *session, uint64_t largest)
{
    bool at_once = mig__session_can(session, MIG__CAP_LITERAL_PLUS) ||
                   (mig__session_can(session, MIG__CAP_LITERAL_MINUS) && largest <= LITERAL_MINUS_MOST);
    if (!at_once) {
        return MIG__APPEND_CHAINED;
    }
    return mig__session_can(session, MIG__CAP_MULTIAPPEND) ? MIG__APPEND_MULTI : MIG__APPEND_PIPELINED;
}

mig__command *mig__append_begin(mig__session *session, const char *mailbox, mig__command_handler *handler,
                                void *context, mig_error *err)
{
    mig__command *command = mig__command_begin(session, "APPEND", handler, context, err);
    if (command != NULL) {
        mig__command_mailbox(command, mailbox);
    }
    return command;
}

int mig__append_message(mig__command *command, const char *const *flags, const mig__datetime *date, uint64_t size,
                        bool utf8, mig_error *err)
{
    if (flags != NULL) {
        mig__command_flags(command, flags);
    }
    if (date != NULL && date->valid) {
        char text[32] = "\"";
        mig__datetime_format(date, text + 1);
        text[27] = '"';
        text[28] = '\0';
        mig__command_raw(command, text);
    }
    if (utf8) {
        mig__command_raw(command, "UTF8");
        return mig__command_literal8(command, size, err);
    }
    return mig__command_literal(command, size, err);
}

void mig__append_message_end(mig__command *command, bool utf8)
{
    if (utf8) {
        mig__command_glue(command, ")");
    }
}

/* Read one number and move past it; false when there is none within 32 bits. */
static bool number(const char **text, uint32_t *out)
{
    char *end;
    errno = 0;
    unsigned long long value = strtoull(*text, &end, 10);
    if (end == *text || **text < '0' || **text > '9' || errno != 0 || value == 0 || value > UINT32_MAX) {
        return false;
    }
    *text = end;
    *out = (uint32_t)value;
    return true;
}

bool mig__append_uids(const char *uid_text, uint32_t *uids, size_t count)
{
    size_t found = 0;
    if (uid_text == NULL) {
        return false;
    }
    for (const char *at = uid_text;; at++) {
        uint32_t first, last;
        if (!number(&at, &first)) {
            return false;
        }
        last = first;
        if (*at == ':') {
            at++;
            if (!number(&at, &last)) {
                return false;
            }
        }
        if (last < first) { /* "4:2" means the same as "2:4" */
            uint32_t swap = first;
            first = last;
            last = swap;
        }
        for (uint64_t uid = first; uid <= last; uid++) {
            if (found == count) {
                return false;
            }
            uids[found++] = (uint32_t)uid;
        }
        if (*at == '\0') {
            return found == count;
        }
        if (*at != ',') {
            return false;
        }
    }
}
