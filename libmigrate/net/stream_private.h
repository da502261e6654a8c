/* net/stream_private.h - what stream.c (moving octets) and stream_open.c (beginnings and the end) share */
#ifndef MIG_NET_STREAM_PRIVATE_H
#define MIG_NET_STREAM_PRIVATE_H

#include "net/deflate.h"
#include "net/stream.h"
#include "net/tls.h"
#include "net/tunnel.h"
#include "net/wire.h"

#define MIG__STREAM_GATHER (16 * 1024) /* one TLS record (RFC 8446 section 5.1) */

/* The counters when a window of watching for crumbs began. */
typedef struct mig__drip {
    int64_t waited;
    uint64_t octets, wire, receives;
} mig__drip;

struct mig__stream {
    const mig_endpoint *endpoint;
    const mig_stop *stop;
    mig__wire wire;
    mig__tunnel *tunnel;       /* NULL: none */
    mig__tls_context *context; /* NULL: none yet */
    bool context_shared;       /* not ours to release */
    mig__tls *tls;             /* NULL: plain */
    mig__deflate *deflate;     /* NULL: not compressed */
    bool unfinished;           /* the compressor holds octets that no flush has pushed out */
    char *out;                 /* MIG__STREAM_GATHER octets */
    size_t out_length;
    char *in;
    size_t in_start, in_end, in_capacity;
    char ready[1024]; /* expanded only to see whether there was something */
    size_t ready_start, ready_end;
    uint64_t received; /* out of TLS, whether or not the caller has it yet */
    bool asked;        /* something was written since the last wait */
    uint64_t octets_in, octets_out, waits;
    mig__drip drip;
    int64_t until; /* when reads fail whatever came; 0: never */
    bool failed;
    mig_error failure;
};

/* `failure` holds what happened: make it final, and give it to `err`. Returns -1. */
int mig__stream_fail(mig__stream *stream, mig_error *err);
int mig__stream_repeat_failure(const mig__stream *stream, mig_error *err);

/* Wait for `events`. 0 with *ready filled (0: the deadline has passed), or -1. */
int mig__stream_wait(mig__stream *stream, short events, int64_t deadline, short *ready, mig_error *err);

void mig__stream_drip_start(mig__stream *stream);

#endif
