/* cli/domain_options.h - the command line of mailmigrate-domain */
#ifndef CLI_DOMAIN_OPTIONS_H
#define CLI_DOMAIN_OPTIONS_H

#include "cli/plan_domains.h"

#include <migrate/domain.h>
#include <stdbool.h>

/* What is said of one domain, in the plan or on the command line. */
typedef struct cli_domain_said {
    char *name, *provider, *client_host;
    cli_names aliases, new_mx, old_hosts, selectors, old_selectors, spf_includes, new_addresses, old_addresses;
} cli_domain_said;

typedef struct cli_domain_options {
    bool answered; /* --help or --version */
    cli_names arguments;
    cli_domain_said line;  /* of all domains, by the command line */
    cli_domain_said *each; /* of one each, by the plan or as named */
    size_t count;
    cli_names resolvers, authorities, dnsbls;
    char *trust_anchor, *ca_file, *records;
    char *json_path, *html_path, *csv_path, *sign_path;
    bool all, quiet, watch;
    int interval, within; /* seconds between two looks; minutes, 0: until all is green */
    mig_domain_options look;
    mig_domain_subject *subjects;
} cli_domain_options;

/* Errors: MIG_E_USAGE, MIG_E_PLAN, MIG_E_NOMEM, MIG_E_IO. Release with cli_domain_options_clear in any case. */
int cli_domain_options_parse(cli_domain_options *options, int argc, const char **argv, mig_error *err);
void cli_domain_options_clear(cli_domain_options *options);

/* Keep a look after the switch on record, where the options say: the certificate builds on it. Errors: MIG_E_IO,
 * MIG_E_NOMEM. */
int cli_domain_record(const cli_domain_options *options, const mig_domain_result *result, mig_error *err);

#endif
