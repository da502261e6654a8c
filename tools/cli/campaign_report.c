#include "cli/campaign_report.h"

#include "cli/complain.h"

#include <migrate/inventory_report.h>
#include <migrate/notify.h>
#include <migrate/run_report.h>
#include <migrate/verify_report.h>
#include <stdlib.h>
#include <string.h>

static int open_one(cli_output *output, const char *path, mig_error *err)
{
    return path ? cli_output_open(output, path, err) : 0;
}

int cli_campaign_reports_open(cli_campaign_reports *reports, const cli_options *options, mig_error *err)
{
    return open_one(&reports->json, options->json_path, err) != 0 ||
                   open_one(&reports->html, options->html_path, err) != 0 ||
                   open_one(&reports->csv, options->csv_path, err) != 0
               ? -1
               : 0;
}

/* The last step is what the pages are about. */
static int write_page(const mig_run_result *result, bool html, cli_output *output, mig_error *err)
{
    if (result->verify)
        return (html ? mig_report_verify_html : mig_report_verify_csv)(result->verify, cli_output_sink, output, err);
    if (result->inventory)
        return (html ? mig_report_inventory_html : mig_report_inventory_csv)(result->inventory, cli_output_sink, output,
                                                                             err);
    mig_error_set(err, MIG_E_USAGE,
                  "there is no %s report: neither inventory nor verify was among the steps, or came "
                  "to a result",
                  html ? "HTML" : "CSV");
    return -1;
}

static int write_json(const mig_run_result *result, cli_output *output, mig_error *err)
{
    if (result->steps == MIG_STEP_INVENTORY && result->inventory)
        return mig_report_inventory_json(result->inventory, cli_output_sink, output, err);
    if (result->steps == MIG_STEP_COPY && result->copy)
        return mig_report_copy_json(result->copy, cli_output_sink, output, err);
    return mig_report_run_json(result, true, cli_output_sink, output, err);
}

static bool taken(const char *path)
{
    return path && strcmp(path, "-") == 0;
}

static int write_text(const mig_run_result *result, cli_output *output, mig_error *err)
{
    if (result->steps == MIG_STEP_INVENTORY && result->inventory)
        return mig_report_inventory_text(result->inventory, cli_output_sink, output, err);
    if (mig_report_run_text(result, cli_output_sink, output, err) != 0)
        return -1;
    if (result->account_count > 1)
        return 0;
    if (result->copy && result->copy->accounts[0].folder_count > 0 &&
        (cli_output_sink("\n", 1, output) != 0 ||
         mig_report_copy_text(result->copy, cli_output_sink, output, err) != 0))
        return -1;
    if (result->verify && (cli_output_sink("\n", 1, output) != 0 ||
                           mig_report_verify_text(result->verify, cli_output_sink, output, err) != 0))
        return -1;
    return 0;
}

static int write_summary(const cli_options *options, const mig_run_result *result, mig_error *err)
{
    cli_output text = CLI_OUTPUT_INIT;
    if (taken(options->json_path) || taken(options->html_path) || taken(options->csv_path) ||
        (options->quiet && result->exit_status == 0))
        return 0;
    if (cli_output_open(&text, "-", err) != 0 || write_text(result, &text, err) != 0)
        return -1;
    return cli_output_commit(&text, err);
}

/* What ended an account early is told where errors are looked for, besides the summary. */
static void complain_of_accounts(const char *tool, const mig_run_result *result)
{
    for (size_t i = 0; i < result->account_count; i++) {
        mig_error error = result->accounts[i].error;
        if (result->accounts[i].state != MIG_RUN_FAILED || error.code == MIG_E_INTERRUPTED)
            continue;
        const size_t length = strlen(result->accounts[i].source);
        if (result->account_count > 1 && strncmp(error.text, result->accounts[i].source, length) != 0)
            mig_error_context(&error, "%s", result->accounts[i].source);
        cli_complain(tool, &error);
    }
}

int cli_campaign_reports_write(cli_campaign_reports *reports, const cli_options *options, const char *tool,
                               const mig_run_result *result, mig_error *err)
{
    complain_of_accounts(tool, result);
    if (reports->json.file &&
        (write_json(result, &reports->json, err) != 0 || cli_output_commit(&reports->json, err) != 0))
        return -1;
    if (reports->html.file &&
        (write_page(result, true, &reports->html, err) != 0 || cli_output_commit(&reports->html, err) != 0))
        return -1;
    if (reports->csv.file &&
        (write_page(result, false, &reports->csv, err) != 0 || cli_output_commit(&reports->csv, err) != 0))
        return -1;
    return write_summary(options, result, err);
}

/* ---- at the end ---- */

typedef struct summary {
    char *text;
    size_t length;
    bool failed;
} summary;

static int keep(const char *text, size_t length, void *context)
{
    summary *s = context;
    char *grown = realloc(s->text, s->length + length + 1);
    if (!grown) {
        s->failed = true;
        return -1;
    }
    memcpy(grown + s->length, text, length);
    s->text = grown;
    s->length += length;
    grown[s->length] = '\0';
    return 0;
}

/* Both are told, also when one of them fails: then the result is that failure's exit status, else 0. */
int cli_campaign_notify(const cli_options *options, const char *tool, const mig_run_result *result)
{
    mig_error err = MIG_ERROR_INIT;
    summary text = {.text = NULL};
    int status = 0;
    if (!options->on_finish && !options->webhook)
        return 0;
    if (mig_report_run_json(result, false, keep, &text, &err) != 0) {
        free(text.text);
        return cli_complain(tool, &err);
    }
    if (options->on_finish && mig_notify_command(options->on_finish, text.text, text.length, &err) != 0)
        status = mig_exit_status_worse(status, cli_complain(tool, &err));
    if (options->webhook && mig_notify_webhook(options->webhook, options->ca_file, text.text, text.length, &err) != 0)
        status = mig_exit_status_worse(status, cli_complain(tool, &err));
    free(text.text);
    return status;
}

void cli_campaign_reports_close(cli_campaign_reports *reports)
{
    cli_output_close(&reports->json);
    cli_output_close(&reports->html);
    cli_output_close(&reports->csv);
}
