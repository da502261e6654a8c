/* mailmigrate-archive - a mailbox as one file, and back; the manual is docs/mailmigrate-archive.1 */
#include "cli/frame.h"
#include "cli/options_archive.h"
#include "cli/prompt.h"
#include "cli/reports.h"
#include "cli/secrets.h"
#include "cli/verbs.h"

#include <migrate/archive.h>
#include <migrate/archive_report.h>
#include <migrate/format.h>
#include <stdlib.h>
#include <string.h>

static const cli_tool tool = {"mailmigrate-archive", "export|import|check FILE [OPTION...]", MIG_VERB_ARCHIVE};
static mig_stop stop = MIG_STOP_INIT; /* a signal can come as long as the process lives */

/* ---- the archive's password ---- */

static mig_secret *ask(const char *path, bool twice, mig_error *err)
{
    char inert[256], question[320], password[MIG_SECRET_MAX], again[MIG_SECRET_MAX];
    mig_secret *secret = NULL;
    mig_format_text(path, inert, sizeof inert);
    snprintf(question, sizeof question, "Password of the archive %s: ", inert);
    bool given = cli_prompt_password(question, password, sizeof password, err) == 0;
    if (given && twice) {
        given = cli_prompt_password("The same again: ", again, sizeof again, err) == 0;
        if (given && strcmp(password, again) != 0) {
            mig_error_set(err, MIG_E_SECRET, "the two passwords differ");
            given = false;
        }
        explicit_bzero(again, sizeof again);
    }
    if (given) {
        secret = mig_secret_from_value(password, err);
    } else if (err->code == MIG_E_SECRET) {
        mig_error_hint(err, "give the archive's password with --password-file FILE");
    }
    explicit_bzero(password, sizeof password);
    return secret;
}

static mig_secret *read_password(const cli_options *options, cli_frame *frame, mig_error *err)
{
    char inert[512], line[640];
    mig_secret *secret = mig_secret_from_file(options->settings->archive_password_file, err);
    if (secret && mig_secret_exposed(secret)) {
        snprintf(line, sizeof line, "warning: other users can read the password file %s: chmod 600 it",
                 mig_format_text(options->settings->archive_password_file, inert, sizeof inert));
        cli_terminal_message(&frame->terminal, line);
    }
    return secret;
}

/* ---- export ---- */

static int write_export_json(const void *result, mig_sink_fn *sink, void *context, mig_error *err)
{
    return mig_report_archive_json(result, sink, context, err);
}

static int write_export_text(const void *result, mig_sink_fn *sink, void *context, mig_error *err)
{
    return mig_report_archive_text(result, sink, context, err);
}

static mig_archive_options export_options(const cli_options *options, cli_frame *frame, mig_secret *password,
                                          mig_signer *signer)
{
    const mig_copy_options *copy = &options->settings->copy;
    return (mig_archive_options){.size = sizeof(mig_archive_options),
                                 .source = copy->source,
                                 .path = options->archive_path,
                                 .incremental = options->settings->incremental,
                                 .replace = copy->force,
                                 .secret = password ? mig_secret_give : NULL,
                                 .secret_context = password,
                                 .signer = signer,
                                 .selection = copy->selection,
                                 .effort = copy->effort,
                                 .scan = copy->scan,
                                 .observer.log = cli_log_for_library(&frame->log),
                                 .observer.stop = &stop,
                                 .observer.progress = cli_progress_update,
                                 .observer.context = &frame->progress};
}

static int report_export(const cli_options *options, cli_reports *reports, const mig_archive_result *result,
                         mig_error *err)
{
    static cli_report_fn *const writers[CLI_REPORT_COUNT] = {[CLI_REPORT_JSON] = write_export_json};
    if (cli_reports_write(reports, writers, result, err) != 0) {
        return -1;
    }
    const bool began = result->folder_count > 0 || result->error.code == MIG_OK;
    if (!began || cli_reports_on_output(reports) || (options->settings->quiet && result->status == MIG_COMPLETE)) {
        return 0;
    }
    return cli_reports_print(write_export_text, result, err);
}

static int export(const cli_options *options, cli_frame *frame, cli_reports *reports, mig_error *err)
{
    int status = -1;
    mig_secret *password = NULL;
    mig_signer *signer = NULL;
    if (options->settings->encrypt &&
        !(password = options->settings->archive_password_file ? read_password(options, frame, err)
                                                              : ask(options->archive_path, true, err))) {
        return -1;
    }
    if (!options->settings->sign_path || (signer = mig_signer_load(options->settings->sign_path, err))) {
        cli_frame_watch(frame, options->settings);
        const mig_archive_options all = export_options(options, frame, password, signer);
        mig_archive_result *result = mig_archive_export(&all, err);
        cli_terminal_line(&frame->terminal, "");
        if (result) {
            cli_frame_complain_of(frame, &result->error);
            status = report_export(options, reports, result, err) == 0 ? result->exit_status : -1;
        }
        mig_archive_result_free(&result);
    } else {
        mig_error_context(err, "--sign");
    }
    mig_signer_free(&signer);
    mig_secret_free(&password);
    return status;
}

/* ---- check ---- */

static int write_check_json(const void *result, mig_sink_fn *sink, void *context, mig_error *err)
{
    return mig_report_archive_check_json(result, sink, context, err);
}

static int write_check_text(const void *result, mig_sink_fn *sink, void *context, mig_error *err)
{
    return mig_report_archive_check_text(result, sink, context, err);
}

static int report_check(const cli_options *options, cli_reports *reports, const mig_archive_check_result *result,
                        mig_error *err)
{
    static cli_report_fn *const writers[CLI_REPORT_COUNT] = {[CLI_REPORT_JSON] = write_check_json};
    if (cli_reports_write(reports, writers, result, err) != 0) {
        return -1;
    }
    if (cli_reports_on_output(reports) || (options->settings->quiet && result->exit_status == 0)) {
        return 0;
    }
    return result->error.code == MIG_OK ? cli_reports_print(write_check_text, result, err) : 0;
}

static mig_archive_check_result *look(const cli_options *options, cli_frame *frame, mig_secret *password,
                                      mig_error *err)
{
    const mig_archive_check_options all = {.size = sizeof all,
                                           .path = options->archive_path,
                                           .public_key = options->settings->public_key_path,
                                           .secret = password ? mig_secret_give : NULL,
                                           .secret_context = password,
                                           .observer.stop = &stop,
                                           .observer.progress = cli_progress_update,
                                           .observer.context = &frame->progress};
    mig_archive_check_result *result = mig_archive_check(&all, err);
    cli_terminal_line(&frame->terminal, "");
    return result;
}

static int check(const cli_options *options, cli_frame *frame, cli_reports *reports, mig_error *err)
{
    mig_secret *password = NULL;
    if (options->settings->archive_password_file && !(password = read_password(options, frame, err))) {
        return -1;
    }
    cli_frame_watch(frame, options->settings);
    mig_archive_check_result *result = look(options, frame, password, err);
    if (result && result->error.code == MIG_E_SECRET && !password && cli_terminal_capable(stderr)) {
        if (!(password = ask(options->archive_path, false, err))) {
            mig_archive_check_result_free(&result);
            return -1;
        }
        mig_archive_check_result_free(&result);
        result = look(options, frame, password, err);
    }
    int status = -1;
    if (result) {
        cli_frame_complain_of(frame, &result->error);
        status = report_check(options, reports, result, err) == 0 ? result->exit_status : -1;
    }
    mig_archive_check_result_free(&result);
    mig_secret_free(&password);
    return status;
}

/* ---- import ---- */

/* A copy whose source is the file: with all options of one. Returns when it cannot be started. */
static int import(int argc, char **argv, mig_error *err)
{
    static char source[] = "--source", password[] = "--source-password-file";
    if (argc < 3 || argv[2][0] == '-') {
        mig_error_set(err, MIG_E_USAGE, "which file?");
        return mig_error_hint(err, "mailmigrate archive import FILE --target URL; further options are those of copy");
    }
    const size_t size = strlen(argv[2]) + sizeof "archive:";
    char *url = malloc(size);
    char **all = calloc((size_t)argc + 2, sizeof *all);
    char directory[4096];
    const char *beside = cli_own_directory(directory, sizeof directory) == 0 ? directory : NULL;
    cli_verbs verbs = {.count = 0};
    if (!url || !all) {
        mig_error_set(err, MIG_E_NOMEM, "out of memory");
        goto cleanup;
    }
    snprintf(url, size, "archive:%s", argv[2]);
    size_t count = 1; /* the first one is the program's name */
    all[count++] = source;
    all[count++] = url;
    for (int i = 3; i < argc; i++) {
        all[count++] = strcmp(argv[i], "--password-file") == 0 ? password : argv[i];
    }
    if (beside) {
        cli_verbs_find(&verbs, beside);
    }
    cli_verbs_exec(&verbs, beside, "copy", all, err);
cleanup:
    free(all);
    free(url);
    return -1;
}

static int prepare(mig_settings *settings, const cli_secrets *secrets, bool exports, mig_error *err)
{
    mig_helper helper;
    cli_secrets_helper(secrets, &helper);
    if (exports && mig_settings_find(settings, &helper, err) != 0) {
        return -1;
    }
    settings->sides[MIG_SOURCE].only_named = !exports;
    settings->sides[MIG_TARGET].only_named = true;
    return mig_settings_prepare(settings, &helper, err);
}

static int run(cli_options *options, cli_frame *frame, mig_error *err)
{
    cli_secrets secrets = CLI_SECRETS_INIT;
    cli_reports reports = CLI_REPORTS_INIT;
    mig_settings *settings = options->settings;
    const cli_report_paths paths = {.json = settings->json_path}; /* the key signs the archive, not a report */
    int status = -1;
    bool exports = cli_options_export(options);
    if (cli_frame_log(frame, settings, err) == 0 && cli_reports_open(&reports, &paths, err) == 0 &&
        cli_secrets_take(&secrets, &frame->terminal, frame->stop, err) == 0 &&
        prepare(settings, &secrets, exports, err) == 0) {
        status = (exports ? export : check)(options, frame, &reports, err);
    }
    cli_reports_close(&reports);
    cli_secrets_clear(&secrets);
    return status;
}

int main(int argc, char **argv)
{
    mig_error err = MIG_ERROR_INIT;
    cli_options options = {.action = CLI_RUN};
    cli_frame frame;
    int status = -1;

    cli_frame_begin(&frame, tool.name, &stop);
    const bool help = argc > 2 && (strcmp(argv[2], "--help") == 0 || strcmp(argv[2], "-h") == 0);
    if (argc > 1 && strcmp(argv[1], "import") == 0 && !help) {
        status = import(argc, argv, &err);
    } else if (cli_options_parse(&options, &tool, argc, (const char **)argv, &err) == 0) {
        status = options.action == CLI_RUN ? run(&options, &frame, &err) : 0;
    }
    status = cli_frame_end(&frame, status, &err);
    cli_options_clear(&options);
    return status;
}
