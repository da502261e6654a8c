/* net/deflate.h - COMPRESS=DEFLATE (RFC 4978): raw deflate (RFC 1951) in both directions, by zlib */
#ifndef MIG_NET_DEFLATE_H
#define MIG_NET_DEFLATE_H

#include <migrate/error.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct mig__deflate mig__deflate;

mig__deflate *mig__deflate_new(mig_error *err);
void mig__deflate_free(mig__deflate **layer);

/*
 * Compress from *data, which moves forward with *length, into `out`. With `flush` all that was given so far becomes
 * readable for the peer: call again with more room as long as `out` was filled. Returns the octets put out.
 */
size_t mig__deflate_pack(mig__deflate *layer, const char **data, size_t *length, bool flush, char *out, size_t size);

/*
 * Expand from *data, which moves forward with *length, into `out`. Returns the octets put out; 0: more input is needed;
 * -1 with MIG_E_PROTOCOL (not deflate, or its end) or MIG_E_NOMEM.
 */
int64_t mig__deflate_expand(mig__deflate *layer, const char **data, size_t *length, char *out, size_t size,
                            mig_error *err);

#endif
