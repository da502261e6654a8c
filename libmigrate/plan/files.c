/* plan/files.c - can the files that a plan names be read? */
#include "plan/plan_private.h"
#include <errno.h>
#include <string.h>
#include <unistd.h>

/* Those that must be there before a run; reports, logs and states are made by it. */
static bool is_input(const char *name)
{
    const mig_option *option = mig_option_find(MIG_VERB_RUN, name);
    return option != NULL && option->is_input;
}

static int check(mig_plan *plan, const mig_plan_option *options, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (!is_input(options[i].name) || access(options[i].value, R_OK) == 0) {
            continue;
        }
        char reason[128];
        if (strerror_r(errno, reason, sizeof reason) != 0) {
            reason[0] = '\0';
        }
        if (mig__plan_problem(plan, options[i].from.file, options[i].from.line, "%s: %s cannot be read: %s",
                              options[i].name, options[i].value, reason) != 0) {
            return -1;
        }
    }
    return 0;
}

int mig_plan_check_files(mig_plan *plan, mig_error *err)
{
    int failed = check(plan, plan->options, plan->option_count);
    for (size_t i = 0; failed == 0 && i < plan->account_count; i++) {
        failed = check(plan, plan->accounts[i].options, plan->accounts[i].option_count);
    }
    return failed == 0 ? 0 : mig_error_set(err, MIG_E_NOMEM, "out of memory");
}
