/* mailmigrate-copy - copy a mailbox from one IMAP server to another; the manual is docs/mailmigrate-copy.1 */
#include "cli/single.h"

#include <migrate/copy.h>
#include <migrate/report.h>
#include <migrate/run.h>

static mig_stop stop = MIG_STOP_INIT; /* a signal can come as long as the process lives */

static int write_json(const void *result, mig_sink_fn *sink, void *context, mig_error *err)
{
    return mig_report_copy_json(result, sink, context, err);
}

static int write_text(const void *result, mig_sink_fn *sink, void *context, mig_error *err)
{
    return mig_report_copy_text(result, sink, context, err);
}

/* A login that failed is one line and no summary of nothing; --quiet leaves out a summary that needs no one. */
static bool wants_summary(const mig_settings *options, const cli_reports *reports, const mig_copy_result *result)
{
    bool began = false;
    for (size_t i = 0; i < result->account_count; i++) {
        began = began || result->accounts[i].folder_count > 0;
    }
    return began && !cli_reports_on_output(reports) && !(options->quiet && result->status == MIG_COMPLETE);
}

static int report(const mig_settings *options, cli_reports *reports, const mig_copy_result *result, mig_error *err)
{
    static cli_report_fn *const writers[CLI_REPORT_COUNT] = {[CLI_REPORT_JSON] = write_json};
    if (cli_reports_write(reports, writers, result, err) != 0) {
        return -1;
    }
    if (!wants_summary(options, reports, result)) {
        return 0;
    }
    if (cli_reports_print(write_text, result, err) != 0) {
        return -1;
    }
    cli_reports_tell(reports);
    return 0;
}

static int work(mig_settings *options, cli_frame *frame, cli_reports *reports, mig_error *err)
{
    frame->log.summary = !cli_reports_on_output(reports);
    options->copy.observer.log = cli_log_for_library(&frame->log);
    options->copy.observer.stop = &stop;
    options->copy.observer.progress = cli_progress_update;
    options->copy.observer.context = &frame->progress;
    mig_copy_result *result =
        options->mend.wanted ? mig_mend_run(&options->copy, &options->mend, err) : mig_copy_run(&options->copy, err);
    cli_terminal_line(&frame->terminal, "");
    if (!result) {
        return -1;
    }
    for (size_t i = 0; i < result->account_count; i++) {
        cli_frame_complain_of(frame, &result->accounts[i].error);
    }
    const int status = report(options, reports, result, err) == 0 ? result->exit_status : -1;
    mig_copy_result_free(&result);
    return status;
}

int main(int argc, char **argv)
{
    static const cli_single copy = {
        .tool = {"mailmigrate-copy", "PLAN | --source URL --target URL [OPTION...]", MIG_VERB_COPY},
        .steps = MIG_STEP_COPY,
        .work = work,
    };
    return cli_single_main(&copy, &stop, argc, argv);
}
