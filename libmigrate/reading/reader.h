/* reading/reader.h - one reader of a pool: reader.c has its units and connections, answers.c what arrives */
#ifndef MIG_READING_READER_H
#define MIG_READING_READER_H

#include "reading/pool.h"
#include "reading/squeeze.h"

enum { MIG__FLIGHTS = 6 };

typedef struct mig__flight { /* a unit whose FETCH is on its way */
    mig__unit *unit;
    mig__command *select; /* EXAMINE sent just before, or NULL */
    mig__command *fetch;
    mig__selected selected;
    mig__uidset odd; /* answered, but not in a form that can be read */
    uint64_t asked;  /* messages */
    bool unopened;   /* the EXAMINE that it stood behind was put off */
} mig__flight;

typedef struct mig__reader {
    mig__pool *pool;
    mig__session *session;
    void *own; /* of the sink */
    mig__flight flights[MIG__FLIGHTS];
    size_t first, count;    /* ring */
    mig__reading *examined; /* of the last EXAMINE sent */
    bool arriving;          /* a body is, or has arrived and waits for the end of its FETCH */
    uint64_t size, filled;  /* of it */
    uint64_t unit_messages;
    mig__squeeze squeeze;
    bool quieting;      /* sends nothing more until it can start to compress */
    bool connected;     /* once, at least */
    int64_t blocked_ms; /* waited for the sink: not the line's fault */
    unsigned attempts;  /* reconnects in a row without a message */
} mig__reader;

/* Takes over the session, which may be NULL. NULL: no memory, and the session stays the caller's. */
mig__reader *mig__reader_new(mig__pool *pool, mig__session *session);
/* Thread body; frees the reader. */
void *mig__reader_main(void *reader);
/* A reader ended, or did not begin. How many are still at work. */
unsigned mig__pool_left(mig__pool *pool);

/* ---- answers.c ---- */

/* Octets of bodies go to the reader from now on: its session is new. */
void mig__reader_attach(mig__reader *r);
/* The body that is arriving is not wanted any more. */
void mig__reader_forget(mig__reader *r);
/* A handler for the answers to a FETCH of one of the flights. */
int mig__reader_on_fetch(const mig__response *response, void *context, mig_error *err);
/* A message that will not come, whatever is tried. 0, -1. */
int mig__reader_lose(mig__reader *r, mig__unit *unit, uint32_t uid, const mig_error *why, mig_error *err);

#endif
