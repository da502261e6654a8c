/* scanner/address.h - where a scanner listens: "clamd:/PATH" or "clamd://HOST:PORT" */
#ifndef MIG_SCANNER_ADDRESS_H
#define MIG_SCANNER_ADDRESS_H

#include <migrate/error.h>
#include <stdint.h>

typedef struct mig__scanner_address {
    char path[108]; /* of a local socket; "": by TCP */
    char host[256]; /* without the brackets of an IPv6 address */
    uint16_t port;
} mig__scanner_address;

/* 0, or -1 with MIG_E_USAGE. */
int mig__scanner_address_parse(const char *text, mig__scanner_address *out, mig_error *err);

#endif
