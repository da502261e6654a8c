#include "cli/reports.h"

#include <migrate/verify_report.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int (*const writers[CLI_REPORT_COUNT])(const mig_verify_result *, mig_sink_fn *, void *, mig_error *) = {
    mig_report_verify_json, mig_report_verify_html, mig_report_verify_csv};

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

int cli_reports_open(cli_reports *reports, const cli_options *options, mig_error *err)
{
    reports->paths[CLI_REPORT_JSON] = options->json_path;
    reports->paths[CLI_REPORT_HTML] = options->html_path;
    reports->paths[CLI_REPORT_CSV] = options->csv_path;
    if (options->sign_path && !(reports->signer = mig_signer_load(options->sign_path, err)))
        return mig_error_context(err, "--sign");
    for (int i = 0; i < CLI_REPORT_COUNT; i++)
        if (reports->paths[i] && cli_output_open(&reports->outputs[i], reports->paths[i], err) != 0)
            return -1;
    return 0;
}

static int sign(cli_reports *reports, const char *path, mig_error *err)
{
    mig_signature signature;
    cli_output output = CLI_OUTPUT_INIT;
    char *beside = cli_signature_path(path);
    int result = beside ? mig_signer_sign(reports->signer, path, &signature, err)
                        : mig_error_set(err, MIG_E_NOMEM, "out of memory");
    if (result == 0)
        result = cli_output_open(&output, beside, err);
    if (result == 0 && cli_output_sink((const char *)signature.octets, signature.length, &output) != 0)
        result = mig_error_set(err, MIG_E_IO, "%s can not be written", beside);
    if (result == 0)
        result = cli_output_commit(&output, err);
    cli_output_close(&output);
    free(beside);
    return result;
}

int cli_reports_write(cli_reports *reports, const mig_verify_result *result, mig_error *err)
{
    for (int i = 0; i < CLI_REPORT_COUNT; i++) {
        cli_output *output = &reports->outputs[i];
        if (!output->file)
            continue;
        if (writers[i](result, cli_output_sink, output, err) != 0 || cli_output_commit(output, err) != 0)
            return -1;
        if (reports->signer && sign(reports, reports->paths[i], err) != 0)
            return -1;
    }
    return 0;
}

void cli_reports_close(cli_reports *reports)
{
    for (int i = 0; i < CLI_REPORT_COUNT; i++)
        cli_output_close(&reports->outputs[i]);
    mig_signer_free(&reports->signer);
}

/* ---- --check-report ---- */

static int to_stdout(const char *text, size_t length, void *context)
{
    (void)context;
    return fwrite(text, 1, length, stdout) == length ? 0 : -1;
}

static int check_signature(const cli_options *options, mig_error *err)
{
    char *beside = cli_signature_path(options->check_path);
    if (!beside)
        return mig_error_set(err, MIG_E_NOMEM, "out of memory");
    int fits = -1;
    if (options->public_key_path) {
        fits = mig_signature_check(options->check_path, beside, options->public_key_path, err);
        if (fits >= 0)
            printf(fits ? "Signature: %s fits the report and the key.\n"
                        : "Signature: %s DOES NOT FIT: the report was changed, or signed with another key.\n",
                   beside);
    } else {
        fits = 1;
        printf("Signature: not checked%s.\n",
               access(beside, F_OK) == 0 ? ": give the signer's key with --public-key FILE" : ", there is none");
    }
    free(beside);
    return fits;
}

int cli_check_report(const cli_options *options, mig_error *err)
{
    mig_report_state state = MIG_REPORT_OTHER;
    const int fits = check_signature(options, err);
    if (fits < 0 || mig_report_verify_check(options->check_path, &state, to_stdout, NULL, err) != 0)
        return -1;
    if (state == MIG_REPORT_OTHER && !options->public_key_path) {
        mig_error_set(err, MIG_E_USAGE, "only its signature tells whether %s was changed", options->check_path);
        return mig_error_hint(err, "give the signer's public key with --public-key FILE");
    }
    if (state == MIG_REPORT_CONSISTENT)
        puts("Content: numbers, findings and Merkle roots agree with each other.");
    puts(fits == 0 || state == MIG_REPORT_CONTRADICTORY ? "The report is NOT as it was written."
         : options->public_key_path                     ? "The report is as it was signed."
                                                        : "Nothing speaks against the report, but it proves nothing.");
    if (fflush(stdout) != 0 || ferror(stdout))
        return mig_error_set(err, MIG_E_IO, "standard output can not be written");
    return fits == 0 || state == MIG_REPORT_CONTRADICTORY;
}
