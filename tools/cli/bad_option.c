/* cli/bad_option.c - what popt cannot read, said as all the tools say it that have no table of the library's options */
#include "cli/bad_option.h"

#include <migrate/options.h>
#include <stdio.h>
#include <string.h>

enum { MOST_OPTIONS = 64, LONGEST = 80 };

/* The option of the table that is nearest to what was typed, NULL: none is near. */
static const char *near(const struct poptOption *table, const char *typed)
{
    const char *names[MOST_OPTIONS];
    char name[LONGEST];
    size_t count = 0;
    if (strncmp(typed, "--", 2) != 0) {
        return NULL;
    }
    snprintf(name, sizeof name, "%.*s", (int)strcspn(typed + 2, "="), typed + 2);
    for (; table->longName && count < MOST_OPTIONS; table++) {
        names[count++] = table->longName;
    }
    return mig_option_nearest(name, names, count);
}

int cli_bad_option(poptContext context, const struct poptOption *table, int code, mig_error *err)
{
    const char *typed = poptBadOption(context, POPT_BADOPTION_NOALIAS);
    const char *meant = code == POPT_ERROR_BADOPT ? near(table, typed) : NULL;
    mig_error_set(err, MIG_E_USAGE, "%s: %s", typed, poptStrerror(code));
    return meant ? mig_error_hint(err, "did you mean --%s?", meant) : mig_error_hint(err, "--help lists the options");
}
