/* domain/judge_tls.c - DANE and CAA: what may be shown as a certificate, and by whom it may be issued */
#include "domain/dane.h"
#include "domain/judge.h"
#include <stdio.h>
#include <string.h>
#include <strings.h>

/* ---- DANE ---- */

static void judge_match(mig__case *c, const char *host, const char *name, const mig__answer *tlsa)
{
    mig__addresses addresses = {.count = 0};
    mig__case_addresses(c, host, &addresses);
    for (size_t a = 0; a < addresses.count; a++) {
        const mig__smtp_question question = {.address = addresses.each[a].text, .host = host, .rcpt = c->domain};
        const mig__smtp_fact *fact = mig__case_smtp(c, &question);
        if (fact == NULL || fact->reach != MIG__PEEK_OPEN) {
            continue; /* that the host is not reached is told of the host */
        }
        bool fits = false;
        for (size_t i = 0; i < tlsa->count; i++) {
            fits = fits || (fact->tls && mig__dane_fits(&tlsa->records[i], &fact->peer));
        }
        mig__verdict(c->out, "dane.match", addresses.each[a].text, fits ? MIG_VERDICT_PASS : MIG_VERDICT_FAIL,
                     fits ? "the certificate of %s fits its TLSA records"
                     : fact->tls
                         ? "the certificate of %s fits none of its TLSA records: senders that check them do not deliver"
                         : "%s has TLSA records, and TLS does not come about: senders that check them do not deliver",
                     host);
        mig__verdict_answer(c->out, name, tlsa);
        mig__verdict_rule(c->out, "RFC 7672, 2.2; 3.1");
        if (!fits) {
            mig__verdict_advise(
                c->out,
                "publish the record of the key in use beside the old one, and wait out its TTL before the key changes");
            if (fact->tls && fact->peer.count > 0) {
                char hex[65];
                for (size_t i = 0; i < 32; i++) {
                    snprintf(hex + 2 * i, 3, "%02x", fact->peer.chain[0].sha256[1][i]);
                }
                mig__verdict_publish(c->out, "%s. 300 IN TLSA 3 1 1 %s", name, hex);
            }
        }
    }
}

static void judge_tlsa(mig__case *c, const char *host, bool is_new, bool probe)
{
    char name[MIG__DN_SIZE + 16];
    size_t usable = 0;
    snprintf(name, sizeof name, "_25._tcp.%s", host);
    const mig__answer *answer = mig__case_dns(c, name, MIG__RR_TLSA);
    if (answer == NULL) {
        return;
    }
    if (!mig__answer_known(answer)) {
        mig__case_unanswered(c, "dane.records", name, answer);
        return;
    }
    for (size_t i = 0; i < answer->count; i++) {
        usable += mig__dane_use_of(&answer->records[i]) == MIG__DANE_USABLE;
    }
    if (answer->count == 0) {
        mig__verdict(c->out, "dane.records", host, MIG_VERDICT_PASS,
                     "there is no TLSA record: DANE is not in use here");
    } else if (answer->security != MIG__DNS_SECURE) {
        mig__verdict(c->out, "dane.records", host, MIG_VERDICT_WARN,
                     "there are TLSA records in a zone that is not signed: senders ignore them");
    } else if (usable < answer->count) {
        mig__verdict(c->out, "dane.records", host, usable == 0 ? MIG_VERDICT_FAIL : MIG_VERDICT_WARN,
                     "%zu of %zu TLSA records cannot be used: only usage 2 and 3 with whole data count for mail",
                     answer->count - usable, answer->count);
    } else {
        mig__verdict(c->out, "dane.records", host, MIG_VERDICT_PASS, "%zu TLSA record%s, signed and usable%s",
                     answer->count, answer->count == 1 ? "" : "s", is_new ? "" : "; they stay with the old host's key");
    }
    mig__verdict_answer(c->out, name, answer);
    mig__verdict_rule(c->out, "RFC 7672, 2.2; 3.1.3");
    if (answer->count > 0 && answer->security != MIG__DNS_SECURE) {
        mig__verdict_advise(c->out, "sign the zone, or take the records away");
    }
    if (answer->count > 0 && usable < answer->count) {
        mig__verdict_advise(c->out, "publish \"3 1 1\" with the SHA-256 of the key");
    }
    if (probe && usable > 0 && answer->security == MIG__DNS_SECURE) {
        judge_match(c, host, name, answer);
    }
}

void mig__judge_dane(mig__case *c)
{
    mig__hosts now, next;
    mig__case_mx(c, &now);
    mig__case_new_mx(c, &next);
    const bool after = c->options->phase == MIG_DOMAIN_AFTER;
    for (size_t i = 0; i < now.count; i++) {
        judge_tlsa(c, now.each[i], mig__hosts_have(&next, now.each[i]), after);
    }
    for (size_t i = 0; i < next.count; i++) {
        if (!mig__hosts_have(&now, next.each[i])) {
            judge_tlsa(c, next.each[i], true, true);
        }
    }
}

/* ---- CAA ---- */

/* The closest set of a name and who may issue for it. */
static const mig__answer *closest(mig__case *c, const char *name, char at[MIG__DN_SIZE])
{
    for (const char *each = name; each != NULL; each = mig__dn_parent(each)) {
        const mig__answer *answer = mig__case_dns(c, each, MIG__RR_CAA);
        snprintf(at, MIG__DN_SIZE, "%s", each);
        if (answer == NULL || answer->count > 0 || !mig__answer_known(answer)) {
            return answer;
        }
        if (mig__dn_labels(each) <= 2) {
            return answer;
        }
    }
    return NULL;
}

void mig__judge_caa(mig__case *c)
{
    char at[MIG__DN_SIZE];
    bool restricts = false, forbids = true;
    const mig__answer *answer = closest(c, c->domain, at);
    if (answer == NULL) {
        return;
    }
    if (!mig__answer_known(answer)) {
        mig__case_unanswered(c, "caa.issue", at, answer);
        return;
    }
    for (size_t i = 0; i < answer->count; i++) {
        const mig__record *record = &answer->records[i];
        if (strcasecmp(record->tag, "issue") == 0) {
            restricts = true;
            forbids = forbids && record->data[strspn((const char *)record->data, " \t")] == ';';
        }
    }
    if (!restricts) {
        mig__verdict(c->out, "caa.issue", c->domain, MIG_VERDICT_PASS,
                     "any authority may issue certificates for the domain");
    } else {
        mig__verdict(
            c->out, "caa.issue", c->domain, MIG_VERDICT_WARN,
            forbids
                ? "no authority may issue certificates for the domain: the new host cannot get one for mta-sts, "
                  "autoconfig "
                  "or autodiscover there"
                : "only the authorities named may issue certificates for the domain: the new host needs one of them");
        mig__verdict_advise(
            c->out, "ask the new host which authority it uses for names in the domain, and add an issue record for it");
    }
    mig__verdict_answer(c->out, at, answer);
    mig__verdict_rule(c->out, "RFC 8659, 3; 4.2");
}
