#include "cli/options_archive.h"

#include "cli/option_table.h"

#include <string.h>

int cli_archive_apply(cli_options *options, int option, const char *value, mig_error *err)
{
    (void)err;
    if (option == OPT_PASSWORD_FILE)
        options->archive_password_file = value;
    else if (option == OPT_ENCRYPT)
        options->encrypt = true;
    else
        options->incremental = true;
    return 0;
}

int cli_archive_take_argument(cli_options *options, const char *argument, mig_error *err)
{
    if (!options->archive_verb) {
        options->archive_verb = argument;
        if (strcmp(argument, "export") == 0 || strcmp(argument, "check") == 0)
            return 0;
        mig_error_set(err, MIG_E_USAGE, "\"%s\" is not what can be done with an archive", argument);
        return mig_error_hint(err, "give export, import or check, and then the file");
    }
    if (!options->archive_path) {
        options->archive_path = argument;
        return 0;
    }
    return mig_error_set(err, MIG_E_USAGE, "one file at a time; the others of a chain are found beside it");
}

bool cli_archive_exports(const cli_options *options)
{
    return options->archive_verb && strcmp(options->archive_verb, "export") == 0;
}

static int check_export(const cli_options *options, mig_error *err)
{
    if (options->public_key_path)
        return mig_error_set(err, MIG_E_USAGE, "--public-key belongs to check; an export has --sign KEY");
    if (options->incremental && options->copy.force)
        return mig_error_set(err, MIG_E_USAGE, "--incremental adds to an archive, --force replaces it: give one");
    if (options->archive_password_file && !options->encrypt) {
        mig_error_set(err, MIG_E_USAGE, "--password-file: an archive that is not encrypted has no password");
        return mig_error_hint(err, "add --encrypt; the password of the account is --source-password-file");
    }
    return 0;
}

int cli_archive_check(const cli_options *options, mig_error *err)
{
    if (!options->archive_verb || !options->archive_path) {
        mig_error_set(err, MIG_E_USAGE, options->archive_verb ? "which file?" : "what is to be done with an archive?");
        return mig_error_hint(err, "give export, import or check, and then the file");
    }
    if (cli_archive_exports(options))
        return check_export(options, err);
    const mig_copy_options *copy = &options->copy;
    if (options->sides[MIG_SOURCE].url || options->sign_path || options->encrypt || options->incremental ||
        copy->force || copy->selection.since || copy->selection.before || copy->selection.max_size > 0 ||
        options->folders.count > 0 || options->excludes.count > 0 || copy->selection.shared)
        return mig_error_set(err, MIG_E_USAGE,
                             "check looks at the whole file: it takes --public-key, --password-file "
                             "and the options of the output");
    return 0;
}
