/* mailmigrate-probe - what an IMAP server can do, and where its limits are; the manual is docs/mailmigrate-probe.1 */
#include "cli/single.h"

#include <migrate/measure_report.h>

static mig_stop stop = MIG_STOP_INIT; /* a signal can come as long as the process lives */

static int write_json(const void *result, mig_sink_fn *sink, void *context, mig_error *err)
{
    return mig_report_measure_json(result, sink, context, err);
}

static int write_text(const void *result, mig_sink_fn *sink, void *context, mig_error *err)
{
    return mig_report_measure_text(result, sink, context, err);
}

static int work(mig_settings *settings, cli_frame *frame, cli_reports *reports, mig_error *err)
{
    static cli_report_fn *const writers[CLI_REPORT_COUNT] = {[CLI_REPORT_JSON] = write_json};
    mig_measure_options options = MIG_MEASURE_OPTIONS_INIT;
    options.endpoint = &settings->sides[MIG_SOURCE].endpoint;
    options.provider = settings->sides[MIG_SOURCE].provider;
    options.connections = settings->probe_connections;
    options.write = settings->probe_write;
    options.log = cli_log_for_library(&frame->log);
    options.stop = frame->stop;
    mig_measure_result *result = mig_measure(&options, err);
    int status = result ? result->exit_status : -1;
    if (result &&
        (cli_reports_write(reports, writers, result, err) != 0 ||
         (!cli_reports_on_output(reports) && !settings->quiet && cli_reports_print(write_text, result, err) != 0))) {
        status = -1;
    }
    mig_measure_result_free(&result);
    return status;
}

int main(int argc, char **argv)
{
    static const cli_single probe = {
        .tool = {"mailmigrate-probe", "URL [OPTION...]", MIG_VERB_PROBE},
        .work = work,
    };
    return cli_single_main(&probe, &stop, argc, argv);
}
