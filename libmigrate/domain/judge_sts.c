/* domain/judge_sts.c - MTA-STS and TLS-RPT: what senders that insist on TLS will do with the new MX */
#include "domain/judge.h"
#include "domain/sts.h"
#include <stdio.h>
#include <string.h>

#define POLICY_PATH "/.well-known/mta-sts.txt"

/* The record. True: there is one, with an id. */
static bool judge_record(mig__case *c, const char *name, const mig__answer *answer)
{
    char id[33] = "";
    size_t records = 0;
    for (size_t i = 0; i < answer->count; i++) {
        if (mig__sts_is_record(answer->records[i].data, answer->records[i].length)) {
            records++;
            mig__sts_record_id(answer->records[i].data, answer->records[i].length, id);
        }
    }
    if (records == 0) {
        mig__verdict(c->out, "sts.record", c->domain, MIG_VERDICT_PASS,
                     "there is no MTA-STS: nothing there depends on the names of the MX");
        mig__verdict_answer(c->out, name, answer);
        mig__verdict_rule(c->out, "RFC 8461, 3.1");
        return false;
    }
    const bool good = records == 1 && id[0] != '\0';
    mig__verdict(c->out, "sts.record", c->domain, good ? MIG_VERDICT_PASS : MIG_VERDICT_FAIL,
                 records > 1 ? "there is more than one MTA-STS record (id %s), which counts as none"
                 : good      ? "there is an MTA-STS record, its id is %s"
                             : "the MTA-STS record has no valid id%s",
                 id);
    mig__verdict_answer(c->out, name, answer);
    mig__verdict_rule(c->out, "RFC 8461, 3.1");
    if (!good) {
        mig__verdict_advise(c->out, "one record with an id of up to 32 letters and digits");
        mig__verdict_publish(c->out, "%s. 300 IN TXT \"v=STSv1; id=%lld;\"", name, (long long)c->now);
    }
    return good;
}

static void judge_mx(mig__case *c, const mig__sts_policy *policy, const mig__hosts *hosts, bool coming)
{
    for (size_t i = 0; i < hosts->count; i++) {
        const char *host = hosts->each[i];
        const bool allowed = mig__sts_policy_allows(policy, host);
        const bool enforced = policy->mode == MIG__STS_ENFORCE;
        if (policy->mode == MIG__STS_MODE_NONE) {
            continue;
        }
        mig__verdict(c->out, "sts.mx", host,
                     allowed    ? MIG_VERDICT_PASS
                     : enforced ? MIG_VERDICT_FAIL
                                : MIG_VERDICT_WARN,
                     allowed    ? "the policy lists this MX%s"
                     : enforced ? "the policy does not list this MX%s: senders that keep to it will not deliver"
                                : "the policy, in testing, does not list this MX%s",
                     coming ? ", which is to come" : "");
        mig__verdict_rule(c->out, "RFC 8461, 4.1; 8.3");
        if (!allowed) {
            mig__verdict_advise(
                c->out,
                "add \"mx: %s\" to the policy, give the record a new id, and change the MX when max_age (%lu "
                "seconds) has passed",
                host, policy->max_age);
            mig__verdict_publish(c->out, "_mta-sts.%s. 300 IN TXT \"v=STSv1; id=%lld;\"", c->domain, (long long)c->now);
        }
    }
}

static void judge_policy(mig__case *c)
{
    char host[MIG__DN_SIZE + 16];
    static const char *const modes[] = {"", "enforce", "testing", "none"};
    snprintf(host, sizeof host, "mta-sts.%s", c->domain);
    const mig__web_fact *file = mig__case_web(c, host, POLICY_PATH);
    if (file == NULL) {
        return;
    }
    if (file->status == 0) {
        mig__verdict(c->out, "sts.policy", host, file->certificate ? MIG_VERDICT_FAIL : MIG_VERDICT_UNKNOWN,
                     file->certificate ? "the policy cannot be had: its certificate is not acceptable (%s)"
                                       : "the policy could not be fetched: %s",
                     file->why);
    } else if (file->status != 200) {
        mig__verdict(c->out, "sts.policy", host, MIG_VERDICT_FAIL,
                     "the policy cannot be had: the server answers %d%s%s", file->status,
                     file->location[0] != '\0' ? ", a redirection, which senders do not follow, to " : "",
                     file->location);
    } else if (file->cut || strcmp(file->type, "text/plain") != 0) {
        mig__verdict(c->out, "sts.policy", host, MIG_VERDICT_FAIL, "the policy cannot be used: it is %s",
                     file->cut ? "larger than 64 KiB" : "not text/plain");
    } else {
        mig__sts_policy policy;
        mig__hosts hosts;
        mig__sts_policy_parse(file->body, file->length, &policy);
        if (policy.problem[0] != '\0') {
            mig__verdict(c->out, "sts.policy", host, MIG_VERDICT_FAIL, "the policy cannot be used: %s", policy.problem);
        } else {
            mig__verdict(c->out, "sts.policy", host, MIG_VERDICT_PASS,
                         "the policy is there: mode %s, kept for %lu seconds", modes[policy.mode], policy.max_age);
        }
        mig__verdict_saw(c->out, "%.400s", file->body);
        mig__verdict_rule(c->out, "RFC 8461, 3.2; 3.3");
        if (policy.problem[0] == '\0') {
            mig__hosts next, coming = {.count = 0};
            mig__case_mx(c, &hosts);
            judge_mx(c, &policy, &hosts, false);
            mig__case_new_mx(c, &next);
            for (size_t i = 0; i < next.count; i++) {
                if (!mig__hosts_have(&hosts, next.each[i])) {
                    mig__hosts_add(&coming, next.each[i]);
                }
            }
            judge_mx(c, &policy, &coming, true);
        }
        return;
    }
    mig__verdict_rule(c->out, "RFC 8461, 3.3");
    mig__verdict_advise(
        c->out,
        "serve the file with status 200 as text/plain, under a certificate for its name; a sender that has the old "
        "policy keeps to that one until it ends");
}

void mig__judge_sts(mig__case *c)
{
    char name[MIG__DN_SIZE + 16];
    snprintf(name, sizeof name, "_mta-sts.%s", c->domain);
    const mig__answer *answer = mig__case_dns(c, name, MIG__RR_TXT);
    if (answer == NULL) {
        return;
    }
    if (!mig__answer_known(answer)) {
        mig__case_unanswered(c, "sts.record", name, answer);
    } else if (judge_record(c, name, answer)) {
        judge_policy(c);
    }
}

void mig__judge_tlsrpt(mig__case *c)
{
    char name[MIG__DN_SIZE + 16], rua[200] = "";
    size_t records = 0;
    snprintf(name, sizeof name, "_smtp._tls.%s", c->domain);
    const mig__answer *answer = mig__case_dns(c, name, MIG__RR_TXT);
    if (answer == NULL) {
        return;
    }
    if (!mig__answer_known(answer)) {
        mig__case_unanswered(c, "tlsrpt.record", name, answer);
        return;
    }
    for (size_t i = 0; i < answer->count; i++) {
        if (mig__tlsrpt_is_record(answer->records[i].data, answer->records[i].length)) {
            records++;
            mig__tlsrpt_rua(answer->records[i].data, answer->records[i].length, rua, sizeof rua);
        }
    }
    const bool good = records == 0 || (records == 1 && rua[0] != '\0');
    mig__verdict(c->out, "tlsrpt.record", c->domain, good ? MIG_VERDICT_PASS : MIG_VERDICT_WARN,
                 records == 0  ? "no reports about TLS are asked for%s"
                 : records > 1 ? "there is more than one TLS-RPT record, which counts as none%s"
                 : good        ? "reports about TLS go to %s"
                               : "the TLS-RPT record names no place that reports can go to%s",
                 records == 1 ? rua : "");
    mig__verdict_answer(c->out, name, answer);
    mig__verdict_rule(c->out, "RFC 8460, 3");
    if (!good) {
        mig__verdict_advise(c->out, "one record with an address");
        mig__verdict_publish(c->out, "%s. 300 IN TXT \"v=TLSRPTv1; rua=mailto:postmaster@%s\"", name, c->domain);
    }
}
