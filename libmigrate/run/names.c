/* run/names.c - names of the steps and states of a run */
#include <migrate/run.h>

const char *mig_step_name(unsigned step)
{
    switch (step) {
    case MIG_STEP_CHECK:
        return "check";
    case MIG_STEP_INVENTORY:
        return "inventory";
    case MIG_STEP_COPY:
        return "copy";
    case MIG_STEP_VERIFY:
        return "verify";
    case MIG_STEP_DOMAIN:
        return "domain";
    case MIG_STEP_FILTERS:
        return "filters";
    case MIG_STEP_MEND:
        return "mend";
    default:
        return "";
    }
}

const char *mig_run_state_name(mig_run_state state)
{
    static const char *const names[] = {"waiting", "running", "done", "failed", "skipped"};
    return (unsigned)state < sizeof names / sizeof names[0] ? names[state] : "unknown";
}
