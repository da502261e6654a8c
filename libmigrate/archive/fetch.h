/* archive/fetch.h - what the reading of messages and the threads that do it share */
#ifndef MIG_ARCHIVE_FETCH_H
#define MIG_ARCHIVE_FETCH_H

#include "archive/export.h"

typedef struct mig__reader {
    mig__export *run;
    mig__session *session;
    const mig__export_folder *opened;
    mig__export_folder *folder; /* of the unit in hand */
    mig__uidset unit;           /* still to come */
    mig__uidset present;        /* what of it exists */
    mig__sha256 *sha256;
    mig__parcel *parcel; /* arriving, or arrived and waiting for the end of its FETCH */
    bool too_large;      /* beyond max_size: read and dropped */
    bool extra;          /* never had a session, and others are at work */
    uint64_t arrived;    /* messages so far */
    mig_error refusal;   /* the last NO or BAD to a FETCH */
} mig__reader;

/*
 * Read r->unit, one message at a time with `alone`. What is left of it in the end has vanished meanwhile: it is empty
 * then. 0, or -1 when the session failed.
 */
int mig__reader_read(mig__reader *r, bool alone, mig_error *err);

/* Wait for a command; what the server refused is in r->refusal. 0, or -1 when the session failed. */
int mig__reader_wait(mig__reader *r, mig__command *command, mig_error *err);

/* The server has it and does not give it: the archive says so as well. `why` with code MIG_OK: without a word. */
int mig__reader_lose(mig__reader *r, uint32_t uid, const mig_error *why, mig_error *err);

/* Give up what is arriving, and the room that it took. */
void mig__reader_drop(mig__reader *r);

#endif
