/* cli/certificate_options.c - the command line of mailmigrate-certificate */
#include "cli/certificate_options.h"
#include "cli/bad_option.h"

#include <popt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char name[] = "mailmigrate-certificate";

enum { OPT_RECORDS = 1, OPT_JSON, OPT_HTML, OPT_SIGN, OPT_HELP, OPT_VERSION };

/* clang-format off */
#define TEXT(long_name, value, description, argument) \
    {long_name, '\0', POPT_ARG_STRING, NULL, value, description, argument}
#define SWITCH(long_name, letter, value, description) {long_name, letter, POPT_ARG_NONE, NULL, value, description, NULL}
static const struct poptOption table[] = {
    TEXT("records", OPT_RECORDS, "where looks at the domains are on record", "DIRECTORY"),
    TEXT("json", OPT_JSON, "write it as JSON; \"-\": to standard output", "FILE"),
    TEXT("html", OPT_HTML, "write it as a page", "FILE"),
    TEXT("sign", OPT_SIGN, "sign what is written with this private key, in FILE.sig", "KEY"),
    SWITCH("help", 'h', OPT_HELP, "this text"),
    SWITCH("version", 'V', OPT_VERSION, "the version"),
    POPT_TABLEEND};
/* clang-format on */

static int answer(cli_certificate_options *options, poptContext context, int option, mig_error *err)
{
    options->answered = true;
    if (option == OPT_HELP) {
        poptPrintHelp(context, stdout, 0);
        printf("\nThe manual, %s(1), says more.\n", name);
    } else {
        printf("%s %s\n", name, MIG_VERSION);
    }
    return fflush(stdout) != 0 || ferror(stdout) ? mig_error_set(err, MIG_E_IO, "standard output cannot be written")
                                                 : 0;
}

static int take_option(cli_certificate_options *options, poptContext context, int option, mig_error *err)
{
    char **places[] = {[OPT_RECORDS] = &options->records,
                       [OPT_JSON] = &options->json_path,
                       [OPT_HTML] = &options->html_path,
                       [OPT_SIGN] = &options->sign_path};
    if (option >= OPT_HELP) {
        return answer(options, context, option, err);
    }
    free(*places[option]);
    *places[option] = poptGetOptArg(context);
    return 0;
}

int cli_certificate_options_parse(cli_certificate_options *options, int argc, const char **argv, mig_error *err)
{
    int option = 0, result = 0;
    *options = (cli_certificate_options){.answered = false};
    poptContext context = poptGetContext(name, argc, argv, table, 0);
    if (!context) {
        return mig_error_set(err, MIG_E_NOMEM, "out of memory");
    }
    poptSetOtherOptionHelp(context, "PLAN [OPTION...]");
    while (result == 0 && !options->answered && (option = poptGetNextOpt(context)) > 0) {
        result = take_option(options, context, option, err);
    }
    if (result == 0 && option < -1) {
        result = cli_bad_option(context, table, option, err);
    }
    const char *plan = result == 0 && !options->answered ? poptGetArg(context) : NULL;
    if (result == 0 && !options->answered && (!plan || poptPeekArg(context))) {
        result = mig_error_set(err, MIG_E_USAGE, "which plan? One is needed");
    } else if (plan && !(options->plan = strdup(plan))) {
        result = mig_error_set(err, MIG_E_NOMEM, "out of memory");
    }
    poptFreeContext(context);
    return result;
}

void cli_certificate_options_clear(cli_certificate_options *options)
{
    char **all[] = {&options->plan, &options->records, &options->json_path, &options->html_path, &options->sign_path};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        free(*all[i]);
        *all[i] = NULL;
    }
}
