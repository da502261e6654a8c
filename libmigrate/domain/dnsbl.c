/* domain/dnsbl.c - DNS blocklists and their codes; dead ones (SORBS, NiXSpam, DSBL ...) are left out on purpose */
#include "domain/dnsbl.h"
#include "domain/name.h"
#include <stdio.h>
#include <string.h>

static const mig__dnsbl table[] = {
    {"zen.spamhaus.org", "Spamhaus ZEN", MIG__DNSBL_ADDRESS, false, "https://check.spamhaus.org/"},
    {"bl.spamcop.net", "SpamCop", MIG__DNSBL_ADDRESS, false, "https://www.spamcop.net/bl.shtml"},
    {"b.barracudacentral.org", "Barracuda", MIG__DNSBL_ADDRESS, false,
     "https://www.barracudacentral.org/rbl/removal-request"},
    {"bl.mailspike.net", "Mailspike", MIG__DNSBL_ADDRESS, false, "https://www.mailspike.org/"},
    {"psbl.surriel.com", "PSBL", MIG__DNSBL_ADDRESS, false, "https://psbl.org/"},
    {"dnsbl-1.uceprotect.net", "UCEPROTECT 1", MIG__DNSBL_ADDRESS, false, "it expires 7 days after the last hit"},
    {"dnsbl-2.uceprotect.net", "UCEPROTECT 2", MIG__DNSBL_ADDRESS, true, "it is about neighbours in the network"},
    {"dbl.spamhaus.org", "Spamhaus DBL", MIG__DNSBL_DOMAIN, false, "https://check.spamhaus.org/"},
    {"multi.surbl.org", "SURBL", MIG__DNSBL_DOMAIN, false, "https://surbl.org/surbl-analysis"},
    {"multi.uribl.com", "URIBL", MIG__DNSBL_DOMAIN, false, "https://admin.uribl.com/"},
};

const mig__dnsbl *mig__dnsbls(size_t *count)
{
    *count = sizeof table / sizeof table[0];
    return table;
}

const mig__dnsbl *mig__dnsbl_of(const char *zone, mig__dnsbl *own)
{
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        if (mig__dn_equal(table[i].zone, zone)) {
            return &table[i];
        }
    }
    *own = (mig__dnsbl){zone, zone, MIG__DNSBL_ADDRESS, false, "ask whoever runs the list"};
    return own;
}

static mig__dnsbl_says read_code(const mig__dnsbl *list, const unsigned char *code)
{
    const bool spamhaus = mig__dn_under(list->zone, "spamhaus.org");
    if (code[0] != 127) {
        return MIG__DNSBL_SILENT; /* a resolver that rewrites answers, or a list that ended as somebody's parking page
                                   */
    }
    if (code[1] == 255 && code[2] == 255) {
        return MIG__DNSBL_REFUSED;
    }
    if (spamhaus && code[1] == 0 && code[2] == 1 && code[3] == 255) {
        return MIG__DNSBL_REFUSED; /* an address was asked for in the list of domains */
    }
    if (mig__dn_under(list->zone, "uribl.com") && (code[3] & 1u) != 0) {
        return MIG__DNSBL_REFUSED;
    }
    if (code[3] == 1 && code[1] == 0 && code[2] == 0) {
        return MIG__DNSBL_SILENT;
    }
    return spamhaus && (code[3] == 10 || code[3] == 11) && list->kind == MIG__DNSBL_ADDRESS ? MIG__DNSBL_POLICY
                                                                                            : MIG__DNSBL_LISTED;
}

mig__dnsbl_says mig__dnsbl_read(const mig__dnsbl *list, const mig__answer *answer, char code[16])
{
    mig__dnsbl_says says = MIG__DNSBL_CLEAN;
    code[0] = '\0';
    if (!mig__answer_known(answer)) {
        return MIG__DNSBL_SILENT;
    }
    for (size_t i = 0; i < answer->count; i++) {
        const unsigned char *octets = answer->records[i].data;
        if (answer->records[i].length != 4) {
            continue;
        }
        const mig__dnsbl_says each = read_code(list, octets);
        /* A listing counts more than a range, and that the question was refused more than anything. */
        const bool worse = each == MIG__DNSBL_REFUSED || each == MIG__DNSBL_SILENT || says == MIG__DNSBL_CLEAN ||
                           (says == MIG__DNSBL_POLICY && each == MIG__DNSBL_LISTED);
        if (worse && says != MIG__DNSBL_REFUSED) {
            says = each;
            snprintf(code, 16, "%u.%u.%u.%u", octets[0], octets[1], octets[2], octets[3]);
        }
    }
    return says;
}
