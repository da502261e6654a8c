/*
 * verify/look.h - a second look at single messages: their octets, to explain a difference; their headers, to name them
 */
#ifndef MIG_VERIFY_LOOK_H
#define MIG_VERIFY_LOOK_H

#include "verify/explain.h"
#include "verify/job.h"

/* A session to each side that is opened when it is first needed, and the mailbox it has open. */
typedef struct mig__look {
    mig__verify_run *run;
    mig__session *sessions[2];
    const mig__verify_job *opened[2];
    bool broken[2]; /* could not be opened: not tried again */
} mig__look;

/* A message's octets, in memory or in an unlinked file. */
typedef struct mig__look_octets {
    char *memory;
    int fd;
    uint64_t length, filled;
    const char *state_path; /* a file goes beside it; NULL: to the system's place. Borrowed */
} mig__look_octets;

/* Read one message. 1: there; 0: not to be had (that is no error: the finding then says less). */
int mig__look_at(mig__look *look, const mig__verify_job *job, mig_side side, uint32_t uid, mig__look_octets *out);
mig__octets mig__look_view(const mig__look_octets *octets);
void mig__look_octets_free(mig__look_octets *octets);

/* Message-ID and Subject of messages, by their headers: `each` gets them as they come; up to what the server gives. */
typedef void mig__look_name(uint32_t uid, const char *message_id, const char *subject, void *context);
void mig__look_names(mig__look *look, const mig__verify_job *job, mig_side side, const mig__uidset *uids,
                     mig__look_name *each, void *context);

void mig__look_close(mig__look *look);

#endif
