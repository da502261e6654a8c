#include "cli/single.h"

#include "cli/campaign.h"
#include "cli/secrets.h"
#include "cli/state_path.h"

#include <stdlib.h>

static int place_state(cli_options *options, char **made, mig_error *err)
{
    mig_copy_options *copy = &options->copy;
    if (!copy->state_path)
        copy->state_path = *made = cli_state_path(copy->source, copy->target, err);
    copy->lock_dir = cli_lock_directory();
    options->verify.state_path = copy->state_path;
    return copy->state_path ? 0 : -1;
}

static int run(const cli_single *single, cli_options *options, cli_frame *frame, mig_error *err)
{
    cli_secrets secrets = CLI_SECRETS_INIT;
    cli_reports reports = CLI_REPORTS_INIT;
    char *state_path = NULL;
    int status = -1;
    secrets.stop = frame->stop;
    if (place_state(options, &state_path, err) == 0 && cli_frame_log(frame, options, err) == 0 &&
        cli_reports_open(&reports, options, err) == 0 &&
        cli_secrets_prepare(&secrets, options, &frame->terminal, err) == 0) {
        cli_frame_watch(frame, options);
        status = single->work(options, frame, &reports, err);
    }
    cli_reports_close(&reports);
    cli_secrets_clear(&secrets);
    free(state_path);
    return status;
}

int cli_single_main(const cli_single *single, mig_stop *stop, int argc, char **argv)
{
    mig_error err = MIG_ERROR_INIT;
    cli_options options;
    cli_frame frame;
    int status = -1;

    cli_frame_begin(&frame, single->tool.name, stop);
    if (cli_options_parse(&options, &single->tool, argc, (const char **)argv, &err) != 0)
        goto cleanup;
    if (options.plan_path) {
        const cli_campaign campaign = {.tool = single->tool, .steps = single->steps};
        status = cli_campaign_main(&campaign, stop, argc, (const char **)argv);
    } else if (options.action == CLI_RUN) {
        status = run(single, &options, &frame, &err);
    } else {
        status = options.action == CLI_CHECK_REPORT ? single->answer(&options, &err) : 0;
    }
cleanup:
    status = cli_frame_end(&frame, status, &err);
    cli_options_clear(&options);
    return status;
}
