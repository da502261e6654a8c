/*
 * domain/judge.h - the judges: each looks at one subject of a case, asks for the facts that it needs, and adds verdicts
 *
 * They are pure: the same facts give the same verdicts. While facts are missing (case->pending) what they add is thrown
 * away, so they go on as far as they can and ask for all that they can know they will need.
 */
#ifndef MIG_DOMAIN_JUDGE_H
#define MIG_DOMAIN_JUDGE_H

#include "domain/case.h"

/* The name servers: that they answer, have the same serial and the same content; DNSSEC (RFC 1912, 4034, 4035). */
void mig__judge_authority(mig__case *c);
void mig__judge_dnssec(mig__case *c);

/* How long the world remembers what is there now, and from when on a switch is safe. */
void mig__judge_ttl(mig__case *c);

/* The MX records (RFC 5321 5.1, 2181 10.3, 7505), IPv6, a wildcard. */
void mig__judge_mx(mig__case *c);

void mig__judge_spf(mig__case *c);
void mig__judge_dkim(mig__case *c);
void mig__judge_dmarc(mig__case *c);
void mig__judge_sts(mig__case *c);
void mig__judge_tlsrpt(mig__case *c);
void mig__judge_dane(mig__case *c);
void mig__judge_caa(mig__case *c);

/* While the switch is under way: who has the new MX already, what goes to the old host, whether both accept mail. */
void mig__judge_switch(mig__case *c);

/* Afterwards. */
void mig__judge_settled(mig__case *c); /* the MX are the same everywhere */
void mig__judge_servers(mig__case *c); /* each MX: greeting, STARTTLS, certificate */
void mig__judge_reverse(mig__case *c); /* reverse DNS of what sends */
void mig__judge_dnsbl(mig__case *c);
void mig__judge_client(mig__case *c);   /* autoconfig, autodiscover, SRV */
void mig__judge_old(mig__case *c);      /* the old host: what it still does */
void mig__judge_leftover(mig__case *c); /* records that still lead to it */

/* All of a phase, in the order of the report. */
void mig__judge_all(mig__case *c);

#endif
