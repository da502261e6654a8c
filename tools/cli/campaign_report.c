/*
 * cli/campaign_report.c - what a run over many accounts leaves behind: summary, JSON, HTML, CSV, a command, a webhook,
 * a mail
 */
#include "cli/campaign_report.h"

#include "cli/complain.h"
#include "cli/keep.h"

#include <migrate/inventory_report.h>
#include <migrate/notify.h>
#include <migrate/run_report.h>
#include <migrate/verify_report.h>
#include <stdlib.h>
#include <string.h>

/* The last step is what the pages are about. */
static int write_page(const mig_run_result *result, bool html, mig_sink_fn *sink, void *context, mig_error *err)
{
    if (result->verify) {
        return (html ? mig_report_verify_html : mig_report_verify_csv)(result->verify, sink, context, err);
    }
    if (result->inventory) {
        return (html ? mig_report_inventory_html : mig_report_inventory_csv)(result->inventory, sink, context, err);
    }
    return mig_error_set(err, MIG_E_USAGE,
                         "there is no %s report: neither inventory nor verify was among the steps, or came to a result",
                         html ? "HTML" : "CSV");
}

static int write_html(const void *result, mig_sink_fn *sink, void *context, mig_error *err)
{
    return write_page(result, true, sink, context, err);
}

static int write_csv(const void *result, mig_sink_fn *sink, void *context, mig_error *err)
{
    return write_page(result, false, sink, context, err);
}

static int write_json(const void *what, mig_sink_fn *sink, void *context, mig_error *err)
{
    const mig_run_result *result = what;
    if (result->steps == MIG_STEP_INVENTORY && result->inventory) {
        return mig_report_inventory_json(result->inventory, sink, context, err);
    }
    if (result->steps == MIG_STEP_COPY && result->copy) {
        return mig_report_copy_json(result->copy, sink, context, err);
    }
    return mig_report_run_json(result, true, sink, context, err);
}

static int write_text(const void *what, mig_sink_fn *sink, void *context, mig_error *err)
{
    const mig_run_result *result = what;
    if (result->steps == MIG_STEP_INVENTORY && result->inventory) {
        return mig_report_inventory_text(result->inventory, sink, context, err);
    }
    if (result->steps == MIG_STEP_DOMAIN) {
        return 0;
    }
    if (mig_report_run_text(result, sink, context, err) != 0) {
        return -1;
    }
    if (result->account_count > 1) {
        return 0;
    }
    if (result->copy && result->copy->accounts[0].folder_count > 0 &&
        mig_report_copy_details_text(result->copy, sink, context, err) != 0) {
        return -1;
    }
    if (result->verify &&
        (sink("\n", 1, context) != 0 || mig_report_verify_text(result->verify, sink, context, err) != 0)) {
        return -1;
    }
    return 0;
}

/* What ended an account early is told where errors are looked for, besides the summary. */
static void complain_of_accounts(const char *tool, const mig_run_result *result)
{
    for (size_t i = 0; i < result->account_count; i++) {
        mig_error error = result->accounts[i].error;
        if (result->accounts[i].state != MIG_RUN_FAILED || error.code == MIG_E_INTERRUPTED) {
            continue;
        }
        const size_t length = strlen(result->accounts[i].source);
        if (result->account_count > 1 && strncmp(error.text, result->accounts[i].source, length) != 0) {
            mig_error_context(&error, "%s", result->accounts[i].source);
        }
        cli_complain(tool, &error);
    }
}

int cli_campaign_report(cli_reports *reports, const mig_settings *options, const char *tool,
                        const mig_run_result *result, mig_error *err)
{
    static cli_report_fn *const writers[CLI_REPORT_COUNT] = {
        [CLI_REPORT_JSON] = write_json, [CLI_REPORT_HTML] = write_html, [CLI_REPORT_CSV] = write_csv};
    complain_of_accounts(tool, result);
    if (cli_reports_write(reports, writers, result, err) != 0) {
        return -1;
    }
    if (cli_reports_on_output(reports) || (options->quiet && result->exit_status == 0)) {
        return 0;
    }
    if (cli_reports_print(write_text, result, err) != 0) {
        return -1;
    }
    cli_reports_tell(reports);
    return 0;
}

/* ---- at the end ---- */

static mig_mail mail_of(const mig_settings *options)
{
    return (mig_mail){.server = options->mail_server ? options->mail_server : "smtp://localhost",
                      .ca_file = options->ca_file,
                      .user = options->mail_user,
                      .from = options->mail_from,
                      .to = options->mail_to};
}

int cli_campaign_notify_check(const mig_settings *options, mig_error *err)
{
    const mig_mail mail = mail_of(options);
    if (!options->mail_to) {
        return options->mail_server || options->mail_user || options->mail_from || options->mail_password_file
                   ? mig_error_set(err, MIG_E_USAGE, "a mail needs --mail-to")
                   : 0;
    }
    if (!options->mail_user != !options->mail_password_file) {
        return mig_error_set(err, MIG_E_USAGE, "--mail-user and --mail-password-file belong together");
    }
    return mig_mail_check(&mail, err);
}

/* One mail about all accounts: the summary that the terminal shows. */
static int send_mail(const mig_settings *options, const mig_run_result *result, mig_error *err)
{
    char subject[128];
    mig_mail mail = mail_of(options);
    cli_kept text = CLI_KEPT_INIT;
    mig_secret *secret = NULL;
    int status = mig_report_run_text(result, cli_keep, &text, err);
    if (status == 0 && options->mail_user) {
        secret = mig_secret_from_file(options->mail_password_file, err);
        status = secret ? 0 : -1;
    }
    if (status == 0) {
        snprintf(subject, sizeof subject, "mailmigrate: %s, %zu account%s, exit status %d",
                 mig_status_name(result->status), result->account_count, result->account_count == 1 ? "" : "s",
                 result->exit_status);
        mail.subject = subject;
        mail.text = text.text;
        mail.length = text.length;
        mail.secret = mig_secret_give;
        mail.secret_context = secret;
        status = mig_notify_mail(&mail, err);
    }
    mig_secret_free(&secret);
    free(text.text);
    return status;
}

/* A night that was over wants nobody: the next one goes on. */
static bool mail_is_wanted(const mig_settings *options, const mig_run_result *result)
{
    return options->mail_to && (options->mail_when == 0 || (result->exit_status != 0 && result->exit_status != 130));
}

/* All are told, also when one of them fails: then the result is that failure's exit status, else 0. */
int cli_campaign_notify(const mig_settings *options, const char *tool, const mig_run_result *result)
{
    mig_error err = MIG_ERROR_INIT;
    cli_kept text = CLI_KEPT_INIT;
    int status = 0;
    if (mail_is_wanted(options, result) && send_mail(options, result, &err) != 0) {
        status = cli_complain(tool, &err);
    }
    if (!options->on_finish && !options->webhook) {
        return status;
    }
    if (mig_report_run_json(result, false, cli_keep, &text, &err) != 0) {
        free(text.text);
        return cli_complain(tool, &err);
    }
    if (options->on_finish && mig_notify_command(options->on_finish, text.text, text.length, &err) != 0) {
        status = mig_exit_status_worse(status, cli_complain(tool, &err));
    }
    if (options->webhook && mig_notify_webhook(options->webhook, options->ca_file, text.text, text.length, &err) != 0) {
        status = mig_exit_status_worse(status, cli_complain(tool, &err));
    }
    free(text.text);
    return status;
}
