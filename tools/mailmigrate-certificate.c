/* mailmigrate-certificate - may the old server be switched off? The manual is docs/mailmigrate-certificate.1 */
#include "cli/accounts.h"
#include "cli/certificate_options.h"
#include "cli/complain.h"
#include "cli/plan_domains.h"
#include "cli/process.h"
#include "cli/reports.h"

#include <migrate/certificate.h>
#include <stdlib.h>
#include <time.h>

static const char name[] = "mailmigrate-certificate";

/* All that the certificate is made of. */
typedef struct evidence {
    mig_proof **proofs;
    size_t proof_count;
    mig_domain_record *domains;
    size_t domain_count;
} evidence;

static int write_json(const void *result, mig_sink_fn *sink, void *context, mig_error *err)
{
    return mig_report_certificate_json(result, sink, context, err);
}

static int write_html(const void *result, mig_sink_fn *sink, void *context, mig_error *err)
{
    return mig_report_certificate_html(result, sink, context, err);
}

static int write_text(const void *result, mig_sink_fn *sink, void *context, mig_error *err)
{
    return mig_report_certificate_text(result, sink, context, err);
}

static int read_proofs(evidence *all, const mig_roster *roster, mig_error *err)
{
    all->proofs = calloc(roster->count + 1, sizeof(mig_proof *));
    if (!all->proofs) {
        return mig_error_set(err, MIG_E_NOMEM, "out of memory");
    }
    for (size_t i = 0; i < roster->count; i++) {
        mig_settings *settings = roster->settings[i];
        const mig_plan_account *account = &roster->plan->accounts[i];
        if (cli_accounts_place(settings, err) != 0) {
            return -1;
        }
        all->proofs[i] =
            mig_proof_read(settings->copy.state_path, account->source, account->target, &settings->copy.selection, err);
        if (!all->proofs[i]) {
            return -1;
        }
        all->proof_count++;
    }
    return 0;
}

static int read_records(evidence *all, const mig_plan *plan, const char *given, mig_error *err)
{
    char directory[4200];
    cli_names names = {.items = NULL};
    int result = cli_records_directory(given, directory, sizeof directory, err);
    if (result == 0) {
        result = cli_plan_domains(plan, &names, err);
    }
    if (result == 0 && !(all->domains = calloc(names.count + 1, sizeof *all->domains))) {
        result = mig_error_set(err, MIG_E_NOMEM, "out of memory");
    }
    for (size_t i = 0; result == 0 && i < names.count; i++) {
        result = mig_domain_record_read(directory, names.items[i], &all->domains[i], err);
        all->domain_count += result == 0;
    }
    cli_names_clear(&names);
    return result;
}

static void clear(evidence *all)
{
    for (size_t i = 0; i < all->proof_count; i++) {
        mig_proof_free(&all->proofs[i]);
    }
    for (size_t i = 0; i < all->domain_count; i++) {
        mig_domain_record_clear(&all->domains[i]);
    }
    free(all->proofs);
    free(all->domains);
}

static int report(const cli_certificate_options *options, const mig_certificate *certificate, mig_error *err)
{
    static cli_report_fn *const writers[CLI_REPORT_COUNT] = {
        [CLI_REPORT_JSON] = write_json, [CLI_REPORT_HTML] = write_html};
    const cli_report_paths paths = {.json = options->json_path, .html = options->html_path, .sign = options->sign_path};
    cli_reports reports = CLI_REPORTS_INIT;
    int done = cli_reports_open(&reports, &paths, err);
    if (done == 0) {
        done = cli_reports_write(&reports, writers, certificate, err);
    }
    if (done == 0 && !cli_reports_on_output(&reports)) {
        done = cli_reports_print(write_text, certificate, err);
    }
    cli_reports_close(&reports);
    return done;
}

static int certify(const cli_certificate_options *options, mig_error *err)
{
    static const cli_tool tool = {name, "", MIG_VERB_COPY};
    const char *argv[] = {name, options->plan, NULL};
    cli_accounts accounts;
    evidence all = {.proof_count = 0};
    mig_certificate *certificate = NULL;
    int status = -1;
    if (cli_accounts_parse(&accounts, &tool, 2, argv, err) == 0 && read_proofs(&all, accounts.roster, err) == 0 &&
        read_records(&all, accounts.roster->plan, options->records, err) == 0) {
        certificate =
            mig_certificate_judge(all.proofs, all.proof_count, all.domains, all.domain_count, (int64_t)time(NULL), err);
    }
    if (certificate && report(options, certificate, err) == 0) {
        status = certificate->missing_count == 0 ? 0 : 1;
    }
    mig_certificate_free(&certificate);
    clear(&all);
    cli_accounts_clear(&accounts);
    return status;
}

int main(int argc, char **argv)
{
    mig_error err = MIG_ERROR_INIT;
    cli_certificate_options options;
    int status = 0;
    cli_process_prepare();
    if (cli_certificate_options_parse(&options, argc, (const char **)argv, &err) != 0) {
        status = -1;
    } else if (!options.answered) {
        status = certify(&options, &err);
    }
    cli_certificate_options_clear(&options);
    return status >= 0 ? status : cli_complain(name, &err);
}
