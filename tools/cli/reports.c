/* cli/reports.c - the files that a result is reported in, and their signatures */
#include "cli/reports.h"
#include "cli/paint.h"

#include <stdlib.h>
#include <string.h>

char *cli_signature_path(const char *path)
{
    static const char ending[] = ".sig";
    const size_t length = strlen(path);
    char *out = malloc(length + sizeof ending);
    if (out) {
        memcpy(out, path, length);
        memcpy(out + length, ending, sizeof ending);
    }
    return out;
}

cli_report_paths cli_report_paths_of(const mig_settings *settings)
{
    return (cli_report_paths){settings->json_path, settings->html_path, settings->csv_path, settings->sign_path};
}

int cli_reports_open(cli_reports *reports, const cli_report_paths *paths, mig_error *err)
{
    reports->paths[CLI_REPORT_JSON] = paths->json;
    reports->paths[CLI_REPORT_HTML] = paths->html;
    reports->paths[CLI_REPORT_CSV] = paths->csv;
    if (paths->sign && !(reports->signer = mig_signer_load(paths->sign, err))) {
        return mig_error_context(err, "--sign");
    }
    for (int i = 0; i < CLI_REPORT_COUNT; i++) {
        if (reports->paths[i] && cli_output_open(&reports->outputs[i], reports->paths[i], err) != 0) {
            return -1;
        }
    }
    return 0;
}

static int sign(cli_reports *reports, const char *path, mig_error *err)
{
    mig_signature signature;
    cli_output output = CLI_OUTPUT_INIT;
    char *beside = cli_signature_path(path);
    int result = beside ? mig_signer_sign(reports->signer, path, &signature, err)
                        : mig_error_set(err, MIG_E_NOMEM, "out of memory");
    if (result == 0) {
        result = cli_output_open(&output, beside, err);
    }
    if (result == 0 && cli_output_sink((const char *)signature.octets, signature.length, &output) != 0) {
        result = mig_error_set(err, MIG_E_IO, "%s cannot be written", beside);
    }
    if (result == 0) {
        result = cli_output_commit(&output, err);
    }
    cli_output_close(&output);
    free(beside);
    return result;
}

int cli_reports_write(cli_reports *reports, cli_report_fn *const writers[CLI_REPORT_COUNT], const void *result,
                      mig_error *err)
{
    for (int i = 0; i < CLI_REPORT_COUNT; i++) {
        cli_output *output = &reports->outputs[i];
        if (!output->file) {
            continue;
        }
        if (writers[i](result, cli_output_sink, output, err) != 0) {
            return cli_output_explain(output, err);
        }
        if (cli_output_commit(output, err) != 0) {
            return -1;
        }
        if (reports->signer && sign(reports, reports->paths[i], err) != 0) {
            return -1;
        }
    }
    return 0;
}

bool cli_reports_on_output(const cli_reports *reports)
{
    for (int i = 0; i < CLI_REPORT_COUNT; i++) {
        if (reports->paths[i] && strcmp(reports->paths[i], "-") == 0) {
            return true;
        }
    }
    return false;
}

void cli_reports_tell(const cli_reports *reports)
{
    static const char *const names[CLI_REPORT_COUNT] = {
        [CLI_REPORT_JSON] = "JSON", [CLI_REPORT_HTML] = "HTML", [CLI_REPORT_CSV] = "CSV"};
    for (int i = 0; i < CLI_REPORT_COUNT; i++) {
        if (reports->paths[i] && strcmp(reports->paths[i], "-") != 0) {
            printf("%s report: %s%s\n", names[i], reports->paths[i],
                   reports->signer ? ", signed in .sig beside it" : "");
        }
    }
}

int cli_reports_print(cli_report_fn *writer, const void *result, mig_error *err)
{
    cli_output text = CLI_OUTPUT_INIT;
    cli_paint paint = {.sink = cli_output_sink, .context = &text};
    const bool painted = cli_paint_wanted(stdout);
    if (cli_output_open(&text, "-", err) != 0 ||
        writer(result, painted ? cli_paint_sink : cli_output_sink, painted ? (void *)&paint : &text, err) != 0) {
        return -1;
    }
    if (cli_paint_end(&paint) != 0) {
        return cli_output_explain(&text, err);
    }
    return cli_output_commit(&text, err);
}

void cli_reports_close(cli_reports *reports)
{
    for (int i = 0; i < CLI_REPORT_COUNT; i++) {
        cli_output_close(&reports->outputs[i]);
    }
    mig_signer_free(&reports->signer);
}
