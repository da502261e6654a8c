/* Plan, account, command line: of what is said in several places the last one counts */
#include "cli/option_table.h"
#include "cli/options_run.h"
#include "cli/plan_arguments.h"

#include <migrate/run.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define OPTION(n, v)                                                                                                   \
    {                                                                                                                  \
        (char *)(uintptr_t)(n), (char *)(uintptr_t)(v), "plan.yaml", 7                                                 \
    }

static mig_plan_option whole[] = {
    OPTION("connections", "8"), OPTION("exclude", "A"),          OPTION("exclude", "B"),      OPTION("ordered", "true"),
    OPTION("steps", "check"),   OPTION("allow-cleartext", "no"), OPTION("dry-run", "perhaps")};
static mig_plan_option own[] = {OPTION("source", "imaps://u@h"), OPTION("source-password-file", "f"),
                                OPTION("connections", "2")};

/* The arguments that are made, joined by blanks. */
static const char *arguments(cli_verb verb, size_t options, bool account, int argc, const char **argv, size_t *problems)
{
    static char joined[1024];
    char path[] = "plan.yaml";
    mig_error err = MIG_ERROR_INIT;
    mig_plan plan = {.path = path, .options = whole, .option_count = options};
    mig_plan_account one = {.options = own, .option_count = sizeof own / sizeof own[0], .file = path, .line = 9};
    cli_arguments out;
    assert_int_equal(cli_plan_arguments(&out, verb, &plan, account ? &one : NULL, NULL, argc, argv, &err), 0);
    joined[0] = '\0';
    for (size_t i = 0; i < out.count; i++)
        snprintf(joined + strlen(joined), sizeof joined - strlen(joined), "%s%s", i > 0 ? " " : "", out.items[i]);
    assert_null(out.items[out.count]);
    cli_arguments_free(&out);
    if (problems)
        *problems = plan.problem_count;
    plan.options = NULL;
    plan.option_count = 0;
    for (size_t i = 0; i < plan.problem_count; i++) {
        free(plan.problems[i].file);
        free(plan.problems[i].text);
    }
    free(plan.problems);
    return joined;
}

static void test_order(void **state)
{
    const char *argv[] = {"tool", "-q"};
    (void)state;
    assert_string_equal(arguments(CLI_ONE_SHOT, 6, true, 2, argv, NULL),
                        "tool --exclude=A --exclude=B --ordered --steps=check --source=imaps://u@h "
                        "--source-password-file=f --connections=2 -q");
    assert_string_equal(arguments(CLI_ONE_SHOT, 1, false, 2, argv, NULL), "tool --connections=8 -q");
}

static void test_the_command_line_wins(void **state)
{
    const char *argv[] = {"tool", "--exclude", "C", "--source-token-command=t", "--no-such", "--", "--ordered"};
    (void)state;
    assert_string_equal(arguments(CLI_ONE_SHOT, 4, true, 7, argv, NULL),
                        "tool --ordered --source=imaps://u@h --connections=2 --exclude C --source-token-command=t "
                        "--no-such -- --ordered");
}

/* An option that a tool does not have says nothing to it. */
static void test_other_tools(void **state)
{
    const char *argv[] = {"tool"};
    (void)state;
    assert_string_equal(arguments(CLI_COPY, 6, false, 1, argv, NULL),
                        "tool --connections=8 --exclude=A --exclude=B --ordered");
    assert_string_equal(arguments(CLI_VERIFY, 6, false, 1, argv, NULL), "tool --connections=8 --exclude=A --exclude=B");
}

static void test_switches(void **state)
{
    const char *argv[] = {"tool"};
    size_t problems = 0;
    (void)state;
    arguments(CLI_COPY, 6, false, 1, argv, &problems);
    assert_int_equal(problems, 0);
    arguments(CLI_COPY, 7, false, 1, argv, &problems);
    assert_int_equal(problems, 1);
}

static void test_steps(void **state)
{
    unsigned steps = 0;
    (void)state;
    assert_true(cli_parse_steps("check", &steps));
    assert_int_equal(steps, MIG_STEP_CHECK);
    assert_true(cli_parse_steps("verify,copy", &steps));
    assert_int_equal(steps, MIG_STEP_COPY | MIG_STEP_VERIFY);
    assert_true(cli_parse_steps("check,inventory,copy,verify", &steps));
    assert_int_equal(steps, 15);
    assert_false(cli_parse_steps("", &steps));
    assert_false(cli_parse_steps("copy,", &steps));
    assert_false(cli_parse_steps("cop", &steps));
    assert_false(cli_parse_steps("copy verify", &steps));
}

/* ---- every option of the command line has its place in the plan, and the other way round ---- */

static bool among(const char *name, const char *(*of)(size_t))
{
    const char *known;
    for (size_t i = 0; (known = of(i)); i++)
        if (strcmp(known, name) == 0)
            return true;
    return false;
}

/* What is said on the command line alone: it names no value of a run, or the plan has it as `source` and `target`. */
static bool of_the_line_alone(const char *name)
{
    static const char *const all[] = {"help", "version", "check-report", "public-key", "source", "target"};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        if (strcmp(all[i], name) == 0)
            return true;
    return false;
}

static size_t walk(const struct poptOption *table)
{
    size_t seen = 0;
    for (const struct poptOption *entry = table; entry->longName || entry->arg; entry++) {
        if (entry->argInfo == POPT_ARG_INCLUDE_TABLE) {
            seen += walk(entry->arg);
            continue;
        }
        const char *name = entry->longName;
        const bool side = strncmp(name, "source-", 7) == 0 || strncmp(name, "target-", 7) == 0;
        if (!of_the_line_alone(name) &&
            !among(side ? name + 7 : name, side ? mig_plan_side_option_name : mig_plan_option_name))
            fail_msg("--%s has no place in a plan", name);
        seen++;
    }
    return seen;
}

static bool has_option(const char *name)
{
    for (cli_verb verb = CLI_COPY; verb < CLI_ARCHIVE; verb++)
        if (cli_option_find(verb, name) != CLI_OPTION_UNKNOWN)
            return true;
    return false;
}

static void test_each_option_has_its_place(void **state)
{
    static const char *const of_the_plan_alone[] = {"host", "port", "master", "master-separator", "admin", "files"};
    const char *name;
    char long_name[64];
    (void)state;
    for (cli_verb verb = CLI_COPY; verb < CLI_ARCHIVE; verb++) /* an archive is of one account */
        assert_true(walk(cli_option_table(verb)) > 30);
    for (size_t i = 0; (name = mig_plan_option_name(i)); i++)
        if (!has_option(name))
            fail_msg("a plan has %s, the command line has not", name);
    for (size_t i = 0; (name = mig_plan_side_option_name(i)); i++) {
        bool expected = true;
        for (size_t k = 0; k < sizeof of_the_plan_alone / sizeof of_the_plan_alone[0]; k++)
            expected = expected && strcmp(of_the_plan_alone[k], name) != 0;
        snprintf(long_name, sizeof long_name, "target-%s", name);
        if (has_option(long_name) != expected)
            fail_msg("a plan's side has %s, the command line has not", name);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_order),       cmocka_unit_test(test_the_command_line_wins),
        cmocka_unit_test(test_other_tools), cmocka_unit_test(test_switches),
        cmocka_unit_test(test_steps),       cmocka_unit_test(test_each_option_has_its_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
