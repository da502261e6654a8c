/* provider/mail.c - the table of what providers ask of a domain's DNS; data, with nothing but look-ups beside it */
#include <migrate/provider_mail.h>
#include <string.h>
#include <strings.h>

#define LIST(...) ((const char *const[]){__VA_ARGS__, NULL})
#define NONE      ((const char *const[]){NULL})

static const mig_provider_mail table[] = {
    {
        .name = "google",
        .title = "Google Workspace",
        .mx = LIST("google.com", "googlemail.com"),
        .mx_lines = LIST("1 smtp.google.com"),
        .spf = LIST("_spf.google.com"),
        .spf_all = "~all",
        .selectors = LIST("google"),
        .dkim = MIG_DKIM_TXT,
        .dkim_targets = NONE,
        .clients = NONE,
        .note =
            "publish either smtp.google.com or the older set of aspmx hosts, not both; MTA-STS is the customer's own",
        .imap = "gmail",
    },
    {
        .name = "microsoft365",
        .title = "Microsoft 365",
        .mx = LIST("mail.protection.outlook.com", "mx.microsoft"),
        .mx_lines = NONE,
        .mx_where = "Microsoft 365 admin centre, Settings, Domains",
        .spf = LIST("spf.protection.outlook.com"),
        .spf_all = "-all",
        .selectors = LIST("selector1", "selector2"),
        .dkim = MIG_DKIM_CNAME,
        .dkim_targets = LIST("onmicrosoft.com", "dkim.mail.microsoft"),
        .clients = LIST("CNAME autodiscover autodiscover.outlook.com"),
        .note = "one of the two selectors is active at a time; their targets are shown in the Defender portal and "
                "cannot be "
                "computed",
        .imap = "microsoft365",
    },
    {
        .name = "fastmail",
        .title = "Fastmail",
        .mx = LIST("messagingengine.com"),
        .mx_lines = LIST("10 in1-smtp.messagingengine.com", "20 in2-smtp.messagingengine.com"),
        .spf = LIST("spf.messagingengine.com"),
        .spf_all = "~all",
        .selectors = LIST("fm1", "fm2", "fm3"),
        .dkim = MIG_DKIM_CNAME,
        .dkim_targets = LIST("dkim.fmhosted.com"),
        .clients = LIST("SRV _submissions._tcp 465 smtp.fastmail.com", "SRV _imaps._tcp 993 imap.fastmail.com"),
        .note = "mail to subdomains needs the same MX at *",
        .imap = "fastmail",
    },
    {
        .name = "proton",
        .title = "Proton Mail",
        .mx = LIST("protonmail.ch"),
        .mx_lines = LIST("10 mail.protonmail.ch", "20 mailsec.protonmail.ch"),
        .spf = LIST("_spf.protonmail.ch"),
        .spf_all = "~all",
        .selectors = LIST("protonmail", "protonmail2", "protonmail3"),
        .dkim = MIG_DKIM_CNAME,
        .dkim_targets = LIST("domains.proton.ch"),
        .clients = NONE,
        .dmarc = "v=DMARC1; p=quarantine",
        .note = "there are no client records: mail programs go through the Bridge",
        .imap = "proton-bridge",
    },
    {
        .name = "zoho",
        .title = "Zoho Mail",
        .mx = LIST("zoho.com", "zoho.eu", "zoho.in", "zoho.com.au", "zoho.jp", "zohocloud.ca", "zoho.sa", "zoho.com.cn",
                   "zohomail.com"),
        .mx_lines = NONE,
        .mx_where =
            "Zoho's admin console, by the data centre of the account (mx.zoho.eu, mx2.zoho.eu, mx3.zoho.eu in Europe)",
        .spf = LIST("zoho.com", "zoho.eu", "zohomail.eu", "spf.zoho.eu", "zoho.in", "zoho.com.au", "zoho.jp",
                    "zohocloud.ca"),
        .spf_all = "~all",
        .selectors = LIST("zmail"),
        .dkim = MIG_DKIM_TXT,
        .dkim_targets = NONE,
        .clients = NONE,
        .note = "MX of another data centre are accepted by the DNS and never get mail",
        .imap = "zoho",
    },
    {
        .name = "icloud",
        .title = "iCloud+ custom domain",
        .mx = LIST("mail.icloud.com"),
        .mx_lines = LIST("10 mx01.mail.icloud.com", "10 mx02.mail.icloud.com"),
        .spf = LIST("icloud.com"),
        .spf_all = "~all",
        .selectors = LIST("sig1"),
        .dkim = MIG_DKIM_CNAME,
        .dkim_targets = LIST("icloudmailadmin.com"),
        .clients = NONE,
        .note = "the IMAP login is the iCloud name, not the address in the domain",
        .imap = "icloud",
    },
    {
        .name = "yahoo",
        .title = "Yahoo Small Business, Turbify",
        .mx = LIST("mx-biz.mail.am0.yahoodns.net", "mx-indiabiz.mail.gm0.yahoodns.net", "biz.mail.yahoo.com"),
        .mx_lines = LIST("20 mx-biz.mail.am0.yahoodns.net"),
        .spf = NONE,
        .selectors = NONE,
        .dkim_targets = NONE,
        .clients = NONE,
        .note = "the DNS is often still at the provider's own name servers",
        .imap = "yahoo",
    },
    {
        .name = "mailbox.org",
        .title = "mailbox.org",
        .mx = LIST("mailbox.org"),
        .mx_lines = LIST("10 mxext1.mailbox.org", "10 mxext2.mailbox.org", "20 mxext3.mailbox.org"),
        .spf = LIST("mailbox.org", "spf.mailbox.org"),
        .spf_all = "~all",
        .selectors = LIST("MBO0001", "MBO0002", "MBO0003", "MBO0004"),
        .dkim = MIG_DKIM_CNAME,
        .dkim_targets = LIST("_domainkey.mailbox.org"),
        .clients = LIST("CNAME autoconfig auto.mailbox.org"),
        .dmarc = "v=DMARC1; p=none",
        .imap = "mailbox.org",
    },
    {
        .name = "ionos",
        .title = "IONOS",
        .mx = LIST("ionos.com", "ionos.de", "ionos.es", "ionos.fr", "ionos.it", "ionos.co.uk", "1and1.com", "1and1.de",
                   "kundenserver.de"),
        .mx_lines = NONE,
        .mx_where = "the IONOS control panel (mx00 and mx01.ionos. with the country's ending)",
        .spf = LIST("_spf-us.ionos.com", "_spf-eu.ionos.com", "_spf.perfora.net", "_spf.kundenserver.de"),
        .spf_all = "~all",
        .selectors = LIST("s1-ionos", "s2-ionos"),
        .dkim = MIG_DKIM_CNAME,
        .dkim_targets = LIST("dkim.ionos.com"),
        .clients = LIST("CNAME autodiscover adsredir.ionos.info"),
        .note = "_dmarc is an alias to dmarc.ionos.com, which has to go before a record of one's own",
    },
    {
        .name = "strato",
        .title = "Strato",
        .mx = LIST("rzone.de"),
        .mx_lines = LIST("5 smtpin.rzone.de"),
        .spf = LIST("_spf.strato.com", "spf.rzone.de"),
        .spf_all = "~all",
        .selectors = LIST("strato-dkim-0002", "strato-dkim-0003"),
        .dkim = MIG_DKIM_TXT,
        .dkim_targets = NONE,
        .clients = LIST("CNAME autoconfig autoconfigure.strato.de"),
        .note = "by default there is p=reject and no SPF record at all",
    },
    {
        .name = "gandi",
        .title = "Gandi",
        .mx = LIST("mail.gandi.net"),
        .mx_lines = LIST("10 spool.mail.gandi.net", "50 fb.mail.gandi.net"),
        .spf = LIST("_mailcust.gandi.net"),
        .spf_all = "~all",
        .selectors = LIST("gm1", "gm2", "gm3"),
        .dkim = MIG_DKIM_CNAME,
        .dkim_targets = LIST("gandimail.net"),
        .clients = LIST("SRV _imaps._tcp 993 mail.gandi.net"),
    },
    {
        .name = "ovh",
        .title = "OVHcloud",
        .mx = LIST("mail.ovh.net"),
        .mx_lines = LIST("1 mx0.mail.ovh.net", "5 mx1.mail.ovh.net", "50 mx2.mail.ovh.net", "100 mx3.mail.ovh.net",
                         "200 mx4.mail.ovh.net"),
        .spf = LIST("mx.ovh.com"),
        .spf_all = "~all",
        .selectors = LIST("ovhmo-selector-1", "ovhmo-selector-2"),
        .dkim = MIG_DKIM_CNAME,
        .dkim_targets = LIST("dkim.mail.ovh.net"),
        .clients = NONE,
        .note = "redirect.ovh.net is the forwarding service: a leftover when it stands beside real MX",
        .imap = "ovh",
    },
    {
        .name = "infomaniak",
        .title = "Infomaniak",
        .mx = LIST("infomaniak.ch"),
        .mx_lines = LIST("5 mta-gw.infomaniak.ch"),
        .spf = LIST("spf.infomaniak.ch"),
        .spf_all = "-all",
        .selectors = NONE,
        .dkim = MIG_DKIM_TXT,
        .dkim_targets = NONE,
        .clients = LIST("CNAME autoconfig infomaniak.com", "CNAME autodiscover infomaniak.com"),
        .note = "a delegation of _domainkey to the provider's name servers hides every other key",
    },
    {
        .name = "migadu",
        .title = "Migadu",
        .mx = LIST("migadu.com"),
        .mx_lines = LIST("10 aspmx1.migadu.com", "20 aspmx2.migadu.com"),
        .spf = LIST("spf.migadu.com"),
        .spf_all = "-all",
        .selectors = LIST("key1", "key2", "key3"),
        .dkim = MIG_DKIM_CNAME,
        .dkim_targets = LIST("_domainkey.migadu.com"),
        .clients = LIST("CNAME autoconfig autoconfig.migadu.com", "SRV _imaps._tcp 993 imap.migadu.com"),
        .dmarc = "v=DMARC1; p=quarantine",
    },
    {
        .name = "purelymail",
        .title = "Purelymail",
        .mx = LIST("purelymail.com"),
        .mx_lines = LIST("10 mailserver.purelymail.com"),
        .spf = LIST("_spf.purelymail.com"),
        .spf_all = "~all",
        .selectors = LIST("purelymail1", "purelymail2", "purelymail3"),
        .dkim = MIG_DKIM_CNAME,
        .dkim_targets = LIST("dkimroot.purelymail.com"),
        .clients = NONE,
    },
    {
        .name = "namecheap",
        .title = "Namecheap Private Email",
        .mx = LIST("privateemail.com"),
        .mx_lines = LIST("10 mx1.privateemail.com", "10 mx2.privateemail.com"),
        .spf = LIST("spf.privateemail.com"),
        .spf_all = "~all",
        .selectors = LIST("default"),
        .dkim = MIG_DKIM_TXT,
        .dkim_targets = NONE,
        .clients = NONE,
        .note = "the DKIM key exists only after the first mailbox",
    },
    {
        .name = "sakura",
        .title = "Sakura Internet",
        .mx = LIST("sakura.ne.jp"),
        .mx_lines = NONE,
        .mx_where = "the control panel: the account's own host below sakura.ne.jp",
        .spf = NONE,
        .selectors = NONE,
        .dkim = MIG_DKIM_TXT,
        .dkim_targets = NONE,
        .clients = NONE,
    },
    {
        .name = "xserver",
        .title = "Xserver",
        .mx = LIST("xserver.jp"),
        .mx_lines = NONE,
        .mx_where = "the control panel: the account's own host below xserver.jp",
        .spf = LIST("spf.sender.xserver.jp"),
        .spf_all = "~all",
        .selectors = LIST("default"),
        .dkim = MIG_DKIM_TXT,
        .dkim_targets = NONE,
        .clients = NONE,
        .note = "where the MX is the domain itself, moving the web site moves the mail",
    },
    {
        .name = "lolipop",
        .title = "Lolipop, Muumuu",
        .mx = LIST("lolipop.jp"),
        .mx_lines = LIST("10 mx01.lolipop.jp"),
        .spf = LIST("_spf.lolipop.jp"),
        .spf_all = "~all",
        .selectors = NONE,
        .dkim_targets = NONE,
        .clients = NONE,
    },
};

static const struct {
    const char *suffix, *title;
} gateways[] = {{"pphosted.com", "Proofpoint"}, {"ppe-hosted.com", "Proofpoint Essentials"},
                {"mimecast.com", "Mimecast"},   {"barracudanetworks.com", "Barracuda"},
                {"iphmx.com", "Cisco"},         {"messagelabs.com", "Symantec"}};

static bool ends_in(const char *host, const char *suffix)
{
    size_t length = strlen(host), tail = strlen(suffix);
    length -= length > 0 && host[length - 1] == '.';
    return length >= tail && strncasecmp(host + length - tail, suffix, tail) == 0 &&
           (length == tail || host[length - tail - 1] == '.');
}

const mig_provider_mail *mig_provider_mails(size_t *count)
{
    *count = sizeof table / sizeof table[0];
    return table;
}

const mig_provider_mail *mig_provider_mail_find(const char *name)
{
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        if (strcasecmp(table[i].name, name) == 0 || (table[i].imap != NULL && strcasecmp(table[i].imap, name) == 0)) {
            return &table[i];
        }
    }
    return NULL;
}

const mig_provider_mail *mig_provider_mail_by_mx(const char *host)
{
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        for (const char *const *suffix = table[i].mx; *suffix != NULL; suffix++) {
            if (ends_in(host, *suffix)) {
                return &table[i];
            }
        }
    }
    return NULL;
}

const char *mig_provider_mail_gateway(const char *host)
{
    for (size_t i = 0; i < sizeof gateways / sizeof gateways[0]; i++) {
        if (ends_in(host, gateways[i].suffix)) {
            return gateways[i].title;
        }
    }
    return NULL;
}
