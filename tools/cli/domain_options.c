/* cli/domain_options.c - the command line of mailmigrate-domain */
#include "cli/domain_options.h"
#include "cli/bad_option.h"
#include "cli/help.h"

#include <migrate/domain_report.h>
#include <migrate/endpoint.h>
#include <migrate/options.h>
#include <migrate/provider_mail.h>

#include <popt.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char name[] = "mailmigrate-domain";
#define SYNOPSIS "DOMAIN... | PLAN [OPTION...]"

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
    OPT_RECORDS,
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
    TEXT("records", OPT_RECORDS, "where looks after the switch are kept on record", "DIRECTORY"),
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
    CLI_HELP_ROW(OPT_HELP),
    SWITCH("version", 'V', OPT_VERSION, "the version"),
    POPT_TABLEEND};
/* clang-format on */

/* What is said of a domain has a key of the same name in a plan. */
static const struct {
    const char *name;
    int option;
    size_t place; /* in cli_domain_said, of a list; of a text when `single` */
    bool single;
} keys[] = {
    {"provider", OPT_PROVIDER, offsetof(cli_domain_said, provider), true},
    {"client-host", OPT_CLIENT_HOST, offsetof(cli_domain_said, client_host), true},
    {"alias", OPT_ALIAS, offsetof(cli_domain_said, aliases), false},
    {"new-mx", OPT_NEW_MX, offsetof(cli_domain_said, new_mx), false},
    {"old-host", OPT_OLD_HOST, offsetof(cli_domain_said, old_hosts), false},
    {"selector", OPT_SELECTOR, offsetof(cli_domain_said, selectors), false},
    {"old-selector", OPT_OLD_SELECTOR, offsetof(cli_domain_said, old_selectors), false},
    {"spf-include", OPT_SPF_INCLUDE, offsetof(cli_domain_said, spf_includes), false},
    {"new-address", OPT_NEW_ADDRESS, offsetof(cli_domain_said, new_addresses), false},
    {"old-address", OPT_OLD_ADDRESS, offsetof(cli_domain_said, old_addresses), false},
};
#define KEYS (sizeof keys / sizeof keys[0])

static int keep(char **place, char *value, mig_error *err)
{
    free(*place);
    *place = value;
    return value ? 0 : mig_error_set(err, MIG_E_NOMEM, "out of memory");
}

/* The value is taken over. */
static int say(cli_domain_said *said, size_t key, char *value, mig_error *err)
{
    char *at = (char *)said + keys[key].place;
    return keys[key].single ? keep((char **)(void *)at, value, err)
                            : cli_names_add((cli_names *)(void *)at, value, err);
}

static cli_names *list_of(cli_domain_options *o, int option)
{
    return option == OPT_RESOLVER    ? &o->resolvers
           : option == OPT_AUTHORITY ? &o->authorities
           : option == OPT_DNSBL     ? &o->dnsbls
                                     : NULL;
}

static char **text_of(cli_domain_options *o, int option)
{
    switch (option) {
    case OPT_TRUST_ANCHOR:
        return &o->trust_anchor;
    case OPT_CA_FILE:
        return &o->ca_file;
    case OPT_RECORDS:
        return &o->records;
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
        if (!mig_option_choice(value, phases, &number)) {
            return mig_error_set(err, MIG_E_USAGE, "--phase takes before, now or after");
        }
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
        if (!mig_option_number(value, 1, 600, &number)) {
            return mig_error_set(err, MIG_E_USAGE, "--timeout takes seconds from 1 to 600");
        }
        o->look.timeout_ms = 1000 * number;
        return 0;
    default:
        if (!mig_option_number(value, 1, 65535, &number)) {
            return mig_error_set(err, MIG_E_USAGE, "a port is a number from 1 to 65535");
        }
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
        char *which = poptGetOptArg(context);
        const int result = cli_help(context, &(const cli_help_of){name, SYNOPSIS, table}, which, err);
        free(which);
        return result;
    }
    printf("%s %s\n", name, MIG_VERSION);
    return fflush(stdout) != 0 || ferror(stdout) ? mig_error_set(err, MIG_E_IO, "standard output cannot be written")
                                                 : 0;
}

/* The value of an option that has one is taken over, also on failure. */
static int take_value(cli_domain_options *o, int option, char *value, mig_error *err)
{
    cli_names *list = list_of(o, option);
    char **text = text_of(o, option);
    if (list) {
        return cli_names_add(list, value, err);
    }
    if (text) {
        return keep(text, value, err);
    }
    const int result = value ? take_number(o, option, value, err) : mig_error_set(err, MIG_E_NOMEM, "out of memory");
    free(value);
    return result;
}

static int take_option(cli_domain_options *o, poptContext context, int option, mig_error *err)
{
    for (size_t i = 0; i < KEYS; i++) {
        if (keys[i].option == option) {
            return say(&o->line, i, poptGetOptArg(context), err);
        }
    }
    if (option == OPT_HELP || option == OPT_VERSION) {
        return answer(o, context, option, err);
    }
    if (option != OPT_ALL && option != OPT_QUIET && option != OPT_WATCH) {
        return take_value(o, option, poptGetOptArg(context), err);
    }
    o->all = o->all || option == OPT_ALL;
    o->quiet = o->quiet || option == OPT_QUIET;
    o->watch = o->watch || option == OPT_WATCH;
    return 0;
}

/* True when the command line, which wins over the plan, has said it. */
static bool was_said(cli_domain_options *o, int option)
{
    const cli_names *list = list_of(o, option);
    char **text = text_of(o, option);
    if (list) {
        return list->count > 0;
    }
    if (text) {
        return *text != NULL;
    }
    return option == OPT_TIMEOUT     ? o->look.timeout_ms != 0
           : option == OPT_DNS_PORT  ? o->look.dns_port != 0
           : option == OPT_SMTP_PORT ? o->look.smtp_port != 0
                                     : o->look.https_port != 0;
}

/* ---- domains ---- */

static cli_domain_said *add_domain(cli_domain_options *o, const char *domain, mig_error *err)
{
    cli_domain_said *grown = realloc(o->each, (o->count + 1) * sizeof *grown);
    if (!grown) {
        mig_error_set(err, MIG_E_NOMEM, "out of memory");
        return NULL;
    }
    o->each = grown;
    grown += o->count++;
    *grown = (cli_domain_said){.name = strdup(domain)};
    if (!grown->name) {
        mig_error_set(err, MIG_E_NOMEM, "out of memory");
        return NULL;
    }
    return grown;
}

static const char *option_of(const mig_plan_account *account, const char *option)
{
    for (size_t i = 0; i < account->option_count; i++) {
        if (strcmp(account->options[i].name, option) == 0) {
            return account->options[i].value;
        }
    }
    return NULL;
}

/* What the accounts of the plan say of both sides: the provider, where it is known by name, and the old server. */
static int add_defaults(cli_domain_said *said, const mig_plan *plan, mig_error *err)
{
    const mig_plan_account *first = plan->account_count > 0 ? &plan->accounts[0] : NULL;
    const char *provider = first ? option_of(first, "target-provider") : NULL;
    const char *source = first ? option_of(first, "source") : NULL;
    mig_endpoint endpoint = MIG_ENDPOINT_INIT;
    int result = 0;
    if (!said->provider && said->new_mx.count == 0 && provider && mig_provider_mail_find(provider)) {
        result = keep(&said->provider, strdup(provider), err);
    }
    if (result == 0 && said->old_hosts.count == 0 && source && mig_endpoint_parse_url(&endpoint, source, NULL) == 0 &&
        endpoint.host) {
        result = cli_names_add(&said->old_hosts, strdup(endpoint.host), err);
    }
    mig_endpoint_clear(&endpoint);
    return result;
}

/* What a domain of the plan says of the look as a whole: `said` has the options that are not to be taken from it. */
static int take_whole(cli_domain_options *o, const mig_plan_option *option, const bool said[OPT_VERSION + 1],
                      mig_error *err)
{
    for (size_t i = 0; table[i].longName; i++) {
        if (strcmp(table[i].longName, option->name) == 0 && !said[table[i].val] &&
            take_value(o, table[i].val, strdup(option->value), err) != 0) {
            return mig_error_context(err, "%s:%u", option->from.file, option->from.line);
        }
    }
    return 0;
}

static bool is_of_domain(const char *option, size_t *key)
{
    for (*key = 0; *key < KEYS; ++*key) {
        if (strcmp(keys[*key].name, option) == 0) {
            return true;
        }
    }
    return false;
}

static int take_plan_domain(cli_domain_options *o, const mig_plan *plan, const mig_plan_domain *domain, mig_error *err)
{
    bool said[OPT_VERSION + 1];
    size_t key;
    for (int option = 0; option <= OPT_VERSION; option++) {
        said[option] = was_said(o, option);
    }
    cli_domain_said *own = add_domain(o, domain->name, err);
    if (!own) {
        return -1;
    }
    for (size_t i = 0; i < domain->option_count; i++) {
        const mig_plan_option *option = &domain->options[i];
        if (is_of_domain(option->name, &key) ? say(own, key, strdup(option->value), err) != 0
                                             : take_whole(o, option, said, err) != 0) {
            return -1;
        }
    }
    return add_defaults(own, plan, err);
}

static int take_plan(cli_domain_options *o, const char *path, mig_error *err)
{
    cli_names found = {.items = NULL};
    mig_plan *plan = mig_plan_load(path, err);
    int result = !plan ? -1 : plan->problem_count > 0 ? mig_plan_refuse(plan, err) : 0;
    for (size_t i = 0; result == 0 && i < plan->domain_count; i++) {
        result = take_plan_domain(o, plan, &plan->domains[i], err);
    }
    if (result == 0 && plan->domain_count == 0) {
        result = cli_plan_domains(plan, &found, err);
    }
    for (size_t i = 0; result == 0 && i < found.count; i++) {
        cli_domain_said *said = add_domain(o, found.items[i], err);
        result = said ? add_defaults(said, plan, err) : -1;
    }
    if (result == 0 && o->count == 0) {
        mig_error_set(err, MIG_E_PLAN, "%s: no domain is named, and the accounts have none in their names", path);
        result = mig_error_hint(err, "name them under \"domains\"");
    }
    cli_names_clear(&found);
    mig_plan_free(&plan);
    return result;
}

static bool is_plan(const char *argument)
{
    const char *dot = strrchr(argument, '.');
    return strchr(argument, '/') || (dot && (strcmp(dot, ".yaml") == 0 || strcmp(dot, ".yml") == 0));
}

/* ---- what the library is given ---- */

static const char *const *either(const cli_names *line, const cli_names *own)
{
    return (const char *const *)(line->items ? line->items : own->items);
}

static int fill(cli_domain_options *o, mig_error *err)
{
    static const char *const none[] = {NULL};
    if (o->arguments.count == 0) {
        mig_error_set(err, MIG_E_USAGE, "which domain?");
        return mig_error_hint(err, "mailmigrate domain example.org --phase before --provider fastmail");
    }
    if (o->arguments.count == 1 && is_plan(o->arguments.items[0])) {
        if (take_plan(o, o->arguments.items[0], err) != 0) {
            return -1;
        }
    } else {
        for (size_t i = 0; i < o->arguments.count; i++) {
            if (!add_domain(o, o->arguments.items[i], err)) {
                return -1;
            }
        }
    }
    o->subjects = calloc(o->count, sizeof *o->subjects);
    if (!o->subjects) {
        return mig_error_set(err, MIG_E_NOMEM, "out of memory");
    }
    for (size_t i = 0; i < o->count; i++) {
        const cli_domain_said *line = &o->line, *own = &o->each[i];
        o->subjects[i] =
            (mig_domain_subject){.name = own->name,
                                 .provider = line->provider ? line->provider : own->provider,
                                 .client_host = line->client_host ? line->client_host : own->client_host,
                                 .new_mx = either(&line->new_mx, &own->new_mx),
                                 .old_hosts = either(&line->old_hosts, &own->old_hosts),
                                 .selectors = either(&line->selectors, &own->selectors),
                                 .old_selectors = either(&line->old_selectors, &own->old_selectors),
                                 .spf_includes = either(&line->spf_includes, &own->spf_includes),
                                 .new_addresses = either(&line->new_addresses, &own->new_addresses),
                                 .old_addresses = either(&line->old_addresses, &own->old_addresses),
                                 .aliases = either(i == 0 ? &line->aliases : &own->aliases, &own->aliases)};
    }
    o->look.domains = o->subjects;
    o->look.domain_count = o->count;
    o->look.resolvers = (const char *const *)o->resolvers.items;
    o->look.authorities = (const char *const *)o->authorities.items;
    o->look.trust_anchor = o->trust_anchor;
    o->look.ca_file = o->ca_file;
    o->look.dnsbls =
        o->dnsbls.count == 1 && strcmp(o->dnsbls.items[0], "none") == 0 ? none : (const char *const *)o->dnsbls.items;
    return 0;
}

int cli_domain_options_parse(cli_domain_options *o, int argc, const char **argv, mig_error *err)
{
    int option = 0, result = 0;
    *o = (cli_domain_options){.interval = 60, .look = MIG_DOMAIN_OPTIONS_INIT};
    poptContext context = poptGetContext(name, argc, argv, table, 0);
    if (!context) {
        return mig_error_set(err, MIG_E_NOMEM, "out of memory");
    }
    poptSetOtherOptionHelp(context, SYNOPSIS);
    while (result == 0 && !o->answered && (option = poptGetNextOpt(context)) > 0) {
        result = take_option(o, context, option, err);
    }
    if (result == 0 && option < -1) {
        result = cli_bad_option(context, table, option, err);
    }
    while (result == 0 && !o->answered && poptPeekArg(context)) {
        result = cli_names_add(&o->arguments, strdup(poptGetArg(context)), err);
    }
    if (result == 0 && !o->answered) {
        result = fill(o, err);
    }
    poptFreeContext(context);
    return result;
}

static void said_clear(cli_domain_said *said)
{
    free(said->name);
    for (size_t i = 0; i < KEYS; i++) {
        char *at = (char *)said + keys[i].place;
        if (keys[i].single) {
            free(*(char **)(void *)at);
        } else {
            cli_names_clear((cli_names *)(void *)at);
        }
    }
}

void cli_domain_options_clear(cli_domain_options *o)
{
    cli_names *lists[] = {&o->arguments, &o->resolvers, &o->authorities, &o->dnsbls};
    char **texts[] = {&o->trust_anchor, &o->ca_file,  &o->records,  &o->json_path,
                      &o->html_path,    &o->csv_path, &o->sign_path};
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
        cli_names_clear(lists[i]);
    }
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        free(*texts[i]);
        *texts[i] = NULL;
    }
    said_clear(&o->line);
    for (size_t i = 0; i < o->count; i++) {
        said_clear(&o->each[i]);
    }
    free(o->each);
    free(o->subjects);
    o->subjects = NULL;
}

int cli_domain_record(const cli_domain_options *options, const mig_domain_result *result, mig_error *err)
{
    char directory[4200];
    if (result->phase != MIG_DOMAIN_AFTER) {
        return 0;
    }
    return cli_records_directory(options->records, directory, sizeof directory, err) != 0
               ? -1
               : mig_domain_record_write(directory, result, err);
}
