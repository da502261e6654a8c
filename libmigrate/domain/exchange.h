/* domain/exchange.h - one question to one name server, by UDP and, when it has to be, TCP */
#ifndef MIG_DOMAIN_EXCHANGE_H
#define MIG_DOMAIN_EXCHANGE_H

#include "domain/answer.h"
#include <migrate/error.h>
#include <netdb.h>
#include <sys/socket.h>

/* "192.0.2.1", "192.0.2.1@5353", "2001:db8::1@53". 0, or -1 with MIG_E_USAGE. */
int mig__server_parse(const char *text, uint16_t port, struct sockaddr_storage *out, socklen_t *length, mig_error *err);

/*
 * Ask within `timeout_ms`, with repetitions; `recursive`: a resolver is asked to find out, else an authority for what
 * it has. Whatever happens stands in out->status. Blocks; safe in several threads.
 */
void mig__exchange(const char *server, const char *name, mig__rr type, bool recursive, int timeout_ms,
                   mig__answer *out);

#endif
