/* cli/plan_options.c - the arguments of mailmigrate-plan */
#include "cli/plan_options.h"
#include "cli/bad_option.h"

#include <migrate/options.h>
#include <popt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static const char name[] = "mailmigrate-plan";
static const char *const verbs[] = {"init", "check", "import"};

enum { OPT_DIRECTORY = 1, OPT_HELP, OPT_VERSION };

/* clang-format off */
#define TEXT(long_name, value, description, argument) \
    {long_name, '\0', POPT_ARG_STRING, NULL, value, description, argument}
#define SWITCH(long_name, letter, value, description) {long_name, letter, POPT_ARG_NONE, NULL, value, description, NULL}
static const struct poptOption table[] = {
    TEXT("directory", OPT_DIRECTORY, "where import puts plan, list and passwords (default: .)", "DIRECTORY"),
    SWITCH("help", 'h', OPT_HELP, "this text"),
    SWITCH("version", 'V', OPT_VERSION, "the version"),
    POPT_TABLEEND};
/* clang-format on */

static int answer(poptContext context, int option, mig_error *err)
{
    if (option == OPT_HELP) {
        poptPrintHelp(context, stdout, 0);
    }
    if (option == OPT_HELP) {
        printf("\nVerbs:\n"
               "  init [FILE]     write a plan with comments (default: standard output)\n"
               "  check FILE      say everything that is wrong with a plan\n"
               "  import FILE     make a plan out of a list for imapsync\n"
               "\nThe manual, %s(1), says more.\n",
               name);
    } else {
        printf("%s %s\n", name, MIG_VERSION);
    }
    return fflush(stdout) != 0 || ferror(stdout) ? mig_error_set(err, MIG_E_IO, "standard output cannot be written")
                                                 : 0;
}

static int take_verb(cli_plan_options *options, const char *verb, mig_error *err)
{
    if (!verb) {
        mig_error_set(err, MIG_E_USAGE, "what is to be done with a plan?");
        return mig_error_hint(err, "give init, check or import");
    }
    for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++) {
        if (strcmp(verb, verbs[i]) == 0) {
            options->verb = (cli_plan_verb)(CLI_PLAN_INIT + i);
        }
    }
    if (options->verb != CLI_PLAN_NONE) {
        return 0;
    }
    const char *near = mig_option_nearest(verb, verbs, sizeof verbs / sizeof verbs[0]);
    mig_error_set(err, MIG_E_USAGE, "there is no verb \"%s\"", verb);
    return near ? mig_error_hint(err, "did you mean %s?", near) : mig_error_hint(err, "give init, check or import");
}

static int take_path(cli_plan_options *options, poptContext context, mig_error *err)
{
    const char *path = poptGetArg(context);
    if (!path && options->verb != CLI_PLAN_INIT) {
        return mig_error_set(err, MIG_E_USAGE, "%s needs a file", verbs[options->verb - CLI_PLAN_INIT]);
    }
    if (path && poptPeekArg(context)) {
        return mig_error_set(err, MIG_E_USAGE, "one file is enough");
    }
    if (options->directory && options->verb != CLI_PLAN_IMPORT) {
        return mig_error_set(err, MIG_E_USAGE, "--directory belongs to import");
    }
    options->path = strdup(path ? path : "-");
    if (options->path && !options->directory) {
        options->directory = strdup(".");
    }
    return options->path && options->directory ? 0 : mig_error_set(err, MIG_E_NOMEM, "out of memory");
}

int cli_plan_options_parse(cli_plan_options *options, int argc, const char **argv, mig_error *err)
{
    int option, result = 0;
    bool answered = false;
    *options = (cli_plan_options){.verb = CLI_PLAN_NONE};
    poptContext context = poptGetContext(name, argc, argv, table, 0);
    if (!context) {
        return mig_error_set(err, MIG_E_NOMEM, "out of memory");
    }
    poptSetOtherOptionHelp(context, "init|check|import [FILE] [OPTION...]");
    while (result == 0 && !answered && (option = poptGetNextOpt(context)) != -1) {
        if (option == OPT_DIRECTORY) {
            free(options->directory);
            options->directory = poptGetOptArg(context);
        } else {
            answered = option > 0;
            result = option < 0 ? cli_bad_option(context, table, option, err) : answer(context, option, err);
        }
    }
    if (result == 0 && !answered) {
        result = take_verb(options, poptGetArg(context), err) != 0 ? -1 : take_path(options, context, err);
    }
    poptFreeContext(context);
    return result;
}

void cli_plan_options_clear(cli_plan_options *options)
{
    free(options->path);
    free(options->directory);
    *options = (cli_plan_options){.verb = CLI_PLAN_NONE};
}

int cli_plan_refuse_existing(const char *path, mig_error *err)
{
    struct stat there;
    if (strcmp(path, "-") == 0 || lstat(path, &there) != 0) {
        return 0;
    }
    mig_error_set(err, MIG_E_REFUSED, "%s is there already", path);
    return mig_error_hint(err, "name another file: nothing that is there is overwritten");
}
