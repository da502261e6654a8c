/* cli/certificate_options.h - the command line of mailmigrate-certificate */
#ifndef CLI_CERTIFICATE_OPTIONS_H
#define CLI_CERTIFICATE_OPTIONS_H

#include <migrate/error.h>
#include <stdbool.h>

typedef struct cli_certificate_options {
    bool answered; /* --help or --version */
    char *plan, *records, *json_path, *html_path, *sign_path;
} cli_certificate_options;

/* Errors: MIG_E_USAGE, MIG_E_NOMEM, MIG_E_IO. Release with cli_certificate_options_clear in any case. */
int cli_certificate_options_parse(cli_certificate_options *options, int argc, const char **argv, mig_error *err);
void cli_certificate_options_clear(cli_certificate_options *options);

#endif
