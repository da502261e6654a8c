/* mailmigrate-verify - compare what is on the target with what was copied; the manual is docs/mailmigrate-verify.1 */
#include "cli/check_report.h"
#include "cli/single.h"

#include <migrate/run.h>
#include <migrate/verify_report.h>

static mig_stop stop = MIG_STOP_INIT; /* a signal can come as long as the process lives */

static int write_json(const void *result, mig_sink_fn *sink, void *context, mig_error *err)
{
    return mig_report_verify_json(result, sink, context, err);
}

static int write_html(const void *result, mig_sink_fn *sink, void *context, mig_error *err)
{
    return mig_report_verify_html(result, sink, context, err);
}

static int write_csv(const void *result, mig_sink_fn *sink, void *context, mig_error *err)
{
    return mig_report_verify_csv(result, sink, context, err);
}

static int write_text(const void *result, mig_sink_fn *sink, void *context, mig_error *err)
{
    return mig_report_verify_text(result, sink, context, err);
}

static int write_terms(const void *result, mig_sink_fn *sink, void *context, mig_error *err)
{
    return mig_report_verify_terms_text(result, sink, context, err);
}

/* Nothing is said of an account that could not be looked at, nor with --quiet of one in which all is well. */
static bool wants_summary(const mig_settings *options, const cli_reports *reports, const mig_verify_result *result)
{
    bool began = false;
    for (size_t i = 0; i < result->account_count; i++) {
        began = began || result->accounts[i].folder_count > 0 || result->accounts[i].problem_count > 0;
    }
    return !cli_reports_on_output(reports) && (began || result->exit_status == 0) &&
           !(options->quiet && result->exit_status == 0);
}

static int work(mig_settings *options, cli_frame *frame, cli_reports *reports, mig_error *err)
{
    static cli_report_fn *const writers[CLI_REPORT_COUNT] = {
        [CLI_REPORT_JSON] = write_json, [CLI_REPORT_HTML] = write_html, [CLI_REPORT_CSV] = write_csv};
    options->verify.observer.log = cli_log_for_library(&frame->log);
    options->verify.observer.stop = &stop;
    options->verify.observer.progress = cli_progress_update;
    options->verify.observer.context = &frame->progress;
    mig_verify_result *result = mig_verify_run(&options->verify, err);
    cli_terminal_line(&frame->terminal, "");
    if (!result) {
        return -1;
    }
    int status = result->exit_status;
    for (size_t i = 0; i < result->account_count; i++) {
        cli_frame_complain_of(frame, &result->accounts[i].error);
    }
    if (cli_reports_write(reports, writers, result, err) != 0 ||
        (wants_summary(options, reports, result) &&
         (cli_reports_print(write_text, result, err) != 0 ||
          (options->verbose > 0 && cli_reports_print(write_terms, result, err) != 0)))) {
        status = -1;
    } else if (wants_summary(options, reports, result)) {
        cli_reports_tell(reports);
    }
    mig_verify_result_free(&result);
    return status;
}

int main(int argc, char **argv)
{
    static const cli_single verify = {
        .tool = {"mailmigrate-verify", "PLAN | --source URL --target URL [OPTION...]", MIG_VERB_VERIFY},
        .steps = MIG_STEP_VERIFY,
        .answer = cli_check_report,
        .work = work,
    };
    return cli_single_main(&verify, &stop, argc, argv);
}
