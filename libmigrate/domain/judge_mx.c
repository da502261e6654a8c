/* domain/judge_mx.c - the form of the MX records and of what they name */
#include "base/buffer.h"
#include "domain/judge.h"
#include <stdio.h>
#include <string.h>

static void judge_absence(mig__case *c, const mig__answer *mx)
{
    mig__addresses addresses = {.count = 0};
    const bool known = mig__case_addresses(c, c->domain, &addresses);
    if (mx->status == MIG__DNS_NXDOMAIN) {
        mig__verdict(c->out, "mx.exists", c->domain, MIG_VERDICT_FAIL, "the domain does not exist");
        mig__verdict_answer(c->out, c->domain, mx);
        mig__verdict_rule(c->out, "RFC 5321, 5.1");
        mig__verdict_advise(c->out, "see at the registrar whether it is registered and delegated");
        return;
    }
    mig__verdict(c->out, "mx.exists", c->domain, MIG_VERDICT_FAIL,
                 !known ? "there is no MX record"
                 : addresses.count > 0
                     ? "there is no MX record: senders fall back to the address of the domain, %s, which is often the "
                       "web server"
                     : "there is neither an MX record nor an address: nobody can send mail to the domain",
                 addresses.count > 0 ? addresses.each[0].text : "");
    mig__verdict_answer(c->out, c->domain, mx);
    mig__verdict_rule(c->out, "RFC 5321, 5.1");
    mig__verdict_advise(c->out, "publish the MX of the host that is to receive the mail");
}

static void judge_null(mig__case *c, const mig__answer *mx)
{
    size_t nulls = 0;
    for (size_t i = 0; i < mx->count; i++) {
        nulls += mx->records[i].name[0] == '\0';
    }
    if (nulls > 0) {
        mig__verdict(c->out, "mx.null", c->domain, MIG_VERDICT_FAIL,
                     nulls == mx->count ? "the domain says that it takes no mail (null MX)"
                                        : "a null MX stands beside others, which no sender can make sense of");
        mig__verdict_answer(c->out, c->domain, mx);
        mig__verdict_rule(c->out, "RFC 7505, 3");
        mig__verdict_advise(c->out, nulls == mx->count
                                        ? "replace it by the MX of the new host when mail is to be received"
                                        : "take \"MX 0 .\" away");
    }
}

static void judge_host(mig__case *c, const char *host, const mig__answer *mx)
{
    mig__address literal;
    const mig__answer *a = mig__case_dns(c, host, MIG__RR_A), *aaaa = mig__case_dns(c, host, MIG__RR_AAAA);
    if (a == NULL || aaaa == NULL) {
        return;
    }
    if (mig__address_parse(host, &literal)) {
        mig__verdict(c->out, "mx.host", host, MIG_VERDICT_FAIL, "the MX is an address; it has to be a name");
        mig__verdict_answer(c->out, c->domain, mx);
        mig__verdict_rule(c->out, "RFC 1035, 3.3.9");
        mig__verdict_advise(c->out, "give the address a name, and the name to the MX");
    } else if (a->cnames > 0 || aaaa->cnames > 0) {
        mig__verdict(c->out, "mx.host", host, MIG_VERDICT_FAIL,
                     "the MX is an alias (CNAME); it has to be a name with an address");
        mig__verdict_saw(c->out, "%s. CNAME %s.", host, a->canonical != NULL ? a->canonical : "?");
        mig__verdict_server(c->out, a->server);
        mig__verdict_rule(c->out, "RFC 2181, 10.3; RFC 5321, 5.1");
        mig__verdict_advise(c->out, "name in the MX what the alias leads to");
    } else if (!mig__answer_known(a) && a->status == MIG__DNS_BOGUS) {
        mig__case_unanswered(c, "mx.host", host, a);
    } else if (a->count + aaaa->count > 0) {
        mig__verdict(c->out, "mx.host", host, MIG_VERDICT_PASS, "the MX has an address%s",
                     aaaa->count > 0 ? ", by IPv6 as well" : "");
        mig__verdict_answer(c->out, host, a->count > 0 ? a : aaaa);
        mig__verdict_rule(c->out, "RFC 5321, 5.1");
    } else if (!mig__answer_known(a) || !mig__answer_known(aaaa)) {
        mig__case_unanswered(c, "mx.host", host, mig__answer_known(a) ? aaaa : a);
    } else {
        mig__verdict(c->out, "mx.host", host, MIG_VERDICT_FAIL, "the MX has no address");
        mig__verdict_answer(c->out, host, a);
        mig__verdict_rule(c->out, "RFC 5321, 5.1");
        mig__verdict_advise(c->out, "correct the name in the MX, or give it an address");
    }
}

static void judge_ipv6(mig__case *c, const mig__hosts *hosts)
{
    size_t with = 0;
    bool known = hosts->count > 0;
    for (size_t i = 0; i < hosts->count; i++) {
        const mig__answer *aaaa = mig__case_dns(c, hosts->each[i], MIG__RR_AAAA);
        known = known && aaaa != NULL && mig__answer_known(aaaa);
        with += aaaa != NULL && aaaa->count > 0;
    }
    if (known) {
        mig__verdict(c->out, "mx.ipv6", c->domain, MIG_VERDICT_PASS,
                     with > 0 ? "%zu of %zu MX hosts can be reached by IPv6"
                              : "no MX host has an IPv6 address (%zu of %zu), which is allowed",
                     with, hosts->count);
        mig__verdict_rule(c->out, "RFC 5321, 5.2");
    }
}

static void judge_wildcard(mig__case *c)
{
    char name[MIG__DN_SIZE + 40];
    snprintf(name, sizeof name, "mailmigrate-looks-for-a-wildcard.%s", c->domain);
    const mig__answer *answer = mig__case_dns(c, name, MIG__RR_MX);
    if (answer != NULL && answer->count > 0) {
        mig__verdict(c->out, "mx.wildcard", c->domain, MIG_VERDICT_WARN,
                     "any name below the domain has an MX (a wildcard): it has to move together with the others");
        mig__verdict_answer(c->out, name, answer);
        mig__verdict_rule(c->out, "RFC 4592, 2; RFC 1034, 4.3.3");
        mig__verdict_advise(c->out, "point the record at *.%s to the new host, too, or take it away", c->domain);
    }
}

/* Who runs what the MX name, and whether it is who it should be by now. */
static void judge_owner(mig__case *c, const mig__hosts *hosts)
{
    size_t fresh = 0;
    const char *gateway = NULL;
    for (size_t i = 0; i < hosts->count; i++) {
        fresh += mig__case_is_new(c, hosts->each[i]);
        gateway = gateway == NULL ? mig_provider_mail_gateway(hosts->each[i]) : gateway;
    }
    if (gateway != NULL) {
        mig__verdict(c->out, "mx.gateway", c->domain, MIG_VERDICT_WARN,
                     "a filter (%s) stands in front of the mailboxes: it has to be told of the new host, too", gateway);
        mig__verdict_advise(c->out, "set the filter's delivery to the new host, or point the MX there");
        mig__verdict_rule(c->out, "RFC 5321, 5.1");
    } else if (fresh > 0 && fresh < hosts->count && c->options->phase != MIG_DOMAIN_NOW) {
        mig__verdict(
            c->out, "mx.mixed", c->domain, c->options->phase == MIG_DOMAIN_AFTER ? MIG_VERDICT_FAIL : MIG_VERDICT_WARN,
            "%zu of %zu MX are the new host's, the others are not: senders that fail at the one deliver to the other",
            fresh, hosts->count);
        mig__verdict_rule(c->out, "RFC 5321, 5.1");
        mig__verdict_advise(c->out, "have the MX of one host only; a backup MX on the old server keeps receiving mail");
    }
    const mig_provider_mail *old = hosts->count > 0 ? mig_provider_mail_by_mx(hosts->each[0]) : NULL;
    if (old != NULL && c->report->old_provider == NULL) {
        c->report->old_provider = mig__strdup(old->title);
    }
}

void mig__judge_mx(mig__case *c)
{
    mig__hosts hosts, next;
    const mig__answer *mx = mig__case_mx(c, &hosts);
    if (mx == NULL) {
        return;
    }
    if (!mig__answer_known(mx)) {
        mig__case_unanswered(c, "mx.exists", c->domain, mx);
        return;
    }
    if (mx->count == 0) {
        judge_absence(c, mx);
        return;
    }
    mig__verdict(c->out, "mx.exists", c->domain, MIG_VERDICT_PASS, "there %s %zu MX record%s",
                 mx->count == 1 ? "is" : "are", mx->count, mx->count == 1 ? "" : "s");
    mig__verdict_answer(c->out, c->domain, mx);
    mig__verdict_rule(c->out, "RFC 5321, 5.1");
    judge_null(c, mx);
    for (size_t i = 0; i < hosts.count; i++) {
        judge_host(c, hosts.each[i], mx);
    }
    mig__case_new_mx(c, &next);
    for (size_t i = 0; i < next.count; i++) {
        if (!mig__hosts_have(&hosts, next.each[i])) {
            judge_host(c, next.each[i], mx);
        }
    }
    judge_ipv6(c, &hosts);
    judge_wildcard(c);
    judge_owner(c, &hosts);
}
