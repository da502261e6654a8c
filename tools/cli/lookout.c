/* cli/lookout.c - those who look on while a run over many accounts works: the table, the page, the file of metrics */
#include "cli/lookout.h"

#include "cli/complain.h"
#include "cli/page.h"

static void on_progress(const mig_run_progress *progress, void *context)
{
    cli_lookout *lookout = context;
    cli_table_update(progress, lookout->table);
    if (lookout->board) {
        mig_board_take_run(lookout->board, progress);
    }
}

static void on_event(const mig_log_event *event, void *context)
{
    const cli_lookout *lookout = context;
    mig_board_take_event(lookout->board, event);
    if (lookout->log.write && event->level <= lookout->log.level) {
        lookout->log.write(event, lookout->log.context);
    }
}

/* Problems are warnings: they are counted also where nobody wants to read of them. */
static mig_log log_of(cli_lookout *lookout)
{
    const mig_log_level least = MIG_LOG_WARNING;
    return (mig_log){on_event, lookout, lookout->log.level > least ? lookout->log.level : least};
}

int cli_lookout_check(const mig_settings *settings, mig_error *err)
{
    const cli_page_options page = {settings->live, settings->live_cert, settings->live_key};
    if (!settings->live && (settings->live_cert || settings->live_key)) {
        return mig_error_set(err, MIG_E_USAGE, "--live-cert and --live-key are for --live");
    }
    return settings->live ? cli_page_check(&page, err) : 0;
}

int cli_lookout_begin(cli_lookout *lookout, cli_table *table, const mig_settings *settings, const char *name,
                      mig_run_options *options, mig_error *err)
{
    *lookout = (cli_lookout){.table = table, .log = options->observer.log};
    options->progress = on_progress;
    options->progress_context = lookout;
    if (!settings->metrics_path && !settings->live) {
        return 0;
    }
    if (!(lookout->board = mig_board_new(err))) {
        return -1;
    }
    options->observer.log = log_of(lookout);
    if (cli_metrics_begin(&lookout->metrics, lookout->board, settings->metrics_path, err) != 0) {
        return -1;
    }
    if (settings->live) { /* whatever is wrong with it now does not keep the run from its work */
        const cli_page_options page = {settings->live, settings->live_cert, settings->live_key};
        mig_error problem = MIG_ERROR_INIT;
        lookout->page = cli_page_begin(&page, lookout->board, table->terminal, &problem);
        if (!lookout->page) {
            mig_error_context(&problem, "the run goes on without its page");
            cli_complain(name, &problem);
        }
    }
    return 0;
}

int cli_lookout_end(cli_lookout *lookout, const mig_run_result *result, mig_error *err)
{
    if (lookout->board && result) {
        mig_board_take_result(lookout->board, result);
    }
    cli_page_end(&lookout->page, result != NULL);
    const int status = cli_metrics_end(&lookout->metrics, err);
    mig_board_free(&lookout->board);
    return status;
}
