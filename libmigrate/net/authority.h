/* net/authority.h - the part of a URL that says who and where, for endpoints and proxies */
#ifndef MIG_NET_AUTHORITY_H
#define MIG_NET_AUTHORITY_H

#include <migrate/error.h>
#include <stdint.h>

typedef struct mig__authority {
    char *user;    /* percent-decoded; NULL: none */
    char *host;    /* without brackets */
    uint16_t port; /* 0: none */
} mig__authority;

#define MIG__AUTHORITY_INIT                                                                                            \
    {                                                                                                                  \
        NULL, NULL, 0                                                                                                  \
    }

/*
 * Parse what follows "scheme://": [user@]host[:port], perhaps with a final slash. A password is refused, and no error
 * repeats any of the text, since any of it may be a misplaced one. 0, or -1 with MIG_E_USAGE or MIG_E_NOMEM.
 */
int mig__authority_parse(const char *text, mig__authority *out, mig_error *err);
void mig__authority_clear(mig__authority *authority);

#endif
