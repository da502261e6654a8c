#include "cli/campaign.h"

#include "cli/campaign_report.h"
#include "cli/complain.h"
#include "cli/log.h"
#include "cli/process.h"
#include "cli/signals.h"
#include "cli/table.h"

#include <stdlib.h>

static int work(const cli_campaign *campaign, cli_accounts *accounts, cli_log *log, cli_terminal *terminal,
                mig_stop *stop, cli_campaign_reports *reports)
{
    mig_error err = MIG_ERROR_INIT;
    const cli_options *common = &accounts->common;
    cli_table table;
    cli_table_init(&table, terminal, common->progress, common->quiet);
    cli_signals_install(stop);
    const mig_run_options options = {.accounts = accounts->runs,
                                     .account_count = accounts->count,
                                     .steps = common->steps != 0 ? common->steps : campaign->steps,
                                     .keep_going = common->keep_going,
                                     .jobs = common->jobs,
                                     .host_connections = common->host_connections,
                                     .log = cli_log_for_library(log),
                                     .stop = stop,
                                     .progress = cli_table_update,
                                     .progress_context = &table};
    mig_run_result *result = mig_run(&options, &err);
    cli_table_end(&table);
    if (!result)
        return cli_complain(campaign->tool.name, &err);
    int status = result->exit_status;
    if (cli_campaign_reports_write(reports, common, campaign->tool.name, result, &err) != 0)
        status = cli_complain(campaign->tool.name, &err);
    const int told = cli_campaign_notify(common, campaign->tool.name, result);
    mig_run_result_free(&result);
    return status == 0 ? told : status;
}

int cli_campaign_main(const cli_campaign *campaign, mig_stop *stop, int argc, const char **argv)
{
    mig_error err = MIG_ERROR_INIT;
    cli_accounts accounts;
    cli_terminal terminal;
    cli_campaign_reports reports = CLI_CAMPAIGN_REPORTS_INIT;
    cli_log log = CLI_LOG_INIT;
    int status = -1;

    cli_process_prepare();
    cli_terminal_init(&terminal, stderr);
    log.terminal = &terminal;
    log.stop = stop;
    if (cli_accounts_parse(&accounts, &campaign->tool, argc, argv, &err) != 0)
        goto cleanup;
    const cli_options *common = &accounts.common;
    if (common->action != CLI_RUN) {
        status = 0;
        goto cleanup;
    }
    log.terminal_level = cli_options_terminal_level(common);
    log.file_level = cli_options_file_level(common);
    if (cli_log_open(&log, common->log_path, &err) == 0 && cli_campaign_reports_open(&reports, common, &err) == 0 &&
        cli_accounts_prepare(&accounts, &terminal, stop, &err) == 0)
        status = work(campaign, &accounts, &log, &terminal, stop, &reports);
cleanup:
    if (status < 0)
        status = cli_complain(campaign->tool.name, &err);
    if (cli_log_close(&log, &err) != 0)
        status = cli_complain(campaign->tool.name, &err);
    cli_campaign_reports_close(&reports);
    cli_accounts_clear(&accounts);
    cli_terminal_destroy(&terminal);
    return status;
}
