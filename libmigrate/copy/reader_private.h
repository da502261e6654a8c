/* copy/reader_private.h - what the two halves of a reader share: reader.c (units, connections) and reader_fetch.c (what
 * arrives) */
#ifndef MIG_COPY_READER_PRIVATE_H
#define MIG_COPY_READER_PRIVATE_H

#include "copy/job.h"
#include "copy/squeeze.h"

enum { MIG__UNITS_IN_FLIGHT = 6 };

typedef struct mig__copy_flight { /* a unit whose FETCH is on its way */
    mig__unit *unit;
    mig__command *select; /* EXAMINE sent just before, or NULL */
    mig__command *fetch;
    mig__selected selected;
    mig__uidset odd; /* answered, but not in a form that can be read */
    uint64_t asked;  /* messages */
    bool unopened;   /* the EXAMINE that it stood behind was put off */
} mig__copy_flight;

typedef struct mig__copy_reader {
    mig__run *run;
    mig__session *session;
    mig__digester *digester;
    mig__copy_flight flights[MIG__UNITS_IN_FLIGHT];
    size_t first, count;       /* ring */
    mig__folder_job *examined; /* folder of the last EXAMINE sent */
    mig__transit *transit;     /* body that is arriving, or has arrived and waits for the end of its FETCH */
    uint64_t filled;
    bool too_large; /* the body exceeds --max-size: read and dropped */
    bool body_done;
    size_t unit_messages;
    mig__squeeze squeeze;
    bool quieting;      /* sends nothing more until it can start to compress */
    int64_t blocked_ms; /* waited for room in memory: not the line's fault */
    unsigned attempts;  /* reconnects in a row without a message */
} mig__copy_reader;

/* Octets of bodies go to the reader from now on: its session is new. */
void mig__copy_reader_attach(mig__copy_reader *r);
/* The body that is arriving is not wanted any more. */
void mig__copy_reader_drop(mig__copy_reader *r);
/* A handler for the answers to a FETCH of one of the flights. */
int mig__copy_reader_on_fetch(const mig__response *response, void *context, mig_error *err);
/* A message that will not come, whatever is tried: in the report and in the state, so that it is known by name. */
void mig__copy_reader_give_up(mig__copy_reader *r, mig__folder_job *job, uint32_t uid, const mig_error *error);

#endif
