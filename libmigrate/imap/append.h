/*
 * imap/append.h - APPEND (RFC 3501 section 6.3.11) and MULTIAPPEND (RFC 3502)
 *
 *     mig__command *c = mig__append_begin(session, mailbox, err);
 *     for each message: mig__append_message(c, flags, &date, size, err), then mig__command_literal_data ... in full
 *     mig__command_end(c, err); mig__command_wait(...)
 */
#ifndef MIG_IMAP_APPEND_H
#define MIG_IMAP_APPEND_H

#include "imap/command.h"

/* How a server takes messages, the fastest way that it announces. */
typedef enum mig__append_way {
    MIG__APPEND_MULTI,     /* many messages a command, literals not waited for */
    MIG__APPEND_PIPELINED, /* a message a command, literals not waited for */
    MIG__APPEND_CHAINED    /* each literal waits for "+"; the next command line rides on the last literal's end */
} mig__append_way;

/* `largest`: octets of the largest message of the batch, since LITERAL- ends at 4,096. */
mig__append_way mig__append_way_of(const mig__session *session, uint64_t largest);

mig__command *mig__append_begin(mig__session *session, const char *mailbox, mig__command_handler *handler,
                                void *context, mig_error *err);

/*
 * Flags (NULL: no list; else a list, which may be empty), date (left out when not valid) and the literal's
 * announcement; `utf8`: as "UTF8 (~{n}" (RFC 6855 section 4), which some servers want for headers in UTF-8 and RFC 9755
 * has no more. 0: send exactly `size` octets now; 1: the
 * server answered instead, the command is over; -1: the session failed.
 */
int mig__append_message(mig__command *command, const char *const *flags, const mig__datetime *date, uint64_t size,
                        bool utf8, mig_error *err);

/* After the octets. */
void mig__append_message_end(mig__command *command, bool utf8);

/*
 * The UIDs of APPENDUID in the order of the messages (RFC 4315 section 3). Writes exactly `count` UIDs and returns
 * true, or returns false when the set has another size or is not there.
 */
bool mig__append_uids(const char *uid_text, uint32_t *uids, size_t count);

#endif
