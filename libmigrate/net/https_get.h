/* net/https_get.h - one file by HTTPS from an address that the caller chose */
#ifndef MIG_NET_HTTPS_GET_H
#define MIG_NET_HTTPS_GET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct mig__https_get {
    const char *host, *path; /* of the URL; the certificate has to fit the host */
    const char *post;        /* XML to send with POST; NULL: GET */
    const char *address;     /* to connect to, and at which port */
    uint16_t port;
    const char *ca_file; /* NULL: the system's */
    int timeout_ms;
    size_t most; /* octets of the body that are kept */
} mig__https_get;

typedef struct mig__https_got {
    int status;         /* of HTTP; 0: `why` says why there is none */
    bool certificate;   /* `why` is about the certificate or its name */
    char why[200];      /* no control characters */
    char type[80];      /* Content-Type, without parameters, in lower case */
    char location[200]; /* of a redirection, which is not followed */
    char *body;         /* with a NUL behind; the caller frees it; NULL: out of memory or nothing came */
    size_t length;
    bool cut; /* there was more than `most` */
} mig__https_got;

void mig__https_fetch(const mig__https_get *wanted, mig__https_got *out);

#endif
