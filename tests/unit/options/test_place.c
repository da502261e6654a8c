/* The state's file name and place. */
#include <migrate/options.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

static char user[] = "u1@old.example", host[] = "old", other_host[] = "OLD", third_host[] = "new";

static mig_endpoint endpoint(char *name, char *server, uint16_t port)
{
    mig_endpoint made = MIG_ENDPOINT_INIT;
    made.user = name;
    made.host = server;
    made.port = port;
    return made;
}

static void test_name(void **state)
{
    (void)state;
    char name[256], again[256];
    const mig_endpoint source = endpoint(user, host, 993), target = endpoint(user, third_host, 993);
    mig_settings_state_name(&source, &target, name, sizeof name);
    assert_int_equal(strncmp(name, "u1@old.example@old-to-u1@old.example@new-", 41), 0);
    assert_string_equal(name + strlen(name) - 3, ".db");
    /* a host name has no case, and what the run does has no part in it */
    mig_endpoint same = endpoint(user, other_host, 993);
    same.tls_min = 13;
    mig_settings_state_name(&same, &target, again, sizeof again);
    assert_string_equal(strrchr(again, '-'), strrchr(name, '-'));
}

static void test_different_accounts_have_different_names(void **state)
{
    (void)state;
    static char slash[] = "a/b", underscore[] = "a_b", boss[] = "boss", worker[] = "worker";
    static char left[] = "ab", right[] = "a";
    mig_endpoint target = endpoint(user, third_host, 993);
    mig_endpoint all[] = {endpoint(slash, host, 993), endpoint(underscore, host, 993), endpoint(underscore, host, 143),
                          endpoint(boss, host, 993),  endpoint(boss, host, 993),       endpoint(left, host, 993),
                          endpoint(right, host, 993)};
    all[4].authzid = worker;
    char names[sizeof all / sizeof all[0]][256];
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        mig_settings_state_name(&all[i], &target, names[i], sizeof names[i]);
        assert_null(strchr(names[i], '/'));
        for (size_t j = 0; j < i; j++) {
            assert_string_not_equal(names[i], names[j]);
        }
    }
    assert_non_null(strstr(names[4], "worker@old"));
    char swapped[256];
    mig_settings_state_name(&target, &all[0], swapped, sizeof swapped);
    assert_string_not_equal(swapped, names[0]);
}

static void test_hostile_names(void **state)
{
    (void)state;
    static char dots[] = "../../etc/passwd", control[] = "a\n\x1b[2J\xff", dash[] = "-rf";
    static char longest[5000];
    memset(longest, 'x', sizeof longest - 1);
    char *const users[] = {dots, control, dash, longest};
    const mig_endpoint target = endpoint(user, third_host, 993);
    for (size_t i = 0; i < sizeof users / sizeof users[0]; i++) {
        char name[256];
        const mig_endpoint source = endpoint(users[i], host, 993);
        mig_settings_state_name(&source, &target, name, sizeof name);
        assert_true(strlen(name) < 255);
        assert_true(name[0] != '.' && name[0] != '-');
        assert_int_equal(strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789@._-"),
                         strlen(name));
        assert_string_equal(name + strlen(name) - 3, ".db");
    }
}

/* Settings of a pair of accounts; `state` NULL: it is not said. */
static mig_settings *pair(const char *state, const mig_origin *home)
{
    mig_error err = MIG_ERROR_INIT;
    mig_settings *settings = mig_settings_new(MIG_VERB_COPY, &err);
    assert_non_null(settings);
    if (home != NULL) {
        mig_settings_belong_to(settings, home);
    }
    assert_int_equal(mig_option_set(settings, NULL, "source", "imaps://u1%40old.example@old", &err), 0);
    assert_int_equal(mig_option_set(settings, NULL, "target", "imaps://u1@new", &err), 0);
    if (state != NULL) {
        assert_int_equal(mig_option_set(settings, NULL, "state", state, &err), 0);
    }
    assert_int_equal(mig_settings_finish(settings, MIG_SETTINGS_WHOLE, NULL, NULL, &err), 0);
    return settings;
}

static void assert_below(const char *path, const char *directory)
{
    struct stat status;
    assert_int_equal(strncmp(path, directory, strlen(directory)), 0);
    assert_int_equal(strncmp(path + strlen(directory), "/u1@old.example@old-to-u1@new-", 30), 0);
    assert_int_equal(stat(directory, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0700);
}

static void test_place(void **state)
{
    (void)state;
    char base[] = "/tmp/mig-state-XXXXXX";
    char below[128];
    mig_error err = MIG_ERROR_INIT;
    const mig_origin home = {MIG_LEVEL_ACCOUNT, "plan.yaml", 3};
    assert_non_null(mkdtemp(base));

    snprintf(below, sizeof below, "%s/a/b", base);
    mig_settings *settings = pair(NULL, NULL);
    assert_int_equal(mig_settings_place(settings, NULL, &err), -1); /* nobody says where */
    assert_int_equal(mig_settings_place(settings, below, &err), 0);
    assert_below(settings->copy.state_path, below);
    assert_string_equal(settings->verify.state_path, settings->copy.state_path);
    assert_int_equal(mig_settings_place(settings, "/elsewhere", &err), 0); /* it has its place */
    assert_below(settings->copy.state_path, below);
    mig_settings_free(&settings);

    settings = pair("s.db", NULL);
    assert_int_equal(mig_settings_place(settings, below, &err), 0);
    assert_string_equal(settings->copy.state_path, "s.db");
    mig_settings_free(&settings);

    snprintf(below, sizeof below, "%s/of-a-plan", base); /* a directory, in which each account has a file */
    settings = pair(below, &home);
    assert_int_equal(mig_settings_place(settings, NULL, &err), 0);
    assert_below(settings->copy.state_path, below);
    mig_settings_free(&settings);

    snprintf(below, sizeof below, "%s/file", base);
    FILE *file = fopen(below, "w");
    assert_non_null(file);
    fclose(file);
    settings = pair(NULL, NULL);
    assert_int_equal(mig_settings_place(settings, below, &err),
                     0); /* it exists: opening the state will say what is wrong */
    mig_settings_free(&settings);
    snprintf(below, sizeof below, "%s/file/below", base);
    settings = pair(NULL, NULL);
    assert_int_equal(mig_settings_place(settings, below, &err), -1);
    assert_int_equal(err.code, MIG_E_IO);
    assert_non_null(strstr(err.hint, "--state"));
    mig_settings_free(&settings);

    static const char *const made[] = {"a/b", "a", "of-a-plan", "file"};
    for (size_t i = 0; i < sizeof made / sizeof made[0]; i++) {
        snprintf(below, sizeof below, "%s/%s", base, made[i]);
        assert_int_equal(remove(below), 0);
    }
    assert_int_equal(rmdir(base), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_name),
                                       cmocka_unit_test(test_different_accounts_have_different_names),
                                       cmocka_unit_test(test_hostile_names), cmocka_unit_test(test_place)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
