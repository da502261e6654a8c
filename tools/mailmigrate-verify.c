/* mailmigrate-verify - compare what is on the target with what was copied; the manual is docs/mailmigrate-verify.1 */
#include "cli/campaign.h"
#include "cli/log.h"
#include "cli/options.h"
#include "cli/output.h"
#include "cli/process.h"
#include "cli/reports.h"
#include "cli/secrets.h"
#include "cli/signals.h"
#include "cli/state_path.h"

#include <migrate/run.h>
#include <migrate/verify_report.h>
#include <stdlib.h>
#include <string.h>

static const cli_tool tool = {"mailmigrate-verify", "PLAN | --source URL --target URL [OPTION...]", CLI_VERIFY,
                              CLI_PART_LINE};
static mig_stop stop = MIG_STOP_INIT; /* a signal can come as long as the process lives */

/* One line on standard error; returns the exit status. */
static int complain(const mig_error *err)
{
    char line[MIG_ERROR_TEXT + MIG_ERROR_SERVER + MIG_ERROR_HINT];
    fprintf(stderr, "%s: %s\n", tool.name, mig_error_line(err, line, sizeof line));
    return mig_code_exit_status(err->code);
}

static void complain_of_accounts(const mig_verify_result *result)
{
    for (size_t i = 0; i < result->account_count; i++)
        if (result->accounts[i].error.code != MIG_OK && result->accounts[i].error.code != MIG_E_INTERRUPTED)
            complain(&result->accounts[i].error);
}

/* Nothing is said of an account that could not be looked at, nor with --quiet of one in which all is well. */
static bool wants_summary(const cli_options *options, const cli_reports *reports, const mig_verify_result *result)
{
    bool began = false;
    for (size_t i = 0; i < result->account_count; i++)
        began = began || result->accounts[i].folder_count > 0;
    for (int i = 0; i < CLI_REPORT_COUNT; i++)
        if (reports->paths[i] && strcmp(reports->paths[i], "-") == 0)
            return false;
    return (began || result->exit_status == 0) && !(options->quiet && result->exit_status == 0);
}

static int report(const cli_options *options, cli_reports *reports, const mig_verify_result *result, mig_error *err)
{
    cli_output text = CLI_OUTPUT_INIT;
    if (cli_reports_write(reports, result, err) != 0)
        return -1;
    if (!wants_summary(options, reports, result))
        return 0;
    if (cli_output_open(&text, "-", err) != 0 || mig_report_verify_text(result, cli_output_sink, &text, err) != 0)
        return -1;
    return cli_output_commit(&text, err);
}

static int run(cli_options *options, cli_log *log, cli_terminal *terminal, cli_reports *reports)
{
    mig_error err = MIG_ERROR_INIT;
    cli_progress progress;
    cli_progress_init(&progress, terminal, options->progress, options->quiet);
    cli_signals_install(&stop);
    options->verify.log = cli_log_for_library(log);
    options->verify.stop = &stop;
    options->verify.progress = cli_progress_update;
    options->verify.progress_context = &progress;

    mig_verify_result *result = mig_verify_run(&options->verify, &err);
    cli_terminal_line(terminal, "");
    if (!result)
        return complain(&err);
    int status = result->exit_status;
    complain_of_accounts(result);
    if (report(options, reports, result, &err) != 0)
        status = complain(&err);
    mig_verify_result_free(&result);
    return status;
}

static int of_plan(int argc, char **argv)
{
    const cli_campaign campaign = {.tool = tool, .steps = MIG_STEP_VERIFY};
    return cli_campaign_main(&campaign, &stop, argc, (const char **)argv);
}

int main(int argc, char **argv)
{
    mig_error err = MIG_ERROR_INIT;
    cli_options options;
    cli_terminal terminal;
    cli_secrets secrets = CLI_SECRETS_INIT;
    cli_reports reports = CLI_REPORTS_INIT;
    cli_log log = CLI_LOG_INIT;
    char *state_path = NULL;
    int status = -1;

    cli_process_prepare();
    cli_terminal_init(&terminal, stderr);
    log.terminal = &terminal;
    log.stop = &stop;
    secrets.stop = &stop;
    if (cli_options_parse(&options, &tool, argc, (const char **)argv, &err) != 0)
        goto cleanup;
    if (options.plan_path) {
        status = of_plan(argc, argv);
        goto cleanup;
    }
    if (options.action != CLI_RUN) {
        status = options.action == CLI_CHECK_REPORT ? cli_check_report(&options, &err) : 0;
        goto cleanup;
    }
    log.terminal_level = cli_options_terminal_level(&options);
    log.file_level = cli_options_file_level(&options);
    if (!options.verify.state_path)
        options.verify.state_path = state_path = cli_state_path(options.verify.source, options.verify.target, &err);
    if (options.verify.state_path && cli_log_open(&log, options.log_path, &err) == 0 &&
        cli_reports_open(&reports, &options, &err) == 0 &&
        cli_secrets_prepare(&secrets, &options, &terminal, &err) == 0)
        status = run(&options, &log, &terminal, &reports);
cleanup:
    if (status < 0)
        status = complain(&err);
    if (cli_log_close(&log, &err) != 0)
        status = complain(&err);
    cli_reports_close(&reports);
    cli_secrets_clear(&secrets);
    cli_options_clear(&options);
    cli_terminal_destroy(&terminal);
    free(state_path);
    return status;
}
