/* cli/options.c - the command line, popt's words given to the library's table of options */
#include "cli/options.h"

#include "cli/help.h"
#include "cli/option_table.h"
#include "cli/options_archive.h"
#include "cli/options_filters.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PASSWORD_HINT                                                                                                  \
    "use --source-password-file FILE, --source-password-command COMMAND or the variable "                              \
    "MAILMIGRATE_SOURCE_PASSWORD (the same with target), or give none and be asked"

/* Would a person type a secret behind this option? Those that take one's place end in -file or -command. */
static bool looks_like_password(const char *name)
{
    static const char *const words[] = {"pass", "secret", "token", "pwd"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (strstr(name, words[i]) != NULL) {
            return true;
        }
    }
    return false;
}

/* Options of imapsync that ask for what is always so here. */
static bool is_needless(const char *name)
{
    static const char *const names[] = {"syncinternaldates", "syncflags",    "automap",  "subscribe",
                                        "subscribed",        "useuid",       "usecache", "addheader",
                                        "skipheader",        "nofoldersizes"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(name, names[i]) == 0) {
            return true;
        }
    }
    return false;
}

/* What popt could not make sense of. Only the option's name is repeated, never what follows it. */
static int bad_option(mig_verb verb, poptContext context, int code, mig_error *err)
{
    char name[64], near[MIG_OPTION_NAME];
    const char *typed = poptBadOption(context, POPT_BADOPTION_NOALIAS);
    typed = typed != NULL ? typed : "";
    snprintf(name, sizeof name, "%.*s", (int)strcspn(typed, "="), typed);
    const char *bare = name + strspn(name, "-");
    if (code == POPT_ERROR_NOARG) {
        return mig_error_set(err, MIG_E_USAGE, "%s needs a value", name);
    }
    if (code != POPT_ERROR_BADOPT) {
        return mig_error_set(err, MIG_E_USAGE, "%s: %s", name, poptStrerror(code));
    }
    if (looks_like_password(bare)) {
        mig_error_set(err, MIG_E_USAGE, "%s is refused: every user of this machine can read a password in an argument",
                      name);
        return mig_error_hint(err, PASSWORD_HINT);
    }
    mig_error_set(err, MIG_E_USAGE, "there is no option %s", name);
    if (is_needless(bare)) {
        return mig_error_hint(err, "leave it out: dates, flags, special folders and subscriptions are carried over "
                                   "without it");
    }
    return mig_option_suggest(verb, bare, near, sizeof near) != NULL ? mig_error_hint(err, "did you mean --%s?", near)
                                                                     : mig_error_hint(err, "--help lists the options");
}

static int set_string(char **out, const char *value, mig_error *err)
{
    *out = strdup(value);
    return *out != NULL ? 0 : mig_error_set(err, MIG_E_NOMEM, "out of memory");
}

static int take_argument(cli_options *options, mig_verb verb, const char *argument, mig_error *err)
{
    if (verb == MIG_VERB_ARCHIVE) {
        return cli_archive_take_argument(options, argument, err);
    }
    if (verb == MIG_VERB_FILTERS) {
        return cli_filters_take_argument(options, argument, err);
    }
    if (verb == MIG_VERB_PROBE) { /* its one argument is the account */
        return mig_option_given(options->settings, "source")
                   ? mig_error_set(err, MIG_E_USAGE, "one account is enough")
                   : mig_option_set(options->settings, NULL, "source", argument, err);
    }
    if (strstr(argument, "://") != NULL) { /* may hold a password: not repeated */
        mig_error_set(err, MIG_E_USAGE, "a URL stands alone on the command line");
        return mig_error_hint(err, "give --source URL and --target URL");
    }
    if (options->plan_path == NULL) {
        return set_string(&options->plan_path, argument, err);
    }
    mig_error_set(err, MIG_E_USAGE, "\"%s\" is not an option, and there is a plan already", argument);
    return mig_error_hint(err, "give one plan, or the accounts as --source URL and --target URL");
}

static int take_option(cli_options *options, mig_verb verb, const cli_option_table *table, poptContext context,
                       int option, mig_error *err)
{
    if (option == CLI_OPT_HELP || option == CLI_OPT_VERSION) {
        options->action = option == CLI_OPT_HELP ? CLI_HELP : CLI_VERSION;
        free(options->help);
        options->help = poptGetOptArg(context);
        return 0;
    }
    char *value = poptGetOptArg(context);
    const mig_option *known = mig_option_find(verb, cli_option_table_name(table, option));
    const char *given = value == NULL && known != NULL ? known->without : value;
    int failed = mig_option_set(options->settings, NULL, cli_option_table_name(table, option), given, err);
    free(value);
    return failed;
}

static int take_all(cli_options *options, const cli_tool *tool, const cli_option_table *table, poptContext context,
                    mig_error *err)
{
    int option;
    const char *argument;
    while ((option = poptGetNextOpt(context)) > 0) {
        if (take_option(options, tool->verb, table, context, option, err) != 0) {
            return -1;
        }
    }
    if (option < -1) {
        return bad_option(tool->verb, context, option, err);
    }
    while (options->action == CLI_RUN && (argument = poptGetArg(context)) != NULL) {
        if (take_argument(options, tool->verb, argument, err) != 0) {
            return -1;
        }
    }
    return 0;
}

static int refuse_sides_beside_plan(const cli_options *options, mig_error *err)
{
    if (!mig_option_given(options->settings, "source") && !mig_option_given(options->settings, "target")) {
        return 0;
    }
    mig_error_set(err, MIG_E_USAGE, "the accounts are in the plan %s: --source and --target have no place beside it",
                  options->plan_path);
    return mig_error_hint(err, "leave out either the plan or the two URLs");
}

static int finish(cli_options *options, const cli_tool *tool, mig_error *err)
{
    bool archive = tool->verb == MIG_VERB_ARCHIVE;
    if (mig_option_given(options->settings, "check-report")) {
        options->action = CLI_CHECK_REPORT;
    } else if (options->plan_path != NULL) {
        return refuse_sides_beside_plan(options, err);
    }
    if ((archive && cli_archive_check(options, err) != 0) ||
        (tool->verb == MIG_VERB_FILTERS && cli_filters_check(options, err) != 0)) {
        return -1;
    }
    mig_settings_part part = archive && !cli_options_export(options) ? MIG_SETTINGS_RUN : MIG_SETTINGS_WHOLE;
    return mig_settings_finish(options->settings, part, NULL, NULL, err);
}

static int answer(const cli_options *options, const cli_tool *tool, const cli_option_table *table, poptContext context,
                  mig_error *err)
{
    if (options->action == CLI_HELP) {
        const cli_help_of of = {tool->name, tool->synopsis, cli_option_table_popt(table)};
        return cli_help(context, &of, options->help, err);
    }
    printf("%s %s\n", tool->name, MIG_VERSION);
    if (fflush(stdout) != 0 || ferror(stdout)) {
        return mig_error_set(err, MIG_E_IO, "standard output cannot be written");
    }
    return 0;
}

int cli_options_parse(cli_options *options, const cli_tool *tool, int argc, const char **argv, mig_error *err)
{
    int failed = -1;
    *options = (cli_options){.action = CLI_RUN};
    cli_option_table *table = cli_option_table_new(tool->verb);
    poptContext context =
        table != NULL ? poptGetContext(tool->name, argc, argv, cli_option_table_popt(table), 0) : NULL;
    if (context == NULL) {
        mig_error_set(err, MIG_E_NOMEM, "out of memory");
    } else if ((options->settings = mig_settings_new(tool->verb, err)) != NULL) {
        poptSetOtherOptionHelp(context, tool->synopsis);
        failed = take_all(options, tool, table, context, err);
        if (failed == 0) {
            failed =
                options->action == CLI_RUN ? finish(options, tool, err) : answer(options, tool, table, context, err);
        }
    }
    poptFreeContext(context);
    cli_option_table_free(&table);
    return failed;
}

void cli_options_clear(cli_options *options)
{
    mig_settings_free(&options->settings);
    free(options->help);
    free(options->plan_path);
    free(options->archive_verb);
    free(options->archive_path);
    free(options->filters_verb);
    free(options->filters_path);
    *options = (cli_options){.action = CLI_RUN};
}

mig_log_level cli_options_terminal_level(const mig_settings *settings)
{
    if (settings->trace && settings->log_path == NULL) {
        return MIG_LOG_TRACE;
    }
    if (settings->verbose > 0) {
        return settings->verbose > 1 ? MIG_LOG_DEBUG : MIG_LOG_INFO;
    }
    return settings->quiet ? MIG_LOG_ERROR : MIG_LOG_WARNING;
}

mig_log_level cli_options_file_level(const mig_settings *settings)
{
    if (settings->trace) {
        return MIG_LOG_TRACE;
    }
    return settings->verbose > 1 ? MIG_LOG_DEBUG : MIG_LOG_INFO;
}
