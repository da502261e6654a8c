/* domain/case.c - one domain being judged: what is known of its move, and asking for facts */
#include "domain/case.h"
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* ---- asking ---- */

const mig__answer *mig__case_at(mig__case *c, const char *server, const char *name, mig__rr type)
{
    static const mig__answer none = {.status = MIG__DNS_NO_NAME};
    char clean[MIG__DN_SIZE];
    if (!mig__dn_clean(name, clean)) {
        return &none;
    }
    const mig__answer *answer = c->facts->dns(c->facts->context, server, clean, type);
    c->pending = c->pending || answer == NULL;
    return answer;
}

const mig__answer *mig__case_dns(mig__case *c, const char *name, mig__rr type)
{
    return mig__case_at(c, NULL, name, type);
}

const mig__smtp_fact *mig__case_smtp(mig__case *c, const mig__smtp_question *question)
{
    const mig__smtp_fact *fact = c->facts->smtp(c->facts->context, question);
    c->pending = c->pending || fact == NULL;
    return fact;
}

const mig__web_fact *mig__case_web(mig__case *c, const char *host, const char *path)
{
    const mig__web_fact *fact = c->facts->web(c->facts->context, host, path);
    c->pending = c->pending || fact == NULL;
    return fact;
}

const mig__web_fact *mig__case_post(mig__case *c, const char *host, const char *path, const char *xml)
{
    const mig__web_fact *fact = c->facts->post(c->facts->context, host, path, xml);
    c->pending = c->pending || fact == NULL;
    return fact;
}

static const mig__answer *ask(void *context, const char *name, mig__rr type)
{
    return mig__case_dns(context, name, type);
}

mig__asker mig__case_asker(mig__case *c)
{
    return (mig__asker){ask, c};
}

/* ---- addresses and hosts ---- */

bool mig__address_parse(const char *text, mig__address *out)
{
    *out = (mig__address){.length = 4};
    if (inet_pton(AF_INET, text, out->octets) != 1) {
        out->length = 16;
        if (inet_pton(AF_INET6, text, out->octets) != 1) {
            return false;
        }
    }
    inet_ntop(out->length == 4 ? AF_INET : AF_INET6, out->octets, out->text, sizeof out->text);
    return true;
}

bool mig__addresses_have(const mig__addresses *list, const mig__address *address)
{
    for (size_t i = 0; i < list->count; i++) {
        if (list->each[i].length == address->length &&
            memcmp(list->each[i].octets, address->octets, address->length) == 0) {
            return true;
        }
    }
    return false;
}

static void add_address(mig__addresses *list, const mig__address *address)
{
    if (list->count < MIG__CASE_MOST && !mig__addresses_have(list, address)) {
        list->each[list->count++] = *address;
    }
}

bool mig__case_addresses(mig__case *c, const char *host, mig__addresses *out)
{
    mig__address address;
    if (mig__address_parse(host, &address)) {
        add_address(out, &address);
        return true;
    }
    bool known = true;
    static const mig__rr types[] = {MIG__RR_A, MIG__RR_AAAA};
    for (size_t t = 0; t < 2; t++) {
        const mig__answer *answer = mig__case_dns(c, host, types[t]);
        known = known && answer != NULL && mig__answer_known(answer);
        for (size_t i = 0; answer != NULL && i < answer->count; i++) {
            const mig__record *record = &answer->records[i];
            address = (mig__address){.length = record->length};
            if (record->length == (types[t] == MIG__RR_A ? 4 : 16)) {
                memcpy(address.octets, record->data, record->length);
                inet_ntop(types[t] == MIG__RR_A ? AF_INET : AF_INET6, address.octets, address.text,
                          sizeof address.text);
                add_address(out, &address);
            }
        }
    }
    return known;
}

bool mig__hosts_have(const mig__hosts *list, const char *host)
{
    for (size_t i = 0; i < list->count; i++) {
        if (mig__dn_equal(list->each[i], host)) {
            return true;
        }
    }
    return false;
}

void mig__hosts_add(mig__hosts *list, const char *host)
{
    char clean[MIG__DN_SIZE];
    if (list->count < MIG__CASE_MOST && mig__dn_clean(host, clean) && !mig__hosts_have(list, clean)) {
        snprintf(list->each[list->count++], MIG__DN_SIZE, "%s", clean);
    }
}

/* ---- old and new ---- */

static int by_preference(const void *a, const void *b)
{
    const mig__record *left = *(const mig__record *const *)a, *right = *(const mig__record *const *)b;
    return left->preference != right->preference ? left->preference - right->preference
                                                 : strcmp(left->name, right->name);
}

const mig__answer *mig__case_mx(mig__case *c, mig__hosts *out)
{
    const mig__record *sorted[64] = {NULL};
    size_t count = 0;
    out->count = 0;
    const mig__answer *answer = mig__case_dns(c, c->domain, MIG__RR_MX);
    for (size_t i = 0; answer != NULL && i < answer->count && count < 64; i++) {
        if (answer->records[i].name != NULL) {
            sorted[count++] = &answer->records[i];
        }
    }
    qsort(sorted, count, sizeof sorted[0], by_preference);
    for (size_t i = 0; i < count; i++) {
        mig__hosts_add(out, sorted[i]->name);
    }
    return answer;
}

void mig__case_new_mx(const mig__case *c, mig__hosts *out)
{
    out->count = 0;
    if (c->subject->new_mx != NULL) {
        for (const char *const *host = c->subject->new_mx; *host != NULL; host++) {
            mig__hosts_add(out, *host);
        }
    } else if (c->provider != NULL) {
        for (const char *const *line = c->provider->mx_lines; *line != NULL; line++) {
            const char *blank = strchr(*line, ' ');
            mig__hosts_add(out, blank != NULL ? blank + 1 : *line);
        }
    }
}

bool mig__case_is_new(const mig__case *c, const char *host)
{
    mig__hosts list;
    mig__case_new_mx(c, &list);
    if (mig__hosts_have(&list, host)) {
        return true;
    }
    for (const char *const *suffix = c->provider != NULL ? c->provider->mx : NULL; suffix != NULL && *suffix != NULL;
         suffix++) {
        if (c->subject->new_mx == NULL && mig__dn_under(host, *suffix)) {
            return true;
        }
    }
    return false;
}

void mig__case_old_hosts(mig__case *c, mig__hosts *out)
{
    mig__hosts mx;
    out->count = 0;
    for (const char *const *host = c->subject->old_hosts; host != NULL && *host != NULL; host++) {
        mig__hosts_add(out, *host);
    }
    if (c->subject->old_hosts == NULL && c->options->phase != MIG_DOMAIN_AFTER && mig__case_mx(c, &mx) != NULL) {
        for (size_t i = 0; i < mx.count; i++) {
            if (!mig__case_is_new(c, mx.each[i])) {
                mig__hosts_add(out, mx.each[i]);
            }
        }
    }
}

static bool add_given(const char *const *given, mig__addresses *out)
{
    mig__address address;
    for (; *given != NULL; given++) {
        if (mig__address_parse(*given, &address)) {
            add_address(out, &address);
        }
    }
    return true;
}

static bool addresses_of(mig__case *c, const mig__hosts *hosts, mig__addresses *out)
{
    bool known = true;
    for (size_t i = 0; i < hosts->count; i++) {
        known = mig__case_addresses(c, hosts->each[i], out) && known;
    }
    return known;
}

bool mig__case_old_addresses(mig__case *c, mig__addresses *out)
{
    mig__hosts hosts;
    out->count = 0;
    if (c->subject->old_addresses != NULL) {
        return add_given(c->subject->old_addresses, out);
    }
    mig__case_old_hosts(c, &hosts);
    return addresses_of(c, &hosts, out);
}

bool mig__case_new_addresses(mig__case *c, mig__addresses *out)
{
    mig__hosts hosts;
    out->count = 0;
    if (c->subject->new_addresses != NULL) {
        return add_given(c->subject->new_addresses, out);
    }
    mig__case_new_mx(c, &hosts);
    return addresses_of(c, &hosts, out);
}

/* ---- authorities ---- */

static uint16_t dns_port(const mig__case *c)
{
    return c->options->dns_port != 0 ? c->options->dns_port : 53;
}

static void add_authority(mig__authorities *out, const char *name, const char *address, unsigned port)
{
    if (out->count < MIG__CASE_MOST) {
        mig__authority_server *each = &out->each[out->count++];
        snprintf(each->name, sizeof each->name, "%s", name);
        if (port == 0) {
            snprintf(each->server, sizeof each->server, "%s", address);
        } else {
            snprintf(each->server, sizeof each->server, "%s@%u", address, port);
        }
    }
}

void mig__case_authorities(mig__case *c, const char *name, mig__authorities *out)
{
    out->count = 0;
    snprintf(out->zone, sizeof out->zone, "%s", name);
    const mig__answer *servers = NULL;
    for (const char *zone = name; zone != NULL; zone = mig__dn_parent(zone)) {
        servers = mig__case_dns(c, zone, MIG__RR_NS);
        if (servers == NULL || (servers->count > 0 && servers->cnames == 0) || !mig__answer_known(servers)) {
            snprintf(out->zone, sizeof out->zone, "%s", zone);
            break;
        }
    }
    if (c->options->authorities != NULL) {
        for (const char *const *given = c->options->authorities; *given != NULL; given++) {
            const bool has_port = strchr(*given, '@') != NULL;
            add_authority(out, *given, *given, has_port ? 0 : dns_port(c));
        }
        return;
    }
    for (size_t i = 0; servers != NULL && i < servers->count; i++) {
        mig__addresses addresses = {.count = 0};
        mig__case_addresses(c, servers->records[i].name, &addresses);
        for (size_t a = 0; a < addresses.count; a++) {
            add_authority(out, servers->records[i].name, addresses.each[a].text, dns_port(c));
        }
    }
}

void mig__case_unanswered(mig__case *c, const char *check, const char *name, const mig__answer *answer)
{
    const bool bogus = answer->status == MIG__DNS_BOGUS;
    mig__verdict(c->out, check, name, bogus ? MIG_VERDICT_FAIL : MIG_VERDICT_UNKNOWN, "%s could not be looked up: %s",
                 name, mig__dns_status_words(answer->status));
    mig__verdict_answer(c->out, name, answer);
    mig__verdict_rule(c->out, bogus ? "RFC 4035, 5" : "RFC 1035, 4.1.1");
    mig__verdict_advise(c->out,
                        bogus ? "resolvers that validate refuse all answers of this zone: sign it anew, or fix the DS "
                                "record at the registrar"
                              : "look again later; if it stays so, ask who runs the name servers");
}
