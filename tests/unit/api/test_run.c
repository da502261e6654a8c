/* A run as a caller of the library starts it: what the copy leaves out is missed by no step after it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <fcntl.h>
#include <ftw.h>
#include <migrate/run.h>
#include <migrate/store.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { SMALL = 100, LARGE = 5000 };

static char root[64];

static void make(const char *name)
{
    char path[128];
    snprintf(path, sizeof path, "%s/%s", root, name);
    assert_int_equal(mkdir(path, 0700), 0);
}

/* A message whose file, and so its INTERNALDATE, is of the first of June of `year`. */
static void put(int number, int year, int octets)
{
    char path[128];
    struct tm day = {.tm_year = year - 1900, .tm_mon = 5, .tm_mday = 1, .tm_hour = 12};
    struct timespec times[2] = {{.tv_sec = timegm(&day)}, {.tv_sec = timegm(&day)}};
    snprintf(path, sizeof path, "%s/from/cur/%d.M%d.host:2,S", root, number, number);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fprintf(file, "Subject: number %d\n\n%0*d\n", number, octets, 0);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
}

static int fill(void **state)
{
    static const char *const names[] = {"from", "from/cur", "from/new", "from/tmp", "to", "to/cur", "to/new", "to/tmp"};
    (void)state;
    snprintf(root, sizeof root, "/tmp/test_run.XXXXXX");
    assert_non_null(mkdtemp(root));
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        make(names[i]);
    }
    put(1, 2015, SMALL);
    put(2, 2016, SMALL);
    put(3, 2021, SMALL);
    put(4, 2021, LARGE);
    put(5, 2023, SMALL);
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

static mig_store *store(const char *name, mig_side side, mig_endpoint *endpoint, const char *state_path)
{
    char url[128];
    mig_error err = MIG_ERROR_INIT;
    snprintf(url, sizeof url, "maildir:%s/%s", root, name);
    mig_store *made = mig_store_new(url, side, endpoint, &err);
    if (made == NULL || mig_store_place(made, state_path, true, &err) != 0) {
        fail_msg("%s", err.text);
    }
    return made;
}

static mig_run_result *run(const mig_selection *selection, unsigned steps)
{
    char state_path[128];
    mig_endpoint from = MIG_ENDPOINT_INIT, to = MIG_ENDPOINT_INIT;
    mig_error err = MIG_ERROR_INIT;
    snprintf(state_path, sizeof state_path, "%s/state", root);
    mig_store *stores[] = {store("from", MIG_SOURCE, &from, state_path), store("to", MIG_TARGET, &to, state_path)};
    mig_copy_options copy = MIG_COPY_OPTIONS_INIT;
    mig_verify_options verify = MIG_VERIFY_OPTIONS_INIT;
    mig_run_account account = MIG_RUN_ACCOUNT_INIT;
    copy.source = &from;
    copy.target = &to;
    copy.state_path = state_path;
    copy.selection = *selection;
    verify.against = MIG_AGAINST_SOURCE;
    account.copy = &copy;
    account.verify = &verify;
    mig_run_options options = MIG_RUN_OPTIONS_INIT;
    options.accounts = &account;
    options.account_count = 1;
    options.steps = steps;
    mig_run_result *result = mig_run(&options, &err);
    if (result == NULL) {
        fail_msg("%s", err.text);
    }
    for (size_t i = 0; i < 2; i++) {
        mig_store_free(&stores[i]);
    }
    mig_endpoint_clear(&from);
    mig_endpoint_clear(&to);
    return result;
}

/* The inventory counts, the copy copies, and the verification misses, the same messages. */
static void check(const mig_selection *selection, uint64_t selected)
{
    mig_run_result *result = run(selection, MIG_STEP_CHECK | MIG_STEP_INVENTORY | MIG_STEP_COPY | MIG_STEP_VERIFY);
    if (result->exit_status != 0) {
        fail_msg("%d: %s", result->exit_status, result->accounts[0].error.text);
    }
    assert_int_equal(result->inventory->accounts[0].forecast.left_messages, selected);
    assert_int_equal(result->copy->totals.copied, selected);
    assert_int_equal(result->verify->totals.counts[MIG_FOUND_IDENTICAL], selected);
    assert_int_equal(result->verify->totals.counts[MIG_FOUND_MISSING], 0);
    mig_run_result_free(&result);
}

static void test_dates(void **state)
{
    (void)state;
    const mig_selection selection = {.since = "2016-01-01", .before = "2022-01-01"};
    check(&selection, 3);
}

static void test_size(void **state)
{
    (void)state;
    const mig_selection selection = {.max_size = 1000};
    check(&selection, 4);
}

static void test_all_of_it(void **state)
{
    (void)state;
    const mig_selection selection = {.since = "2020-01-01", .max_size = 1000};
    check(&selection, 2);
}

static void test_date_that_is_none(void **state)
{
    (void)state;
    const mig_selection selection = {.since = "yesterday"};
    mig_run_result *result = run(&selection, MIG_STEP_CHECK);
    assert_int_equal(result->exit_status, mig_code_exit_status(MIG_E_USAGE));
    assert_int_equal(result->accounts[0].error.code, MIG_E_USAGE);
    mig_run_result_free(&result);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_dates, fill, empty),
        cmocka_unit_test_setup_teardown(test_size, fill, empty),
        cmocka_unit_test_setup_teardown(test_all_of_it, fill, empty),
        cmocka_unit_test_setup_teardown(test_date_that_is_none, fill, empty),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
