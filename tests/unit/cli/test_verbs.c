/* The dispatcher: what it lists, what it starts, and what it says when there is nothing to start. */
#include "cli/verbs.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

static char directory[] = "/tmp/mig-verbs-XXXXXX";
static const char *const files[] = {"mailmigrate-verify", "mailmigrate-copy", "mailmigrate-copy.sh",
                                    "mailmigrate-",       "mailmigrate-Loud", "other-copy"};
#define FILES (sizeof files / sizeof files[0])

static char *path_of(const char *name)
{
    static char path[128];
    snprintf(path, sizeof path, "%s/%s", directory, name);
    return path;
}

static int make_directory(void **state)
{
    (void)state;
    if (!mkdtemp(directory)) {
        return -1;
    }
    for (size_t i = 0; i < FILES; i++) {
        FILE *file = fopen(path_of(files[i]), "w");
        if (!file) {
            return -1;
        }
        fputs("#!/bin/sh\n[ \"$1\" = seven ] && exit 7\nexit 1\n", file);
        fclose(file);
        chmod(path_of(files[i]), 0700);
    }
    return 0;
}

static int remove_directory(void **state)
{
    (void)state;
    for (size_t i = 0; i < FILES; i++) {
        unlink(path_of(files[i]));
    }
    return rmdir(directory);
}

static void test_find(void **state)
{
    (void)state;
    cli_verbs verbs;
    cli_verbs_find(&verbs, directory);
    assert_int_equal(verbs.count, 2);
    assert_string_equal(verbs.names[0], "copy");
    assert_string_equal(verbs.names[1], "verify");
    chmod(path_of("mailmigrate-verify"), 0600);
    if (geteuid() != 0) { /* for root, access() finds what anyone may execute */
        cli_verbs_find(&verbs, directory);
        assert_int_equal(verbs.count, 1);
    }
    chmod(path_of("mailmigrate-verify"), 0700);
    cli_verbs_find(&verbs, "/nonexistent");
    assert_int_equal(verbs.count, 0);
}

static void test_print(void **state)
{
    (void)state;
    cli_verbs verbs;
    char text[2048];
    FILE *file = tmpfile();
    assert_non_null(file);
    cli_verbs_find(&verbs, directory);
    cli_verbs_print(&verbs, file);
    rewind(file);
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    fclose(file);
    assert_non_null(strstr(text, "  copy        copy mailboxes"));
    assert_non_null(strstr(text, "  verify "));
    assert_null(strstr(text, "inventory ")); /* not installed: not listed */
}

static void test_exec(void **state)
{
    (void)state;
    cli_verbs verbs;
    cli_verbs_find(&verbs, directory);
    const pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        static char name[] = "copy", argument[] = "seven";
        char *argv[] = {name, argument, NULL};
        cli_verbs_exec(&verbs, directory, "copy", argv, NULL);
        _exit(99);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 7);
}

static void refused(const char *verb, const char *hint)
{
    static char name[] = "x";
    char *argv[] = {name, NULL};
    cli_verbs verbs;
    mig_error err = MIG_ERROR_INIT;
    cli_verbs_find(&verbs, directory);
    assert_int_equal(cli_verbs_exec(&verbs, directory, verb, argv, &err), -1);
    assert_int_equal(err.code, MIG_E_USAGE);
    assert_int_equal(mig_code_exit_status(err.code), 2);
    assert_non_null(strstr(err.hint, hint));
}

static void test_unknown(void **state)
{
    (void)state;
    refused("cpoy", "did you mean `mailmigrate copy`?");
    refused("frobnicate", "--help");
    refused("../copy", "mailmigrate copy"); /* never started, whatever lies there */
    refused("", "--help");
    refused("-x", "--help");
}

static void test_own_directory(void **state)
{
    (void)state;
    char own[4096];
    assert_int_equal(cli_own_directory(own, sizeof own), 0);
    assert_int_equal(own[0], '/');
    assert_int_equal(access(own, X_OK), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_find), cmocka_unit_test(test_print),
                                       cmocka_unit_test(test_exec), cmocka_unit_test(test_unknown),
                                       cmocka_unit_test(test_own_directory)};
    return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
