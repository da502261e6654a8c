/* domain/judge_client.c - where mail programs are led to: autoconfig, autodiscover, SRV records */
#include "domain/client.h"
#include "domain/judge.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

typedef struct destination {
    mig__hosts old;
    mig__addresses addresses; /* of the old */
} destination;

/* True when the host is the old server, by name or by address. */
static bool leads_back(mig__case *c, const destination *to, const char *host)
{
    mig__addresses addresses = {.count = 0};
    if (mig__hosts_have(&to->old, host)) {
        return true;
    }
    mig__case_addresses(c, host, &addresses);
    for (size_t i = 0; i < addresses.count; i++) {
        if (mig__addresses_have(&to->addresses, &addresses.each[i])) {
            return true;
        }
    }
    return false;
}

/* What the new host's client records end in, NULL: not known. */
static bool is_expected(const mig__case *c, const char *host)
{
    if (c->subject->client_host != NULL) {
        return mig__dn_under(host, c->subject->client_host);
    }
    for (const char *const *line = c->provider != NULL ? c->provider->clients : NULL; line != NULL && *line != NULL;
         line++) {
        const char *target = strrchr(*line, ' ') + 1, *parent = mig__dn_parent(target);
        if (mig__dn_under(host, mig__dn_labels(target) > 2 && parent != NULL ? parent : target)) {
            return true;
        }
    }
    return mig__case_is_new(c, host);
}

static bool has_expectation(const mig__case *c)
{
    return c->subject->client_host != NULL || (c->provider != NULL && c->provider->clients[0] != NULL);
}

/* Judge one host that something leads to. */
static mig_verdict weigh(mig__case *c, const destination *to, const char *host, const char **words)
{
    if (leads_back(c, to, host)) {
        *words = "leads to the old server";
        return MIG_VERDICT_FAIL;
    }
    if (is_expected(c, host)) {
        *words = "leads to the new host";
        return MIG_VERDICT_PASS;
    }
    *words = has_expectation(c) ? "leads neither to the new host nor to the old server"
                                : "leads to a host that is not the old server";
    return has_expectation(c) ? MIG_VERDICT_WARN : MIG_VERDICT_PASS;
}

/* ---- files ---- */

/* What mail programs ask autodiscover by (MS-OXDSCLI, 2.2.3), of the mailbox that every domain has to have. */
static const char *request_of(const mig__case *c, char *out, size_t size)
{
    snprintf(out, size,
             "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n"
             "<Autodiscover xmlns=\"http://schemas.microsoft.com/exchange/autodiscover/outlook/requestschema/2006\">"
             "<Request><EMailAddress>postmaster@%s</EMailAddress><AcceptableResponseSchema>"
             "http://schemas.microsoft.com/exchange/autodiscover/outlook/responseschema/2006a"
             "</AcceptableResponseSchema></Request></Autodiscover>\n",
             c->domain);
    return out;
}

static void judge_file(mig__case *c, const destination *to, const char *check, const char *host, const char *path)
{
    mig__client_config config;
    char request[800];
    const bool posted = strcmp(check, "client.autodiscover") == 0;
    const mig__web_fact *file =
        posted ? mig__case_post(c, host, path, request_of(c, request, sizeof request)) : mig__case_web(c, host, path);
    if (file == NULL || file->status != 200 || file->body == NULL) {
        return; /* nobody has to have one; a name that leads to the old server is told by its address */
    }
    mig__client_parse(file->body, file->length, &config);
    if (!config.parsed) {
        return;
    }
    for (size_t i = 0; i < config.count; i++) {
        const char *words;
        const mig_verdict verdict = weigh(c, to, config.servers[i].host, &words);
        mig__verdict(c->out, check, config.servers[i].host, verdict, "https://%s%s %s for %s", host, path, words,
                     config.servers[i].type);
        mig__verdict_saw(c->out, "%s %s:%u", config.servers[i].type, config.servers[i].host, config.servers[i].port);
        mig__verdict_server(c->out, host);
        mig__verdict_rule(c->out, posted ? "MS-OXDSCLI, 2.2.4" : "autoconfig, config-v1.1.xml");
        if (verdict != MIG_VERDICT_PASS) {
            mig__verdict_advise(
                c->out, "take the file away, or write the new host into it; mail programs that are set up now use it");
        }
    }
}

/* ---- names ---- */

static void judge_name(mig__case *c, const destination *to, const char *prefix, const char *check)
{
    char name[MIG__DN_SIZE + 16];
    const char *words;
    snprintf(name, sizeof name, "%s.%s", prefix, c->domain);
    const mig__answer *answer = mig__case_dns(c, name, MIG__RR_A);
    if (answer == NULL) {
        return;
    }
    if (!mig__answer_known(answer)) {
        mig__case_unanswered(c, check, name, answer);
        return;
    }
    if (answer->count == 0 && answer->cnames == 0) {
        mig__verdict(c->out, check, name, MIG_VERDICT_PASS,
                     "there is no such name: programs ask elsewhere, or the user");
        mig__verdict_answer(c->out, name, answer);
        mig__verdict_rule(c->out, "MS-OXDISCO, 1.3");
        for (const char *const *line = c->provider != NULL ? c->provider->clients : NULL; line != NULL && *line != NULL;
             line++) {
            char kind[16], at[80], target[200];
            if (sscanf(*line, "%15s %79s %199s", kind, at, target) == 3 && strcmp(at, prefix) == 0) {
                mig__verdict_advise(c->out, "%s advises a record for it", c->provider->title);
                mig__verdict_publish(c->out, "%s. 300 IN %s %s.", name, kind, target);
            }
        }
        return;
    }
    const mig_verdict verdict = weigh(c, to, answer->canonical != NULL ? answer->canonical : name, &words);
    mig__verdict(c->out, check, name,
                 answer->canonical == NULL && verdict == MIG_VERDICT_WARN ? MIG_VERDICT_PASS : verdict, "the name %s",
                 answer->canonical == NULL && verdict == MIG_VERDICT_WARN ? "leads to a host that is not the old server"
                                                                          : words);
    mig__verdict_answer(c->out, name, answer);
    mig__verdict_rule(c->out, "MS-OXDISCO, 1.3");
    if (verdict == MIG_VERDICT_FAIL) {
        mig__verdict_advise(c->out, "point it to the new host, or take it away");
    }
}

static void judge_srv(mig__case *c, const destination *to, const char *service)
{
    char name[MIG__DN_SIZE + 40];
    snprintf(name, sizeof name, "%s._tcp.%s", service, c->domain);
    const mig__answer *answer = mig__case_dns(c, name, MIG__RR_SRV);
    if (answer == NULL) {
        return;
    }
    if (!mig__answer_known(answer)) {
        mig__case_unanswered(c, "client.srv", name, answer);
        return;
    }
    for (size_t i = 0; i < answer->count; i++) {
        const char *words = "says that the service is not offered";
        const bool none = answer->records[i].name == NULL || answer->records[i].name[0] == '\0';
        mig_verdict verdict = none ? MIG_VERDICT_PASS : weigh(c, to, answer->records[i].name, &words);
        const bool odd = strcmp(service, "_submission") == 0 && answer->records[i].port == 465;
        if (odd && verdict == MIG_VERDICT_PASS) {
            verdict = MIG_VERDICT_WARN;
        }
        mig__verdict(c->out, "client.srv", name, verdict, "the record %s%s", words,
                     odd ? "; port 465 belongs under _submissions" : "");
        mig__verdict_answer(c->out, name, answer);
        mig__verdict_rule(c->out, "RFC 6186, 3; RFC 8314, 5.1");
        if (verdict != MIG_VERDICT_PASS) {
            mig__verdict_advise(c->out, "point it to the new host, or take it away");
        }
    }
}

void mig__judge_client(mig__case *c)
{
    static const char *const services[] = {"_imaps", "_imap", "_pop3s", "_submissions", "_submission", "_autodiscover"};
    char host[MIG__DN_SIZE + 16];
    destination to = {.addresses = {.count = 0}};
    mig__case_old_hosts(c, &to.old);
    mig__case_old_addresses(c, &to.addresses);
    judge_name(c, &to, "autoconfig", "client.autoconfig");
    judge_name(c, &to, "autodiscover", "client.autodiscover");
    for (size_t i = 0; i < sizeof services / sizeof services[0]; i++) {
        judge_srv(c, &to, services[i]);
    }
    snprintf(host, sizeof host, "autoconfig.%s", c->domain);
    judge_file(c, &to, "client.autoconfig", host, "/mail/config-v1.1.xml");
    judge_file(c, &to, "client.autoconfig", c->domain, "/.well-known/autoconfig/mail/config-v1.1.xml");
    snprintf(host, sizeof host, "autodiscover.%s", c->domain);
    judge_file(c, &to, "client.autodiscover", host, "/autodiscover/autodiscover.xml");
    judge_file(c, &to, "client.autodiscover", c->domain, "/autodiscover/autodiscover.xml");
}
