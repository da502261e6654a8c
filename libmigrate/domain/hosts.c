/* domain/hosts.c - a few names looked up for others: where mail goes, the addresses of a host, the server of a service
 */
#include "base/buffer.h"
#include "domain/name.h"
#include "domain/resolver.h"
#include <arpa/inet.h>
#include <migrate/domain.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TIMEOUT_MS 10000
#define MOST_HOSTS 16 /* of a domain's MX that are looked at */

/* Nothing is validated: what is told here leads no password anywhere by itself. */
static mig__resolver *resolver_for(const mig_domain_lookup *how, mig_error *err)
{
    return mig__resolver_new(how->resolver, how->dns_port != 0 ? how->dns_port : 53, "none", err);
}

static void ask(mig__resolver *resolver, const mig_domain_lookup *how, const mig__resolver_question *questions,
                size_t count)
{
    mig__resolver_ask(resolver, questions, count, 8, how->timeout_ms > 0 ? how->timeout_ms : TIMEOUT_MS, how->stop);
}

static void add_addresses(const mig__answer *answer, int family, const char *before, mig__buffer *out)
{
    for (size_t i = 0; i < answer->count; i++) {
        char text[INET6_ADDRSTRLEN];
        const mig__record *record = &answer->records[i];
        if (record->length == (family == AF_INET ? 4 : 16) &&
            inet_ntop(family, record->data, text, sizeof text) != NULL) {
            mig__buffer_add_text(out, out->length > 0 ? before : "");
            mig__buffer_add_text(out, text);
        }
    }
}

/* Both kinds of address of a host. False: one of them is not known. */
static bool addresses_of(mig__resolver *resolver, const mig_domain_lookup *how, const char *host, const char *before,
                         mig__buffer *out)
{
    mig__answer a = {.count = 0}, aaaa = {.count = 0};
    const mig__resolver_question questions[] = {{host, MIG__RR_A, &a}, {host, MIG__RR_AAAA, &aaaa}};
    ask(resolver, how, questions, 2);
    const bool known = mig__answer_known(&a) && mig__answer_known(&aaaa);
    if (known) {
        add_addresses(&a, AF_INET, before, out);
        add_addresses(&aaaa, AF_INET6, before, out);
    }
    mig__answer_clear(&a);
    mig__answer_clear(&aaaa);
    return known;
}

static bool is_address(const char *host)
{
    unsigned char octets[16];
    return inet_pton(AF_INET, host, octets) == 1 || inet_pton(AF_INET6, host, octets) == 1;
}

static int unknown(const char *name, const char *why, mig_error *err)
{
    return mig_error_set(err, MIG_E_DNS, "%s: %s", name, why);
}

int mig_domain_addresses(const mig_domain_lookup *how, const char *host, char **lines, mig_error *err)
{
    char name[MIG__DN_SIZE];
    mig__buffer out = MIG__BUFFER_INIT;
    if (is_address(host)) {
        mig__buffer_add_text(&out, host);
    } else if (!mig__dn_clean(host, name)) {
        return unknown(host, "no name of a host", err);
    } else {
        mig__resolver *resolver = resolver_for(how, err);
        const bool known = resolver != NULL && addresses_of(resolver, how, name, "\n", &out);
        mig__resolver_free(&resolver);
        if (!known) {
            mig__buffer_free(&out);
            return unknown(name, "its addresses could not be found out", err);
        }
    }
    *lines = mig__buffer_steal(&out);
    return *lines != NULL ? 0 : mig_error_set(err, MIG_E_NOMEM, "out of memory");
}

static int hosts_of(mig__resolver *resolver, const mig_domain_lookup *how, const char *domain, mig__buffer *out,
                    mig_error *err)
{
    mig__answer mx = {.count = 0};
    const mig__resolver_question question = {domain, MIG__RR_MX, &mx};
    int status = 0;
    ask(resolver, how, &question, 1);
    if (!mig__answer_known(&mx)) {
        status = unknown(domain, mig__dns_status_words(mx.status), err);
    } else if (mx.count > MOST_HOSTS) {
        status = unknown(domain, "it has more MX records than are looked at", err);
    }
    /* RFC 5321 section 5.1: without MX records the domain itself is the host. */
    for (size_t i = 0; status == 0 && i < (mx.count > 0 ? mx.count : 1); i++) {
        const char *host = mx.count > 0 ? mx.records[i].name : domain;
        mig__buffer_addf(out, "%s%s", out->length > 0 ? "\n" : "", host);
        if (host[0] != '\0' && !addresses_of(resolver, how, host, " ", out)) {
            status = unknown(host, "its addresses could not be found out", err);
        }
    }
    mig__answer_clear(&mx);
    return status;
}

int mig_domain_mail_hosts(const mig_domain_lookup *how, const char *domain, char **lines, mig_error *err)
{
    char name[MIG__DN_SIZE];
    mig__buffer out = MIG__BUFFER_INIT;
    if (!mig__dn_is_host(domain) || !mig__dn_clean(domain, name)) {
        return unknown(domain, "no name of a domain", err);
    }
    mig__resolver *resolver = resolver_for(how, err);
    int status = resolver != NULL ? hosts_of(resolver, how, name, &out, err) : -1;
    mig__resolver_free(&resolver);
    if (status == 0 && (*lines = mig__buffer_steal(&out)) == NULL) {
        status = mig_error_set(err, MIG_E_NOMEM, "out of memory");
    }
    mig__buffer_free(&out);
    return status;
}

int mig_domain_service(const mig_domain_lookup *how, const char *service, const char *domain, char **host,
                       uint16_t *port, mig_error *err)
{
    char name[MIG__DN_SIZE], whole[MIG__DN_SIZE + 64];
    mig__answer srv = {.count = 0};
    if (!mig__dn_is_host(domain)) {
        return unknown(domain, "no name of a domain", err);
    }
    snprintf(whole, sizeof whole, "%.60s.%.250s", service, domain);
    if (!mig__dn_clean(whole, name)) {
        return unknown(domain, "no name of a domain", err);
    }
    mig__resolver *resolver = resolver_for(how, err);
    if (resolver == NULL) {
        return -1;
    }
    const mig__resolver_question question = {name, MIG__RR_SRV, &srv};
    ask(resolver, how, &question, 1);
    mig__resolver_free(&resolver);
    const mig__record *best = NULL;
    for (size_t i = 0; i < srv.count; i++) {
        best = best == NULL || srv.records[i].preference < best->preference ? &srv.records[i] : best;
    }
    int status = mig__answer_known(&srv) ? best == NULL : unknown(name, mig__dns_status_words(srv.status), err);
    if (status == 0) {
        *port = best->port;
        *host = strdup(best->name);
        status = *host != NULL ? 0 : mig_error_set(err, MIG_E_NOMEM, "out of memory");
    }
    mig__answer_clear(&srv);
    return status;
}
