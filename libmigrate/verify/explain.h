/*
 * verify/explain.h - why two messages of the same canonical form differ, and where two messages begin to differ
 *
 * When only the digests of the source's message were kept, the target's message is turned back in the ways that servers
 * are known to change messages, until one gives the recorded digest: then that way is proven to be the reason.
 */
#ifndef MIG_VERIFY_EXPLAIN_H
#define MIG_VERIFY_EXPLAIN_H

#include "base/buffer.h"
#include "mail/digest.h"
#include <migrate/rule.h>

/* The octets of a message: in memory, or in a file that is read by pread. Borrowed. */
typedef struct mig__octets {
    const void *memory; /* NULL: in the file */
    int fd;
    uint64_t length;
} mig__octets;

typedef struct mig__explanation {
    unsigned rules; /* MIG_RULE_* */
    bool certain;   /* proven; else the rules are what remains possible */
} mig__explanation;

/*
 * `recorded` is of the source's message, `found` the target's octets; their canonical digests are equal, their raw
 * digests are not. Reads `found` some dozen times at most, less often when it is large. 0, or -1 with MIG_E_IO or
 * MIG_E_NOMEM.
 */
int mig__explain_record(const mig__message_digest *recorded, const mig__octets *found, mig__explanation *out,
                        mig_error *err);

/*
 * Both messages are at hand: a smallest set of rules under which they are equal, always certain; 0 rules for the same
 * octets. 1, or 0 when their canonical forms differ, or -1 with MIG_E_IO or MIG_E_NOMEM.
 */
int mig__explain_both(const mig__octets *source, const mig__octets *target, mig__explanation *out, mig_error *err);

/*
 * Where two messages begin to differ: the offset of the first octet that does (the shorter one's length when it is the
 * beginning of the other one), and a line for people with the octets around it on both sides, escaped, added to `text`.
 * 1, or 0 when they are equal, or -1 with MIG_E_IO or MIG_E_NOMEM.
 */
int mig__first_difference(const mig__octets *source, const mig__octets *target, uint64_t *offset, mig__buffer *text,
                          mig_error *err);

/* Octets as printable ASCII: \r, \n, \t, \\, \" and \xHH for the others. */
void mig__escape_octets(const void *octets, size_t length, mig__buffer *out);

#endif
