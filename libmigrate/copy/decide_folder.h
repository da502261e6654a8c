/*
 * copy/decide_folder.h - what follows for a folder from what is recorded of it and what the servers list: pure
 *
 * Records and lists in, a decision out: no session, no state, no lock.
 */
#ifndef MIG_COPY_DECIDE_FOLDER_H
#define MIG_COPY_DECIDE_FOLDER_H

#include "imap/list.h"
#include "state/state.h"

/*
 * True when the source is as it was at the end of the last complete pass, so that nothing has to be asked of it. `now`:
 * the source as listed; `there`: the target's mailbox, NULL: not listed; `flags_kept`: changed flags do not count.
 */
bool mig__decide_unchanged(const mig__state_folder *then, const mig__mailbox *now, const mig__mailbox *there,
                           bool flags_kept);

/*
 * True when the target's mailbox is gone, or another one of that name: what is recorded has to be looked for anew.
 * `held`: messages that the record has there. A server that does not tell UIDVALIDITY is believed, and a mailbox that
 * could not be made by an earlier run was never there.
 */
bool mig__decide_replaced(const mig__state_folder *then, const mig__mailbox *there, uint64_t held);

/* True when the listed mailbox is another one than the recorded one, of the same name or not. Not known is no. */
bool mig__decide_another(const mig__state_folder *then, const mig__mailbox *listed);

typedef enum mig__renamed {
    MIG__RENAMED_NO,
    MIG__RENAMED_YES,     /* both have one identity (RFC 8474) */
    MIG__RENAMED_PERHAPS, /* the same UIDVALIDITY, which some servers give to many: the content decides */
} mig__renamed;

/*
 * Has the recorded mailbox become the listed one, whose own record is `own` (id 0: none)? Not where that one stands for
 * a mailbox that is there, and is no other than it was.
 */
mig__renamed mig__decide_renamed(const mig__state_folder *then, const mig__state_folder *own,
                                 const mig__mailbox *listed);

/* True when so many of the `known` messages are gone from the source at once that a person should be asked first. */
bool mig__decide_too_many_gone(uint64_t gone, uint64_t known);

#endif
