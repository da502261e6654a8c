/* cli/single.c - a tool that works on one account, from its arguments to the exit status */
#include "cli/single.h"

#include "cli/accounts.h"
#include "cli/campaign.h"
#include "cli/secrets.h"

#include <migrate/run.h>

/* The server of an address first: the state's name has it. */
static int prepare(mig_settings *settings, const cli_secrets *secrets, mig_error *err)
{
    mig_helper helper;
    cli_secrets_helper(secrets, &helper);
    return mig_settings_find(settings, &helper, err) != 0 || cli_accounts_place(settings, err) != 0
               ? -1
               : mig_settings_prepare(settings, &helper, err);
}

static int run(const cli_single *single, mig_settings *settings, cli_frame *frame, mig_error *err)
{
    cli_secrets secrets = CLI_SECRETS_INIT;
    cli_reports reports = CLI_REPORTS_INIT;
    const cli_report_paths paths = cli_report_paths_of(settings);
    int status = -1;
    if (cli_frame_log(frame, settings, err) == 0 && cli_reports_open(&reports, &paths, err) == 0 &&
        cli_secrets_take(&secrets, &frame->terminal, frame->stop, err) == 0 && prepare(settings, &secrets, err) == 0) {
        cli_frame_watch(frame, settings);
        status = single->work(settings, frame, &reports, err);
    }
    cli_reports_close(&reports);
    cli_secrets_clear(&secrets);
    return status;
}

int cli_single_main(const cli_single *single, mig_stop *stop, int argc, char **argv)
{
    mig_error err = MIG_ERROR_INIT;
    cli_options options;
    cli_frame frame;
    int status = -1;

    cli_frame_begin(&frame, single->tool.name, stop);
    if (cli_options_parse(&options, &single->tool, argc, (const char **)argv, &err) != 0) {
        goto cleanup;
    }
    /* A dry run tells what taking stock finds out, too: the same for one account as for many. */
    const bool dry = options.action == CLI_RUN && single->steps == MIG_STEP_COPY && options.settings->copy.dry_run &&
                     !options.settings->mend.wanted;
    if (options.plan_path != NULL && single->steps == 0) {
        mig_error_set(&err, MIG_E_USAGE, "%s works on one account: there is no plan for it", single->tool.name);
        mig_error_hint(&err, "give the account as --source URL and --target URL");
    } else if (options.plan_path != NULL || dry) {
        const cli_campaign campaign = {.tool = single->tool, .steps = single->steps};
        status = cli_campaign_main(&campaign, stop, argc, (const char **)argv);
    } else if (options.action == CLI_RUN) {
        status = run(single, options.settings, &frame, &err);
    } else {
        status = options.action == CLI_CHECK_REPORT ? single->answer(options.settings, &err) : 0;
    }
cleanup:
    status = cli_frame_end(&frame, status, &err);
    cli_options_clear(&options);
    return status;
}
