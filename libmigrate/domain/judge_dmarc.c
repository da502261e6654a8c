/* domain/judge_dmarc.c - the DMARC policy, whether mail of the new host will be aligned, and where reports go */
#include "domain/dmarc.h"
#include "domain/judge.h"
#include <stdio.h>
#include <string.h>

static void judge_absence(mig__case *c, const mig__dmarc_found *found)
{
    mig__verdict(c->out, "dmarc.record", c->domain, MIG_VERDICT_WARN,
                 found->several > 1 ? "there is more than one DMARC record, which counts as none"
                                    : "there is no DMARC record");
    if (found->answer != NULL) {
        char name[MIG__DN_SIZE + 8];
        snprintf(name, sizeof name, "_dmarc.%s", c->domain);
        mig__verdict_answer(c->out, name, found->answer);
    }
    mig__verdict_rule(c->out, "RFC 9989, 4.7; 4.10 (RFC 7489, 6.6.3)");
    mig__verdict_advise(
        c->out, "some receivers refuse domains without one: begin with p=none and an address that somebody reads");
    mig__verdict_publish(c->out, "_dmarc.%s. 300 IN TXT \"v=DMARC1; p=none; rua=mailto:postmaster@%s\"", c->domain,
                         c->domain);
}

/* Reports to another domain go only where that domain says that it wants them. */
static void judge_reports(mig__case *c, const mig__dmarc *record, const char *at)
{
    if (record->rua_count == 0) {
        mig__verdict(c->out, "dmarc.reports", c->domain, MIG_VERDICT_WARN,
                     "nobody gets reports: what fails after the switch is not seen");
        mig__verdict_rule(c->out, "RFC 9990, 3; RFC 7489, 7.1");
        mig__verdict_advise(c->out, "add rua=mailto: with an address that somebody reads");
        return;
    }
    for (size_t i = 0; i < record->rua_count; i++) {
        const mig__dmarc_uri *uri = &record->rua[i];
        char name[2 * MIG__DN_SIZE + 24];
        if (uri->domain[0] == '\0') {
            continue;
        }
        if (mig__dn_under(uri->domain, at) || mig__dn_under(at, uri->domain)) {
            mig__verdict(c->out, "dmarc.reports", uri->text, MIG_VERDICT_PASS,
                         "reports go to an address in the domain itself");
            mig__verdict_rule(c->out, "RFC 9990, 3; RFC 7489, 7.1");
            mig__verdict_advise(c->out, "see that the mailbox exists at the new host, too");
            continue;
        }
        snprintf(name, sizeof name, "%s._report._dmarc.%s", at, uri->domain);
        const mig__answer *answer = mig__case_dns(c, name, MIG__RR_TXT);
        if (answer == NULL) {
            continue;
        }
        if (!mig__answer_known(answer)) {
            mig__case_unanswered(c, "dmarc.reports", name, answer);
            continue;
        }
        bool allowed = false;
        for (size_t k = 0; k < answer->count; k++) {
            allowed = allowed || mig__dmarc_is_record(answer->records[k].data, answer->records[k].length);
        }
        mig__verdict(c->out, "dmarc.reports", uri->text, allowed ? MIG_VERDICT_PASS : MIG_VERDICT_WARN,
                     allowed ? "%s agrees to receive the reports"
                             : "%s does not say that it wants these reports: they are not sent",
                     uri->domain);
        mig__verdict_answer(c->out, name, answer);
        mig__verdict_rule(c->out, "RFC 9990, 4; RFC 7489, 7.1");
        if (!allowed) {
            mig__verdict_advise(c->out, "this record has to stand there, or the address be another");
            mig__verdict_publish(c->out, "%s. IN TXT \"v=DMARC1\"", name);
        }
    }
}

static void judge_policy(mig__case *c, const mig__dmarc *record, const mig__dmarc_found *found)
{
    const mig__dmarc_policy own = strcmp(found->at, c->domain) == 0 ? record->policy : record->sub;
    const char *given = mig__dmarc_policy_name(own);
    /* t=y: one step down. */
    const mig__dmarc_policy acts = record->testing && own != MIG__DMARC_NONE ? (mig__dmarc_policy)(own - 1) : own;
    const bool before = c->options->phase != MIG_DOMAIN_AFTER;
    const mig_verdict verdict = before && acts == MIG__DMARC_REJECT ? MIG_VERDICT_WARN : MIG_VERDICT_PASS;
    mig__verdict(c->out, "dmarc.policy", c->domain, verdict, "the policy is %s%s%s", given,
                 acts != own ? ", acts one step weaker (t=y)" : "",
                 verdict == MIG_VERDICT_WARN ? ": whatever of the new host is not aligned will be refused" : "");
    mig__verdict_rule(c->out, "RFC 9989, 4.7");
    if (verdict == MIG_VERDICT_WARN) {
        mig__verdict_advise(
            c->out,
            "go down to p=quarantine or p=none for the days of the switch, and back when the reports are clean");
    }
    if (record->strict_dkim || record->strict_spf) {
        mig__verdict(c->out, "dmarc.alignment", c->domain, MIG_VERDICT_WARN,
                     "alignment is strict for %s%s%s: the new host has to sign and send with exactly this domain",
                     record->strict_dkim ? "DKIM" : "", record->strict_dkim && record->strict_spf ? " and " : "",
                     record->strict_spf ? "SPF" : "");
        mig__verdict_rule(c->out, "RFC 9989, 4.4");
        mig__verdict_advise(c->out, "leave adkim= and aspf= out unless subdomains must not be trusted");
    } else {
        mig__verdict(c->out, "dmarc.alignment", c->domain, MIG_VERDICT_PASS,
                     "alignment is relaxed: signatures and senders of %s and what is below it count",
                     found->organization);
        mig__verdict_rule(c->out, "RFC 9989, 4.4; 4.10");
    }
}

static void judge_alias(mig__case *c, const mig__dmarc_found *found)
{
    if (found->answer != NULL && found->answer->cnames > 0) {
        mig__verdict(c->out, "dmarc.alias", c->domain, MIG_VERDICT_WARN,
                     "the DMARC record is somebody else's, by an alias to %s",
                     found->answer->canonical != NULL ? found->answer->canonical : "?");
        mig__verdict_rule(c->out, "RFC 9989, 4.7");
        mig__verdict_advise(
            c->out, "take the alias (CNAME) away before a record of one's own is published: both cannot stand there");
    }
}

void mig__judge_dmarc(mig__case *c)
{
    char name[MIG__DN_SIZE + 8];
    mig__dmarc_found found;
    mig__dmarc record;
    const mig__asker asker = mig__case_asker(c);
    mig__dmarc_find(c->domain, &asker, &found);
    if (found.pending) {
        return;
    }
    if (found.record == NULL) {
        if (found.failed && found.answer != NULL && !mig__answer_known(found.answer)) {
            snprintf(name, sizeof name, "_dmarc.%s", c->domain);
            mig__case_unanswered(c, "dmarc.record", name, found.answer);
        } else {
            judge_absence(c, &found);
        }
        return;
    }
    snprintf(name, sizeof name, "_dmarc.%s", found.at);
    mig__dmarc_parse(found.record->data, found.record->length, &record);
    const bool odd = record.remark[0] != '\0' || (!record.has_policy && record.rua_count == 0);
    mig__verdict(c->out, "dmarc.record", c->domain, odd ? MIG_VERDICT_WARN : MIG_VERDICT_PASS,
                 "there is a DMARC record%s%s%s%s", strcmp(found.at, c->domain) == 0 ? "" : " at ",
                 strcmp(found.at, c->domain) == 0 ? "" : found.at, odd ? ": " : "",
                 record.remark[0] != '\0' ? record.remark
                 : odd                    ? "it has neither a policy nor an address for reports"
                                          : "");
    mig__verdict_answer(c->out, name, found.answer);
    mig__verdict_rule(c->out, "RFC 9989, 4.7");
    if (odd) {
        mig__verdict_advise(c->out, "correct what is odd: older receivers may read it otherwise");
    }
    judge_alias(c, &found);
    judge_policy(c, &record, &found);
    judge_reports(c, &record, found.at);
    mig__dmarc_clear(&record);
}
