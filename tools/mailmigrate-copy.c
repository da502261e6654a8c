/* mailmigrate-copy - copy a mailbox from one IMAP server to another; the manual is docs/mailmigrate-copy.1 */
#include "cli/campaign.h"
#include "cli/log.h"
#include "cli/options.h"
#include "cli/output.h"
#include "cli/process.h"
#include "cli/secrets.h"
#include "cli/signals.h"
#include "cli/state_path.h"

#include <migrate/copy.h>
#include <migrate/report.h>
#include <migrate/run.h>
#include <stdlib.h>
#include <string.h>

static const cli_tool tool = {"mailmigrate-copy", "PLAN | --source URL --target URL [OPTION...]", CLI_COPY,
                              CLI_PART_LINE};
static mig_stop stop = MIG_STOP_INIT; /* a signal can come as long as the process lives */

/* One line on standard error; returns the exit status. */
static int complain(const mig_error *err)
{
    char line[MIG_ERROR_TEXT + MIG_ERROR_SERVER + MIG_ERROR_HINT];
    fprintf(stderr, "%s: %s\n", tool.name, mig_error_line(err, line, sizeof line));
    return mig_code_exit_status(err->code);
}

/* What ended an account early is told where errors are looked for, besides the summary. */
static void complain_of_accounts(const mig_copy_result *result)
{
    for (size_t i = 0; i < result->account_count; i++)
        if (result->accounts[i].error.code != MIG_OK && result->accounts[i].error.code != MIG_E_INTERRUPTED)
            complain(&result->accounts[i].error);
}

/* A login that failed is one line and no summary of nothing; --quiet leaves out a summary that needs no one. */
static bool wants_summary(const cli_options *options, const mig_copy_result *result)
{
    bool began = false;
    for (size_t i = 0; i < result->account_count; i++)
        began = began || result->accounts[i].folder_count > 0;
    const bool json_instead = options->json_path && strcmp(options->json_path, "-") == 0;
    return began && !json_instead && !(options->quiet && result->status == MIG_COMPLETE);
}

static int report(const cli_options *options, const mig_copy_result *result, cli_output *json, mig_error *err)
{
    static const char dry_run[] = "Dry run: nothing was changed on either side.\n";
    cli_output text = CLI_OUTPUT_INIT;
    if (json->file &&
        (mig_report_copy_json(result, cli_output_sink, json, err) != 0 || cli_output_commit(json, err) != 0))
        return -1;
    if (!wants_summary(options, result))
        return 0;
    if (cli_output_open(&text, "-", err) != 0)
        return -1;
    if (options->copy.dry_run)
        cli_output_sink(dry_run, sizeof dry_run - 1, &text);
    if (mig_report_copy_text(result, cli_output_sink, &text, err) != 0)
        return -1;
    return cli_output_commit(&text, err);
}

static int run(cli_options *options, cli_log *log, cli_terminal *terminal, cli_output *json)
{
    mig_error err = MIG_ERROR_INIT;
    cli_progress progress;
    cli_progress_init(&progress, terminal, options->progress, options->quiet);
    cli_signals_install(&stop);
    options->copy.log = cli_log_for_library(log);
    options->copy.stop = &stop;
    options->copy.progress = cli_progress_update;
    options->copy.progress_context = &progress;

    mig_copy_result *result = mig_copy_run(&options->copy, &err);
    cli_terminal_line(terminal, "");
    if (!result)
        return complain(&err);
    int status = result->exit_status;
    complain_of_accounts(result);
    if (report(options, result, json, &err) != 0)
        status = complain(&err);
    mig_copy_result_free(&result);
    return status;
}

static int of_plan(int argc, char **argv)
{
    const cli_campaign campaign = {.tool = tool, .steps = MIG_STEP_COPY};
    return cli_campaign_main(&campaign, &stop, argc, (const char **)argv);
}

int main(int argc, char **argv)
{
    mig_error err = MIG_ERROR_INIT;
    cli_options options;
    cli_terminal terminal;
    cli_secrets secrets = CLI_SECRETS_INIT;
    cli_output json = CLI_OUTPUT_INIT;
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
        status = 0;
        goto cleanup;
    }
    log.terminal_level = cli_options_terminal_level(&options);
    log.file_level = cli_options_file_level(&options);
    if (!options.copy.state_path)
        options.copy.state_path = state_path = cli_state_path(options.copy.source, options.copy.target, &err);
    if (options.copy.state_path && cli_log_open(&log, options.log_path, &err) == 0 &&
        (!options.json_path || cli_output_open(&json, options.json_path, &err) == 0) &&
        cli_secrets_prepare(&secrets, &options, &terminal, &err) == 0)
        status = run(&options, &log, &terminal, &json);
cleanup:
    if (status < 0)
        status = complain(&err);
    if (cli_log_close(&log, &err) != 0)
        status = complain(&err);
    cli_output_close(&json);
    cli_secrets_clear(&secrets);
    cli_options_clear(&options);
    cli_terminal_destroy(&terminal);
    free(state_path);
    return status;
}
