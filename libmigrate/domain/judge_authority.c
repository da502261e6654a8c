/* domain/judge_authority.c - the name servers of the zone, its signatures, and how long its records are remembered */
#include "base/buffer.h"
#include "base/clock.h"
#include "domain/judge.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A day that is written "2026-11-30". */
static const char *day(int64_t seconds, char out[24])
{
    char text[40];
    const mig__datetime moment = {.utc = seconds, .valid = true};
    mig__datetime_format(&moment, text); /* "30-Nov-2026 11:53:10 +0000" */
    snprintf(out, 24, "%.17s UTC", text);
    return out;
}

/* ---- do all answer, and the same? ---- */

static bool is_lame(const mig__answer *answer)
{
    return answer->status == MIG__DNS_REFUSED || (mig__answer_known(answer) && !answer->authoritative);
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The records in one order, whatever the server's; the caller frees it. NULL: out of memory. */
static char *content(const mig__answer *answer)
{
    char *lines[32] = {NULL}, text[600];
    size_t count = 0;
    mig__buffer out = MIG__BUFFER_INIT;
    for (size_t i = 0; i < answer->count && count < 32; i++) {
        lines[count] = mig__strdup(mig__record_text(&answer->records[i], text, sizeof text));
        count += lines[count] != NULL;
    }
    qsort(lines, count, sizeof lines[0], by_text);
    for (size_t i = 0; i < count; i++) {
        mig__buffer_addf(&out, "%s%s", i > 0 ? "; " : "", lines[i]);
        free(lines[i]);
    }
    if (count == 0) {
        mig__buffer_add_text(&out, "nothing");
    }
    return mig__buffer_steal(&out);
}

static void compare_content(mig__case *c, const mig__authorities *servers, mig__rr type, const char *check)
{
    char *first = NULL, name[16];
    bool differs = false, compared = false;
    for (int pass = 0; pass < 2; pass++) {
        for (size_t i = 0; i < servers->count; i++) {
            const mig__answer *answer = mig__case_at(c, servers->each[i].server, c->domain, type);
            if (answer == NULL || !mig__answer_known(answer)) {
                continue;
            }
            char *text = content(answer);
            if (text != NULL && pass == 0) {
                compared = compared || first != NULL;
                differs = differs || (first != NULL && strcmp(first, text) != 0);
                if (first == NULL) {
                    first = text;
                    text = NULL;
                }
            } else if (text != NULL) {
                mig__verdict_saw(c->out, "%s (%s): %s", servers->each[i].name, servers->each[i].server, text);
            }
            free(text);
        }
        if (pass == 0 && compared && differs) {
            mig__verdict(c->out, check, c->domain, MIG_VERDICT_FAIL, "the name servers give different %s records",
                         mig__rr_name(type, name));
            mig__verdict_rule(c->out, "RFC 1034, 4.3.5");
            mig__verdict_advise(c->out,
                                "publish the same at all of them: update the one that lags behind, or take it out of "
                                "the NS records");
        } else if (pass == 0 && compared) {
            mig__verdict(c->out, check, c->domain, MIG_VERDICT_PASS, "all name servers give the same %s records",
                         mig__rr_name(type, name));
        } else if (pass == 0) {
            break;
        }
    }
    free(first);
}

static void compare_serials(mig__case *c, const mig__authorities *servers)
{
    uint32_t least = 0, most = 0;
    size_t seen = 0;
    for (size_t i = 0; i < servers->count; i++) {
        const mig__answer *answer = mig__case_at(c, servers->each[i].server, servers->zone, MIG__RR_SOA);
        if (answer != NULL && answer->count > 0) {
            const uint32_t serial = answer->records[0].serial;
            least = seen == 0 || serial < least ? serial : least;
            most = seen == 0 || serial > most ? serial : most;
            seen++;
        }
    }
    if (seen > 1) {
        mig__verdict(c->out, "authority.serial", servers->zone, least == most ? MIG_VERDICT_PASS : MIG_VERDICT_WARN,
                     least == most ? "all name servers have the same serial, %" PRIu32
                                   : "the name servers have different serials: at least one has an old zone (%" PRIu32
                                     ")",
                     least == most ? most : least);
        for (size_t i = 0; i < servers->count; i++) {
            const mig__answer *answer = mig__case_at(c, servers->each[i].server, servers->zone, MIG__RR_SOA);
            if (answer != NULL && answer->count > 0) {
                mig__verdict_saw(c->out, "%s (%s): serial %" PRIu32, servers->each[i].name, servers->each[i].server,
                                 answer->records[0].serial);
            }
        }
        mig__verdict_rule(c->out, "RFC 1982; RFC 1034, 4.3.5");
        if (least != most) {
            mig__verdict_advise(c->out,
                                "wait until the transfer is over and look again; change no MX before all agree");
        }
    }
}

void mig__judge_authority(mig__case *c)
{
    mig__authorities servers;
    size_t good = 0;
    mig__case_authorities(c, c->domain, &servers);
    if (servers.count == 0) {
        mig__verdict(c->out, "authority.answers", c->domain, MIG_VERDICT_UNKNOWN,
                     "no name server that is responsible for the domain could be found");
        mig__verdict_rule(c->out, "RFC 1034, 4.2");
        mig__verdict_advise(c->out, "see at the registrar whether the domain is registered and delegated");
        return;
    }
    for (size_t i = 0; i < servers.count; i++) {
        const mig__answer *answer = mig__case_at(c, servers.each[i].server, servers.zone, MIG__RR_SOA);
        good += answer != NULL && answer->count > 0 && answer->authoritative;
    }
    const mig_verdict verdict = good == servers.count ? MIG_VERDICT_PASS
                                : good > 0            ? MIG_VERDICT_WARN
                                                      : MIG_VERDICT_UNKNOWN;
    mig__verdict(c->out, "authority.answers", servers.zone, verdict, "%zu of %zu name servers answer for the zone",
                 good, servers.count);
    mig__verdict_rule(c->out, "RFC 1912, 2.8");
    for (size_t i = 0; i < servers.count; i++) {
        const mig__answer *answer = mig__case_at(c, servers.each[i].server, servers.zone, MIG__RR_SOA);
        if (answer != NULL) {
            mig__verdict_saw(c->out, "%s (%s): %s", servers.each[i].name, servers.each[i].server,
                             is_lame(answer)     ? "not responsible for the zone"
                             : answer->count > 0 ? "answers"
                                                 : mig__dns_status_words(answer->status));
        }
    }
    if (good < servers.count) {
        mig__verdict_advise(c->out,
                            "a name server that does not answer or is not responsible delays or loses mail: fix it, or "
                            "take it out of the NS records here and at the registrar");
    }
    compare_serials(c, &servers);
    compare_content(c, &servers, MIG__RR_MX, "authority.mx");
    compare_content(c, &servers, MIG__RR_TXT, "authority.txt");
}

/* ---- DNSSEC ---- */

void mig__judge_dnssec(mig__case *c)
{
    char end[24];
    mig__authorities servers;
    const mig__answer *soa = mig__case_dns(c, c->domain, MIG__RR_SOA), *mx = mig__case_dns(c, c->domain, MIG__RR_MX);
    mig__case_authorities(c, c->domain, &servers);
    int64_t until = 0;
    for (size_t i = 0; i < servers.count; i++) {
        const mig__answer *answer = mig__case_at(c, servers.each[i].server, c->domain, MIG__RR_MX);
        if (answer != NULL && answer->signed_until != 0 && (until == 0 || answer->signed_until < until)) {
            until = answer->signed_until;
        }
    }
    if (soa == NULL || mx == NULL) {
        return;
    }
    if (soa->status == MIG__DNS_BOGUS || mx->status == MIG__DNS_BOGUS) {
        mig__case_unanswered(c, "dnssec.chain", c->domain, mx->status == MIG__DNS_BOGUS ? mx : soa);
        return;
    }
    if (!mig__answer_known(mx)) {
        mig__case_unanswered(c, "dnssec.chain", c->domain, mx);
        return;
    }
    if (mx->security == MIG__DNS_UNCHECKED) {
        mig__verdict(c->out, "dnssec.chain", c->domain, MIG_VERDICT_UNKNOWN, "the answers were not validated");
        mig__verdict_advise(
            c->out, "the resolver passes no signatures on, or validation was switched off: name one that does with "
                    "--resolver");
        return;
    }
    mig__verdict(c->out, "dnssec.chain", c->domain, MIG_VERDICT_PASS,
                 mx->security == MIG__DNS_SECURE
                     ? "the zone is signed, and its chain of trust holds"
                     : "the zone is not signed: nothing depends on signatures, and DANE is not to be had");
    mig__verdict_rule(c->out, "RFC 4035, 5");
    mig__verdict_server(c->out, mx->server);
    if (until != 0) {
        const int64_t left = (until - c->now) / 86400;
        mig__verdict(c->out, "dnssec.expiry", c->domain,
                     until <= c->now ? MIG_VERDICT_FAIL
                     : left < 2      ? MIG_VERDICT_WARN
                                     : MIG_VERDICT_PASS,
                     until <= c->now ? "a signature of the MX records ended on %s"
                                     : "the signatures of the MX records hold until %s",
                     day(until, end));
        mig__verdict_rule(c->out, "RFC 4034, 3.1.5");
        if (left < 2) {
            mig__verdict_advise(
                c->out, "see that the zone is signed anew before the switch: an expired signature stops all mail "
                        "from senders that validate");
        }
    }
}

/* ---- TTL ---- */

#define LOW_TTL 3600u

typedef struct remembered {
    const char *prefix; /* of the name; "" for the domain itself */
    mig__rr type;
    const char *check, *what;
} remembered;

static void judge_one(mig__case *c, const mig__authorities *servers, const remembered *r)
{
    char name[MIG__DN_SIZE + 40], type[16];
    uint32_t longest = 0;
    const mig__answer *shown = NULL;
    snprintf(name, sizeof name, "%s%s", r->prefix, c->domain);
    for (size_t i = 0; i < servers->count; i++) {
        const mig__answer *answer = mig__case_at(c, servers->each[i].server, name, r->type);
        for (size_t k = 0; answer != NULL && k < answer->count; k++) {
            if (shown == NULL || answer->records[k].ttl > longest) {
                longest = answer->records[k].ttl;
                shown = answer;
            }
        }
    }
    if (shown == NULL) {
        return;
    }
    c->report->longest_ttl = longest > c->report->longest_ttl ? longest : c->report->longest_ttl;
    mig__verdict(c->out, r->check, name, longest > LOW_TTL ? MIG_VERDICT_WARN : MIG_VERDICT_PASS,
                 "%s is remembered for up to %" PRIu32 " seconds%s", r->what, longest,
                 longest > LOW_TTL ? ": that long some senders and programs go on with the old one" : "");
    mig__verdict_answer(c->out, name, shown);
    mig__verdict_rule(c->out, "RFC 1034, 3.6; RFC 2181, 5.2");
    if (longest > LOW_TTL) {
        mig__verdict_advise(
            c->out, "lower it to 300 seconds now, and make the switch when %" PRIu32 " seconds have passed since",
            longest);
        for (size_t k = 0; k < shown->count && k < 8; k++) {
            char text[600];
            mig__verdict_publish(c->out, "%s. 300 IN %s %s", name, mig__rr_name(r->type, type),
                                 mig__record_text(&shown->records[k], text, sizeof text));
        }
    }
}

void mig__judge_ttl(mig__case *c)
{
    static const remembered all[] = {
        {"", MIG__RR_MX, "ttl.mx", "the MX"},
        {"", MIG__RR_TXT, "ttl.spf", "the text at the domain, SPF with it,"},
        {"_dmarc.", MIG__RR_TXT, "ttl.dmarc", "the DMARC record"},
        {"autodiscover.", MIG__RR_A, "ttl.client", "autodiscover"},
        {"autoconfig.", MIG__RR_A, "ttl.client", "autoconfig"},
        {"_autodiscover._tcp.", MIG__RR_SRV, "ttl.client", "the SRV record of autodiscover"},
        {"_imaps._tcp.", MIG__RR_SRV, "ttl.client", "the SRV record of IMAP"},
        {"_submissions._tcp.", MIG__RR_SRV, "ttl.client", "the SRV record of submission"},
    };
    mig__authorities servers;
    mig__case_authorities(c, c->domain, &servers);
    c->report->longest_ttl = 0;
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        judge_one(c, &servers, &all[i]);
    }
    if (c->report->longest_ttl > 0) {
        c->report->earliest = c->now + c->report->longest_ttl;
    }
}
