/*
 * net/wire.h - one connected, non-blocking socket: octets as they travel, counted
 *
 * Sends with MSG_NOSIGNAL: a library may not let SIGPIPE happen, nor change what the process does about it.
 */
#ifndef MIG_NET_WIRE_H
#define MIG_NET_WIRE_H

#include <migrate/error.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

/* How one non-blocking step ended, here and in the layers above. */
typedef enum mig__io {
    MIG__IO_DONE,       /* some octets were moved, or the step is complete */
    MIG__IO_WANT_READ,  /* again when the descriptor is readable */
    MIG__IO_WANT_WRITE, /* again when it is writable */
    MIG__IO_FAILED      /* final */
} mig__io;

typedef struct mig__wire {
    int fd;
    bool ended; /* the peer has closed its side */
    int errnum; /* errno of the failure; 0: none */
    uint64_t octets_in;
    uint64_t octets_out;
    uint64_t receives; /* calls that brought octets */
} mig__wire;

/* MIG__IO_FAILED sets `ended` or `errnum`; mig__wire_error puts that into words (MIG_E_CLOSED, MIG_E_TIMEOUT). */
mig__io mig__wire_receive(mig__wire *wire, void *out, size_t size, size_t *got);
mig__io mig__wire_send(mig__wire *wire, const struct iovec *pieces, int count, size_t *sent);
int mig__wire_error(const mig__wire *wire, mig_error *err); /* returns -1 */

#endif
