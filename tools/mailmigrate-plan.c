/* mailmigrate-plan - write, check and import a plan; the manual is docs/mailmigrate-plan.1 */
#include "cli/complain.h"
#include "cli/output.h"
#include "cli/plan_options.h"
#include "cli/process.h"

#include <migrate/format.h>
#include <migrate/plan.h>
#include <string.h>
#include <sys/stat.h>

static const char name[] = "mailmigrate-plan";

/* A file that is there stays as it is. */
static int init_plan(const char *path, mig_error *err)
{
    cli_output output = CLI_OUTPUT_INIT;
    if (cli_plan_refuse_existing(path, err) != 0 || cli_output_open(&output, path, err) != 0) {
        return -1;
    }
    int result = mig_plan_example(cli_output_sink, &output, err);
    if (result == 0) {
        result = cli_output_commit(&output, err);
    }
    cli_output_close(&output);
    return result;
}

static void print_problem(const mig_plan_problem *problem)
{
    char file[512], text[1024];
    mig_format_text(problem->file, file, sizeof file);
    mig_format_text(problem->text, text, sizeof text);
    if (problem->line > 0) {
        printf("%s:%u: %s\n", file, problem->line, text);
    } else {
        printf("%s: %s\n", file, text);
    }
}

static int check_plan(const char *path, mig_error *err)
{
    mig_plan *plan = mig_plan_load(path, err);
    if (!plan) {
        return -1;
    }
    int result = mig_plan_check_values(plan, err);
    if (result == 0) {
        result = mig_plan_check_files(plan, err);
    }
    for (size_t i = 0; i < plan->problem_count; i++) {
        print_problem(&plan->problems[i]);
    }
    if (result == 0 && plan->problem_count == 0) {
        printf("%s: %zu account%s, nothing is wrong.\n", path, plan->account_count,
               plan->account_count == 1 ? "" : "s");
    }
    if (result == 0 && plan->problem_count > 0) {
        result = mig_error_set(err, MIG_E_PLAN, "the plan has %zu error%s", plan->problem_count,
                               plan->problem_count == 1 ? "" : "s");
    }
    mig_plan_free(&plan);
    return result;
}

static int import_list(const cli_plan_options *options, mig_error *err)
{
    size_t accounts = 0, skipped = 0;
    if (mig_plan_import(options->path, options->directory, &accounts, &skipped, err) != 0) {
        return -1;
    }
    printf("%zu account%s in %s/plan.yaml and accounts.csv; the passwords are in %s/secrets, for you alone.\n",
           accounts, accounts == 1 ? "" : "s", options->directory, options->directory);
    if (skipped > 0) {
        printf("%zu line%s had options of imapsync behind the sixth field; they were left out.\n", skipped,
               skipped == 1 ? "" : "s");
    }
    printf("Next: mailmigrate plan check %s/plan.yaml. The list itself still holds the passwords.\n",
           options->directory);
    return 0;
}

static int gather(const cli_plan_options *options, mig_error *err)
{
    mig_plan_gather_options o = MIG_PLAN_GATHER_OPTIONS_INIT;
    mig_plan_gathered found;
    o.from = options->kind;
    o.users = options->path;
    o.aliases = options->aliases;
    o.directory = options->directory;
    o.source_host = options->source_host;
    o.target_host = options->target_host;
    if (mig_plan_gather(&o, &found, err) != 0) {
        return -1;
    }
    printf("%zu account%s in %s/plan.yaml and accounts.csv.\n", found.accounts, found.accounts == 1 ? "" : "s",
           o.directory);
    if (found.aliases > 0) {
        printf("%zu alias%s or forward%s in %s/aliases.csv: make them at the new server.\n", found.aliases,
               found.aliases == 1 ? "" : "es", found.aliases == 1 ? "" : "s", o.directory);
    }
    if (found.left_out > 0) {
        printf("%zu entr%s left out: no mailboxes of people, or named twice.\n", found.left_out,
               found.left_out == 1 ? "y was" : "ies were");
    }
    printf("No passwords were taken: plan.yaml says where they are looked for. Next: mailmigrate plan check "
           "%s/plan.yaml\n",
           o.directory);
    return 0;
}

static int export_plan(const cli_plan_options *options, mig_error *err)
{
    mig_plan_export_options o = MIG_PLAN_EXPORT_OPTIONS_INIT;
    cli_output output = CLI_OUTPUT_INIT;
    const char *path = options->output ? options->output : "-";
    o.provider = options->provider;
    o.passwords = options->passwords;
    mig_plan *plan = mig_plan_load(options->path, err);
    int result = !plan                     ? -1
                 : plan->problem_count > 0 ? mig_plan_refuse(plan, err)
                                           : cli_plan_refuse_existing(path, err);
    if (result == 0) {
        const mode_t before = umask(077); /* there may be passwords in it */
        result = cli_output_open(&output, path, err);
        umask(before);
    }
    result = result != 0 ? -1 : mig_plan_export(plan, &o, cli_output_sink, &output, err);
    result = result != 0 ? -1 : cli_output_commit(&output, err);
    cli_output_close(&output);
    mig_plan_free(&plan);
    return result;
}

static int print_text(const char *text, size_t length, void *context)
{
    (void)context;
    return fwrite(text, 1, length, stdout) == length ? 0 : -1;
}

int main(int argc, char **argv)
{
    mig_error err = MIG_ERROR_INIT;
    cli_plan_options options;
    cli_process_prepare();
    int result = cli_plan_options_parse(&options, argc, (const char **)argv, &err);
    if (result == 0 && options.verb == CLI_PLAN_INIT) {
        result = init_plan(options.path, &err);
    } else if (result == 0 && options.verb == CLI_PLAN_CHECK) {
        result = check_plan(options.path, &err);
    } else if (result == 0 && options.verb == CLI_PLAN_IMPORT) {
        result = options.imapsync                    ? mig_plan_from_imapsync(options.imapsync, print_text, NULL, &err)
                 : options.kind == MIG_FROM_IMAPSYNC ? import_list(&options, &err)
                                                     : gather(&options, &err);
    } else if (result == 0 && options.verb == CLI_PLAN_EXPORT) {
        result = export_plan(&options, &err);
    }
    if (result == 0 && (fflush(stdout) != 0 || ferror(stdout))) {
        result = mig_error_set(&err, MIG_E_IO, "standard output cannot be written");
    }
    cli_plan_options_clear(&options);
    return result == 0 ? 0 : cli_complain(name, &err);
}
