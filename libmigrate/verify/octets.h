/* verify/octets.h - reading a message's octets from where they are (within verify/) */
#ifndef MIG_VERIFY_OCTETS_H
#define MIG_VERIFY_OCTETS_H

#include "mail/canonical.h"
#include "verify/explain.h"

/* Exactly `size` octets from `offset` on, which must be there. 0, or -1 with MIG_E_IO. */
int mig__octets_read(const mig__octets *octets, uint64_t offset, void *out, size_t size, mig_error *err);

/* The first `length` octets, in pieces, to `sink`. */
int mig__octets_walk(const mig__octets *octets, uint64_t length, mig__canonical_sink *sink, void *context,
                     mig_error *err);

#endif
