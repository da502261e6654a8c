/* net/tls_context.h - what TLS connections to one endpoint share: trust, client certificate, sessions to resume */
#ifndef MIG_NET_TLS_CONTEXT_H
#define MIG_NET_TLS_CONTEXT_H

#include <migrate/endpoint.h>
#include <migrate/error.h>

/* Used by several threads at once. Belongs to the one endpoint that it was made for: its sessions prove that name. */
typedef struct mig__tls_context mig__tls_context;

/*
 * The system's trust store is found as OpenSSL finds it (SSL_CERT_FILE and SSL_CERT_DIR count). Errors: MIG_E_IO (a
 * file that cannot be read), MIG_E_NOMEM, MIG_E_USAGE (a pin that is none).
 */
mig__tls_context *mig__tls_context_new(const mig_endpoint *endpoint, mig_error *err);
void mig__tls_context_free(mig__tls_context **context);

#endif
