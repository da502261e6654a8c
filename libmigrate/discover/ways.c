/* discover/ways.c - what the ways to find a mail server lead to: SRV, autoconfig, autodiscover, MX, and guessing */
#include "discover/ways.h"
#include "base/buffer.h"
#include "domain/client.h"
#include <migrate/provider.h>
#include <migrate/provider_mail.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define MOST_RECORDS 8 /* of one answer that are looked at */

bool mig__seeker_set(mig__seeker *seeker, const char *address)
{
    const char *at = strrchr(address, '@');
    char inert[300];
    seeker->address = address;
    seeker->local = address;
    seeker->local_length = at != NULL ? (size_t)(at - address) : 0;
    const bool plain =
        strlen(address) < 255 && strcmp(mig__inert(address, strlen(address), inert, sizeof inert), address) == 0;
    return plain && seeker->local_length > 0 && mig__dn_clean(at + 1, seeker->domain) &&
           mig__dn_is_host(seeker->domain) && strspn(seeker->domain, "0123456789.") < strlen(seeker->domain);
}

/* ---- what comes out ---- */

static MIG_PRINTF(4, 5) void note(mig__findings *out, const char *asked, bool answered, const char *format, ...)
{
    if (out->step_count < MIG__STEPS_MOST) {
        mig__step *step = &out->steps[out->step_count++];
        va_list arguments;
        va_start(arguments, format);
        vsnprintf(step->came, sizeof step->came, format, arguments);
        va_end(arguments);
        snprintf(step->asked, sizeof step->asked, "%s", asked);
        step->answered = answered;
    }
}

/* NULL: there is no room, or the host is none. */
static mig__finding *add(mig__seeker *s, mig__findings *out, mig_discover_way way, const char *from, const char *host,
                         unsigned port, mig_tls_mode tls, const char *voucher)
{
    char clean[MIG__DN_SIZE];
    if (out->count == MIG__FINDINGS_MOST || port == 0 || port > 65535 || !mig__dn_clean(host, clean) ||
        !mig__dn_is_host(clean)) {
        return NULL;
    }
    mig__finding *finding = &out->each[out->count++];
    *finding = (mig__finding){.way = way, .port = (uint16_t)port, .tls = tls};
    snprintf(finding->from, sizeof finding->from, "%s", from);
    snprintf(finding->host, sizeof finding->host, "%s", clean);
    if (mig__dn_under(clean, s->domain)) {
        snprintf(finding->voucher, sizeof finding->voucher, "it lies in %s itself", s->domain);
    } else {
        snprintf(finding->voucher, sizeof finding->voucher, "%s", voucher);
    }
    return finding;
}

static const mig__answer *ask(mig__seeker *s, const char *name, mig__rr type)
{
    const mig__answer *answer = s->facts->dns(s->facts->context, NULL, name, type);
    s->pending = s->pending || answer == NULL;
    return answer;
}

/* "SRV NAME": there are records; else what came instead is noted. */
static bool has_records(mig__findings *out, const char *asked, const mig__answer *answer)
{
    if (answer->status == MIG__DNS_OK && answer->count > 0) {
        return true;
    }
    if (answer->status == MIG__DNS_OK || answer->status == MIG__DNS_NODATA || answer->status == MIG__DNS_NXDOMAIN) {
        note(out, asked, true, "there is none");
    } else {
        note(out, asked, false, "%s%s%s", mig__dns_status_words(answer->status), answer->why[0] != '\0' ? ": " : "",
             answer->why);
    }
    return false;
}

/* ---- SRV ---- */

/* By priority, then by weight: what a client would take first (RFC 2782), without the dice. */
static size_t in_order(const mig__answer *answer, const mig__record *sorted[MOST_RECORDS])
{
    size_t count = 0;
    for (size_t i = 0; i < answer->count; i++) {
        const mig__record *record = &answer->records[i];
        size_t place = count < MOST_RECORDS ? count++ : MOST_RECORDS - 1;
        for (; place > 0 &&
               (sorted[place - 1]->preference > record->preference ||
                (sorted[place - 1]->preference == record->preference && sorted[place - 1]->weight < record->weight));
             place--) {
            sorted[place] = sorted[place - 1];
        }
        sorted[place] = record;
    }
    return count;
}

static void try_srv(mig__seeker *s, mig__findings *out, const char *service, mig_tls_mode tls)
{
    char name[MIG__DN_SIZE + 32], asked[MIG__DN_SIZE + 40], voucher[400] = "";
    const mig__record *sorted[MOST_RECORDS] = {NULL};
    snprintf(name, sizeof name, "%s.%s", service, s->domain);
    snprintf(asked, sizeof asked, "SRV %s", name);
    const mig__answer *answer = ask(s, name, MIG__RR_SRV);
    if (answer == NULL || !has_records(out, asked, answer)) {
        return;
    }
    if (answer->security == MIG__DNS_SECURE) {
        snprintf(voucher, sizeof voucher, "the SRV record is signed (DNSSEC)");
    }
    const size_t count = in_order(answer, sorted);
    for (size_t i = 0; i < count; i++) {
        const char *target = sorted[i]->name != NULL ? sorted[i]->name : "";
        if (target[0] == '\0' || strcmp(target, ".") == 0) {
            note(out, asked, true, "this service is not offered (a target of \".\")");
        } else if (add(s, out, MIG_DISCOVER_SRV, asked, target, sorted[i]->port, tls, voucher) != NULL) {
            note(out, asked, true, "%s, port %u", target, sorted[i]->port);
        } else {
            note(out, asked, true, "a target that is no host name, or no port");
        }
    }
}

/* ---- files ---- */

/* The file that came, NULL: none, and why is noted. */
static const mig__web_fact *file_of(mig__seeker *s, mig__findings *out, const char *asked, const char *host,
                                    const mig__web_fact *fact)
{
    if (fact == NULL) {
        s->pending = true;
        return NULL;
    }
    if (fact->status == 0) {
        const mig__answer *four = ask(s, host, MIG__RR_A), *six = ask(s, host, MIG__RR_AAAA);
        const bool absent = four != NULL && six != NULL && four->status != MIG__DNS_OK && six->status != MIG__DNS_OK &&
                            mig__answer_known(four) && mig__answer_known(six);
        note(out, asked, absent, "%s", absent ? "there is no such host" : fact->why);
    } else if (fact->status >= 300 && fact->status < 400) {
        note(out, asked, true, "it leads to %.200s, which is not followed", fact->location);
    } else if (fact->status == 401 || fact->status == 403) {
        note(out, asked, true, "it wants a login first (%d)", fact->status);
    } else if (fact->status != 200) {
        note(out, asked, fact->status < 500, "there is none (%d)", fact->status);
    } else if (fact->cut) {
        note(out, asked, true, "what came is too large for such a file");
    } else {
        return fact;
    }
    return NULL;
}

/* %EMAILDOMAIN% and its kin may stand in host names as well; anything else there is no host name. */
static void fill_host(const mig__seeker *s, const char *pattern, char out[MIG__DN_SIZE])
{
    const char *mark = strstr(pattern, "%emaildomain%");
    char host[2 * MIG__DN_SIZE];
    if (mark == NULL) {
        snprintf(host, sizeof host, "%s", pattern);
    } else {
        snprintf(host, sizeof host, "%.*s%s%s", (int)(mark - pattern), pattern, s->domain, mark + 13);
    }
    mig__dn_clean(host, out);
}

static void take_servers(mig__seeker *s, mig__findings *out, mig_discover_way way, const char *asked,
                         const mig__client_config *config, const char *voucher)
{
    size_t taken = 0, others = 0;
    for (size_t i = 0; i < config->count; i++) {
        const mig__client_server *server = &config->servers[i];
        char host[MIG__DN_SIZE];
        if (strcmp(server->type, "imap") != 0) {
            continue;
        }
        const bool starttls = strcmp(server->socket, "starttls") == 0;
        fill_host(s, server->host, host);
        const unsigned port = server->port != 0 ? server->port : starttls ? s->imap_port : s->imaps_port;
        mig__finding *finding =
            strcmp(server->socket, "plain") == 0
                ? NULL
                : add(s, out, way, asked, host, port, starttls ? MIG_TLS_STARTTLS : MIG_TLS_IMPLICIT, voucher);
        if (finding != NULL) {
            snprintf(finding->login, sizeof finding->login, "%s", server->user);
            finding->token = server->token;
            note(out, asked, true, "%s, port %u", finding->host, finding->port);
            taken++;
        } else {
            others++;
        }
    }
    if (taken == 0) {
        note(out, asked, true, "%s",
             !config->parsed ? "what came is no such file"
             : others > 0    ? "the IMAP servers that it names are without TLS, or no host names"
                             : "it names no IMAP server");
    }
}

static void try_autoconfig(mig__seeker *s, mig__findings *out, const char *prefix, const char *path)
{
    char host[MIG__DN_SIZE + 16], asked[400], voucher[800];
    mig__client_config config;
    snprintf(host, sizeof host, "%s%s", prefix, s->domain);
    snprintf(asked, sizeof asked, "https://%s%.*s", host, (int)strcspn(path, "?"), path);
    const mig__web_fact *fact =
        strlen(host) < MIG__DN_SIZE ? file_of(s, out, asked, host, s->facts->web(s->facts->context, host, path)) : NULL;
    if (fact != NULL) {
        snprintf(voucher, sizeof voucher, "%s names it, whose certificate is that of %s", asked, host);
        mig__client_parse(fact->body, fact->length, &config);
        take_servers(s, out, MIG_DISCOVER_AUTOCONFIG, asked, &config, voucher);
    }
}

static void add_xml_text(mig__buffer *out, const char *text)
{
    for (; *text != '\0'; text++) {
        const char *entity = *text == '<' ? "&lt;" : *text == '>' ? "&gt;" : *text == '&' ? "&amp;" : NULL;
        if (entity != NULL) {
            mig__buffer_add_text(out, entity);
        } else {
            mig__buffer_add_char(out, *text);
        }
    }
}

/* `voucher`: of whatever the answer names outside the domain; "": nobody. */
static void try_autodiscover(mig__seeker *s, mig__findings *out, const char *host, bool vouches)
{
    static const char space[] = "http://schemas.microsoft.com/exchange/autodiscover/outlook";
    static const char path[] = "/autodiscover/autodiscover.xml";
    mig__buffer xml = MIG__BUFFER_INIT;
    char asked[400], voucher[800] = "";
    mig__client_config config;
    mig__buffer_addf(&xml,
                     "<?xml version=\"1.0\" encoding=\"utf-8\"?><Autodiscover xmlns=\"%s/requestschema/2006\">"
                     "<Request><EMailAddress>",
                     space);
    add_xml_text(&xml, s->address);
    mig__buffer_addf(&xml,
                     "</EMailAddress><AcceptableResponseSchema>%s/responseschema/2006a"
                     "</AcceptableResponseSchema></Request></Autodiscover>",
                     space);
    snprintf(asked, sizeof asked, "https://%s%s", host, path);
    const mig__web_fact *fact =
        xml.failed || strlen(host) >= MIG__DN_SIZE
            ? NULL
            : file_of(s, out, asked, host, s->facts->post(s->facts->context, host, path, xml.data));
    if (fact != NULL) {
        if (vouches) {
            snprintf(voucher, sizeof voucher, "%s names it, whose certificate is that of %s", asked, host);
        }
        mig__client_parse(fact->body, fact->length, &config);
        if (config.parsed && config.count == 0 && config.redirect[0] != '\0') {
            note(out, asked, true, "it leads to %s, which is not followed", config.redirect);
        } else {
            take_servers(s, out, MIG_DISCOVER_AUTODISCOVER, asked, &config, voucher);
        }
    }
    mig__buffer_free(&xml);
}

static void try_autodiscover_srv(mig__seeker *s, mig__findings *out)
{
    char name[MIG__DN_SIZE + 32], asked[MIG__DN_SIZE + 40];
    const mig__record *sorted[MOST_RECORDS] = {NULL};
    snprintf(name, sizeof name, "_autodiscover._tcp.%s", s->domain);
    snprintf(asked, sizeof asked, "SRV %s", name);
    const mig__answer *answer = ask(s, name, MIG__RR_SRV);
    if (answer == NULL || !has_records(out, asked, answer) || in_order(answer, sorted) == 0) {
        return;
    }
    const char *target = sorted[0]->name != NULL ? sorted[0]->name : "";
    if (!mig__dn_is_host(target)) {
        note(out, asked, true, "a target that is no host name");
        return;
    }
    note(out, asked, true, "%s", target);
    try_autodiscover(s, out, target, mig__dn_under(target, s->domain) || answer->security == MIG__DNS_SECURE);
}

/* ---- what is known of providers ---- */

static void add_provider(mig__seeker *s, mig__findings *out, mig_discover_way way, const char *from,
                         const mig_provider *provider, const char *host, const char *voucher)
{
    const unsigned port = provider->port == 993 ? s->imaps_port : provider->port;
    mig__finding *finding = add(s, out, way, from, host, port, provider->tls, voucher);
    if (finding != NULL) {
        finding->token = provider->auth == MIG_AUTH_XOAUTH2;
        note(out, from, true, "%s, port %u", finding->host, finding->port);
    }
}

static void try_own_domain(mig__seeker *s, mig__findings *out)
{
    size_t count;
    const mig_provider *table = mig_providers(&count);
    for (size_t i = 0; i < count; i++) {
        for (const char *const *domain = table[i].domains; domain != NULL && *domain != NULL; domain++) {
            if (strcasecmp(*domain, s->domain) == 0 && table[i].host != NULL) {
                char voucher[400];
                snprintf(voucher, sizeof voucher, "%s is a domain of %s", s->domain, table[i].title);
                add_provider(s, out, MIG_DISCOVER_PROVIDER, "what is known of providers", &table[i], table[i].host,
                             voucher);
                return;
            }
        }
    }
}

/* Zoho's host is that of the data centre, as its MX is: "mx.zoho.eu". */
static void add_zoho(mig__seeker *s, mig__findings *out, const char *asked, const char *mx, const mig_provider *zoho,
                     const char *voucher)
{
    const char *region = mx;
    for (; region != NULL && strncasecmp(region, "zoho", 4) != 0; region = mig__dn_parent(region)) {
    }
    char host[MIG__DN_SIZE + 16];
    for (int pro = 1; region != NULL && pro >= 0; pro--) {
        snprintf(host, sizeof host, pro ? "imappro.%s" : "imap.%s", region);
        if (mig_provider_by_host(host) == zoho) {
            add_provider(s, out, MIG_DISCOVER_MX, asked, zoho, host, voucher);
        }
    }
}

static void try_mx(mig__seeker *s, mig__findings *out)
{
    char asked[MIG__DN_SIZE + 8], voucher[400];
    const mig__record *sorted[MOST_RECORDS] = {NULL};
    snprintf(asked, sizeof asked, "MX %s", s->domain);
    const mig__answer *answer = ask(s, s->domain, MIG__RR_MX);
    if (answer == NULL || !has_records(out, asked, answer) || in_order(answer, sorted) == 0) {
        return;
    }
    const char *mx = sorted[0]->name != NULL ? sorted[0]->name : "";
    const mig_provider_mail *known = mig_provider_mail_by_mx(mx);
    const mig_provider *provider = known != NULL && known->imap != NULL ? mig_provider_find(known->imap) : NULL;
    const char *gateway = mig_provider_mail_gateway(mx);
    if (gateway != NULL) {
        note(out, asked, true, "%s is a filter (%s), which does not say where the mailboxes are", mx, gateway);
    } else if (known == NULL) {
        note(out, asked, true, "%s%snothing is known of its owner", mx, mx[0] != '\0' ? ": " : "");
    } else if (provider == NULL || provider->host == NULL) {
        note(out, asked, true, "%s: %s, whose IMAP server differs by customer", mx, known->title);
    } else {
        snprintf(voucher, sizeof voucher, "the MX of %s is %s's, and this is its IMAP server", s->domain, known->title);
        if (strcmp(provider->name, "zoho") == 0) {
            add_zoho(s, out, asked, mx, provider, voucher);
        } else {
            add_provider(s, out, MIG_DISCOVER_MX, asked, provider, provider->host, voucher);
        }
    }
}

/* ---- all of them ---- */

void mig__ways_named(mig__seeker *s, mig__findings *out)
{
    mig__buffer path = MIG__BUFFER_INIT;
    char host[MIG__DN_SIZE + 16];
    *out = (mig__findings){.count = 0};
    try_own_domain(s, out);
    try_srv(s, out, "_imaps._tcp", MIG_TLS_IMPLICIT);
    try_srv(s, out, "_imap._tcp", MIG_TLS_STARTTLS);
    mig__buffer_add_text(&path, "/mail/config-v1.1.xml?emailaddress=");
    mig__buffer_add_percent(&path, s->address);
    if (!path.failed) {
        try_autoconfig(s, out, "autoconfig.", path.data);
    }
    mig__buffer_free(&path);
    try_autoconfig(s, out, "", "/.well-known/autoconfig/mail/config-v1.1.xml");
    snprintf(host, sizeof host, "autodiscover.%s", s->domain);
    try_autodiscover(s, out, host, true);
    try_autodiscover(s, out, s->domain, true);
    try_autodiscover_srv(s, out);
    try_mx(s, out);
}

void mig__ways_probe(mig__seeker *s, mig__findings *out)
{
    static const char *const names[] = {"imap", "mail"};
    for (size_t i = 0; i < 2; i++) {
        char host[MIG__DN_SIZE + 8], asked[MIG__DN_SIZE + 32];
        snprintf(host, sizeof host, "%s.%s", names[i], s->domain);
        snprintf(asked, sizeof asked, "the name %s", host);
        if (strlen(host) >= MIG__DN_SIZE) {
            continue;
        }
        const mig__answer *four = ask(s, host, MIG__RR_A), *six = ask(s, host, MIG__RR_AAAA);
        if (four == NULL || six == NULL) {
            continue;
        }
        if (four->count + six->count == 0) {
            const mig__answer *worse = mig__answer_known(four) ? six : four;
            has_records(out, asked, worse);
            continue;
        }
        note(out, asked, true, "it is there: looked at below");
        add(s, out, MIG_DISCOVER_PROBE, "a usual name", host, s->imaps_port, MIG_TLS_IMPLICIT, "");
        add(s, out, MIG_DISCOVER_PROBE, "a usual name", host, s->imap_port, MIG_TLS_STARTTLS, "");
    }
}

bool mig__way_login(const mig__seeker *s, const char *pattern, char *out, size_t size)
{
    char text[1200] = "";
    size_t used = 0;
    bool literal = pattern[0] != '\0', marked = false;
    for (const char *at = pattern; *at != '\0' && used + 1 < sizeof text;) {
        static const char *const marks[] = {"%EMAILADDRESS%", "%EMAILLOCALPART%", "%EMAILDOMAIN%"};
        size_t i = 0;
        while (i < 3 && strncasecmp(at, marks[i], strlen(marks[i])) != 0) {
            i++;
        }
        if (i == 3) {
            text[used++] = *at++;
            text[used] = '\0';
            continue;
        }
        used += (size_t)snprintf(text + used, sizeof text - used, "%.*s",
                                 i == 1 ? (int)s->local_length : (int)sizeof text, i == 2 ? s->domain : s->address);
        used = used < sizeof text ? used : sizeof text - 1;
        at += strlen(marks[i]);
        marked = marked || i != 2;
    }
    snprintf(out, size, "%s", literal ? text : s->address);
    const bool is_local = strlen(out) == s->local_length && strncmp(out, s->local, s->local_length) == 0;
    return marked || strcasecmp(out, s->address) == 0 || is_local;
}
