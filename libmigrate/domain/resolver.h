/* domain/resolver.h - a resolver that validates DNSSEC: libunbound, many questions at once */
#ifndef MIG_DOMAIN_RESOLVER_H
#define MIG_DOMAIN_RESOLVER_H

#include "domain/answer.h"
#include <migrate/error.h>
#include <migrate/stop.h>

typedef struct mig__resolver mig__resolver;

typedef struct mig__resolver_question {
    const char *name;
    mig__rr type;
    mig__answer *out;
} mig__resolver_question;

/*
 * `server`: "ADDRESS[@PORT]" that is asked; NULL: the system's; "root": none, down from the root. `anchor`: a file;
 * NULL: the keys of the root; "none": nothing is validated. NULL: MIG_E_USAGE, MIG_E_IO, MIG_E_NOMEM.
 */
mig__resolver *mig__resolver_new(const char *server, uint16_t port, const char *anchor, mig_error *err);
void mig__resolver_free(mig__resolver **resolver);

/* Who is asked, for people. */
const char *mig__resolver_title(const mig__resolver *resolver);

/* Ask them all, `in_flight` at once, each within `timeout_ms`. `stop` ends it early: the rest stays without an answer.
 */
void mig__resolver_ask(mig__resolver *resolver, const mig__resolver_question *questions, size_t count, int in_flight,
                       int timeout_ms, const mig_stop *stop);

#endif
