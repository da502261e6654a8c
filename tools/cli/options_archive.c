/* cli/options_archive.c - which options go with which verb of mailmigrate-archive */
#include "cli/options_archive.h"

#include <string.h>

static int keep(char **out, const char *value, mig_error *err)
{
    *out = strdup(value);
    return *out != NULL ? 0 : mig_error_set(err, MIG_E_NOMEM, "out of memory");
}

int cli_archive_take_argument(cli_options *options, const char *argument, mig_error *err)
{
    if (options->archive_verb == NULL && (strcmp(argument, "export") == 0 || strcmp(argument, "check") == 0)) {
        return keep(&options->archive_verb, argument, err);
    }
    if (options->archive_verb == NULL) {
        mig_error_set(err, MIG_E_USAGE, "\"%s\" is not what can be done with an archive", argument);
        return mig_error_hint(err, "give export, import or check, and then the file");
    }
    if (options->archive_path == NULL) {
        return keep(&options->archive_path, argument, err);
    }
    return mig_error_set(err, MIG_E_USAGE, "one file at a time; the others of a chain are found beside it");
}

bool cli_options_export(const cli_options *options)
{
    return options->archive_verb != NULL && strcmp(options->archive_verb, "export") == 0;
}

static int check_export(const mig_settings *settings, mig_error *err)
{
    if (mig_option_given(settings, "public-key")) {
        return mig_error_set(err, MIG_E_USAGE, "--public-key belongs to check; an export has --sign KEY");
    }
    if (mig_option_given(settings, "incremental") && mig_option_given(settings, "force")) {
        return mig_error_set(err, MIG_E_USAGE, "--incremental adds to an archive, --force replaces it: give one");
    }
    if (mig_option_given(settings, "password-file") && !mig_option_given(settings, "encrypt")) {
        mig_error_set(err, MIG_E_USAGE, "--password-file: an archive that is not encrypted has no password");
        return mig_error_hint(err, "add --encrypt; the password of the account is --source-password-file");
    }
    return 0;
}

int cli_archive_check(const cli_options *options, mig_error *err)
{
    static const char *const of_export[] = {"source", "sign",     "encrypt", "incremental", "force", "since",
                                            "before", "max-size", "folder",  "exclude",     "shared"};
    if (options->archive_verb == NULL || options->archive_path == NULL) {
        mig_error_set(err, MIG_E_USAGE,
                      options->archive_verb != NULL ? "which file?" : "what is to be done with an archive?");
        return mig_error_hint(err, "give export, import or check, and then the file");
    }
    if (cli_options_export(options)) {
        return check_export(options->settings, err);
    }
    for (size_t i = 0; i < sizeof of_export / sizeof of_export[0]; i++) {
        if (mig_option_given(options->settings, of_export[i])) {
            return mig_error_set(err, MIG_E_USAGE,
                                 "check looks at the whole file: it takes --public-key, --password-file "
                                 "and the options of the output");
        }
    }
    return 0;
}
