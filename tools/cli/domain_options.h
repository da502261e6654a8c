/* cli/domain_options.h - the command line of mailmigrate-domain */
#ifndef CLI_DOMAIN_OPTIONS_H
#define CLI_DOMAIN_OPTIONS_H

#include <migrate/domain.h>
#include <stdbool.h>

typedef struct cli_names {
    char **items; /* ends with NULL; NULL: none were given */
    size_t count;
} cli_names;

typedef struct cli_domain_options {
    bool answered; /* --help or --version */
    cli_names domains;
    cli_names new_mx, old_hosts, selectors, old_selectors, spf_includes, new_addresses, old_addresses, aliases;
    cli_names resolvers, authorities, dnsbls;
    char *provider, *client_host, *trust_anchor, *ca_file;
    char *json_path, *html_path, *csv_path, *sign_path;
    bool all, quiet, watch;
    int interval, within;    /* seconds between two looks; minutes, 0: until all is green */
    mig_domain_options look; /* what does not need a list; cli_domain_options_fill does the rest */
    mig_domain_subject *subjects;
} cli_domain_options;

/* Errors: MIG_E_USAGE, MIG_E_NOMEM, MIG_E_IO. Release with cli_domain_options_clear in any case. */
int cli_domain_options_parse(cli_domain_options *options, int argc, const char **argv, mig_error *err);
void cli_domain_options_clear(cli_domain_options *options);

/* Add a name to a list, which takes it over, also on failure. MIG_E_NOMEM. */
int cli_names_add(cli_names *names, char *text, mig_error *err);

#endif
