#include "cli/options_verify.h"

#include "cli/option_table.h"
#include "cli/values.h"

#include <string.h>
#include <sys/random.h>

static const char *const depth_names[] = {"full", "quick", NULL};
static const char *const against_names[] = {"state", "source", NULL};

int cli_verify_apply(cli_options *options, int option, const char *value, mig_error *err)
{
    mig_verify_options *verify = &options->verify;
    int choice = 0;
    switch (option) {
    case OPT_DEPTH:
        if (cli_take_choice(option, value, depth_names, &choice, err) != 0)
            return -1;
        verify->depth = (mig_depth)choice;
        return 0;
    case OPT_AGAINST:
        if (cli_take_choice(option, value, against_names, &choice, err) != 0)
            return -1;
        verify->against = (mig_against)choice;
        return 0;
    case OPT_SAMPLE:
        return cli_parse_percent(value, &verify->sample)
                   ? 0
                   : cli_bad_value(option, value, "a share above 0 and below 100 percent, as 5 or 0.5", err);
    case OPT_SEED:
        options->seed_given = true;
        return cli_parse_seed(value, &verify->seed)
                   ? 0
                   : cli_bad_value(option, value, "a number from 0 to 4294967295", err);
    case OPT_SIGN:
        options->sign_path = value;
        return 0;
    case OPT_CHECK_REPORT:
        options->check_path = value;
        return 0;
    default:
        options->public_key_path = value;
        return 0;
    }
}

/* What goes to standard output cannot be told apart there. */
int cli_check_outputs(const cli_options *options, mig_error *err)
{
    const char *const paths[] = {options->json_path, options->html_path, options->csv_path};
    int on_output = 0, files = 0;
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        on_output += paths[i] && strcmp(paths[i], "-") == 0;
        files += paths[i] && strcmp(paths[i], "-") != 0;
        for (size_t k = 0; k < i; k++)
            if (paths[i] && paths[k] && strcmp(paths[i], paths[k]) == 0)
                return mig_error_set(err, MIG_E_USAGE, "two reports cannot be written to the same place, %s",
                                     paths[i]);
    }
    if (options->sign_path && on_output > 0)
        return mig_error_set(err, MIG_E_USAGE, "--sign: a report on standard output has no place for its signature");
    if (options->sign_path && files == 0) {
        mig_error_set(err, MIG_E_USAGE, "--sign: there is no report to sign");
        return mig_error_hint(err, "name one with --json FILE, --html FILE or --csv FILE");
    }
    return 0;
}

static int finish_check(cli_options *options, mig_error *err)
{
    if (options->sides[MIG_SOURCE].url || options->sides[MIG_TARGET].url)
        return mig_error_set(err, MIG_E_USAGE, "--check-report looks at a file: it needs no --source and no --target");
    if (options->sign_path || options->json_path || options->html_path || options->csv_path)
        return mig_error_set(err, MIG_E_USAGE, "--check-report writes no report");
    options->action = CLI_CHECK_REPORT;
    return 0;
}

static int choose_seed(mig_verify_options *verify, mig_error *err)
{
    uint32_t seed = 0;
    if (getrandom(&seed, sizeof seed, 0) != (ssize_t)sizeof seed)
        return mig_error_set(err, MIG_E_IO, "the system gives no random numbers");
    verify->seed = seed;
    return 0;
}

int cli_verify_finish(cli_options *options, mig_error *err)
{
    mig_verify_options *verify = &options->verify;
    if (options->check_path)
        return finish_check(options, err);
    if (options->public_key_path)
        return mig_error_set(err, MIG_E_USAGE, "--public-key belongs to --check-report");
    if (verify->sample > 0 && verify->depth == MIG_DEPTH_QUICK)
        return mig_error_set(err, MIG_E_USAGE, "--depth quick reads no content: there is nothing to --sample");
    if (options->seed_given && verify->sample <= 0)
        return mig_error_set(err, MIG_E_USAGE, "--seed belongs to --sample");
    verify->source = options->copy.source;
    verify->target = options->copy.target;
    verify->state_path = options->copy.state_path;
    verify->selection = options->copy.selection;
    verify->providers[MIG_SOURCE] = options->copy.providers[MIG_SOURCE];
    verify->providers[MIG_TARGET] = options->copy.providers[MIG_TARGET];
    verify->effort = options->copy.effort;
    options->sides[MIG_SOURCE].only_named = verify->against == MIG_AGAINST_RECORD;
    return options->seed_given || verify->sample <= 0 ? 0 : choose_seed(verify, err);
}
