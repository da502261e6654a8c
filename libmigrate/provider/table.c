/* provider/table.c - the table of profiles; a starting point each, what the server says wins */
#include <migrate/copy.h>
#include <migrate/provider.h>
#include <string.h>
#include <strings.h>

#define MEGABYTES(n) ((uint64_t)(n)*1000 * 1000)
#define MEBIBYTES(n) ((uint64_t)(n) << 20)

static const char *const gmail_hosts[] = {"imap.gmail.com", "imap.googlemail.com", "gmail-imap.l.google.com", NULL};
static const char *const gmail_views[] = {"[Gmail]/All Mail",
                                          "[Gmail]/Important",
                                          "[Gmail]/Starred",
                                          "[Google Mail]/All Mail",
                                          "[Google Mail]/Important",
                                          "[Google Mail]/Starred",
                                          NULL};
static const char *const microsoft_hosts[] = {"outlook.office365.com", "*.outlook.com",      "outlook.office.com",
                                              "*.office365.us",        "partner.outlook.cn", NULL};
static const char *const exchange_reserved[] = {
    "Calendar", "Contacts", "Conversation Action Settings", "Journal", "Notes", "Outbox", "RSS Feeds", "Sync Issues",
    "Tasks",    NULL};
static const char *const yahoo_hosts[] = {"imap.mail.yahoo.com", "*.mail.yahoo.com", "imap.aol.com",
                                          "*.mail.yahoo.co.jp", NULL};
static const char *const icloud_hosts[] = {"imap.mail.me.com", "*.mail.me.com", "imap.mail.icloud.com", NULL};
static const char *const fastmail_hosts[] = {"imap.fastmail.com", "*.fastmail.com", "*.messagingengine.com", NULL};
static const char *const zoho_hosts[] = {"imap.zoho.*", "imappro.zoho.*", NULL};
static const char *const mailbox_hosts[] = {"imap.mailbox.org", NULL};
static const char *const ovh_hosts[] = {"ssl0.ovh.net", "*.mail.ovh.net", "imap.mail.ovh.net", NULL};
static const char *const no_hosts[] = {NULL};
static const char *const gmail_domains[] = {"gmail.com", "googlemail.com", NULL};
static const char *const microsoft_domains[] = {"outlook.com", "hotmail.com", "live.com", "msn.com",
                                                "outlook.de",  "hotmail.de",  "live.de",  NULL};
static const char *const yahoo_domains[] = {"yahoo.com",   "ymail.com", "rocketmail.com", "yahoo.de", "yahoo.fr",
                                            "yahoo.co.uk", "yahoo.it",  "yahoo.es",       "aol.com",  NULL};
static const char *const icloud_domains[] = {"icloud.com", "me.com", "mac.com", NULL};
static const char *const fastmail_domains[] = {"fastmail.com", "fastmail.fm", NULL};
static const char *const zoho_domains[] = {"zohomail.com", NULL};
static const char *const mailbox_domains[] = {"mailbox.org", NULL};

static const mig_provider providers[] = {
    {
        .name = "gmail",
        .title = "Gmail, Google Workspace",
        .host = "imap.gmail.com",
        .port = 993,
        .hosts = gmail_hosts,
        .domains = gmail_domains,
        .connections = 15,
        .daily_up = MEGABYTES(500),
        .daily_down = MEGABYTES(2500),
        .message_size = 35651584,
        .forbidden = "^",
        .tidy_blanks = true,
        .name_length = 225,
        .leave_out = gmail_views,
        .login = "an app password, or OAuth 2 (xoauth2, oauthbearer)",
        .note = "labels are folders: a message with two labels is there twice; over the daily limit the account is "
                "suspended for about a day",
    },
    {
        .name = "microsoft365",
        .title = "Microsoft 365, Exchange Online",
        .host = "outlook.office365.com",
        .port = 993,
        .auth = MIG_AUTH_XOAUTH2,
        .hosts = microsoft_hosts,
        .domains = microsoft_domains,
        .connections = 20,
        .message_size = MEBIBYTES(45),
        .line_length = 10500,
        .case_insensitive = true,
        .name_length = 250,
        .reserved = exchange_reserved,
        .login = "OAuth 2 (xoauth2) alone; passwords are refused",
        .note = "45 MB a message unless its administrator allows more (150 MB at most); some folder names are reserved",
    },
    {
        .name = "yahoo",
        .title = "Yahoo, AOL",
        .host = "imap.mail.yahoo.com",
        .port = 993,
        .hosts = yahoo_hosts,
        .domains = yahoo_domains,
        .message_size = 41697280,
        .login = "an app password, or OAuth 2",
        .note = "as a source it shows a part of large folders only, unless UIDONLY is enabled",
    },
    {
        .name = "icloud",
        .title = "iCloud Mail",
        .host = "imap.mail.me.com",
        .port = 993,
        .hosts = icloud_hosts,
        .domains = icloud_domains,
        .message_size = MEBIBYTES(20),
        .inbox_no_children = true,
        .login = "an app password",
    },
    {
        .name = "fastmail",
        .title = "Fastmail",
        .host = "imap.fastmail.com",
        .port = 993,
        .hosts = fastmail_hosts,
        .domains = fastmail_domains,
        .refuses_nul = true,
        .refuses_bare_newline = true,
        .login = "an app password",
        .note = "in label mode a message with two labels is counted twice",
    },
    {
        .name = "zoho",
        .title = "Zoho Mail",
        .host = "imap.zoho.com",
        .port = 993,
        .hosts = zoho_hosts,
        .domains = zoho_domains,
        .connections = 3,
        .note = "unusual activity blocks the account for a while",
    },
    {
        .name = "proton-bridge",
        .title = "Proton Mail Bridge",
        .port = 1143,
        .tls = MIG_TLS_STARTTLS,
        .hosts = no_hosts,
        .login = "the password that the Bridge shows",
        .note = "adds a header X-Pm-Gluon-Id; a message that carries one is taken for a copy",
    },
    {
        .name = "mailbox.org",
        .title = "mailbox.org",
        .host = "imap.mailbox.org",
        .port = 993,
        .hosts = mailbox_hosts,
        .domains = mailbox_domains,
        .connections = 10,
    },
    {
        .name = "ovh",
        .title = "OVH",
        .host = "ssl0.ovh.net",
        .port = 993,
        .hosts = ovh_hosts,
        .connections = 10,
    },
    {
        .name = "dovecot",
        .title = "Dovecot with its usual settings",
        .port = 993,
        .hosts = no_hosts,
        .connections = 10,
        .login = "for all accounts: user*master, or SASL PLAIN with an authorization identity",
    },
    {
        .name = "cyrus",
        .title = "Cyrus IMAP",
        .port = 993,
        .hosts = no_hosts,
        .refuses_nul = true,
        .refuses_bare_newline = true,
        .forbidden = "!\"%;<>\\^`{|}",
        .login = "for all accounts: SASL PLAIN with an authorization identity",
        .note = "at most 128 keywords a folder",
    },
    {
        .name = "courier",
        .title = "Courier IMAP",
        .port = 993,
        .hosts = no_hosts,
        .connections = 4,
        .note = "folders lie below INBOX.",
    },
    {
        .name = "exchange",
        .title = "Microsoft Exchange on one's own server",
        .port = 993,
        .hosts = no_hosts,
        .case_insensitive = true,
        .name_length = 250,
        .reserved = exchange_reserved,
        .line_length = 10500,
        .login = "for all accounts: domain\\admin\\user",
        .note = "messages can differ from what their size says, and from one reading to the next",
    },
};

const mig_provider *mig_providers(size_t *count)
{
    *count = sizeof providers / sizeof providers[0];
    return providers;
}

const mig_provider *mig_provider_find(const char *name)
{
    for (size_t i = 0; i < sizeof providers / sizeof providers[0]; i++) {
        if (strcmp(providers[i].name, name) == 0) {
            return &providers[i];
        }
    }
    return NULL;
}

/* '*' in the pattern stands for any text, once. */
static bool host_matches(const char *pattern, const char *host)
{
    const char *star = strchr(pattern, '*');
    size_t length = strlen(host);
    if (star == NULL) {
        return strcasecmp(pattern, host) == 0;
    }
    size_t before = (size_t)(star - pattern), behind = strlen(star + 1);
    return length >= before + behind && strncasecmp(pattern, host, before) == 0 &&
           strcasecmp(star + 1, host + length - behind) == 0;
}

const mig_provider *mig_provider_by_host(const char *host)
{
    for (size_t i = 0; i < sizeof providers / sizeof providers[0]; i++) {
        for (const char *const *pattern = providers[i].hosts; *pattern != NULL; pattern++) {
            if (host_matches(*pattern, host)) {
                return &providers[i];
            }
        }
    }
    return NULL;
}

const mig_provider *mig_provider_of(const char *name, const mig_endpoint *endpoint)
{
    if (name != NULL) {
        return mig_provider_find(name);
    }
    return endpoint != NULL && endpoint->host != NULL ? mig_provider_by_host(endpoint->host) : NULL;
}

void mig_provider_bound(mig_copy_options *options, const mig_provider *source, const mig_provider *target)
{
    const mig_provider *sides[] = {source, target};
    if (options->effort.connections == 0) {
        int least = 0;
        for (size_t i = 0; i < 2; i++) {
            int most = sides[i] != NULL ? sides[i]->connections : 0;
            least = most > 0 && (least == 0 || most < least) ? most : least;
        }
        options->effort.connections = least > 0 && least < MIG_DEFAULT_CONNECTIONS ? least : 0;
    }
    if (options->daily_limit == 0 && target != NULL) {
        options->daily_limit = target->daily_up;
    }
}
