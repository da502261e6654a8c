/* cli/domain_step.c - the step `domain` of a run */
#include "cli/domain_step.h"

#include "cli/domain_options.h"
#include "cli/keep.h"

#include <migrate/domain_report.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int look(cli_domain_options *options, const mig_stop *stop, cli_domain_seen *seen, mig_error *err)
{
    cli_kept text = CLI_KEPT_INIT, json = CLI_KEPT_INIT;
    options->look.stop = stop;
    mig_domain_result *result = mig_domain_look(&options->look, err);
    int status = result ? result->exit_status : -1;
    if (status >= 0 && (cli_domain_record(options, result, err) != 0 ||
                        mig_report_domain_text(result, false, cli_keep, &text, err) != 0 ||
                        mig_report_domain_json(result, cli_keep, &json, err) != 0)) {
        status = -1;
    }
    *seen = (cli_domain_seen){text.text, json.text};
    mig_domain_result_free(&result);
    return status;
}

int cli_domain_step(const char *plan, const mig_stop *stop, cli_domain_seen *seen, mig_error *err)
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
        status = look(&options, stop, seen, err);
    }
    cli_domain_options_clear(&options);
    free(path);
    return status;
}
