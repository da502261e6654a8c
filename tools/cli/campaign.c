#include "cli/campaign.h"

#include "cli/campaign_report.h"
#include "cli/complain.h"
#include "cli/frame.h"
#include "cli/table.h"

static int work(const cli_campaign *campaign, cli_accounts *accounts, cli_frame *frame, cli_reports *reports,
                mig_error *err)
{
    const cli_options *common = &accounts->common;
    cli_table table;
    cli_table_init(&table, &frame->terminal, common->progress, common->quiet);
    const mig_run_options options = {.accounts = accounts->runs,
                                     .account_count = accounts->count,
                                     .steps = common->steps != 0 ? common->steps : campaign->steps,
                                     .keep_going = common->keep_going,
                                     .jobs = common->jobs,
                                     .host_connections = common->host_connections,
                                     .observer.log = cli_log_for_library(&frame->log),
                                     .observer.stop = frame->stop,
                                     .progress = cli_table_update,
                                     .progress_context = &table};
    mig_run_result *result = mig_run(&options, err);
    cli_table_end(&table);
    if (!result)
        return -1;
    int status = result->exit_status;
    if (cli_campaign_report(reports, common, frame->name, result, err) != 0)
        status = cli_complain(frame->name, err);
    const int told = cli_campaign_notify(common, frame->name, result);
    mig_run_result_free(&result);
    return status == 0 ? told : status;
}

int cli_campaign_main(const cli_campaign *campaign, mig_stop *stop, int argc, const char **argv)
{
    mig_error err = MIG_ERROR_INIT;
    cli_accounts accounts;
    cli_frame frame;
    cli_reports reports = CLI_REPORTS_INIT;
    int status = -1;

    cli_frame_begin(&frame, campaign->tool.name, stop);
    if (cli_accounts_parse(&accounts, &campaign->tool, argc, argv, &err) != 0)
        goto cleanup;
    const cli_options *common = &accounts.common;
    if (common->action != CLI_RUN)
        status = 0;
    else if (cli_frame_log(&frame, common, &err) == 0 && cli_reports_open(&reports, common, &err) == 0 &&
             cli_accounts_prepare(&accounts, &frame.terminal, stop, &err) == 0)
        status = work(campaign, &accounts, &frame, &reports, &err);
cleanup:
    status = cli_frame_end(&frame, status, &err);
    cli_reports_close(&reports);
    cli_accounts_clear(&accounts);
    return status;
}
