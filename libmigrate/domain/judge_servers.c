/* domain/judge_servers.c - the hosts themselves: each MX, what it shows; reverse DNS; the old server and what leads to
 * it */
#include "domain/judge.h"
#include "domain/spf.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SOON (14 * 86400) /* a certificate that ends within two weeks should have been renewed */

/* ---- each MX ---- */

static void judge_certificate(mig__case *c, const char *host, const char *address, const mig__smtp_fact *fact)
{
    const mig__peek_tls *peer = &fact->peer;
    const int64_t left = peer->ends - c->now;
    if (!peer->trusted || !peer->name_fits) {
        const bool over = peer->ends != 0 && left <= 0;
        mig__verdict(c->out, "smtp.certificate", address, MIG_VERDICT_WARN, "the certificate of %s %s%s", host,
                     over               ? "is over"
                     : !peer->name_fits ? "does not carry its name"
                                        : "is not trusted: ",
                     over || !peer->name_fits ? "" : peer->distrust);
        mig__verdict_advise(
            c->out,
            "most senders do not mind, those with MTA-STS do not deliver: have one issued for the name in the MX");
    } else if (left < SOON) {
        mig__verdict(c->out, "smtp.certificate", address, MIG_VERDICT_WARN,
                     "the certificate of %s ends in %" PRId64 " days", host, left / 86400);
        mig__verdict_advise(c->out, "see that its renewal works");
    } else {
        mig__verdict(c->out, "smtp.certificate", address, MIG_VERDICT_PASS,
                     "the certificate of %s carries its name, is trusted, and holds for "
                     "%" PRId64 " days",
                     host, left / 86400);
    }
    mig__verdict_saw(c->out, "names: %s; %s; %s", peer->names[0] != '\0' ? peer->names : "none", peer->version,
                     peer->trusted ? "trusted" : peer->distrust);
    mig__verdict_server(c->out, host);
    mig__verdict_rule(c->out, "RFC 8461, 4.2; RFC 6125, 6.4");
}

static void judge_address(mig__case *c, const char *host, const char *address)
{
    const mig__smtp_question question = {.address = address, .host = host, .rcpt = c->domain};
    const mig__smtp_fact *fact = mig__case_smtp(c, &question);
    if (fact == NULL) {
        return;
    }
    if (!fact->greeted) {
        const mig_verdict verdict = fact->reach == MIG__PEEK_UNREACHABLE || fact->reach == MIG__PEEK_SILENT
                                        ? MIG_VERDICT_UNKNOWN
                                        : MIG_VERDICT_FAIL;
        mig__verdict(c->out, "smtp.answers", address, verdict, "%s %s", host,
                     fact->reach == MIG__PEEK_OPEN      ? "does not greet as a mail server"
                     : fact->reach == MIG__PEEK_REFUSED ? "refuses the connection"
                     : fact->reach == MIG__PEEK_SILENT
                         ? "does not answer; it may also be that port 25 is closed on the way from here"
                         : "cannot be reached from here");
        mig__verdict_saw(c->out, "%s%s%s", fact->greeting, fact->greeting[0] != '\0' ? " " : "", fact->why);
        mig__verdict_server(c->out, host);
        mig__verdict_rule(c->out, "RFC 5321, 3.1");
        mig__verdict_advise(c->out,
                            "see whether the host is up, and whether this network lets connections to port 25 out");
        return;
    }
    mig__verdict(c->out, "smtp.answers", address, MIG_VERDICT_PASS, "%s answers and greets", host);
    mig__verdict_saw(c->out, "220 %s", fact->greeting);
    mig__verdict_server(c->out, host);
    mig__verdict_rule(c->out, "RFC 5321, 3.1");
    if (!fact->tls) {
        mig__verdict(c->out, "smtp.starttls", address, fact->offers_tls ? MIG_VERDICT_FAIL : MIG_VERDICT_WARN,
                     fact->offers_tls ? "%s offers STARTTLS, and TLS does not come about: %s"
                                      : "%s does not offer STARTTLS: mail comes in the clear%s",
                     host, fact->offers_tls ? fact->why : "");
        mig__verdict_server(c->out, host);
        mig__verdict_rule(c->out, "RFC 3207, 4; RFC 8461, 4.2");
        mig__verdict_advise(c->out, "have TLS switched on and working at the host");
        return;
    }
    mig__verdict(c->out, "smtp.starttls", address, MIG_VERDICT_PASS, "%s offers STARTTLS, and %s comes about", host,
                 fact->peer.version);
    mig__verdict_server(c->out, host);
    mig__verdict_rule(c->out, "RFC 3207, 4");
    judge_certificate(c, host, address, fact);
    if (fact->rcpt != 0 && fact->rcpt / 100 != 2) {
        mig__verdict(c->out, "smtp.accepts", address, fact->rcpt / 100 == 4 ? MIG_VERDICT_UNKNOWN : MIG_VERDICT_FAIL,
                     "%s does not take mail for postmaster@%s", host, c->domain);
        mig__verdict_saw(c->out, "%d %s", fact->rcpt, fact->rcpt_text);
        mig__verdict_server(c->out, host);
        mig__verdict_rule(c->out, "RFC 5321, 4.5.1");
        mig__verdict_advise(c->out, "add the domain, and a mailbox or alias postmaster, at the host");
    }
}

void mig__judge_servers(mig__case *c)
{
    mig__hosts hosts;
    mig__case_mx(c, &hosts);
    for (size_t i = 0; i < hosts.count; i++) {
        mig__addresses addresses = {.count = 0};
        mig__case_addresses(c, hosts.each[i], &addresses);
        for (size_t a = 0; a < addresses.count; a++) {
            judge_address(c, hosts.each[i], addresses.each[a].text);
        }
    }
}

/* ---- reverse DNS ---- */

static void judge_ptr(mig__case *c, const mig__address *address, bool is_new)
{
    char reverse[80];
    bool back = false;
    const mig__answer *names = mig__case_dns(
        c, mig__reverse_name(address->octets, address->length, NULL, reverse, sizeof reverse), MIG__RR_PTR);
    if (names == NULL) {
        return;
    }
    if (!mig__answer_known(names)) {
        mig__case_unanswered(c, "reverse.name", address->text, names);
        return;
    }
    for (size_t i = 0; i < names->count && i < 10; i++) {
        mig__addresses addresses = {.count = 0};
        mig__case_addresses(c, names->records[i].name, &addresses);
        back = back || mig__addresses_have(&addresses, address);
    }
    const char *who = is_new ? "new" : "old";
    mig__verdict(c->out, "reverse.name", address->text,
                 back               ? MIG_VERDICT_PASS
                 : is_new           ? MIG_VERDICT_FAIL
                 : names->count > 0 ? MIG_VERDICT_WARN
                                    : MIG_VERDICT_PASS,
                 back               ? "the %s sending address has a name, which leads back to it"
                 : names->count > 0 ? "the name of the %s sending address does not lead back to it"
                 : is_new           ? "the %s sending address has no name: many receivers refuse its mail"
                                    : "the %s sending address has no name, which matters as long as it sends",
                 who);
    mig__verdict_answer(c->out, reverse, names);
    mig__verdict_rule(c->out, "RFC 1912, 2.1; RFC 8601, 3");
    if (!back) {
        mig__verdict_advise(c->out,
                            "whoever gave out the address sets its name; that name needs an address record back");
    }
}

void mig__judge_reverse(mig__case *c)
{
    mig__addresses addresses;
    mig__case_new_addresses(c, &addresses);
    for (size_t i = 0; i < addresses.count; i++) {
        judge_ptr(c, &addresses.each[i], true);
    }
    mig__case_old_addresses(c, &addresses);
    for (size_t i = 0; i < addresses.count; i++) {
        judge_ptr(c, &addresses.each[i], false);
    }
}

/* ---- the old server ---- */

static void judge_old_address(mig__case *c, const char *host, const char *address)
{
    const mig__smtp_question question = {.address = address, .host = host, .rcpt = c->domain, .relay = true};
    const mig__smtp_fact *fact = mig__case_smtp(c, &question);
    if (fact == NULL) {
        return;
    }
    if (fact->reach != MIG__PEEK_OPEN) {
        mig__verdict(c->out, "old.port", address,
                     fact->reach == MIG__PEEK_REFUSED ? MIG_VERDICT_PASS : MIG_VERDICT_UNKNOWN,
                     fact->reach == MIG__PEEK_REFUSED
                         ? "port 25 of the old server is closed: nothing can arrive there any more%s"
                         : "the old server does not answer from here (%s): closed, or only closed to us",
                     fact->reach == MIG__PEEK_REFUSED ? "" : fact->why);
        mig__verdict_server(c->out, host);
        mig__verdict_rule(c->out, "RFC 5321, 3.1");
        return;
    }
    const bool takes = fact->rcpt / 100 == 2;
    mig__verdict(c->out, "old.accepts", address,
                 takes                   ? MIG_VERDICT_FAIL
                 : fact->rcpt / 100 == 5 ? MIG_VERDICT_PASS
                                         : MIG_VERDICT_UNKNOWN,
                 takes                   ? "the old server still takes mail for the domain: some may lie there"
                 : fact->rcpt / 100 == 5 ? "the old server refuses mail for the domain"
                                         : "whether the old server still takes mail for the domain is not known");
    mig__verdict_saw(c->out, "%s", fact->greeting);
    if (fact->rcpt != 0) {
        mig__verdict_saw(c->out, "RCPT TO:<postmaster@%s>: %d %s", c->domain, fact->rcpt, fact->rcpt_text);
    }
    mig__verdict_server(c->out, host);
    mig__verdict_rule(c->out, "RFC 5321, 4.5.1");
    if (takes) {
        mig__verdict_advise(
            c->out, "copy once more, take the domain out of the old server's configuration, then close its port 25");
    }
    if (fact->relay != 0) {
        const bool open = fact->relay / 100 == 2;
        mig__verdict(c->out, "old.relay", address, open ? MIG_VERDICT_FAIL : MIG_VERDICT_PASS,
                     open ? "the old server seems to take mail from anybody to anybody: an open relay"
                          : "the old server relays nothing for strangers");
        mig__verdict_saw(c->out, "%d %s", fact->relay, fact->relay_text);
        mig__verdict_server(c->out, host);
        mig__verdict_rule(c->out, "RFC 5321, 7.9; RFC 2505, 2.1");
        if (open) {
            mig__verdict_advise(c->out, "close it at once, or let it relay for those who log in only");
        }
    }
}

void mig__judge_old(mig__case *c)
{
    mig__hosts hosts;
    mig__case_old_hosts(c, &hosts);
    if (hosts.count == 0 && c->options->phase == MIG_DOMAIN_AFTER) {
        mig__verdict(c->out, "old.accepts", c->domain, MIG_VERDICT_UNKNOWN,
                     "which the old server was is not known: it was not looked at");
        mig__verdict_rule(c->out, "RFC 5321, 4.5.1");
        mig__verdict_advise(c->out, "name it with --old-host, or in the plan");
    }
    for (size_t i = 0; i < hosts.count; i++) {
        mig__addresses addresses = {.count = 0};
        const bool known = mig__case_addresses(c, hosts.each[i], &addresses);
        if (known && addresses.count == 0) {
            mig__verdict(c->out, "old.port", hosts.each[i], MIG_VERDICT_PASS,
                         "the name of the old server has no address any more");
            mig__verdict_rule(c->out, "RFC 5321, 5.1");
        }
        for (size_t a = 0; a < addresses.count; a++) {
            judge_old_address(c, hosts.each[i], addresses.each[a].text);
        }
    }
}

/* ---- leftovers ---- */

static void leftover(mig__case *c, const char *name, const mig__answer *answer, const char *what)
{
    mig__verdict(c->out, "leftover.record", name, MIG_VERDICT_WARN, "%s still leads to the old server", what);
    mig__verdict_answer(c->out, name, answer);
    mig__verdict_rule(c->out, "RFC 1912, 2.4");
    mig__verdict_advise(c->out, "take it away when the old server is switched off, or point it to the new host");
}

static void judge_names(mig__case *c, const mig__addresses *old)
{
    static const char *const prefixes[] = {"mail.",    "smtp.", "imap.",       "pop.",         "pop3.",
                                           "webmail.", "mx.",   "autoconfig.", "autodiscover."};
    for (size_t p = 0; p < sizeof prefixes / sizeof prefixes[0]; p++) {
        char name[MIG__DN_SIZE + 16];
        snprintf(name, sizeof name, "%s%s", prefixes[p], c->domain);
        mig__addresses addresses = {.count = 0};
        mig__case_addresses(c, name, &addresses);
        const mig__answer *answer = mig__case_dns(c, name, MIG__RR_A);
        bool found = false;
        for (size_t i = 0; i < addresses.count; i++) {
            found = found || mig__addresses_have(old, &addresses.each[i]);
        }
        if (found && answer != NULL) {
            leftover(c, name, answer, "this name");
        }
    }
}

static void judge_old_keys(mig__case *c)
{
    for (const char *const *selector = c->subject->old_selectors; selector != NULL && *selector != NULL; selector++) {
        char name[MIG__DN_SIZE + 80];
        snprintf(name, sizeof name, "%s._domainkey.%s", *selector, c->domain);
        const mig__answer *answer = mig__case_dns(c, name, MIG__RR_TXT);
        if (answer != NULL && answer->count > 0) {
            mig__verdict(c->out, "leftover.dkim", name, MIG_VERDICT_WARN,
                         "the old server's DKIM key is still published");
            mig__verdict_answer(c->out, name, answer);
            mig__verdict_rule(c->out, "RFC 6376, 3.6.1; 5.2");
            mig__verdict_advise(c->out,
                                "a week after its last mail, revoke it: publish p= without a key; later take it away");
            mig__verdict_publish(c->out, "%s. 300 IN TXT \"v=DKIM1; p=\"", name);
        }
    }
}

/* Entries of the SPF record that name the old server by host or address. */
static void judge_spf_entries(mig__case *c, const mig__hosts *hosts, const mig__addresses *old)
{
    const mig__record *text = NULL;
    mig__spf_record record;
    const mig__answer *answer = mig__case_dns(c, c->domain, MIG__RR_TXT);
    if (answer == NULL || mig__spf_select(answer, &text) != 1) {
        return;
    }
    const bool valid = mig__spf_parse(text->data, text->length, &record);
    for (size_t i = 0; valid && i < record.count; i++) {
        const mig__spf_term *term = &record.terms[i];
        bool found = term->domain != NULL && mig__hosts_have(hosts, term->domain);
        for (size_t a = 0; a < old->count && !found; a++) {
            const size_t length = old->each[a].length;
            const int bits = length == 4 ? term->cidr4 : term->cidr6;
            found = term->kind == (length == 4 ? MIG__SPF_IP4 : MIG__SPF_IP6) && bits >= (length == 4 ? 24 : 48) &&
                    memcmp(term->address, old->each[a].octets, (size_t)bits / 8) == 0;
        }
        if (found) {
            mig__verdict(c->out, "leftover.spf", c->domain, MIG_VERDICT_WARN,
                         "the SPF record still permits the old server: %s", term->text);
            mig__verdict_answer(c->out, c->domain, answer);
            mig__verdict_rule(c->out, "RFC 7208, 10.1");
            mig__verdict_advise(c->out, "take this entry out when the old server sends no more");
        }
    }
    mig__spf_record_clear(&record);
}

void mig__judge_leftover(mig__case *c)
{
    mig__hosts hosts;
    mig__addresses old;
    mig__case_old_hosts(c, &hosts);
    mig__case_old_addresses(c, &old);
    const size_t before = c->out->count;
    if (old.count > 0) {
        judge_names(c, &old);
    }
    judge_old_keys(c);
    judge_spf_entries(c, &hosts, &old);
    for (size_t i = 0; i < hosts.count; i++) {
        char name[MIG__DN_SIZE + 16];
        snprintf(name, sizeof name, "_25._tcp.%s", hosts.each[i]);
        const mig__answer *answer = mig__case_dns(c, name, MIG__RR_TLSA);
        if (answer != NULL && answer->count > 0) {
            leftover(c, name, answer, "this TLSA record");
        }
    }
    if (c->out->count == before && (hosts.count > 0 || old.count > 0)) {
        mig__verdict(c->out, "leftover.record", c->domain, MIG_VERDICT_PASS,
                     "no record that was looked at leads to the old server");
        mig__verdict_rule(c->out, "RFC 1912, 2.4");
    }
}
