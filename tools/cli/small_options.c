/* cli/small_options.c - the command line of tools with a few options of their own, as data */
#include "cli/small_options.h"

#include "cli/bad_option.h"
#include "cli/help.h"

#include <migrate/options.h>
#include <popt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { OPT_HELP = 1, OPT_VERSION, OPT_FIRST };

enum { MOST_ON_A_SCREEN = 13 };

static void fill(const cli_small *small, struct poptOption table[CLI_SMALL_MOST + 3])
{
    size_t count = 0;
    for (; small->options[count].name; count++) {
        const cli_small_option *one = &small->options[count];
        table[count] = (struct poptOption){.longName = one->name,
                                           .shortName = one->letter,
                                           .argInfo = one->flag ? POPT_ARG_NONE : POPT_ARG_STRING,
                                           .val = OPT_FIRST + (int)count,
                                           .descrip = one->help,
                                           .argDescrip = one->argument};
    }
    table[count] = count <= MOST_ON_A_SCREEN
                       ? (struct poptOption){"help", 'h', POPT_ARG_NONE, NULL, OPT_HELP, "this text", NULL}
                       : (struct poptOption)CLI_HELP_ROW(OPT_HELP);
    count++;
    table[count++] = (struct poptOption){"version", 'V', POPT_ARG_NONE, NULL, OPT_VERSION, "the version", NULL};
    table[count] = (struct poptOption)POPT_TABLEEND;
}

static int answer(const cli_small *small, const struct poptOption *table, poptContext context, int option,
                  mig_error *err)
{
    size_t count = 0;
    while (small->options[count].name) {
        count++;
    }
    if (option == OPT_HELP && count > MOST_ON_A_SCREEN) {
        char *which = poptGetOptArg(context);
        const int failed = cli_help(context, &(cli_help_of){small->tool, small->synopsis, table}, which, err);
        free(which);
        return failed;
    }
    if (option == OPT_HELP) {
        poptPrintHelp(context, stdout, 0);
        printf("%s\nThe manual, %s(1), says more.\n", small->more ? small->more : "", small->tool);
    } else {
        printf("%s %s\n", small->tool, MIG_VERSION);
    }
    return fflush(stdout) != 0 || ferror(stdout) ? mig_error_set(err, MIG_E_IO, "standard output cannot be written")
                                                 : 0;
}

static int take(const cli_small_option *one, poptContext context, mig_error *err)
{
    if (one->flag) {
        *one->flag = true;
        return 0;
    }
    char *value = poptGetOptArg(context);
    if (!value) {
        return mig_error_set(err, MIG_E_NOMEM, "out of memory");
    }
    if (one->text) {
        free(*one->text);
        *one->text = value;
        return 0;
    }
    const bool sound = mig_option_number(value, one->least, one->most, one->number);
    free(value);
    return sound
               ? 0
               : mig_error_set(err, MIG_E_USAGE, "--%s takes a number from %d to %d", one->name, one->least, one->most);
}

int cli_small_parse(const cli_small *small, int argc, const char **argv, cli_names *arguments, bool *answered,
                    mig_error *err)
{
    struct poptOption table[CLI_SMALL_MOST + 3];
    int option = 0, result = 0;
    *answered = false;
    fill(small, table);
    poptContext context = poptGetContext(small->tool, argc, argv, table, 0);
    if (!context) {
        return mig_error_set(err, MIG_E_NOMEM, "out of memory");
    }
    poptSetOtherOptionHelp(context, small->synopsis);
    while (result == 0 && !*answered && (option = poptGetNextOpt(context)) > 0) {
        *answered = option < OPT_FIRST;
        result = *answered ? answer(small, table, context, option, err)
                           : take(&small->options[option - OPT_FIRST], context, err);
    }
    if (result == 0 && option < -1) {
        result = cli_bad_option(context, table, option, err);
    }
    while (result == 0 && !*answered && poptPeekArg(context)) {
        result = cli_names_add(arguments, strdup(poptGetArg(context)), err);
    }
    poptFreeContext(context);
    return result;
}
