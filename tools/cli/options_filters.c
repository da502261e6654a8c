/* cli/options_filters.c - which options go with which verb of mailmigrate-filters */
#include "cli/options_filters.h"

#include <string.h>

static const char *const verbs[] = {"check", "copy", "verify", "export", NULL};

static int keep(char **out, const char *value, mig_error *err)
{
    *out = strdup(value);
    return *out != NULL ? 0 : mig_error_set(err, MIG_E_NOMEM, "out of memory");
}

mig_filters_verb cli_filters_verb(const cli_options *options)
{
    int verb = MIG_FILTERS_CHECK;
    mig_option_choice(options->filters_verb, verbs, &verb);
    return (mig_filters_verb)verb;
}

int cli_filters_take_argument(cli_options *options, const char *argument, mig_error *err)
{
    int verb;
    if (options->filters_verb == NULL && mig_option_choice(argument, verbs, &verb)) {
        return keep(&options->filters_verb, argument, err);
    }
    if (options->filters_verb == NULL) {
        mig_error_set(err, MIG_E_USAGE, "\"%s\" is not what can be done with filters", argument);
        return mig_error_hint(err,
                              "give check, copy, verify, or export DIR; of a plan: mailmigrate run --steps filters");
    }
    if (cli_filters_verb(options) == MIG_FILTERS_EXPORT && options->filters_path == NULL) {
        return keep(&options->filters_path, argument, err);
    }
    mig_error_set(err, MIG_E_USAGE, "\"%s\" has no place behind %s", argument, options->filters_verb);
    return mig_error_hint(err, "give the accounts as --source URL and --target URL; of a plan: mailmigrate run --steps "
                               "filters");
}

int cli_filters_check(const cli_options *options, mig_error *err)
{
    const mig_settings *settings = options->settings;
    static const char *const of_copy[] = {"activate", "replace", "map-folders"};
    if (options->filters_verb == NULL) {
        mig_error_set(err, MIG_E_USAGE, "what is to be done with the filters?");
        return mig_error_hint(err, "give check, copy, verify, or export DIR");
    }
    const mig_filters_verb verb = cli_filters_verb(options);
    if (verb == MIG_FILTERS_EXPORT && options->filters_path == NULL) {
        mig_error_set(err, MIG_E_USAGE, "export: into which directory?");
        return mig_error_hint(err, "mailmigrate filters export DIR --source URL");
    }
    if (verb == MIG_FILTERS_EXPORT && mig_option_given(settings, "target")) {
        return mig_error_set(err, MIG_E_USAGE, "export reads the source alone: it takes no --target");
    }
    if ((verb == MIG_FILTERS_COPY || verb == MIG_FILTERS_VERIFY) && !mig_option_given(settings, "target")) {
        mig_error_set(err, MIG_E_USAGE, "--target URL is missing");
        return mig_error_hint(err, "give the account as imaps://user%%40domain@host");
    }
    for (size_t i = 0; i < sizeof of_copy / sizeof of_copy[0]; i++) {
        if (mig_option_given(settings, of_copy[i]) && verb != MIG_FILTERS_COPY && verb != MIG_FILTERS_CHECK) {
            return mig_error_set(err, MIG_E_USAGE, "--%s belongs to copy and check", of_copy[i]);
        }
    }
    if (mig_option_given(settings, "dry-run") && verb != MIG_FILTERS_COPY) {
        return mig_error_set(err, MIG_E_USAGE, "--dry-run belongs to copy: nothing else changes anything");
    }
    return 0;
}
