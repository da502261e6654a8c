/* cli/campaign.c - what the tools that work on many accounts do from their first line to the exit status */
#include "cli/campaign.h"

#include "cli/campaign_report.h"
#include "cli/complain.h"
#include "cli/domain_step.h"
#include "cli/filters_names.h"
#include "cli/frame.h"
#include "cli/lookout.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

/* The step that is about names. The exit status, or -1 with `err`. */
static int look_at_domains(const cli_accounts *accounts, const cli_frame *frame, cli_domain_seen *seen, mig_error *err)
{
    const mig_plan *plan = accounts->roster->plan;
#ifdef MIG_WITH_DOMAIN
    return cli_domain_step(plan->path, frame->stop, seen, err);
#else
    (void)plan;
    (void)frame;
    (void)seen;
    return mig_error_set(err, MIG_E_USAGE, "--steps domain: this build has no looks at domains");
#endif
}

/* What is done with accounts. NULL with `err`: as mig_run. */
static mig_run_result *run_accounts(const cli_campaign *campaign, cli_accounts *accounts, cli_frame *frame,
                                    mig_error *err)
{
    const mig_settings *common = accounts->roster->whole;
    mig_error told = MIG_ERROR_INIT;
    mig_run_options options;
    cli_filters_names names;
    mig_run_result *result = NULL;
    cli_table table;
    cli_lookout lookout;
    cli_table_init(&table, &frame->terminal, common->progress, common->quiet);
    mig_settings_run(common, campaign->steps, &options);
    options.steps &= ~(unsigned)MIG_STEP_DOMAIN;
    options.accounts = accounts->roster->accounts;
    options.account_count = accounts->roster->count;
    options.observer.log = cli_log_for_library(&frame->log);
    options.observer.stop = frame->stop;
    options.names = cli_filters_names_make(&names, common, frame->stop);
    if (cli_lookout_begin(&lookout, &table, common, frame->name, &options, err) == 0) {
        result = mig_run(&options, err);
    }
    cli_table_end(&table);
    const int shown = cli_lookout_end(&lookout, result, &told) == 0 ? 0 : cli_complain(frame->name, &told);
    if (result) {
        result->exit_status = mig_exit_status_worse(result->exit_status, shown);
    }
    return result;
}

static int write_seen(const void *seen, mig_sink_fn *sink, void *context, mig_error *err)
{
    const char *text = ((const cli_domain_seen *)seen)->text;
    return sink(text, strlen(text), context) == 0
               ? 0
               : mig_error_set(err, MIG_E_IO, "the look at the domains cannot be written");
}

/* All reports of what was done. What the look failed by comes after the reports of the accounts. */
static int report(cli_reports *reports, const mig_settings *common, const char *name, mig_run_result *result,
                  const cli_domain_seen *seen, mig_error *err)
{
    int status = result->exit_status;
    result->domain_json = seen->json;
    if (cli_campaign_report(reports, common, name, result, err) != 0) {
        status = cli_complain(name, err);
    } else if (seen->text && !common->quiet && !cli_reports_on_output(reports) &&
               cli_reports_print(write_seen, seen, err) != 0) {
        status = cli_complain(name, err);
    }
    const int told = cli_campaign_notify(common, name, result);
    result->domain_json = NULL;
    return status == 0 ? told : status;
}

/* What came of the names is part of what came of the run. */
static void take_look(mig_run_result *result, int looked, const mig_error *why)
{
    const int status = looked >= 0 ? looked : mig_code_exit_status(why->code);
    result->steps |= MIG_STEP_DOMAIN;
    result->exit_status = mig_exit_status_worse(result->exit_status, status);
    if (result->status == MIG_COMPLETE && status != 0) {
        result->status = MIG_PARTIAL;
    }
}

/* A page is about taking stock or about a verification: without either it could not be written after hours of work. */
static int check_pages(const cli_campaign *campaign, const mig_settings *common, const cli_report_paths *paths,
                       mig_error *err)
{
    mig_run_options options;
    mig_settings_run(common, campaign->steps, &options);
    const unsigned steps = options.steps != 0 ? options.steps : campaign->steps;
    const bool page = (steps & (MIG_STEP_INVENTORY | MIG_STEP_VERIFY)) != 0 || common->copy.dry_run;
    if (page || (!paths->html && !paths->csv)) {
        return 0;
    }
    mig_error_set(err, MIG_E_USAGE, "there will be no %s report: neither inventory nor verify is among the steps",
                  paths->html ? "HTML" : "CSV");
    return mig_error_hint(err, "add one of them to --steps, or leave --%s out", paths->html ? "html" : "csv");
}

static unsigned steps_of(const cli_campaign *campaign, const cli_accounts *accounts)
{
    return accounts->roster->whole->steps != 0 ? accounts->roster->whole->steps : campaign->steps;
}

/* What is done with accounts, then what is done with names. */
static int work(const cli_campaign *campaign, cli_accounts *accounts, cli_frame *frame, cli_reports *reports,
                mig_error *err)
{
    const unsigned steps = steps_of(campaign, accounts);
    const int64_t started = (int64_t)time(NULL);
    mig_run_result nobody = {.steps = 0, .started = started, .finished = started}; /* of a run about names alone */
    mig_run_result *of_accounts = NULL;
    cli_domain_seen seen = CLI_DOMAIN_SEEN_INIT;
    mig_error why = MIG_ERROR_INIT;
    int looked = 0;
    if ((steps & ~(unsigned)MIG_STEP_DOMAIN) != 0 &&
        (of_accounts = run_accounts(campaign, accounts, frame, err)) == NULL) {
        return -1;
    }
    mig_run_result *result = of_accounts ? of_accounts : &nobody;
    if ((steps & MIG_STEP_DOMAIN) != 0 && mig_stop_level(frame->stop) == 0) {
        looked = look_at_domains(accounts, frame, &seen, &why);
        take_look(result, looked, &why);
        result->finished = (int64_t)time(NULL);
        result->seconds = (double)(result->finished - result->started);
    }
    int status = report(reports, accounts->roster->whole, frame->name, result, &seen, err);
    if (looked < 0) {
        status = cli_complain(frame->name, &why);
        status = mig_exit_status_worse(status, result->exit_status);
    }
    free(seen.text);
    free(seen.json);
    mig_run_result_free(&of_accounts);
    return status;
}

static int run(const cli_campaign *campaign, cli_accounts *accounts, cli_frame *frame, mig_error *err)
{
    cli_reports reports = CLI_REPORTS_INIT;
    cli_secrets secrets = CLI_SECRETS_INIT;
    const mig_settings *common = accounts->roster->whole;
    const cli_report_paths paths = cli_report_paths_of(common);
    int status = -1;
    if ((steps_of(campaign, accounts) & MIG_STEP_DOMAIN) != 0 && !accounts->roster->plan) {
        mig_error_set(err, MIG_E_USAGE, "--steps domain needs a plan");
        return mig_error_hint(err, "`mailmigrate domain` looks at domains by their names");
    }
    if (check_pages(campaign, common, &paths, err) == 0 && cli_lookout_check(common, err) == 0 &&
        cli_campaign_notify_check(common, err) == 0 && cli_frame_log(frame, common, err) == 0 &&
        cli_reports_open(&reports, &paths, err) == 0 &&
        cli_secrets_take(&secrets, &frame->terminal, frame->stop, err) == 0 &&
        (steps_of(campaign, accounts) == MIG_STEP_DOMAIN || cli_accounts_prepare(accounts, &secrets, err) == 0)) {
        status = work(campaign, accounts, frame, &reports, err);
    }
    cli_reports_close(&reports);
    cli_secrets_clear(&secrets);
    return status;
}

int cli_campaign_main(const cli_campaign *campaign, mig_stop *stop, int argc, const char **argv)
{
    mig_error err = MIG_ERROR_INIT;
    cli_accounts accounts;
    cli_frame frame;
    int status = -1;

    cli_frame_begin(&frame, campaign->tool.name, stop);
    if (cli_accounts_parse(&accounts, &campaign->tool, argc, argv, &err) == 0) {
        status = accounts.action == CLI_RUN ? run(campaign, &accounts, &frame, &err) : 0;
    }
    status = cli_frame_end(&frame, status, &err);
    cli_accounts_clear(&accounts);
    return status;
}
