/* mailmigrate-dedup - move away what is on the target once too often; the manual is docs/mailmigrate-dedup.1 */
#include "cli/single.h"

#include <migrate/dedup.h>

static mig_stop stop = MIG_STOP_INIT; /* a signal can come as long as the process lives */

static int write_json(const void *result, mig_sink_fn *sink, void *context, mig_error *err)
{
    return mig_report_dedup_json(result, sink, context, err);
}

static int write_text(const void *result, mig_sink_fn *sink, void *context, mig_error *err)
{
    return mig_report_dedup_text(result, sink, context, err);
}

static int report(const mig_settings *settings, cli_reports *reports, const mig_dedup_result *result, mig_error *err)
{
    static cli_report_fn *const writers[CLI_REPORT_COUNT] = {[CLI_REPORT_JSON] = write_json};
    const bool nothing = result->status == MIG_COMPLETE && result->doubles == 0 && result->returned == 0;
    if (cli_reports_write(reports, writers, result, err) != 0) {
        return -1;
    }
    if (cli_reports_on_output(reports) || (settings->quiet && nothing) ||
        (result->error.code != MIG_OK && result->folder_count == 0)) {
        return 0;
    }
    return cli_reports_print(write_text, result, err);
}

static int work(mig_settings *settings, cli_frame *frame, cli_reports *reports, mig_error *err)
{
    mig_dedup_options options = MIG_DEDUP_OPTIONS_INIT;
    options.source = settings->copy.source;
    options.target = settings->copy.target;
    options.state_path = settings->copy.state_path;
    options.selection = settings->copy.selection;
    options.provider = settings->copy.providers[MIG_TARGET];
    options.effort = settings->copy.effort;
    options.observer.log = cli_log_for_library(&frame->log);
    options.observer.stop = &stop;
    options.mode = settings->undo ? MIG_DEDUP_UNDO : settings->apply ? MIG_DEDUP_APPLY : MIG_DEDUP_LOOK;
    mig_dedup_result *result = mig_dedup_run(&options, err);
    cli_terminal_line(&frame->terminal, "");
    if (!result) {
        return -1;
    }
    cli_frame_complain_of(frame, &result->error);
    const int status = report(settings, reports, result, err) == 0 ? result->exit_status : -1;
    mig_dedup_result_free(&result);
    return status;
}

int main(int argc, char **argv)
{
    static const cli_single dedup = {
        .tool = {"mailmigrate-dedup", "--source URL --target URL [--apply|--undo] [OPTION...]", MIG_VERB_DEDUP},
        .work = work,
    };
    return cli_single_main(&dedup, &stop, argc, argv);
}
