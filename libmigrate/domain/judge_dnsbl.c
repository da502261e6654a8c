/* domain/judge_dnsbl.c - the sending addresses and the domain on DNS blocklists */
#include "domain/dnsbl.h"
#include "domain/judge.h"
#include <stdio.h>

/* Does the list work at all (RFC 5782 section 5)? True: its test entry is listed, and the other one is not. */
static bool works(mig__case *c, const mig__dnsbl *list, bool *pending)
{
    char name[MIG__DN_SIZE + 16], code[16];
    const bool address = list->kind == MIG__DNSBL_ADDRESS;
    snprintf(name, sizeof name, "%s.%s", address ? "2.0.0.127" : "test", list->zone);
    const mig__answer *listed = mig__case_dns(c, name, MIG__RR_A);
    snprintf(name, sizeof name, "%s.%s", address ? "1.0.0.127" : "invalid", list->zone);
    const mig__answer *clean = mig__case_dns(c, name, MIG__RR_A);
    *pending = listed == NULL || clean == NULL;
    if (*pending) {
        return false;
    }
    const mig__dnsbl_says says = mig__dnsbl_read(list, listed, code);
    return (says == MIG__DNSBL_LISTED || says == MIG__DNSBL_POLICY) &&
           mig__dnsbl_read(list, clean, code) == MIG__DNSBL_CLEAN;
}

static void judge(mig__case *c, const mig__dnsbl *list, const char *name, const char *subject, const char *who,
                  bool is_old)
{
    char code[16];
    bool pending;
    const mig__answer *answer = mig__case_dns(c, name, MIG__RR_A);
    const bool good = works(c, list, &pending);
    if (answer == NULL || pending) {
        return;
    }
    const mig__dnsbl_says says = mig__dnsbl_read(list, answer, code);
    if (says == MIG__DNSBL_REFUSED || says == MIG__DNSBL_SILENT || !good) {
        mig__verdict(c->out, "dnsbl.listed", subject, MIG_VERDICT_UNKNOWN,
                     "%s did not answer as a list does: nothing is known of %s", list->title, who);
        mig__verdict_advise(
            c->out, "%s",
            says == MIG__DNSBL_REFUSED
                ? "the list does not answer this resolver: ask with one of your own, or look at the list's page"
                : "its test entries do not come back: look at the list's page");
    } else if (says == MIG__DNSBL_CLEAN) {
        mig__verdict(c->out, "dnsbl.listed", subject, MIG_VERDICT_PASS, "%s is not on %s", who, list->title);
    } else if (says == MIG__DNSBL_POLICY || list->neighbours || is_old) {
        mig__verdict(c->out, "dnsbl.listed", subject, MIG_VERDICT_WARN, "%s is on %s%s", who, list->title,
                     says == MIG__DNSBL_POLICY ? ", as part of a range that should send through others"
                     : list->neighbours        ? ", as part of a network, for what neighbours did"
                                               : "");
        mig__verdict_advise(c->out, "how to get off: %s", list->remove);
    } else {
        mig__verdict(c->out, "dnsbl.listed", subject, MIG_VERDICT_FAIL, "%s is on %s: many receivers refuse its mail",
                     who, list->title);
        mig__verdict_advise(c->out, "how to get off: %s", list->remove);
    }
    mig__verdict_answer(c->out, name, answer);
    mig__verdict_rule(c->out, "RFC 5782, 2; 5");
}

static void judge_list(mig__case *c, const mig__dnsbl *list, const mig__addresses *next, const mig__addresses *old)
{
    char name[MIG__DN_SIZE + 80];
    if (list->kind == MIG__DNSBL_DOMAIN) {
        snprintf(name, sizeof name, "%s.%s", c->domain, list->zone);
        judge(c, list, name, c->domain, "the domain", false);
        return;
    }
    for (int is_old = 0; is_old < 2; is_old++) {
        const mig__addresses *addresses = is_old ? old : next;
        for (size_t i = 0; i < addresses->count; i++) {
            mig__reverse_name(addresses->each[i].octets, addresses->each[i].length, list->zone, name, sizeof name);
            judge(c, list, name, addresses->each[i].text, is_old ? "the old address" : "the new address", is_old != 0);
        }
    }
}

void mig__judge_dnsbl(mig__case *c)
{
    mig__addresses next = {.count = 0}, old;
    size_t count;
    const mig__dnsbl *all = mig__dnsbls(&count);
    if (c->subject->new_addresses != NULL || c->provider == NULL) { /* a provider's own addresses are its own care */
        mig__case_new_addresses(c, &next);
    }
    mig__case_old_addresses(c, &old);
    if (c->options->dnsbls != NULL) {
        for (const char *const *zone = c->options->dnsbls; *zone != NULL; zone++) {
            mig__dnsbl own;
            judge_list(c, mig__dnsbl_of(*zone, &own), &next, &old);
        }
        return;
    }
    for (size_t i = 0; i < count; i++) {
        judge_list(c, &all[i], &next, &old);
    }
}
