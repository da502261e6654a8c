/* A plan run by a caller of the library: from the file to the result, and what is said of one that is wrong. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <ftw.h>
#include <migrate/plan.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char root[64];

static void make(const char *name)
{
    char path[128];
    snprintf(path, sizeof path, "%s/%s", root, name);
    assert_int_equal(mkdir(path, 0700), 0);
}

static void put(const char *name, const char *text)
{
    char path[128];
    snprintf(path, sizeof path, "%s/%s", root, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static int fill(void **state)
{
    static const char *const names[] = {"from",         "to",       "from/ann",     "from/ann/cur", "from/ann/new",
                                        "from/ann/tmp", "from/bob", "from/bob/cur", "from/bob/new", "from/bob/tmp"};
    (void)state;
    snprintf(root, sizeof root, "/tmp/test_plan.XXXXXX");
    assert_non_null(mkdtemp(root));
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        make(names[i]);
    }
    put("from/ann/cur/1.host:2,S", "Subject: of ann\n\nx\n");
    put("from/bob/cur/1.host:2,", "Subject: of bob\n\nx\n");
    put("from/bob/cur/2.host:2,", "Subject: of bob, longer\n\nxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\n");
    return 0;
}

static int drop(const char *path, const struct stat *about, int kind, struct FTW *where)
{
    (void)about;
    (void)kind;
    (void)where;
    return remove(path);
}

static int empty(void **state)
{
    (void)state;
    return nftw(root, drop, 8, FTW_DEPTH | FTW_PHYS);
}

static mig_run_result *run(const char *text, mig_error *err)
{
    char path[128], states[128];
    put("plan.yaml", text);
    snprintf(path, sizeof path, "%s/plan.yaml", root);
    snprintf(states, sizeof states, "%s/states", root);
    mig_plan_run_options options = MIG_PLAN_RUN_OPTIONS_INIT;
    options.state_directory = states;
    return mig_plan_run(path, &options, err);
}

#define SIDES "version: 1\nsource: {files: 'maildir:from/%u'}\ntarget: {files: 'maildir:to/%u'}\n"

static void test_run(void **state)
{
    mig_error err = MIG_ERROR_INIT;
    (void)state;
    mig_run_result *result = run(SIDES "options: {against: source}\n"
                                       "accounts:\n- {source: ann}\n- {source: bob, max-size: 30}\n",
                                 &err);
    if (result == NULL) {
        fail_msg("%s", err.text);
    }
    if (result->exit_status != 0) {
        fail_msg("%s; %s", result->accounts[0].error.text, result->accounts[1].error.text);
    }
    assert_int_equal(result->account_count, 2);
    assert_int_equal(result->accounts[0].copied, 1);
    assert_int_equal(result->accounts[1].copied, 1); /* the option of that account */
    assert_int_equal(result->verify->totals.counts[MIG_FOUND_IDENTICAL], 2);
    mig_run_result_free(&result);
}

static void test_steps_of_the_plan(void **state)
{
    mig_error err = MIG_ERROR_INIT;
    (void)state;
    mig_run_result *result = run(SIDES "options: {steps: inventory}\naccounts: [{source: ann}]\n", &err);
    assert_non_null(result);
    assert_non_null(result->inventory);
    assert_null(result->copy);
    mig_run_result_free(&result);
}

/* One account cannot be read: it is unfit, and with keep-going the other one is done. */
static void test_unfit(void **state)
{
    mig_error err = MIG_ERROR_INIT;
    (void)state;
    mig_run_result *result =
        run("version: 1\nsource: {files: 'maildir:from/%u'}\ntarget: {files: 'maildir:to/%u'}\n"
            "options: {keep-going: true}\n"
            "accounts:\n- {source: ann}\n- {source: bob, source-files: 'archive:x', source-password-file: nowhere}\n",
            &err);
    assert_non_null(result);
    assert_int_equal(result->accounts[0].state, MIG_RUN_DONE);
    assert_int_equal(result->accounts[1].state, MIG_RUN_FAILED);
    assert_int_equal(result->accounts[1].error.code, MIG_E_SECRET);
    mig_run_result_free(&result);
}

static void test_wrong(void **state)
{
    mig_error err = MIG_ERROR_INIT;
    (void)state;
    assert_null(run(SIDES "options:\n  conections: 3\naccounts: [{source: ann}]\n", &err));
    assert_int_equal(err.code, MIG_E_PLAN);
    assert_non_null(strstr(err.text, "plan.yaml:5: "));
    assert_non_null(strstr(err.text, "did you mean \"connections\"?"));
    assert_null(run(SIDES "accounts:\n- {source: ann}\n- {source: bob,\n   max-size: 20Q}\n", &err));
    assert_int_equal(err.code, MIG_E_PLAN);
    assert_non_null(strstr(err.text, "plan.yaml:7: max-size: \"20Q\""));
    assert_null(run("version: 1\nsource: {host: h}\naccounts: [{source: u}]\n", &err));
    assert_non_null(strstr(err.text, "there is no target"));
    assert_null(mig_plan_run("/nonexistent/plan.yaml", &(mig_plan_run_options)MIG_PLAN_RUN_OPTIONS_INIT, &err));
    assert_int_equal(err.code, MIG_E_PLAN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_run, fill, empty),
        cmocka_unit_test_setup_teardown(test_steps_of_the_plan, fill, empty),
        cmocka_unit_test_setup_teardown(test_unfit, fill, empty),
        cmocka_unit_test_setup_teardown(test_wrong, fill, empty),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
