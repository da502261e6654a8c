/* sieve/records.h - what was put by earlier runs: events of the state's audit trail */
#ifndef MIG_SIEVE_RECORDS_H
#define MIG_SIEVE_RECORDS_H

#include "base/buffer.h"
#include "base/sha256.h"
#include "state/state.h"

typedef struct mig__sieve_record { /* the last time that a script was put */
    char *source, *target;         /* names */
    char source_digest[MIG__HEX_SIZE], put_digest[MIG__HEX_SIZE];
} mig__sieve_record;

typedef struct mig__sieve_records {
    mig__sieve_record *items;
    size_t count;
} mig__sieve_records;

#define MIG__SIEVE_RECORDS_INIT                                                                                        \
    {                                                                                                                  \
        NULL, 0                                                                                                        \
    }

/* All of an account. 0, or -1; clear it in any case. An event that makes no sense is left out. */
int mig__sieve_records_read(mig__state *state, int64_t account, mig__sieve_records *out, mig_error *err);
void mig__sieve_records_clear(mig__sieve_records *records);

/* By the name on the source; NULL: it was never put. */
const mig__sieve_record *mig__sieve_records_find(const mig__sieve_records *records, const char *source);

/* Note it, durable when the state is closed. */
int mig__sieve_records_add(mig__state *state, int64_t run, const mig__sieve_record *record, mig_error *err);

/* The text of such an event, and back. Pure. false: it makes no sense, or no memory. */
bool mig__sieve_record_write(const mig__sieve_record *record, mig__buffer *out);
bool mig__sieve_record_read(const char *text, mig__sieve_record *out);

#endif
