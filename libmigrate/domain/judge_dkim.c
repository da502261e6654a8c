/* domain/judge_dkim.c - the DKIM keys of the new host are published and can be used */
#include "domain/dkim.h"
#include "domain/judge.h"
#include <stdio.h>
#include <string.h>

static bool points_home(const mig__case *c, const char *target)
{
    for (const char *const *suffix = c->provider->dkim_targets; *suffix != NULL; suffix++) {
        if (mig__dn_under(target, *suffix)) {
            return true;
        }
    }
    return c->provider->dkim_targets[0] == NULL;
}

static void judge_key(mig__case *c, const char *name, const mig__answer *answer)
{
    static const mig_verdict verdicts[] = {[MIG__DKIM_GOOD] = MIG_VERDICT_PASS,
                                           [MIG__DKIM_WEAK] = MIG_VERDICT_WARN,
                                           [MIG__DKIM_REVOKED] = MIG_VERDICT_FAIL,
                                           [MIG__DKIM_USELESS] = MIG_VERDICT_FAIL,
                                           [MIG__DKIM_BROKEN] = MIG_VERDICT_FAIL};
    mig__dkim_key key;
    mig__dkim_parse(answer->records[0].data, answer->records[0].length, &key);
    if (key.ed25519 && key.state == MIG__DKIM_GOOD) {
        mig__verdict(c->out, "dkim.key", name, MIG_VERDICT_PASS, "an Ed25519 key%s",
                     key.testing ? ", marked as a test" : "");
        mig__verdict_rule(c->out, "RFC 8463, 4.2");
        mig__verdict_advise(c->out, "keep an RSA key beside it: not every receiver knows Ed25519");
    } else if (key.state <= MIG__DKIM_WEAK) {
        mig__verdict(c->out, "dkim.key", name, key.testing ? MIG_VERDICT_WARN : verdicts[key.state],
                     "an RSA key of %u bits%s%s%s", key.bits, key.what[0] != '\0' ? ": " : "", key.what,
                     key.testing ? ", marked as a test (t=y): receivers may ignore it" : "");
        mig__verdict_rule(c->out, key.testing ? "RFC 6376, 3.6.1" : "RFC 8301, 3.2");
        if (key.state == MIG__DKIM_WEAK) {
            mig__verdict_advise(c->out, "have a key of 2048 bits made at the host");
        } else if (key.testing) {
            mig__verdict_advise(c->out, "take t=y away when signing works");
        }
    } else {
        mig__verdict(c->out, "dkim.key", name, verdicts[key.state], "the key cannot be used: %s", key.what);
        mig__verdict_rule(c->out, "RFC 6376, 3.6.1; RFC 8301, 3");
        mig__verdict_advise(c->out, "copy the record anew from the host's own page, whole and in one record");
    }
    mig__verdict_answer(c->out, name, answer);
}

static void judge_selector(mig__case *c, const char *selector)
{
    char name[MIG__DN_SIZE + 80];
    snprintf(name, sizeof name, "%s._domainkey.%s", selector, c->domain);
    const mig__answer *answer = mig__case_dns(c, name, MIG__RR_TXT);
    if (answer == NULL) {
        return;
    }
    if (!mig__answer_known(answer)) {
        mig__case_unanswered(c, "dkim.key", name, answer);
    } else if (answer->count == 0) {
        const bool hangs = answer->cnames > 0;
        mig__verdict(c->out, "dkim.key", name, MIG_VERDICT_FAIL,
                     hangs ? "the alias leads to a name without a key" : "there is no key for this selector");
        mig__verdict_answer(c->out, name, answer);
        if (hangs && answer->canonical != NULL) {
            mig__verdict_saw(c->out, "%s. CNAME %s.", name, answer->canonical);
        }
        mig__verdict_rule(c->out, "RFC 6376, 3.6.2.2");
        mig__verdict_advise(
            c->out, hangs ? "switch DKIM on at the host, or correct the alias"
                          : "publish the record that the host's page shows for it, before mail is sent from there");
    } else if (answer->count > 1) {
        mig__verdict(c->out, "dkim.key", name, MIG_VERDICT_FAIL,
                     "there are several records: what receivers make of them is not defined");
        mig__verdict_answer(c->out, name, answer);
        mig__verdict_rule(c->out, "RFC 6376, 3.6.2.2");
        mig__verdict_advise(c->out, "keep the one of the host that signs");
    } else if (c->provider != NULL && c->provider->dkim == MIG_DKIM_CNAME && c->subject->selectors == NULL &&
               (answer->cnames == 0 || (answer->canonical != NULL && !points_home(c, answer->canonical)))) {
        mig__verdict(
            c->out, "dkim.key", name, MIG_VERDICT_WARN,
            answer->cnames == 0
                ? "a key stands here, where %s has an alias into its own zone: it is somebody else's, or will not be "
                  "renewed"
                : "the alias leads elsewhere than to %s",
            c->provider->title);
        mig__verdict_answer(c->out, name, answer);
        mig__verdict_rule(c->out, "RFC 6376, 3.6.2");
        mig__verdict_advise(c->out, "publish the alias that the host's page shows");
    } else {
        judge_key(c, name, answer);
    }
}

/* A delegation of _domainkey to other name servers hides every key that is published in the zone itself. */
static void judge_delegation(mig__case *c)
{
    char name[MIG__DN_SIZE + 16];
    snprintf(name, sizeof name, "_domainkey.%s", c->domain);
    const mig__answer *servers = mig__case_dns(c, name, MIG__RR_NS);
    if (servers != NULL && servers->count > 0) {
        mig__verdict(c->out, "dkim.delegated", name, MIG_VERDICT_WARN,
                     "the keys are delegated to other name servers: what is published in the zone itself is not seen");
        mig__verdict_answer(c->out, name, servers);
        mig__verdict_rule(c->out, "RFC 1034, 4.2.1");
        mig__verdict_advise(c->out, "take the NS records at this name away when those servers belong to the old host");
    }
}

void mig__judge_dkim(mig__case *c)
{
    const char *const *selectors = c->subject->selectors != NULL ? c->subject->selectors
                                   : c->provider != NULL         ? c->provider->selectors
                                                                 : NULL;
    judge_delegation(c);
    if (selectors == NULL || selectors[0] == NULL) {
        mig__verdict(c->out, "dkim.key", c->domain, MIG_VERDICT_UNKNOWN,
                     "which DKIM selectors the new host uses is not known");
        mig__verdict_rule(c->out, "RFC 6376, 3.6.2.1");
        mig__verdict_advise(c->out, "name them with --selector, or in the plan; they stand on the host's page");
        return;
    }
    size_t good = 0, before = c->out->count, judged = 0;
    for (; selectors[judged] != NULL; judged++) {
        judge_selector(c, selectors[judged]);
    }
    /* One key is enough to sign with: a provider's second one may come only when the first is renewed. */
    for (size_t i = before; i < c->out->count && !c->out->failed; i++) {
        good += c->out->checks[i].verdict == MIG_VERDICT_PASS;
    }
    for (size_t i = before; good > 0 && c->subject->selectors == NULL && i < c->out->count && !c->out->failed; i++) {
        if (c->out->checks[i].verdict == MIG_VERDICT_FAIL) {
            c->out->checks[i].verdict = MIG_VERDICT_WARN;
        }
    }
}
