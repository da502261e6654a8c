/* cli/bad_option.c - what popt cannot read, said as all the tools say it that have no table of the library's options */
#include "cli/bad_option.h"

int cli_bad_option(poptContext context, int code, mig_error *err)
{
    mig_error_set(err, MIG_E_USAGE, "%s: %s", poptBadOption(context, POPT_BADOPTION_NOALIAS), poptStrerror(code));
    return mig_error_hint(err, "--help lists the options");
}
