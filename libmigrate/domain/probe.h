/* domain/probe.h - talking to SMTP and HTTPS servers to see how they are; no mail is sent, no recipient is named but
 * postmaster, and nothing is ever logged in to */
#ifndef MIG_DOMAIN_PROBE_H
#define MIG_DOMAIN_PROBE_H

#include "domain/facts.h"

/* Talk to an SMTP server up to RCPT, never DATA (RFC 5321, RFC 3207). Blocks; safe in several threads. */
void mig__probe_smtp(const mig__smtp_question *question, uint16_t port, const char *ca_file, int timeout_ms,
                     mig__smtp_fact *out);
void mig__smtp_fact_clear(mig__smtp_fact *fact);

/* Fetch a file from one of the addresses; with `post`, which is XML, by POST. NULL: by GET. */
void mig__probe_web(const char *host, const char *path, const char *post, const char *const *addresses, uint16_t port,
                    const char *ca_file, int timeout_ms, mig__web_fact *out);
void mig__web_fact_clear(mig__web_fact *fact);

#endif
