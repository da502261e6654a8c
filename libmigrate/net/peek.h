/*
 * net/peek.h - a short talk to a server that is looked at, not trusted: nothing secret is ever sent
 *
 * Connections go to one address. TLS goes on whatever the certificate is; what it is, is told.
 */
#ifndef MIG_NET_PEEK_H
#define MIG_NET_PEEK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum mig__peek_reach {
    MIG__PEEK_OPEN,
    MIG__PEEK_REFUSED,
    MIG__PEEK_SILENT,
    MIG__PEEK_UNREACHABLE
} mig__peek_reach;

#define MIG__PEEK_CHAIN 8

/* SHA-256 and SHA-512 of a certificate and of its public key (SubjectPublicKeyInfo), as RFC 6698 needs them. */
typedef struct mig__peek_certificate {
    unsigned char sha256[2][32], sha512[2][64]; /* [0]: the whole certificate; [1]: the key */
    unsigned char *der[2];                      /* the octets themselves */
    size_t length[2];
} mig__peek_certificate;

typedef struct mig__peek_tls {
    bool trusted;                                 /* the chain ends at an authority, and no date is over */
    char distrust[120];                           /* why not */
    bool name_fits;                               /* the name that was expected stands in it */
    char names[300];                              /* that stand in it, parted by ", " */
    int64_t begins, ends;                         /* seconds since 1970-01-01 UTC */
    char version[16];                             /* "TLSv1.3" */
    mig__peek_certificate chain[MIG__PEEK_CHAIN]; /* as the server sent it */
    size_t count;
} mig__peek_tls;

void mig__peek_tls_clear(mig__peek_tls *tls);

typedef struct mig__peek mig__peek;

/* Connect within `timeout_ms`, which also bounds all that follows. NULL: *reach and `why` say why. */
mig__peek *mig__peek_open(const char *address, uint16_t port, int timeout_ms, mig__peek_reach *reach, char *why,
                          size_t size);

/* The address that this machine has on the connection, "" when the system does not say. */
void mig__peek_local(const mig__peek *peek, char out[46]);

/* One line without its end, made inert; longer ones are cut. False: none came in time, or the end. */
bool mig__peek_line(mig__peek *peek, char *line, size_t size);
bool mig__peek_say(mig__peek *peek, const char *text);

/* Start TLS. `name` is sent and looked for in the certificate ("": neither). False: no TLS came about, see `why`. */
bool mig__peek_start_tls(mig__peek *peek, const char *name, const char *ca_file, mig__peek_tls *out, char *why,
                         size_t size);

void mig__peek_close(mig__peek **peek);

#endif
