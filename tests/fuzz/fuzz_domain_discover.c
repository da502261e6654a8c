/*
 * fuzz_domain_discover.c - what forged records and files make of the search for an address's server
 *
 * The input is cut at NULs: an autoconfig file, an autodiscover answer, the target of the SRV records, that of the MX,
 * the address. What must hold: each candidate is a host name with a port, nothing that is shown acts on a terminal, and
 * a host outside the domain is vouched for only by the file of a host that lies in it, or by the table of providers.
 */
#include "discover/ways.h"
#include "fuzz.h"
#include <stdio.h>

typedef struct forged {
    char part[5][65536];
    mig__answer srv, mx, none;
    mig__web_fact config, discover, missing;
} forged;

static const mig__answer *dns(void *context, const char *server, const char *name, mig__rr type)
{
    forged *f = context;
    (void)server;
    (void)name;
    return type == MIG__RR_SRV ? &f->srv : type == MIG__RR_MX ? &f->mx : &f->none;
}

static const mig__web_fact *web(void *context, const char *host, const char *path)
{
    forged *f = context;
    (void)path;
    return strncmp(host, "autoconfig.", 11) == 0 ? &f->config : &f->missing;
}

static const mig__web_fact *post(void *context, const char *host, const char *path, const char *xml)
{
    forged *f = context;
    (void)path;
    INSIST(xml != NULL && strstr(xml, "</EMailAddress>") != NULL);
    return strncmp(host, "autodiscover.", 13) == 0 ? &f->discover : &f->missing;
}

static void target(mig__answer *answer, mig__rr type, const char *name)
{
    *answer = (mig__answer){.status = MIG__DNS_OK};
    mig__record *record = mig__answer_add(answer, type);
    if (record == NULL || !mig__record_set_name(record, name)) {
        abort();
    }
    record->port = 993;
}

static void check_text(const char *text)
{
    for (; *text != '\0'; text++) {
        INSIST((unsigned char)*text >= ' ' && *text != 0x7f);
    }
}

static void check(const mig__seeker *seeker, const mig__findings *found)
{
    char user[256];
    for (size_t i = 0; i < found->count; i++) {
        const mig__finding *finding = &found->each[i];
        INSIST(mig__dn_is_host(finding->host) && finding->port != 0);
        INSIST(mig__dn_under(finding->host, seeker->domain) || finding->way != MIG_DISCOVER_SRV ||
               finding->voucher[0] == '\0');
        mig__way_login(seeker, finding->login, user, sizeof user);
        check_text(user);
        check_text(finding->from);
        check_text(finding->voucher);
    }
    for (size_t i = 0; i < found->step_count; i++) {
        check_text(found->steps[i].asked);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static forged f;
    static mig__findings found;
    const mig__facts facts = {.dns = dns, .web = web, .post = post, .context = &f};
    mig__seeker seeker = {.facts = &facts, .imaps_port = 993, .imap_port = 143};
    size_t part = 0, used = 0;
    memset(f.part, 0, sizeof f.part);
    for (size_t i = 0; i < size && part < 5; i++) {
        if (data[i] == '\0') {
            part++;
            used = 0;
        } else if (used + 1 < sizeof f.part[0]) {
            f.part[part][used++] = (char)data[i];
        }
    }
    if (!mig__seeker_set(&seeker, f.part[4]) && !mig__seeker_set(&seeker, "ann@example.org")) {
        abort();
    }
    target(&f.srv, MIG__RR_SRV, f.part[2]);
    target(&f.mx, MIG__RR_MX, f.part[3]);
    f.none = (mig__answer){.status = MIG__DNS_NXDOMAIN};
    f.config = (mig__web_fact){.status = 200, .body = f.part[0], .length = strlen(f.part[0])};
    f.discover = (mig__web_fact){.status = 200, .body = f.part[1], .length = strlen(f.part[1])};
    f.missing = (mig__web_fact){.status = 404};
    mig__ways_named(&seeker, &found);
    INSIST(!seeker.pending);
    check(&seeker, &found);
    mig__answer_clear(&f.srv);
    mig__answer_clear(&f.mx);
    return 0;
}
