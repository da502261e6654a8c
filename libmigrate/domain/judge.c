/* domain/judge.c - which judges look at a domain in which phase */
#include "domain/judge.h"

static void before(mig__case *c)
{
    mig__judge_ttl(c);
    mig__judge_authority(c);
    mig__judge_dnssec(c);
    mig__judge_mx(c);
    mig__judge_spf(c);
    mig__judge_dkim(c);
    mig__judge_dmarc(c);
    mig__judge_sts(c);
    mig__judge_tlsrpt(c);
    mig__judge_dane(c);
    mig__judge_caa(c);
}

static void after(mig__case *c)
{
    mig__judge_settled(c);
    mig__judge_authority(c);
    mig__judge_dnssec(c);
    mig__judge_mx(c);
    mig__judge_servers(c);
    mig__judge_spf(c);
    mig__judge_dkim(c);
    mig__judge_dmarc(c);
    mig__judge_sts(c);
    mig__judge_tlsrpt(c);
    mig__judge_dane(c);
    mig__judge_reverse(c);
    mig__judge_dnsbl(c);
    mig__judge_client(c);
    mig__judge_old(c);
    mig__judge_leftover(c);
}

void mig__judge_all(mig__case *c)
{
    switch (c->options->phase) {
    case MIG_DOMAIN_BEFORE:
        before(c);
        break;
    case MIG_DOMAIN_NOW:
        mig__judge_switch(c);
        mig__judge_authority(c);
        mig__judge_mx(c);
        break;
    default:
        after(c);
        break;
    }
}
