#include "cli/domain_options.h"

#include <migrate/options.h>

#include <popt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char name[] = "mailmigrate-domain";

enum {
    OPT_PHASE = 1,
    OPT_PROVIDER,
    OPT_NEW_MX,
    OPT_OLD_HOST,
    OPT_SELECTOR,
    OPT_OLD_SELECTOR,
    OPT_SPF_INCLUDE,
    OPT_NEW_ADDRESS,
    OPT_OLD_ADDRESS,
    OPT_CLIENT_HOST,
    OPT_ALIAS,
    OPT_RESOLVER,
    OPT_AUTHORITY,
    OPT_TRUST_ANCHOR,
    OPT_DNSBL,
    OPT_DNS_PORT,
    OPT_SMTP_PORT,
    OPT_HTTPS_PORT,
    OPT_CA_FILE,
    OPT_TIMEOUT,
    OPT_WATCH,
    OPT_INTERVAL,
    OPT_WITHIN,
    OPT_JSON,
    OPT_HTML,
    OPT_CSV,
    OPT_SIGN,
    OPT_ALL,
    OPT_QUIET,
    OPT_HELP,
    OPT_VERSION
};

/* clang-format off */
#define TEXT(long_name, value, description, argument) \
    {long_name, '\0', POPT_ARG_STRING, NULL, value, description, argument}
#define SWITCH(long_name, letter, value, description) {long_name, letter, POPT_ARG_NONE, NULL, value, description, NULL}
static const struct poptOption table[] = {
    TEXT("phase", OPT_PHASE, "which look: before, now or after (default before)", "PHASE"),
    TEXT("provider", OPT_PROVIDER, "where the mail goes to, as google or fastmail", "NAME"),
    TEXT("new-mx", OPT_NEW_MX, "a host that receives the mail afterwards (again for more)", "HOST"),
    TEXT("old-host", OPT_OLD_HOST, "the old server (again for more)", "HOST"),
    TEXT("selector", OPT_SELECTOR, "of a DKIM key of the new host (again for more)", "NAME"),
    TEXT("old-selector", OPT_OLD_SELECTOR, "of a DKIM key of the old server", "NAME"),
    TEXT("spf-include", OPT_SPF_INCLUDE, "what SPF has to include for the new host", "NAME"),
    TEXT("new-address", OPT_NEW_ADDRESS, "that the new host sends from", "IP"),
    TEXT("old-address", OPT_OLD_ADDRESS, "that the old server sends from", "IP"),
    TEXT("client-host", OPT_CLIENT_HOST, "what mail programs are to be led to", "HOST"),
    TEXT("alias", OPT_ALIAS, "a domain whose mail goes the same way", "DOMAIN"),
    TEXT("resolver", OPT_RESOLVER, "whom to ask; \"root\": from the root down; again: ask these, too", "IP[@PORT]"),
    TEXT("authority", OPT_AUTHORITY, "name server of the domain, in place of its NS records", "IP[@PORT]"),
    TEXT("trust-anchor", OPT_TRUST_ANCHOR, "keys that DNSSEC begins at; \"none\": no validation", "FILE"),
    TEXT("dnsbl", OPT_DNSBL, "a blocklist, in place of the known ones; \"none\": none", "ZONE"),
    TEXT("dns-port", OPT_DNS_PORT, "of all name servers (default 53)", "PORT"),
    TEXT("smtp-port", OPT_SMTP_PORT, "of mail servers (default 25)", "PORT"),
    TEXT("https-port", OPT_HTTPS_PORT, "of web servers (default 443)", "PORT"),
    TEXT("ca-file", OPT_CA_FILE, "authorities to trust, in place of the system's", "FILE"),
    TEXT("timeout", OPT_TIMEOUT, "for each question, with its repetitions (default 10)", "SECONDS"),
    SWITCH("watch", 'w', OPT_WATCH, "look again and again, until all is green"),
    TEXT("interval", OPT_INTERVAL, "seconds between two looks with --watch (default 60)", "SECONDS"),
    TEXT("within", OPT_WITHIN, "give up watching after so long", "MINUTES"),
    TEXT("json", OPT_JSON, "write the result as JSON; \"-\": to standard output", "FILE"),
    TEXT("html", OPT_HTML, "write the result as a page", "FILE"),
    TEXT("csv", OPT_CSV, "write the result as a table", "FILE"),
    TEXT("sign", OPT_SIGN, "sign what is written with this private key, in FILE.sig", "KEY"),
    SWITCH("all", 'a', OPT_ALL, "show what passes, too"),
    SWITCH("quiet", 'q', OPT_QUIET, "say nothing when all passes"),
    SWITCH("help", 'h', OPT_HELP, "this text"),
    SWITCH("version", 'V', OPT_VERSION, "the version"),
    POPT_TABLEEND};
/* clang-format on */

int cli_names_add(cli_names *names, char *text, mig_error *err)
{
    char **grown = text ? realloc(names->items, (names->count + 2) * sizeof *grown) : NULL;
    if (!grown) {
        free(text);
        return mig_error_set(err, MIG_E_NOMEM, "out of memory");
    }
    names->items = grown;
    names->items[names->count++] = text;
    names->items[names->count] = NULL;
    return 0;
}

static cli_names *list_of(cli_domain_options *o, int option)
{
    switch (option) {
    case OPT_NEW_MX:
        return &o->new_mx;
    case OPT_OLD_HOST:
        return &o->old_hosts;
    case OPT_SELECTOR:
        return &o->selectors;
    case OPT_OLD_SELECTOR:
        return &o->old_selectors;
    case OPT_SPF_INCLUDE:
        return &o->spf_includes;
    case OPT_NEW_ADDRESS:
        return &o->new_addresses;
    case OPT_OLD_ADDRESS:
        return &o->old_addresses;
    case OPT_ALIAS:
        return &o->aliases;
    case OPT_RESOLVER:
        return &o->resolvers;
    case OPT_AUTHORITY:
        return &o->authorities;
    case OPT_DNSBL:
        return &o->dnsbls;
    default:
        return NULL;
    }
}

static char **text_of(cli_domain_options *o, int option)
{
    switch (option) {
    case OPT_PROVIDER:
        return &o->provider;
    case OPT_CLIENT_HOST:
        return &o->client_host;
    case OPT_TRUST_ANCHOR:
        return &o->trust_anchor;
    case OPT_CA_FILE:
        return &o->ca_file;
    case OPT_JSON:
        return &o->json_path;
    case OPT_HTML:
        return &o->html_path;
    case OPT_CSV:
        return &o->csv_path;
    case OPT_SIGN:
        return &o->sign_path;
    default:
        return NULL;
    }
}

static int take_number(cli_domain_options *o, int option, const char *value, mig_error *err)
{
    static const char *const phases[] = {"before", "now", "after", NULL};
    int number = 0;
    switch (option) {
    case OPT_PHASE:
        if (!mig_option_choice(value, phases, &number))
            return mig_error_set(err, MIG_E_USAGE, "--phase takes before, now or after");
        o->look.phase = (mig_domain_phase)number;
        return 0;
    case OPT_INTERVAL:
        return mig_option_number(value, 1, 86400, &o->interval)
                   ? 0
                   : mig_error_set(err, MIG_E_USAGE, "--interval takes seconds from 1 to 86400");
    case OPT_WITHIN:
        return mig_option_number(value, 1, 100000, &o->within)
                   ? 0
                   : mig_error_set(err, MIG_E_USAGE, "--within takes minutes from 1 to 100000");
    case OPT_TIMEOUT:
        if (!mig_option_number(value, 1, 600, &number))
            return mig_error_set(err, MIG_E_USAGE, "--timeout takes seconds from 1 to 600");
        o->look.timeout_ms = 1000 * number;
        return 0;
    default:
        if (!mig_option_number(value, 1, 65535, &number))
            return mig_error_set(err, MIG_E_USAGE, "a port is a number from 1 to 65535");
        *(option == OPT_DNS_PORT    ? &o->look.dns_port
          : option == OPT_SMTP_PORT ? &o->look.smtp_port
                                    : &o->look.https_port) = (uint16_t)number;
        return 0;
    }
}

static int answer(cli_domain_options *o, poptContext context, int option, mig_error *err)
{
    o->answered = true;
    if (option == OPT_HELP) {
        poptPrintHelp(context, stdout, 0);
        printf("\nThe manual, %s(1), says more.\n", name);
    } else {
        printf("%s %s\n", name, MIG_VERSION);
    }
    return fflush(stdout) != 0 || ferror(stdout) ? mig_error_set(err, MIG_E_IO, "standard output cannot be written")
                                                 : 0;
}

static int take_option(cli_domain_options *o, poptContext context, int option, mig_error *err)
{
    cli_names *list = list_of(o, option);
    char **text = text_of(o, option), *value = poptGetOptArg(context);
    int result = 0;
    if (list)
        return cli_names_add(list, value, err);
    if (text) {
        free(*text);
        *text = value;
        return 0;
    }
    if (option == OPT_HELP || option == OPT_VERSION)
        result = answer(o, context, option, err);
    else if (option == OPT_ALL)
        o->all = true;
    else if (option == OPT_QUIET)
        o->quiet = true;
    else if (option == OPT_WATCH)
        o->watch = true;
    else
        result = take_number(o, option, value, err);
    free(value);
    return result;
}

/* ---- what the library is given ---- */

static const char *const *borrowed(const cli_names *names)
{
    return (const char *const *)names->items;
}

static int fill(cli_domain_options *o, mig_error *err)
{
    static const char *const none[] = {NULL};
    if (o->domains.count == 0) {
        mig_error_set(err, MIG_E_USAGE, "which domain?");
        return mig_error_hint(err, "mailmigrate domain example.org --phase before --provider fastmail");
    }
    o->subjects = calloc(o->domains.count, sizeof *o->subjects);
    if (!o->subjects)
        return mig_error_set(err, MIG_E_NOMEM, "out of memory");
    for (size_t i = 0; i < o->domains.count; i++)
        o->subjects[i] = (mig_domain_subject){.name = o->domains.items[i],
                                              .provider = o->provider,
                                              .new_mx = borrowed(&o->new_mx),
                                              .old_hosts = borrowed(&o->old_hosts),
                                              .selectors = borrowed(&o->selectors),
                                              .old_selectors = borrowed(&o->old_selectors),
                                              .spf_includes = borrowed(&o->spf_includes),
                                              .new_addresses = borrowed(&o->new_addresses),
                                              .old_addresses = borrowed(&o->old_addresses),
                                              .aliases = i == 0 ? borrowed(&o->aliases) : NULL,
                                              .client_host = o->client_host};
    o->look.domains = o->subjects;
    o->look.domain_count = o->domains.count;
    o->look.resolvers = borrowed(&o->resolvers);
    o->look.authorities = borrowed(&o->authorities);
    o->look.trust_anchor = o->trust_anchor;
    o->look.ca_file = o->ca_file;
    o->look.dnsbls = o->dnsbls.count == 1 && strcmp(o->dnsbls.items[0], "none") == 0 ? none : borrowed(&o->dnsbls);
    return 0;
}

int cli_domain_options_parse(cli_domain_options *o, int argc, const char **argv, mig_error *err)
{
    int option = 0, result = 0;
    *o = (cli_domain_options){.interval = 60, .look = {.log = MIG_LOG_INIT}};
    poptContext context = poptGetContext(name, argc, argv, table, 0);
    if (!context)
        return mig_error_set(err, MIG_E_NOMEM, "out of memory");
    poptSetOtherOptionHelp(context, "DOMAIN... [OPTION...]");
    while (result == 0 && !o->answered && (option = poptGetNextOpt(context)) > 0)
        result = take_option(o, context, option, err);
    if (result == 0 && option < -1) {
        mig_error_set(err, MIG_E_USAGE, "%s: %s", poptBadOption(context, POPT_BADOPTION_NOALIAS), poptStrerror(option));
        result = mig_error_hint(err, "--help lists the options");
    }
    while (result == 0 && !o->answered && poptPeekArg(context))
        result = cli_names_add(&o->domains, strdup(poptGetArg(context)), err);
    if (result == 0 && !o->answered)
        result = fill(o, err);
    poptFreeContext(context);
    return result;
}

static void names_clear(cli_names *names)
{
    for (size_t i = 0; i < names->count; i++)
        free(names->items[i]);
    free(names->items);
    *names = (cli_names){.items = NULL};
}

void cli_domain_options_clear(cli_domain_options *o)
{
    cli_names *lists[] = {&o->domains,       &o->new_mx,       &o->old_hosts,     &o->selectors,
                          &o->old_selectors, &o->spf_includes, &o->new_addresses, &o->old_addresses,
                          &o->aliases,       &o->resolvers,    &o->authorities,   &o->dnsbls};
    char **texts[] = {&o->provider,  &o->client_host, &o->trust_anchor, &o->ca_file,
                      &o->json_path, &o->html_path,   &o->csv_path,     &o->sign_path};
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++)
        names_clear(lists[i]);
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        free(*texts[i]);
        *texts[i] = NULL;
    }
    free(o->subjects);
    o->subjects = NULL;
}
