/* mailmigrate-filters - mail filters from one account to another; the manual is docs/mailmigrate-filters.1 */
#include "cli/accounts.h"
#include "cli/filters_export.h"
#include "cli/filters_names.h"
#include "cli/frame.h"
#include "cli/options_filters.h"
#include "cli/reports.h"
#include "cli/secrets.h"

#include <migrate/filters.h>

static const cli_tool tool = {"mailmigrate-filters", "check|copy|verify|export DIR [OPTION...]", MIG_VERB_FILTERS};
static mig_stop stop = MIG_STOP_INIT; /* a signal can come as long as the process lives */

static int write_json(const void *result, mig_sink_fn *sink, void *context, mig_error *err)
{
    return mig_report_filters_json(result, sink, context, err);
}

static int write_text(const void *result, mig_sink_fn *sink, void *context, mig_error *err)
{
    return mig_report_filters_text(result, sink, context, err);
}

static int report(const cli_options *options, cli_reports *reports, const mig_filters_result *result, mig_error *err)
{
    static cli_report_fn *const writers[CLI_REPORT_COUNT] = {[CLI_REPORT_JSON] = write_json};
    if (cli_reports_write(reports, writers, result, err) != 0) {
        return -1;
    }
    const bool began = result->filter_count > 0 || result->error.code == MIG_OK;
    if (!began || cli_reports_on_output(reports) || (options->settings->quiet && result->exit_status == 0)) {
        return 0;
    }
    return cli_reports_print(write_text, result, err);
}

static int work(const cli_options *options, cli_frame *frame, cli_reports *reports, mig_error *err)
{
    cli_filters_names names;
    mig_filters_options all = options->settings->filters;
    all.verb = cli_filters_verb(options);
    all.names = cli_filters_names_make(&names, options->settings, &stop);
    all.log = cli_log_for_library(&frame->log);
    all.stop = &stop;
    mig_filters_result *result = mig_filters_run(&all, err);
    cli_terminal_line(&frame->terminal, "");
    if (!result) {
        return -1;
    }
    int status = result->exit_status;
    cli_frame_complain_of(frame, &result->error);
    if ((all.verb == MIG_FILTERS_EXPORT && result->error.code == MIG_OK &&
         cli_filters_export(result, options->filters_path, err) != 0) ||
        report(options, reports, result, err) != 0) {
        status = -1;
    }
    mig_filters_result_free(&result);
    return status;
}

/* Without a target, and where scripts come from files, nothing is recorded unless a place is said. */
static int place(mig_settings *settings, mig_error *err)
{
    const bool pair = settings->copy.target != NULL && settings->sides[MIG_SOURCE].endpoint.user != NULL;
    return pair ? cli_accounts_place(settings, err) : 0;
}

static int prepare(mig_settings *settings, const cli_secrets *secrets, mig_error *err)
{
    mig_helper helper;
    cli_secrets_helper(secrets, &helper);
    return mig_settings_find(settings, &helper, err) != 0 || place(settings, err) != 0
               ? -1
               : mig_settings_prepare(settings, &helper, err);
}

static int run(cli_options *options, cli_frame *frame, mig_error *err)
{
    cli_secrets secrets = CLI_SECRETS_INIT;
    cli_reports reports = CLI_REPORTS_INIT;
    mig_settings *settings = options->settings;
    const cli_report_paths paths = {.json = settings->json_path};
    int status = -1;
    if (cli_frame_log(frame, settings, err) == 0 && cli_reports_open(&reports, &paths, err) == 0 &&
        cli_secrets_take(&secrets, &frame->terminal, frame->stop, err) == 0 && prepare(settings, &secrets, err) == 0) {
        status = work(options, frame, &reports, err);
    }
    cli_reports_close(&reports);
    cli_secrets_clear(&secrets);
    return status;
}

int main(int argc, char **argv)
{
    mig_error err = MIG_ERROR_INIT;
    cli_options options = {.action = CLI_RUN};
    cli_frame frame;
    int status = -1;

    cli_frame_begin(&frame, tool.name, &stop);
    if (cli_options_parse(&options, &tool, argc, (const char **)argv, &err) == 0) {
        status = options.action == CLI_RUN ? run(&options, &frame, &err) : 0;
    }
    status = cli_frame_end(&frame, status, &err);
    cli_options_clear(&options);
    return status;
}
