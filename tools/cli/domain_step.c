/* cli/domain_step.c - the step `domain` of a run */
#include "cli/domain_step.h"

#include "cli/domain_options.h"
#include "cli/reports.h"

#include <migrate/domain_report.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int write_text(const void *result, mig_sink_fn *sink, void *context, mig_error *err)
{
    return mig_report_domain_text(result, false, sink, context, err);
}

static int look(cli_domain_options *options, bool print, const mig_stop *stop, mig_error *err)
{
    options->look.stop = stop;
    mig_domain_result *result = mig_domain_look(&options->look, err);
    int status = result ? result->exit_status : -1;
    if (status >= 0 &&
        (cli_domain_record(options, result, err) != 0 || (print && cli_reports_print(write_text, result, err) != 0))) {
        status = -1;
    }
    mig_domain_result_free(&result);
    return status;
}

int cli_domain_step(const char *plan, bool print, const mig_stop *stop, mig_error *err)
{
    cli_domain_options options = {.count = 0};
    const size_t size = strlen(plan) + 3;
    char *path = malloc(size); /* with a slash in it, which says that it is a plan */
    int status = -1;
    if (!path) {
        return mig_error_set(err, MIG_E_NOMEM, "out of memory");
    }
    snprintf(path, size, "%s%s", strchr(plan, '/') ? "" : "./", plan);
    const char *argv[] = {"mailmigrate-domain", path, "--phase", "after", NULL};
    if (cli_domain_options_parse(&options, 4, argv, err) == 0) {
        status = look(&options, print, stop, err);
    }
    cli_domain_options_clear(&options);
    free(path);
    return status;
}
