/* cli/check_report.c - mailmigrate-verify --check-report: was a report changed since it was written? */
#include "cli/check_report.h"

#include "cli/reports.h"

#include <migrate/sign.h>
#include <migrate/verify_report.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static int to_stdout(const char *text, size_t length, void *context)
{
    (void)context;
    return fwrite(text, 1, length, stdout) == length ? 0 : -1;
}

static int check_signature(const mig_settings *options, mig_error *err)
{
    char *beside = cli_signature_path(options->check_path);
    if (!beside) {
        return mig_error_set(err, MIG_E_NOMEM, "out of memory");
    }
    int fits = -1;
    if (options->public_key_path) {
        fits = mig_signature_check(options->check_path, beside, options->public_key_path, err);
        if (fits >= 0) {
            printf(fits ? "Signature: %s fits the report and the key.\n"
                        : "Signature: %s DOES NOT FIT: the report was changed, or signed with another key.\n",
                   beside);
        }
    } else {
        fits = 1;
        printf("Signature: not checked%s.\n",
               access(beside, F_OK) == 0 ? ": give the signer's key with --public-key FILE" : ", there is none");
    }
    free(beside);
    return fits;
}

int cli_check_report(const mig_settings *options, mig_error *err)
{
    mig_report_state state = MIG_REPORT_OTHER;
    const int fits = check_signature(options, err);
    if (fits < 0 || mig_report_verify_check(options->check_path, &state, to_stdout, NULL, err) != 0) {
        return -1;
    }
    if (state == MIG_REPORT_OTHER && !options->public_key_path) {
        mig_error_set(err, MIG_E_USAGE, "only its signature tells whether %s was changed", options->check_path);
        return mig_error_hint(err, "give the signer's public key with --public-key FILE");
    }
    if (state == MIG_REPORT_CONSISTENT) {
        puts("Content: numbers, findings and Merkle roots agree with each other.");
    }
    puts(fits == 0 || state == MIG_REPORT_CONTRADICTORY ? "The report is NOT as it was written."
         : options->public_key_path                     ? "The report is as it was signed."
                                                        : "Nothing speaks against the report, but it proves nothing.");
    if (fflush(stdout) != 0 || ferror(stdout)) {
        return mig_error_set(err, MIG_E_IO, "standard output cannot be written");
    }
    return fits == 0 || state == MIG_REPORT_CONTRADICTORY;
}
