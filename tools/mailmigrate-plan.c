/* mailmigrate-plan - write, check and import a plan; the manual is docs/mailmigrate-plan.1 */
#include "cli/complain.h"
#include "cli/output.h"
#include "cli/plan_options.h"
#include "cli/process.h"

#include <migrate/format.h>
#include <migrate/plan.h>
#include <string.h>

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
        result = import_list(&options, &err);
    }
    if (result == 0 && (fflush(stdout) != 0 || ferror(stdout))) {
        result = mig_error_set(&err, MIG_E_IO, "standard output cannot be written");
    }
    cli_plan_options_clear(&options);
    return result == 0 ? 0 : cli_complain(name, &err);
}
