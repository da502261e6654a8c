/* run/mend.c - a verification, and a copy that puts right what it found */
#include "run/mend.h"
#include <string.h>

mig_verify_options mig__verify_as_copied(const mig_verify_options *chosen, const mig_copy_options *copied)
{
    mig_verify_options options = *chosen;
    options.source = copied->source;
    options.target = copied->target;
    options.state_path = copied->state_path;
    options.selection = copied->selection;
    options.providers[MIG_SOURCE] = copied->providers[MIG_SOURCE];
    options.providers[MIG_TARGET] = copied->providers[MIG_TARGET];
    options.effort = copied->effort;
    options.observer = copied->observer;
    return options;
}

/* What is found now. A folder that cannot be read is named by the copy, which looks at it as well. */
static int verify_first(const mig_copy_options *options, unsigned what, mig_mend *mend, mig_error *err)
{
    const mig_verify_options chosen = MIG_VERIFY_OPTIONS_INIT;
    mig_verify_options how = mig__verify_as_copied(&chosen, options);
    mig_verify_result *result = mig_verify_run(&how, err);
    int failed = result == NULL ? -1 : 0;
    for (size_t i = 0; failed == 0 && i < result->account_count; i++) {
        const mig_verify_account *account = &result->accounts[i];
        if (account->error.code != MIG_OK) {
            *err = account->error;
            failed = mig_error_context(err, "verifying what is to be put right");
        } else {
            failed = mig_mend_take(mend, account, what, err);
        }
    }
    mig_verify_result_free(&result);
    return failed;
}

mig_copy_result *mig_mend_run(const mig_copy_options *options, const mig_mend_wish *wish, mig_error *err)
{
    char source[320], target[320];
    mig_mend mend = MIG_MEND_INIT;
    mig_copy_options how = *options;
    mig_copy_result *result = NULL;
    const unsigned what = wish->what != 0 ? wish->what : MIG_MEND_ALL;
    mend.replace = wish->replace;
    how.mend = &mend;
    int failed = wish->report == NULL
                     ? verify_first(options, what, &mend, err)
                     : mig_mend_read(&mend, wish->report, mig_endpoint_label(options->source, source, sizeof source),
                                     mig_endpoint_label(options->target, target, sizeof target), what, err);
    if (failed == 0) {
        result = mig_copy_run(&how, err);
    }
    mig_mend_clear(&mend);
    return result;
}
