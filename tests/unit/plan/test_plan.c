/* Plans from files: what becomes of them as options, and what is said of everything that is wrong */
#include <migrate/plan.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

static char directory[64];
static char paths[2][96]; /* plan.yaml, list.csv */

static int make_directory(void **state)
{
    (void)state;
    snprintf(directory, sizeof directory, "/tmp/mig-plan-XXXXXX");
    if (!mkdtemp(directory)) {
        return -1;
    }
    snprintf(paths[0], sizeof paths[0], "%s/plan.yaml", directory);
    snprintf(paths[1], sizeof paths[1], "%s/list.csv", directory);
    return 0;
}

static int remove_directory(void **state)
{
    (void)state;
    unlink(paths[0]);
    unlink(paths[1]);
    return rmdir(directory);
}

static void write_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static mig_plan *load(const char *text)
{
    mig_error err = MIG_ERROR_INIT;
    write_file(paths[0], text);
    mig_plan *plan = mig_plan_load(paths[0], &err);
    if (!plan) {
        fail_msg("%s", err.text);
    }
    return plan;
}

static void assert_no_problem(const mig_plan *plan)
{
    if (plan->problem_count > 0) {
        fail_msg("%s:%u: %s", plan->problems[0].file, plan->problems[0].line, plan->problems[0].text);
    }
}

static const char *value_in(const mig_plan_option *options, size_t count, const char *name, size_t nth)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(options[i].name, name) == 0 && nth-- == 0) {
            return options[i].value;
        }
    }
    return "(none)";
}

static const char *of_account(const mig_plan *plan, size_t account, const char *name)
{
    return value_in(plan->accounts[account].options, plan->accounts[account].option_count, name, 0);
}

/* The plan has this one problem, at this line. */
static void problem(const char *part, unsigned line, const char *text)
{
    mig_plan *plan = load(text);
    assert_true(plan->problem_count > 0);
    const mig_plan_problem *first = &plan->problems[0];
    if (plan->problem_count != 1 || !strstr(first->text, part) || first->line != line) {
        fail_msg("%zu, the first: %u: %s", plan->problem_count, first->line, first->text);
    }
    mig_plan_free(&plan);
    assert_null(plan);
}

static void test_options_and_sides(void **state)
{
    (void)state;
    mig_plan *plan = load("version: 1\n"
                          "source: {host: Old, port: 1143, tls: none, password-file: 'p/%u'}\n"
                          "target: {provider: gmail, password-command: pass show x}\n"
                          "options:\n  connections: 8\n  exclude: [Junk, 'a b']\n  log: logs/x\n  json: '-'\n"
                          "accounts:\n- {source: a@b}\n- {source: 'c d', target: 'e', target-host: h, max-size: 1M}\n");
    char secret[128], log[128];
    assert_no_problem(plan);
    assert_int_equal(plan->account_count, 2);
    assert_string_equal(of_account(plan, 0, "source"), "imap://a%40b@Old:1143");
    assert_string_equal(of_account(plan, 0, "source-tls"), "none");
    assert_string_equal(of_account(plan, 0, "target"), "imaps://a%40b@imap.gmail.com:993");
    assert_string_equal(of_account(plan, 0, "target-provider"), "gmail");
    assert_string_equal(of_account(plan, 0, "target-password-command"), "pass show x");
    snprintf(secret, sizeof secret, "%s/p/a@b", directory);
    assert_string_equal(of_account(plan, 0, "source-password-file"), secret);
    assert_string_equal(of_account(plan, 1, "target"), "imaps://e@h");
    assert_string_equal(of_account(plan, 1, "source"), "imap://c%20d@Old:1143");
    assert_string_equal(of_account(plan, 1, "max-size"), "1M");
    assert_string_equal(value_in(plan->options, plan->option_count, "connections", 0), "8");
    assert_string_equal(value_in(plan->options, plan->option_count, "exclude", 1), "a b");
    snprintf(log, sizeof log, "%s/logs/x", directory);
    assert_string_equal(value_in(plan->options, plan->option_count, "log", 0), log);
    assert_string_equal(value_in(plan->options, plan->option_count, "json", 0), "-");
    assert_int_equal(plan->options[0].from.line, 5);
    assert_int_equal(plan->options[2].from.line, 6);
    mig_plan_free(&plan);
}

static void test_one_login_for_all(void **state)
{
    (void)state;
    mig_plan *plan = load("version: 1\nsource: {host: h, master: boss}\ntarget: {host: '::1', admin: root}\n"
                          "accounts: [{source: u}, {source: v, source-master-separator: '%'}]\n");
    assert_no_problem(plan);
    assert_string_equal(of_account(plan, 0, "source"), "imaps://u%2Aboss@h");
    assert_string_equal(of_account(plan, 1, "source"), "imaps://v%25boss@h");
    assert_string_equal(of_account(plan, 0, "target"), "imaps://root@[::1]");
    assert_string_equal(of_account(plan, 0, "target-authzid"), "u");
    mig_plan_free(&plan);
}

/* Mail in files: the path is the plan's, and takes the user's name. */
static void test_files(void **state)
{
    (void)state;
    mig_plan *plan = load("version: 1\nsource: {files: 'maildir:/srv/%u'}\ntarget: {host: t}\n"
                          "accounts: [{source: u, target: v}, {source: w, source-files: 'mbox:/100%%'}]\n");
    assert_no_problem(plan);
    assert_string_equal(of_account(plan, 0, "source"), "maildir:/srv/u");
    assert_string_equal(of_account(plan, 0, "target"), "imaps://v@t");
    assert_string_equal(of_account(plan, 1, "source"), "mbox:/100%");
    mig_plan_free(&plan);
    problem("exclude each other", 2,
            "version: 1\nsource: {files: 'eml:/x', host: h}\ntarget: {host: t}\naccounts: [{source: u}]\n");
    problem("a scheme, a colon and a path", 2,
            "version: 1\nsource: {files: 'maildir'}\ntarget: {host: t}\naccounts: [{source: u}]\n");
    problem("out of its directory", 2,
            "version: 1\nsource: {files: 'maildir:/srv/%u'}\ntarget: {host: t}\naccounts: [{source: ../u}]\n");
}

/* What an account says of its login replaces all that the side says of it. */
static void test_own_proof(void **state)
{
    (void)state;
    mig_plan *plan = load("version: 1\nsource: {host: h, password-file: all}\ntarget: {host: t}\n"
                          "accounts: [{source: u, source-password-command: own}]\n");
    assert_no_problem(plan);
    mig_error err = MIG_ERROR_INIT;
    mig_settings *settings = mig_plan_settings(plan, 0, MIG_VERB_COPY, NULL, &err);
    assert_no_problem(plan);
    assert_string_equal(settings->sides[0].password_command, "own");
    assert_null(settings->sides[0].password_file);
    mig_settings_free(&settings);
    mig_plan_free(&plan);
}

#define SIDES "version: 1\nsource: {host: h}\ntarget: {host: t}\n"

static void test_problems(void **state)
{
    (void)state;
    problem("version: 1", 1, "version: 2\nsource: {host: h}\ntarget: {host: t}\naccounts: [{source: u}]\n");
    problem("did you mean \"host\"", 2,
            "version: 1\nsource: {hots: h, host: h}\ntarget: {host: t}\naccounts: [{source: u}]\n");
    problem("no host", 4, "version: 1\nsource: {host: h}\ntarget: {port: 1}\naccounts: [{source: u}]\n");
    problem("1 to 65535", 5, SIDES "accounts:\n- {source: u, target-port: 0}\n");
    problem("implicit, starttls, none", 4, SIDES "accounts: [{source: u, target-tls: ssl}]\n");
    problem("profile", 4, SIDES "accounts: [{source: u, target-provider: gogle}]\n");
    problem("exclude each other", 4, SIDES "accounts: [{source: u, source-master: a, source-admin: b}]\n");
    problem("source user", 4, SIDES "accounts: [{target: u}]\n");
    problem("already", 6, SIDES "accounts:\n- {source: u}\n- {source: u}\n");
    problem("no account", 0, SIDES);
    problem("takes a list", 4, SIDES "accounts: u\n");
    problem("takes a mapping", 5, SIDES "accounts:\n- u\n");
    problem("second time", 6, SIDES "options:\n  {jobs: 1,\n   jobs: 2}\naccounts: [{source: u}]\n");
    problem("not YAML", 2, "version: 1\n\tx: [\n");
    problem("aliases", 2, "version: &v 1\nsource: *v\n");
    problem("hold no dot", 2, "version: 1\noptions.jobs: 3\n");
    problem("holds a NUL", 2, "version: 1\naccounts-file: \"a\\0b\"\n");
    problem("nested", 1, "version: [[[[[[[[[[1]]]]]]]]]]\n");
    problem("lead out", 4,
            "version: 1\nsource: {host: h, password-file: s/%u}\ntarget: {host: t}\n"
            "accounts: [{source: ../../etc/passwd}]\n");
    problem("cannot read", 0, SIDES "accounts-file: nothing.csv\n");
}

static void test_list(void **state)
{
    (void)state;
    write_file(paths[1], "\xef\xbb\xbfsource_user,target-user,max_size,exclude\r\n"
                         "a,b,,\r\n\"c,\"\"d\",e,2M,Junk\r\n\r\nf,,,\r\n");
    mig_plan *plan = load(SIDES "accounts-file: list.csv\n");
    assert_no_problem(plan);
    assert_int_equal(plan->account_count, 3);
    assert_string_equal(plan->accounts[0].target, "b");
    assert_string_equal(of_account(plan, 0, "max-size"), "(none)");
    assert_string_equal(plan->accounts[1].source, "c,\"d");
    assert_string_equal(of_account(plan, 1, "max-size"), "2M");
    assert_string_equal(of_account(plan, 1, "exclude"), "Junk");
    assert_int_equal(plan->accounts[1].from.line, 3);
    assert_string_equal(plan->accounts[2].target, "f");
    mig_plan_free(&plan);
}

static void test_list_problems(void **state)
{
    static const struct {
        const char *text, *part;
        unsigned line;
    } cases[] = {
        {"source_user,max_sze\nu,1\n", "did you mean \"max-size\"", 1},
        {"source_user,target_user\nu\n", "fewer cells", 2},
        {"source_user\nu\nv,w\n", "more cells", 3},
        {"source_user,source_user\nu,v\n", "second time", 1},
        {"source_user\n\"u\n", "quote", 2},
        {"host1;user1;hunter2;host2;user2;hunter3\n", "source_user", 1},
        {"", "empty", 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        write_file(paths[1], cases[i].text);
        mig_plan *plan = load(SIDES "accounts-file: list.csv\n");
        bool found = false;
        for (size_t k = 0; k < plan->problem_count; k++) {
            assert_null(strstr(plan->problems[k].text, "hunter"));
            found = found || (strstr(plan->problems[k].text, cases[i].part) && plan->problems[k].line == cases[i].line);
        }
        if (!found) {
            fail_msg("case %zu: %zu problems, %u: %s", i, plan->problem_count,
                     plan->problem_count ? plan->problems[0].line : 0,
                     plan->problem_count ? plan->problems[0].text : "");
        }
        mig_plan_free(&plan);
    }
}

static int keep(const char *text, size_t length, void *context)
{
    return fwrite(text, 1, length, context) == length ? 0 : -1;
}

static int refuse(const char *text, size_t length, void *context)
{
    (void)text;
    (void)length;
    (void)context;
    return -1;
}

static void test_example(void **state)
{
    mig_error err = MIG_ERROR_INIT;
    (void)state;
    FILE *file = fopen(paths[0], "w");
    assert_non_null(file);
    assert_int_equal(mig_plan_example(keep, file, &err), 0);
    fclose(file);
    mig_plan *plan = mig_plan_load(paths[0], &err);
    assert_non_null(plan);
    assert_no_problem(plan);
    assert_int_equal(plan->account_count, 2);
    mig_plan_free(&plan);
    assert_int_equal(mig_plan_example(refuse, NULL, &err), -1);
    assert_int_equal(err.code, MIG_E_IO);
}

static void test_refusal(void **state)
{
    mig_error err = MIG_ERROR_INIT;
    (void)state;
    mig_plan *plan = load("version: 2\nfoo: 1\n");
    assert_int_equal(mig_plan_refuse(plan, &err), -1);
    assert_int_equal(err.code, MIG_E_PLAN);
    assert_non_null(strstr(err.text, "plan.yaml:1: "));
    assert_non_null(strstr(err.hint, "1 more"));
    mig_plan_free(&plan);
    assert_null(mig_plan_load("/nonexistent/plan.yaml", &err));
    assert_int_equal(err.code, MIG_E_PLAN);
    assert_null(mig_plan_load("/", &err));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_options_and_sides),
        cmocka_unit_test(test_one_login_for_all),
        cmocka_unit_test(test_files),
        cmocka_unit_test(test_own_proof),
        cmocka_unit_test(test_problems),
        cmocka_unit_test(test_list),
        cmocka_unit_test(test_list_problems),
        cmocka_unit_test(test_example),
        cmocka_unit_test(test_refusal),
    };
    return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
